"""When a runner's functions were deployed: what its log says beside functions, events and metrics."""

from pathlib import Path

from collectors.account import Configured, Inventory
from collectors.runner_log import RunnerLog
from collectors.store.account import keep_inventory
from collectors.store.open import writing

KIND = "deployment"


def keep_deployments(log: RunnerLog, db: Path, known: dict[str, int] | None = None) -> dict[str, int]:
    """Keeps each function's last deployment as a setting with a history; the same one twice changes nothing.

    ``known`` is what this has returned before: where nothing is newer, the store is not opened. Raises StoreError,
    SourceFailed.
    """
    told = log.deployments()
    if told == known:
        return told
    keys = [one.key for one in log.functions()]
    with writing(db, wait=True) as connection:
        for account, region in dict.fromkeys((key.account, key.region) for key in keys):
            names = [key.name for key in keys if (key.account, key.region) == (account, region) and key.name in told]
            found = [
                Configured(account, region, name, KIND, "", {"at": told[name]}, modified_ms=told[name])
                for name in names
            ]
            newest = max((told[name] for name in names), default=0)
            keep_inventory(connection, Inventory(account, region, (KIND,), found, frozenset(names)), newest)
    return told

"""When a runner's functions were deployed, and their tags: what its log says beside functions, events and metrics."""

from pathlib import Path

from collectors.model.account import TAGS, Configured, Inventory, tags_of
from collectors.model.records import FunctionKey
from collectors.sources.runner_log import RunnerLog
from collectors.store.connection import writing
from collectors.store.write.account import keep_inventory

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


Tagged = dict[FunctionKey, tuple[dict[str, str], int | None]]


def keep_tags(log: RunnerLog, db: Path, known: Tagged | None = None) -> Tagged:
    """Keeps all tags of each function, with their history. ``known`` and what is raised are as above."""
    told = log.tags()
    if told == known or not told:
        return told
    with writing(db, wait=True) as connection:
        for account, region in dict.fromkeys((key.account, key.region) for key in told):
            here = {key: tagged for key, tagged in told.items() if (key.account, key.region) == (account, region)}
            found = [tags_of(key, tags, at_ms) for key, (tags, at_ms) in here.items()]
            names = frozenset(key.name for key in here)
            newest = max((at_ms or 0 for _, at_ms in here.values()), default=0)
            keep_inventory(connection, Inventory(account, region, (TAGS,), found, names), newest)
    return told

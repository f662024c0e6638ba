"""How the shop was configured in the simulated days: settings with a history, tags, the account's limit."""

import hashlib
from collections.abc import Iterator, Sequence

from collectors.model.account import DEPLOYMENT, TAGS, Configured, Inventory, LogGroupFacts, Setting, tags_of
from collectors.model.records import Function, FunctionKey
from collectors.model.units import DAY_MS
from collectors.sources.base import Item, ListedFunctions, ListedLogGroups
from lambdatui.demo.history.calendar import Calendar
from lambdatui.demo.history.shop_load import ACCOUNT_LIMIT, DEPLOYED
from lambdatui.demo.shop import ROLE, SAMPLES, Sample
from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.log.writer import machine_arch

_EPHEMERAL_MB = 512
_CREATED_BEFORE_MS = 60 * DAY_MS
_KEPT_DAYS = 30
_FOR_EVER = "thumbnails"
"""Its log group has no retention."""


def configuration(calendar: Calendar, shop: Sequence[Sample]) -> Iterator[Item]:
    """The functions, and what was asked about them: at the beginning, and since the deploy."""
    yield ListedFunctions([_function(sample) for sample in shop])
    created_ms = calendar.begin_ms - _CREATED_BEFORE_MS
    limit = Configured(ACCOUNT, REGION, "", "account", "", {"concurrency_limit": ACCOUNT_LIMIT})
    yield Inventory(ACCOUNT, REGION, ("account",), [limit], as_of_ms=created_ms)
    yield _settings(shop, created_ms, f"{DEPLOYED}_before", "41")
    deployed = [
        Configured(ACCOUNT, REGION, one.name, DEPLOYMENT, "", {"at": created_ms}, created_ms) for one in shop
    ]  # fmt: skip
    yield Inventory(ACCOUNT, REGION, (DEPLOYMENT,), deployed, as_of_ms=created_ms)
    yield _settings(shop, calendar.deploy_ms, DEPLOYED, "42")
    tags = [tags_of(_key(sample), {"team": sample.team}, created_ms) for sample in shop]
    yield Inventory(ACCOUNT, REGION, (TAGS,), tags, as_of_ms=created_ms)
    yield ListedLogGroups([
        LogGroupFacts(ACCOUNT, REGION, f"/aws/lambda/{sample.name}", "STANDARD",
                      None if sample.name == _FOR_EVER else _KEPT_DAYS, None)
        for sample in shop
    ])  # fmt: skip


def _settings(shop: Sequence[Sample], at_ms: int, folder: str, version: str) -> Inventory:
    """All settings as they were from ``at_ms`` on; ``folder`` has the code of the function that was deployed then."""
    configured = []
    for sample in shop:
        deployed = sample.name == DEPLOYED
        code = SAMPLES / (folder if deployed else sample.folder)
        settings: dict[str, Setting] = {
            "memory_mb": sample.memory_mb,
            "timeout_s": sample.timeout_s,
            "runtime": sample.runtime,
            "arch": machine_arch(),
            "ephemeral_mb": _EPHEMERAL_MB,
            "handler": sample.handler,
            "package_type": "Zip",
            "role": ROLE,
            "code_sha256": _sha256(code.name, (code / _file(sample)).read_bytes()),
        }
        if sample.dlq:
            settings["dead_letter"] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead-letters"
        configured.append(Configured(ACCOUNT, REGION, sample.name, "function", "", settings, at_ms))
        if deployed:
            alias: dict[str, Setting] = {"version": version}
            configured.append(Configured(ACCOUNT, REGION, sample.name, "alias", "live", alias, at_ms))
    return Inventory(ACCOUNT, REGION, ("function", "alias"), configured, as_of_ms=at_ms)


def _function(sample: Sample) -> Function:
    return Function(
        _key(sample), sample.runtime, machine_arch(), sample.memory_mb, sample.timeout_s, _EPHEMERAL_MB,
        f"/aws/lambda/{sample.name}", sample.reserved,
    )  # fmt: skip


def _key(sample: Sample) -> FunctionKey:
    return FunctionKey(sample.name, ACCOUNT, REGION)


def _file(sample: Sample) -> str:
    return "index.mjs" if sample.handler.startswith("index") else "app.py"


def _sha256(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
    return digest.hexdigest()

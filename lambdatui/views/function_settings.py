"""What each function is configured as: what the configuration's screen shows."""

from collections.abc import Iterable
from dataclasses import dataclass

from collectors.store.read import account_rows, tag_rows
from collectors.store.read.account_rows import SettingRow
from collectors.store.read.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.function_facts import Fact, function_facts
from lambdatui.views.scope import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

SETTING_COLUMNS = columns(
    "function", "account", "region", "runtime", "arch", "memory_mb", "timeout_s", "limit", "dlq", "sources", "aliases",
    "retention_days", "function_state", "last_update", "tags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the configuration: when it was seen (epoch ms), what, from what, to what."""

    at_ms: int
    setting: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SettingsView:
    """One function. ``limit`` is its reserved concurrency. What no collection has asked for is None.

    ``looked_at`` tells whether its configuration was collected, ``log_group_seen`` whether its log group was: only then
    is None a "none", such as a log that is kept for ever. ``whole_batches`` are queues and streams that are known to
    give whole batches again when a record fails. ``facts``: how it is set up beside that, in words. ``tags`` are as
    they were listed last, at ``tags_at``.
    """

    function_id: int
    function: str
    account: str | None
    region: str | None
    runtime: str | None
    arch: str | None
    memory_mb: int | None
    timeout_s: int | None
    limit: int | None
    ephemeral_mb: int | None
    log_group: str | None
    dlq: str | None = None
    sources: str | None = None
    aliases: str | None = None
    retention_days: int | None = None
    function_state: str | None = None
    last_update: str | None = None
    history: tuple[Change, ...] = ()
    looked_at: bool = False
    log_group_seen: bool = False
    whole_batches: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    tags: dict[str, str] | None = None
    tags_at: int | None = None


@dataclass(frozen=True)
class FunctionSettings(View[SettingsView]):
    """``collected`` is False where only logs told anything: then queues, sources and history are unknown."""

    collected: bool = False


@as_of_range
def function_settings(
    reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None, tags: bool = False
) -> FunctionSettings:
    """By name. Runtime, memory and timeout are as the inventory or the logs said them last; tags where asked for."""
    told = _by_function(account_rows.settings(reader, tags=False))
    tagged, asked = (tag_rows.tags(reader), tag_rows.asked_ms(reader)) if tags else ({}, {})
    changed = _by_function(account_rows.changes(reader, 0, time_range.to_ms))
    kept = {(one.account, one.region, one.name): one.retention_days for one in account_rows.log_groups(reader)}
    rows = []
    for row in (narrow or Narrow()).chosen(reader.functions()):
        key = row.function.key
        where = key.account, key.region, key.name
        settings = told.get(where, [])
        facts = function_facts(settings)
        said = {one.id: one.text for one in facts}
        group = key.account, key.region, row.function.log_group or f"/aws/lambda/{key.name}"
        rows.append(
            SettingsView(
                row.id,
                key.name,
                key.account or None,
                key.region or None,
                row.function.runtime,
                row.function.arch,
                row.function.memory_mb,
                row.function.timeout_s,
                row.function.reserved_concurrency,
                row.function.ephemeral_mb,
                row.function.log_group,
                _values(settings, ("function", "dead_letter"), ("async", "on_failure")),
                _values(settings, ("event source", "source")),
                _aliases(settings),
                kept.get(group),
                said.get("state"),
                said.get("last_update"),
                tuple(
                    Change(
                        one.since_ms,
                        f"{one.kind} {one.item} {one.name}".replace("  ", " "),
                        _said(one.was),
                        _said(one.value),
                    )
                    for one in changed.get(where, ())
                ),
                looked_at=any(one.kind != "deployment" for one in settings),  # that is a runner's word, and all of it
                log_group_seen=group in kept,
                whole_batches=_whole_batches(settings),
                facts=facts,
                tags=tagged.get(row.id),
                tags_at=tag_rows.newest(asked, where),
            )
        )
    return FunctionSettings(
        SETTING_COLUMNS,
        rows,
        reader.as_of_ms(time_range.to_ms),
        time_range,
        collected=any(one.kind != "deployment" for of in told.values() for one in of),
    )


Where = tuple[str, str, str]  # account, region, function


def _by_function(settings: Iterable[SettingRow]) -> dict[Where, list[SettingRow]]:
    found: dict[Where, list[SettingRow]] = {}
    for one in settings:
        found.setdefault((one.account, one.region, one.function), []).append(one)
    return found


def _values(settings: Iterable[SettingRow], *wanted: tuple[str, str]) -> str | None:
    """What the settings of these kinds and names say, each once; None where there is none."""
    said = dict.fromkeys(str(one.value) for one in settings if (one.kind, one.name) in wanted and one.value)
    return ", ".join(said) or None


def _whole_batches(settings: Iterable[SettingRow]) -> tuple[str, ...]:
    """Sources of which it was collected that they do not take partial failures; unknown ones are not among them."""
    by_item: dict[str, dict[str, object]] = {}
    for one in settings:
        if one.kind == "event source":
            by_item.setdefault(one.item, {})[one.name] = one.value
    return tuple(
        str(known["source"])
        for known in by_item.values()
        if known.get("partial_failures") is False
        and str(known.get("source", "")).split(":")[2:3] in (["sqs"], ["kinesis"], ["dynamodb"])
    )


def _aliases(settings: Iterable[SettingRow]) -> str | None:
    found = [f"{one.item} {one.value}" for one in settings if (one.kind, one.name) == ("alias", "version")]
    return ", ".join(found) or None


def _said(value: object) -> str:
    return "-" if value is None else str(value)

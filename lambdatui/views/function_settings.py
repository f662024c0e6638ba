"""What each function is configured as: what the configuration's screen shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from collectors.model.account import DEPLOYMENT
from collectors.store.read import account_rows, tag_rows
from collectors.store.read.account_rows import SettingRow
from collectors.store.read.reader import Reader
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import Column, Kind, OnScreen, columns_of
from lambdatui.views.function_facts import Fact, function_facts
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range


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
    give whole batches again when a record fails, by the UUIDs of their mappings. ``provisioned`` are the aliases and
    versions with provisioned concurrency, ``has_async_settings`` whether those for asynchronous events were ever set,
    ``role`` the execution role's ARN. ``facts``: how it is set up beside that, in words. ``tags`` are as
    they were listed last, at ``tags_at``.
    """

    function_id: int
    function: Annotated[str, shared.FUNCTION, OnScreen(grows=True, most=44)]
    account: Annotated[str | None, shared.ACCOUNT]
    region: Annotated[str | None, shared.REGION, OnScreen(8)]
    runtime: Annotated[str | None, shared.RUNTIME, OnScreen(1)]
    arch: Annotated[str | None, shared.ARCH, OnScreen(3)]
    memory_mb: Annotated[int | None, shared.MEMORY_MB, OnScreen(2)]
    timeout_s: Annotated[int | None, shared.TIMEOUT_S, OnScreen(2)]
    limit: Annotated[int | None, shared.LIMIT, OnScreen(5)]
    ephemeral_mb: int | None
    log_group: str | None
    dlq: Annotated[
        str | None,
        Column("Dead letters", Kind.TEXT, 24, "Where failed events go: a dead-letter queue or a destination."),
        OnScreen(6),
    ] = None
    sources: Annotated[
        str | None,
        Column("Event sources", Kind.TEXT, 24, "What invokes the function by event source mappings."),
        OnScreen(7),
    ] = None
    aliases: Annotated[
        str | None, Column("Aliases", Kind.TEXT, 16, "Aliases and the versions that they point to."), OnScreen(9)
    ] = None
    retention_days: Annotated[
        int | None,
        Column("Log days", Kind.COUNT, 9, "Days that the log group keeps; unknown where it was not collected."),
        OnScreen(8),
    ] = None
    function_state: Annotated[
        str | None,
        Column("State", Kind.TEXT, 12, "How the function stands, and why; n/a where AWS was not allowed to tell."),
        OnScreen(10),
    ] = None
    last_update: Annotated[
        str | None, Column("Last update", Kind.TEXT, 14, "How its last update went, and why."), OnScreen(11)
    ] = None
    history: tuple[Change, ...] = ()
    looked_at: bool = False
    log_group_seen: bool = False
    whole_batches: Mapping[str, str] = field(default_factory=dict)
    alias_names: tuple[str, ...] = ()
    provisioned: tuple[str, ...] = ()
    has_async_settings: bool = False
    has_snapstart: bool = False
    role: str | None = None
    facts: tuple[Fact, ...] = ()
    tags: Annotated[dict[str, str] | None, shared.TAGS, OnScreen(12)] = None
    tags_at: int | None = None


SETTING_COLUMNS = columns_of(SettingsView)


@dataclass(frozen=True)
class FunctionSettings(View[SettingsView]):
    """``collected`` is False where only logs told anything: then queues, sources and history are unknown."""

    collected: bool = False


@as_of_range
def function_settings(
    reader: Reader, time_range: TimeRange, *, scope: Scope | None = None, tags: bool = False
) -> FunctionSettings:
    """By name. Runtime, memory and timeout are as the inventory or the logs said them last; tags where asked for."""
    settings_by_function = _by_function(account_rows.settings(reader, tags=False))
    tagged, asked = (tag_rows.tags(reader), tag_rows.asked_ms(reader)) if tags else ({}, {})
    changed = _by_function(account_rows.changes(reader, 0, time_range.to_ms))
    retention_days = {
        (log_group.account, log_group.region, log_group.name): log_group.retention_days
        for log_group in account_rows.log_groups(reader)
    }
    rows = []
    for row in (scope or Scope()).chosen(reader.functions()):
        key = row.function.key
        where = key.account, key.region, key.name
        settings = settings_by_function.get(where, [])
        facts = function_facts(settings)
        fact_texts = {fact.id: fact.text for fact in facts}
        group = key.account, key.region, row.function.log_group or f"/aws/lambda/{key.name}"
        rows.append(
            SettingsView(
                function_id=row.id,
                function=key.name,
                account=key.account or None,
                region=key.region or None,
                runtime=row.function.runtime,
                arch=row.function.arch,
                memory_mb=row.function.memory_mb,
                timeout_s=row.function.timeout_s,
                limit=row.function.reserved_concurrency,
                ephemeral_mb=row.function.ephemeral_mb,
                log_group=row.function.log_group,
                dlq=_values(settings, ("function", "dead_letter"), ("async", "on_failure")),
                sources=_values(settings, ("event source", "source")),
                aliases=_aliases(settings),
                retention_days=retention_days.get(group),
                function_state=fact_texts.get("state"),
                last_update=fact_texts.get("last_update"),
                history=tuple(
                    Change(
                        at_ms=change.since_ms,
                        setting=f"{change.kind} {change.item} {change.name}".replace("  ", " "),
                        before=_or_dash(change.was),
                        after=_or_dash(change.value),
                    )
                    for change in changed.get(where, ())
                ),
                looked_at=any(
                    setting.kind != DEPLOYMENT for setting in settings
                ),  # that is a runner's word, and all of it
                log_group_seen=group in retention_days,
                whole_batches=_whole_batches(settings),
                alias_names=_items(settings, "alias"),
                provisioned=_items(settings, "provisioned"),
                has_async_settings=bool(_items(settings, "async")),
                has_snapstart=_values(settings, ("function", "snap_start")) == "PublishedVersions",
                role=_values(settings, ("function", "role")),
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
        collected=any(setting.kind != DEPLOYMENT for of in settings_by_function.values() for setting in of),
    )


Where = tuple[str, str, str]  # account, region, function


def _by_function(settings: Iterable[SettingRow]) -> dict[Where, list[SettingRow]]:
    by_function: dict[Where, list[SettingRow]] = {}
    for setting in settings:
        by_function.setdefault((setting.account, setting.region, setting.function), []).append(setting)
    return by_function


def _values(settings: Iterable[SettingRow], *wanted: tuple[str, str]) -> str | None:
    """What the settings of these kinds and names say, each once; None where there is none."""
    said = dict.fromkeys(str(one.value) for one in settings if (one.kind, one.name) in wanted and one.value)
    return ", ".join(said) or None


def _whole_batches(settings: Iterable[SettingRow]) -> dict[str, str]:
    """By mapping: sources of which it was collected that they do not take partial failures; unknown ones are absent."""
    by_item: dict[str, dict[str, object]] = {}
    for one in settings:
        if one.kind == "event source":
            by_item.setdefault(one.item, {})[one.name] = one.value
    return {
        item: str(known["source"])
        for item, known in by_item.items()
        if known.get("partial_failures") is False
        and str(known.get("source", "")).split(":")[2:3] in (["sqs"], ["kinesis"], ["dynamodb"])
    }


def _items(settings: Iterable[SettingRow], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.item for one in settings if one.kind == kind and one.item))


def _aliases(settings: Iterable[SettingRow]) -> str | None:
    found = [f"{one.item} {one.value}" for one in settings if (one.kind, one.name) == ("alias", "version")]
    return ", ".join(found) or None


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)

"""What each function is configured as: what the configuration's screen shows."""

from dataclasses import dataclass

from collectors.store.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

SETTING_COLUMNS = columns(
    "function", "account", "region", "runtime", "arch", "memory_mb", "timeout_s", "limit", "dlq", "sources", "aliases",
    "retention_days",
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
    """One function. ``limit`` is its reserved concurrency. What no collection has asked for is None."""

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
    history: tuple[Change, ...] = ()


@dataclass(frozen=True)
class FunctionSettings(View[SettingsView]):
    """``collected`` is False where only logs told anything: then queues, sources and history are unknown."""

    collected: bool = False


def function_settings(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> FunctionSettings:
    """By name. Runtime, memory and timeout are as the inventory or the logs said them last."""
    rows = [
        SettingsView(
            row.id,
            row.function.key.name,
            row.function.key.account or None,
            row.function.key.region or None,
            row.function.runtime,
            row.function.arch,
            row.function.memory_mb,
            row.function.timeout_s,
            row.function.reserved_concurrency,
            row.function.ephemeral_mb,
            row.function.log_group,
        )
        for row in (narrow or Narrow()).chosen(reader.functions())
    ]
    return FunctionSettings(SETTING_COLUMNS, rows, reader.newest_ms(), time_range)

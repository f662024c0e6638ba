"""What stands configured, as billed usage: provisioned concurrency and SnapStart caches.

It rests on the configuration's history, so every figure is ``estimated``, and what no collection has asked for is
absent, not zero. Spans add up: the usage of two halves of a span is that of the whole. What is still in force goes on
to the end of the span that is asked for, which may lie ahead. Stored logs are ``lambdatui.views.log_usage``'s.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS
from collectors.store.read import account_rows
from lambdatui.views.settings_of_time import SettingsOfTime
from lambdatui.views.view import ESTIMATED
from pricing.dimensions import SNAPSTART_CACHE
from pricing.usage import Usage

if TYPE_CHECKING:
    from collectors.model.account import LogGroupFacts
    from collectors.model.records import Function
    from collectors.store.read.account_rows import SettingRow
    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import FunctionRow

_SIZED_BY = ("arch", "memory_mb")
_KINDS = ("provisioned", "version", "alias")
_PROVISIONED_STEP_MS = 5 * MINUTE_MS
_CACHED_LEAST_MS = 3 * HOUR_MS
# Metrics that are asked for together wherever concurrency is provisioned: one of them tells that all were asked for.
_ON_PROVISIONED = "ProvisionedConcurrencyInvocations"
_ASKED_TOGETHER = (
    _ON_PROVISIONED, "ProvisionedConcurrencySpilloverInvocations", "ProvisionedConcurrencyUtilization",
    "ProvisionedConcurrentExecutions",
)  # fmt: skip

Where = tuple[str, str, str]  # account, region, function
_Settings = Mapping[tuple[str, str, str], list["SettingRow"]]  # by kind, item, name; each by time


@dataclass(frozen=True, slots=True)
class _Known:
    function: "Function"
    settings: _Settings
    log_group: "LogGroupFacts | None"

    def of_time(self, arch: str | None, memory_mb: int | None) -> "_Known":
        if (arch, memory_mb) == (self.function.arch, self.function.memory_mb):
            return self
        return replace(self, function=replace(self.function, arch=arch, memory_mb=memory_mb))


def _read(reader: "Reader") -> "tuple[list[SettingRow], dict[Where, LogGroupFacts]]":
    groups = {(one.account, one.region, one.name): one for one in account_rows.log_groups(reader)}
    return account_rows.history(reader, _KINDS), groups


class ConfiguredUsage:
    """The configuration of some functions, read once and asked for any span. Times are epoch ms, UTC."""

    def __init__(self, reader: "Reader", functions: "Iterable[FunctionRow]", known_ms: int | None = None) -> None:
        """``known_ms`` is from when on nothing is known yet: what was in force then goes on."""
        self._reader = reader
        functions = list(functions)
        rows, groups = reader.cached(("configured", _KINDS), lambda: _read(reader))
        history: dict[Where, dict[tuple[str, str, str], list[SettingRow]]] = defaultdict(lambda: defaultdict(list))
        for setting in rows:
            if known_ms is not None and setting.since_ms >= known_ms:
                continue
            if known_ms is not None and setting.until_ms is not None and setting.until_ms >= known_ms:
                setting = replace(setting, until_ms=None)
            of_function = history[setting.account, setting.region, setting.function]
            of_function[setting.kind, setting.item, setting.name].append(setting)
        self._of_time = SettingsOfTime(reader, functions, (FOREVER_MS) if known_ms is None else known_ms)
        self._known: dict[int, _Known] = {}
        for row in functions:
            key = row.function.key
            settings: _Settings = history.get((key.account, key.region, key.name), {})
            name = row.function.log_group or f"/aws/lambda/{key.name}"
            group = groups.get((key.account, key.region, name))
            if settings or group is not None:
                self._known[row.id] = _Known(row.function, settings, group)

    def provisioned(self) -> set[int]:
        """The functions that ever had provisioned concurrency."""
        return {
            function_id
            for function_id, known in self._known.items()
            if any(kind == "provisioned" for kind, _, _ in known.settings)
        }

    def usages(self, from_ms: int, to_ms: int) -> dict[int, Usage]:
        """By function id what stood in ``[from_ms, to_ms)``; functions with nothing billed are absent.

        Of a function that moved to another architecture meanwhile it is the last part only: see ``parts``.
        """
        return dict(self.parts(from_ms, to_ms))

    def parts(self, from_ms: int, to_ms: int) -> Iterator[tuple[int, Usage]]:
        """The same, one usage for each architecture that a function had."""
        for function_id, known in self._known.items():
            cuts = self._of_time.cuts(function_id, from_ms, to_ms, _SIZED_BY)
            for low, high in zip([from_ms, *cuts], [*cuts, to_ms], strict=True):
                arch = self._of_time.value(function_id, "arch", low)
                memory_mb = self._of_time.value(function_id, "memory_mb", low)
                usage = _usage(known.of_time(arch, memory_mb), low, high)
                if usage is not None:
                    yield function_id, usage

    def days(self, from_ms: int, to_ms: int, chosen: Collection[int]) -> Iterator[tuple[int, Usage]]:
        """What stood on each UTC day (its midnight, epoch ms) of the span, from its first day's midnight on."""
        for day_ms in range(from_ms // DAY_MS * DAY_MS, to_ms, DAY_MS):
            for function_id, usage in self.parts(day_ms, min(to_ms, day_ms + DAY_MS)):
                if function_id in chosen:
                    yield day_ms, usage

    def shares(self, from_ms: int, to_ms: int) -> dict[int, float]:
        """By function id, the part (0 to 1) of its invocations that provisioned concurrency served, by CloudWatch.

        Absent where the metrics of provisioned concurrency, or of invocations, were not collected.
        """
        keys = {each: self._known[each].function.key for each in self.provisioned()}
        ids = {(key.account, key.region, key.name): function_id for function_id, key in keys.items()}
        totals: dict[int, dict[str, float]] = defaultdict(dict)
        for row in account_rows.metrics(self._reader, from_ms, to_ms, list(ids.values())) if ids else ():
            if row.metric in _ASKED_TOGETHER or (row.metric, row.stat) == ("Invocations", "Sum"):
                totals[ids[row.account, row.region, row.function]][row.metric] = row.total
        return {
            function_id: min(1.0, seen.get(_ON_PROVISIONED, 0.0) / seen["Invocations"])
            for function_id, seen in totals.items()
            if seen.get("Invocations") and not seen.keys().isdisjoint(_ASKED_TOGETHER)
        }

    def snapstart_versions(self, function_id: int) -> tuple[int, int]:
        """Cached versions that cost something, and how many of them an alias or provisioned concurrency names."""
        known = self._known.get(function_id)
        if known is None:
            return 0, 0
        now = {key: rows[-1].value for key, rows in known.settings.items() if rows and rows[-1].until_ms is None}
        cached = {
            item for (kind, item, name), value in now.items()
            if (kind, name, value) == ("version", "snap_start", "On")
            and now.get(("version", item, "memory_mb")) and not _is_java(known, item)
        }  # fmt: skip
        named = {item for kind, item, _ in now if kind == "provisioned"}
        named |= {str(value) for (kind, _, name), value in now.items() if (kind, name) == ("alias", "version")}
        for (kind, _, name), value in now.items():
            if (kind, name) == ("alias", "weights"):
                named |= {part.partition("=")[0] for part in str(value).split(",")}
        return len(cached), len(cached & named)


def split(usage: Usage, share: float | None) -> Usage:
    """``share`` of what ran on demand as run on provisioned concurrency; an estimate, as durations differ."""
    if not share:
        return usage
    requests, billed_ms, mb_ms = (round(one * share) for one in (usage.requests, usage.billed_ms, usage.billed_mb_ms))
    return replace(
        usage,
        requests=usage.requests - requests,
        billed_ms=usage.billed_ms - billed_ms,
        billed_mb_ms=usage.billed_mb_ms - mb_ms,
        provisioned_requests=usage.provisioned_requests + requests,
        provisioned_billed_ms=usage.provisioned_billed_ms + billed_ms,
        provisioned_billed_mb_ms=usage.provisioned_billed_mb_ms + mb_ms,
        basis=ESTIMATED,
    )


def _usage(known: _Known, from_ms: int, to_ms: int) -> Usage | None:
    provisioned = cached = 0
    for (kind, item, name), rows in known.settings.items():
        if (kind, name) == ("provisioned", "requested"):
            provisioned += sum(_provisioned(known, item, rows, from_ms, to_ms))
        elif (kind, name) == ("version", "snap_start") and not _is_java(known, item):
            memory_mb = _memory(known, item, from_ms)
            cached += sum(memory_mb * _within(one.since_ms, _cached_until(one), from_ms, to_ms)
                          for one in rows if one.value == "On")  # fmt: skip
    if not provisioned and not cached:
        return None
    metered = ((SNAPSTART_CACHE, cached),) if cached else ()
    return replace(_named(known.function), provisioned_mb_ms=provisioned, metered=metered)


def _named(function: "Function") -> Usage:
    """A usage of that function, of nothing yet."""
    return Usage(function.key.name, function.key.account, function.key.region, function.arch, basis=ESTIMATED)


def _provisioned(known: _Known, item: str, rows: "Sequence[SettingRow]", from_ms: int, to_ms: int) -> Iterator[int]:
    """MB-ms of one alias or version. Only disabling ends a period: it is rounded up to five minutes from enabling."""
    enabled_ms, before_ms = 0, None
    for place, setting in enumerate(rows):
        if setting.since_ms != before_ms:
            enabled_ms = setting.since_ms
        until_ms = before_ms = setting.until_ms
        goes_on = place + 1 < len(rows) and rows[place + 1].since_ms == until_ms
        if until_ms is not None and not goes_on:
            until_ms = enabled_ms - (enabled_ms - until_ms) // _PROVISIONED_STEP_MS * _PROVISIONED_STEP_MS
        count = setting.value if isinstance(setting.value, int) else 0
        # An alias that moves to a version of another size changes what its environments cost.
        moves = [row.since_ms for row in known.settings.get(("alias", item, "version"), ())]
        cuts = [setting.since_ms, *(move for move in moves if setting.since_ms < move < (until_ms or to_ms))]
        for begin_ms, end_ms in zip(cuts, [*cuts[1:], until_ms], strict=True):
            yield count * _memory(known, item, begin_ms) * _within(begin_ms, end_ms, from_ms, to_ms)


def _cached_until(one: "SettingRow") -> int | None:
    return None if one.until_ms is None else max(one.until_ms, one.since_ms + _CACHED_LEAST_MS)


def _within(begin_ms: int, end_ms: int | None, from_ms: int, to_ms: int) -> int:
    return max(0, min(to_ms, to_ms if end_ms is None else end_ms) - max(from_ms, begin_ms))


def _memory(known: _Known, item: str, at_ms: int) -> int:
    """Of the version that ``item`` is or points to; the function's own where that is not known, else 0."""
    version = _value(known, ("alias", item, "version"), at_ms)
    found = _value(known, ("version", item if version is None else str(version), "memory_mb"), at_ms)
    return found if isinstance(found, int) else known.function.memory_mb or 0


def _is_java(known: _Known, item: str) -> bool:
    """Java managed runtimes do not pay for SnapStart (AWS Lambda pricing page)."""
    rows = known.settings.get(("version", item, "runtime"))
    return str(rows[-1].value if rows else known.function.runtime or "").startswith("java")


def _value(known: _Known, key: tuple[str, str, str], at_ms: int) -> object:
    """In force at a time; the first known where it lies before all that is known."""
    rows = known.settings.get(key)
    return None if not rows else next((one.value for one in reversed(rows) if one.since_ms <= at_ms), rows[0].value)

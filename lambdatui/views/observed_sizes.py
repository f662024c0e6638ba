"""What a function itself took at another memory size: its own calls before and after its configuration changed.

Like is compared with like: the same code, runtime and architecture on both sides, at most two weeks of each, whole
hours whose REPORTs printed that size, and about as many cold starts. Anything else says nothing.
"""

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.read import account_rows
from pricing.recommendations import Measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collectors.model.records import Function
    from collectors.store.read.account_rows import SettingRow
    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import Totals

_ENOUGH, _HOURS = 100, 3  # REPORTs and hours on each side
_WINDOW_MS = 14 * DAY_MS
_COLD_APART = 0.1
_LEAST = 0.05  # of the logarithm: traffic differs from week to week
_Z_80 = 1.2816
_ALIKE = ("arch", "runtime", "code_sha256", "layers")


class _Side(NamedTuple):
    mean_ms: float
    error: float  # standard error over the mean
    calls: int
    cold: float


class SizesSeen:
    """The histories of all functions' memory, read once. What is changed at or after ``to_ms`` is not known."""

    def __init__(self, reader: "Reader", to_ms: int) -> None:
        self._reader, self._to_ms = reader, to_ms
        self._rows: dict[tuple[str, str, str], dict[str, list[SettingRow]]] = defaultdict(lambda: defaultdict(list))
        for one in account_rows.history(reader, ("function",)):
            if one.since_ms < to_ms and one.name in ("memory_mb", *_ALIKE):
                self._rows[one.account, one.region, one.function][one.name].append(one)

    def layers(self, function: "Function") -> bool | None:
        """Whether it has layers now; None where its configuration was not collected."""
        key = function.key
        rows = self._rows.get((key.account, key.region, key.name))
        if rows is None:
            return None
        return any(one.until_ms is None or one.until_ms >= self._to_ms for one in rows.get("layers", ()))

    def measured(self, function_id: int, function: "Function", memory_mb: int | None) -> tuple[Measured, ...]:
        """Durations at the sizes just before or after the present one, where nothing else changed with the size."""
        key = function.key
        rows = self._rows.get((key.account, key.region, key.name))
        sizes = [setting for setting in rows["memory_mb"] if isinstance(setting.value, int)] if rows is not None else []
        if rows is None or len(sizes) < 2 or memory_mb is None:
            return ()
        others = sorted(
            {setting.since_ms for name in _ALIKE for setting in rows.get(name, ())} - {rows["memory_mb"][0].since_ms}
        )
        by_size: dict[int, Measured] = {}
        for place in range(1, len(sizes)):
            before, after = sizes[place - 1], sizes[place]
            if memory_mb not in (before.value, after.value) or before.value == after.value:
                continue
            measured = self._measured(function_id, sizes[place - 1 : place + 1], memory_mb, others)
            if measured is not None:
                by_size[measured.memory_mb] = measured
        return tuple(by_size.values())

    def _measured(
        self, function_id: int, sizes: "Sequence[SettingRow]", memory_mb: int, others: "Sequence[int]"
    ) -> Measured | None:
        before, after = sizes
        change = after.since_ms
        if change in others:
            return None  # new code came with the new size
        from_ms = max(change - _WINDOW_MS, before.since_ms, *(one for one in others if one < change), 0)
        to_ms = min(change + _WINDOW_MS, after.until_ms or self._to_ms, self._to_ms,
                    *(one for one in others if one > change))  # fmt: skip
        earlier = self._side(function_id, from_ms, change, before.value)
        later = self._side(function_id, change, to_ms, after.value)
        if earlier is None or later is None or abs(earlier.cold - later.cold) > _COLD_APART:
            return None
        here, there = (later, earlier) if after.value == memory_mb else (earlier, later)
        size = before.value if after.value == memory_mb else after.value
        assert isinstance(size, int)
        middle = math.log(there.mean_ms / here.mean_ms)
        room = max(_LEAST, _Z_80 * math.hypot(here.error, there.error))
        said = f"its own {there.calls:,} calls at {size} MB and {here.calls:,} at {memory_mb} MB"
        return Measured(size, math.exp(middle - room), math.exp(middle), math.exp(middle + room), said)

    def _side(self, function_id: int, from_ms: int, to_ms: int, memory_mb: object) -> _Side | None:
        """The calls before or after a change: whole hours in which only one size ran. None for too few."""
        first, last = -(-from_ms // HOUR_MS) * HOUR_MS, to_ms // HOUR_MS * HOUR_MS
        if first >= last:
            return None
        points = self._reader.series(first, last, HOUR_MS, [function_id])
        hours: list[Totals] = [
            totals.totals for totals in points if totals.totals.reports and totals.totals.memory_mb == memory_mb
        ]
        calls = sum(hour.reports for hour in hours)
        if calls < _ENOUGH or len(hours) < _HOURS:
            return None
        mean = sum(hour.duration_us for hour in hours) / calls
        if not mean:
            return None
        spread = sum((hour.duration_us - hour.reports * mean) ** 2 for hour in hours) * len(hours) / (len(hours) - 1)
        cold = sum(hour.cold_starts for hour in hours) / calls
        return _Side(mean / 1000, math.sqrt(spread) / (calls * mean), calls, cold)

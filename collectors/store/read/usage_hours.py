"""What single functions used hour by hour: figures of REPORTs beside those of CloudWatch's metrics.

Read for the few functions and days on which neither source alone tells everything. Times are epoch ms UTC.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collectors.model.units import HOUR_MS
from collectors.store.read.count_sources import CELLS, FINEST, METRICS
from collectors.store.read.reader import Reader
from collectors.store.read.rows import USAGE
from collectors.store.spans import DAY, HOUR, MINUTE

Piece = tuple[int, int, int]  # function id, from_ms, to_ms
_SUMS = (("Invocations", "Sum"), ("Duration", "Sum"), ("Duration", "SampleCount"))
_MOST_IDS = 400


@dataclass(slots=True)
class Hour:
    """A UTC hour (in a fleet a day) of one function, or its part within a span; None is unknown.

    ``metered`` are CloudWatch's invocations, ``duration_ms`` the sum of its Duration over ``samples`` invocations.
    """

    start_ms: int
    end_ms: int
    invocations: int | None = None
    reports: int = 0
    billed_ms: int = 0
    billed_mb_ms: int = 0
    metered: float | None = None
    duration_ms: float | None = None
    samples: float | None = None

    def add(self, invocations: int, reports: int, billed_ms: int, billed_mb_ms: int) -> None:
        """Adds a cell's sums (``USAGE``)."""
        self.invocations = (self.invocations or 0) + invocations
        self.reports += reports
        self.billed_ms += billed_ms
        self.billed_mb_ms += billed_mb_ms

    def measure(self, metric: str, stat: str, total: float) -> None:
        """Adds a sum of a metric."""
        if metric == "Invocations":
            self.metered = (self.metered or 0.0) + total
        elif stat == "Sum":
            self.duration_ms = (self.duration_ms or 0.0) + total
        else:
            self.samples = (self.samples or 0.0) + total

    @property
    def counted(self) -> int:
        """Invocations by the source that saw more of them."""
        return max(self.invocations or 0, round(self.metered or 0))


def hours(reader: Reader, pieces: Iterable[Piece]) -> dict[int, dict[int, Hour]]:
    """By function id and the hour's beginning; hours without any figure are absent."""
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for function_id, low, high in pieces:
        together[low, high].append(function_id)
    by_function: dict[int, dict[int, Hour]] = defaultdict(dict)
    with reader.snapshot():
        for low, high, ids in _joined(together):
            for table, begin, end in _cut(low, high):
                for at in range(0, len(ids), _MOST_IDS):
                    _read(reader, table, begin, end, ids[at : at + _MOST_IDS], by_function)
    return by_function


def _joined(together: dict[tuple[int, int], list[int]]) -> list[tuple[int, int, list[int]]]:
    """Joins neighbouring spans of the same functions."""
    joined: list[tuple[int, int, list[int]]] = []
    for low, high in sorted(together):
        ids = sorted(together[low, high])
        ends_here = ((place, begin) for place, (begin, end, of) in enumerate(joined) if (end, of) == (low, ids))
        place, begin = next(ends_here, (None, low)) if low % HOUR == 0 else (None, low)
        if place is None:
            joined.append((low, high, ids))
        else:
            joined[place] = (begin, high, ids)
    return joined


def _cut(low: int, high: int) -> list[tuple[int, int, int]]:
    """(grain in ms, begin, end) of a span's whole hours, and of the parts of hours before and after them."""
    begin, end = -(-low // HOUR) * HOUR, high // HOUR * HOUR
    if begin > end:
        return [(MINUTE, low, high)]
    parts = [(MINUTE, low, begin), (HOUR, begin, end), (MINUTE, end, high)]
    return [(grain, begin, end) for grain, begin, end in parts if begin < end]


def _read(
    reader: Reader, grain: int, low: int, high: int, ids: Sequence[int], by_function: dict[int, dict[int, Hour]]
) -> None:
    def hour_of(function_id: int, start_ms: int) -> Hour:
        hour = start_ms // HOUR * HOUR
        begin = max(hour, low)
        return by_function[function_id].setdefault(begin, Hour(begin, min(hour + HOUR, high)))

    of = f"({', '.join(map(str, ids))})"
    for function_id, start, *sums in reader.select(
        f"SELECT function_id, start_ms, {', '.join(USAGE)} FROM {CELLS[grain]}"
        f" WHERE function_id IN {of} AND start_ms >= ? AND start_ms < ?",
        (low, high),
    ):
        hour_of(function_id, start).add(*sums)
    table, value = METRICS[grain]
    for metric, stat in _SUMS:
        for function_id, start, total in reader.select(
            f"SELECT m.function_id, m.start_ms, m.{value} FROM {table} m WHERE m.metric = ? AND m.function_id IN {of}"
            f" AND m.stat = ? AND m.start_ms >= ? AND m.start_ms < ?{FINEST if grain == MINUTE else ''}",
            (metric, stat, low, high),
        ):
            hour_of(function_id, start).measure(metric, stat, total)


def means(reader: Reader, function_id: int, low: int, high: int) -> tuple[float | None, float | None]:
    """The means of Duration's Average and p50 in ms, weighted by each point's invocations where known; None unknown."""
    weights: dict[int, float] = {}
    for metric, stat in (("Invocations", "Sum"), ("Duration", "SampleCount")):
        weights |= dict(_points(reader, metric, stat, function_id, low, high))

    def mean(stat: str) -> float | None:
        points = _points(reader, "Duration", stat, function_id, low, high)
        weighed = [(weights.get(start, 0.0), value) for start, value in points]
        if not any(weight for weight, _ in weighed):
            weighed = [(1.0, value) for _, value in points]
        whole = sum(weight for weight, _ in weighed)
        return sum(weight * value for weight, value in weighed) / whole if whole else None

    return mean("Average"), mean("p50")


def averaged(reader: Reader, from_ms: int, to_ms: int) -> set[int]:
    """The ids of functions with an Average of Duration on the span's days; ``from_ms`` is a midnight."""
    rows = reader.select(
        "SELECT f.id FROM functions f WHERE EXISTS (SELECT 1 FROM metric_days m WHERE m.metric = 'Duration'"
        " AND m.function_id = f.id AND m.stat = 'Average' AND m.start_ms >= ? AND m.start_ms < ?)",
        (from_ms, to_ms),
    )
    return {function_id for (function_id,) in rows}


def _points(reader: Reader, metric: str, stat: str, function_id: int, low: int, high: int) -> list[tuple[int, float]]:
    return [
        (start, value)
        for start, value in reader.select(
            "SELECT m.start_ms, m.value FROM metrics m WHERE m.metric = ? AND m.function_id = ? AND m.stat = ?"
            f" AND m.start_ms >= ? AND m.start_ms < ?{FINEST}",
            (metric, function_id, stat, low, high),
        )
    ]


_SUMMED = (
    " functions f CROSS JOIN insights_cells s ON s.function_id = f.id AND s.start_ms >= ? AND s.start_ms <= ?"
    " WHERE s.reports > (SELECT coalesce(sum(m.reports), 0) FROM minute_cells m WHERE m.function_id = s.function_id"
    f" AND m.start_ms >= s.start_ms AND m.start_ms < s.start_ms + {HOUR_MS})"
)


def any_summed(reader: Reader, from_ms: int, to_ms: int) -> bool:
    """Whether a whole hour of the span has REPORTs that only Logs Insights saw: its minutes do not tell them."""
    return reader.has_insights() and bool(reader.select(f"SELECT 1 FROM{_SUMMED} LIMIT 1", (from_ms, to_ms - HOUR)))


def summed_hours(reader: Reader, from_ms: int, to_ms: int) -> dict[int, dict[int, tuple[int, int, int]]]:
    """(REPORTs, billed ms, MB-ms) of whole hours that Logs Insights summed, by function id and hour.

    Hours whose rows saw as many REPORTs are absent: there the rows count.
    """
    by_function: dict[int, dict[int, tuple[int, int, int]]] = {}
    for function_id, start, reports, billed_ms, billed_mb_ms in reader.select(
        f"SELECT s.function_id, s.start_ms, s.reports, s.billed_ms, s.billed_mb_ms FROM{_SUMMED}",
        (from_ms, to_ms - HOUR),
    ):
        by_function.setdefault(function_id, {})[start] = reports, billed_ms, billed_mb_ms
    return by_function


def day_rows(reader: Reader, from_ms: int, to_ms: int, function_ids: Sequence[int]) -> dict[int, dict[int, Hour]]:
    """By function id and midnight, the figures of whole UTC days; the days' ``Hour`` is as in ``hours``."""
    by_function: dict[int, dict[int, Hour]] = defaultdict(dict)
    for at in range(0, len(function_ids), _MOST_IDS):
        of = f"({', '.join(map(str, function_ids[at : at + _MOST_IDS]))})"
        for function_id, start, *sums in reader.select(
            f"SELECT function_id, start_ms, {', '.join(USAGE)} FROM {CELLS[DAY]}"
            f" WHERE function_id IN {of} AND start_ms >= ? AND start_ms < ?",
            (from_ms, to_ms),
        ):
            by_function[function_id][start] = Hour(start, start + DAY, *sums)
        for metric, stat in _SUMS:
            for function_id, start, total in reader.select(
                "SELECT function_id, start_ms, total FROM metric_days WHERE metric = ? AND stat = ?"
                f" AND function_id IN {of} AND start_ms >= ? AND start_ms < ?",
                (metric, stat, from_ms, to_ms),
            ):
                by_function[function_id].setdefault(start, Hour(start, start + DAY)).measure(metric, stat, total)
    return by_function

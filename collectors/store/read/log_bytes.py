"""How many bytes came into log groups on each UTC day, from the points of ``AWS/Logs`` IncomingBytes.

Points of a group that belongs to one function are stored with that function, those of other groups with the account,
under the group's name. A period that an end of the span cuts counts in proportion, so two halves of a span add up to
the whole. The period of the store's newest invocation is taken to end with it. Times are epoch ms UTC.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.read.reader import Reader

METRIC = "IncomingBytes"
_LONGEST = HOUR_MS  # metrics are collected in no longer periods


class Point(NamedTuple):
    """Bytes that came in during a period; ``start_ms`` is epoch ms."""

    start_ms: int
    period_s: int
    bytes: float


@dataclass(slots=True)
class IncomingBytes:
    """Incoming bytes of a function's own log group, or where ``function`` is "", of ``log_group``.

    ``days`` are bytes by the day's midnight (epoch ms). A day without a point is absent: either nothing came, or
    nothing was collected.
    """

    account: str
    region: str
    function: str
    log_group: str
    days: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Bytes of all days together."""
        return sum(self.days.values())


def incoming(reader: Reader, from_ms: int, to_ms: int) -> list[IncomingBytes]:
    """The incoming bytes of each group in ``[from_ms, to_ms)``; groups without a point in it are absent."""
    groups_of_logs: dict[tuple[str, str, str, str], IncomingBytes] = {}

    def of(account: str, region: str, function: str, log_group: str = "") -> dict[int, int]:
        where = account, region, function, log_group
        return groups_of_logs.setdefault(where, IncomingBytes(account, region, function, log_group)).days

    known_ms = reader.newest_ms()
    with reader.snapshot():
        names = {row.id: row.function.key for row in reader.functions()}
        first, last = -(-from_ms // DAY_MS) * DAY_MS, to_ms // DAY_MS * DAY_MS
        any_points = reader.oldest_point(METRIC, "Sum") is not None
        for function_id, day_ms, total in (
            ()
            if not any_points
            else reader.select(
                "SELECT m.function_id, m.start_ms, m.total FROM functions f CROSS JOIN metric_days m ON m.metric = ?"
                " AND m.function_id = f.id AND m.stat = 'Sum' AND m.start_ms >= ? AND m.start_ms < ?",
                (METRIC, first, last),
            )
        ):
            key = names[function_id]
            of(key.account, key.region, key.name)[day_ms] = round(total)
        for low, high in _edges(from_ms, to_ms, first, last) if any_points else ():
            points: dict[int, list[Point]] = defaultdict(list)
            for function_id, *point in reader.select(
                "SELECT m.function_id, m.start_ms, m.period_s, m.value FROM functions f CROSS JOIN metrics m"
                " ON m.metric = ? AND m.function_id = f.id AND m.stat = 'Sum' AND m.start_ms > ? AND m.start_ms < ?",
                (METRIC, low - _LONGEST, high),
            ):
                points[function_id].append(Point(*point))
            for function_id, of_one in points.items():
                key = names[function_id]
                _add(of(key.account, key.region, key.name), of_one, low, high, known_ms)
        groups: dict[tuple[str, str, str], list[Point]] = defaultdict(list)
        for account, region, metric, *point in reader.select(
            "SELECT account, region, metric, start_ms, period_s, value FROM account_metrics WHERE stat = 'Sum'"
            " AND metric >= ? AND metric < ? AND start_ms > ? AND start_ms < ?",
            (f"{METRIC} ", f"{METRIC}!", from_ms - _LONGEST, to_ms),
        ):
            groups[account, region, metric[len(METRIC) + 1 :]].append(Point(*point))
        for (account, region, name), of_one in groups.items():
            _add(of(account, region, "", name), of_one, from_ms, to_ms, known_ms)
    return [one for one in groups_of_logs.values() if one.days]


def _edges(from_ms: int, to_ms: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The parts of the span that lie in no whole day of it."""
    if last <= first:
        yield from_ms, to_ms
        return
    if from_ms < first:
        yield from_ms, first
    if last < to_ms:
        yield last, to_ms


def _add(days: dict[int, int], points: Iterable[Point], low: int, high: int, known_ms: int | None) -> None:
    """Adds points to their days, as far as ``[low, high)`` holds them; in each hour only those of the finest period."""
    hours: dict[int, dict[int, list[Point]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        hours[point.start_ms // HOUR_MS][point.period_s].append(point)
    for by_period in hours.values():
        for start_ms, period_s, value in by_period[min(by_period)]:
            period_ms, whole = period_s * 1000, round(value)
            if known_ms is not None and start_ms <= known_ms < start_ms + period_ms:
                period_ms = known_ms + 1 - start_ms  # it was collected before this period ended
            begin, end = max(low, start_ms) - start_ms, min(high, start_ms + period_ms) - start_ms
            if end > begin:
                day_ms = (start_ms + begin) // DAY_MS * DAY_MS
                days[day_ms] = days.get(day_ms, 0) + whole * end // period_ms - whole * begin // period_ms

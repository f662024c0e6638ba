"""Usage by function, day and price: what REPORTs billed, and beside it an estimate of what no REPORT was seen of.

An hour's missing invocations are those counted less the REPORTs seen. Each lasted as long as CloudWatch's Duration
says of the hour (its Sum over Invocations, else its Average), else of that UTC day; else as the function's own REPORTs
of that day, else of that month billed; else as the hour's p50. Memory is that configured then; where no configuration
is known, what the function's own REPORTs of that day printed, else those of that month. Where one of the two is not
known, the invocations are counted and their duration is unknown, never 0. CloudWatch's Duration leaves out cold
starts (AWS Lambda Developer Guide, "Types of metrics"), so estimates are low where there are many.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import TYPE_CHECKING, NamedTuple

from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.read import usage_hours
from collectors.store.read.usage_hours import Hour
from lambdatui.views.settings_of_time import SettingsOfTime
from lambdatui.views.time_range import month_start_ms
from lambdatui.views.view import BILLED, ESTIMATED, INSIGHTS
from pricing.usage_table import Terms

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import SpanUsage
    from lambdatui.views.estimates_of_many import DaySums, Ints


class DayRow(NamedTuple):
    """What a function used on a UTC day at one price; ``unknown`` of its requests have no known duration."""

    function_id: int
    day_ms: int
    terms: Terms
    requests: int
    billed_ms: int
    billed_mb_ms: int
    unknown: int = 0


_MANY_MS = 100 * DAY_MS
"""From so many days of functions on they are looked at together as those of a fleet are: that takes numpy's import."""


def are_many(reader: "Reader", functions_ms: int) -> bool:
    """Whether there is so much to estimate that it is done in arrays (``views.estimates_of_many``), with the same
    sums.
    """
    return reader.is_fleet(None) or functions_ms >= _MANY_MS


@dataclass(frozen=True, slots=True)
class DayRows:
    """Days row by row, and of ``many`` functions, which had one price each, as arrays."""

    few: list[DayRow]
    many: "DaySums | None"
    settings: SettingsOfTime
    from_ms: int

    def __iter__(self) -> Iterator[DayRow]:
        yield from self.few
        for basis, sums in self._bases():
            for each, day_ms, *amounts in self.many.rows(sums) if self.many is not None else ():
                yield DayRow(each, day_ms, self.settings.terms(each, self.from_ms, basis), *amounts)

    def together(self) -> Iterator[DayRow]:
        """All days of each of the many functions in one row, that of the first day."""
        for basis, sums in self._bases():
            for each, *amounts in self.many.together(sums) if self.many is not None else ():
                yield DayRow(each, self.from_ms, self.settings.terms(each, self.from_ms, basis), *amounts)

    def _bases(self) -> "Sequence[tuple[str, Ints]]":
        return () if self.many is None else ((BILLED, self.many.billed), (ESTIMATED, self.many.estimated))


@dataclass(slots=True)
class HourlyEstimates:
    """Some functions in ``[from_ms, to_ms)``, looked at by the hour where one source does not tell all.

    Means are of all that is known of a day or month before ``known_ms``, wherever the span ends.
    """

    reader: "Reader"
    settings: SettingsOfTime
    from_ms: int
    to_ms: int
    known_ms: int
    _sums: dict[tuple[int, int, Terms], list[int]] = field(default_factory=dict)

    def days(self, function_ids: Sequence[int], apart: Collection[int] = ()) -> "DayRows":
        """By function, day and price; those of ``apart`` row by row."""
        summed = usage_hours.summed_hours(self.reader, self.from_ms, self.to_ms)
        together: list[int] = []
        by_day = self.reader.is_fleet(None)  # as invocations are counted
        if function_ids and are_many(self.reader, len(function_ids) * (self.to_ms - self.from_ms)):
            averaged = usage_hours.averaged(self.reader, self.from_ms // DAY_MS * DAY_MS, self.to_ms)
            together = [
                each for each in function_ids
                if each not in summed and each not in apart and each not in averaged
                and not self.settings.cuts(each, self.from_ms, self.to_ms)
            ]  # fmt: skip
        many = None
        if together:
            from lambdatui.views.estimates_of_many import look

            span = self.from_ms, self.to_ms, self.known_ms
            many, left = look(self.reader, self.settings, *span, together, by_day=by_day)
            for one in left:
                self._estimate(*one)
        done = set(together)
        self._look([each for each in function_ids if each not in done], summed)
        return DayRows([DayRow(*key, *sums) for key, sums in self._sums.items()], many, self.settings, self.from_ms)

    def _look(self, function_ids: Sequence[int], summed: dict[int, dict[int, tuple[int, int, int]]]) -> None:
        """Estimates functions one at a time, hour by hour."""
        if not function_ids:
            return
        begin, end = -(-self.from_ms // DAY_MS) * DAY_MS, self.to_ms // DAY_MS * DAY_MS
        known = usage_hours.day_rows(self.reader, begin, end, function_ids) if begin < end else {}
        by_day = self.reader.is_fleet(None)  # as invocations are counted
        pieces: list[usage_hours.Piece] = []
        for function_id in function_ids:
            cuts = self.settings.cuts(function_id, self.from_ms, self.to_ms)
            days = {at // DAY_MS * DAY_MS for at in (*cuts, *summed.get(function_id, ()))}
            for day_ms, day in known.get(function_id, {}).items():
                if day_ms not in days and (by_day or (day.metered is None and day.invocations == day.reports)):
                    self._billed(function_id, day, None)
                    if day.counted > day.reports:
                        self._estimate(function_id, day, [day])
                else:
                    pieces.append((function_id, day_ms, day_ms + DAY_MS))
            pieces += [(function_id, *span) for span in self._edges()]
        self._by_hour(pieces, summed)

    def _edges(self) -> list[tuple[int, int]]:
        """The parts of days at the beginning and the end of the span."""
        first, last = self.from_ms // DAY_MS * DAY_MS, self.to_ms // DAY_MS * DAY_MS
        if first == last:
            return [(self.from_ms, self.to_ms)]
        return [
            *([(self.from_ms, first + DAY_MS)] if self.from_ms > first else []),
            *([(last, self.to_ms)] if self.to_ms > last else []),
        ]

    def _by_hour(self, pieces: Sequence[usage_hours.Piece], summed: dict[int, dict[int, tuple[int, int, int]]]) -> None:
        hours = usage_hours.hours(self.reader, pieces)
        rests = [(of, low // DAY_MS * DAY_MS, low) for of, low, _ in pieces if low % DAY_MS]
        days = [(of, high, min(self.known_ms, -(-high // DAY_MS) * DAY_MS)) for of, _, high in pieces]
        rests += [(of, high, end) for of, high, end in days if high < end]
        around = usage_hours.hours(self.reader, rests)
        of_day: dict[tuple[int, int], list[Hour]] = defaultdict(list)
        for found in (around, hours):
            for function_id, mine in found.items():
                for start, hour in mine.items():
                    of_day[function_id, start // DAY_MS * DAY_MS].append(hour)
        for function_id, mine in hours.items():
            for hour in mine.values():
                self._billed(function_id, hour, summed.get(function_id, {}).get(hour.start_ms))
                if hour.counted > hour.reports:
                    day_ms = hour.start_ms // DAY_MS * DAY_MS
                    self._estimate(function_id, hour, of_day[function_id, day_ms])

    def _billed(self, function_id: int, hour: Hour, summed: tuple[int, int, int] | None) -> None:
        if not hour.reports:
            return
        day_ms = hour.start_ms // DAY_MS * DAY_MS
        if summed is not None and hour.end_ms - hour.start_ms == HOUR_MS:
            self._add(function_id, day_ms, self._terms(function_id, hour.start_ms, INSIGHTS), *summed)
            return
        cuts = self.settings.cuts(function_id, hour.start_ms, hour.end_ms)
        if not cuts:
            terms = self._terms(function_id, hour.start_ms, BILLED)
            self._add(function_id, day_ms, terms, hour.reports, hour.billed_ms, hour.billed_mb_ms)
            return
        for low, high in zip([hour.start_ms, *cuts], [*cuts, hour.end_ms], strict=True):
            for one in usage_hours.hours(self.reader, [(function_id, low, high)]).get(function_id, {}).values():
                terms = self._terms(function_id, low, BILLED)
                self._add(function_id, day_ms, terms, one.reports, one.billed_ms, one.billed_mb_ms)

    def _estimate(self, function_id: int, hour: Hour, day: Iterable[Hour]) -> None:
        missing, of_day = hour.counted - hour.reports, list(day)
        terms = self._terms(function_id, hour.start_ms, ESTIMATED)
        total_ms = self._duration_ms(function_id, hour, of_day, missing)
        mb_ms = None if total_ms is None else self._mb_ms(function_id, hour, of_day, total_ms)
        day_ms = hour.start_ms // DAY_MS * DAY_MS
        if total_ms is None or mb_ms is None:
            self._add(function_id, day_ms, terms, missing, 0, 0, missing)
        else:
            self._add(function_id, day_ms, terms, missing, total_ms, mb_ms)

    def _mb_ms(self, function_id: int, hour: Hour, day: list[Hour], total_ms: int) -> int | None:
        """MB-ms of a duration at the memory configured then, rounded half up; None where no memory is known."""
        memory_mb = self.settings.value(function_id, "memory_mb", hour.start_ms)
        if memory_mb is not None:
            return int(total_ms * memory_mb)
        billed_ms, mb_ms = sum(one.billed_ms for one in day), sum(one.billed_mb_ms for one in day)
        if not billed_ms:
            of_month = self._of_month(function_id, month_start_ms(hour.start_ms))
            billed_ms, mb_ms = (of_month.billed_ms, of_month.billed_mb_ms) if of_month else (0, 0)
        return (2 * total_ms * mb_ms + billed_ms) // (2 * billed_ms) if billed_ms else None

    def _duration_ms(self, function_id: int, hour: Hour, day: list[Hour], missing: int) -> int | None:
        """The summed duration of ``missing`` invocations, rounded half up; None where nothing tells it."""
        estimate = _share(missing, hour.duration_ms, hour.metered, hour.samples)
        if estimate is not None:
            return estimate
        average, median = usage_hours.means(self.reader, function_id, hour.start_ms, hour.end_ms)
        if average is not None:
            return floor(missing * average + 0.5)
        # Hours without a known Duration do not count for the mean.
        told = [other for other in day if other.duration_ms is not None and (other.metered or other.samples)]
        estimate = _share(missing, *(_sum(getattr(other, name) for other in told) for name in _DURATION))
        if estimate is not None:
            return estimate
        day_ms = hour.start_ms // DAY_MS * DAY_MS
        average, _ = usage_hours.means(self.reader, function_id, day_ms, min(day_ms + DAY_MS, self.known_ms))
        if average is not None:
            return floor(missing * average + 0.5)
        reports = sum(other.reports for other in day)
        if reports:
            return _share(missing, sum(other.billed_ms for other in day), reports, None)
        of_month = self._of_month(function_id, month_start_ms(hour.start_ms))
        if of_month is not None:
            return _share(missing, of_month.billed_ms, of_month.reports, None)
        return None if median is None else floor(missing * median + 0.5)

    def _of_month(self, function_id: int, month_ms: int) -> "SpanUsage | None":
        """What REPORTs billed in a month, as far as it is known; None where there was no REPORT."""
        end = min(self.known_ms, month_start_ms(month_ms + 32 * DAY_MS))
        used = self.reader.usage(month_ms, end, [function_id], exact=True)
        return used[0] if used and used[0].reports else None

    def _terms(self, function_id: int, at_ms: int, basis: str) -> Terms:
        return self.settings.terms(function_id, at_ms, basis)

    def _add(self, function_id: int, day_ms: int, terms: Terms, *amounts: int) -> None:
        sums = self._sums.setdefault((function_id, day_ms, terms), [0, 0, 0, 0])
        for at, amount in enumerate(amounts):
            sums[at] += amount


_DURATION = ("duration_ms", "metered", "samples")


def _sum(amounts: Iterable[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _share(missing: int, duration_ms: float | None, invocations: float | None, samples: float | None) -> int | None:
    """What of a summed duration so many invocations had."""
    of = invocations or samples
    return None if duration_ms is None or not of else floor(missing * duration_ms / of + 0.5)

"""What every view must say of a world: counted event by event, slowly and plainly, sharing no code with the views.

A range is ``[from, to)``, and nothing at ``to`` or behind it has happened. Amounts are fractions, exact.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from tests.oracle.worlds import DAY, HOUR, KINDS, MINUTE, OK, TIMEOUT, Call, Fn, Settings, Summed, World

BILLED, INSIGHTS, ESTIMATED = "billed", "insights", "estimated"
Key = tuple[str, str, str]  # function, account, region


def month_start(at_ms: int) -> int:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return round(datetime(at.year, at.month, 1, tzinfo=UTC).timestamp() * 1000)


def month_end(at_ms: int) -> int:
    return month_start(month_start(at_ms) + 32 * DAY)


@dataclass
class Counted:
    """One function in one hour, as far as the hour lies in the range. None: no metric tells."""

    logs: int = 0
    reports: int = 0
    failed: int = 0
    metric: int | None = None
    metric_errors: int | None = None

    @property
    def counted(self) -> int:
        return max(self.logs, self.metric or 0)

    @property
    def errors(self) -> int:
        if self.metric is not None and self.metric > self.logs and self.metric_errors is not None:
            return self.metric_errors
        return self.failed

    @property
    def missing(self) -> int:
        return self.counted - self.reports


@dataclass(frozen=True)
class Piece:
    """Usage of one function: of one REPORT, of an hour that Insights summed, or what of an hour had no REPORT.

    ``billed_ms`` is None where no duration, or no memory, is known.
    """

    key: Key
    at_ms: int
    arch: str | None
    ephemeral_mb: int | None
    basis: str
    requests: int
    billed_ms: int | None
    mb_ms: int | None

    @property
    def edge(self) -> bool:
        return self.key[0].startswith("us-east-1.")


class Judge:
    """The world as it was known at ``to_ms``, looked at from ``from_ms`` on."""

    def __init__(self, world: World, from_ms: int, to_ms: int) -> None:
        self.known = world.before(to_ms)
        self.from_ms, self.to_ms = from_ms, to_ms
        self._pieces: dict[tuple[int, int], list[Piece]] = {}

    # What was counted

    def calls(self, fn: int, low: int, high: int) -> list[Call]:
        """Its calls from logs, but of hours of which Insights saw more."""
        found = [one for one in self.known.calls if one.fn == fn and low <= one.start_ms < high]
        return [one for one in found if self.insights(fn, one.start_ms) is None]

    def insights(self, fn: int, at_ms: int) -> Summed | None:
        hour = at_ms // HOUR * HOUR
        rows = sum(1 for one in self.known.calls if one.fn == fn and one.start_ms // HOUR * HOUR == hour and one.report)
        found = [one for one in self.known.summed if one.fn == fn and one.start_ms == hour and one.reports > rows]
        return found[0] if found else None

    def summed(self, fn: int, low: int, high: int) -> list[Summed]:
        some = [one for one in self.known.summed if one.fn == fn and low <= one.start_ms < high]
        return [one for one in some if self.insights(fn, one.start_ms) is one]

    def metric(self, fn: int, metric: str, stat: str, low: int, high: int) -> dict[int, float] | None:
        """The points of each hour's finest period by their start; None where there is none."""
        hours: dict[int, dict[int, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
        for one in self.known.points:
            if (one.fn, one.metric, one.stat) == (fn, metric, stat) and low <= one.start_ms < high:
                hours[one.start_ms // HOUR][one.period_s][one.start_ms] = one.value
        found: dict[int, float] = {}
        for of_periods in hours.values():
            found |= of_periods[min(of_periods)]
        return found or None

    def total(self, fn: int, metric: str, low: int, high: int) -> float | None:
        points = self.metric(fn, metric, "Sum", low, high)
        return None if points is None else sum(points.values())

    def clip(self, fn: int, low: int, high: int) -> Counted:
        """Of a span within one hour."""
        calls, summed = self.calls(fn, low, high), self.summed(fn, low, high)
        metric, errors = self.total(fn, "Invocations", low, high), self.total(fn, "Errors", low, high)
        return Counted(
            logs=len(calls) + sum(one.reports for one in summed),
            reports=sum(one.report for one in calls) + sum(one.reports for one in summed),
            failed=sum(one.outcome != OK for one in calls) + sum(one.errors for one in summed),
            metric=None if metric is None else round(metric),
            metric_errors=None if errors is None else round(errors),
        )

    def hours(self, low: int, high: int) -> Iterable[tuple[int, int]]:
        """The hours of a span in which anything was seen, cut where it begins and ends."""
        starts = [one.start_ms for one in (*self.known.calls, *self.known.points, *self.known.summed)]
        for hour in sorted({at // HOUR * HOUR for at in starts}):
            if hour < high and hour + HOUR > low:
                yield max(low, hour), min(high, hour + HOUR)

    def counted(self, fn: int, low: int | None = None, high: int | None = None) -> tuple[int, int, int]:
        """Invocations, errors and REPORTs."""
        low, high = self.from_ms if low is None else low, self.to_ms if high is None else high
        clips = [self.clip(fn, *hour) for hour in self.hours(low, high)]
        return sum(one.counted for one in clips), sum(one.errors for one in clips), sum(one.reports for one in clips)

    def tells(self, fn: int) -> bool:
        """Whether anything tells how often it was invoked: else the count is unknown, and not 0."""
        points = any(one.fn == fn and (one.metric, one.stat) == ("Invocations", "Sum") for one in self.known.points)
        return points or any(one.fn == fn for one in (*self.known.calls, *self.known.summed))

    def coverage(self, fns: Iterable[int]) -> float | None:
        found = [self.counted(fn) for fn in fns]
        invocations, reports = sum(one[0] for one in found), sum(one[2] for one in found)
        return None if not invocations else min(1.0, reports / invocations)

    # Configuration

    def settings(self, fn: Fn, at_ms: int) -> Settings | None:
        """In force at a time; before the first known, the first known; without history what the inventory says."""
        if not fn.history:
            return fn.table
        return ([one for one in fn.history if one.since_ms <= at_ms] or [fn.history[0]])[-1]

    def memory_mb(self, at: int, at_ms: int) -> Fraction | None:
        """For what no REPORT tells: as configured, else as the REPORTs of its UTC day printed it, else of its month."""
        found = self.settings(self.known.functions[at], at_ms)
        if found is not None:
            return Fraction(found.memory_mb)
        day, month = at_ms // DAY * DAY, month_start(at_ms)
        spans = (day, min(self.to_ms, day + DAY)), (month, min(self.to_ms, month_end(at_ms)))
        return next((told for span in spans if (told := self._memory_of_reports(at, *span)) is not None), None)

    def _memory_of_reports(self, at: int, low: int, high: int) -> Fraction | None:
        """The mean of them, each as long as it was billed."""
        told = [*(one for one in self.calls(at, low, high) if one.report), *self.summed(at, low, high)]
        billed_ms = sum(one.billed_ms for one in told)
        return Fraction(sum(one.billed_ms * one.memory_mb for one in told), billed_ms) if billed_ms else None

    # Usage

    def usages(self, low: int | None = None, high: int | None = None) -> list[Piece]:
        """Everything that was used in a span, in as many pieces as there were REPORTs and hours that lack some."""
        low, high = self.from_ms if low is None else low, self.to_ms if high is None else high
        if (low, high) not in self._pieces:
            self._pieces[low, high] = [
                piece
                for at, _ in enumerate(self.known.functions)
                for hour in self.hours(low, high)
                for piece in (*self._told(at, *hour), *self._estimated(at, *hour))
            ]
        return self._pieces[low, high]

    def _piece(
        self, at: int, at_ms: int, basis: str, requests: int, billed_ms: int | None, mb: int | Fraction | None
    ) -> Piece:
        fn = self.known.functions[at]
        found = self.settings(fn, at_ms // MINUTE * MINUTE)
        arch, ephemeral = (found.arch, found.ephemeral_mb) if found else (None, None)
        known = billed_ms is not None and mb is not None
        return Piece(fn.key, at_ms, arch, ephemeral, basis, requests, billed_ms if known else None,
                     math.floor(billed_ms * mb + Fraction(1, 2)) if known else None)  # type: ignore[operator]  # fmt: skip

    def of_call(self, one: Call) -> Piece:
        """What its REPORT says."""
        return self._piece(one.fn, one.start_ms, BILLED, 1, one.billed_ms, one.memory_mb)

    def _told(self, at: int, low: int, high: int) -> list[Piece]:
        calls = [one for one in self.calls(at, low, high) if one.report]
        rows = [self.of_call(one) for one in calls]
        for one in self.summed(at, low, high):
            rows.append(self._piece(at, one.start_ms, INSIGHTS, one.reports, one.billed_ms, one.memory_mb))
        return rows

    def _estimated(self, at: int, low: int, high: int) -> list[Piece]:
        missing = self.clip(at, low, high).missing
        if not missing:
            return []
        mean = self.mean_ms(at, low, high)
        whole = None if mean is None else math.floor(missing * mean + Fraction(1, 2))
        return [self._piece(at, low, ESTIMATED, missing, whole, self.memory_mb(at, low // HOUR * HOUR))]

    def mean_ms(self, at: int, low: int, high: int) -> Fraction | None:
        """What an invocation without REPORT took: the first that is known."""
        day, month = low // DAY * DAY, month_start(low)
        of_day, of_month = (day, min(self.to_ms, day + DAY)), (month, min(self.to_ms, month_end(low)))
        ways: list[Callable[[], Fraction | None]] = [
            lambda: self._mean_of_sums(at, low, high),
            lambda: self._average(at, "Average", low, high),
            lambda: self._mean_of_sums(at, *of_day),
            lambda: self._average(at, "Average", *of_day),
            lambda: self._mean_of_reports(at, *of_day),
            lambda: self._mean_of_reports(at, *of_month),
            lambda: self._average(at, "p50", low, high),
        ]
        return next((found for way in ways if (found := way()) is not None), None)

    def _mean_of_sums(self, at: int, low: int, high: int) -> Fraction | None:
        """Of hours of which both are known."""
        total, count = Fraction(0), Fraction(0)
        for hour in self.hours(low, high):
            duration, invoked = self.total(at, "Duration", *hour), self.total(at, "Invocations", *hour)
            if duration is not None and invoked:
                total, count = total + Fraction(duration), count + Fraction(invoked)
        return total / count if count else None

    def _average(self, at: int, stat: str, low: int, high: int) -> Fraction | None:
        points = self.metric(at, "Duration", stat, low, high)
        return None if points is None else Fraction(sum(points.values())) / len(points)

    def _mean_of_reports(self, at: int, low: int, high: int) -> Fraction | None:
        calls = [one for one in self.calls(at, low, high) if one.report]
        summed = self.summed(at, low, high)
        reports = len(calls) + sum(one.reports for one in summed)
        billed_ms = sum(one.billed_ms for one in (*calls, *summed))
        return Fraction(billed_ms, reports) if reports else None

    # Figures of rows

    def latencies_us(self, fn: int) -> list[int]:
        """Of all REPORTs, in order."""
        found = [one.duration_us for one in self.calls(fn, self.from_ms, self.to_ms) if one.report]
        for one in self.summed(fn, self.from_ms, self.to_ms):
            found += [one.duration_us] * one.reports
        return sorted(found)

    def colds(self, fn: int) -> int:
        calls = self.calls(fn, self.from_ms, self.to_ms)
        summed = self.summed(fn, self.from_ms, self.to_ms)
        return sum(one.init_us is not None and one.report for one in calls) + sum(one.cold_starts for one in summed)

    def timeouts(self, fn: int) -> int:
        calls = self.calls(fn, self.from_ms, self.to_ms)
        return sum(one.outcome == TIMEOUT for one in calls) + sum(
            one.timeouts for one in self.summed(fn, self.from_ms, self.to_ms)
        )

    def throttles(self, fn: int) -> int | None:
        total = self.total(fn, "Throttles", self.from_ms, self.to_ms)
        return None if total is None else round(total)

    def peak(self, fn: int) -> int | None:
        points = self.metric(fn, "ConcurrentExecutions", "Maximum", self.from_ms, self.to_ms)
        return None if points is None else round(max(points.values()))

    def errors(self) -> dict[tuple[Key, str], list[int]]:
        """When each kind of error happened, in the range, by function and kind: also in hours of which Insights saw more."""
        found: dict[tuple[Key, str], list[int]] = defaultdict(list)
        for one in self.known.calls:
            if one.outcome != OK and self.from_ms <= one.start_ms:
                found[self.known.functions[one.fn].key, one.outcome].append(one.start_ms)
        return {key: sorted(times) for key, times in found.items()}


__all__ = ["BILLED", "ESTIMATED", "INSIGHTS", "KINDS", "Counted", "Judge", "Key", "Piece", "month_end", "month_start"]

"""The values of Lambda's metrics: statistics of periods, from the minutes in the log.

Only what the log has, or what follows from it, is given. What was never written is absent, not 0; a statistic that
cannot be known, such as the account's concurrency from its functions' peaks, is absent too.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from lambdatui.runner.cloudwatch.durations import durations_by_minute
from lambdatui.runner.log.reader import OpenLog

SUM, COUNT, AVERAGE, LEAST, MOST = "Sum", "SampleCount", "Average", "Minimum", "Maximum"
STATISTICS = (SUM, COUNT, AVERAGE, LEAST, MOST)
NAMESPACE = "AWS/Lambda"
_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")
_MILLISECONDS = {"Duration", "PostRuntimeExtensionsDuration", "IteratorAge", "AsyncEventAge"}
_NOT_OF_ACCOUNT = {
    "ConcurrentExecutions", "ProvisionedConcurrentExecutions", "ProvisionedConcurrencyUtilization",
}  # fmt: skip
"""Of how many functions ran at once their own peaks do not tell that of all."""
_EACH_INVOCATION = ("Invocations", "Errors", "Throttles")
"""Lambda gives a point of 0 or 1 for each call, so that their number, least and most follow from sums."""
_MERGES: Mapping[str, Callable[[Iterable[float]], float]] = {SUM: math.fsum, COUNT: math.fsum, LEAST: min, MOST: max}

_MINUTES = (
    "SELECT start_ms, {}(value) FROM metrics WHERE metric = ? AND stat = ? AND period_s <= ?"
    " AND start_ms >= ? AND start_ms < ? {} GROUP BY start_ms"
)
Bins = dict[int, float]
"""Values by the start of their minute or period (epoch ms)."""


def unit_of(metric: str) -> str:
    """CloudWatch's unit of a metric of Lambda."""
    if metric == "ProvisionedConcurrencyUtilization":
        return "None"
    return "Milliseconds" if metric in _MILLISECONDS else "Count"


def is_known(statistic: str) -> bool:
    """Whether a statistic is one that is computed here: the five simple ones, and percentiles such as ``p99.9``."""
    return statistic in STATISTICS or _PERCENTILE.fullmatch(statistic) is not None


def known_of_account(metric: str) -> bool:
    """Whether the values of all functions together follow from those of each."""
    return metric not in _NOT_OF_ACCOUNT


class MetricValues:
    """The values from ``first_ms`` to ``end_ms`` (epoch ms), in periods of ``period_s`` that begin at ``first_ms``."""

    def __init__(self, log: OpenLog, first_ms: int, end_ms: int, period_s: int) -> None:
        self._log = log
        self._first_ms = first_ms
        self._end_ms = end_ms
        self._period_s = period_s
        self._durations: dict[str | None, dict[int, list[float]]] = {}

    def values(self, metric: str, function: str | None, statistic: str) -> Bins:
        """A statistic by the start of each period in which it is known; of all functions where ``function`` is None."""
        if function is None and not known_of_account(metric):
            return {}
        if match := _PERCENTILE.fullmatch(statistic):
            return self._percentiles(metric, function, float(match[1]))
        if statistic == AVERAGE:
            sums, counts = (self._periods(self._bins(metric, function, each), math.fsum) for each in (SUM, COUNT))
            return {start: total / counts[start] for start, total in sums.items() if counts.get(start)}
        return self._periods(self._bins(metric, function, statistic), _MERGES[statistic])

    def _periods(self, bins: Bins, merge: Callable[[Iterable[float]], float]) -> Bins:
        grouped: dict[int, list[float]] = defaultdict(list)
        step_ms = self._period_s * 1000
        for start_ms, value in bins.items():
            grouped[start_ms - (start_ms - self._first_ms) % step_ms].append(value)
        return {start_ms: merge(values) for start_ms, values in sorted(grouped.items())}

    def _bins(self, metric: str, function: str | None, statistic: str) -> Bins:
        """The minutes of a statistic as they were written, or as they follow from others."""
        bins = self._written(metric, function, statistic)
        if bins or statistic == SUM or metric not in _EACH_INVOCATION:
            return bins
        sums, invoked = (self._written(name, function, SUM) for name in (metric, "Invocations"))
        if metric == "Throttles":
            counts = {start: invoked.get(start, 0.0) + value for start, value in sums.items()}
        else:
            counts = invoked
        if statistic == COUNT:
            return counts
        if statistic == MOST:
            return {start: float(value > 0) for start, value in sums.items()}
        return {start: float(value >= counts[start]) for start, value in sums.items() if start in counts}

    def _written(self, metric: str, function: str | None, statistic: str) -> Bins:
        merge = {LEAST: "min", MOST: "max"}.get(statistic, "sum")
        values: list[object] = [metric, statistic, self._period_s, self._first_ms, self._end_ms]
        if function is not None:
            values.append(function)
        rows = self._log.rows(_MINUTES.format(merge, "" if function is None else "AND function = ?"), values)
        return {int(str(start_ms)): float(str(value)) for start_ms, value in rows}

    # --- percentiles

    def _percentiles(self, metric: str, function: str | None, share: float) -> Bins:
        """Nearest-rank percentiles of Duration, of the periods whose every invocation has its REPORT in the log."""
        if metric != "Duration":
            return {}
        if function not in self._durations:
            self._durations[function] = self._ordered_durations(function)
        return {start_ms: _nearest_rank(ordered, share) for start_ms, ordered in self._durations[function].items()}

    def _ordered_durations(self, function: str | None) -> dict[int, list[float]]:
        """The durations of each period that is complete, in order of size."""
        grouped: dict[int, list[float]] = defaultdict(list)
        step_ms = self._period_s * 1000
        for group, owner in self._log_groups(function):
            by_minute = durations_by_minute(self._log, group, owner, self._first_ms, self._end_ms)
            for start_ms, durations in by_minute.items():
                grouped[start_ms - (start_ms - self._first_ms) % step_ms] += durations
        counts = self._periods(self._bins("Duration", function, COUNT), math.fsum)
        return {start: sorted(each) for start, each in sorted(grouped.items()) if counts.get(start) == len(each)}

    def _log_groups(self, function: str | None) -> list[tuple[str, str]]:
        """The groups that the function, or any, writes to; and the streams' owner where others may write there too."""
        rows = [(str(name), str(group)) for name, group in self._log.rows("SELECT name, log_group FROM functions")]
        if function is None:
            return sorted({(group, "") for _, group in rows})
        return [(group, "" if group == f"/aws/lambda/{name}" else name) for name, group in rows if name == function]


def _nearest_rank(ordered: list[float], share: float) -> float:
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]

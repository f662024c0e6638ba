"""Logs Insights' query for the sums of an hour, and the parsing of its rows.

Only aggregates are returned: sums over REPORTs by function and by bucket of duration, so the buckets are a histogram of
latency. A query is billed by the bytes that it scans, whatever it returns.
"""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from collectors.model.account import ErrorPattern, HourAggregate
from collectors.model.records import Reject
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.sources.cloudwatch.log_groups import LAMBDA_PREFIX, LogGroup

SETTLED_MS = 15 * MINUTE_MS  # an hour is closed when its late events have come
MOST_ROWS = 100_000  # StartQuery: the maximum of limit
MOST_BUCKETS = 1_041  # of one function: 15 minutes, Lambda's longest, in powers of 1.02

# Bucket i holds durations of (1.02**(i-1), 1.02**i] microseconds: ceil of the logarithm, as in the store's histogram.
_STEP = f"{math.log(1.02):.12f}"
_M = "record.metrics."

# One query for both log formats: a function may change its format within the hour, and of a deleted one nobody knows
# it. Lambda's fields of text lines begin with @ (@memorySize and @maxMemoryUsed are MB times 10**6). What is of one
# format only is summed apart: arithmetic with an absent field has no value. A shared group's streams are
# YYYY/MM/DD/NAME[VERSION]HEX; Lambda's own have no name there.
QUERY = rf"""filter @type = "REPORT" or type = "platform.report"
| parse @logStream /^\d{{4}}\/\d\d\/\d\d\/(?<fn>[^\[\/]*)\[/
| fields @memorySize / 1000000 as text_mb, @maxMemoryUsed / 1000000 as text_used
| fields coalesce(@duration, {_M}durationMs) as ms, coalesce(@billedDuration, {_M}billedDurationMs) as billed,
    coalesce(text_mb, {_M}memorySizeMB) as mb, coalesce(text_used, {_M}maxMemoryUsedMB) as used_mb,
    coalesce(@initDuration, {_M}initDurationMs) as init
| stats count(*) as n, sum(billed) as billed_ms, sum(billed * mb) as billed_mb_ms, sum(ms) as duration_ms,
    max(ms) as max_ms, sum(init) as init_ms, sum(ispresent(init)) as inits, max(used_mb) as max_mb,
    max(mb) as memory_mb, max(@timestamp) as last,
    sum(strcontains(@message, "Billed Restore Duration: ")) as restores,
    sum(ispresent({_M}restoreDurationMs)) as json_restores,
    sum(strcontains(@message, "Status: timeout")) as timeouts,
    sum(strcontains(record.status, "timeout")) as json_timeouts,
    sum(strcontains(@message, "Status: error")) as failures, sum(strcontains(record.status, "error")) as json_failures,
    sum(strcontains(record.status, "failure")) as json_failed,
    sum(strcontains(@message, "Runtime.OutOfMemory")) as oom
    by @log, fn, ceil(log(ms * 1000) / {_STEP}) as bucket
| limit {MOST_ROWS}"""
# What each figure is summed from: its name in the rows, and what the JSON format adds to it.
_PARTS = {
    "restores": ("restores", "json_restores"),
    "timeouts": ("timeouts", "json_timeouts"),
    "failures": ("failures", "json_failures", "json_failed"),
}

_FAILS = (
    r'/(?i)(\[ERROR\]|\tERROR\t|"level":\s?"(ERROR|FATAL)"|"log_level":\s?"ERROR"|Exception|Traceback|panicked at'
    r"|panic:|timed out|Status: (error|timeout))/"
)
PATTERN_QUERY = f"filter @message like {_FAILS}\n| pattern @message\n| sort @sampleCount desc\n| limit 50"

Row = Mapping[str, str]


def closed_hours(since_ms: int, now_ms: int) -> list[int]:
    """The starts (epoch ms) of the whole hours between two times that are over and whose late events have arrived."""
    first = -(-since_ms // HOUR_MS) * HOUR_MS
    return list(range(first, (now_ms - SETTLED_MS) // HOUR_MS * HOUR_MS, HOUR_MS))


class HourSums:
    """Sums one hour's rows by function, page by page. ``rejects`` are rows that make no sense: counted and not summed.

    ``reports`` is the number of REPORTs in all rows, ``rows`` the number of rows.
    """

    def __init__(self, groups: Iterable[LogGroup], account: str, region: str, start_ms: int) -> None:
        self._by_name = {group.name: group for group in groups}
        self._place = account, region
        self._start_ms = start_ms
        self._sums: dict[str, dict[str, float]] = {}
        self._buckets: dict[str, dict[int, int]] = {}
        self.rejects: list[Reject] = []
        self.reports = 0
        self.rows = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Adds the rows of a page: dictionaries of Logs Insights' fields."""
        for row in rows:
            self.rows += 1
            figures = _figures(row)
            if figures is None:
                self.rejects.append(Reject("a row of Logs Insights that makes no sense", str(row)[:2000], "StartQuery"))
                continue
            self.reports += round(figures["n"])
            name = self._function_of(row)
            self._fold(name, figures)
            bucket = _bucket(row)
            if bucket is not None:
                counts = self._buckets.setdefault(name, {})
                counts[bucket] = counts.get(bucket, 0) + round(figures["n"])

    def _function_of(self, row: Row) -> str:
        # @log is ACCOUNT:GROUP
        log_group = row.get("@log", "").partition(":")[2]
        group = self._by_name.get(log_group)
        return (group.function if group else "") or row.get("fn") or log_group.rpartition(LAMBDA_PREFIX)[2]

    def _fold(self, name: str, figures: Mapping[str, float]) -> None:
        sums = self._sums.setdefault(name, {})
        for field, value in figures.items():
            if field in _MAXIMA:
                sums[field] = max(sums.get(field, value), value)
            else:
                sums[field] = sums.get(field, 0.0) + value

    def aggregates(self) -> list[HourAggregate]:
        """The hour of each function that has a row, by function name."""
        return [self._aggregate(name, sums) for name, sums in sorted(self._sums.items())]

    def _aggregate(self, name: str, sums: Mapping[str, float]) -> HourAggregate:
        def whole(*fields: str) -> int:
            return round(math.fsum(sums.get(field, 0.0) for field in fields))

        def known(field: str, scale: int = 1) -> int | None:
            return round(sums[field] * scale) if field in sums else None

        timeouts = whole(*_PARTS["timeouts"])
        last = sums.get("last")
        start_ms = self._start_ms
        return HourAggregate(
            *self._place, name, start_ms,
            reports=whole("n"),
            errors=timeouts + whole(*_PARTS["failures"]),
            timeouts=timeouts,
            out_of_memory=whole("oom"),
            cold_starts=whole("inits", *_PARTS["restores"]),
            billed_ms=whole("billed_ms"),
            billed_mb_ms=whole("billed_mb_ms"),
            duration_us=round(sums.get("duration_ms", 0.0) * 1000),
            init_us=round(sums.get("init_ms", 0.0) * 1000),
            max_duration_us=known("max_ms", 1000),
            max_memory_mb=known("max_mb"),
            memory_mb=known("memory_mb"),
            last_ms=min(round(last), start_ms + HOUR_MS - 1) if last is not None else start_ms,
            latency=self._buckets.get(name, {}),
        )  # fmt: skip


def patterns_of(rows: Iterable[Row], account: str, region: str, log_group: str, start_ms: int) -> list[ErrorPattern]:
    """The patterns of a group's error lines in an hour, the most frequent first."""
    patterns = []
    for row in rows:
        samples = number(row.get("@sampleCount"))
        if row.get("@pattern") and samples is not None:
            severity = row.get("@severityLabel", "")
            text = row["@pattern"][:2000]
            patterns.append(ErrorPattern(account, region, log_group, start_ms, text, round(samples), severity))
    return patterns


def rows_of(answer: Mapping[str, Any]) -> list[Row]:
    """The rows of an answer of GetQueryResults, by field; an empty one for what is no row."""
    results = answer.get("results")
    return [_row(fields) for fields in results] if isinstance(results, list) else []


def statistic(answer: Mapping[str, Any], name: str) -> int | None:
    """A figure of an answer's statistics, such as ``bytesScanned``; None where the answer does not say it."""
    statistics = answer.get("statistics")
    value = statistics.get(name) if isinstance(statistics, Mapping) else None
    return round(value) if isinstance(value, int | float) and 0 <= value < _MOST else None


_LAST_BUCKET = 2_000  # of 1.02**2000 microseconds, which are years
_MOST = 2.0**53  # of any figure of an hour: more is no count, and no store holds it
_MAXIMA = frozenset(("max_ms", "max_mb", "memory_mb", "last"))
_FIELDS = (
    "n", "billed_ms", "billed_mb_ms", "duration_ms", "max_ms", "init_ms", "inits", "oom", "max_mb", "memory_mb", "last",
    *(name for names in _PARTS.values() for name in names),
)  # fmt: skip
_TIME = re.compile(r"^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$")


def _row(fields: Any) -> Row:
    if not isinstance(fields, list):
        return {}
    if fields and not isinstance(fields[0], Mapping):  # as ``collectors.sources.cloudwatch.answers`` reads it
        return {each.field: each.value for each in fields if getattr(each, "value", None) is not None}
    return {str(each.get("field", "")): str(each.get("value", "")) for each in fields if isinstance(each, Mapping)}


def _figures(row: Row) -> dict[str, float] | None:
    """The row's numbers without absent ones; None where one is no number, or negative."""
    figures: dict[str, float] = {}
    for field in _FIELDS:
        text = row.get(field)
        if not text or (text == "0" and field not in _MAXIMA):
            continue
        value = number(text)
        if value is None or value < 0:
            return None
        figures[field] = value
    bucket = number(row.get("bucket"))
    if bucket is not None and bucket > _LAST_BUCKET:
        return None
    return figures if figures.get("n") and "@log" in row else None


def _bucket(row: Row) -> int | None:
    """The row's bucket of duration; 0 for a duration of 0, which has no logarithm."""
    value = number(row.get("bucket"))
    if value is not None:
        return max(0, round(value))
    return 0 if number(row.get("max_ms")) == 0 else None


def number(text: str | None) -> float | None:
    """A number as Insights prints it: ``1.28E8``, or a time as epoch ms or ``2023-12-05 22:14:52.883``."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        from datetime import UTC, datetime

        if not _TIME.match(text):
            return None
        try:
            value = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000
        except ValueError:
            return None
    return value if abs(value) < _MOST else None

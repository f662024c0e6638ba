"""Logs Insights: sums over logs that are too many to fetch, asked once for each closed hour.

Only aggregates come back: sums over REPORTs by function and by bucket of duration, so that the buckets are a latency
histogram. A query is billed by the bytes it scans, whatever comes back.
"""

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from collectors.account import ErrorPattern, HourAggregate
from collectors.cloudwatch.calls import Calls, TokenBucket, bucket_of
from collectors.cloudwatch.errors import is_throttled, reading
from collectors.cloudwatch.log_groups import LAMBDA_PREFIX, LogGroup
from collectors.model import Reject
from collectors.source import SourceFailed

OPERATION = "logs:StartQuery"
HOUR_MS = 3_600_000
SETTLED_MS = 15 * 60_000  # an hour is closed when its late events have come
GROUPS_A_QUERY = 50  # CloudWatch Logs quotas: StartQuery takes 50 groups by name, 10 calls a second
STARTS_A_SECOND = 5.0
MOST_ROWS = 100_000
LONGEST_S = 60 * 60

# Bucket i holds durations of (1.02**(i-1), 1.02**i] microseconds: ceil of the logarithm, as in the store's histogram.
_STEP = f"{math.log(1.02):.12f}"
# A shared group's streams are YYYY/MM/DD/NAME[VERSION]HEX; Lambda's own have no name there.
_NAME = r"parse @logStream /^\d{4}\/\d\d\/\d\d\/(?<fn>[^\[\/]*)\[/"

TEXT_QUERY = f"""filter @type = "REPORT"
| {_NAME}
| stats count(*) as n, sum(@billedDuration) as billed_ms, sum(@billedDuration * @memorySize) / 1000000 as billed_mb_ms,
    sum(@duration) as duration_ms, max(@duration) as max_ms, sum(@initDuration) as init_ms,
    sum(ispresent(@initDuration)) as inits, sum(strcontains(@message, "Billed Restore Duration: ")) as restores,
    sum(strcontains(@message, "Status: timeout")) as timeouts, sum(strcontains(@message, "Status: error")) as failures,
    sum(strcontains(@message, "Runtime.OutOfMemory")) as oom, max(@maxMemoryUsed) / 1000000 as max_mb,
    max(@memorySize) / 1000000 as memory_mb, max(@timestamp) as last
    by @log, fn, ceil(log(@duration * 1000) / {_STEP}) as bucket
| limit {MOST_ROWS}"""

_M = "record.metrics."
JSON_QUERY = f"""filter type = "platform.report"
| {_NAME}
| stats count(*) as n, sum({_M}billedDurationMs) as billed_ms,
    sum({_M}billedDurationMs * {_M}memorySizeMB) as billed_mb_ms,
    sum({_M}durationMs) as duration_ms, max({_M}durationMs) as max_ms, sum({_M}initDurationMs) as init_ms,
    sum(ispresent({_M}initDurationMs)) as inits, sum(ispresent({_M}restoreDurationMs)) as restores,
    sum(strcontains(record.status, "timeout")) as timeouts,
    sum(strcontains(record.status, "error")) + sum(strcontains(record.status, "failure")) as failures,
    sum(strcontains(record.errorType, "Runtime.OutOfMemory")) as oom, max({_M}maxMemoryUsedMB) as max_mb,
    max({_M}memorySizeMB) as memory_mb, max(@timestamp) as last
    by @log, fn, ceil(log({_M}durationMs * 1000) / {_STEP}) as bucket
| limit {MOST_ROWS}"""

_FAILS = (
    r'/(?i)(\[ERROR\]|\tERROR\t|"level":\s?"(ERROR|FATAL)"|"log_level":\s?"ERROR"|Exception|Traceback|panicked at'
    r"|panic:|timed out|Status: (error|timeout))/"
)
PATTERN_QUERY = f"filter @message like {_FAILS}\n| pattern @message\n| sort @sampleCount desc\n| limit 50"

Row = dict[str, str]


def closed_hours(since_ms: int, now_ms: int) -> list[int]:
    """The starts of the whole hours of the span that are over and settled."""
    first = -(-since_ms // HOUR_MS) * HOUR_MS
    return list(range(first, (now_ms - SETTLED_MS) // HOUR_MS * HOUR_MS, HOUR_MS))


def pace(account: str, region: str) -> TokenBucket:
    return bucket_of(account, region, OPERATION, STARTS_A_SECOND)


class Insights:
    """Runs queries in one account and region, one after the other. ``rejects`` are rows that make no sense."""

    def __init__(
        self,
        client: Any,
        calls: Calls,
        account: str,
        region: str,
        *,
        bucket: TokenBucket | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client = client
        self._calls = calls
        self._account = account
        self._region = region
        self._bucket = bucket or pace(account, region)
        self._pause = pause
        self.rejects: list[Reject] = []
        self.bytes_scanned = 0

    def hour(self, groups: Sequence[LogGroup], start_ms: int, estimated_bytes: int) -> list[HourAggregate]:
        """The sums of the groups' functions in the hour that begins at ``start_ms``; all groups of one log format.

        ``estimated_bytes`` is what the query is taken to scan, until its answer says. SourceFailed, BudgetReached.
        """
        query = JSON_QUERY if groups[0].json_format else TEXT_QUERY
        rows = self.run(query, [group.name for group in groups], start_ms, estimated_bytes)
        return self.aggregates(rows, groups, start_ms)

    def patterns(self, groups: Sequence[LogGroup], start_ms: int, estimated_bytes: int) -> Iterator[ErrorPattern]:
        """The patterns of the hour's error lines, the most frequent first; one group a query, so that it says whose."""
        for group in groups:
            for row in self.run(PATTERN_QUERY, [group.name], start_ms, estimated_bytes // len(groups)):
                samples = _number(row.get("@sampleCount"))
                if row.get("@pattern") and samples is not None:
                    yield ErrorPattern(
                        self._account, self._region, group.name, start_ms, row["@pattern"][:2000], round(samples),
                        row.get("@severityLabel", ""),
                    )  # fmt: skip

    def run(self, query: str, groups: Sequence[str], start_ms: int, estimated_bytes: int) -> list[Row]:
        """The rows of one query over one hour: started, waited for, read to the last page."""
        self._calls.spend(OPERATION, estimated_bytes)
        where = f"Logs Insights over {len(groups)} log group{'' if len(groups) == 1 else 's'} in {self._region}"
        query_id = self._start(query, groups, start_ms, where)
        try:
            answer = self._wait(query_id, where)
        except BaseException:
            self._stop(query_id)
            raise
        scanned = round((answer.get("statistics") or {}).get("bytesScanned") or 0)
        self._calls.correct(OPERATION, estimated_bytes, scanned)
        self.bytes_scanned += scanned
        rows = [_row(each) for each in answer.get("results") or ()]
        seen = set()
        while (token := answer.get("nextToken")) and token not in seen:
            seen.add(token)
            with reading("logs:GetQueryResults", where):
                answer = self._client.get_query_results(queryId=query_id, nextToken=token)
            rows += [_row(each) for each in answer.get("results") or ()]
        return rows

    def _start(self, query: str, groups: Sequence[str], start_ms: int, where: str) -> str:
        # Both ends are inclusive, in seconds.
        asked = {
            "logGroupNames": list(groups),
            "startTime": start_ms // 1000,
            "endTime": (start_ms + HOUR_MS) // 1000 - 1,
            "queryString": query,
        }
        waited = 0.0
        while True:
            self._bucket.take()
            try:
                with reading(OPERATION, where):
                    return str(self._client.start_query(**asked)["queryId"])
            except SourceFailed as failed:
                # A hundred queries at once are an account's: others' end.
                if not is_throttled(failed) or waited >= 300:
                    raise
            self._pause(10)
            waited += 10

    def _wait(self, query_id: str, where: str) -> Any:
        waited, step = 0.0, 0.5
        while waited < LONGEST_S:
            with reading("logs:GetQueryResults", where):
                answer = self._client.get_query_results(queryId=query_id)
            status = answer.get("status")
            if status == "Complete":
                return answer
            if status not in ("Scheduled", "Running"):
                raise SourceFailed(where, f"the query ended as {status}", "it is asked again with the next collection")
            self._pause(step)
            waited += step
            step = min(step * 1.5, 5.0)
        raise SourceFailed(where, "the query took an hour", "it was stopped; narrow it with --function")

    def _stop(self, query_id: str) -> None:
        try:
            with reading("logs:StopQuery", "a query"):
                self._client.stop_query(queryId=query_id)
        except SourceFailed:
            pass  # it ends by itself

    def aggregates(self, rows: Sequence[Row], groups: Sequence[LogGroup], start_ms: int) -> list[HourAggregate]:
        """Rows by function and bucket, summed by function. Rows without sense are counted, and left out."""
        by_name = {group.name: group for group in groups}
        sums: dict[str, dict[str, float]] = {}
        buckets: dict[str, dict[int, int]] = {}
        for row in rows:
            figures = _figures(row)
            if figures is None:
                self.rejects.append(Reject("a row of Logs Insights that makes no sense", str(row)[:2000], "StartQuery"))
                continue
            # @log is ACCOUNT:GROUP
            group = by_name.get(row.get("@log", "").partition(":")[2])
            name = (
                (group.function if group else "") or row.get("fn") or row.get("@log", "").rpartition(LAMBDA_PREFIX)[2]
            )
            held = sums.setdefault(name, {})
            for field, value in figures.items():
                whole = max if field in _MAXIMA else _plus
                held[field] = whole(held.get(field, value if field in _MAXIMA else 0.0), value)
            if (bucket := _number(row.get("bucket"))) is not None:
                counts = buckets.setdefault(name, {})
                place = max(0, round(bucket))
                counts[place] = counts.get(place, 0) + round(figures["n"])
        return [self._aggregate(name, held, buckets.get(name, {}), start_ms) for name, held in sorted(sums.items())]

    def _aggregate(self, name: str, held: dict[str, float], latency: dict[int, int], start_ms: int) -> HourAggregate:
        def whole(field: str) -> int:
            return round(held.get(field, 0.0))

        def known(field: str, scale: int = 1) -> int | None:
            return round(held[field] * scale) if field in held else None

        timeouts, oom = whole("timeouts"), whole("oom")
        last = held.get("last")
        return HourAggregate(
            self._account, self._region, name, start_ms,
            reports=whole("n"),
            errors=timeouts + whole("failures"),
            timeouts=timeouts,
            out_of_memory=oom,
            cold_starts=whole("inits") + whole("restores"),
            billed_ms=whole("billed_ms"),
            billed_mb_ms=whole("billed_mb_ms"),
            duration_us=round(held.get("duration_ms", 0.0) * 1000),
            init_us=round(held.get("init_ms", 0.0) * 1000),
            max_duration_us=known("max_ms", 1000),
            max_memory_mb=known("max_mb"),
            memory_mb=known("memory_mb"),
            last_ms=min(round(last), start_ms + HOUR_MS - 1) if last is not None else start_ms,
            latency=latency,
        )  # fmt: skip


_LAST_BUCKET = 2_000  # of 1.02**2000 microseconds, which are years
_MOST = 2.0**53  # of any figure of an hour: more is no count, and no store holds it
_MAXIMA = frozenset(("max_ms", "max_mb", "memory_mb", "last"))
_FIELDS = (
    "n", "billed_ms", "billed_mb_ms", "duration_ms", "max_ms", "init_ms", "inits", "restores", "timeouts", "failures",
    "oom", "max_mb", "memory_mb", "last",
)  # fmt: skip
_TIME = re.compile(r"^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)$")


def _plus(one: float, other: float) -> float:
    return one + other


def _row(fields: Any) -> Row:
    return {str(each.get("field", "")): str(each.get("value", "")) for each in fields}


def _figures(row: Row) -> dict[str, float] | None:
    """The row's numbers, absent ones left out; None where one is no number, or less than nothing."""
    figures: dict[str, float] = {}
    for field in _FIELDS:
        text = row.get(field, "")
        if not text:
            continue
        value = _number(text)
        if value is None or value < 0:
            return None
        figures[field] = value
    bucket = _number(row.get("bucket"))
    if bucket is not None and bucket > _LAST_BUCKET:
        return None
    return figures if figures.get("n") and "@log" in row else None


def _number(text: str | None) -> float | None:
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

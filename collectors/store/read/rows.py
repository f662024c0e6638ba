"""What the reader answers with: plain records of quantities. Times are epoch ms, durations microseconds."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import msgspec

from collectors.model.records import Function, Status


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over one function and one span of time.

    ``reports`` counts the invocations whose REPORT was seen: only they have durations and billed milliseconds.
    ``billed_mb_ms`` is the sum of billed ms times configured MB. ``max_*`` are None where nothing was reported.
    """

    function_id: int
    invocations: int
    reports: int
    errors: int
    timeouts: int
    out_of_memory: int
    cold_starts: int
    billed_ms: int
    billed_mb_ms: int
    duration_us: int
    init_us: int
    max_duration_us: int | None
    max_memory_mb: int | None
    memory_mb: int | None
    last_ms: int


class SpanUsage(NamedTuple):
    """What of ``Totals`` a bill is made of."""

    function_id: int
    invocations: int
    reports: int
    billed_ms: int
    billed_mb_ms: int


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """A stored function: its id in this store, and its configuration as last known."""

    id: int
    function: Function


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Latency of one function over a span, from mergeable histograms: each within 1% of a true value.

    Which percentiles are read, the fields' names say: ``p95_us`` is the 95th.
    """

    count: int
    p50_us: int
    p95_us: int
    p99_us: int


PERCENTILES = tuple(int(part.name[1:-3]) / 100 for part in fields(Quantiles) if part.name != "count")
"""The shares of 1 that ``Quantiles`` has, in its order."""


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One step of a chart. ``quantiles`` is None where no REPORT fell into the step."""

    start_ms: int
    totals: Totals
    quantiles: Quantiles | None


class InvocationRow(NamedTuple):
    """One stored invocation. ``key`` finds it again in one read. A named tuple: a page has a thousand of them."""

    function_id: int
    start_ms: int
    request_id: str
    stream_id: int
    stream: str
    attempt: int
    status: Status
    duration_us: int | None
    billed_ms: int | None
    memory_mb: int | None
    max_memory_mb: int | None
    init_us: int | None
    restore_us: int | None
    billed_restore_ms: int | None
    error_type: str | None
    trace_id: str | None
    end_ms: int
    chunk_id: int | None

    @property
    def key(self) -> tuple[int, int, str, int]:
        return self.function_id, self.start_ms, self.request_id, self.stream_id


class LogLine(NamedTuple):
    """One log event as it was written. ``request_id`` is empty for lines outside any invocation."""

    function_id: int
    timestamp_ms: int
    request_id: str
    text: str


class ErrorGroup(msgspec.Struct, frozen=True, gc=False):
    """All failures of one function with one fingerprint, over a span. A struct: a fleet has thousands.

    ``family`` is shared by groups that differ in values only; empty where the store does not know it.
    """

    function_id: int
    error_type: str
    message: str
    fingerprint: str
    family: str
    count: int
    first_ms: int
    last_ms: int
    sample_request_id: str | None


@dataclass(frozen=True, slots=True)
class DayUsage:
    """What one function used on one UTC day: what a bill is made of."""

    function_id: int
    day_ms: int
    invocations: int
    reports: int
    billed_ms: int
    billed_mb_ms: int


@dataclass(frozen=True, slots=True)
class MetricSum:
    """A metric of one function over a span: the sum and the largest of its points.

    ``last_ms`` is where the newest point above zero was counted: its minute, or the hour or day that holds it.
    """

    total: float
    peak: float
    last_ms: int | None


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """``db info``: what the file holds."""

    path: str
    schema: int
    bytes: int
    functions: int
    invocations: int
    log_lines: int
    first_ms: int | None
    last_ms: int | None
    rejects: list[tuple[str, int, str]]
    collections: list[dict[str, object]]
    kept_since: dict[str, int | None]  # by ``collectors.store.write.retention.DEFAULTS``

"""The records with which the reader answers. Times are epoch ms, durations microseconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from collectors.model.measured import Quantities
from collectors.model.records import Function, Status
from collectors.store.tables.cells import CELL_NULLS, MINUTE_CELLS
from collectors.store.tables.column import LAST, SUM, StoredColumn

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Row = TypeVar("Row", bound=Quantities)
CELL_COLUMN = {column.name: column for column in MINUTE_CELLS}


@dataclass(slots=True)
class Totals(Quantities):
    """Sums over one function and one span of time; ``tables.cells`` says how each column is summed.

    ``reports`` counts the invocations whose REPORT was seen: only they have durations and billed milliseconds.
    ``billed_mb_ms`` is the sum of billed ms times configured MB. ``max_*`` are None without a REPORT, and so are sums
    of quantities that no REPORT told.
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

    @classmethod
    def none(cls, function_id: int) -> "Totals":
        """The totals of a function without an invocation."""
        nothing: dict[str, Any] = {name: None if name in CELL_NULLS else 0 for name in TOTALS}
        return cls(**{**nothing, "function_id": function_id})


TOTALS = tuple(field.name for field in fields(Totals))
"""The columns of ``Totals``, in the order of its fields."""


def totals_of(columns: Sequence[str], rows: "npt.NDArray[np.int64]") -> list[Totals]:
    """The totals in an int64 matrix with these columns; -1 is None in columns that may be null."""
    by_name = dict(zip(columns, rows.T, strict=True))
    return [
        Totals(*figures)
        for figures in zip(
            *(
                [None if value < 0 else value for value in by_name[name].tolist()]
                if name in CELL_NULLS
                else by_name[name].tolist()
                for name in TOTALS
            ),
            strict=True,
        )
    ]


def _added() -> Callable[[Totals, Totals], Totals]:
    """Makes ``added``, written out column by column because a chart of many functions adds up thousands."""

    def term(column: StoredColumn) -> str:
        earlier, later = f"earlier.{column.name}", f"later.{column.name}"
        if column.fold == LAST:
            return f"({earlier} if {later} is None else {later})"
        both = f"{earlier} + {later}" if column.fold == SUM else f"max({earlier}, {later})"
        return f"({later} if {earlier} is None else {earlier} if {later} is None else {both})" if column.null else both

    terms = ("earlier.function_id" if name == "function_id" else term(CELL_COLUMN[name]) for name in TOTALS)
    made: Callable[[Totals, Totals], Totals] = eval(
        f"lambda earlier, later: Totals({', '.join(terms)})", {"Totals": Totals, "max": max}
    )
    return made


added = _added()
"""Adds two sums of one function, the earlier span first."""


def sum_sql(column: StoredColumn) -> str:
    """The SQL that sums a column of cells c; a column of the newest cell stands bare (``NEWEST_KNOWN_SQL``)."""
    return f"c.{column.name}" if column.fold == LAST else f"{column.fold}(c.{column.name})"


SUMS_SQL = ", ".join("c.function_id" if name == "function_id" else sum_sql(CELL_COLUMN[name]) for name in TOTALS)
"""``Totals`` of cells c of one function as SQL; ``NEWEST_KNOWN_SQL`` must follow it in the same query."""
[_LAST] = [column.name for column in MINUTE_CELLS if column.fold == LAST]
NEWEST_KNOWN_SQL = f"max(CASE WHEN c.{_LAST} IS NOT NULL THEN c.start_ms END)"
"""Makes SQLite take bare columns from the row with the largest start: the newest cell that knows its memory."""


class SpanUsage(NamedTuple):
    """The columns of ``Totals`` that a bill is made of."""

    function_id: int
    invocations: int
    reports: int
    billed_ms: int
    billed_mb_ms: int


USAGE = tuple(name for name in SpanUsage._fields if name != "function_id")
"""The columns of cells that ``SpanUsage`` sums."""
DAY_COLUMNS = ("start_ms", "function_id", *USAGE)
"""The columns of a function's day, as ``Rollups.days`` and ``day_columns`` have them."""
USAGE_SQL = ", ".join(sum_sql(CELL_COLUMN[name]) for name in USAGE)


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """A stored function: its id in this store, and its last known configuration."""

    id: int
    function: Function


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Percentiles of one function's durations over a span, from histograms: each within 1% of a true value.

    ``count`` is the number of durations. A field's name says its percentile: ``p95_us`` is the 95th, in microseconds.
    """

    count: int
    p50_us: int
    p95_us: int
    p99_us: int


PERCENTILES = tuple(int(part.name[1:-3]) / 100 for part in fields(Quantiles) if part.name != "count")
"""The percentiles that ``Quantiles`` has, as shares of 1, in the order of its fields."""


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One step of a chart. ``quantiles`` is None where the step has no REPORT."""

    start_ms: int
    totals: Totals
    quantiles: Quantiles | None


@dataclass(slots=True)
class InvocationRow(Quantities):
    """One stored invocation, with the quantities that its REPORT told. ``key`` finds it again.

    ``attempt`` is 1 plus the number of earlier failed or incomplete invocations of the same function and request.
    """

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
        """Function id, start (epoch ms), request id and stream id, which together identify an invocation."""
        return self.function_id, self.start_ms, self.request_id, self.stream_id


def row_maker(kind: type[Row], columns: Sequence[str], computed: Sequence[str]) -> Callable[..., Row]:
    """A function that makes a record from a row: its ``columns``, then the values of the ``computed`` fields.

    Its code is written out for these columns, so it is as fast as a call written by hand.
    """
    names = [field.name for field in fields(kind)]
    values = (name if name in computed else f"row[{columns.index(name)}]" for name in names)
    made: Callable[..., Row] = eval(f"lambda row, {', '.join(computed)}: kind({', '.join(values)})", {"kind": kind})
    return made


class LogLine(NamedTuple):
    """One log event as it was written. ``request_id`` is "" for orphan lines."""

    function_id: int
    timestamp_ms: int
    request_id: str
    text: str


class ErrorGroup(msgspec.Struct, frozen=True, gc=False):
    """All failures of one function with one fingerprint, over a span. A struct, because a fleet has thousands.

    ``family`` is shared by groups that differ in one value only; "" where the store does not know it.
    ``sample_request_id`` is the newest invocation's.
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
    """What one function used on one UTC day (``day_ms`` is its midnight): the quantities of a bill."""

    function_id: int
    day_ms: int
    invocations: int
    reports: int
    billed_ms: int
    billed_mb_ms: int


@dataclass(frozen=True, slots=True)
class MetricSum:
    """A metric of one function over a span: the sum and the largest of its points.

    ``last_ms`` is the start of the newest point above zero, or of the hour or day that was read for it; None without
    one.
    """

    total: float
    peak: float
    last_ms: int | None


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What ``db info`` shows of the file."""

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

"""Cells: the sums of one function over one minute, hour or day, and how each column of finer cells is summed.

The first frame reads cells, so this imports next to nothing. Quantities that are measured of an invocation and summed
are declared in ``collectors.model.quantities``; the columns before them are those of the store's first version.
"""

from collectors.model.quantities import QUANTITIES
from collectors.store.tables.column import (
    BLOB,
    CHECKSUM,
    HISTOGRAM,
    INTEGER,
    LAST,
    MAX,
    SUM,
    StoredColumn,
    StoredTable,
    integer,
)

_CELL = StoredTable(
    "",
    integer("function_id"),
    integer("start_ms"),
    StoredColumn("invocations", INTEGER, fold=SUM),
    StoredColumn("reports", INTEGER, fold=SUM),
    StoredColumn("errors", INTEGER, fold=SUM),
    StoredColumn("timeouts", INTEGER, fold=SUM),
    StoredColumn("out_of_memory", INTEGER, fold=SUM),
    StoredColumn("cold_starts", INTEGER, fold=SUM),
    StoredColumn("billed_ms", INTEGER, fold=SUM, of="billed_ms"),
    StoredColumn("billed_mb_ms", INTEGER, fold=SUM),
    StoredColumn("duration_us", INTEGER, fold=SUM, of="duration_us"),
    StoredColumn("init_us", INTEGER, fold=SUM, of="init_us"),
    StoredColumn("max_duration_us", INTEGER, null=True, fold=MAX, of="duration_us"),
    StoredColumn("max_memory_mb", INTEGER, null=True, fold=MAX, of="max_memory_mb"),
    StoredColumn("memory_mb", INTEGER, null=True, fold=LAST, of="memory_mb"),
    StoredColumn("last_ms", INTEGER, fold=MAX, of="start_ms"),
    StoredColumn("latency", BLOB, fold=HISTOGRAM, of="duration_us"),
    key=("function_id", "start_ms"),
)
_LATER = (
    StoredColumn("latency_sum", INTEGER, null=True, fold=CHECKSUM),
    StoredColumn("sum", INTEGER, null=True, fold=CHECKSUM),
    *(StoredColumn(name, INTEGER, null=True, fold=SUM, of=name) for name in QUANTITIES),
)
MINUTE_CELLS = _CELL.named("minute_cells", *_LATER)
HOUR_CELLS = _CELL.named("hour_cells", *_LATER)
DAY_CELLS = _CELL.named("day_cells", *_LATER)
INSIGHTS_CELLS = _CELL.named("insights_cells")
"""Hours as Logs Insights summed them: without checksums, and without quantities that its queries do not return."""

CELL_NUMBERS = tuple(column.name for column in MINUTE_CELLS if column.type == INTEGER and column.fold != CHECKSUM)
"""A cell's integer columns: function, start, and what is summed or compared."""
CELL_NULLS = frozenset(column.name for column in MINUTE_CELLS if column.null and column.fold != CHECKSUM)
"""The columns of ``CELL_NUMBERS`` that may be null."""

CELL = (*CELL_NUMBERS, "latency", "latency_sum", "sum")
"""All columns of a cell, in the order of the tuples that ``collectors.store.rollups`` uses."""

_ERRORS = StoredTable(
    "",
    integer("function_id"),
    integer("start_ms"),
    integer("error_id"),
    StoredColumn("occurrences", INTEGER, fold=SUM),
    key=("function_id", "start_ms", "error_id"),
)
MINUTE_ERRORS = _ERRORS.named("minute_cells_errors")
HOUR_ERRORS = _ERRORS.named("hour_cells_errors")
DAY_ERRORS = _ERRORS.named("day_cells_errors")

"""Cells: what happened to one function in one minute, hour or day, and how cells become coarser ones.

The first frame reads cells, so this imports next to nothing. What is measured of an invocation and added up stands in
``collectors.model.quantities``; the columns before that are those of the first version of the store.
"""

from collectors.model.quantities import QUANTITIES
from collectors.store.tables.column import BLOB, CHECKSUM, HISTOGRAM, INTEGER, LAST, MAX, SUM, Column, Table, integer

_CELL = Table(
    "",
    integer("function_id"),
    integer("start_ms"),
    Column("invocations", INTEGER, fold=SUM),
    Column("reports", INTEGER, fold=SUM),
    Column("errors", INTEGER, fold=SUM),
    Column("timeouts", INTEGER, fold=SUM),
    Column("out_of_memory", INTEGER, fold=SUM),
    Column("cold_starts", INTEGER, fold=SUM),
    Column("billed_ms", INTEGER, fold=SUM, of="billed_ms"),
    Column("billed_mb_ms", INTEGER, fold=SUM),
    Column("duration_us", INTEGER, fold=SUM, of="duration_us"),
    Column("init_us", INTEGER, fold=SUM, of="init_us"),
    Column("max_duration_us", INTEGER, null=True, fold=MAX, of="duration_us"),
    Column("max_memory_mb", INTEGER, null=True, fold=MAX, of="max_memory_mb"),
    Column("memory_mb", INTEGER, null=True, fold=LAST, of="memory_mb"),
    Column("last_ms", INTEGER, fold=MAX, of="start_ms"),
    Column("latency", BLOB, fold=HISTOGRAM, of="duration_us"),
    key=("function_id", "start_ms"),
)
_LATER = (
    Column("latency_sum", INTEGER, null=True, fold=CHECKSUM),
    Column("sum", INTEGER, null=True, fold=CHECKSUM),
    *(Column(name, INTEGER, null=True, fold=SUM, of=name) for name in QUANTITIES),
)
MINUTE_CELLS = _CELL.named("minute_cells", *_LATER)
HOUR_CELLS = _CELL.named("hour_cells", *_LATER)
DAY_CELLS = _CELL.named("day_cells", *_LATER)
INSIGHTS_CELLS = _CELL.named("insights_cells")
"""Hours as Logs Insights summed them: without checksums, and without quantities that its queries do not ask for."""

CELL_NUMBERS = tuple(column.name for column in MINUTE_CELLS if column.type == INTEGER and column.fold != CHECKSUM)
"""A cell's whole numbers: its function, its start, and what is added up or compared."""
CELL_NULLS = frozenset(column.name for column in MINUTE_CELLS if column.null and column.fold != CHECKSUM)
"""Those of them that may be null."""

CELL = (*CELL_NUMBERS, "latency", "latency_sum", "sum")
"""All columns of a cell, in the order of the tuples that ``collectors.store.rollups`` hands about."""

_ERRORS = Table(
    "",
    integer("function_id"),
    integer("start_ms"),
    integer("error_id"),
    Column("occurrences", INTEGER, fold=SUM),
    key=("function_id", "start_ms", "error_id"),
)
MINUTE_ERRORS = _ERRORS.named("minute_cells_errors")
HOUR_ERRORS = _ERRORS.named("hour_cells_errors")
DAY_ERRORS = _ERRORS.named("day_cells_errors")

"""Hours that Logs Insights summed, beside the same hours' rows: rollups use whichever saw more REPORTs.

So an hour is never counted twice, neither when its events are fetched later nor when Insights is asked again.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from collectors.store.rollups.measures import Cell, cell_places, key_of, summed
from collectors.store.tables.cells import INSIGHTS_CELLS

_reports_of = cell_places("reports")
_NAMES = tuple(name for name in INSIGHTS_CELLS.names if name != "latency")
_SELECT = (
    f"SELECT latency, {', '.join(_NAMES)} FROM insights_cells"
    " WHERE function_id = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms"
)


def read(connection: sqlite3.Connection, function_id: int, from_ms: int, to_ms: int) -> list[Cell]:
    """A function's hours of a span as Logs Insights summed them, with the checksums of cells."""
    return [
        summed(dict(zip(_NAMES, numbers, strict=True)), latency)
        for latency, *numbers in connection.execute(_SELECT, (function_id, from_ms, to_ms))
    ]


def prefer_insights(
    connection: sqlite3.Connection, spans: Iterable[tuple[int, int, int]], hours: Sequence[Cell]
) -> list[Cell]:
    """The hours of the spans (function id, from, to): summed from rows, or by Insights where that saw more REPORTs."""
    if connection.execute("SELECT EXISTS (SELECT 1 FROM insights_cells)").fetchone() == (0,):
        return list(hours)
    best = {key_of(cell): cell for cell in hours}
    for span in spans:
        for cell in read(connection, *span):
            by_rows = best.get(key_of(cell))
            if by_rows is None or _reports_of(cell) > _reports_of(by_rows):
                best[key_of(cell)] = cell
    return [best[key] for key in sorted(best)]

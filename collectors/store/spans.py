"""Which cells make up a span of time: days within, hours and minutes at its edges."""

from collectors.store.schema import GRAINS

MINUTE, HOUR, DAY = GRAINS["minute_cells"], GRAINS["hour_cells"], GRAINS["day_cells"]
WEEK = 7 * DAY
PACK_THRESHOLD = 50  # functions whose own rows are read as soon as anybody's packs: with no more, nothing is packed
BY_HOUR_MS = 6 * HOUR  # longer spans begin at a full hour
BY_DAY_MS = 14 * DAY  # and these at midnight UTC

Piece = tuple[str, int, int]  # table, from_ms, to_ms


def whole_from(from_ms: int, to_ms: int) -> int:
    """Where a span of that length really begins: at a full minute, hour or day, never later than asked.

    A month read from its days and 24 hours read from their hours are what keeps a screen of 500 functions under a
    frame; a window that begins up to an hour early is the price, and the caller shows the true beginning.
    """
    grain = DAY if to_ms - from_ms > BY_DAY_MS else HOUR if to_ms - from_ms > BY_HOUR_MS else MINUTE
    return from_ms // grain * grain


def pieces(from_ms: int, to_ms: int, newest_ms: int, coarsest: int = DAY, *, exact: bool = False) -> list[Piece]:
    """The cells to sum for ``[from_ms, to_ms)``, in order of time. ``newest_ms`` is the store's newest row.

    Nothing lies behind the newest row, so an end beyond it may be rounded up, and costs no finer cells. ``coarsest``
    is how long a cell may be: parts of a span are made of cells that lie within one. ``exact`` begins at the full
    minute, however long the span is.
    """
    begin = from_ms // MINUTE * MINUTE if exact else whole_from(from_ms, to_ms)
    end = -(-to_ms // MINUTE) * MINUTE
    if newest_ms < to_ms:
        end = max(begin, newest_ms + 1)
    cells: list[Piece] = []
    for table, grain, coarser in (("minute_cells", MINUTE, HOUR), ("hour_cells", HOUR, DAY)):
        if grain > coarsest:
            continue
        edge = end if coarser > coarsest else min(-(-begin // coarser) * coarser, end)
        if edge == end:
            edge = (-(-end // grain) if newest_ms < to_ms else end // grain) * grain
        if begin < edge:
            cells.append((table, begin, edge))
            begin = edge
    for table, grain in (("day_cells", DAY), ("hour_cells", HOUR), ("minute_cells", MINUTE)):
        if grain > coarsest:
            continue
        edge = -(-end // grain) * grain if newest_ms < to_ms else end // grain * grain
        if begin < edge:
            cells.append((table, begin, edge))
            begin = edge
    return cells

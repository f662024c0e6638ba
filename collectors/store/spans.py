"""Which cells make up a span of time: days inside, hours and minutes at its edges. Times are epoch ms UTC."""

from collectors.store.schema import GRAINS

MINUTE, HOUR, DAY = GRAINS["minute_cells"], GRAINS["hour_cells"], GRAINS["day_cells"]
WEEK = 7 * DAY
PACK_THRESHOLD = 50  # functions; with no more, reading each one's own rows is as fast, and nothing is packed
BY_HOUR_MS = 6 * HOUR  # longer spans begin at a full hour
BY_DAY_MS = 14 * DAY  # and these at midnight UTC

Piece = tuple[str, int, int]  # table, from_ms, to_ms


def whole_from(from_ms: int, to_ms: int) -> int:
    """Where a span of that length is made to begin: at a full minute, hour or day, never later than ``from_ms``.

    Reading a month by days and a day by hours keeps a screen of 500 functions fast enough for one frame. The price is a
    span that begins up to an hour or a day early; the caller shows where it really begins.
    """
    grain = DAY if to_ms - from_ms > BY_DAY_MS else HOUR if to_ms - from_ms > BY_HOUR_MS else MINUTE
    return from_ms // grain * grain


def pieces(from_ms: int, to_ms: int, newest_ms: int, coarsest: int = DAY, *, exact: bool = False) -> list[Piece]:
    """The cells to sum for ``[from_ms, to_ms)``, in order of time; ``newest_ms`` is when the store's newest row began.

    There is nothing after the newest row, so a later end is rounded up, and needs no finer cells. ``coarsest`` is how
    long a cell may be, in ms: parts of a span need cells that lie within one part. ``exact`` begins at the full minute,
    however long the span is.
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

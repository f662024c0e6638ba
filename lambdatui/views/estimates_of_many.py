"""What ``lambdatui.views.estimates`` says of single functions, of many at once: day by day, by the same rules.

Only for functions that had one price, whose memory is known and that have no Average of Duration. What Duration's sums
and the day's REPORTs do not tell is given back, to be estimated one by one. Times are epoch ms, UTC. numpy is
imported by its functions: views load nothing heavy before they are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collectors.model.units import DAY_MS
from collectors.store.read.usage_hours import Hour

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from collectors.store.read.reader import Reader
    from collectors.store.read.usage_cells import UsageCells
    from lambdatui.views.settings_of_time import SettingsOfTime

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
Left = tuple[int, Hour, list[Hour]]  # a function, its hour or day, and all that is known of that day
_EXACT = float(1 << 53)  # from here on products of whole numbers are no whole floats


@dataclass(frozen=True, slots=True)
class DaySums:
    """``billed`` and ``estimated`` are ``[requests, ms or MB-ms; day; function]``; days begin at ``first_ms``."""

    ids: Sequence[int]
    first_ms: int
    billed: Ints
    estimated: Ints

    def rows(self, of: Ints) -> Iterator[tuple[int, int, int, int, int]]:
        """Rows of function, day, requests, ms and MB-ms of what was used."""

        import numpy as np

        days, functions = np.nonzero(of[0])
        for day, at, *sums in zip(days.tolist(), functions.tolist(), *of[:, days, functions].tolist(), strict=True):
            yield self.ids[at], self.first_ms + day * DAY_MS, *sums

    def together(self, of: Ints) -> Iterator[tuple[int, int, int, int]]:
        """Rows of function, requests, ms and MB-ms, summed over all days."""

        import numpy as np

        sums = of.sum(axis=1)
        used = np.flatnonzero(sums[0])
        for at, *amounts in zip(used.tolist(), *sums[:, used].tolist(), strict=True):
            yield self.ids[at], *amounts


@dataclass(slots=True)
class _Days:
    """What each day's cells have together: REPORTs, and Duration where it is known together with its invocations."""

    reports: Ints
    billed_ms: Ints
    duration_ms: Floats
    metered: Floats
    samples: Floats

    def add(self, day: Ints, cells: UsageCells) -> None:
        import numpy as np

        _add(self.reports, day, cells.reports)
        _add(self.billed_ms, day, cells.billed_ms)
        measured = ~np.isnan(cells.duration_ms) & (
            (np.nan_to_num(cells.metered) != 0) | (np.nan_to_num(cells.samples) != 0)
        )
        for sums, figures in (
            (self.duration_ms, cells.duration_ms), (self.metered, cells.metered), (self.samples, cells.samples),
        ):  # fmt: skip
            _add(sums, day, np.where(measured, np.nan_to_num(figures), 0.0))


def look(
    reader: Reader,
    settings: SettingsOfTime,
    from_ms: int,
    to_ms: int,
    known_ms: int,
    ids: Sequence[int],
    *,
    by_day: bool,
) -> tuple[DaySums, list[Left]]:
    """The days of ``[from_ms, to_ms)``, and what could not be told; ``by_day`` takes whole days as such.

    Means are of all of a day that lies before ``known_ms``.
    """

    import numpy as np

    from collectors.store.read.usage_cells import cells

    first = from_ms // DAY_MS * DAY_MS
    inside = cells(reader, from_ms, to_ms, ids, by_day=by_day)
    around = cells(reader, first, from_ms, ids, by_day=False) if first < from_ms else []
    end = min(known_ms, -(-to_ms // DAY_MS) * DAY_MS)
    around += cells(reader, to_ms, end, ids, by_day=False) if to_ms < end else []
    shape = (to_ms - 1 - first) // DAY_MS + 1, len(ids)
    of_days = _Days(
        np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    )
    for block in (*around, *inside):
        of_days.add((block.starts - first) // DAY_MS, block)
    day_sums = DaySums(ids, first, np.zeros((3, *shape), np.int64), np.zeros((3, *shape), np.int64))
    left: list[Left] = []
    now_mb = np.array([settings.steady_mb(each) for each in ids])
    changed = [place for place, each in enumerate(ids) if settings.has_sizes(each)]
    for block in inside:
        day = (block.starts - first) // DAY_MS
        for sums, column in zip(day_sums.billed, (block.reports, block.billed_ms, block.billed_mb_ms), strict=True):
            _add(sums, day, column)
        memory_mb = _memory(settings, ids, block.starts, now_mb, changed)
        missing = np.maximum(block.invocations, np.rint(np.nan_to_num(block.metered)).astype(np.int64)) - block.reports
        total_ms, known = _duration(missing, block, of_days, day)
        known &= memory_mb >= 0
        for sums, column in zip(day_sums.estimated, (missing, total_ms, total_ms * memory_mb), strict=True):
            _add(sums, day, np.where(known, column, 0))
        cell, of = np.nonzero((missing > 0) & ~known)
        for row, place in zip(cell.tolist(), of.tolist(), strict=True):
            midnight = int(block.starts[row]) // DAY_MS * DAY_MS
            left.append((ids[place], _hour(block, row, place), list(_hours((*around, *inside), midnight, place))))
    return day_sums, left


def _add(sums: npt.NDArray[Any], day: Ints, figures: npt.NDArray[Any]) -> None:
    """Adds cells, which are in order of time, to their days."""

    import numpy as np

    begins = np.flatnonzero(np.diff(day, prepend=-1))
    sums[day[begins]] += figures if len(begins) == len(day) else np.add.reduceat(figures, begins)


def _duration(missing: Ints, cells: UsageCells, of_days: _Days, day: Ints) -> tuple[Ints, Bools]:
    """Of the missing invocations of each cell in whole ms, and where it is known."""

    import numpy as np

    total_ms = np.zeros(missing.shape)
    open_: Bools = missing > 0
    known = np.zeros(missing.shape, np.bool_)
    with np.errstate(all="ignore"):
        for duration_ms, metered, samples in (
            (cells.duration_ms, cells.metered, cells.samples),
            (of_days.duration_ms[day], of_days.metered[day], of_days.samples[day]),
        ):
            of = np.where(np.nan_to_num(metered) != 0, metered, samples)
            here = open_ & ~known & ~np.isnan(duration_ms) & (np.nan_to_num(of) != 0)
            total_ms = np.where(here, np.floor(missing * duration_ms / of + 0.5), total_ms)
            known |= here
        reports, billed_ms = of_days.reports[day], of_days.billed_ms[day]
        exact = missing.astype(np.float64) * billed_ms < _EXACT
        here = open_ & ~known & (reports > 0) & exact
        total_ms = np.where(here, np.floor(missing * billed_ms / reports + 0.5), total_ms)
    known |= here
    return total_ms.astype(np.int64), known


def _memory(
    settings: SettingsOfTime, ids: Sequence[int], starts: Ints, steady_mb: Ints, changed: Sequence[int]
) -> Ints:
    """In MB, of each cell and function; -1 where it is not known."""

    import numpy as np

    memory_mb = np.broadcast_to(steady_mb, (len(starts), len(ids)))
    if not changed:
        return memory_mb
    memory_mb = memory_mb.copy()
    for at in changed:
        sizes = [settings.value(ids[at], "memory_mb", start) for start in starts.tolist()]
        memory_mb[:, at] = [-1 if each is None else each for each in sizes]
    return memory_mb


def _hours(every: Sequence[UsageCells], day_ms: int, column: int) -> Iterator[Hour]:
    """The cells of a day in which a function has anything."""

    import numpy as np

    for cells in every:
        for row in np.flatnonzero(cells.starts // DAY_MS * DAY_MS == day_ms).tolist():
            hour = _hour(cells, row, column)
            if hour.invocations or hour.reports or (hour.metered, hour.duration_ms, hour.samples) != (None,) * 3:
                yield hour


def _hour(cells: UsageCells, row: int, column: int) -> Hour:
    import numpy as np

    figures = [float(of[row, column]) for of in (cells.metered, cells.duration_ms, cells.samples)]
    return Hour(
        int(cells.starts[row]), int(cells.ends[row]), int(cells.invocations[row, column]),
        int(cells.reports[row, column]),
        int(cells.billed_ms[row, column]), int(cells.billed_mb_ms[row, column]),
        *(None if np.isnan(figure) else figure for figure in figures),
    )  # fmt: skip

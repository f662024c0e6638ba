"""The days that a month is projected from, as one table of all functions: read once for every view that needs it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from lambdatui.views.time_range import DAY_MS, day_of, month_start_ms
from lambdatui.views.view import BILLED
from pricing.projection import QUANTITIES, WINDOW_DAYS, usage_of
from pricing.used import Terms

if TYPE_CHECKING:
    from collectors.model import Function
    from collectors.store.reader import Reader
    from collectors.store.rows import DayUsage, FunctionRow
    from pricing.project_many import DayTable, Ints
    from pricing.usage import Usage

_READ = (0, 1, 2)  # requests, billed_ms, billed_mb_ms
_PROVISIONED = (4, 5, 6)  # the same of what ran on provisioned concurrency


@dataclass(frozen=True, slots=True)
class Days:
    """``table`` has a column for each of ``ids``, by the day that each was first seen; ``QUANTITIES`` are its rows."""

    ids: tuple[int, ...]
    table: "DayTable"

    def split(self, shares: Mapping[int, float]) -> "Days":
        """A share (0 to 1) of what each function ran on demand as run on provisioned concurrency."""
        if not shares:
            return self
        import numpy as np

        part = np.array([shares.get(each, 0.0) for each in self.ids])
        amounts = self.table.amounts.copy()
        for read, provisioned in zip(_READ, _PROVISIONED, strict=True):
            moved = np.rint(amounts[read] * part).astype(np.int64)
            amounts[read] -= moved
            amounts[provisioned] += moved
        return Days(self.ids, replace(self.table, amounts=amounts))

    def by_day(self, of: Sequence[Terms], start: date) -> Iterator["tuple[date, Usage]"]:
        """Every function's usage of each day from ``start`` on, in the order of the days; ``of`` names the columns."""
        for at, day in self._from(start):
            rows = self.table.amounts[:, at].T.tolist()
            for known, one, row in zip(self.table.seen[at].tolist(), of, rows, strict=True):
                if known:
                    yield day, usage_of(one, QUANTITIES, tuple(row))

    def by_region(self, of: Sequence[Terms], start: date) -> Iterator["tuple[date, Usage]"]:
        """The same, the functions of each region in one usage."""
        import numpy as np

        regions = [one.region for one in of]
        for region in dict.fromkeys(regions):
            amounts = self.table.amounts
            if regions.count(region) < len(regions):
                amounts = amounts[:, :, np.array([one == region for one in regions])]
            sums = amounts.sum(axis=2)
            for at, day in self._from(start):
                yield day, usage_of(Terms("", "", region, None, BILLED), QUANTITIES, tuple(sums[:, at].tolist()))

    def _from(self, start: date) -> Iterator[tuple[int, date]]:
        first = self.table.first
        for at in range(len(self.table.seen)):
            day = day_of((first + at) * DAY_MS)
            if day >= start:
                yield at, day


def days_before(reader: "Reader", to_ms: int, function_ids: Sequence[int] | None = None) -> Days | None:
    """The days that project the month that holds ``to_ms``, which ends them; None where none of them was used."""
    today_ms = (to_ms - 1) // DAY_MS * DAY_MS
    from_ms = min(month_start_ms(today_ms), today_ms - WINDOW_DAYS * DAY_MS)
    if function_ids is not None and len(function_ids) == len(reader.functions()):
        function_ids = None
    asked = "days table", from_ms, today_ms, None if function_ids is None else tuple(function_ids)
    return reader.kept(asked, lambda: _table(reader.day_columns(from_ms, to_ms, function_ids)))


def _table(columns: "Ints") -> Days | None:
    """``columns`` are the reader's days: day_ms, function_id, invocations, reports, billed_ms, billed_mb_ms."""
    import numpy as np

    from pricing.project_many import DayTable

    if not len(columns):
        return None
    day, of = columns[:, 0] // DAY_MS, columns[:, 1]
    first = int(day.min())
    day -= first
    # Functions go by the day that they were first seen on, then by their ids, which are small numbers.
    begins = np.full(int(of.max()) + 1, int(day.max()) + 1)
    np.minimum.at(begins, of, day)
    known = np.zeros(len(begins), np.bool_)
    known[of] = True
    ids = np.flatnonzero(known)
    ids = ids[np.argsort(begins[ids], kind="stable")]
    place = np.zeros(len(begins), np.int64)
    place[ids] = np.arange(len(ids))
    shape = int(day.max()) + 1, len(ids)
    cell = day * len(ids) + place[of]
    seen = np.zeros(shape, np.bool_)
    amounts = np.zeros((len(QUANTITIES), *shape), np.int64)
    seen.reshape(-1)[cell] = True
    for quantity, column in zip(_READ, (2, 4, 5), strict=True):
        amounts[quantity].reshape(-1)[cell] = columns[:, column]
    return Days(tuple(ids.tolist()), DayTable(first, amounts, seen))


def terms_of(function: "Function", basis: str) -> Terms:
    """What a function's usages have in common."""
    key = function.key
    return Terms(key.name, key.account, key.region, function.arch, basis, function.ephemeral_mb)


def days_of(daily: "Iterable[DayUsage]", functions: "Sequence[FunctionRow]") -> Iterator["tuple[date, Usage]"]:
    """The reader's days as usages of their functions."""
    of = {row.id: terms_of(row.function, BILLED) for row in functions}
    unused = (0,) * (len(QUANTITIES) - len(_READ))
    for day in daily:
        amounts = day.invocations, day.billed_ms, day.billed_mb_ms, *unused
        yield day_of(day.day_ms), usage_of(of[day.function_id], QUANTITIES, amounts)

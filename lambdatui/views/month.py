"""The days that a month is projected from, as one table of all functions: read once for every view that needs it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING

from lambdatui.views.time_range import DAY_MS, day_of, month_start_ms
from lambdatui.views.view import BILLED
from pricing.projection import QUANTITIES, WINDOW_DAYS
from pricing.usage import Usage

if TYPE_CHECKING:
    from collectors.model import Function
    from collectors.store.reader import Reader
    from collectors.store.rows import DayUsage, FunctionRow
    from pricing.project_many import DayTable

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

    def by_day(self, of: Sequence[Usage], start: date) -> Iterator[tuple[date, Usage]]:
        """Every function's usage of each day from ``start`` on, in the order of the days; ``of`` names the columns."""
        for at, day in self._from(start):
            rows = self.table.amounts[:, at].T.tolist()
            for known, one, row in zip(self.table.seen[at].tolist(), of, rows, strict=True):
                if known:
                    yield day, _as_usage(one, row)

    def by_region(self, of: Sequence[Usage], start: date) -> Iterator[tuple[date, Usage]]:
        """The same, the functions of each region in one usage."""
        import numpy as np

        for region in dict.fromkeys(one.region for one in of):
            inside = np.array([one.region == region for one in of])
            sums = self.table.amounts[:, :, inside].sum(axis=2)
            for at, day in self._from(start):
                yield day, _as_usage(Usage(region=region), sums[:, at].tolist())

    def _from(self, start: date) -> Iterator[tuple[int, date]]:
        first = self.table.first
        for at in range(len(self.table.seen)):
            day = day_of((first + at) * DAY_MS)
            if day >= start:
                yield at, day


def _as_usage(of: Usage, row: Sequence[int]) -> Usage:
    return replace(of, **dict(zip(QUANTITIES, row, strict=True)))  # type: ignore[arg-type]


def days_before(reader: "Reader", to_ms: int, function_ids: Sequence[int] | None = None) -> Days | None:
    """The days that project the month that holds ``to_ms``, which ends them; None where none of them was used."""
    today_ms = (to_ms - 1) // DAY_MS * DAY_MS
    from_ms = min(month_start_ms(today_ms), today_ms - WINDOW_DAYS * DAY_MS)
    rows = reader.days(from_ms, to_ms, function_ids)
    if not rows:
        return None
    asked = "days table", from_ms, today_ms, None if function_ids is None else tuple(function_ids)
    return reader.kept(asked, lambda: _table(rows))


def _table(rows: Sequence[tuple[int, ...]]) -> Days:
    import numpy as np

    from pricing.project_many import DayTable

    columns = np.fromiter(chain.from_iterable(rows), np.int64, 6 * len(rows)).reshape(-1, 6)
    days = columns[:, 0] // DAY_MS
    ids, function = np.unique(columns[:, 1], return_inverse=True)
    first = int(days.min())
    shape = int(days.max()) - first + 1, len(ids)
    seen = np.zeros(shape, np.bool_)
    amounts = np.zeros((len(QUANTITIES), *shape), np.int64)
    seen[days - first, function] = True
    for quantity, column in zip(_READ, (2, 4, 5), strict=True):
        amounts[quantity, days - first, function] = columns[:, column]
    order = np.lexsort((ids, seen.argmax(axis=0)))
    return Days(tuple(ids[order].tolist()), DayTable(first, amounts[:, :, order], seen[:, order]))


def usage_of(function: "Function", basis: str) -> Usage:
    """Nothing used yet of a function: what its usages have in common."""
    key = function.key
    return Usage(key.name, key.account, key.region, function.arch, ephemeral_mb=function.ephemeral_mb, basis=basis)


def days_of(daily: "Iterable[DayUsage]", functions: "Sequence[FunctionRow]") -> Iterator[tuple[date, Usage]]:
    """The reader's days as usages of their functions."""
    of = {row.id: usage_of(row.function, BILLED) for row in functions}
    for day in daily:
        used = replace(
            of[day.function_id], requests=day.invocations, billed_ms=day.billed_ms, billed_mb_ms=day.billed_mb_ms
        )
        yield day_of(day.day_ms), used

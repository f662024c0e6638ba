"""The month that holds a moment: used so far, and what it comes to. The one projection that every view shows.

It is made of ``lambdatui.views.usage``: each function's days, estimates among them, are projected together; what was
used so far is priced by the settings of its time and the rest by those now in force; what stands configured goes on.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS
from lambdatui.views import usage
from lambdatui.views.time_range import day_of, month_start_ms
from lambdatui.views.usage import Ledger, added, at_its_price, is_edge
from lambdatui.views.view import BILLED
from pricing.projection import QUANTITIES, WINDOW_DAYS, Projection, project, usage_of
from pricing.usage import Usage
from pricing.usage_table import Terms, UsageTable

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from lambdatui.views.estimates import DayRow, DayRows
    from lambdatui.views.estimates_of_many import DaySums
    from pricing.pricebook import PriceBook
    from pricing.project_many import DayTable, Ints

_READ = (0, 1, 2)  # requests, billed_ms, billed_mb_ms
_PROVISIONED = (4, 5, 6)  # the same of what ran on provisioned concurrency


@dataclass(frozen=True)
class Month:
    """``ids`` are the functions of the projection's usages, by position; several may be one function's.

    ``by_function`` is the whole month of each on demand, at the settings now in force, by the middle estimate.
    ``by_region`` are the days so far without what stands configured. ``unknown`` are the functions of which a part so
    far has no known duration: neither that part nor what it will be is in any figure.
    """

    ids: Sequence[int]
    projection: Projection
    by_function: Mapping[int, Usage]
    by_region: "Sequence[tuple[date, Usage]]"
    unknown: frozenset[int]


def month(reader: "Reader", to_ms: int, spread_of: Collection[int] | None = None) -> Month:
    """The UTC calendar month that holds the moment before ``to_ms``; the interval is for the sum of ``spread_of``."""
    every = {row.id for row in reader.functions()}
    chosen = None if spread_of is None or every <= set(spread_of) else frozenset(spread_of)
    return reader.cached(("month", to_ms, chosen), lambda: _month(reader, to_ms, chosen))


def list_prices_by_function(reader: "Reader", to_ms: int, book: "PriceBook") -> Mapping[int, Decimal]:
    """The whole month in USD before the free tier; functions of which a part has no price in USD are absent."""

    def read() -> dict[int, Decimal]:
        found = month(reader, to_ms)
        return sums_by_function(found.ids, found.projection.p50, book, found.unknown)

    return reader.cached(("month by function", to_ms, book), read)


def sums_by_function(
    ids: Sequence[int], usages: Sequence[Usage], book: "PriceBook", unknown: Collection[int] = ()
) -> dict[int, Decimal]:
    """List price in USD by function id, billed together; those with a part that is used and has none are absent."""
    from pricing.list_price import list_prices

    sums: dict[int, Decimal] = {}
    unpriced = set(unknown)
    for at, (function_id, cost) in enumerate(zip(ids, list_prices(usages, book), strict=True)):
        if cost is not None:
            sums[function_id] = sums[function_id] + cost if function_id in sums else cost
        elif is_used(usages, at):
            unpriced.add(function_id)
    return {each: cost for each, cost in sums.items() if each not in unpriced} if unpriced else sums


def is_used(usages: Sequence[Usage], at: int) -> bool:
    """Whether anything at all is billed of the usage in that position."""
    if isinstance(usages, UsageTable) and at not in usages.special:
        return bool(usages.requests[at] or usages.billed_ms[at])
    one = usages[at]
    return bool(one.requests or one.billed_ms or one.provisioned_mb_ms or one.provisioned_requests or one.metered)


def _month(reader: "Reader", to_ms: int, chosen: Collection[int] | None) -> Month:
    month_ms = month_start_ms(to_ms - 1)
    first = day_of(month_ms)
    today_ms = (to_ms - 1) // DAY_MS * DAY_MS
    ledger = Ledger(reader, min(month_ms, today_ms - WINDOW_DAYS * DAY_MS), to_ms, share_of_ms=to_ms - 1)
    rows = ledger.day_rows()
    unknown = frozenset(row.function_id for row in rows.few if row.unknown and row.day_ms >= month_ms)
    columns = _columns(ledger, rows)
    ids: Sequence[int] = ()
    projection = project([], to_ms, first)
    by_function: Mapping[int, Usage] = {}
    by_region: list[tuple[date, Usage]] = []
    if len(columns):
        import numpy as np

        from pricing.project_many import project_table

        ids, table = _table(columns)
        of = ledger.plain_terms(ids)
        inside = np.array([chosen is None or each in chosen for each in ids])
        projection = project_table(
            table, of, to_ms, first, since_ms=_since_ms(reader), hours=hours_of(reader, to_ms), spread_of=inside
        )
        by_function = _OnDemand(ids, projection.p50)
        by_region = _by_region(table, of, first)
        ids, projection = _at_prices(ledger, ids, of, projection, [row for row in rows.few if row.day_ms >= month_ms])
    ids, projection = _with_standing(ids, projection, ledger, month_ms, to_ms)
    return Month(ids, projection, by_function, by_region, unknown)


class _OnDemand(Mapping[int, Usage]):
    """Each function's usage as one on demand, made when it is asked for."""

    def __init__(self, ids: Sequence[int], usages: Sequence[Usage]) -> None:
        self._place = {each: at for at, each in enumerate(ids)}
        self._usages = usages

    def __getitem__(self, function_id: int) -> Usage:
        usage = self._usages[self._place[function_id]]
        if not usage.provisioned_requests:
            return usage
        return replace(
            usage, requests=usage.requests + usage.provisioned_requests,
            billed_ms=usage.billed_ms + usage.provisioned_billed_ms,
            billed_mb_ms=usage.billed_mb_ms + usage.provisioned_billed_mb_ms, provisioned_requests=0,
            provisioned_billed_ms=0, provisioned_billed_mb_ms=0,
        )  # fmt: skip

    def __iter__(self) -> Iterator[int]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)


def _columns(ledger: Ledger, rows: "DayRows") -> "Ints":
    """Day, function, and its quantities on demand and on provisioned concurrency, a row for each day and function."""
    import numpy as np

    apart = np.array(ledger.looked_at, np.int64)
    plain = ledger.reader.day_columns(ledger.from_ms, ledger.to_ms)[:, [0, 1, 3, 4, 5]]
    if not len(apart):
        return plain
    plain = plain[~np.isin(plain[:, 1], apart)]
    if rows.many is not None:
        plain = np.concatenate([plain, _of_many(rows.many)])
    sums: dict[tuple[int, int], list[int]] = {}
    for row in rows.few:
        split = usage.split_of(row, ledger.shares(row.day_ms))
        amounts = sums.setdefault((row.day_ms, row.function_id), [0] * 6)
        for place, amount in enumerate((
            split.requests, split.billed_ms, split.billed_mb_ms,
            split.provisioned_requests, split.provisioned_billed_ms, split.provisioned_billed_mb_ms,
        )):  # fmt: skip
            amounts[place] += amount
    more = np.array([(*key, *amounts) for key, amounts in sums.items()], np.int64).reshape(-1, 8)
    return np.concatenate([np.pad(plain, ((0, 0), (0, 3))), more]) if sums else plain


def _of_many(many: "DaySums") -> "Ints":
    import numpy as np

    amounts = many.billed + many.estimated
    days, functions = np.nonzero(amounts[0])
    of = np.array(many.ids, np.int64)[functions]
    return np.column_stack([many.first_ms + days * DAY_MS, of, *amounts[:, days, functions]])


def _table(columns: "Ints") -> "tuple[tuple[int, ...], DayTable]":
    """The functions, by the day that each was first seen, and their days."""
    import numpy as np

    from pricing.project_many import DayTable

    day, of = columns[:, 0] // DAY_MS, columns[:, 1]
    first = int(day.min())
    day = day - first
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
    for quantity, column in zip((*_READ, *_PROVISIONED), range(2, columns.shape[1]), strict=False):
        # A function's day may be told in two rows: what was estimated together with others, and what was by itself.
        np.add.at(amounts[quantity].reshape(-1), cell, columns[:, column])
    return tuple(ids.tolist()), DayTable(first, amounts, seen)


def _since_ms(reader: "Reader") -> int | None:
    known = [each for each in (reader.oldest_ms(), reader.oldest_point("Invocations", "Sum")) if each is not None]
    return min(known, default=None)


def hours_of(reader: "Reader", until_ms: int) -> "tuple[float, ...] | None":
    """How a usual day spreads over its hours: a week of all functions; None where "now" is midnight."""
    if not until_ms % DAY_MS:
        return None
    from pricing.projection import hour_shares

    today = until_ms // DAY_MS * DAY_MS
    by_hour: Mapping[int, float] = reader.invocations_by_hour(today - 7 * DAY_MS, today)
    if not by_hour:
        by_hour = reader.metered_by_hour("Invocations", today - 7 * DAY_MS, today)
    return hour_shares({hour: round(count) for hour, count in by_hour.items()}) if by_hour else None


def _by_region(table: "DayTable", of: Sequence[Terms], start: date) -> "list[tuple[date, Usage]]":
    """Every day's usage from ``start`` on, the functions of each region in one; Lambda@Edge has no part in it."""
    import numpy as np

    fees = []
    regions = [None if is_edge(one.function) else one.region for one in of]
    for region in dict.fromkeys(regions):
        if region is None:
            continue
        amounts = table.amounts
        if regions.count(region) < len(regions):
            amounts = amounts[:, :, np.array([one == region for one in regions])]
        sums = amounts.sum(axis=2)
        for place in range(len(table.seen)):
            day = day_of((table.first + place) * DAY_MS)
            if day >= start:
                terms = Terms("", "", region, None, BILLED)
                fees.append((day, usage_of(terms, QUANTITIES, tuple(sums[:, place].tolist()))))
    return fees


def _at_prices(
    ledger: Ledger, ids: Sequence[int], of: Sequence[Terms], projection: Projection, rows: "Sequence[DayRow]"
) -> tuple[Sequence[int], Projection]:
    """What was used at other prices than now are in force, as usages of its own; and Lambda@Edge as such."""
    now = {each: (one.arch, one.ephemeral_mb) for each, one in zip(ids, of, strict=True)}
    before: dict[tuple[int, Terms], Usage] = {}
    for row in rows:
        if (row.terms.arch, row.terms.ephemeral_mb) != now.get(row.function_id):
            split = usage.split_of(row, ledger.shares(row.day_ms))
            key = row.function_id, row.terms._replace(basis=BILLED)
            split = replace(split, basis=BILLED)
            before[key] = added(before[key], split) if key in before else split
    if not before and not any(is_edge(one.function) for one in of):
        return ids, projection
    less: dict[int, Usage] = {}
    for (function_id, _), split in before.items():
        less[function_id] = added(less[function_id], split) if function_id in less else split

    def priced(used: Sequence[Usage] | None) -> Sequence[Usage] | None:
        if used is None:
            return None
        rest = [_less(one, less[each]) if each in less else one for each, one in zip(ids, used, strict=True)]
        return UsageTable.of([at_its_price(one) for one in (*rest, *before.values())])

    p10, p50, p90, seen = map(priced, (projection.p10, projection.p50, projection.p90, projection.seen))
    return (*ids, *(each for each, _ in before)), replace(projection, p10=p10, p50=p50 or (), p90=p90, seen=seen or ())


def _less(one: Usage, other: Usage) -> Usage:
    return replace(one, **{name: max(0, getattr(one, name) - getattr(other, name)) for name in _SPLIT})


_SPLIT = tuple(QUANTITIES[at] for at in (*_READ, *_PROVISIONED))


def _with_standing(
    ids: Sequence[int], projection: Projection, ledger: Ledger, month_ms: int, now_ms: int
) -> tuple[Sequence[int], Projection]:
    """The deterministic part: what stands configured goes on to the month's end, in every estimate alike."""
    month_end_ms = month_start_ms(month_ms + 32 * DAY_MS)
    whole = {(each, one.arch): one for each, one in ledger.standing.parts(month_ms, month_end_ms)}
    if not whole:
        return ids, projection
    until_now = {(each, one.arch): one for each, one in ledger.standing.parts(month_ms, now_ms)}
    ends = list(whole.values())
    seen = [until_now.get(key) or replace(one, provisioned_mb_ms=0, metered=()) for key, one in whole.items()]
    low, high = (None if one is None else UsageTable.of(one).and_more(ends) for one in (projection.p10, projection.p90))
    p50, so_far = UsageTable.of(projection.p50).and_more(ends), UsageTable.of(projection.seen).and_more(seen)
    whole_month = replace(projection, p10=low, p50=p50, p90=high, seen=so_far)
    if not whole_month.path and now_ms < month_end_ms:  # nothing was invoked: what stands comes evenly
        ends_ms = range((now_ms // DAY_MS + 1) * DAY_MS, month_end_ms + 1, DAY_MS)
        path = tuple((day_of(end_ms - 1), (end_ms - now_ms) / (month_end_ms - now_ms)) for end_ms in ends_ms)
        whole_month = replace(whole_month, path=path)
    return [*ids, *(each for each, _ in whole)], whole_month

"""What stored usage costs: where the function and invocation views meet ``pricing``.

All prices here are list prices before any free tier: a free tier is the account's, not one function's or one hour's.
A price in another currency than USD is unknown to a USD column, not converted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from collectors.model import Function
from collectors.store.reader import Reader
from collectors.store.rows import InvocationRow, Totals
from lambdatui.views.month import days_before, terms_of
from lambdatui.views.time_range import TimeRange, day_of, month_start_ms
from lambdatui.views.view import BILLED, ESTIMATED, INSIGHTS

if TYPE_CHECKING:
    from pricing.bill import Bill
    from pricing.list_price import InvocationPrice
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage
    from pricing.used import Terms, Used


def costs_by_function(book: "PriceBook", terms: "Mapping[int, Terms]", totals: Iterable[Totals]) -> dict[int, Decimal]:
    """List price in USD by function id, billed together, so that duration tiers count over all of them.

    Functions without a REPORT, or without public prices in USD, are absent: their cost is unknown.
    """
    billed = [one for one in totals if one.reports and one.function_id in terms]
    if not billed:
        return {}
    rows = [(one.function_id, one.invocations, one.billed_ms, one.billed_mb_ms) for one in billed]
    return _by_id(book, terms, *zip(*rows, strict=True))


def range_cost(book: "PriceBook", function: Function, totals: Totals) -> Decimal | None:
    """List price in USD of what one function used; None where nothing was reported or no rate is known."""
    return costs_by_function(book, {totals.function_id: terms_of(function, BILLED)}, [totals]).get(totals.function_id)


def invocation_bill(book: "PriceBook", function: Function, row: InvocationRow) -> "Bill | None":
    """The arithmetic for one invocation: its request and its billed GB-seconds. None without a REPORT."""
    from pricing.bill import bill
    from pricing.usage import Usage

    memory_mb = row.memory_mb if row.memory_mb is not None else function.memory_mb
    if row.billed_ms is None or memory_mb is None:
        return None
    usage = Usage(
        function=function.key.name,
        account=function.key.account,
        region=function.key.region,
        arch=function.arch,
        requests=1,
        billed_ms=row.billed_ms,
        billed_mb_ms=row.billed_ms * memory_mb,
        memory_mb=memory_mb,
        ephemeral_mb=function.ephemeral_mb,
    )
    return bill([usage], book, free_tier=False)


Price = Callable[[int, int], Decimal | None]
"""USD of an invocation's billed ms at its MB; None without public prices in USD."""


def invocation_price(book: "PriceBook", function: Function) -> Price:
    return _invocation_price(book, function.key.region, function.arch, function.ephemeral_mb).of


@lru_cache(maxsize=256)
def _invocation_price(book: "PriceBook", region: str, arch: str | None, ephemeral_mb: int | None) -> "InvocationPrice":
    from pricing.list_price import InvocationPrice

    return InvocationPrice(book, region, arch, ephemeral_mb)


def projected_by_function(
    reader: Reader, time_range: TimeRange, book: "PriceBook", terms: "Mapping[int, Terms]"
) -> dict[int, Decimal]:
    """List price of the whole UTC calendar month that holds the range's end, by function id.

    The middle estimate of ``pricing.projection``, by one model for all: 500 functions are projected in one go.
    """
    months = _months(reader, time_range, list(terms))
    return _by_id(book, terms, *months) if months else {}


def month_usages(reader: Reader, time_range: TimeRange, functions: Mapping[int, Function]) -> "dict[int, Usage]":
    """The whole month's usage by function id, by the middle estimate; functions without any are absent."""
    months = _months(reader, time_range, list(functions))
    if months is None:
        return {}
    terms = {each: terms_of(functions[each], BILLED) for each in months[0]}
    return dict(zip(months[0], _used(terms, *months), strict=True))


Column = Sequence[int]


def _months(
    reader: Reader, time_range: TimeRange, function_ids: Sequence[int]
) -> tuple[Column, Column, Column, Column] | None:
    """The whole month by the middle estimate: function ids, requests, billed ms and billed MB-ms; None: none of any."""
    from pricing.project_many import months_of_table

    found = days_before(reader, time_range.to_ms, function_ids)
    if found is None:
        return None
    month = day_of(month_start_ms(time_range.to_ms - 1))
    ends = months_of_table(found.table, time_range.to_ms, month, since_ms=reader.oldest_ms())
    requests, billed_ms, billed_mb_ms = ends[:3].tolist()
    return found.ids, requests, billed_ms, billed_mb_ms


def _used(
    terms: "Mapping[int, Terms]", ids: Column, requests: Column, billed_ms: Column, billed_mb_ms: Column
) -> "Used":
    from pricing.used import Used

    return Used([terms[each] for each in ids], requests, billed_ms, billed_mb_ms)


def _by_id(book: "PriceBook", terms: "Mapping[int, Terms]", ids: Column, *columns: Column) -> dict[int, Decimal]:
    """List price in USD by function id; those without a known one are absent."""
    from pricing.list_price import list_prices

    costs = list_prices(_used(terms, ids, *columns), book)
    return {function_id: cost for function_id, cost in zip(ids, costs, strict=True) if cost is not None}


def sum_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the known amounts; None where none is known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def weakest_basis(bases: Iterable[str | None]) -> str | None:
    """What a sum over rows rests on: as good as its weakest row; rows without figures do not count."""
    order = (ESTIMATED, INSIGHTS, BILLED)
    seen = {basis for basis in bases if basis is not None}
    return next((basis for basis in order if basis in seen), None)

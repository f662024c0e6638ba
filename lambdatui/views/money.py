"""What stored usage costs: where the function and invocation views meet ``pricing``.

All prices here are list prices before any free tier: a free tier is the account's, not one function's or one hour's.
A price in another currency than USD is unknown to a USD column, not converted.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from collectors.model import Function
from collectors.store.reader import Reader
from collectors.store.rows import FunctionRow, InvocationRow, Totals
from lambdatui.views.time_range import TimeRange, day_of, month_start_ms
from lambdatui.views.view import BILLED, ESTIMATED, INSIGHTS

if TYPE_CHECKING:
    from pricing.bill import Bill
    from pricing.list_price import InvocationPrice
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage


def costs_by_function(
    book: "PriceBook", functions: Mapping[int, Function], totals: Iterable[Totals]
) -> dict[int, Decimal]:
    """List price in USD by function id, billed together, so that duration tiers count over all of them.

    Functions without a REPORT, or without public prices in USD, are absent: their cost is unknown.
    """
    billed = [one for one in totals if one.reports and one.function_id in functions]
    return _by_id(book, {one.function_id: _usage(functions[one.function_id], one) for one in billed})


def range_cost(book: "PriceBook", function: Function, totals: Totals) -> Decimal | None:
    """List price in USD of what one function used; None where nothing was reported or no rate is known."""
    return costs_by_function(book, {totals.function_id: function}, [totals]).get(totals.function_id)


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


def invocation_cost(book: "PriceBook", function: Function, row: InvocationRow) -> Decimal | None:
    """USD; None without a REPORT, or without public prices in USD."""
    memory_mb = row.memory_mb if row.memory_mb is not None else function.memory_mb
    if row.billed_ms is None or memory_mb is None:
        return None
    return _invocation_price(book, function.key.region, function.arch, function.ephemeral_mb).of(
        row.billed_ms, memory_mb
    )


@lru_cache(maxsize=256)
def _invocation_price(book: "PriceBook", region: str, arch: str | None, ephemeral_mb: int | None) -> "InvocationPrice":
    from pricing.list_price import InvocationPrice

    return InvocationPrice(book, region, arch, ephemeral_mb)


def projected_by_function(
    reader: Reader, time_range: TimeRange, book: "PriceBook | None", chosen: Sequence[FunctionRow]
) -> dict[int, Decimal]:
    """List price of the whole UTC calendar month that holds the range's end, by function id.

    The middle estimate of ``pricing.projection``, by one model for all: 500 functions are projected in one go.
    """
    if book is None or not chosen:
        return {}
    functions = {row.id: row.function for row in chosen}
    return _by_id(book, month_usages(reader, time_range, functions))


def month_usages(reader: Reader, time_range: TimeRange, functions: Mapping[int, Function]) -> "dict[int, Usage]":
    """The whole month's usage by function id, by the middle estimate; functions without any are absent."""
    from lambdatui.views.month import days_before
    from pricing.project_many import months_of_table

    found = days_before(reader, time_range.to_ms, list(functions))
    if found is None:
        return {}
    month = day_of(month_start_ms(time_range.to_ms - 1))
    ends = months_of_table(found.table, time_range.to_ms, month, since_ms=reader.oldest_ms())
    used = zip(found.ids, *ends[:3].tolist(), strict=True)
    return {each: _month_usage(functions[each], *amounts) for each, *amounts in used}


def _month_usage(function: Function, requests: int, billed_ms: int, billed_mb_ms: int) -> "Usage":
    from pricing.usage import Usage

    key = function.key
    return Usage(
        key.name, key.account, key.region, function.arch, requests, billed_ms, billed_mb_ms,
        ephemeral_mb=function.ephemeral_mb,
    )  # fmt: skip


def _by_id(book: "PriceBook", usages: "Mapping[int, Usage]") -> dict[int, Decimal]:
    """List price in USD by function id; those without a known one are absent."""
    from pricing.list_price import list_prices

    costs = list_prices(list(usages.values()), book)
    return {function_id: cost for function_id, cost in zip(usages, costs, strict=True) if cost is not None}


def sum_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the known amounts; None where none is known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def weakest_basis(bases: Iterable[str | None]) -> str | None:
    """What a sum over rows rests on: as good as its weakest row; rows without figures do not count."""
    order = (ESTIMATED, INSIGHTS, BILLED)
    seen = {basis for basis in bases if basis is not None}
    return next((basis for basis in order if basis in seen), None)


def _usage(function: Function, totals: Totals) -> "Usage":
    from pricing.usage import Usage

    return Usage(
        function=function.key.name,
        account=function.key.account,
        region=function.key.region,
        arch=function.arch,
        requests=totals.invocations,
        billed_ms=totals.billed_ms,
        billed_mb_ms=totals.billed_mb_ms,
        memory_mb=totals.memory_mb,
        ephemeral_mb=function.ephemeral_mb,
    )

"""What stored usage costs: the one place where the views meet ``pricing``.

All prices here are list prices before any free tier: a free tier is the account's, not one function's or one hour's.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.model import Function
from collectors.store.reader import Reader
from collectors.store.rows import FunctionRow, InvocationRow, Totals
from lambdatui.views.time_range import DAY_MS, TimeRange, month_start_ms, next_month_ms
from lambdatui.views.view import BILLED, ESTIMATED

if TYPE_CHECKING:
    from pricing.bill import Bill
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage


def range_cost(book: "PriceBook", function: Function, totals: Totals) -> Decimal | None:
    """List price in USD of what one function used. None where nothing was reported or no rate is known."""
    if not totals.reports:
        return None
    bill = _bill(book, _usage(function, totals.memory_mb, totals.invocations, totals.billed_mb_ms))
    return bill.total if bill is not None else None


def invocation_bill(book: "PriceBook", function: Function, row: InvocationRow) -> "Bill | None":
    """The arithmetic for one invocation: its request and its billed GB-seconds. None without a REPORT."""
    memory_mb = row.memory_mb if row.memory_mb is not None else function.memory_mb
    if row.billed_ms is None or memory_mb is None:
        return None
    return _bill(book, _usage(function, memory_mb, 1, row.billed_ms * memory_mb))


def invocation_cost(book: "PriceBook", function: Function, row: InvocationRow) -> Decimal | None:
    bill = invocation_bill(book, function, row)
    return bill.total if bill is not None else None


def projected_by_function(
    reader: Reader, time_range: TimeRange, book: "PriceBook | None", chosen: Sequence[FunctionRow]
) -> dict[int, Decimal]:
    """List price of the whole UTC calendar month that holds the range's end, by function id.

    What the month has cost so far, and its mean daily cost for the days that are left. "So far" reaches from the
    month's start, or the function's first stored day in it, to the range's end.
    """
    if book is None or not chosen:
        return {}
    end = time_range.to_ms
    start, after = month_start_ms(end - 1), next_month_ms(end - 1)
    spent: dict[int, Decimal] = {}
    first: dict[int, int] = {}
    functions = {row.id: row.function for row in chosen}
    for day in reader.daily_usage(start, end, list(functions)):
        bill = _bill(book, _usage(functions[day.function_id], None, day.invocations, day.billed_mb_ms))
        if bill is not None and day.reports:
            spent[day.function_id] = spent.get(day.function_id, Decimal(0)) + bill.total
            first[day.function_id] = min(day.day_ms, first.get(day.function_id, day.day_ms))
    return {
        function_id: amount + amount * (after - end) / max(end - first[function_id], DAY_MS)
        for function_id, amount in spent.items()
    }


def sum_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the known amounts; None where none is known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def weakest_basis(bases: Iterable[str | None]) -> str | None:
    """What a sum over rows rests on: as good as its weakest row; rows without figures do not count."""
    order = (ESTIMATED, "insights", BILLED)
    seen = {basis for basis in bases if basis is not None}
    return next((basis for basis in order if basis in seen), None)


def _usage(function: Function, memory_mb: int | None, invocations: int, billed_mb_ms: int) -> "Usage":
    raise NotImplementedError


def _bill(book: "PriceBook", usage: "Usage") -> "Bill | None":
    raise NotImplementedError

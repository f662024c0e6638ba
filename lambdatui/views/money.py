"""What stored usage costs: where the function and invocation views meet ``pricing``.

All prices here are list prices before any free tier: a free tier is the account's, not one function's or one hour's.
A price in another currency than USD is unknown to a USD column, not converted.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from collectors.model import Function
from collectors.store.reader import Reader
from collectors.store.rows import FunctionRow, InvocationRow
from lambdatui.views.month import month
from lambdatui.views.settings_of_time import PRICED, SettingsOfTime
from lambdatui.views.time_range import MINUTE_MS, TimeRange
from lambdatui.views.usage import at_its_price

if TYPE_CHECKING:
    from pricing.bill import Bill
    from pricing.list_price import InvocationPrice
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage


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


def function_at(settings: SettingsOfTime, row: FunctionRow, at_ms: int) -> Function:
    """The function as it was set when an invocation began: as bills count it, in whole minutes."""
    if row.id not in settings.with_history():
        return row.function
    minute_ms = at_ms // MINUTE_MS * MINUTE_MS
    arch, ephemeral_mb, memory_mb = (settings.value(row.id, name, minute_ms) for name in PRICED)
    return replace(row.function, arch=arch, ephemeral_mb=ephemeral_mb, memory_mb=memory_mb)


def month_usages(reader: Reader, time_range: TimeRange, functions: Mapping[int, Function]) -> "dict[int, Usage]":
    """The whole month's usage by function id, by the middle estimate; functions without any are absent.

    The UTC calendar month that holds the range's end, all of it on demand and at the settings now in force; of
    Lambda@Edge as it is priced.
    """
    found = month(reader, time_range.to_ms).by_function
    return {each: at_its_price(found[each]) for each in functions if each in found}


def sum_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the known amounts; None where none is known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None

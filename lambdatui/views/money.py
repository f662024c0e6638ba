"""What stored usage costs: where the function and invocation views meet ``pricing``.

All prices here are list prices before any free tier: a free tier is the account's, not one function's or one hour's.
A price in another currency than USD is unknown to a USD column, not converted.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from collectors.model.records import Function
from collectors.model.units import FOREVER_MS, MINUTE_MS
from collectors.store.read.reader import Reader
from collectors.store.read.rows import InvocationRow
from lambdatui.views.month import month
from lambdatui.views.settings_of_time import SettingsOfTime
from lambdatui.views.time_range import TimeRange
from lambdatui.views.usage import at_its_price, is_edge
from lambdatui.views.view import BILLED

if TYPE_CHECKING:
    from pricing.bill import Bill
    from pricing.list_price import InvocationPrice
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage


def invocation_bill(
    book: "PriceBook", function: Function, row: InvocationRow, settings: SettingsOfTime
) -> "Bill | None":
    """The arithmetic for one invocation: its request and its billed GB-seconds. None without a REPORT."""
    from pricing.bill import bill
    from pricing.usage import Usage

    memory_mb = row.memory_mb if row.memory_mb is not None else function.memory_mb
    if row.billed_ms is None or memory_mb is None:
        return None
    terms = settings.terms(row.function_id, row.start_ms // MINUTE_MS * MINUTE_MS, BILLED)
    usage = Usage(
        function=function.key.name,
        account=function.key.account,
        region=function.key.region,
        arch=terms.arch,
        requests=1,
        billed_ms=row.billed_ms,
        billed_mb_ms=row.billed_ms * memory_mb,
        memory_mb=memory_mb,
        ephemeral_mb=terms.ephemeral_mb,
    )
    return bill([at_its_price(usage)], book, free_tier=False)


Price = Callable[[int, int], Decimal | None]
"""USD of an invocation's billed ms at its MB; None without public prices in USD."""


class InvocationPrices:
    """Prices of single invocations, each by the settings of its time; those of Lambda@Edge at its own rates."""

    def __init__(self, book: "PriceBook", settings: SettingsOfTime) -> None:
        self._book = book
        self._settings = settings
        self._same: dict[int, Price] = {}
        self._changing: set[int] = set()

    def of(self, function_id: int, at_ms: int) -> Price:
        """What an invocation of the function costs that began then (epoch ms): by the settings of that minute."""
        found = self._same.get(function_id)
        if found is not None:
            return found
        terms = self._settings.terms(function_id, at_ms // MINUTE_MS * MINUTE_MS, BILLED)
        price = _invocation_price(self._book, terms.region, terms.arch, terms.ephemeral_mb, is_edge(terms.function)).of
        if function_id not in self._changing:
            if self._settings.cuts(function_id, 0, FOREVER_MS):
                self._changing.add(function_id)
            else:
                self._same[function_id] = price
        return price


@lru_cache(maxsize=256)
def _invocation_price(
    book: "PriceBook", region: str, arch: str | None, ephemeral_mb: int | None, edge: bool
) -> "InvocationPrice":
    from pricing.list_price import InvocationPrice

    return InvocationPrice(book, region, arch, ephemeral_mb, edge=edge)


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

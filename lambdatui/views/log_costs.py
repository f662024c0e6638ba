"""Logs as lines of a bill: what of a span is billed and chosen, and what the month's logs will come to."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS
from lambdatui.views.log_usage import LogUsage, by_day, by_function, chosen, log_usage
from lambdatui.views.time_range import day_of, month_start_ms
from pricing.dimensions import LOGS
from pricing.projection import Projection
from pricing.usage import Usage
from pricing.usage_table import UsageTable

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from lambdatui.views.scope import Scope
    from lambdatui.views.time_range import TimeRange
    from pricing.pricebook import PriceBook

Where = tuple[str, str, str]  # function, account, region


class LogLines:
    """The logs of a store, of which some are chosen: those of the functions with ``ids``. Times are epoch ms, UTC."""

    def __init__(self, reader: "Reader", ids: Collection[int], scope: "Scope") -> None:
        self._reader = reader
        self._ids = ids
        self._scope = scope

    def of(self, from_ms: int, to_ms: int, *, known_ms: int | None = None) -> tuple[list[Usage], list[bool]]:
        """What is billed in the span, and for each usage whether it is chosen: tiers and the free tier count over all.

        What came in at or after ``known_ms`` is hidden.
        """
        every = log_usage(self._reader, from_ms, to_ms, known_ms=known_ms) if to_ms > from_ms else []
        wanted = {id(one) for one in self._chosen(every)}
        usages = [(usage, id(one) in wanted) for one in every for usage in one.usages()]
        return [usage for usage, _ in usages], [is_chosen for _, is_chosen in usages]

    def metered(self, from_ms: int, to_ms: int) -> frozenset[int]:
        """The chosen functions of whose log it is known how much came in: of the others it is unknown, not nothing."""
        every = log_usage(self._reader, from_ms, to_ms) if to_ms > from_ms else []
        return frozenset(owner for one in every if one.bytes_in is not None for owner in one.owners) & set(self._ids)

    def by_day(self, from_ms: int, to_ms: int) -> Iterator[tuple[int, Usage]]:
        """The chosen usages of each UTC day, by the day's midnight."""
        every = self._chosen(log_usage(self._reader, from_ms, to_ms)) if to_ms > from_ms else []
        for day_ms, one in by_day(self._reader, from_ms, to_ms, every):
            for usage in one.usages():
                yield day_ms, usage

    def _chosen(self, every: Sequence[LogUsage]) -> list[LogUsage]:
        return chosen(every, self._ids, self._scope)

    def projected(self, projection: Projection, now_ms: int) -> "tuple[Projection, list[bool]]":
        """The month with its logs, and which of the usages at its end are chosen.

        Functions go on to write as much for each invocation; what belongs to none, or to one that was not invoked,
        comes on as evenly as it came. Group sizes stay as they are.
        """
        month_ms = month_start_ms(now_ms - 1)
        month_end_ms = month_start_ms(month_ms + 32 * DAY_MS)
        seen, _ = self.of(month_ms, now_ms)
        whole, inside = self.of(month_ms, month_end_ms, known_ms=now_ms)
        if not whole:
            return projection, []
        even = (month_end_ms - month_ms) / (now_ms - month_ms)
        before = _requests(projection.seen)

        def grown(end: Sequence[Usage] | None) -> UsageTable | None:
            if end is None:
                return None
            after = _requests(end)
            return UsageTable.of(end).and_more([_grown(one, before, after, even) for one in whole])

        p50 = grown(projection.p50)
        added = replace(
            projection, p10=grown(projection.p10), p50=p50 if p50 is not None else projection.p50,
            p90=grown(projection.p90), seen=UsageTable.of(projection.seen).and_more(_placed(seen, whole)),
        )  # fmt: skip
        if not added.path and now_ms < month_end_ms:  # nothing was invoked: it comes evenly
            ends_ms = range((now_ms // DAY_MS + 1) * DAY_MS, month_end_ms + 1, DAY_MS)
            path = tuple((day_of(end_ms - 1), (end_ms - now_ms) / (month_end_ms - now_ms)) for end_ms in ends_ms)
            added = replace(added, path=path)
        return added, inside


def positions(of_chosen: Sequence[bool], begin: int) -> list[int]:
    """Where the chosen ones lie, the first of all at ``begin``."""
    return [at for at, is_chosen in enumerate(of_chosen, begin) if is_chosen]


def logs_by_function(reader: "Reader", time_range: "TimeRange", book: "PriceBook") -> dict[int, Decimal]:
    """List price in USD of what came into each function's own log group, before any free tier.

    Billed together, so that tiers count over all of them. Absent where CloudWatch's count was not collected, where the
    region has no price in USD, and for groups that several functions write to: nobody knows how much was whose.
    """
    usage_by_function = by_function(log_usage(reader, time_range.from_ms, time_range.to_ms))
    own = {each: logs for each, logs in usage_by_function.items() if logs.bytes_in is not None}
    if not own:
        return {}
    from pricing.bill import bill

    used = [replace(logs, stored_byte_hours=None).usages() for logs in own.values()]
    list_price_bill = bill([usage for usages in used for usage in usages], book, free_tier=False)
    costs = list_price_bill.by_function()
    unpriced = {(line.function, line.account, line.region) for line in list_price_bill.unpriced}
    where = {each: (logs.name, logs.account, logs.region) for each, logs in own.items()}
    return {
        each: costs.get((*place, "USD"), Decimal(0))
        for each, place in where.items()
        if place not in unpriced and ((*place, "USD") in costs or not own[each].bytes_in)
    }


def _requests(usages: Sequence[Usage]) -> Mapping[Where, int]:
    requests: dict[Where, int] = defaultdict(int)
    for usage in usages:
        requests[usage.function, usage.account, usage.region] += usage.requests + usage.provisioned_requests
    return requests


def _grown(usage: Usage, before: Mapping[Where, int], after: Mapping[Where, int], even: float) -> Usage:
    """The bytes that will have come in by the month's end; stored bytes are known for the whole month already."""
    ((name, amount),) = usage.metered
    if name not in LOGS:
        return usage
    where = usage.function, usage.account, usage.region
    seen = before.get(where, 0)
    return replace(usage, metered=((name, round(amount * (after.get(where, 0) / seen if seen else even))),))


def _placed(seen: Sequence[Usage], whole: Sequence[Usage]) -> list[Usage]:
    """The usages seen, in the order of ``whole``; an empty usage where nothing was seen."""
    known = {(one.function, one.account, one.region, one.metered[0][0]): one for one in seen}
    return [
        known.get((one.function, one.account, one.region, one.metered[0][0]), replace(one, metered=())) for one in whole
    ]

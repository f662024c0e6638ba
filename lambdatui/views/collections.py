"""What was collected and imported, when, and what asking AWS for it cost."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from collectors.store.write.running_queries import KIND as QUERY
from lambdatui.views.columns import columns
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

COLLECTION_COLUMNS = columns(
    "started_at", "source", "took_s", "events", "duplicates", "invocations", "errors", "rejected", "older_than_pruned",
    "requests", "metrics_asked", "bytes_scanned", "cost_usd", "failures", "log_ways",
)  # fmt: skip

Price = Callable[[str, int, str], Decimal]


@dataclass(frozen=True, slots=True)
class CollectionView:
    """One collection. ``cost_usd`` is what its calls cost at list prices; None for imports, which ask nobody."""

    started_at: int
    source: str
    took_s: float | None
    events: int
    duplicates: int
    invocations: int
    errors: int
    rejected: int
    older_than_pruned: int
    requests: int | None
    metrics_asked: int | None
    bytes_scanned: int | None
    cost_usd: Decimal | None
    failures: str | None
    log_ways: str | None


@as_of_range
def collections(reader: Reader, time_range: TimeRange, price: Price | None = None) -> View[CollectionView]:
    """The newest first, whatever the range. ``price(operation, units, region)`` is USD; without it no cost is known."""
    rows = []
    for one in account_rows.collections(reader):
        units = {count.operation: count.units for count in one.calls}
        cost = None
        if one.calls and price is not None:
            cost = sum((price(count.operation, count.units, one.region) for count in one.calls), Decimal(0))
        failures = [text for kind, _, text, _ in one.notes if kind not in ("choice", "denied", QUERY)]
        ways = [f"{about} {text}" for kind, about, text, _ in one.notes if kind == "choice"]
        rows.append(
            CollectionView(
                one.started_ms, one.source, None if one.ended_ms is None else (one.ended_ms - one.started_ms) / 1000,
                one.events, one.duplicates, one.invocations, one.errors, one.rejected,
                one.older_than_pruned,
                sum(count.requests for count in one.calls) if one.calls else None,
                units.get("cloudwatch:GetMetricData"), units.get("logs:StartQuery"), cost,
                "; ".join(failures) or None, "; ".join(ways) or None,
            )
        )  # fmt: skip
    return View(COLLECTION_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range)

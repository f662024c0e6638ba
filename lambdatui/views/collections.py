"""What was collected and imported, when, and what asking AWS for it cost."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar

from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from collectors.store.write.running_queries import KIND as QUERY
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

Price = Callable[[str, int, str], Decimal]


@dataclass(frozen=True, slots=True)
class CollectionView:
    """One collection. ``cost_usd`` is what its calls cost at list prices; None for imports, which ask nobody."""

    IN_ORDER: ClassVar[bool] = True
    started_at: Annotated[int, shared.STARTED_AT, OnScreen(1, 15, after="source"), BRIEF]
    source: Annotated[str, shared.SOURCE, OnScreen(grows=True), BRIEF]
    took_s: Annotated[float | None, Column("Took", Kind.SECONDS, 7, "How long it took, seconds."), OnScreen(6), BRIEF]
    events: Annotated[int, Column("Events", Kind.COUNT, 9, "Log events read."), OnScreen(2), BRIEF]
    duplicates: Annotated[
        int, Column("Known", Kind.COUNT, 9, "Log events of these that were known already."), OnScreen(5)
    ]
    invocations: Annotated[int, shared.INVOCATIONS, OnScreen(4), BRIEF]
    errors: Annotated[int, shared.ERRORS, OnScreen(6)]
    rejected: Annotated[
        int,
        Column("Rejected", Kind.COUNT, 8, "What looked like something to read and could not be."),
        OnScreen(3),
        BRIEF,
    ]
    older_than_pruned: Annotated[
        int, Column("Too old", Kind.COUNT, 8, "Log events older than what was pruned of their function: not kept.")
    ]
    requests: Annotated[int | None, shared.REQUESTS, BRIEF]
    metrics_asked: Annotated[int | None, Column("Metrics", Kind.COUNT, 8, "Metrics asked for, which are billed.")]
    bytes_scanned: Annotated[
        int | None, Column("Bytes scanned", Kind.COUNT, 13, "Bytes that Logs Insights scanned, which are billed.")
    ]
    cost_usd: Annotated[Decimal | None, shared.COST_USD, OnScreen(7), BRIEF]
    failures: Annotated[
        str | None, Column("Failed", Kind.TEXT, 60, "What could not be had, and why."), OnScreen(8, 24), BRIEF
    ]
    log_ways: Annotated[str | None, Column("Logs read by", Kind.TEXT, 60, "How each log group was read, and why.")]

    @property
    def trouble(self) -> str | None:
        """That it could not read something, rejected lines, or has no recorded end."""
        parts = ["failed"] if self.failures else []
        parts += [f"rejected {self.rejected:,}"] if self.rejected else []
        return "; ".join([*parts, *(["no end"] if self.took_s is None else [])]) or None


COLLECTION_COLUMNS = columns_of(CollectionView)


@as_of_range
def collections(reader: Reader, time_range: TimeRange, price: Price | None = None) -> View[CollectionView]:
    """The newest first, whatever the range. ``price(operation, units, region)`` is USD; without it no cost is known."""
    rows = []
    for collection in account_rows.collections(reader):
        units = {count.operation: count.units for count in collection.calls}
        cost = None
        if collection.calls and price is not None:
            cost = sum(
                (price(count.operation, count.units, collection.region) for count in collection.calls), Decimal(0)
            )
        failures = [text for kind, _, text, _ in collection.notes if kind not in ("choice", "denied", QUERY)]
        ways = [f"{about} {text}" for kind, about, text, _ in collection.notes if kind == "choice"]
        rows.append(
            CollectionView(
                started_at=collection.started_ms,
                source=collection.source,
                took_s=None if collection.ended_ms is None else (collection.ended_ms - collection.started_ms) / 1000,
                events=collection.events,
                duplicates=collection.duplicates,
                invocations=collection.invocations,
                errors=collection.errors,
                rejected=collection.rejected,
                older_than_pruned=collection.older_than_pruned,
                requests=sum(count.requests for count in collection.calls) if collection.calls else None,
                metrics_asked=units.get("cloudwatch:GetMetricData"),
                bytes_scanned=units.get("logs:StartQuery"),
                cost_usd=cost,
                failures="; ".join(failures) or None,
                log_ways="; ".join(ways) or None,
            )
        )
    return View(COLLECTION_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range)

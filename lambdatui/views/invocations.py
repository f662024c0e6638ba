"""A page of invocations, newest first unless another order is asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from collectors.model.records import Status
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow, InvocationRow
from lambdatui.views import money
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, EXTRA, Column, Kind, OnScreen, columns_of
from lambdatui.views.filters import Filter
from lambdatui.views.scope import Scope
from lambdatui.views.settings_of_time import SettingsOfTime
from lambdatui.views.time_range import TimeRange
from lambdatui.views.tones import cold_if_any, status_tone
from lambdatui.views.view import BILLED, View, as_of_range, coverage_seen

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook


# Columns by which the store can order without every row in memory. Statuses go by their severity, not by their name.
STORE_ORDER = {
    "started_at": "start_ms",
    "duration_ms": "duration_us",
    "billed_ms": "billed_ms",
    "init_ms": "init_us",
    "restore_ms": "restore_us",
    "memory_mb": "memory_mb",
    "max_memory_mb": "max_memory_mb",
    "status": "status",
}

_LABELS = tuple(status.label for status in Status)
_FIRST_PAGE, _LARGEST_PAGE = 256, 8_192
_SORTED_PAGE = 65_536  # the store sorts anew for every page


class InvocationView(msgspec.Struct, frozen=True, gc=False):
    """One attempt of one request. ``key`` finds it again in the store; ``cost_usd`` is its list price."""

    IN_ORDER: ClassVar[bool] = True
    key: tuple[int, int, str, int]
    function: Annotated[str, shared.FUNCTION, OnScreen(5, 22, after="started_at"), BRIEF]
    request_id: Annotated[str, shared.REQUEST_ID, OnScreen(10, after="error_type"), BRIEF]
    started_at: Annotated[int, shared.STARTED_AT, OnScreen(), BRIEF]
    attempt: Annotated[int, shared.ATTEMPT, OnScreen(8, after="memory_mb"), BRIEF]
    status: Annotated[
        str,
        Column("Status", Kind.TEXT, 13, "ok, error, timeout, out_of_memory, init_error or unknown.", tone=status_tone),
        OnScreen(1),
        BRIEF,
    ]
    cold_start: Annotated[
        bool | None,
        Column(
            "Cold",
            Kind.FLAG,
            4,
            "Whether a new environment was made for it; unknown without a REPORT.",
            tone=cold_if_any,
        ),
        OnScreen(3, after="init_ms"),
        BRIEF,
    ]
    duration_ms: Annotated[
        float | None,
        Column("Duration", Kind.MS, 9, "Duration of the handler, as REPORT prints it."),
        OnScreen(2),
        BRIEF,
    ]
    billed_ms: Annotated[int | None, shared.BILLED_MS, OnScreen(4), BRIEF]
    init_ms: Annotated[float | None, Column("Init", Kind.MS, 8, "Init duration of a cold start."), OnScreen(7), BRIEF]
    restore_ms: Annotated[float | None, Column("Restore", Kind.MS, 8, "Restore duration of a SnapStart function.")]
    memory_mb: Annotated[int | None, shared.MEMORY_MB, OnScreen(9, after="max_memory_mb")]
    max_memory_mb: Annotated[int | None, shared.MAX_MEMORY_MB, OnScreen(6), BRIEF]
    error_type: Annotated[str | None, shared.ERROR_TYPE, OnScreen(2, grows=True, most=40), BRIEF]
    log_stream: Annotated[
        str,
        Column("Log stream", Kind.TEXT, 40, "The log stream: one execution environment.", tone="quiet"),
        OnScreen(11),
    ]
    trace_id: Annotated[str | None, Column("Trace id", Kind.TEXT, 35, "The X-Ray trace id.")]
    cost_usd: Annotated[Decimal | None, shared.COST_USD, EXTRA] = None

    @property
    def function_id(self) -> int:
        """The function's id in the store."""
        return self.key[0]

    @property
    def trouble(self) -> str | None:
        """How it failed."""
        return self.status if self.failed else None

    @property
    def failed(self) -> bool:
        """Whether it ended in an error, a timeout or the like; False where the status is unknown."""
        return self.status not in (Status.OK.label, Status.UNKNOWN.label)


INVOCATION_COLUMNS = columns_of(InvocationView)


@dataclass(frozen=True)
class InvocationsView(View[InvocationView]):
    """A page. ``total`` counts the range's invocations before any filter; ``searched`` those a filter looked at."""

    total: int = 0
    searched: int = 0
    more: bool = False


@as_of_range
def invocations(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook | None" = None,
    *,
    scope: Scope | None = None,
    function_ids: Sequence[int] | None = None,
    statuses: Sequence[Status] | None = None,
    where: Filter | None = None,
    order: str = "started_at",
    ascending: bool = False,
    offset: int = 0,
    limit: int = 200,
) -> InvocationsView:
    """``limit`` invocations from ``offset`` on, ordered by a column of ``STORE_ORDER``.

    ``where`` looks through the whole range, not only a page of it, until ``limit`` rows match; ``offset`` then counts
    matches. ``function_ids`` overrides ``scope``.
    """
    stored = {row.id: row for row in reader.functions()}
    ids = list(function_ids) if function_ids is not None else (scope.ids(list(stored.values())) if scope else None)
    page: list[InvocationView] = []
    searched, skipped = 0, 0
    span = time_range.from_ms, time_range.to_ms
    if where is not None:
        statuses = _possible(where, statuses)
    in_store = where is None and (not statuses or (order == "started_at" and not ascending))
    if ids == [] or (where is not None and statuses == []):
        rows: Iterator[InvocationRow] = iter(())
    elif in_store:
        rows = iter(
            reader.invocations(
                *span,
                ids,
                limit=limit + 1,
                offset=offset,
                statuses=statuses or None,
                order=STORE_ORDER[order],
                ascending=ascending,
            )
        )
        skipped = offset
        searched = offset if statuses else 0
    else:
        rows = stored_invocations(reader, time_range, ids, statuses=statuses, order=order, ascending=ascending)
    settings = SettingsOfTime(reader, stored.values(), time_range.to_ms)
    prices = money.InvocationPrices(book, settings) if book else None
    for row in rows:
        searched += 1
        function = stored.get(row.function_id)
        view = _row(row, function, prices.of(row.function_id, row.start_ms) if prices and function else None)
        if where is not None and not where.matches(view):
            continue
        if skipped < offset:
            skipped += 1
        elif len(page) == limit:
            return _view(reader, time_range, page, ids, searched, more=True)
        else:
            page.append(view)
    return _view(reader, time_range, page, ids, searched, more=False)


def _possible(where: Filter, statuses: Sequence[Status] | None) -> list[Status] | None:
    """The statuses that are wanted and pass the filter, for the store to search by; None where that is all of them."""
    labels = set(where.allowed("status", [status.label for status in Status]))
    possible = [status for status in statuses or Status if status.label in labels]
    return None if len(possible) == len(Status) else possible


def stored_invocations(
    reader: Reader,
    time_range: TimeRange,
    ids: Sequence[int] | None,
    *,
    statuses: Sequence[Status] | None = None,
    order: str = "started_at",
    ascending: bool = False,
) -> Iterator[InvocationRow]:
    """Every invocation of the range, read a page at a time as they are asked for."""
    if order == "started_at" and not ascending:
        yield from _newest_first(reader, time_range, ids, statuses)
        return
    offset = 0
    while True:
        page = reader.invocations(
            time_range.from_ms,
            time_range.to_ms,
            ids,
            limit=_SORTED_PAGE,
            offset=offset,
            order=STORE_ORDER[order],
            ascending=ascending,
        )
        yield from (row for row in page if not statuses or row.status in statuses)
        if len(page) < _SORTED_PAGE:
            return
        offset += len(page)


def _newest_first(
    reader: Reader, time_range: TimeRange, ids: Sequence[int] | None, statuses: Sequence[Status] | None
) -> Iterator[InvocationRow]:
    """Pages that each begin where the last one ended: with an offset the store would read all earlier pages again."""
    until, size = time_range.to_ms, _FIRST_PAGE
    edge: set[tuple[int, int, str, int]] = set()
    while True:
        asked = size + len(edge)
        page = reader.invocations(time_range.from_ms, until, ids, statuses=statuses or None, limit=asked)
        yield from (row for row in page if row.key not in edge)
        if len(page) < asked:
            return
        last = page[-1].start_ms
        edge = {row.key for row in page if row.start_ms == last}
        until, size = last + 1, min(size * 2, _LARGEST_PAGE)


def _view(
    reader: Reader,
    time_range: TimeRange,
    page: list[InvocationView],
    ids: list[int] | None,
    searched: int,
    *,
    more: bool,
) -> InvocationsView:
    counted, reports = (0, 0) if ids == [] else reader.counted(time_range.from_ms, time_range.to_ms, ids)
    return InvocationsView(
        INVOCATION_COLUMNS,
        page,
        reader.as_of_ms(time_range.to_ms),
        time_range,
        coverage=coverage_seen(reader, time_range, ids),
        basis=BILLED if reports else None,
        total=counted,
        searched=searched,
        more=more,
    )


def invocation_view(
    row: InvocationRow, function: FunctionRow | None, prices: "money.InvocationPrices | None"
) -> InvocationView:
    """A stored invocation as rows show it."""
    return _row(row, function, prices.of(row.function_id, row.start_ms) if prices and function else None)


def _row(row: InvocationRow, function: FunctionRow | None, price: "money.Price | None") -> InvocationView:
    billed_ms, init_us, restore_us, memory_mb = row.billed_ms, row.init_us, row.restore_us, row.memory_mb
    if price is None or function is None or billed_ms is None:
        cost_usd = None
    else:
        configured_mb = function.function.memory_mb if memory_mb is None else memory_mb
        cost_usd = None if configured_mb is None else price(billed_ms, configured_mb)
    return InvocationView(  # by position: by name a kept page takes a quarter longer
        (row.function_id, row.start_ms, row.request_id, row.stream_id),
        function.function.key.name if function else "",
        row.request_id,
        row.start_ms,
        row.attempt,
        _LABELS[row.status],
        None if billed_ms is None else init_us is not None or restore_us is not None,
        None if row.duration_us is None else row.duration_us / 1000,
        billed_ms,
        None if init_us is None else init_us / 1000,
        None if restore_us is None else restore_us / 1000,
        memory_mb,
        row.max_memory_mb,
        row.error_type,
        row.stream,
        row.trace_id,
        cost_usd,
    )

"""One invocation: its lines, its stack trace, what it cost, and the other attempts of its request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collectors.model.errors import LambdatuiError
from collectors.model.units import FOREVER_MS, MINUTE_MS
from collectors.store.read.reader import Reader
from collectors.store.read.rows import InvocationRow, LogLine
from lambdatui.views import money
from lambdatui.views.columns import extra_columns
from lambdatui.views.invocations import INVOCATION_COLUMNS, InvocationView, invocation_view
from lambdatui.views.logs import kind_of
from lambdatui.views.retained_since import lines_pruned
from lambdatui.views.settings_of_time import SettingsOfTime
from lambdatui.views.traces import Trace, find_trace

if TYPE_CHECKING:
    from pricing.bill import Bill
    from pricing.pricebook import PriceBook

DETAIL_COLUMNS = (*INVOCATION_COLUMNS, *extra_columns(InvocationView, "cost_usd"))


class AmbiguousRequest(LambdatuiError, ValueError):
    """Several request ids begin with the given text; the message lists them."""


@dataclass(frozen=True, slots=True)
class InvocationLine:
    """One log line. ``text`` is what the function wrote: hostile, to be shown through ``plain``."""

    timestamp: int
    text: str
    kind: str
    """``platform`` (START, END, REPORT, INIT_START...), ``error`` or ``log``."""


@dataclass(frozen=True)
class InvocationDetail:
    """``attempts`` holds every stored attempt of the request, oldest first, this one among them.

    ``trace`` is the stack trace or error message found in the lines; ``bill`` the arithmetic behind ``cost_usd``.
    """

    invocation: InvocationView
    lines: tuple[InvocationLine, ...]
    trace: Trace | None
    attempts: tuple[InvocationView, ...]
    bill: "Bill | None"
    lines_pruned: bool = False
    """Whether its lines are older than the log lines that are kept of its function."""


def invocation(
    reader: Reader, key: tuple[int, int, str, int], book: "PriceBook | None" = None
) -> InvocationDetail | None:
    """The invocation of that key, or None where the store no longer holds it."""
    row = reader.invocation(key)
    return None if row is None else detail(reader, row, reader.find_invocations(row.request_id), book)


def find(
    reader: Reader, request_id: str, book: "PriceBook | None" = None, *, of: tuple[int, int] | None = None
) -> InvocationDetail | None:
    """The last attempt of a request, by its id; a failed one also by the first 8 or more characters of it.

    ``of`` is a function's id and the time of a line: with it, the attempt that wrote that line is found instead. Raises
    ``AmbiguousRequest``.
    """
    rows = reader.find_invocations(request_id)
    different = sorted({row.request_id for row in rows})
    if len(different) > 1:
        raise AmbiguousRequest(f"{request_id} begins {len(different)} request ids: {', '.join(different[:5])}")
    begun = [row for row in rows if of is not None and row.function_id == of[0] and row.start_ms <= of[1]]
    return detail(reader, (begun or rows)[-1], rows, book) if rows else None


_STEP_MS, _WIDER, _PAGE = MINUTE_MS, 8, 200


def neighbour(reader: Reader, key: tuple[int, int, str, int], *, back: bool) -> tuple[int, int, str, int] | None:
    """The key of the function's invocation before or after that one, in time; None where there is none."""
    function_id, start_ms, *_ = key
    own = (start_ms, key[2], key[3])
    oldest_ms, newest_ms = reader.oldest_ms(), reader.newest_ms()
    if oldest_ms is None or newest_ms is None:
        return None
    step_ms = _STEP_MS
    while True:
        # The span grows step by step, because the store sorts all rows of a span for one page.
        low = start_ms - step_ms if back else start_ms
        high = start_ms + 1 if back else start_ms + step_ms
        rows = reader.invocations(low, high, [function_id], limit=_PAGE, order="start_ms", ascending=not back)
        others = [
            row for row in rows if ((row.start_ms, row.request_id, row.stream_id) < own) == back and row.key != key
        ]
        if others:
            best = (max if back else min)(others, key=lambda row: (row.start_ms, row.request_id, row.stream_id))
            return best.key
        if low <= oldest_ms if back else high > newest_ms:
            return None
        step_ms *= _WIDER


def detail(
    reader: Reader, row: InvocationRow, attempts: Sequence[InvocationRow], book: "PriceBook | None"
) -> InvocationDetail:
    """A stored invocation with its lines, stack trace, bill and the other ``attempts`` of its request."""
    stored = {stored_function.id: stored_function for stored_function in reader.functions()}
    function = stored.get(row.function_id)
    settings = SettingsOfTime(reader, stored.values(), reader.until_ms or FOREVER_MS)
    prices = money.InvocationPrices(book, settings) if book else None
    raw = reader.lines(row)
    trace = find_trace(raw)
    return InvocationDetail(
        invocation=invocation_view(row, function, prices),
        lines=tuple(_lines(raw, trace)),
        trace=trace,
        attempts=tuple(
            invocation_view(attempt, stored.get(attempt.function_id), prices)
            for attempt in attempts
            if attempt.function_id == row.function_id
        ),
        bill=money.invocation_bill(book, function.function, row, settings) if book and function else None,
        lines_pruned=not raw and lines_pruned(reader, row.function_id, row.start_ms),
    )


def _lines(raw: Sequence[LogLine], trace: Trace | None) -> list[InvocationLine]:
    in_trace = range(trace.first_line, trace.last_line + 1) if trace else range(0)
    return [
        InvocationLine(line.timestamp_ms, line.text, "error" if number in in_trace else kind_of(line.text))
        for number, line in enumerate(raw)
    ]

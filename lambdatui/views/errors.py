"""Errors in groups: what fails, how often, and a request to look at."""

from dataclasses import dataclass

from collectors.store.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import BILLED, View, coverage_of

ERROR_COLUMNS = columns(
    "function", "error_type", "message", "fingerprint", "count", "first_seen", "last_seen", "invocations",
    "sample_request_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ErrorView:
    """One group. ``invocations`` is how often the function was invoked in the range: what ``count`` is out of."""

    function_id: int
    function: str
    error_type: str
    message: str
    fingerprint: str
    count: int
    first_seen: int
    last_seen: int
    invocations: int
    sample_request_id: str | None


def errors(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> View[ErrorView]:
    """The groups of the range, most frequent first."""
    return reader.kept(("errors view", time_range, narrow), lambda: _errors(reader, time_range, narrow))


def _errors(reader: Reader, time_range: TimeRange, narrow: Narrow | None) -> View[ErrorView]:
    stored = reader.functions()
    names = {row.id: row.function.key.name for row in stored}
    ids = narrow.ids(stored) if narrow else None
    span = time_range.from_ms, time_range.to_ms
    totals = [] if ids == [] else reader.usage(*span, ids)
    invoked = {one.function_id: one.invocations for one in totals}
    counted, reports = sum(invoked.values()), sum(one.reports for one in totals)
    rows = [
        ErrorView(
            function_id=group.function_id,
            function=names.get(group.function_id, ""),
            error_type=group.error_type,
            message=group.message,
            fingerprint=group.fingerprint,
            count=group.count,
            first_seen=group.first_ms,
            last_seen=group.last_ms,
            invocations=invoked.get(group.function_id, 0),
            sample_request_id=group.sample_request_id,
        )
        for group in ([] if ids == [] else reader.error_groups(*span, ids))
    ]
    return View(
        ERROR_COLUMNS,
        rows,
        reader.newest_ms(),
        time_range,
        coverage=coverage_of(reports, counted),
        basis=BILLED if reports else None,
    )

"""Errors in groups: what fails, how often, and a request to look at."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated

import msgspec

from collectors.model.account import ErrorPattern
from collectors.model.units import HOUR_MS
from collectors.store.read import account_rows
from collectors.store.read.invocation_counts import counted
from collectors.store.read.reader import Reader
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import BILLED, INSIGHTS, View, as_of_range, coverage_of

if TYPE_CHECKING:
    from collectors.store.read.rows import FunctionRow

PATTERN = "pattern"
"""The error type of what Logs Insights found: what kind of error its lines are is not known."""


class ErrorView(msgspec.Struct, frozen=True, gc=False):
    """One group. ``invocations`` is how often the function was invoked in the range: what ``count`` is out of; counted
    as everywhere, None where nothing tells it.

    ``basis`` is ``billed`` for failed invocations, ``insights`` for lines of one pattern, which Logs Insights counted
    where logs are too much to fetch; several of them can be of one failure.
    """

    function_id: int
    function: Annotated[str, shared.FUNCTION, OnScreen(1, 17), BRIEF]
    error_type: Annotated[str, shared.ERROR_TYPE, OnScreen(2, 19), BRIEF]
    message: Annotated[str, shared.MESSAGE, OnScreen(3, grows=True), BRIEF]
    fingerprint: Annotated[
        str,
        Column(
            "Fingerprint", Kind.TEXT, 16, "What is one error: its text without what differs each time.", tone="quiet"
        ),
    ]
    family: Annotated[
        str,
        Column("Family", Kind.TEXT, 16, "What errors share that differ in one value: a path, a host, a code, a name."),
    ]
    count: Annotated[int, shared.COUNT, OnScreen(0, 6, after=""), BRIEF]
    first_seen: Annotated[int, shared.FIRST_SEEN, OnScreen(6, 12, after="last_seen"), BRIEF]
    last_seen: Annotated[int, shared.LAST_SEEN, OnScreen(4, 12), BRIEF]
    invocations: Annotated[int | None, shared.INVOCATIONS]
    sample_request_id: Annotated[
        str | None, Column("Sample request", Kind.TEXT, 36, "A request that failed so."), BRIEF
    ]
    basis: Annotated[str, shared.BASIS]


ERROR_COLUMNS = columns_of(ErrorView)


@as_of_range
def errors(reader: Reader, time_range: TimeRange, *, scope: Scope | None = None) -> View[ErrorView]:
    """The groups of the range, most frequent first; then the patterns that Logs Insights found in its hours."""
    return reader.cached(("errors view", time_range, scope), lambda: _errors(reader, time_range, scope))


def _errors(reader: Reader, time_range: TimeRange, scope: Scope | None) -> View[ErrorView]:
    stored = reader.functions()
    names = {row.id: row.function.key.name for row in stored}
    ids = scope.ids(stored) if scope else None
    span = time_range.from_ms, time_range.to_ms
    invoked = {each: count[0] for each, count in counted(reader, *span, ids).items()} if ids != [] else {}
    reports = sum(pattern.reports for pattern in reader.usage(*span, ids)) if ids != [] else 0
    rows = [
        ErrorView(
            function_id=group.function_id,
            function=names.get(group.function_id, ""),
            error_type=group.error_type,
            message=group.message,
            fingerprint=group.fingerprint,
            family=group.family or group.fingerprint,
            count=group.count,
            first_seen=group.first_ms,
            last_seen=group.last_ms,
            invocations=invoked.get(group.function_id),
            sample_request_id=group.sample_request_id,
            basis=BILLED,
        )
        for group in ([] if ids == [] else reader.error_groups(*span, ids))
    ]
    hours = pattern_hours(reader, time_range, (scope or Scope()).chosen(stored))
    rows += sorted(
        (
            ErrorView(
                function_id=function_id,
                function=names.get(function_id, ""),
                error_type=PATTERN,
                message=pattern_counts[0].pattern,
                fingerprint=fingerprint,
                family=fingerprint,
                count=sum(pattern.samples for pattern in pattern_counts),
                first_seen=min(pattern.start_ms for pattern in pattern_counts),
                last_seen=max(pattern.start_ms for pattern in pattern_counts),
                invocations=invoked.get(function_id),
                sample_request_id=None,
                basis=INSIGHTS,
            )
            for (function_id, fingerprint), pattern_counts in hours.items()
        ),
        key=lambda row: -row.count,
    )
    return View(
        ERROR_COLUMNS,
        rows,
        reader.as_of_ms(time_range.to_ms),
        time_range,
        coverage=coverage_of(reports, sum(invoked.values())),
        basis=BILLED if reports else None,
    )


def pattern_hours(
    reader: Reader, time_range: TimeRange, functions: "Iterable[FunctionRow]"
) -> dict[tuple[int, str], list[ErrorPattern]]:
    """What Logs Insights found in each hour that the range touches, by function id and pattern."""
    patterns = account_rows.error_patterns(reader, time_range.from_ms // HOUR_MS * HOUR_MS, time_range.to_ms)
    if not patterns:
        return {}
    by_group: dict[tuple[str, str, str], int] = {}
    for row in functions:
        key = row.function.key
        by_group[key.account, key.region, row.function.log_group or f"/aws/lambda/{key.name}"] = row.id
    hours: dict[tuple[int, str], list[ErrorPattern]] = {}
    for pattern in patterns:
        function_id = by_group.get((pattern.account, pattern.region, pattern.log_group))
        if function_id is not None:
            hours.setdefault((function_id, pattern_fingerprint(pattern.pattern)), []).append(pattern)
    return hours


def pattern_fingerprint(pattern: str) -> str:
    """What names a pattern that Logs Insights counted, as a fingerprint names a group of errors."""
    return f"pattern-{blake2b(pattern.encode('utf-8', 'replace'), digest_size=6).hexdigest()}"

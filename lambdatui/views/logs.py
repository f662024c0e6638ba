"""Log lines over a range, searched in the store."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

import msgspec

from collectors.store.read.reader import Reader
from collectors.store.read.rows import LogLine
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import Column, Kind, columns_of
from lambdatui.views.line_conditions import LineQuery
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

_PLATFORM = re.compile(
    r"(?:START|END|REPORT) RequestId: |(?:INIT|RESTORE)_(?:START|REPORT|RUNTIME)|(?:EXTENSION|TELEMETRY)\t"
    r"|XRAY TraceId: |\{\"time\":\"[^\"]{20,35}\",\"type\":\"platform\."
)
_ERROR = re.compile(
    r"\[ERROR\]|\bERROR\b|\bFATAL\b|\bCRITICAL\b|Traceback \(most recent call last\)|Task timed out after"
    r"|\"level\":\s*\"(?:error|fatal|critical)\"|\"errorType\"|Runtime\.(?:ExitError|ImportModuleError)"
    r"|Error: Runtime exited|panic: |Unhandled",
    re.IGNORECASE,
)
_ERROR_WORDS = ("error", "fatal", "critical", "traceback", "timed out", "panic: ", "unhandled")  # one is in each
_KEPT_CHARACTERS = 1 << 18
_LOOKED_AT = 2_000  # characters: a 256 KB line is not searched to its end to give it a colour


class LogView(msgspec.Struct, frozen=True, gc=False):
    """One log line. ``message`` is hostile text: shown only through ``lambdatui.text.plain.plain``."""

    function_id: int
    timestamp: Annotated[int, Column("Time", Kind.TIME, 23, "When the line was written.", tone="quiet")]
    function: Annotated[str, shared.FUNCTION]
    request_id: Annotated[str | None, shared.REQUEST_ID]
    message: Annotated[str, shared.MESSAGE]
    kind: str
    match: bool = True
    """False for a line that only stands near one that was looked for."""


LOG_COLUMNS = columns_of(LogView)


@dataclass(frozen=True)
class LogsView(View[LogView]):
    """``more`` says that lines beyond the limit were left out."""

    more: bool = False


def logs(
    reader: Reader,
    time_range: TimeRange,
    *,
    scope: Scope | None = None,
    function_ids: Sequence[int] | None = None,
    contains: str = "",
    limit: int = 1_000,
    newest_first: bool = False,
) -> LogsView:
    """Lines that hold ``contains`` (case ignored), in order of time; the whole range is searched.

    ``newest_first`` takes the last ``limit`` lines, and gives them newest first. What was found is kept while nothing
    is stored, unless its text is large.
    """
    asked = scope, None if function_ids is None else tuple(function_ids), contains, limit, newest_first
    read: list[LogsView] = []

    def answer() -> LogsView | None:
        read.append(_logs(reader, time_range, *asked))
        return read[0] if sum([len(line.message) for line in read[0].rows]) <= _KEPT_CHARACTERS else None

    kept = reader.cached(("logs", time_range, *asked), answer)
    return read[0] if read else kept or _logs(reader, time_range, *asked)


def _logs(
    reader: Reader,
    time_range: TimeRange,
    scope: Scope | None,
    function_ids: tuple[int, ...] | None,
    contains: str,
    limit: int,
    newest_first: bool,
) -> LogsView:
    one_more = islice(
        lines(reader, time_range, scope=scope, function_ids=function_ids, contains=contains, newest_first=newest_first),
        limit + 1,
    )
    found = list(one_more)
    more = len(found) > limit
    return LogsView(LOG_COLUMNS, found[:limit], reader.as_of_ms(time_range.to_ms), time_range, more=more)


def lines(
    reader: Reader,
    time_range: TimeRange,
    *,
    scope: Scope | None = None,
    function_ids: Sequence[int] | None = None,
    contains: str = "",
    newest_first: bool = False,
    where: LineQuery | None = None,
) -> Iterator[LogView]:
    """The same lines one by one, never all in memory; with ``where`` only those that it matches."""
    stored = reader.functions()
    names = {row.id: row.function.key.name for row in stored}
    ids = list(function_ids) if function_ids is not None else (scope.ids(stored) if scope else None)
    if ids == []:
        return
    needs, test, shape_test = (where.needs, where.in_text, where.in_shape) if where is not None else ((), None, None)
    span = time_range.from_ms, time_range.to_ms
    for line in reader.search(
        *span, ids, contains=contains, newest_first=newest_first, needs=needs, test=test, shape_test=shape_test
    ):
        found = log_view(line, names.get(line.function_id, ""))
        if where is None or test is not None or where.matches(found):
            yield found


def log_view(line: LogLine, function: str) -> LogView:
    """A stored line as a row; ``function`` is the name of the function that wrote it."""
    function_id, timestamp_ms, request_id, text = line
    return LogView(
        function_id=function_id,
        timestamp=timestamp_ms,
        function=function,
        request_id=request_id or None,
        message=text,
        kind=kind_of(text),
    )


def kind_of(text: str) -> str:
    """``platform`` for Lambda's own lines, ``error`` for what reads like a failure, else ``log``."""
    head = text[:_LOOKED_AT]
    if _PLATFORM.match(head):
        return "error" if "Status: timeout" in head or "Status: error" in head else "platform"
    if head.isascii():  # beyond ASCII there are letters whose lower case only a regular expression knows
        lower = head.lower()
        if not [word for word in _ERROR_WORDS if word in lower]:
            return "log"
    return "error" if _ERROR.search(head) else "log"

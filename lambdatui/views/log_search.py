"""The newest log lines of a range that hold a text, and how many were looked through for them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate

from collectors.store.read.line_search import SearchProgress
from collectors.store.read.reader import Reader
from collectors.store.read.series import lines_kept
from lambdatui.views.line_context import with_context
from lambdatui.views.line_query import parse
from lambdatui.views.logs import LOG_COLUMNS, LogView, log_view
from lambdatui.views.retained_since import lines_not_kept
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

SHOWN_LINES = 2_000
_TELL_S = 0.15
_MOST_AROUND = 200  # found lines that others are shown around


@dataclass(frozen=True)
class LogSearch(View[LogView]):
    """``rows`` oldest first. ``searched`` of ``stored`` lines were looked at; all of them where not ``more``."""

    searched: int = 0
    stored: int = 0
    more: bool = False
    breaks: frozenset[int] = frozenset()
    """Of lines around those found: where in ``rows`` another group begins."""
    not_kept: str = ""
    """Where the range begins before log lines are kept: which are not."""


def log_search(
    reader: Reader,
    time_range: TimeRange,
    *,
    scope: Scope | None = None,
    function_id: int | None = None,
    where: str = "",
    limit: int = SHOWN_LINES,
    around: int = 0,
    so_far: Callable[[LogSearch], bool] | None = None,
) -> LogSearch:
    """The newest ``limit`` lines that match ``where`` (``views.line_query``); raises ``QueryError``.

    ``around`` puts as many lines of its function before and after each; of the newest found fewer then.
    ``so_far`` is given what was found while the search goes on, some times a second; its False ends the search.
    """
    query = parse(where)
    test = query.in_text
    if around:
        limit = min(limit, _MOST_AROUND)
    stored = reader.functions()
    names = {row.id: row.function.key.name for row in stored}
    ids = [function_id] if function_id is not None else (scope.ids(stored) if scope else None)
    matches: list[LogView] = []
    looked, more = SearchProgress(), False
    span = time_range.from_ms, time_range.to_ms
    as_of = reader.as_of_ms(time_range.to_ms)
    not_kept = lines_not_kept(reader, time_range, ids)

    def answer(*, more: bool) -> LogSearch:
        searched = looked.lines
        stored = max(searched, lines_kept(reader, *span, ids)) if more else searched
        return LogSearch(
            *(LOG_COLUMNS, matches[::-1], as_of, time_range),
            searched=searched, stored=stored, more=more, not_kept=not_kept,
        )  # fmt: skip

    told_s = time.monotonic()

    def go_on() -> bool:
        nonlocal told_s
        if so_far is None or (now := time.monotonic()) - told_s < _TELL_S:
            return True
        told_s = now
        return so_far(answer(more=True))

    looked.go_on = go_on
    lines = reader.search(
        *span, ids, newest_first=True, looked=looked, needs=query.needs, test=test, shape_test=query.in_shape
    )
    for line in lines if ids != [] else ():
        if len(matches) == limit:
            more = True
            break
        view = log_view(line, names.get(line.function_id, ""))
        if test is not None or query.matches(view):
            matches.append(view)
    whole = answer(more=more)
    if not around or not query:
        return whole
    groups = with_context(reader, time_range, whole.rows, around)
    begins = list(accumulate(map(len, groups), initial=0))[1:-1]
    return replace(whole, rows=[line for group in groups for line in group], breaks=frozenset(begins))

"""The newest log lines of a range that hold a text, and how many were looked through for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from collectors.store.by_step import lines_kept
from collectors.store.line_search import Looked
from collectors.store.reader import Reader
from lambdatui.views.logs import LOG_COLUMNS, LogView, log_view
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

SHOWN_LINES = 2_000


@dataclass(frozen=True)
class LogSearch(View[LogView]):
    """``rows`` oldest first. ``searched`` of ``kept`` lines were looked at; all of them where not ``more``."""

    searched: int = 0
    kept: int = 0
    more: bool = False


def log_search(
    reader: Reader,
    time_range: TimeRange,
    *,
    narrow: Narrow | None = None,
    function_id: int | None = None,
    contains: Sequence[str] = (),
    limit: int = SHOWN_LINES,
) -> LogSearch:
    """The newest ``limit`` lines that hold every word of ``contains``, case ignored; a leading ``!`` inverts."""
    stored = reader.functions()
    names = {row.id: row.function.key.name for row in stored}
    ids = [function_id] if function_id is not None else (narrow.ids(stored) if narrow else None)
    wanted = [word.lower() for word in contains if word and not (word.startswith("!") and len(word) > 1)]
    unwanted = [word[1:].lower() for word in contains if word.startswith("!") and len(word) > 1]
    found: list[LogView] = []
    looked, more = Looked(), False
    span = time_range.from_ms, time_range.to_ms
    longest = max(wanted, key=len, default="")  # for this the store looks through whole chunks at once
    for line in () if ids == [] else reader.search(*span, ids, contains=longest, newest_first=True, looked=looked):
        if len(found) == limit:
            more = True
            break
        text = line.text.lower() if contains else ""
        if all(word in text for word in wanted) and not any(word in text for word in unwanted):
            found.append(log_view(line, names.get(line.function_id, "")))
    searched = looked.lines
    kept = max(searched, lines_kept(reader, *span, ids)) if more else searched
    found.reverse()
    return LogSearch(
        LOG_COLUMNS, found, reader.as_of_ms(time_range.to_ms), time_range, searched=searched, kept=kept, more=more
    )

"""The lines around each match: of the same function, in order of time, as ``grep -C`` does."""

from collections.abc import Iterator, Sequence
from itertools import islice

from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.store.read.reader import Reader
from collectors.store.read.rows import LogLine
from lambdatui.views.logs import LogView, log_view
from lambdatui.views.time_range import TimeRange

_NEAR_MS = (MINUTE_MS, HOUR_MS)  # looked through first; then all of the range

Key = tuple[int, str | None, str]


def with_context(reader: Reader, time_range: TimeRange, matches: Sequence[LogView], count: int) -> list[list[LogView]]:
    """Groups of lines: each match with ``count`` lines of its function before and after it, the oldest match first.

    Groups of one function that touch are joined. The lines in a group that matched have ``match`` set.
    """
    by_function: dict[int, list[LogView]] = {}
    for line in matches:
        by_function.setdefault(line.function_id, []).append(line)
    groups = [group for lines in by_function.values() for group in _groups(reader, time_range, lines, count)]
    return sorted(groups, key=lambda group: next(line.timestamp for line in group if line.match))


def _groups(reader: Reader, time_range: TimeRange, found: list[LogView], count: int) -> list[list[LogView]]:
    left = sorted(found, key=lambda line: line.timestamp)
    wanted: dict[Key, int] = {}
    for line in left:
        wanted[_key(line)] = wanted.get(_key(line), 0) + 1
    groups: list[list[LogView]] = []
    for line in left:
        if wanted[_key(line)] <= 0:
            continue  # it stands in the group before
        group = _before(reader, time_range, line, count)
        known = {_key(nearby) for nearby in groups[-1]} if groups else set()
        fresh = [nearby for nearby in group if _key(nearby) not in known]
        joins = len(fresh) < len(group) or (not group and bool(groups))
        group = [_near(nearby) for nearby in fresh]
        after = 0
        for near in _from(reader, time_range, line):
            matched = wanted.get(_key(near), 0) > 0
            if matched:
                wanted[_key(near)] -= 1
                after = 0
            elif after == count:
                break
            else:
                after += 1
            group.append(near if matched else _near(near))
        if joins and groups:
            groups[-1] += group
        else:
            groups.append(group)
    return groups


def _near(line: LogView) -> LogView:
    """The line, marked as one that is only context."""
    return LogView(
        line.function_id, line.timestamp, line.function, line.request_id, line.message, line.kind, match=False
    )


def _key(line: LogView) -> Key:
    return line.timestamp, line.request_id, line.message


def _before(reader: Reader, time_range: TimeRange, line: LogView, count: int) -> list[LogView]:
    """The lines before a line, oldest first."""
    for near_ms in (*_NEAR_MS, None):
        from_ms = time_range.from_ms if near_ms is None else max(time_range.from_ms, line.timestamp - near_ms)
        older = _past(reader.search(from_ms, line.timestamp + 1, [line.function_id], newest_first=True), line)
        newest_first = list(islice(older, count))
        if len(newest_first) == count or from_ms == time_range.from_ms:
            break
    return [log_view(stored_line, line.function) for stored_line in reversed(newest_first)]


def _past(lines: Iterator[LogLine], line: LogView) -> Iterator[LogLine]:
    for one in lines:
        if (one.timestamp_ms, one.request_id or None, one.text) == _key(line):
            break
    return lines


def _from(reader: Reader, time_range: TimeRange, line: LogView) -> Iterator[LogView]:
    """The line, and all lines of its function after it."""
    begun = False
    for stored_line in reader.search(line.timestamp, time_range.to_ms, [line.function_id]):
        begun = begun or (stored_line.timestamp_ms, stored_line.request_id or None, stored_line.text) == _key(line)
        if begun:
            yield log_view(stored_line, line.function)

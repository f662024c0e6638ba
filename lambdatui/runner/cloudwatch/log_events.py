"""CloudWatch Logs' FilterLogEvents and GetLogEvents.

A page has at most 1 MB or 10,000 events, and a search looks through 100,000 events before it hands over what it has,
with a token to go on: so no answer takes longer than a moment, however large the log is. An event's time of ingestion
is not in the log; it is written within about 20 ms, and its own time stands for that.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from typing import Any

from collectors.model.units import MIB_BYTES
from lambdatui.runner.cloudwatch.filter_patterns import Matches, matching
from lambdatui.runner.cloudwatch.log_groups import missing, named_group
from lambdatui.runner.cloudwatch.operations import Answer, Question, bad_parameter, operation
from lambdatui.runner.log.reader import EventSpan, LogEntry, Position, StreamChoice

PAGE_BYTES = MIB_BYTES
PAGE_EVENTS = 10_000
_SEARCHED_EVENTS = 100_000
_OVERHEAD_BYTES = 26  # of an event (CloudWatch Logs quotas)
_ALWAYS_MS = 1 << 53
_TOKEN = re.compile(r"([fb])/(\d{14})(\d{42})/s")


@operation("logs", "FilterLogEvents")
def filter_log_events(asked: Question) -> Answer:
    """CloudWatch Logs API Reference, "FilterLogEvents". ``interleaved`` and ``unmask`` change nothing."""
    group = named_group(asked)
    names, prefix = asked.texts("logStreamNames"), asked.text("logStreamNamePrefix")
    if names and prefix:
        raise bad_parameter("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.")
    known = asked.log.streams(group)
    if any(name not in known for name in names):
        raise missing("log stream")
    first_ms, last_ms = asked.integer("startTime", 0), asked.integer("endTime", _ALWAYS_MS)
    if first_ms > last_ms:
        raise bad_parameter("End time should not be earlier than start time.")
    pattern = asked.text("filterPattern")
    span = EventSpan(group, first_ms, last_ms, StreamChoice(frozenset(names) if names else None, prefix))
    about = zlib.crc32(repr((group, sorted(names), prefix, pattern)).encode())
    newest_first, after = asked.flag("startFromHead") is False, None
    if token := asked.text("nextToken"):
        newest_first, after = _search_position(token, about)
    limit = asked.integer("limit", PAGE_EVENTS, 1, PAGE_EVENTS)
    events, reached = _page(asked.log.events(span, after, newest_first=newest_first), limit, matching(pattern))
    answer: Answer = {"events": [_found_event(event) for event in events], "searchedLogStreams": []}
    if reached is not None:
        answer["nextToken"] = _search_token(reached, about, newest_first)
    return answer


@operation("logs", "GetLogEvents")
def get_log_events(asked: Question) -> Answer:
    """CloudWatch Logs API Reference, "GetLogEvents"; its ``endTime`` is not included."""
    group, stream = named_group(asked), asked.text("logStreamName")
    if stream not in asked.log.streams(group):
        raise missing("log stream")
    first_ms, last_ms = asked.integer("startTime", 0), asked.integer("endTime", _ALWAYS_MS) - 1
    span = EventSpan(group, first_ms, last_ms, StreamChoice(frozenset((stream,))))
    newest_first, after = not asked.flag("startFromHead"), None
    if token := asked.text("nextToken"):
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise bad_parameter("The specified nextToken is invalid.")
        newest_first, after = match[1] == "b", (int(match[2]), int(match[3]))
    limit = asked.integer("limit", PAGE_EVENTS, 1, PAGE_EVENTS)
    events, _ = _page(asked.log.events(span, after, newest_first=newest_first), limit, None)
    if newest_first:
        events.reverse()
    # Where nothing is left in a direction its token is the one that was given: so a client knows the end.
    first, last = (events[0].position, events[-1].position) if events else _bounds(after, newest_first, span)
    return {
        "events": [_event(event) for event in events],
        "nextForwardToken": _stream_token("f", last),
        "nextBackwardToken": _stream_token("b", first),
    }


def _bounds(after: Position | None, newest_first: bool, span: EventSpan) -> tuple[Position, Position]:
    """The positions of tokens where no event was read: what comes later in the span is read by the forward one."""
    if after is not None:
        return after, after
    position = (max(0, span.first_ms), 0)
    return position, position


def _page(events: Iterator[LogEntry], limit: int, matches: Matches | None) -> tuple[list[LogEntry], Position | None]:
    """The events of one page, and the position after which the next one begins; None where there is nothing left."""
    chosen: list[LogEntry] = []
    size = 0
    last: Position | None = None
    for searched, event in enumerate(events):
        if searched >= _SEARCHED_EVENTS or len(chosen) >= limit:
            return chosen, last
        if matches is None or matches(event.message):
            size += len(event.message.encode("utf-8", "surrogatepass")) + _OVERHEAD_BYTES
            if size > PAGE_BYTES and chosen:
                return chosen, last
            chosen.append(event)
        last = event.position
    return chosen, None


def _event(event: LogEntry) -> dict[str, Any]:
    return {"timestamp": event.timestamp_ms, "message": event.message, "ingestionTime": event.timestamp_ms}


def _found_event(event: LogEntry) -> dict[str, Any]:
    return {"logStreamName": event.stream, **_event(event), "eventId": event.event_id}


# --- tokens


def _stream_token(direction: str, position: Position) -> str:
    return f"{direction}/{position[0]:014d}{position[1]:042d}/s"


def _search_token(position: Position, about: int, newest_first: bool) -> str:
    text = f"{'b' if newest_first else 'f'}:{position[0]}:{position[1]}:{about}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _search_position(token: str, about: int) -> tuple[bool, Position]:
    """Whether the newest come first, and the position of the last event before; ``about`` is of the same request."""
    try:
        direction, timestamp_ms, row_id, checked = base64.urlsafe_b64decode(token.encode()).decode().split(":")
        if int(checked) == about and direction in "bf":
            return direction == "b", (int(timestamp_ms), int(row_id))
    except (ValueError, binascii.Error):
        pass
    raise bad_parameter("The specified nextToken is invalid.")

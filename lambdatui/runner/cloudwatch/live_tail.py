"""CloudWatch Logs' StartLiveTail: what is written from now on, in an update each second, until the client hangs up."""

import asyncio
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectors.model.units import HOUR_S
from lambdatui.runner.cloudwatch import event_stream
from lambdatui.runner.cloudwatch.filter_patterns import matching
from lambdatui.runner.cloudwatch.log_groups import missing, name_in
from lambdatui.runner.cloudwatch.operations import Question, bad_parameter
from lambdatui.runner.functions import ACCOUNT
from lambdatui.runner.http.server import Request
from lambdatui.runner.log.reader import LogReader, StreamChoice
from lambdatui.runner.service import Runner

EVERY_S = 1.0
SESSION_S = 3.0 * HOUR_S
MOST_EVENTS = 500
"""Of an update; of more, the newest are given and the update says that it is a sample."""
_MOST_GROUPS = 10


@dataclass(slots=True)
class TailSession:
    """A live tail: what it is asked for, and up to which event it has been."""

    groups: frozenset[str]
    streams: tuple[StreamChoice, ...]
    pattern: str
    last_id: int
    start: dict[str, Any]

    def update(self, reader: LogReader) -> dict[str, Any]:
        """The next ``sessionUpdate``: the events since the last one. Raises sqlite3.Error."""
        matches = matching(self.pattern)
        results: list[dict[str, Any]] = []
        count = 0
        with reader.opened() as log:
            for row_id, timestamp_ms, group, stream, message in log.since(self.last_id):
                self.last_id = row_id
                if group not in self.groups or (self.streams and not any(stream in each for each in self.streams)):
                    continue
                if matches is not None and not matches(message):
                    continue
                count += 1
                results.append(
                    {
                        "logStreamName": stream,
                        "logGroupIdentifier": f"{ACCOUNT}:{group}",
                        "message": message,
                        "timestamp": timestamp_ms,
                        "ingestionTime": timestamp_ms,
                    }
                )
                if len(results) >= 2 * MOST_EVENTS:
                    del results[:MOST_EVENTS]
        return {"sessionMetadata": {"sampled": count > MOST_EVENTS}, "sessionResults": results[-MOST_EVENTS:]}


def session_of(asked: Question) -> TailSession:
    """The session that a request asks for. Raises ApiError."""
    identifiers = asked.texts("logGroupIdentifiers")
    if not 1 <= len(identifiers) <= _MOST_GROUPS:
        raise bad_parameter(f"Give 1 to {_MOST_GROUPS} logGroupIdentifiers.")
    groups = [name_in(identifier) for identifier in identifiers]
    if any(not asked.log.streams(group) for group in groups):
        raise missing("log group")
    names, prefixes = asked.texts("logStreamNames"), asked.texts("logStreamNamePrefixes")
    if names and prefixes:
        raise bad_parameter("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
    if (names or prefixes) and len(groups) > 1:
        raise bad_parameter("Log streams can be chosen of one log group only.")
    pattern = asked.text("logEventFilterPattern")
    matching(pattern)
    streams = (StreamChoice(frozenset(names)),) if names else tuple(StreamChoice(None, prefix) for prefix in prefixes)
    start = {
        "requestId": str(uuid.uuid4()),
        "sessionId": str(uuid.uuid4()),
        "logGroupIdentifiers": identifiers,
        "logStreamNames": names,
        "logStreamNamePrefixes": prefixes,
        "logEventFilterPattern": pattern,
    }
    return TailSession(frozenset(groups), streams, pattern, asked.log.last_id, start)


async def stream(
    runner: Runner, reader: LogReader, request: Request, session: TailSession, headers: Mapping[str, str]
) -> None:
    """Answer ``request`` by a stream of events, for three hours at most."""
    request.start(200, {**headers, "Content-Type": event_stream.CONTENT_TYPE})
    request.write(event_stream.event("initial-response", {}))
    request.write(event_stream.event("sessionStart", session.start))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while not request.gone and loop.time() - begun < SESSION_S:
        if not request.behind:  # what a slow client did not take yet is in the next update
            try:
                update = await runner.in_thread(session.update, reader)
            except sqlite3.Error as error:
                _end(request, "SessionStreamingException", f"the runner's log cannot be read: {error}")
                return
            request.write(event_stream.event("sessionUpdate", update))
        await asyncio.sleep(EVERY_S)
    _end(request, "SessionTimeoutException", "the session has lasted three hours")


def _end(request: Request, code: str, message: str) -> None:
    if not request.gone:
        request.write(event_stream.exception(code, message))
        request.end()

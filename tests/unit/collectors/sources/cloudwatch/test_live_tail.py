"""A live tail's stream from a server, frame by frame: one that is not whole ends the session, in words, not the tail."""

import itertools
import json
import struct
import zlib
from typing import Any

import pytest

from collectors.sources.cloudwatch import live_tail
from collectors.sources.cloudwatch.calls import Calls
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.session import ReadOnlySession
from tests.support.aws import ACCOUNT, REGION, no_pause
from tests.support.misbehaving_server import Answer, Asked, misbehaving

pytestmark = pytest.mark.usefixtures("aws_isolated")

T0 = 1_735_700_000_000


def frame(kind: str, payload: Any) -> bytes:
    """One event as application/vnd.amazon.eventstream has it: lengths, headers, payload, and two checksums."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = b""
    for name, value in ((":message-type", "event"), (":event-type", kind), (":content-type", "application/json")):
        headers += struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    whole = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + body
    return whole + struct.pack("!I", zlib.crc32(whole))


def line(message: Any, at_ms: Any = T0) -> dict[str, Any]:
    group = f"{ACCOUNT}:/aws/lambda/fn"
    return {"timestamp": at_ms, "message": message, "logStreamName": "s", "logGroupIdentifier": group}


def update(*lines: Any) -> bytes:
    return frame("sessionUpdate", {"sessionMetadata": {"sampled": False}, "sessionResults": list(lines)})


BEGUN = frame("initial-response", {}) + frame("sessionStart", {"requestId": "r"})


def tailed(stream: bytes, count: int) -> list[live_tail.Tailed]:
    """What a tail of such a stream gives first; polling finds one line more."""

    def answering(asked: Asked) -> Any:
        if asked.operation == "StartLiveTail":
            return Answer(stream, headers={"Content-Type": "application/vnd.amazon.eventstream"})
        event = {"timestamp": T0 + 1, "message": "polled", "logStreamName": "s", "eventId": "1"}
        return {"events": [event]}

    with misbehaving(answering) as server:
        client = ReadOnlySession(region=REGION, endpoint_url=server.url).client("logs")
        tail = live_tail.tail(
            client, [LogGroup("/aws/lambda/fn", ("fn",))], Calls(), account=ACCOUNT, region=REGION,
            pause=no_pause, now_ms=lambda: T0,
        )  # fmt: skip
        return list(itertools.islice(tail, count))


@pytest.mark.parametrize(
    "broken",
    [
        update(line("second"))[:-1] + b"\0",
        b"\0" * 16,
        update(line("second"))[:-20],
        b"<html>a proxy</html>",
        frame("sessionUpdate", b"no JSON")[:-4] + b"\1\2\3\4",
        frame("sessionUpdate", []),
    ],
    ids=["checksum", "zeros", "cut", "HTML", "no JSON and checksum", "a list"],
)
def test_a_frame_that_is_not_whole_ends_the_session_and_polling_takes_over(broken: bytes) -> None:
    begun, first, polled = tailed(BEGUN + update(line("first")) + broken, 3)
    assert begun.events == []
    assert [event.message for event in first.events] == ["first"]
    assert polled.way == live_tail.POLLING
    assert [event.message for event in polled.events] == ["polled"]
    assert "Asking every 2 s instead" in polled.note


def test_lines_that_are_none_are_counted_and_the_others_shown() -> None:
    odd = [None, 7, line(None), line("x", "soon"), line("y", 10**30), line("fine"), {"message": "no time"}]
    _, first = tailed(BEGUN + update(*odd), 2)
    assert [event.message for event in first.events] == ["fine"]
    assert "cannot be read" in first.note


def test_updates_that_are_none_are_as_nothing() -> None:
    frames = [frame("sessionUpdate", each) for each in ({}, {"sessionResults": "x"}, {"sessionResults": None})]
    found = tailed(BEGUN + b"".join(frames) + update(line("fine")), 5)
    assert [event.message for each in found for event in each.events] == ["fine"]

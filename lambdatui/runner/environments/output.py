"""A function's output, cut into log events.

One pipe carries plain text, where every line is an event, and the frames of ``_LAMBDA_TELEMETRY_LOG_FD``, where a frame
is an event of many lines: a single pipe keeps the order in which a function printed and logged. A frame is 4 bytes of
type (0xa55a and two bytes of level), 4 bytes of length, 8 bytes of epoch microseconds, then the message, all
big-endian. 0xa5 cannot start a UTF-8 character, so text is not taken for a frame.
"""

import struct

from collectors.model.units import MIB_BYTES, MINUTE_MS

# CloudWatch Logs quotas: a log event is at most 1 MB, 26 bytes of it overhead.
EVENT_BYTES = MIB_BYTES - 26
_MAGIC = b"\xa5\x5a"
_HEADER = struct.Struct(">HHIQ")


class Output:
    """Cuts a pipe's bytes into events; an unfinished event waits for the next ``feed``."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, now_ms: int) -> list[tuple[int, str]]:
        """``(timestamp_ms, message)`` of each event that ``data`` completes, oldest first."""
        written = self._rest + data
        events: list[tuple[int, str]] = []
        start, frame = 0, written.find(_MAGIC)
        while start < len(written):
            if -1 < frame < start:
                frame = written.find(_MAGIC, start)
            if frame == start:
                end, event = _frame(written, start, now_ms)
            else:
                end = _line_end(written, start, frame if frame >= 0 else len(written), frame >= 0)
                event = _text(written[start:end], now_ms)
            if end == start:
                break
            if event is not None:
                events.append(event)
            start = end
        self._rest = written[start:]
        return events

    def flush(self, now_ms: int) -> list[tuple[int, str]]:
        """The last, unfinished line as an event, when there is one."""
        rest, self._rest = self._rest, b""
        event = _text(rest, now_ms)
        return [] if event is None else [event]


def _line_end(written: bytes, start: int, limit: int, limit_ends_it: bool) -> int:
    """Where the line that begins at ``start`` ends; ``start`` when its end has not come yet."""
    line_feed = written.find(b"\n", start, min(limit, start + EVENT_BYTES))
    if line_feed >= 0:
        return line_feed + 1
    if limit - start >= EVENT_BYTES:
        return start + EVENT_BYTES
    return limit if limit_ends_it else start


def _text(text: bytes, time_ms: int) -> tuple[int, str] | None:
    return (time_ms, text.decode("utf-8", "replace")) if text not in (b"", b"\n") else None


def _frame(written: bytes, start: int, now_ms: int) -> tuple[int, tuple[int, str] | None]:
    """The end of the frame that begins at ``start``, and its event; ``start`` when the frame is incomplete."""
    message = start + _HEADER.size
    if len(written) < message:
        return start, None
    _, _, size, time_us = _HEADER.unpack_from(written, start)
    if size > EVENT_BYTES:
        # Bytes that only look like a frame, or a message too long for any log: they are plain text.
        return start + len(_MAGIC), _text(written[start : start + len(_MAGIC)], now_ms)
    end = message + size
    if len(written) < end:
        return start, None
    time_ms = time_us // 1000
    # A function sets the time in a frame; a time far from ours could put the event into another day.
    return end, _text(written[message:end], time_ms if abs(time_ms - now_ms) < MINUTE_MS else now_ms)

"""What a function writes, cut into log events.

One pipe carries both plain text, where every line is an event, and the frames of ``_LAMBDA_TELEMETRY_LOG_FD``, where
a frame is an event of many lines: a single pipe keeps the order in which a function printed and logged. A frame is
4 bytes of type (0xa55a and two bytes of level), 4 bytes of length, 8 bytes of epoch microseconds, then the message,
all big-endian. 0xa5 cannot start a UTF-8 character, so text is not taken for a frame.
"""

import struct

# CloudWatch Logs quotas: a log event is at most 1 MB, 26 bytes of it overhead.
EVENT_BYTES = 1_048_576 - 26
_MAGIC = b"\xa5\x5a"
_HEADER = struct.Struct(">HHIQ")


class Output:
    """The unfinished end of the pipe; ``feed`` gives the events that became whole."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, now_ms: int) -> list[tuple[int, str]]:
        """``(timestamp_ms, message)`` of each event that ``data`` completes, oldest first."""
        events: list[tuple[int, str]] = []
        self._rest += data
        while self._rest:
            at = self._rest.find(_MAGIC, 0, EVENT_BYTES)
            line_end = self._rest.find(b"\n", 0, at if at >= 0 else EVENT_BYTES)
            if line_end >= 0:
                self._take(line_end + 1, now_ms, events)
            elif at > 0:
                self._take(at, now_ms, events)
            elif at == 0:
                if not self._take_frame(now_ms, events):
                    break
            elif len(self._rest) >= EVENT_BYTES:
                self._take(EVENT_BYTES, now_ms, events)
            else:
                break
        return events

    def flush(self, now_ms: int) -> list[tuple[int, str]]:
        """The last, unfinished line as an event, when there is one."""
        events: list[tuple[int, str]] = []
        if self._rest:
            self._take(len(self._rest), now_ms, events)
        return events

    def _take(self, size: int, now_ms: int, events: list[tuple[int, str]]) -> None:
        text, self._rest = self._rest[:size], self._rest[size:]
        if text != b"\n":
            events.append((now_ms, text.decode("utf-8", "replace")))

    def _take_frame(self, now_ms: int, events: list[tuple[int, str]]) -> bool:
        if len(self._rest) < _HEADER.size:
            return False
        _, _, size, time_us = _HEADER.unpack_from(self._rest)
        if size > EVENT_BYTES:
            # Bytes that only look like a frame, or a message that no log would keep: plain bytes.
            self._take(len(_MAGIC), now_ms, events)
            return True
        whole = _HEADER.size + size
        if len(self._rest) < whole:
            return False
        message, self._rest = self._rest[_HEADER.size : whole], self._rest[whole:]
        # A function sets its own clock in the frame; one far from ours would put the event in another day.
        time_ms = time_us // 1000
        events.append((time_ms if abs(time_ms - now_ms) < 60_000 else now_ms, message.decode("utf-8", "replace")))
        return True

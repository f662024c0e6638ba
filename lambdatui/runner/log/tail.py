"""The end of an invocation's log, which a caller gets who asks for it (API reference, "Invoke", LogResult)."""

from collections import deque

TAIL_BYTES = 4096
_MOST_EVENTS = 2000


def new_tail() -> deque[str]:
    """Collects an invocation's log events: as many as could be in its tail."""
    return deque(maxlen=_MOST_EVENTS)


def tail_bytes(events: deque[str]) -> bytes:
    """The last ``TAIL_BYTES`` of the events, where each begins a line of its own.

    The first line is whole, unless it is longer than all of the tail.
    """
    text = "".join(event if event.endswith("\n") else event + "\n" for event in events).encode()
    start = len(text) - TAIL_BYTES
    if start <= 0:
        return text
    line_start, line_end = text.rfind(b"\n", 0, start) + 1, text.find(b"\n", start) + 1
    if line_start < start and line_end - line_start <= TAIL_BYTES:
        return text[line_end:]
    return text[start:].decode("utf-8", "ignore").encode()  # the cut may be inside a character

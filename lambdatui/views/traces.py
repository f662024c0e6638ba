"""Finding the stack trace among an invocation's lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from collectors.store.read.rows import LogLine

# What begins a failure's text, strongest first: a line that holds a whole trace beats one that only names an error.
_BEGINS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\[ERROR\] [\w.]+(?:Error|Exception|Exit|Interrupt)?:|Traceback \(most recent call last\)|\"stackTrace\"",
        r"\tERROR\t(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)|\"errorType\"",
        r"^\S*(?:Exception|Error)\b.*: .*\n\s+at |^panic: |^fatal error: |thread '.*' panicked at",
        r"Task timed out after [\d.]+ seconds|Runtime exited|Runtime\.\w+Error|RequestId: \S+ Error: ",
        r"\bERROR\b|\bFATAL\b",
    )
)
# A frame, or a cause, that belongs to the trace before it (Java and Go write one event a line).
_CONTINUES = re.compile(r"\s+at \S|\s+File \"|Caused by: |\s+\.\.\. \d+ more|goroutine \d+ |\t\S+\.go:\d+|\s+\S")


@dataclass(frozen=True, slots=True)
class Trace:
    """``text`` is hostile, as logged. ``first_line`` and ``last_line`` index the invocation's lines."""

    first_line: int
    last_line: int
    text: str


def find_trace(lines: Sequence[LogLine]) -> Trace | None:
    """The first of the strongest signs of failure, with the lines that continue it; None where nothing failed."""
    for pattern in _BEGINS:
        for number, line in enumerate(lines):
            if pattern.search(line.text[:20_000]):
                return _from(lines, number)
    return None


def _from(lines: Sequence[LogLine], first: int) -> Trace:
    last = first
    while last + 1 < len(lines) and _CONTINUES.match(lines[last + 1].text):
        last += 1
    return Trace(first, last, "\n".join(line.text.rstrip("\r\n") for line in lines[first : last + 1]))

"""``serverless logs`` since version 3: START and END have no request id, and END has the figures of Lambda's REPORT.

The ids are made here from what the invocation printed, so that the same text, imported again, is the same invocation.
They begin with ``sls-``, because they are not Lambda's. Its times are those of the machine that ran it and have no
zone: they are read as UTC, like all times without one.
"""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Protocol

from collectors.model.records import LogEvent
from collectors.parsing.platform_text import without_escapes

MOST_LINES = 5_000  # of an invocation that wait for its END
_TIMED = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\t")
_END = re.compile(r"END (Duration: [\d.]+ ms\s+Billed Duration: .*)\Z", re.DOTALL)
# Since 3.3 without what was billed and configured (lib/plugins/aws/utils/format-lambda-log-event.js).
_SHORT_END = re.compile(r"END (Duration: [\d.]+ ms)(?: \(init: ([\d.]+ ms)\))? (Memory Used: \d+ MB)\Z")


class Lines(Protocol):
    """What reads lines that were pasted."""

    def add(self, line: str) -> Iterator[LogEvent]:
        """The events that are whole now that this line has come."""

    def flush(self) -> Iterator[LogEvent]:
        """The events that waited for more lines."""


def is_serverless(head: list[str]) -> bool:
    """Whether an END has the figures of a REPORT, which no other tool writes."""
    return any(_figures(line.strip()) for line in head)


def _figures(line: str) -> str:
    """The fields of the REPORT that an END stands for; empty where it is none."""
    if (ended := _END.match(line)) is not None:
        return ended.group(1)
    if (ended := _SHORT_END.match(line)) is None:
        return ""
    duration, init, used = ended.groups()
    return f"{duration}\tMax {used}" + (f"\tInit Duration: {init}" if init else "")


class ServerlessLines:
    """Passes the lines to ``pasted`` as Lambda would have written them, an invocation at a time."""

    def __init__(self, pasted: Lines) -> None:
        self._pasted = pasted
        self._open: list[str] | None = None
        self._texts: Counter[str] = Counter()

    def add(self, line: str) -> Iterator[LogEvent]:
        """The events that this line completes."""
        clean = without_escapes(line).strip()
        figures = _figures(clean)
        if clean == "START":
            yield from self._leave(None)
            self._open = []
        elif figures:
            yield from self._leave(figures)
        elif self._open is None:
            yield from self._pasted.add(line)
        else:
            self._open.append(line)
            if len(self._open) >= MOST_LINES:
                yield from self._leave(None)

    def _leave(self, figures: str | None) -> Iterator[LogEvent]:
        lines, self._open = self._open, None
        if lines is None and figures is None:
            return
        text = "\n".join((*(lines or ()), figures or ""))
        self._texts[text] += 1
        request_id = f"sls-{sha256(f'{self._texts[text]} {text}'.encode()).hexdigest()[:12]}"
        if lines is not None:
            yield from self._pasted.add(f"START RequestId: {request_id} Version: $LATEST")
            for line in lines:
                yield from self._pasted.add(_TIMED.sub(rf"\1T\2Z\t{request_id}\t", line, count=1))
        if figures is not None:
            yield from self._pasted.add(f"END RequestId: {request_id}")
            yield from self._pasted.add(f"REPORT RequestId: {request_id}\t{figures}")

    def flush(self) -> Iterator[LogEvent]:
        """What the end of the text completes."""
        yield from self._leave(None)
        yield from self._pasted.flush()

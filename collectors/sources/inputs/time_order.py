"""Putting the oldest event first in exports that begin with their newest, as queries and search pages do."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from collectors.model.event_columns import EventColumns
from collectors.model.records import LogEvent

MOST_TURNED = 200_000
"""How many events are held to be put in order; of a longer file, such pieces follow each other as they stand."""

_LOOKED_AT = 1_000
_PLATFORM = re.compile(r"\b(?:START|END|REPORT)(?= RequestId: )|platform\.(?:start|end|report|runtimeDone)\b")


def oldest_first(blocks: Iterator[Sequence[LogEvent]]) -> Iterator[Sequence[LogEvent]]:
    """The blocks with the oldest event first: a file that begins with its newest event is reversed.

    Most lines name no invocation. Which one they belong to follows from the lines before them, so the order matters.
    """
    for block in blocks:
        if not block:
            yield block
            continue
        if not goes_back(block):
            yield block
            yield from blocks
            return
        held = list(block)
        for more in blocks:
            held.extend(more)
            if len(held) >= MOST_TURNED:
                held.reverse()
                yield held
                held = []
        held.reverse()
        yield held


def goes_back(block: Sequence[LogEvent]) -> bool:
    """Whether the times of a file's first events fall, and an END or a REPORT stands before any START."""
    if isinstance(block, EventColumns):
        times = block.timestamp_ms[:_LOOKED_AT]
    else:
        times = np.array([event.timestamp_ms for event in block[:_LOOKED_AT]], np.int64)
    steps = np.diff(times)
    falling = int((steps < 0).sum())
    if falling < 2 or falling <= 3 * int((steps > 0).sum()):
        return False
    told = next((found for event in block[:_LOOKED_AT] if (found := _PLATFORM.search(event.message)) is not None), None)
    return told is not None and told.group() not in ("START", "platform.start")

"""What all screens of one run share: the store, the range looked at, and how the terminal is painted."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambdatui.theme import Marks, Terminal
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import RangeChoice, TimeRange


def clock_ms() -> int:
    """The machine's clock, epoch ms."""
    return time.time_ns() // 1_000_000


@dataclass
class Session:
    """``choice`` is what was asked for; ``shown`` what it came to at the last answer from the store.

    ``keys`` remaps bindings: command id -> keys. ``paused`` stops the picture, never the collecting.
    """

    db: Path
    terminal: Terminal
    choice: RangeChoice = field(default_factory=RangeChoice)
    narrow: Narrow = field(default_factory=Narrow)
    utc: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    now_ms: Callable[[], int] = clock_ms
    shown: TimeRange | None = None
    paused: bool = False

    @property
    def marks(self) -> Marks:
        return self.terminal.marks

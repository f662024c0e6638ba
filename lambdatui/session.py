"""What all screens of one run share: the store, the range looked at, and how the terminal is painted."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lambdatui.theme import Marks, Terminal
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import RangeChoice, TimeRange

if TYPE_CHECKING:
    from lambdatui.views.glance import Glance


def clock_ms() -> int:
    """The machine's clock, epoch ms."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong in this run: when (epoch ms), on which screen, and the notice that was shown."""

    at_ms: int
    where: str
    notice: str


_PROBLEMS_KEPT = 200


@dataclass
class Session:
    """``choice`` is what was asked for; ``shown`` what it came to at the last answer from the store.

    ``keys`` remaps bindings: command id -> keys; ``columns`` names a screen's columns; ``thresholds`` say what is
    trouble. ``kept`` is what stays from run to run. ``paused`` stops the picture, never the collecting.
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
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    glance: "Glance | None" = None
    """What the first frame showed, until the first screen has taken it over."""
    problems: list[Problem] = field(default_factory=list)
    marked: list[tuple[int, str]] = field(default_factory=list)
    """Functions marked to be compared: their ids in the store, and their names."""

    def went_wrong(self, where: str, notice: str) -> None:
        """Kept for ``!``; what repeats itself is kept once."""
        if not self.problems or self.problems[-1].notice != notice:
            self.problems.append(Problem(self.now_ms(), where, notice))
            del self.problems[:-_PROBLEMS_KEPT]

    @property
    def marks(self) -> Marks:
        return self.terminal.marks

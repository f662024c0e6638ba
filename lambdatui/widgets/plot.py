"""What is plotted: curves over steps of time, and the signs and looks of their cells. ``plot_cells`` draws them.

Counts stand as bars, what is continuous as filled areas; a step of which nothing is known is a gap with a dot on its
baseline, a known zero a line on it. What is not finished is hatched. Nothing is told by colour alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

BARS, AREA, LINE, LEVEL, WITHIN, ATOP = "bars", "area", "line", "level", "within", "atop"
"""Kinds of curves: bars or an area from 0 up, a line over them, a limit, a part of the bars, more on top of them."""

_LIMIT_SHOWN = 4  # a limit that is more than so many times the highest value is named only: all else would lie flat


class Look(NamedTuple):
    """How a cell looks: names of theme colours (empty: the text's or the ground's own), and Rich's attributes."""

    tone: str = ""
    ground: str = ""
    attributes: str = ""


PLAIN, QUIET = Look(), Look("quiet")
Run = tuple[str, Look]
"""Text of one look, each character one cell wide."""


class Signs(NamedTuple):
    """The signs to draw with. ``eighths`` are a cell filled from below, from nothing to all."""

    eighths: str
    hatch: str
    zero: str
    unknown: str
    deploy: str
    deploy_line: str
    cross: str
    level: str
    above: str
    lines: tuple[str, ...]
    """A piece of each of the lines that can be told apart."""


UNICODE = Signs(" ▁▂▃▄▅▆▇█", "╱", "_", "·", "▼", "┊", "│", "╌", "↑", ("⠤⠤", "⠤ ⠤", "⠄"))
ASCII = Signs(" ..::==##", "/", "_", "?", "v", ":", "|", "-", "^", ("*", "+", "o"))


@dataclass(frozen=True, slots=True)
class Curve:
    """``values`` has a value for each step, None where there is none; ``tone`` is a theme colour's name.

    ``kind`` is one of ``BARS`` to ``ATOP``; empty, the first curve of counts is bars, another first one an area, and
    later ones are lines. ``points`` are parts of the first curve, such as failed ones of invocations. ``sign`` marks
    ``WITHIN`` and ``ATOP``, so that no colour is needed.
    """

    name: str
    values: tuple[float | None, ...]
    tone: str
    points: bool = False
    kind: str = ""
    sign: str = "x"


@dataclass(frozen=True, slots=True)
class Plot:
    """``starts`` are the steps' first moments, epoch ms, equally far apart; times are written in UTC or the local zone.

    The last step is ``unfinished``, and so is all that ends after ``known_ms``. ``marks`` are times of deploys,
    ``cross`` is a step with a line across it, ``most`` what the scale has to reach where plots are compared.
    """

    starts: Sequence[int] = ()
    curves: tuple[Curve, ...] = ()
    unit: str = "count"
    utc: bool = True
    unfinished: bool = False
    known_ms: int | None = None
    marks: tuple[int, ...] = ()
    cross: int | None = None
    most: float | None = None

    @property
    def step_ms(self) -> int:
        """How long a step is; a minute where there is only one."""
        return max(1, self.starts[1] - self.starts[0]) if len(self.starts) > 1 else 60_000

    @property
    def end_ms(self) -> int:
        """When the last step ends."""
        return self.starts[-1] + self.step_ms

    def kinds(self) -> list[tuple[str, Curve]]:
        """Each curve with its kind."""
        return [(curve.kind or self._kind(place, curve), curve) for place, curve in enumerate(self.curves)]

    def _kind(self, place: int, curve: Curve) -> str:
        if curve.points:
            return WITHIN
        if place:
            return LEVEL if curve.tone == "quiet" else LINE
        return BARS if self.unit == "count" else AREA

    def is_unfinished(self, step: int) -> bool:
        """Whether more may still come to a step."""
        last = self.unfinished and step == len(self.starts) - 1
        return last or (self.known_ms is not None and self.starts[step] + self.step_ms > self.known_ms)

    def value(self, curve: Curve, step: int) -> float | None:
        """A curve's value at a step; None where it is unknown or no number."""
        value = curve.values[step] if step < len(curve.values) else None
        if value is None or math.isnan(value):
            return None
        return max(-1e300, min(1e300, float(value)))

    def has_unfinished(self) -> bool:
        """Whether anything is drawn as unfinished."""
        return any(self.is_unfinished(step) and self._is_known(step) for step in range(len(self.starts)))

    def has_gaps(self) -> bool:
        """Whether nothing is known of some step."""
        return any(not (self._is_known(step) or self.is_foretold(step)) for step in range(len(self.starts)))

    def base(self) -> list[Curve]:
        """The curves of which one must be known for a step to be no gap: the filled ones, else all but limits."""
        kinds = self.kinds()
        return [curve for kind, curve in kinds if kind in (BARS, AREA)] or [
            curve for kind, curve in kinds if kind != LEVEL
        ]

    def _is_known(self, step: int) -> bool:
        return any(self.value(curve, step) is not None for curve in self.base())

    def is_lined(self) -> bool:
        """Whether there are lines over what is filled."""
        return any(kind == LINE for kind, _ in self.kinds())

    def is_foretold(self, step: int) -> bool:
        """Whether a line has a value for a step, such as one to come: it is no gap."""
        return any(kind == LINE and self.value(curve, step) is not None for kind, curve in self.kinds())

    def is_above(self, curve: Curve, highest: float) -> bool:
        """Whether a limit lies so far above the values that it is not drawn."""
        limits = [value for step in range(len(self.starts)) if (value := self.value(curve, step)) is not None]
        return bool(limits) and min(limits) > _LIMIT_SHOWN * highest

    def extent(self) -> tuple[float, float]:
        """The lowest and the highest value that the scale has to have, 0 included."""
        lowest = highest = 0.0
        kinds = self.kinds()
        atop = [curve for kind, curve in kinds if kind == ATOP]
        for kind, curve in kinds:
            if kind in (LEVEL, ATOP):
                continue
            more = atop if kind == BARS else ()
            for step in range(len(self.starts)):
                value = self.value(curve, step)
                top = sum((self.value(one, step) or 0.0 for one in more), value or 0.0)
                if value is not None or top:
                    lowest, highest = min(lowest, value or 0.0), max(highest, top)
        if self.most is not None:
            highest = max(highest, self.most)
        limits = [
            value
            for kind, curve in kinds if kind == LEVEL and not self.is_above(curve, highest)
            for step in range(len(self.starts)) if (value := self.value(curve, step)) is not None
        ]  # fmt: skip
        return lowest, max([highest, *limits])

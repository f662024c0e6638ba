"""Round scales: where a chart's axis ends, which figures stand at it, and how they are written in few cells."""

import math
from dataclasses import dataclass

from collectors.model.units import DAY_MS, HOUR_MS, KIB_BYTES, MINUTE_MS

_SECOND_MS = 1000
_MOST_PARTS = 5
_LARGEST = 1e300  # what is larger is drawn as this
_DURATIONS = (
    *(size * unit for unit, sizes in (
        (_SECOND_MS, (1, 2, 5, 10, 20, 30)), (MINUTE_MS, (1, 2, 5, 10, 20, 30)), (HOUR_MS, (1, 2, 3, 6, 12)),
    ) for size in sizes),
    DAY_MS,
)  # fmt: skip
"""Round steps of durations from a second to a day; below and above, 1, 2 or 5 times a power of ten."""
_THOUSANDS = ("", "k", "M", "G", "T", "P")
_BINARY = ("B", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class Scale:
    """From ``low`` to ``high``; ``ticks`` are the figures that are written, from below, ``step`` apart."""

    low: float
    high: float
    step: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Where a value lies between the ends: 0 is the lower one, 1 the upper one; what lies outside is at an end."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def scale_of(lowest: float, highest: float, unit: str, rows: int) -> Scale:
    """The scale that has 0 and both figures, with as many ticks as can be told apart in ``rows`` lines of a plot.

    Steps are 1, 2 or 5 times a power of ten of the unit that is written; counts have no parts.
    """
    low, high = max(-_LARGEST, min(0.0, lowest)), min(_LARGEST, max(0.0, highest))
    if low == high:
        high = 1.0
    step = _round_step((high - low) / _MOST_PARTS, unit)
    below, above = -_parts(-low / step), _parts(high / step)
    return Scale(below * step, above * step, *_ticks(below * step, above * step, unit, rows))


def _parts(steps: float) -> int:
    """As many whole steps as that many are on; anything above nothing takes one."""
    return max(math.ceil(steps - 1e-9), 1 if steps > 0 else 0)


def _ticks(low: float, high: float, unit: str, rows: int) -> tuple[float, tuple[float, ...]]:
    """The distance of the written figures, a round one too, and the figures: one for every two lines at most."""
    most = max(1, (rows - 1) // 2)
    step = _round_step((high - low) / most, unit)
    if step > max(high, -low):
        step = _round_step(max(high, -low) / 2.4999, unit)  # the largest that still lies on the scale
    below, above = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return step, tuple(part * step for part in range(below, above + 1) if rows > 1 or part == above)


def _round_step(least: float, unit: str) -> float:
    """The smallest round step that is not below ``least``."""
    if unit == "ms" and least > _SECOND_MS / 2:
        longer = next((step for step in _DURATIONS if step >= least * (1 - 1e-9)), None)
        return float(longer) if longer is not None else DAY_MS * _decimal_step(least / DAY_MS)
    if unit == "bytes":
        power = 0
        while power < len(_BINARY) - 1 and least > 500 * KIB_BYTES**power:
            power += 1
        return float(KIB_BYTES**power * max(1.0 if not power else 0.0, _decimal_step(least / KIB_BYTES**power)))
    step = _decimal_step(least)
    return max(1.0, step) if unit == "count" else step


def _decimal_step(least: float) -> float:
    power = math.floor(math.log10(least)) if least > 1e-300 else -300
    steps = (factor * 10.0**power for factor in (1, 2, 5, 10))
    return next((step for step in steps if step >= least * (1 - 1e-9)), 10.0 ** (power + 1))


def tick_text(value: float, unit: str, step: float = 0.0) -> str:
    """A tick's figure in few cells: ``0``, ``500``, ``2.5k``, ``200ms``, ``1.5s``, ``512 MB``, ``$0.02``, ``$5k``.

    ``step`` is the distance of ticks, which tells how many decimals of dollars are written.
    """
    if value < 0:
        return f"-{tick_text(-value, unit, step)}"
    if not value:
        return "$0" if unit == "usd" else "0"
    if unit == "ms":
        sizes = ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "m"), (_SECOND_MS, "s"))
        size, name = next(((size, name) for size, name in sizes if value >= size), (1, "ms"))
        return f"{_short(value / size)}{name}"
    if unit == "mb":
        return f"{value:.0f} MB" if 1 <= value < 1e6 else f"{_short(value)} MB"
    if unit == "bytes":
        power = 0
        while power < len(_BINARY) - 1 and value >= KIB_BYTES ** (power + 1):
            power += 1
        return f"{_short(value / KIB_BYTES**power)} {_BINARY[power]}"
    if unit == "usd":
        return f"${_dollars(value, step)}"
    return _short(value)


def _short(value: float) -> str:
    """At most three digits and a letter for thousands; from a quadrillion on, and far below 1, as a power of ten."""
    if value < 0.001 or value >= 1e18:
        return f"{value:.2g}"
    power = 0
    while power < len(_THOUSANDS) - 1 and value >= 1000 ** (power + 1):
        power += 1
    return f"{value / 1000**power:.3g}{_THOUSANDS[power]}" if power else f"{value:.3g}"


def _dollars(value: float, step: float) -> str:
    if value >= 10_000:
        return _short(value)
    least = step or value
    places = max(0, -math.floor(math.log10(least) + 1e-9)) if least else 0
    if places > 7:
        return f"{value:.1e}".replace(".0e", "e").replace("e-0", "e-")
    text = f"{value:,.{2 if places == 1 else places}f}"
    return text.rstrip("0") if places > 2 else text

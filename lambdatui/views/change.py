"""How much a figure is beside what it was: a ratio, or the word for what is none."""

import math
from collections.abc import Iterable

NEW, FROM_ZERO, SILENT = "new", "from 0", "silent"


class RelativeChange(float):
    """What was added, as a part of what it was: 0.5 is half as much again, -1.0 nothing any more.

    NaN is not known: where nothing was collected before, there is nothing to compare with. Infinity is more than
    nothing, which sorts above every ratio; ``word`` says whether it is ``new`` or was just not there, ``from 0``.
    ``now`` and ``before`` are the figures themselves.
    """

    word: str
    now: float
    before: float

    def __new__(cls, ratio: float, word: str = "", now: float = 0.0, before: float = 0.0) -> "RelativeChange":
        made = super().__new__(cls, ratio)
        made.word, made.now, made.before = word, now, before
        return made

    def __reduce__(self) -> "tuple[type[RelativeChange], tuple[float, str, float, float]]":
        return RelativeChange, (float(self), self.word, self.now, self.before)

    @property
    def known(self) -> bool:
        """Whether there is something that it was compared with."""
        return not math.isnan(self)


UNCOMPARED = RelativeChange(math.nan, "n/a")
"""The change of what cannot be compared."""


def change_of(now: float | None, before: float | None, *, new: bool = False, gone: str = "") -> RelativeChange:
    """The change from ``before`` to ``now``, each None where it is not known.

    ``new`` says that there was none of it at any time before; ``gone`` is the word for all of it having gone.
    """
    if now is None or before is None:
        return UNCOMPARED
    if before == 0:
        return RelativeChange(0.0) if now == 0 else RelativeChange(math.inf, NEW if new else FROM_ZERO, now, before)
    return RelativeChange(now / before - 1, gone if now == 0 else "", now, before)


def summed(changes: Iterable[RelativeChange]) -> RelativeChange:
    """The change of several together; those that cannot be compared are left out on both sides."""
    known = [change for change in changes if change.known]
    if not known:
        return UNCOMPARED
    now, before = sum(change.now for change in known), sum(change.before for change in known)
    return change_of(now, before, new=all(change.word == NEW for change in known if change.now))


def names_growth(words: str) -> bool:
    """Whether a filter, an order or a choice of columns names a column of changes."""
    return "_change" in words.casefold() or "_week" in words.casefold()

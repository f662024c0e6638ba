"""Which texts a line must hold for a regular expression to match it: literals, and each way that small choices leave.

As Google Code Search does (Russ Cox, "Regular Expression Matching with a Trigram Index"): a match of
``(foo|bar)[ab]z?`` holds ``fooa``, ``foob``, ``bara`` or ``barb``.
"""

import re
from collections.abc import Iterable
from typing import Any

Needs = list[tuple[str, ...]]
"""Of each tuple one text at least, in lower case; [] where nothing is sure."""

_MOST_TEXTS = 24  # of many texts one is in most chunks
_MOST_SIGNS = 4  # of a class that is taken apart
_MOST_COPIES = 64
# Letters that, case ignored, are those of others than their upper and lower case: long s, Kelvin, dotted and dotless i.
_NOT_SURE = re.compile(r"[^\x00-\x7f]|[iksIKS]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

_Texts = frozenset[str]
_NOTHING: _Texts = frozenset(("",))


def needs(tree: Iterable[Any], ignore_case: bool) -> Needs:
    """Groups of texts: a line that matches holds one text of each group. [] where nothing is certain.

    ``tree`` is the pattern as ``re`` parses it.
    """
    run = _Run(ignore_case)
    run.sequence(tree)
    run.end()
    return list(dict.fromkeys(run.needs))


class _Run:
    """The part of a pattern read so far: the texts that it needs, and the alternatives for its last text."""

    def __init__(self, ignore_case: bool) -> None:
        self._ignore_case, self._not_sure = ignore_case, _NOT_SURE if ignore_case else _NOT_ASCII
        self.needs: Needs = []
        self._last: _Texts = _NOTHING

    def end(self, then: _Texts = _NOTHING) -> None:
        """Ends the current run of text: what follows it in a line is unknown, or begins with ``then``."""
        if all(self._last):
            least = [one for one in self._last if not any(other != one and other in one for other in self._last)]
            self.needs.append(tuple(sorted(least)))
        self._last = then

    def sequence(self, tree: Iterable[Any]) -> None:
        for kind, value in tree:
            self._step(str(kind), value)

    def _step(self, name: str, value: Any) -> None:
        if name == "SUBPATTERN":
            self.sequence(value[3])
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            self._repeat(*value)
        elif name != "AT":
            texts = self._texts(name, value)
            if texts is not None:
                self._follow(texts)
            elif name == "BRANCH":
                self._branch(value[1])
            else:
                self.end()

    def _follow(self, texts: _Texts) -> None:
        if len(self._last) * len(texts) > _MOST_TEXTS:
            self.end()
        self._last = frozenset(one + other for one in self._last for other in texts)

    def _repeat(self, low: int, high: int, inner: Any) -> None:
        texts = self._whole(inner)
        if low == 0:
            if texts is not None and high == 1 and len(texts) < _MOST_TEXTS:
                self._follow(texts | _NOTHING)
            else:
                self.end()
            return
        if texts is None:
            self.end()
            self.sequence(inner)
            self.end()
            return
        for _ in range(min(low, _MOST_COPIES)):
            self._follow(texts)
        if high != low or low > _MOST_COPIES:
            self.end(texts)  # the last of them stands next to what follows

    def _branch(self, branches: Iterable[Any]) -> None:
        self.end()
        sides = [max(needs(branch, self._ignore_case), key=_least, default=()) for branch in branches]
        if all(sides):
            self.needs.append(tuple(dict.fromkeys(text for side in sides for text in side)))

    def _whole(self, tree: Iterable[Any]) -> _Texts | None:
        """All texts that a pattern can match; None where there are many."""
        texts = _NOTHING
        for kind, value in tree:
            here = self._texts(str(kind), value)
            if here is None or len(texts) * len(here) > _MOST_TEXTS:
                return None
            texts = frozenset(one + other for one in texts for other in here)
        return texts

    def _texts(self, name: str, value: Any) -> _Texts | None:
        if name == "AT":
            return _NOTHING
        if name == "LITERAL":
            return self._sure(chr(value))
        if name == "SUBPATTERN":
            return self._whole(value[3])
        if name == "BRANCH":
            return _united([self._whole(branch) for branch in value[1]])
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, inner = value
            if (low, high) != (0, 1) or (texts := self._whole(inner)) is None:
                return None
            return texts | _NOTHING
        if name == "IN" and sum(_width(str(kind), what) for kind, what in value) <= _MOST_SIGNS:
            return _united([self._sure(chr(code)) for kind, what in value for code in _codes(str(kind), what)])
        return None

    def _sure(self, sign: str) -> _Texts | None:
        return None if self._not_sure.match(sign) else frozenset((sign.lower(),))


def _united(sides: Iterable[_Texts | None]) -> _Texts | None:
    texts: _Texts = frozenset()
    for side in sides:
        if side is None or len(texts) + len(side) > _MOST_TEXTS:
            return None
        texts |= side
    return texts


def _width(kind: str, what: Any) -> int:
    if kind == "RANGE":
        return int(what[1] - what[0] + 1)
    return 1 if kind == "LITERAL" else _MOST_SIGNS + 1


def _codes(kind: str, what: Any) -> Iterable[int]:
    return range(what[0], what[1] + 1) if kind == "RANGE" else (what,)


def _least(texts: tuple[str, ...]) -> int:
    return min(map(len, texts), default=0)

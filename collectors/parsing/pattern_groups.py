"""Joins shapes of lines that differ in one varying word into patterns.

The result depends on the set of shapes, not on their order. A word becomes a wildcard where at least ``VALUES`` words
stand in the same place of otherwise equal shapes, or where a value (``<*>``) stands in that place elsewhere. A line's
first word and the names of fields (before ``=`` or ``:``) never do. The constants were chosen on seven systems of
LogHub-2k (``benchmarks/patterns.py``).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from collectors.parsing.line_patterns import ANY

VALUES = 4  # words in one place that make it a variable
BESIDE_VALUES = 2  # the same where numbers, paths or addresses stand in that place too
CONSTANTS = 2  # words that a pattern has left at least
PASSES = 6
MANY, RARELY_SAME = 100, 0.5  # shapes that begin alike, and the share of them that a place has different words of
_TOKEN = re.compile(r"<\*>|[^\s=\[\](){}\"',;:<>|]+|[^\s]")
_SPACED = re.compile(r"\s+|<\*>|[^\s=\[\](){}\"',;:<>|]+|[^\s]")
_WORDS = frozenset("_$#@/\\.-+*")

Tokens = tuple[str, ...]
Place = tuple[int, int, int]  # tokens, which of them, hash of all others


def patterns(shapes: Iterable[str]) -> dict[str, str]:
    """The pattern of each shape."""
    split = {each: tuple(_TOKEN.findall(each)) for each in sorted(shapes)}
    now = {tokens: tokens for tokens in split.values()}
    wide = _widened(now)
    now = {tokens: wide.get(tokens, tokens) for tokens in now}
    for _ in range(PASSES):
        changed = _joined(set(now.values()))
        if not changed:
            break
        now = {tokens: changed.get(current, current) for tokens, current in now.items()}
    spelled: dict[Tokens, str] = {}
    for each, tokens in split.items():
        found = now[tokens]
        if found not in spelled:  # as the first of its shapes is spaced
            spelled[found] = each if found == tokens else _spelled(each, found)
    return {each: spelled[now[tokens]] for each, tokens in split.items()}


class Absorber:
    """Finds the pattern for a shape that did not exist when patterns were made, if one of them has its words."""

    def __init__(self, shapes: Mapping[str, str]) -> None:
        """``shapes`` is what ``patterns`` gave."""
        self._patterns: dict[Tokens, str] = {}
        self._open: defaultdict[tuple[int, str], set[tuple[int, ...]]] = defaultdict(set)
        for template in sorted({pattern for shape, pattern in shapes.items() if shape != pattern}):
            tokens = tuple(_TOKEN.findall(template))
            self._patterns[tokens] = template
            self._open[len(tokens), tokens[0]].add(tuple(at for at, token in enumerate(tokens) if token == ANY))

    def pattern(self, shape: str) -> str | None:
        """The pattern of the group that takes in a line of this shape; None where none does."""
        tokens = _TOKEN.findall(shape)
        for places in sorted(self._open.get((len(tokens), tokens[0]), ())) if tokens else ():
            wider = list(tokens)
            for at in places:
                wider[at] = ANY
            if (found := self._patterns.get(tuple(wider))) is not None and not _stops(tokens, places):
                return found
        return None


def _stops(tokens: Sequence[str], places: Iterable[int]) -> bool:
    """Whether punctuation stands in any of the places, which no wildcard stands for."""
    return any(not _is_word(tokens[at]) for at in places)


def _is_word(token: str) -> bool:
    return token == ANY or token[0].isalnum() or token[0] in _WORDS


def _widened(shapes: Iterable[Tokens]) -> dict[Tokens, Tokens]:
    """Of very many shapes that begin alike, words that are hardly ever the same are values, wherever they stand."""
    alike: defaultdict[Tokens, list[Tokens]] = defaultdict(list)
    for tokens in shapes:
        alike[(tokens[0], *("" if _is_word(token) else token for token in tokens))].append(tokens)
    widened: dict[Tokens, Tokens] = {}
    for some in alike.values():
        if len(some) < MANY:
            continue
        columns = [set(column) for column in zip(*some, strict=True)]
        varying = {at for at, words in enumerate(columns) if at and len(words) > len(some) * RARELY_SAME}
        for tokens in some:
            wider = tuple(ANY if at in varying else token for at, token in enumerate(tokens))
            if wider != tokens and sum(word != ANY and word[0].isalpha() for word in wider) >= CONSTANTS:
                widened[tokens] = wider
    return widened


def _joined(shapes: set[Tokens]) -> dict[Tokens, Tokens]:
    """One pass of joining: the new form of each shape that has siblings."""
    hashed = {tokens: [hash((position, token)) for position, token in enumerate(tokens)] for tokens in shapes}
    places: defaultdict[Place, set[str]] = defaultdict(set)
    for tokens, hashes in hashed.items():
        whole, began = sum(hashes), False
        for position, token in enumerate(tokens):
            if not _is_word(token):
                continue
            names = position + 1 < len(tokens) and tokens[position + 1] in ("=", ":")
            if token == ANY or (began and not names):
                places[len(tokens), position, whole - hashes[position]].add(token)
            began = True
    varying = {
        place for place, words in places.items() if len(words) >= (BESIDE_VALUES if ANY in words else VALUES)
    }  # fmt: skip
    joined: dict[Tokens, Tokens] = {}
    for tokens, hashes in hashed.items():
        whole = sum(hashes)
        wider = tuple(
            ANY if (len(tokens), position, whole - hashes[position]) in varying else token
            for position, token in enumerate(tokens)
        )
        if wider != tokens and sum(word != ANY and word[0].isalpha() for word in wider) >= CONSTANTS:
            joined[tokens] = wider
    return joined


def _spelled(shape: str, tokens: Tokens) -> str:
    """The tokens with the spaces that the shape has between its own."""
    left = iter(tokens)
    return "".join(part if part.isspace() else next(left) for part in _SPACED.findall(shape))

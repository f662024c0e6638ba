"""Shapes of lines that differ in one word which varies are one pattern.

A function of the set of shapes, whatever their order: words are wildcards where at least ``VALUES`` of them stand in
the same place of otherwise equal shapes, or where what stands there is a value (``<*>``) elsewhere. What a line begins
with and what names a field (before ``=`` or ``:``) never is. The constants were chosen on seven systems of LogHub-2k
(``benchmarks/patterns.py``).
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from collectors.logs.line_patterns import ANY

VALUES = 4  # words in one place that make it a variable
BESIDE_VALUES = 2  # the same where numbers, paths or addresses stand in that place too
CONSTANTS = 2  # words that a pattern has left at least
PASSES = 6
_TOKEN = re.compile(r"<\*>|[^\s=\[\](){}\"',;:<>|]+|[^\s]")
_SPACED = re.compile(r"\s+|<\*>|[^\s=\[\](){}\"',;:<>|]+|[^\s]")
_WORDS = frozenset("_$#@/\\.-+*")

Tokens = tuple[str, ...]
Place = tuple[int, int, int]  # tokens, which of them, hash of all others


def patterns(shapes: Iterable[str]) -> dict[str, str]:
    """The pattern of each shape."""
    split = {each: tuple(_TOKEN.findall(each)) for each in shapes}
    now = {tokens: tokens for tokens in split.values()}
    for _ in range(PASSES):
        changed = _joined(set(now.values()))
        if not changed:
            break
        now = {tokens: changed.get(current, current) for tokens, current in now.items()}
    return {each: each if now[tokens] == tokens else _spelled(each, now[tokens]) for each, tokens in split.items()}


def _joined(shapes: set[Tokens]) -> dict[Tokens, Tokens]:
    """What becomes of the shapes that have siblings: one pass."""
    hashed = {tokens: [hash((at, token)) for at, token in enumerate(tokens)] for tokens in shapes}
    places: defaultdict[Place, set[str]] = defaultdict(set)
    for tokens, hashes in hashed.items():
        whole, began = sum(hashes), False
        for at, token in enumerate(tokens):
            if not (token[0].isalnum() or token == ANY or token[0] in _WORDS):
                continue
            names = at + 1 < len(tokens) and tokens[at + 1] in ("=", ":")
            if token == ANY or (began and not names):
                places[len(tokens), at, whole - hashes[at]].add(token)
            began = True
    varying = {
        place for place, words in places.items() if len(words) >= (BESIDE_VALUES if ANY in words else VALUES)
    }  # fmt: skip
    found: dict[Tokens, Tokens] = {}
    for tokens, hashes in hashed.items():
        whole = sum(hashes)
        wider = tuple(
            ANY if (len(tokens), at, whole - hashes[at]) in varying else token for at, token in enumerate(tokens)
        )
        if wider != tokens and sum(word != ANY and word[0].isalpha() for word in wider) >= CONSTANTS:
            found[tokens] = wider
    return found


def _spelled(shape: str, tokens: Tokens) -> str:
    """The tokens with the spaces that the shape has between its own."""
    left = iter(tokens)
    return "".join(part if part.isspace() else next(left) for part in _SPACED.findall(shape))

"""How old a function's newest known data is, in a word or two: ``fresh``, ``stale 3h``, ``2d old``."""

from collections.abc import Sequence

import msgspec

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.store.read.freshness import collected_every_ms, known_until
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow

_FRESH_MS = 5 * MINUTE_MS
"""CloudWatch shows log lines and metrics some minutes late: what is younger is fresh, however often one collects."""
_MISSED = 2  # collections that may be missing before it is said


class Freshness(msgspec.Struct, frozen=True, gc=False):
    """``until_ms``: until when (epoch ms) all is known, or the newest invocation where no collection says that."""

    until_ms: int | None
    words: str | None


def freshness(reader: Reader, functions: Sequence[FunctionRow], now_ms: int) -> dict[int, Freshness]:
    """The freshness of functions by id. ``stale``: a collection is overdue, by the time between the earlier ones."""
    every_ms = collected_every_ms(reader)
    due_ms = None if every_ms is None else max(_FRESH_MS, _MISSED * every_ms)
    by_function = {}
    for function_id, (collected_ms, newest_ms) in known_until(reader, list(functions)).items():
        until_ms = newest_ms
        if collected_ms is not None and (newest_ms is None or collected_ms > newest_ms):
            until_ms = collected_ms
        age = None
        if until_ms is not None:
            old_ms = now_ms - until_ms
            stale = collected_ms is not None and due_ms is not None and old_ms > due_ms
            fresh = old_ms <= (_FRESH_MS if collected_ms is None or due_ms is None else due_ms)
            age = "fresh" if fresh else f"stale {_short(old_ms)}" if stale else f"{_short(old_ms)} old"
        by_function[function_id] = Freshness(until_ms, age)
    return by_function


def _short(ms: int) -> str:
    for size, unit in ((DAY_MS, "d"), (HOUR_MS, "h")):
        if ms >= size:
            return f"{ms // size}{unit}"
    return f"{ms // MINUTE_MS}m"

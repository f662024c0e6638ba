"""How often something happened in equal parts of a range: what a sparkline draws."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from collectors.store.read.freshness import Spans
from collectors.store.rollups.equal_parts import EqualParts


class Trend(tuple[int | None, ...]):
    """A count for each part, None where nothing was collected.

    ``unfinished`` says that the last part is shorter, ``partial`` in which part what was collected ends, if in any.
    """

    unfinished: bool
    partial: int | None

    def __new__(cls, counts: Iterable[int | None], *, unfinished: bool = False, partial: int | None = None) -> "Trend":
        made = super().__new__(cls, counts)
        made.unfinished, made.partial = unfinished, partial
        return made


def trend_of(counts: Sequence[int], parts: EqualParts, known: Spans) -> Trend:
    """A trend whose empty parts are unknown where they lie outside of every known span."""
    spans, unfinished = _spans(parts)
    until_ms = max([end for _, end in known], default=parts.to_ms)
    within = parts.from_ms < until_ms < parts.to_ms and (until_ms - parts.from_ms) % parts.step_ms
    partial = parts.place(until_ms) if within else None
    if all(counts):
        return Trend(counts, unfinished=unfinished, partial=partial)
    known_counts = (
        count or (0 if any(low < end and high > start for low, high in known) else None)
        for count, (start, end) in zip(counts, spans, strict=True)
    )
    return Trend(known_counts, unfinished=unfinished, partial=partial)


@lru_cache(16)
def _spans(parts: EqualParts) -> tuple[list[tuple[int, int]], bool]:
    """When each part begins and ends, and whether the last is unfinished; hundreds of rows have the same parts."""
    starts = parts.starts
    return list(zip(starts, (*starts[1:], parts.to_ms), strict=True)), parts.unfinished


def parts_json(parts: EqualParts) -> dict[str, object]:
    """The parts that ``trend`` counts in, for ``--json``."""
    from lambdatui.text.figures import iso

    return {
        "step_ms": parts.step_ms,
        "starts": [iso(start) for start in parts.starts],
        "to": iso(parts.to_ms),
        "unfinished": parts.unfinished,
    }

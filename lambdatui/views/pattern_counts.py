"""Lines by pattern between any two times: hours from the rollups, parts of hours from the lines themselves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from collectors.model.units import HOUR_MS
from collectors.store.read.pattern_rows import PatternCount, pattern_counts, pruned_before, shapes_by_template

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader

MOST_LINES = 500_000  # of an hour that a span cuts, which are read; of a larger one the whole hour counts


def counts_between(
    reader: "Reader", from_ms: int, to_ms: int, function_ids: Sequence[int] | None
) -> tuple[list[PatternCount], bool]:
    """The lines of ``[from_ms, to_ms)`` by function and pattern, and whether that is exact.

    It is not where an hour is cut of which the lines are pruned, or are too many: that hour counts as a whole, or,
    where what comes later is hidden, not at all.
    """
    if reader.until_ms is not None:
        to_ms = min(to_ms, reader.until_ms)
    first, last = -(-from_ms // HOUR_MS) * HOUR_MS, to_ms // HOUR_MS * HOUR_MS
    counts = pattern_counts(reader, first, last, function_ids) if first < last else []
    exact = True
    for hour in sorted({each // HOUR_MS * HOUR_MS for each in (from_ms, to_ms) if each % HOUR_MS}):
        some = pattern_counts(reader, hour, hour + HOUR_MS, function_ids)
        if any(one.first_ms < from_ms or one.last_ms >= to_ms for one in some):
            lines = sum(one.lines for one in some)
            low, high = max(hour, from_ms), min(hour + HOUR_MS, to_ms)
            if lines <= MOST_LINES and hour >= pruned_before(reader):
                some = _read(reader, low, high, function_ids)
            else:
                exact = False
                some = [] if reader.until_ms is not None and high == to_ms else some
        counts = [*counts, *some]
    return list(_summed(counts)), exact


def _read(reader: "Reader", from_ms: int, to_ms: int, function_ids: Sequence[int] | None) -> list[PatternCount]:
    tell = template_of(reader)
    cells: dict[tuple[int, str], list[int]] = {}
    examples: dict[tuple[int, str], str] = {}
    for line in reader.search(from_ms, to_ms, function_ids):
        key = line.function_id, tell(line.text) or line.text[:80]
        at_ms, size = line.timestamp_ms, len(line.text.encode("utf-8", "replace"))
        cell = cells.setdefault(key, [0, 0, at_ms, at_ms])
        cell[0] += 1
        cell[1] += size
        cell[3] = at_ms
        examples.setdefault(key, line.text[:1000])
    return [
        PatternCount(function_id, template, lines, size, first_ms, last_ms, examples[function_id, template])
        for (function_id, template), (lines, size, first_ms, last_ms) in cells.items()
    ]


def template_of(reader: "Reader") -> Callable[[str], str | None]:
    """A function that gives a line's pattern, or None for a line without one.

    It counts lines as ``collectors.store.write.pattern_counts`` does.
    """
    from collectors.parsing.patterns import LinePatterns
    from collectors.store.write.pattern_counts import OTHERS, beginning

    known = {shape: template for template, of in shapes_by_template(reader).items() for shape in of}
    tell = LinePatterns()
    tell.resume(known)

    def pattern(text: str) -> str | None:
        (shape,) = tell.of([text])
        for each in (shape, tell.absorbed(shape), beginning(shape), OTHERS):
            if each is not None and each in known:
                return known[each]
        return None

    return pattern


def _summed(some: Sequence[PatternCount]) -> Iterator[PatternCount]:
    sums: dict[tuple[int, str], PatternCount] = {}
    for count in some:
        key = count.function_id, count.template
        other = sums.get(key)
        sums[key] = count if other is None else replace(
            other, lines=other.lines + count.lines, bytes=other.bytes + count.bytes,
            first_ms=min(other.first_ms, count.first_ms), last_ms=max(other.last_ms, count.last_ms),
        )  # fmt: skip
    yield from sums.values()

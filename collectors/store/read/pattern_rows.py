"""Reads counts of log lines by pattern and function, in whole hours."""

from collections import defaultdict
from dataclasses import dataclass

from collectors.model.units import DAY_MS
from collectors.store.read.connection import Functions, marks
from collectors.store.read.reader import Reader
from collectors.store.schema import UNCOUNTED, WITHOUT_LINES


@dataclass(frozen=True, slots=True)
class PatternCount:
    """One pattern's lines of one function in a span. ``bytes`` are UTF-8, without those that AWS adds for each line."""

    function_id: int
    template: str
    lines: int
    bytes: int
    first_ms: int
    last_ms: int
    example: str


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Which lines the counts lack.

    ``older`` is about the share (0 to 1) of the store's lines that an older version stored and nobody has counted yet;
    ``without_lines`` are log events whose lines were not stored.
    """

    older: float
    without_lines: int


def pattern_counts(reader: Reader, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[PatternCount]:
    """The lines of each pattern and function in whole hours."""
    span = from_ms, to_ms, reader.chosen(function_ids)
    return list(reader.cached(("patterns", *span), lambda: _counts(reader, *span)))


def _counts(reader: Reader, from_ms: int, to_ms: int, function_ids: Functions) -> list[PatternCount]:
    first_day, last_day = -(-from_ms // DAY_MS) * DAY_MS, to_ms // DAY_MS * DAY_MS
    spans = [("pattern_hours", from_ms, to_ms)]
    if first_day < last_day:
        spans = [
            ("pattern_hours", from_ms, first_day),
            ("pattern_days", first_day, last_day),
            ("pattern_hours", last_day, to_ms),
        ]
    patterns = _patterns_by_shape(reader)
    counts: dict[tuple[int, str], PatternCount] = {}
    for table, low, high in spans:
        if low >= high:
            continue
        for function_id, pattern_id, lines, size, first_ms, last_ms in _rows(reader, table, low, high, function_ids):
            if not lines:
                continue
            template, example = patterns[pattern_id]
            before = counts.get((function_id, template))
            counts[function_id, template] = PatternCount(
                function_id,
                template,
                lines + (before.lines if before else 0),
                size + (before.bytes if before else 0),
                min(first_ms, before.first_ms) if before else first_ms,
                max(last_ms, before.last_ms) if before else last_ms,
                before.example if before else example,
            )
    return list(counts.values())


def _rows(reader: Reader, table: str, from_ms: int, to_ms: int, function_ids: Functions) -> list[tuple[int, ...]]:
    wanted = "" if function_ids is None else f"WHERE f.id IN ({marks(function_ids)})"
    return reader.select(
        "SELECT c.function_id, c.pattern_id, sum(c.lines), sum(c.bytes), min(c.first_ms), max(c.last_ms)"
        f" FROM functions f CROSS JOIN {table} c ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?"
        f" {wanted} GROUP BY 1, 2",
        (from_ms, to_ms, *(function_ids or ())),
    )


def _patterns_by_shape(reader: Reader) -> dict[int, tuple[str, str]]:
    """By the id of a shape: the pattern that it belongs to, and an example."""
    rows = reader.cached(
        "said of patterns", lambda: reader.select("SELECT id, coalesce(template, shape), example FROM patterns")
    )
    return {identity: (template, example) for identity, template, example in rows}


def first_seen(reader: Reader) -> dict[tuple[int, str], int]:
    """When the first line (epoch ms) of each function and pattern was, of all lines that were ever counted."""
    patterns = _patterns_by_shape(reader)
    first: dict[tuple[int, str], int] = {}
    for function_id, pattern_id, first_ms in reader.select(
        "SELECT function_id, pattern_id, first_ms FROM pattern_functions"
    ):
        key = function_id, patterns[pattern_id][0]
        first[key] = min(first_ms, first.get(key, first_ms))
    return first


def shapes_by_template(reader: Reader) -> dict[str, list[str]]:
    """The shapes of every pattern in the store."""
    shapes: defaultdict[str, list[str]] = defaultdict(list)
    for shape, template in reader.select("SELECT shape, coalesce(template, shape) FROM patterns"):
        shapes[template].append(shape)
    return dict(shapes)


def uncounted(reader: Reader) -> Uncounted:
    """How many lines are in no pattern's count."""
    values = dict(reader.select("SELECT name, value FROM settings WHERE name IN (?, ?)", (UNCOUNTED, WITHOUT_LINES)))
    until = values.get(UNCOUNTED, 0)
    last = reader.select("SELECT max(id) FROM chunks")[0][0] if until else None
    return Uncounted(min(until / last, 1.0) if last else 0.0, values.get(WITHOUT_LINES, 0))


def pruned_before(reader: Reader) -> int:
    """The time (epoch ms) before which counted lines may have been pruned; 0 where none were."""
    [(before_ms,)] = reader.select("SELECT coalesce(max(lines_ms), 0) FROM pruned")
    return int(before_ms)

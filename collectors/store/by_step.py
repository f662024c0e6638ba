"""What happened step by step over a span, for many functions at once: what sparklines and forecasts are drawn from."""

from collections.abc import Iterable
from typing import Any, TypeVar

from collectors.model import id_text
from collectors.store.reader import Reader
from collectors.store.schema import GRAINS

Key = TypeVar("Key", bound=Any)

_MOST_CELLS = 62  # of one function; then a coarser grain tells enough


def grain_of(from_ms: int, to_ms: int) -> str:
    """The finest cells of which a function has at most some 60 in the span."""
    fits = (name for name, size in GRAINS.items() if (to_ms - from_ms) // size <= _MOST_CELLS)
    return next(fits, "day_cells")


def invocations_by_step(reader: Reader, from_ms: int, to_ms: int, steps: int) -> dict[int, tuple[int, ...]]:
    """Invocations of each function in ``steps`` equal parts of the span; functions without any are absent."""

    def read() -> dict[int, tuple[int, ...]]:
        table = grain_of(from_ms, to_ms)
        packed = reader.invocations_by_step(table, from_ms, to_ms, steps)
        if packed is not None:
            return packed
        rows = reader.select(
            f"SELECT c.function_id, c.start_ms, c.invocations FROM functions f CROSS JOIN {table} c"
            " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?",
            (from_ms // GRAINS[table] * GRAINS[table], to_ms),
        )
        return binned([(row[0], row[1], row[2]) for row in rows], from_ms, to_ms, steps)

    return reader.kept(("invocations by step", from_ms, to_ms, steps), read)


def errors_by_step(reader: Reader, from_ms: int, to_ms: int, steps: int) -> dict[tuple[int, str], tuple[int, ...]]:
    """Occurrences of each error, by function and fingerprint, in ``steps`` equal parts of the span."""
    table = grain_of(from_ms, to_ms)
    rows = reader.select(
        f"SELECT e.function_id, e.fingerprint, c.start_ms, c.occurrences FROM functions f CROSS JOIN {table}_errors c"
        " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? JOIN errors e ON e.id = c.error_id",
        (from_ms // GRAINS[table] * GRAINS[table], to_ms),
    )
    return binned([((row[0], row[1]), row[2], row[3]) for row in rows], from_ms, to_ms, steps)


def binned(rows: Iterable[tuple[Key, int, int]], from_ms: int, to_ms: int, steps: int) -> dict[Key, tuple[int, ...]]:
    """Counts, each with its key and its time, summed by key in ``steps`` equal parts of the span."""
    found: dict[Key, list[int]] = {}
    for key, start_ms, count in rows:
        place = max(0, start_ms - from_ms) * steps // max(1, to_ms - from_ms)
        found.setdefault(key, [0] * steps)[min(place, steps - 1)] += count
    return {key: tuple(counts) for key, counts in found.items()}


def last_errors_before(reader: Reader, before_ms: int) -> dict[tuple[int, str], int]:
    """The day (epoch ms) of each error's newest occurrence on a day before the one that holds ``before_ms``."""
    rows = reader.select(
        "SELECT e.function_id, e.fingerprint, max(c.start_ms) FROM day_cells_errors c"
        " JOIN errors e ON e.id = c.error_id WHERE c.start_ms < ? GROUP BY c.error_id",
        (before_ms // GRAINS["day_cells"] * GRAINS["day_cells"],),
    )
    return {(row[0], row[1]): row[2] for row in rows}


def metric_by_step(
    reader: Reader, metric: str, from_ms: int, to_ms: int, step_ms: int, function_ids: list[int], *, peak: bool
) -> dict[int, dict[int, float]]:
    """A CloudWatch metric's sum or peak by function and step (``step_ms`` a multiple of a minute); gaps are absent."""
    rolled = step_ms % GRAINS["hour_cells"] == 0
    table, value = ("metric_hours", "peak" if peak else "total") if rolled else ("metrics", "value")
    found: dict[int, dict[int, float]] = {}
    for function_id in function_ids:
        for start_ms, figure in reader.select(
            f"SELECT start_ms / ? * ?, {'max' if peak else 'sum'}({value}) FROM {table} WHERE metric = ?"
            " AND function_id = ? AND stat = ? AND start_ms >= ? AND start_ms < ? GROUP BY 1",
            (step_ms, step_ms, metric, function_id, "Maximum" if peak else "Sum", from_ms // step_ms * step_ms, to_ms),
        ):
            found.setdefault(function_id, {})[start_ms] = figure
    return found


def account_peaks(reader: Reader, from_ms: int, to_ms: int) -> dict[tuple[str, str], dict[int, float]]:
    """By account and region: on each UTC day (epoch ms) the most concurrent executions of all functions together."""
    day = GRAINS["day_cells"]
    found: dict[tuple[str, str], dict[int, float]] = {}
    for account, region, start_ms, peak in reader.select(
        "SELECT account, region, start_ms / ? * ?, max(value) FROM account_metrics"
        " WHERE metric = 'ConcurrentExecutions' AND stat = 'Maximum' AND start_ms >= ? AND start_ms < ?"
        " GROUP BY 1, 2, 3",
        (day, day, from_ms, to_ms),
    ):
        found.setdefault((account, region), {})[start_ms] = peak
    return found


def failed_again(reader: Reader, from_ms: int, to_ms: int) -> dict[int, tuple[int, str]]:
    """By function: how many of its requests failed more than once, and one of them."""
    rows = reader.select(
        "SELECT function_id, count(*), max(request_id) FROM (SELECT function_id, request_id, count(*) AS times"
        " FROM invocations INDEXED BY invocations_not_plain WHERE (status <> 0 OR parts <> 3)"
        " AND status IN (1, 2, 3, 4)"
        " AND start_ms >= ? AND start_ms < ? GROUP BY function_id, request_id HAVING times > 1) GROUP BY function_id",
        (from_ms, to_ms),
    )
    return {row[0]: (row[1], id_text(row[2])) for row in rows}


def lines_kept(reader: Reader, from_ms: int, to_ms: int, function_ids: list[int] | None) -> int:
    """Log lines of the chunks that touch the span: at its edges some more than lie in it."""
    ids = function_ids if function_ids is not None else [row[0] for row in reader.select("SELECT id FROM functions")]
    total = 0
    for identity in ids:
        total += reader.select(
            "SELECT coalesce(sum(lines), 0) FROM chunks WHERE function_id = ? AND first_ms < ? AND last_ms >= ?",
            (identity, to_ms, from_ms),
        )[0][0]
    return total


def rejected_lines(reader: Reader, limit: int = 200) -> list[tuple[str, int, str, str]]:
    """Input that could not be read: its source, line, reason and text."""
    return [
        (row[0], row[1], row[2], row[3])
        for row in reader.select(
            "SELECT source, line, reason, text FROM rejects ORDER BY source, line LIMIT ?", (limit,)
        )
    ]

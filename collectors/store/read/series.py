"""Counts in equal parts of a span, for many functions at once: sparklines and forecasts are made from them."""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from collectors.model.records import id_text
from collectors.store.read.invocation_counts import counted_by
from collectors.store.read.reader import Reader
from collectors.store.rollups.equal_parts import EqualParts
from collectors.store.schema import GRAINS
from collectors.store.spans import DAY, HOUR, MINUTE, Piece, pieces

Key = TypeVar("Key", bound=Any)


def invocations_by_step(reader: Reader, parts: EqualParts) -> dict[int, tuple[int, ...]]:
    """Invocations of each function in each part, which add up to the span's; functions without any are absent."""
    return reader.cached(("invocations by step", parts), lambda: _invocations_by_step(reader, parts))


def counted_by_step(reader: Reader, parts: EqualParts) -> dict[int, tuple[int, ...]]:
    """Invocations by logs and metrics together (``collectors.store.read.invocation_counts``) in each part.

    They add up to the count of the whole span: in all parts of an hour, the source that saw more in that hour counts.
    """
    if reader.newest_point("Invocations", "Sum") is None:
        return invocations_by_step(reader, parts)
    if not (parts.step_ms % HOUR or parts.from_ms % HOUR):
        found = counted_by(reader, (*parts.starts, parts.to_ms))
        return {each: tuple(count for count, _ in counts) for each, counts in found.items()}
    return reader.cached(("counted by step", parts), lambda: _counted_within_hours(reader, parts))


def errors_counted_by_step(reader: Reader, parts: EqualParts) -> dict[int, tuple[int, ...]]:
    """The errors beside ``counted_by_step``, of the source that counts in each hour."""
    if not (parts.step_ms % HOUR or parts.from_ms % HOUR):
        found = counted_by(reader, (*parts.starts, parts.to_ms))
        return {each: tuple(errors for _, errors in counts) for each, counts in found.items()}
    return reader.cached(("errors by step", parts), lambda: _counted_within_hours(reader, parts, errors=True))


def _counted_within_hours(reader: Reader, parts: EqualParts, *, errors: bool = False) -> dict[int, tuple[int, ...]]:
    """For parts shorter than hours or across their borders: an hour's count is divided like its minutes or points."""
    edges = (parts.from_ms, *range(parts.from_ms // HOUR * HOUR + HOUR, parts.to_ms, HOUR), parts.to_ms)
    cuts = sorted({*parts.starts, *edges[:-1]})
    logged, metered = _by_cut(reader, parts, cuts, errors=errors)
    none = [0] * len(cuts)
    within = [range(bisect_left(cuts, low), bisect_left(cuts, high)) for low, high in itertools.pairwise(edges)]
    places = [parts.place(cut) for cut in cuts]
    by_function: dict[int, tuple[int, ...]] = {}
    for function_id, of_hours in counted_by(reader, edges).items():
        counts = [0] * parts.number
        of_logs, of_points = logged.get(function_id, none), metered.get(function_id, none)
        for hour, invocations_and_errors in zip(within, of_hours, strict=True):
            count = invocations_and_errors[errors]
            if not count:
                continue
            logs, points = of_logs[hour.start : hour.stop], of_points[hour.start : hour.stop]
            shares = logs if sum(logs) >= min(count, sum(points)) else points
            for at, one in zip(hour, _spread(count, shares), strict=True):
                counts[places[at]] += one
        by_function[function_id] = tuple(counts)
    return by_function


def _by_cut(
    reader: Reader, parts: EqualParts, cuts: Sequence[int], *, errors: bool
) -> tuple[Mapping[int, list[int]], Mapping[int, list[int]]]:
    """By function id, the invocations or errors between each cut and the next: by logs, and by CloudWatch's points."""
    if reader.is_fleet(None):
        from collectors.store.read.usage_cells import counts_by_cut

        return counts_by_cut(reader, parts.from_ms, parts.to_ms, cuts, errors=errors)
    logged: dict[int, list[int]] = {}
    metered: dict[int, list[int]] = {}
    column, metric = ("errors", "Errors") if errors else ("invocations", "Invocations")
    for sums, source in (
        (logged, f"c.{column} FROM functions f CROSS JOIN minute_cells c ON c.function_id = f.id"),
        (metered, f"c.value FROM functions f CROSS JOIN metrics c ON c.metric = '{metric}' AND c.function_id = f.id"
                  " AND c.stat = 'Sum'"),
    ):  # fmt: skip
        for function_id, start_ms, value in reader.select(
            f"SELECT f.id, c.start_ms, {source} AND c.start_ms >= ? AND c.start_ms < ?", (parts.from_ms, parts.to_ms)
        ):
            of_one = sums.setdefault(function_id, [0] * len(cuts))
            of_one[bisect_right(cuts, start_ms) - 1] += round(value)
    return logged, metered


def _spread(count: int, shares: list[int]) -> list[int]:
    """``count`` divided as ``shares`` are, into whole numbers that add up to it; evenly where all shares are 0."""
    whole = sum(shares)
    if whole == count:
        return shares
    weights = shares if whole else [1] * len(shares)
    ends = [round(count * sum(weights[: at + 1]) / sum(weights)) for at in range(len(weights))]
    return [end - begin for begin, end in itertools.pairwise((0, *ends))]


def _invocations_by_step(reader: Reader, parts: EqualParts) -> dict[int, tuple[int, ...]]:
    newest = reader.newest_ms()
    span = () if newest is None else tuple(parts.pieces(newest))
    by_function = reader.invocations_by_step(span, parts)
    if by_function is None:
        rows: list[tuple[int, int, int]] = []
        for table, low, high in span:
            rows += reader.select(
                f"SELECT c.function_id, c.start_ms, c.invocations FROM functions f CROSS JOIN {table} c"
                " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?",
                (low, high),
            )
        by_function = binned(rows, parts)
    whole_hours = [] if newest is None else pieces(parts.from_ms, parts.to_ms, newest)
    for table, low, high in whole_hours if parts.step_ms % HOUR or parts.from_ms % HOUR else ():
        if table != "minute_cells":
            _add_summed(reader, parts, low, high, by_function)
    return by_function


def _add_summed(
    reader: Reader, parts: EqualParts, low: int, high: int, by_function: dict[int, tuple[int, ...]]
) -> None:
    """Adds hours that Logs Insights summed where parts are finer: evenly, because Insights does not tell minutes."""
    for function_id, start_ms, more in reader.select(
        "SELECT h.function_id, h.start_ms, h.invocations - coalesce((SELECT sum(m.invocations) FROM minute_cells m"
        " WHERE m.function_id = h.function_id AND m.start_ms >= h.start_ms AND m.start_ms < h.start_ms + ?1), 0)"
        " FROM functions f CROSS JOIN insights_cells s ON s.function_id = f.id AND s.start_ms >= ?2 AND s.start_ms < ?3"
        " CROSS JOIN hour_cells h ON h.function_id = s.function_id AND h.start_ms = s.start_ms",
        (HOUR, low, high),
    ):
        counts = list(by_function.get(function_id, (0,) * parts.number))
        for number in range(max(0, more)):
            counts[parts.place(start_ms + number * HOUR // more)] += 1
        by_function[function_id] = tuple(counts)


def errors_by_step(reader: Reader, parts: EqualParts) -> dict[tuple[int, str], tuple[int, ...]]:
    """Occurrences of each error in each part, by function id and fingerprint."""
    newest = reader.newest_ms()
    span = () if newest is None else tuple(parts.pieces(newest))
    by_error = reader.errors_by_step(span, parts)
    if by_error is None:
        rows: list[tuple[int, int, int]] = []
        for table, low, high in span:
            rows += reader.select(
                "SELECT c.error_id, c.start_ms, c.occurrences FROM functions f CROSS JOIN"
                f" {table}_errors c ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?",
                (low, high),
            )
        by_error = binned(rows, parts)
    keys = reader.error_keys(by_error)
    return {keys[each]: counts for each, counts in by_error.items()}


def binned(rows: Iterable[tuple[Key, int, int]], parts: EqualParts) -> dict[Key, tuple[int, ...]]:
    """Sums (key, epoch ms, count) by key and part."""
    by_key: dict[Key, list[int]] = {}
    places: dict[int, int] = {}
    number = parts.number
    for key, start_ms, count in rows:
        part = places.get(start_ms)
        if part is None:
            part = places[start_ms] = parts.place(start_ms)
        counts = by_key.get(key)
        if counts is None:
            counts = by_key[key] = [0] * number
        counts[part] += count
    return {key: tuple(counts) for key, counts in by_key.items()}


def last_errors_before(reader: Reader, before_ms: int) -> dict[tuple[int, str], int]:
    """By function id and fingerprint: the last day (epoch ms) with the error, before the day that has ``before_ms``."""
    rows = reader.select(
        "SELECT e.function_id, e.fingerprint, max(c.start_ms) FROM day_cells_errors c"
        " JOIN errors e ON e.id = c.error_id WHERE c.start_ms < ? GROUP BY c.error_id",
        (before_ms // GRAINS["day_cells"] * GRAINS["day_cells"],),
    )
    return {(function_id, fingerprint): day_ms for function_id, fingerprint, day_ms in rows}


def metric_by_step(
    reader: Reader, metric: str, from_ms: int, to_ms: int, step_ms: int, function_ids: list[int], *, peak: bool
) -> dict[int, dict[int, float]]:
    """By function id and step's start, a metric's sum or with ``peak`` its largest Maximum; gaps are absent.

    ``step_ms`` is a multiple of a minute. Steps are aligned to the epoch; the first and the last count what lies in the
    span.
    """
    grain = next(size for size in (DAY, HOUR, MINUTE) if step_ms % size == 0)
    by_function: dict[int, dict[int, float]] = {}
    for function_id, at_ms, figure in _points(
        reader, metric, pieces(from_ms, to_ms, to_ms, grain), function_ids, peak=peak
    ):
        steps, start_ms = by_function.setdefault(function_id, {}), at_ms // step_ms * step_ms
        before = steps.get(start_ms)
        steps[start_ms] = figure if before is None else max(before, figure) if peak else before + figure
    return by_function


def metric_by_parts(
    reader: Reader, metric: str, parts: EqualParts, function_ids: list[int]
) -> dict[int, tuple[int, ...]]:
    """A CloudWatch metric's sums, rounded, by function id in each part."""
    points = _points(reader, metric, parts.pieces(parts.to_ms), function_ids, peak=False)
    return binned([(function_id, at_ms, round(figure)) for function_id, at_ms, figure in points], parts)


def _points(
    reader: Reader, metric: str, span: Iterable[Piece], function_ids: list[int], *, peak: bool
) -> Iterator[tuple[int, int, float]]:
    """(function id, start, figure) of each point, hour or day that the span's pieces are made of."""
    for table, low, high in span:
        rolled = {"hour_cells": "metric_hours", "day_cells": "metric_days"}.get(table)
        value = ("peak" if peak else "total") if rolled else "value"
        for function_id in function_ids:
            for start_ms, figure in reader.select(
                f"SELECT start_ms, {value} FROM {rolled or 'metrics'} WHERE metric = ? AND function_id = ?"
                " AND stat = ? AND start_ms >= ? AND start_ms < ?",
                (metric, function_id, "Maximum" if peak else "Sum", low, high),
            ):
                yield function_id, start_ms, figure


def account_peaks(reader: Reader, from_ms: int, to_ms: int) -> dict[tuple[str, str], dict[int, float]]:
    """By account and region: the most concurrent executions of all functions together on each UTC day (epoch ms)."""
    day = GRAINS["day_cells"]
    peaks: dict[tuple[str, str], dict[int, float]] = {}
    for account, region, start_ms, peak in reader.select(
        "SELECT account, region, start_ms / ? * ?, max(value) FROM account_metrics"
        " WHERE metric = 'ConcurrentExecutions' AND stat = 'Maximum' AND start_ms >= ? AND start_ms < ?"
        " GROUP BY 1, 2, 3",
        (day, day, from_ms, to_ms),
    ):
        peaks.setdefault((account, region), {})[start_ms] = peak
    return peaks


def failed_again(reader: Reader, from_ms: int, to_ms: int) -> dict[int, tuple[int, str]]:
    """By function id: how many of its requests failed more than once, and the id of one of them."""
    rows = reader.select(
        "SELECT function_id, count(*), max(request_id) FROM (SELECT function_id, request_id, count(*) AS times"
        " FROM invocations INDEXED BY invocations_not_plain WHERE (status <> 0 OR parts <> 3)"
        " AND status IN (1, 2, 3, 4)"
        " AND start_ms >= ? AND start_ms < ? GROUP BY function_id, request_id HAVING times > 1) GROUP BY function_id",
        (from_ms, to_ms),
    )
    return {function_id: (requests, id_text(request_id)) for function_id, requests, request_id in rows}


def lines_kept(reader: Reader, from_ms: int, to_ms: int, function_ids: list[int] | None) -> int:
    """Log lines in the chunks that touch the span: some more than lie in it, at its ends."""
    ids = function_ids if function_ids is not None else [row[0] for row in reader.select("SELECT id FROM functions")]
    total = 0
    for identity in ids:
        total += reader.select(
            "SELECT coalesce(sum(lines), 0) FROM chunks WHERE function_id = ? AND first_ms < ? AND last_ms >= ?",
            (identity, to_ms, from_ms),
        )[0][0]
    return total


def rejected_lines(reader: Reader, limit: int = 200) -> list[tuple[str, int, str, str]]:
    """Input that could not be read, as (source, line, reason, text)."""
    return [
        (source, line, reason, text)
        for source, line, reason, text in reader.select(
            "SELECT source, line, reason, text FROM rejects ORDER BY source, line LIMIT ?", (limit,)
        )
    ]

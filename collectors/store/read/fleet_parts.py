"""What many functions did together in equal parts of a span: counts, percentiles, sums and peaks of metrics.

Parts add up to what the readers of whole spans say. No function is read by itself where a fleet has packs.
"""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from collectors.store.read.reader import Reader
from collectors.store.read.series import counted_by_step, errors_counted_by_step
from collectors.store.rollups import packs
from collectors.store.rollups.equal_parts import EqualParts
from collectors.store.rollups.histogram import BUCKETS, PAIR, quantiles
from collectors.store.spans import Piece, pieces

Ints = npt.NDArray[np.int64]


def counts_by_part(reader: Reader, parts: EqualParts, chosen: Collection[int]) -> list[tuple[int, int]]:
    """(Invocations, errors) of these functions together in each part."""
    sums = []
    for by_function in (counted_by_step(reader, parts), errors_counted_by_step(reader, parts)):
        rows = [counts for each, counts in by_function.items() if each in chosen]
        sums.append([sum(column) for column in zip(*rows, strict=True)] or [0] * parts.number)
    return list(zip(*sums, strict=True))


def quantile_by_part(
    reader: Reader, parts: EqualParts, function_ids: Sequence[int] | None, share: float
) -> list[int | None]:
    """The duration (us) below which a ``share`` of all these functions' invocations in each part lie."""
    newest = reader.newest_ms()
    counts = np.zeros((parts.number, BUCKETS), np.int64)
    if newest is not None and (function_ids is None or function_ids):
        span = parts.pieces(newest)
        packed = reader.packs_of(span, function_ids, "latency", by_week=False)
        if packed is None:
            _add_cells(reader, span, parts, reader.ids(function_ids), counts)
        else:
            for pack in packed:
                _add(counts[parts.place(pack.start_ms)], _pairs(pack, function_ids))
    return _quantile(counts, share)


def quantile_of_span(
    reader: Reader, from_ms: int, to_ms: int, function_ids: Sequence[int] | None, share: float
) -> int | None:
    """The duration (us) below which a ``share`` of all these functions' invocations in a span lie."""
    newest = reader.newest_ms()
    counts = np.zeros((1, BUCKETS), np.int64)
    if newest is not None and (function_ids is None or function_ids):
        span = pieces(from_ms, to_ms, newest)
        packed = reader.packs_of(span, function_ids, "latency")
        for pack in packed or ():
            _add(counts[0], _pairs(pack, function_ids))
        if packed is None:
            ids = ", ".join(map(str, reader.ids(function_ids)))
            for table, low, high in span:
                for (latency,) in reader.select(
                    f"SELECT CAST(group_concat(c.latency, '') AS BLOB) FROM functions f CROSS JOIN {table} c"
                    " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?"
                    f" WHERE f.id IN ({ids}) GROUP BY f.id",
                    (low, high),
                ):
                    _add(counts[0], np.frombuffer(latency, PAIR))
    return _quantile(counts, share)[0]


def _quantile(counts: Ints, share: float) -> list[int | None]:
    totals = counts.sum(axis=1).tolist()
    return [one[0] if total else None for one, total in zip(quantiles(counts, (share,)), totals, strict=True)]


def _pairs(pack: packs.Pack, chosen: Sequence[int] | None) -> npt.NDArray[np.void]:
    pairs = np.frombuffer(pack.latency, PAIR)
    if chosen is None:
        return pairs
    cells = packs.cells_of(pack)
    return pairs[np.repeat(np.isin(cells[:, packs.FUNCTION], chosen), cells[:, packs.PAIRS])]


def _add_cells(
    reader: Reader, span: Sequence[Piece], parts: EqualParts, function_ids: Sequence[int], counts: Ints
) -> None:
    blobs: dict[int, list[bytes]] = {}
    for table, low, high in span:
        for function_id in function_ids:
            for start_ms, latency in reader.select(
                f"SELECT start_ms, latency FROM {table} WHERE function_id = ? AND start_ms >= ? AND start_ms < ?",
                (function_id, low, high),
            ):
                blobs.setdefault(parts.place(start_ms), []).append(latency)
    for place, of_part in blobs.items():
        _add(counts[place], np.frombuffer(b"".join(of_part), PAIR))


def _add(histogram: Ints, pairs: npt.NDArray[np.void]) -> None:
    histogram += np.bincount(pairs["bucket"], pairs["count"], BUCKETS).astype(np.int64)


def metric_by_part(
    reader: Reader, metric: str, parts: EqualParts, function_ids: Sequence[int] | None, *, peak: bool
) -> list[float | None]:
    """A metric's sum over these functions in each part, or with ``peak`` its largest Maximum; None without a point."""
    newest = reader.newest_point(metric, "Maximum" if peak else "Sum")
    figures: list[float | None] = [None] * parts.number
    for table, low, high in parts.pieces(newest) if newest is not None else ():
        for start_ms, rows in reader.metric_pieces(metric, table, low, high, stat="Maximum" if peak else "Sum"):
            of_chosen = rows if function_ids is None else rows[np.isin(rows["function_id"], function_ids)]
            if not len(of_chosen):
                continue
            place = parts.place(start_ms)
            before = figures[place]
            figure = float(of_chosen["peak"].max() if peak else of_chosen["total"].sum())
            figures[place] = figure if before is None else max(before, figure) if peak else before + figure
    return figures


def account_peaks_by_part(reader: Reader, parts: EqualParts) -> dict[tuple[str, str], list[float | None]]:
    """By account and region: the most concurrent executions of all its functions together in each part."""
    peaks: dict[tuple[str, str], list[float | None]] = {}
    for account, region, place, peak in reader.select(
        "SELECT account, region, min((start_ms - ?1) / ?2, ?3), max(value) FROM account_metrics"
        " WHERE metric = 'ConcurrentExecutions' AND stat = 'Maximum' AND start_ms >= ?1 AND start_ms < ?4"
        " GROUP BY 1, 2, 3",
        (parts.from_ms, parts.step_ms, parts.number - 1, parts.to_ms),
    ):
        peaks.setdefault((account, region), [None] * parts.number)[place] = peak
    return peaks

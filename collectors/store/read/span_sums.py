"""Reads sums of a span from rollup cells of minutes, hours and days, never from rows of invocations.

numpy is imported only when percentiles are asked for, so that counts and sums are shown before it is loaded. All spans
are ``[from_ms, to_ms)``. Answers are cached until another process commits (``collectors.store.read.query_cache``).
"""

from collections.abc import Iterable, Sequence
from itertools import product
from operator import add, attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from collectors.model.records import id_text
from collectors.model.units import HOUR_MS
from collectors.store.errors import explained
from collectors.store.read.connection import Connected, Functions, marks
from collectors.store.read.rows import (
    DAY_COLUMNS,
    NEWEST_KNOWN_SQL,
    PERCENTILES,
    SUMS_SQL,
    USAGE_SQL,
    DayUsage,
    ErrorGroup,
    Quantiles,
    SeriesPoint,
    SpanUsage,
    Totals,
    added,
)
from collectors.store.spans import DAY, HOUR, MINUTE, Piece, pieces

if TYPE_CHECKING:
    from collectors.store.rollups.equal_parts import EqualParts
    from collectors.store.rollups.packs import Ints, Pack

_DAY = ", ".join(f"c.{name}" for name in DAY_COLUMNS)
# Concatenated histograms are one histogram: one blob a function is read in half the time of a blob a cell.
_TOGETHER = "CAST(group_concat(c.latency, '') AS BLOB)"
_FUNCTION = DAY_COLUMNS.index("function_id")
_function_and_day = itemgetter(*map(DAY_COLUMNS.index, ("function_id", "start_ms")))
Day = tuple[int, int, int, int, int, int]
_MOST_IDS = 500  # ids in one query: SQLite binds 999 values
Sums = TypeVar("Sums", Totals, SpanUsage)


class ErrorKey(NamedTuple):
    """What an error is: the columns of its table with which ``ErrorGroup`` begins."""

    function_id: int
    error_type: str
    message: str
    fingerprint: str
    family: str


class Rollups(Connected):
    """Sums, percentiles, days and errors of functions over a span."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self._errors: dict[int, ErrorKey] = {}

    def _pieces(self, from_ms: int, to_ms: int, *, exact: bool = False) -> tuple[Piece, ...]:
        """The cells that make up a span; () where nothing is stored."""
        newest = self.newest_ms()
        return () if newest is None or from_ms >= to_ms else tuple(pieces(from_ms, to_ms, newest, exact=exact))

    def _cells(
        self, columns: str, span: Sequence[Piece], function_ids: Functions, grouped: str = ""
    ) -> list[tuple[Any, ...]]:
        """Rows of cells by piece of the span, in order of time; each piece reads every function's rows."""
        rows: list[tuple[Any, ...]] = []
        wanted = "" if function_ids is None else f"WHERE f.id IN ({marks(function_ids)})"
        with self.snapshot():
            for table, low, high in span:
                rows += self._all(
                    f"SELECT {columns} FROM functions f CROSS JOIN {table} c"
                    f" ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? {wanted} {grouped}",
                    (low, high, *(function_ids or ())),
                )
        return rows

    def packs_of(
        self, span: Sequence[Piece], function_ids: Functions, part: str = "cells", *, by_week: bool = True
    ) -> "list[Pack] | None":
        """All functions' packs of a span; None where cells are faster: few functions are wanted, or packs are dirty."""
        if not self.is_fleet(function_ids):
            return None
        from collectors.store.rollups.packs import read

        packs_of_span: list[Pack] = []
        with self.snapshot(), explained(self._path):
            for piece in span:
                some = read(self._connection, *piece, part, by_week=by_week)
                if some is None:
                    return None
                packs_of_span += some
        return packs_of_span

    def totals(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[Totals]:
        """Sums of each function that has an invocation in the span, by function id."""
        span, chosen = self._pieces(from_ms, to_ms), self.chosen(function_ids)
        return list(self.cached(("totals", span, chosen), lambda: self._totals(span, chosen)))

    def _totals(self, span: Sequence[Piece], function_ids: Functions) -> list[Totals]:
        if (packs := self.packs_of(span, function_ids)) is not None:
            from collectors.store.read import fleet_sums

            return _chosen_of(fleet_sums.totals(packs), function_ids)
        by_function: dict[int, Totals] = {}
        for *sums, _ in self._cells(f"{SUMS_SQL}, {NEWEST_KNOWN_SQL}", span, function_ids, "GROUP BY f.id"):
            of_piece = Totals(*sums)
            before = by_function.get(of_piece.function_id)
            by_function[of_piece.function_id] = of_piece if before is None else added(before, of_piece)
        return [by_function[function_id] for function_id in sorted(by_function)]

    def usage(
        self, from_ms: int, to_ms: int, function_ids: Functions = None, *, exact: bool = False
    ) -> list[SpanUsage]:
        """The part of the totals that bills are made of, in half the time; ``exact`` as in ``spans.pieces``."""
        span, chosen = self._pieces(from_ms, to_ms, exact=exact), self.chosen(function_ids)
        return list(self.cached(("usage", span, chosen), lambda: self._usage(span, chosen)))

    def _usage(self, span: Sequence[Piece], function_ids: Functions) -> list[SpanUsage]:
        if (packs := self.packs_of(span, function_ids)) is not None:
            from collectors.store.read import fleet_sums

            return _chosen_of(fleet_sums.usage(packs), function_ids)
        by_function: dict[int, tuple[int, ...]] = {}
        for function_id, *sums in self._cells(f"f.id, {USAGE_SQL}", span, function_ids, "GROUP BY f.id"):
            before = by_function.get(function_id)
            by_function[function_id] = tuple(sums) if before is None else tuple(map(add, before, sums))
        return [SpanUsage(function_id, *by_function[function_id]) for function_id in sorted(by_function)]

    def counted(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> tuple[int, int]:
        """Invocations and REPORTs of all these functions together."""
        span, chosen = self._pieces(from_ms, to_ms), self.chosen(function_ids)
        if self.is_fleet(chosen):
            found = self.usage(from_ms, to_ms, function_ids)
            return sum(one.invocations for one in found), sum(one.reports for one in found)
        return self.cached(("counted", span, chosen), lambda: self._counted(span, chosen))

    def _counted(self, span: Sequence[Piece], function_ids: Functions) -> tuple[int, int]:
        rows = self._cells("sum(c.invocations), sum(c.reports)", span, function_ids)
        return sum(invocations or 0 for invocations, _ in rows), sum(reports or 0 for _, reports in rows)

    def count_invocations(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> int:
        """How many invocations of all these functions together began in ``[from_ms, to_ms)``, by the logs."""
        return self.counted(from_ms, to_ms, function_ids)[0]

    def quantiles(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> dict[int, Quantiles]:
        """p50, p95 and p99 of each function that has a REPORT in the span, by function id."""
        span, chosen = self._pieces(from_ms, to_ms), self.chosen(function_ids)
        return dict(self.cached(("quantiles", span, chosen), lambda: self._quantiles(span, chosen)))

    def _quantiles(self, span: Sequence[Piece], function_ids: Functions) -> dict[int, Quantiles]:
        if (packs := self.packs_of(span, function_ids, "latency")) is not None:
            from collectors.store.read import fleet_sums

            found = fleet_sums.latency(packs)
            return found if function_ids is None else {each: found[each] for each in function_ids if each in found}
        return dict(_quantiles(self._cells(f"f.id, {_TOGETHER}", span, function_ids, "GROUP BY f.id")))

    def series(self, from_ms: int, to_ms: int, step_ms: int, function_ids: Functions = None) -> list[SeriesPoint]:
        """All these functions together, step by step; steps without an invocation are absent.

        ``step_ms`` is a multiple of a minute. Steps are aligned to the epoch; the first and the last count what lies in
        the span.
        """
        span, chosen = (from_ms, to_ms, step_ms), self.chosen(function_ids)
        return list(self.cached(("series", span, chosen), lambda: self._series(*span, chosen)))

    def _series(self, from_ms: int, to_ms: int, step_ms: int, function_ids: Functions) -> list[SeriesPoint]:
        grain = next(size for size in (DAY, HOUR, MINUTE) if step_ms % size == 0)
        newest = self.newest_ms()
        span = () if newest is None else pieces(from_ms, to_ms, newest, grain)
        points: dict[int, Totals] = {}
        blobs: list[tuple[int, bytes]] = []
        for function_id, (table, low, high) in product(self.ids(function_ids), span):
            for step, latency, *sums, _ in self._all(
                f"SELECT c.start_ms / ?1 * ?1, {_TOGETHER}, {SUMS_SQL}, {NEWEST_KNOWN_SQL}"
                f" FROM {table} c WHERE c.function_id = ?2 AND c.start_ms >= ?3 AND c.start_ms < ?4 GROUP BY 1",
                (step_ms, function_id, low, high),
            ):
                totals = Totals(*sums)
                points[step] = added(points[step], totals) if step in points else totals
                blobs.append((step, latency))
        quantiles = dict(_quantiles(blobs))
        return [SeriesPoint(step, points[step], quantiles.get(step)) for step in sorted(points)]

    def daily_usage(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[DayUsage]:
        """What each function used on each UTC day from the one that has ``from_ms`` to ``to_ms``.

        The first day counts from its midnight, the last up to ``to_ms``.
        """
        days = self.days(from_ms, to_ms, function_ids)
        return [DayUsage(function_id, day_ms, *usage) for day_ms, function_id, *usage in sorted(days)]

    def days(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[Day]:
        """The rows of ``daily_usage`` as tuples of ``DAY_COLUMNS``, sorted by function id, then day."""
        chosen = self.chosen(function_ids)
        if self.is_fleet(chosen):
            return list(zip(*self.day_columns(from_ms, to_ms, chosen).T.tolist(), strict=True))
        span, rest = self._whole_days(from_ms, to_ms)
        return self.cached(("days", span, rest, chosen), lambda: self._days(span, rest, chosen))

    def _whole_days(self, from_ms: int, to_ms: int) -> tuple[Piece, tuple[int, int]]:
        """The span's whole days, and the rest of its last day up to the end where the store has later data."""
        newest = self.newest_ms()
        end = -(-to_ms // DAY) * DAY if newest is None or newest < to_ms else to_ms // DAY * DAY
        return ("day_cells", from_ms // DAY * DAY, end), (end, max(end, to_ms))

    def _days(self, span: Piece, rest: tuple[int, int], function_ids: Functions) -> list[Day]:
        found = cast(list[Day], self._cells(_DAY, (span,), function_ids)) + self._last_day(rest, function_ids)
        return sorted(found, key=_function_and_day)

    def _last_day(self, rest: tuple[int, int], function_ids: Functions) -> list[Day]:
        low, high = rest
        return [(low, *one) for one in self.usage(low, high, function_ids, exact=True)] if low < high else []

    def day_columns(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> "Ints":
        """The rows of ``days`` as an int64 matrix with the columns ``DAY_COLUMNS``, for arithmetic over a fleet."""
        chosen = self.chosen(function_ids)
        span, rest = self._whole_days(from_ms, to_ms)
        return self.cached(("day columns", span, rest, chosen), lambda: self._day_columns(span, rest, chosen))

    def _day_columns(self, span: Piece, rest: tuple[int, int], function_ids: Functions) -> "Ints":
        import numpy as np

        if (packs := self.packs_of((span,), function_ids, by_week=False)) is not None:
            from collectors.store.read import fleet_sums

            rows = fleet_sums.days(packs)
            rows = rows if function_ids is None else rows[np.isin(rows[:, _FUNCTION], function_ids)]
        else:
            rows = np.array(self._cells(_DAY, (span,), function_ids), np.int64).reshape(-1, len(DAY_COLUMNS))
        last = self._last_day(rest, function_ids)
        if not last:
            return rows
        rows = np.concatenate([rows, np.array(last, np.int64).reshape(-1, len(DAY_COLUMNS))])
        return rows[np.argsort(rows[:, _FUNCTION], kind="stable")]

    def invocations_by_step(self, span: Sequence[Piece], parts: "EqualParts") -> dict[int, tuple[int, ...]] | None:
        """Invocations of all functions by part, for ``collectors.store.read.series``; None where packs cannot tell."""
        packs = self.packs_of(span, None, by_week=False)
        if packs is None:
            return None
        from collectors.store.read import fleet_sums

        return fleet_sums.invocations_by_step(packs, parts)

    def errors_by_step(self, span: Sequence[Piece], parts: "EqualParts") -> dict[int, tuple[int, ...]] | None:
        """Occurrences of all errors by part, by error id; None where packs cannot tell."""
        packs = self.packs_of(span, None, "errors", by_week=False)
        if packs is None:
            return None
        from collectors.store.read import fleet_sums

        return fleet_sums.errors_by_step(packs, parts)

    def error_keys(self, error_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
        """Function id and fingerprint of errors, by error id."""
        wanted = list(error_ids)
        errors = self._errors_by_id(wanted)
        return {each: (errors[each].function_id, errors[each].fingerprint) for each in wanted}

    def invocations_by_hour(self, from_ms: int, to_ms: int) -> dict[int, int]:
        """All functions' invocations in the whole hours of a span, by hour of the day (0 to 23, UTC)."""
        span = ("hour_cells", from_ms, to_ms)
        return dict(self.cached(("by hour", span), lambda: self._by_hour(span)))

    def _by_hour(self, span: Piece) -> dict[int, int]:
        if self.is_fleet(None):
            hours = self._all(
                f"SELECT start_ms / {HOUR_MS} % 24, sum(invocations), max(invocations IS NULL) FROM hour_packs"
                " WHERE start_ms >= ? AND start_ms < ? GROUP BY 1",
                span[1:],
            )
            if not any(marked for _, _, marked in hours):
                return {hour: invocations for hour, invocations, _ in hours}
        return dict(self._cells(f"c.start_ms / {HOUR_MS} % 24, sum(c.invocations)", (span,), None, "GROUP BY 1"))

    def error_groups(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[ErrorGroup]:
        """Failures by function and fingerprint, the most frequent first."""
        span, chosen = self._pieces(from_ms, to_ms), self.chosen(function_ids)
        return list(self.cached(("errors", span, to_ms, chosen), lambda: self._grouped_errors(span, to_ms, chosen)))

    def _grouped_errors(self, span: Sequence[Piece], to_ms: int, function_ids: Functions) -> list[ErrorGroup]:
        with self.snapshot():
            groups = self._error_groups(self._counted_errors(span, function_ids), to_ms)
        groups.sort(key=attrgetter("count", "last_ms"), reverse=True)
        return groups

    def _counted_errors(self, span: Sequence[Piece], function_ids: Functions) -> dict[int, int]:
        if (packs := self.packs_of(span, function_ids, "errors")) is not None:
            from collectors.store.read import fleet_sums

            wanted = None if function_ids is None else set(function_ids)
            found = fleet_sums.errors(packs).items()
            return {error: count for error, (of, count) in found if wanted is None or of in wanted}
        counts: dict[int, int] = {}
        of_errors = [(f"{table}_errors", low, high) for table, low, high in span]
        for error_id, count in self._cells("c.error_id, sum(c.occurrences)", of_errors, function_ids, "GROUP BY 1"):
            counts[error_id] = counts.get(error_id, 0) + count
        return counts

    def _error_groups(self, counts: dict[int, int], to_ms: int) -> list[ErrorGroup]:
        """The counted errors, each with its first and last time and the request id of its last invocation."""
        errors = self._errors_by_id(counts)
        of_error = "FROM invocations i WHERE i.error_id = e.id"
        groups: list[ErrorGroup] = []
        ids = sorted(counts)
        for begin in range(0, len(ids), _MOST_IDS):
            some = ids[begin : begin + _MOST_IDS]
            rows = self._all(
                f"SELECT e.id, (SELECT min(i.start_ms) {of_error}),"
                f" (SELECT max(i.start_ms) {of_error} AND i.start_ms < ?),"
                f" (SELECT i.request_id {of_error} AND i.start_ms < ? ORDER BY i.start_ms DESC LIMIT 1)"
                f" FROM errors e WHERE e.id IN ({marks(some)})",
                (to_ms, to_ms, *some),
            )
            groups += [
                ErrorGroup(
                    *errors[error_id],
                    counts[error_id],
                    to_ms if first is None else first,
                    to_ms if last is None else last,
                    None if sample is None else id_text(sample),
                )
                for error_id, first, last, sample in rows
            ]
        return groups

    def _errors_by_id(self, wanted: Iterable[int]) -> dict[int, ErrorKey]:
        """By error id, what these and other errors are: the names never change, so each is read once."""
        known = self._errors
        unread = [error_id for error_id in wanted if error_id not in known]
        for begin in range(0, len(unread), _MOST_IDS):
            some = unread[begin : begin + _MOST_IDS]
            sql = f"SELECT id, {', '.join(ErrorKey._fields)} FROM errors WHERE id IN ({marks(some)})"
            known.update((error_id, ErrorKey(*columns)) for error_id, *columns in self._all(sql, some))
        return known


def _chosen_of(some: list[Sums], function_ids: Functions) -> list[Sums]:
    if function_ids is None:
        return some
    wanted = set(function_ids)
    return [one for one in some if one.function_id in wanted]


def _quantiles(blobs: Sequence[tuple[Any, ...]]) -> list[tuple[int, Quantiles]]:
    """Quantiles of each group's histograms added up; groups without a value are absent."""
    if not blobs:
        return []
    from collectors.store.rollups.histogram import merged_by_group, quantiles

    groups: dict[int, list[bytes]] = {}
    for group, blob in blobs:
        groups.setdefault(group, []).append(blob)
    ordered = sorted(groups)
    counts = merged_by_group([groups[group] for group in ordered])
    answers = quantiles(counts, PERCENTILES)
    return [
        (group, Quantiles(total, *values))
        for group, total, values in zip(ordered, counts.sum(axis=1).tolist(), answers, strict=True)
        if total
    ]

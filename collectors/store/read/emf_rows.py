"""Reads EMF metrics: the values of their series in a span ``[from_ms, to_ms)``, from minutes, hours and days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

from collectors.store.read.connection import Functions, marks
from collectors.store.read.reader import Reader
from collectors.store.rollups.emf_cells import TABLES, EmfCell, quantile, together
from collectors.store.schema import EMF_UNCOUNTED, GRAINS
from collectors.store.spans import DAY, HOUR, MINUTE, Piece, pieces
from collectors.store.tables.emf import EMF_SERIES
from collectors.untrusted import parsed_json

_SUMS = (
    "sum(c.samples), sum(c.total), min(c.lowest), max(c.highest), sum(c.minutes), max(c.peak_total),"
    " max(c.peak_samples), CAST(group_concat(c.buckets, '') AS BLOB)"
)


@dataclass(frozen=True, slots=True)
class EmfSeries:
    """One series. ``folded`` names dimensions that were dropped because they had too many values."""

    id: int
    function_id: int
    namespace: str
    metric: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    folded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmfSum:
    """The values of a series in a span; ``last_ms`` is the start (epoch ms) of the newest minute that had any."""

    series: EmfSeries
    cell: EmfCell
    last_ms: int

    @property
    def average(self) -> float:
        """The mean of all values, in the series' unit."""
        return self.cell.total / self.cell.samples

    def quantile(self, share: float) -> float:
        """The value below which a ``share`` (0 to 1) of the values lies, within 1%."""
        return quantile(self.cell.buckets, share, self.cell.lowest, self.cell.highest)


_SERIES = tuple(field.name for field in fields(EmfSeries))


def sums(reader: Reader, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[EmfSum]:
    """The series with a value in the span, by function, namespace, metric, dimensions and unit."""
    span = tuple(pieces(from_ms, to_ms, to_ms)), reader.chosen(function_ids)
    return list(reader.cached(("emf", *span), lambda: _sums(reader, *span)))


def _sums(reader: Reader, span: Sequence[Piece], function_ids: Functions) -> list[EmfSum]:
    wanted = "" if function_ids is None else f"WHERE s.function_id IN ({marks(function_ids)})"
    cells: dict[int, list[EmfCell]] = {}
    last: dict[int, int] = {}
    with reader.snapshot():
        for name, low, high in span:
            table = TABLES[GRAINS[name]]
            for series, start, *row in reader.select(
                f"SELECT s.id, max(c.start_ms), {_SUMS} FROM emf_series s CROSS JOIN {table} c"
                f" ON c.series_id = s.id AND c.start_ms >= ? AND c.start_ms < ? {wanted} GROUP BY s.id",
                (low, high, *(function_ids or ())),
            ):
                cells.setdefault(series, []).append(EmfCell.of_row(row))
                last[series] = max(last.get(series, 0), start)
        named = {series.id: series for series in _series(reader) if series.id in cells}
        if any(table != "minute_cells" for table, _, _ in span):
            last = {each: _last_minute(reader, each, start) for each, start in last.items()}
    order = attrgetter("namespace", "metric", "dimensions", "unit")
    return [EmfSum(each, together(cells[each.id]), last[each.id]) for each in sorted(named.values(), key=order)]


def _last_minute(reader: Reader, series: int, start_ms: int) -> int:
    """The newest minute with a value in the hour or day that begins at ``start_ms``."""
    ((newest,),) = reader.select(
        "SELECT max(start_ms) FROM emf_minutes WHERE series_id = ? AND start_ms >= ? AND start_ms < ?",
        (series, start_ms, start_ms + DAY),
    )
    return start_ms if newest is None else int(newest)


def _series(reader: Reader) -> Iterator[EmfSeries]:
    rows = reader.cached(
        "emf series",
        lambda: reader.select(f"SELECT {EMF_SERIES.columns_of(_SERIES)} FROM emf_series"),
    )
    for *key, dimensions, folded in rows:
        pairs = tuple((name, value) for name, value in parsed_json(dimensions))
        yield EmfSeries(*(*key, pairs, tuple(parsed_json(folded))))


def by_step(reader: Reader, from_ms: int, to_ms: int, step_ms: int, series: int) -> dict[int, EmfCell]:
    """By start (epoch ms), a series' values in each step; steps without a value are absent.

    ``step_ms`` is a multiple of a minute. Steps are aligned to the epoch; the first and the last count what lies in the
    span.
    """
    grain = next(size for size in (DAY, HOUR, MINUTE) if step_ms % size == 0)
    by_start: dict[int, list[EmfCell]] = {}
    for name, low, high in pieces(from_ms, to_ms, to_ms, grain):
        for start, *row in reader.select(
            f"SELECT c.start_ms / ?1 * ?1, {_SUMS} FROM {TABLES[GRAINS[name]]} c"
            " WHERE c.series_id = ?2 AND c.start_ms >= ?3 AND c.start_ms < ?4 GROUP BY 1",
            (step_ms, series, low, high),
        ):
            by_start.setdefault(start, []).append(EmfCell.of_row(row))
    return {start: together(cells) for start, cells in by_start.items()}


def billed_hours(reader: Reader, from_ms: int, to_ms: int, function_ids: Functions = None) -> tuple[int, int]:
    """How many metrics had values in the hours that touch the span, and the metric-hours that CloudWatch bills.

    A metric is a namespace, a name and dimensions in an account and region, whatever its unit and function.
    """
    chosen = reader.chosen(function_ids)
    wanted = "" if chosen is None else f"AND s.function_id IN ({marks(chosen)})"
    of_metric = "f.account, f.region, s.namespace, s.metric, s.dimensions, s.folded"
    ((metrics, hours),) = reader.select(
        "SELECT count(*), coalesce(sum(hours), 0) FROM (SELECT count(DISTINCT h.start_ms) AS hours FROM emf_series s"
        " JOIN functions f ON f.id = s.function_id"
        " JOIN emf_hours h ON h.series_id = s.id AND h.start_ms >= ? AND h.start_ms < ?"
        f" {wanted} GROUP BY {of_metric})",
        (from_ms // HOUR * HOUR, to_ms, *(chosen or ())),
    )
    return int(metrics), int(hours)


def invalid(reader: Reader, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[tuple[str, int]]:
    """Why lines with a metric document gave no metric in the span, and how often; the most frequent first."""
    chosen = reader.chosen(function_ids)
    wanted = "" if chosen is None else f"AND function_id IN ({marks(chosen)})"
    rows = reader.select(
        f"SELECT reason, sum(number) FROM emf_invalid WHERE start_ms >= ? AND start_ms < ? {wanted}"
        " GROUP BY reason HAVING sum(number) > 0 ORDER BY 2 DESC, 1",
        (from_ms, to_ms, *(chosen or ())),
    )
    return [(reason, number) for reason, number in rows]


def has_uncounted(reader: Reader) -> bool:
    """Whether lines that an older version stored are not yet searched for metrics."""
    return bool(reader.select("SELECT 1 FROM settings WHERE name = ? AND value > 0", (EMF_UNCOUNTED,)))

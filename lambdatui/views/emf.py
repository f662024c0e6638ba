"""Metrics that log lines carry in the Embedded Metric Format, as rows beside CloudWatch's own and as charts."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from collectors.store.read import emf_rows
from collectors.store.read.emf_rows import EmfSeries, EmfSum
from collectors.store.read.pattern_rows import uncounted
from collectors.store.read.reader import Reader
from collectors.store.rollups.emf_cells import EmfCell, quantile
from lambdatui.text.figures import counted
from lambdatui.text.plain import plain
from lambdatui.views.time_range import TimeRange

PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_SUMMED = "Count"  # the unit of what is charted as its sum; of all else the percentiles tell more
_UNITS = {
    "Microseconds": ("ms", 0.001), "Milliseconds": ("ms", 1.0), "Seconds": ("ms", 1000.0), "Bytes": ("bytes", 1.0)
}  # fmt: skip
_CURVES = (("p95", "slow"), ("p50", "good"), ("p99", "bad"))
_BARE = re.compile(r"[^\s,=\"*]+")
_REASONS = 3


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic of a series over the range; ``peak`` is the largest minute's, None where that is not kept."""

    name: str
    value: float
    peak: float | None


def statistics(series_sum: EmfSum) -> Iterator[Statistic]:
    """What CloudWatch has of such a metric; percentiles within 1% of a true value."""
    cell = series_sum.cell
    yield Statistic("SampleCount", cell.samples, cell.peak_samples)
    yield Statistic("Sum", cell.total, cell.peak_total)
    yield Statistic("Average", series_sum.average, None)
    yield Statistic("Minimum", cell.lowest, None)
    yield Statistic("Maximum", cell.highest, cell.highest)
    for name, share in PERCENTILES.items():
        yield Statistic(name, series_sum.quantile(share), None)


class Charted(NamedTuple):
    """How a series is charted: the chart's unit, and of each curve its name, its meaning and its value of a step."""

    title: str
    unit: str
    curves: tuple[tuple[str, str, Callable[[EmfCell], float]], ...]


def charted(series: EmfSeries) -> Charted:
    """Counts by their sum, all else by its percentiles, within 1%."""
    unit, factor = _UNITS.get(series.unit, ("figure", 1.0))

    def percentile(name: str) -> Callable[[EmfCell], float]:
        return lambda cell: factor * quantile(cell.buckets, PERCENTILES[name], cell.lowest, cell.highest)

    names = ", ".join(filter(None, (dimensions_text(series), series.namespace)))
    if series.unit == _SUMMED:
        return Charted(plain(f"{series.metric}, {names}"), unit, (("sum", "calls", lambda cell: cell.total),))
    curves = tuple((name, meaning, percentile(name)) for name, meaning in _CURVES)
    return Charted(plain(f"{series.metric} p95, {names}"), unit, curves)


def dimensions_text(series: EmfSeries) -> str:
    """``env=prod, service=pay``; what is not plain is quoted as JSON has it, and ``name=*`` stands for many values."""
    pairs = [*((name, _bare(value)) for name, value in series.dimensions), *((name, "*") for name in series.folded)]
    return ", ".join(f"{_bare(name)}={value}" for name, value in sorted(pairs))


def _bare(text: str) -> str:
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def notes(reader: Reader, time_range: TimeRange, ids: list[int] | None, sums: list[EmfSum]) -> list[str]:
    """Remarks on the range's metrics in log lines, a sentence each."""
    sentences = []
    span = time_range.from_ms, time_range.to_ms
    if sums:
        metrics, hours = emf_rows.billed_hours(reader, *span, ids)
        least = "at least " if any(one.series.folded for one in sums) else ""
        sentences.append(
            f"log lines carry {least}{counted(metrics, 'custom metric')} (EMF), {least}{counted(hours, 'metric-hour')}"
        )
    for name, without in _folded(sums).items():
        sentences.append(
            f"dimension {plain(name)} has too many values to keep apart: {', '.join(without)} is counted without it,"
            " and CloudWatch bills a metric for each value"
        )
    wrong = emf_rows.invalid(reader, *span, ids)
    if wrong:
        reasons = "; ".join(f"{reason} ({number:,})" for reason, number in wrong[:_REASONS])
        more = f"; {len(wrong) - _REASONS} more reasons" if len(wrong) > _REASONS else ""
        total = sum(number for _, number in wrong)
        sentences.append(
            f"{counted(total, 'metric')} in log lines {'is' if total == 1 else 'are'} invalid EMF: {reasons}{more};"
            " 'lambdatui db info' has samples"
        )
    return sentences + unknown(reader)


def unknown(reader: Reader) -> list[str]:
    """Which lines could not be searched for metrics, a sentence each."""
    missing = []
    if emf_rows.has_uncounted(reader):
        missing.append(
            "lines that an older lambdatui stored were not looked through for metrics: 'lambdatui metrics' does it"
            " when no other process writes"
        )
    without = uncounted(reader).without_lines
    if without:
        missing.append(f"{counted(without, 'event')} came without lines: metrics in them are not known")
    return missing


def _folded(sums: list[EmfSum]) -> dict[str, list[str]]:
    """By dimension that was left out: the metrics that are counted without it."""
    names: dict[str, list[str]] = {}
    for metric_sum in sums:
        for name in metric_sum.series.folded:
            metrics = names.setdefault(name, [])
            metric = plain(f"{metric_sum.series.namespace} {metric_sum.series.metric}")
            if metric not in metrics:
                metrics.append(metric)
    return {name: [*metrics[:3], *(["more"] if len(metrics) > 3 else [])] for name, metrics in names.items()}

"""Figures of log lines: ``count, p95(.ms) by .route, 5m``. What each comes to is what SQL would make of it.

A field that a line does not have is null: no figure counts it, and as a key it is a group of its own. ``count`` counts
lines, ``count(.x)`` those that have it, ``count_distinct`` its different texts; the others take what is a figure, also
one written as text. Percentiles lie between the two nearest figures, as ``quantile_cont``.
"""

import math
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.views import line_fields
from lambdatui.views.columns import Column, Kind
from lambdatui.views.line_conditions import Line, LineQuery, LineQueryError, Read
from lambdatui.views.line_query import field_path
from lambdatui.views.logs import lines
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

FIGURES: Final = ("count", "count_distinct", "sum", "avg", "min", "max", "p50", "p90", "p95", "p99")
MOST_GROUPS: Final = 200_000
_SAME: Final = {"mean": "avg", "average": "avg", "median": "p50", "distinct": "count_distinct"}
_WIDTHS_MS: Final = {"ms": 1, "s": 1_000, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_BUCKET = re.compile(r"(?:(?:bin|time)\(\s*)?(\d{1,6})\s*(ms|s|m|h|d)(?:\s*\))?", re.IGNORECASE)
_NAMES: Final = ("level", "function", "request_id", "message")
_BY = re.compile(r"(?:^|\s)by\s", re.IGNORECASE)
_BLANKS = re.compile(r"\s*")
_FIGURE = re.compile(r"([A-Za-z_]\w*)\s*(\(\s*)?")

Value = Callable[[Read], Any]


@dataclass(frozen=True)
class Figure:
    """A figure: a count of lines, or one over a field's values."""

    name: str
    title: str
    value: Value | None


@dataclass(frozen=True)
class Key:
    """What lines are grouped by: a field's text, or the beginning of a span of time, in epoch ms."""

    title: str
    value: Value
    is_time: bool = False


@dataclass(frozen=True)
class Stats:
    """The figures and the grouping keys that were asked for."""

    figures: tuple[Figure, ...]
    keys: tuple[Key, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the rows: what is grouped by, then the figures."""
        keys = [
            Column(
                "Time" if key.is_time else key.title,
                Kind.TIME if key.is_time else Kind.TEXT,
                20,
                "A key.",
                id=key.title,
            )
            for key in self.keys
        ]
        figures = [
            Column(
                one.title, Kind.COUNT if one.name.startswith("count") else Kind.FIGURE, 12, "A figure.", id=one.title
            )
            for one in self.figures
        ]
        return (*keys, *figures)


def parse(text: str) -> Stats:
    """Reads the text of a statistic. Raises ``LineQueryError``, which names the place."""
    cut = _BY.search(text)
    figures = [_figure(part, at, text) for part, at in _parts(text, 0, cut.start() if cut else len(text))]
    keys = [_key(part, at, text) for part, at in _parts(text, cut.end(), len(text))] if cut else []
    if not figures:
        raise LineQueryError(f"what is to be counted is missing: {', '.join(FIGURES)}", text, 0)
    return Stats(tuple({one.title: one for one in figures}.values()), tuple({one.title: one for one in keys}.values()))


def _parts(text: str, begin: int, end: int) -> list[tuple[str, int]]:
    """The parts between commas, each with its place; commas in quotes separate nothing."""
    if not text[begin:end].strip():
        if begin:
            raise LineQueryError("after by comes a field, such as .route, or a time, such as 5m", text, begin)
        return []
    parts = []
    start = begin
    for comma in [match.start() for match in re.finditer(r"\"[^\"]*\"|,", text[begin:end]) if match[0] == ","] + [
        end - begin
    ]:
        part = text[start : begin + comma]
        lead = len(part) - len(part.lstrip())
        if not part.strip():
            raise LineQueryError("something is missing here", text, start + lead)
        parts.append((part.strip(), start + lead))
        start = begin + comma + 1
    return parts


def _figure(part: str, place: int, text: str) -> Figure:
    match = _FIGURE.match(part)
    if match is None:
        raise LineQueryError(f"{part!r} is none of {', '.join(FIGURES)}", text, place)
    said = match[1].lower()
    name = _SAME.get(said, said)
    if name not in FIGURES:
        from difflib import get_close_matches

        near = get_close_matches(name, FIGURES, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FIGURES)}"
        raise LineQueryError(f"there is no figure {match[1]!r}; {hint}", text, place)
    if match[2] is None:
        if part[match.end() :].strip():
            raise LineQueryError("a comma or a ( is missing here", text, place + match.end())
        if name != "count":
            raise LineQueryError(f"{name} needs a field: {name}(.ms)", text, place + match.end())
        return Figure(name, name, None)
    if not part.endswith(")"):
        raise LineQueryError("a ) is missing here", text, place + len(part))
    inner = part[match.end() : -1].strip()
    if name == "count" and inner in ("", "*"):
        return Figure(name, name, None)
    value, shown = _value(inner, place + match.end(), text)
    return Figure(name, f"{name}({shown})", value)


def _key(part: str, place: int, text: str) -> Key:
    bucket = _BUCKET.fullmatch(part)
    if bucket is None:
        value, shown = _value(part, place, text)
        return Key(shown, lambda read: line_fields.text_of(value(read)))
    width = int(bucket[1]) * _WIDTHS_MS[bucket[2].lower()]
    if not width:
        raise LineQueryError("a span of time is longer than nothing", text, place)
    return Key("time", lambda read: read.line.timestamp // width * width, is_time=True)


def _value(part: str, place: int, text: str) -> tuple[Value, str]:
    name = part.lower().replace("-", "_")
    if name in _NAMES:
        return (lambda read: read.level) if name == "level" else (lambda read: getattr(read.line, name)), name
    path = field_path(part, place, text)
    return lambda read: read.field(path), line_fields.path_text(path)


# Counting -----------------------------------------------------------------------------------------------------------


class _Sum:
    """One figure of one group, summed up line by line."""

    __slots__ = ("count", "figures", "name", "texts", "value")

    def __init__(self, figure: Figure) -> None:
        self.name, self.value = figure.name, figure.value
        self.count = 0
        self.figures = array("d")
        self.texts: set[str] = set()

    def add(self, read: Read) -> None:
        if self.value is None:
            self.count += 1
            return
        value = self.value(read)
        if self.name.startswith("count"):
            text = line_fields.text_of(value)
            if text is not None:
                self.count += 1
                if self.name == "count_distinct":
                    self.texts.add(text)
            return
        figure = line_fields.figure_of(value)
        if figure is not None:
            try:
                self.figures.append(figure)
            except OverflowError:
                return

    def result(self) -> int | float | None:
        if self.name == "count":
            return self.count
        if self.name == "count_distinct":
            return len(self.texts)
        if not self.figures:
            return None
        found = self._figure()
        return found if math.isfinite(found) else None

    def _figure(self) -> float:
        if self.name == "sum":
            return _total(self.figures)
        if self.name == "avg":
            return _total(self.figures) / len(self.figures)
        if self.name in ("min", "max"):
            return min(self.figures) if self.name == "min" else max(self.figures)
        return quantile(sorted(self.figures), int(self.name[1:]) / 100)


def _total(figures: Iterable[float]) -> float:
    try:
        return math.fsum(figures)
    except OverflowError:
        return math.inf


def quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile of at least one figure, interpolated like DuckDB's quantile_cont (and NumPy's ``linear``)."""
    place = (len(ordered) - 1) * share
    below, above = math.floor(place), math.ceil(place)
    low, high = ordered[below], ordered[above]
    return low if below == above or low == high else low + (high - low) * (place - below)


def stats_of(asked: Stats, matches: Iterable[Line]) -> list[Any]:
    """One row for each group: by time where that is the first key, else with the largest first figure first.

    Raises ``LineQueryError`` for more than ``MOST_GROUPS`` groups.
    """
    groups: dict[tuple[Any, ...], list[_Sum]] = {} if asked.keys else {(): [_Sum(figure) for figure in asked.figures]}
    for line in matches:
        read = Read(line)
        key = tuple([figure.value(read) for figure in asked.keys])
        sums = groups.get(key)
        if sums is None:
            if len(groups) >= MOST_GROUPS:
                raise LineQueryError(
                    f"there are more than {MOST_GROUPS:,} groups: group by less", asked.keys[0].title, 0
                )
            sums = groups[key] = [_Sum(figure) for figure in asked.figures]
        for figure in sums:
            figure.add(read)
    titles = [column.id for column in asked.columns]
    rows = [(key, [figure.result() for figure in sums]) for key, sums in groups.items()]
    by_text = lambda row: tuple((value is None, value if value is not None else "") for value in row[0])  # noqa: E731
    rows.sort(key=by_text)
    if not (asked.keys and asked.keys[0].is_time):
        rows.sort(key=lambda row: (row[1][0] is None, -(row[1][0] or 0)))
    return [SimpleNamespace(**dict(zip(titles, (*key, *results), strict=True))) for key, results in rows]


def line_stats(
    reader: Reader,
    time_range: TimeRange,
    asked: Stats,
    *,
    scope: Scope | None = None,
    function_ids: Sequence[int] | None = None,
    contains: str = "",
    where: LineQuery | None = None,
) -> View[Any]:
    """The figures of the lines that match, over the whole range."""
    found = lines(reader, time_range, scope=scope, function_ids=function_ids, contains=contains, where=where)
    return View(asked.columns, stats_of(asked, found), reader.as_of_ms(time_range.to_ms), time_range)

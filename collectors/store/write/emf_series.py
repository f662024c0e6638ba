"""Ids of EMF series, with a limit on their number: a dimension with ever new values must not make ever new series.

Series with the same function, namespace, metric, unit and names of dimensions are a group. A group with more than
``MOST_SERIES`` drops the dimension with the most values, and further ones if needed: series that then are equal become
one.
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from collectors.model.records import EmfSample
from collectors.store.rollups import emf_cells
from collectors.store.tables.emf import EMF_SERIES
from collectors.untrusted import parsed_json

MOST_SERIES = 1_000  # series of a group
MOST_OF_FUNCTION = 20_000  # series of a function; when it has so many, further groups get few series
FEW_SERIES = 10
MOST_GROUPS = 1_000  # groups of a function; metrics of further groups are not stored, but reported
_MOST_KNOWN = 50_000

Names = tuple[str, ...]
Values = tuple[str, ...]


class Group(NamedTuple):
    """Series that differ only in the values of their dimensions; ``dimensions`` are the names of these."""

    function_id: int
    namespace: str
    metric: str
    unit: str
    dimensions: Names


@dataclass(slots=True)
class _Sizes:
    """How many groups and series a function has."""

    groups: int
    series: int


class SeriesIds:
    """The ids of series, for one writer's connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.forget()

    def forget(self) -> None:
        """Forgets all that is remembered, because the transaction was rolled back."""
        self.moved: dict[int, int] = {}
        """By the id of a folded series, the series that has its values now; callers may still have the folded one."""
        self._known: dict[tuple[object, ...], int] = {}
        self._groups: dict[Group, dict[Values, int]] = {}
        self._folded: dict[Group, Names] = {}
        self._sizes: dict[int, _Sizes] = {}  # by function id, once it was needed
        self._next = 0

    def of(self, function_id: int, sample: EmfSample) -> int | None:
        """The series of a sample; None where its function has too many groups."""
        key = function_id, sample.namespace, sample.metric, sample.unit, sample.dimensions
        known = self._known.get(key)
        if known is None:
            series = self._find(function_id, sample)
            if series is None:
                return None
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = series
        return known

    def _find(self, function_id: int, sample: EmfSample) -> int | None:
        sizes = self._sizes_of(function_id)
        names = tuple(name for name, _ in sample.dimensions)
        group = Group(function_id, sample.namespace, sample.metric, sample.unit, names)
        series = self._groups.get(group)
        if series is None:
            if sizes.groups >= MOST_GROUPS:
                return None
            sizes.groups += 1
            series = self._groups[group] = {}
        values = self._left(group, sample.dimensions)
        if values not in series:
            most = MOST_SERIES if sizes.series < MOST_OF_FUNCTION else FEW_SERIES
            if len(series) >= most:
                self._fold(group, most // 2)
                series, values = self._groups[group], self._left(group, sample.dimensions)
        return series[values] if values in series else self._make(group, values)

    def _left(self, group: Group, dimensions: tuple[tuple[str, str], ...]) -> Values:
        folded = self._folded.get(group, ())
        return tuple(value for name, value in dimensions if name not in folded)

    def _make(self, group: Group, values: Values) -> int:
        identity, self._next = self._next, self._next + 1
        folded = self._folded.get(group, ())
        names = [name for name in group.dimensions if name not in folded]
        self._connection.execute(
            EMF_SERIES.insert(),
            (
                identity, group.function_id, group.namespace, group.metric, group.unit,
                json.dumps(list(zip(names, values, strict=True))), json.dumps(sorted(folded)),
            ),
        )  # fmt: skip
        self._groups[group][values] = identity
        self._sizes[group.function_id].series += 1
        return identity

    def _fold(self, group: Group, most: int) -> None:
        """Drops dimensions, those with the most values first, until a group has at most ``most`` series."""
        before = self._groups[group]
        folded = self._folded.get(group, ())
        names = [name for name in group.dimensions if name not in folded]
        left_places = list(range(len(names)))
        while left_places and len({tuple(values[place] for place in left_places) for values in before}) > most:
            left_places.remove(max(left_places, key=lambda place: len({values[place] for values in before})))
        self._folded[group] = (*folded, *(name for place, name in enumerate(names) if place not in left_places))
        self._groups[group] = {}
        moves: dict[int, int] = {}
        for values, identity in before.items():
            left = tuple(values[place] for place in left_places)
            known = self._groups[group].get(left)
            moves[identity] = self._make(group, left) if known is None else known
        emf_cells.move(self._connection, moves)
        self._connection.executemany("DELETE FROM emf_series WHERE id = ?", ((each,) for each in moves))
        self._sizes[group.function_id].series -= len(before)
        self.moved.update(moves)
        self._known.clear()

    def _sizes_of(self, function_id: int) -> _Sizes:
        sizes = self._sizes.get(function_id)
        if sizes is None:
            if not self._next:
                (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM emf_series").fetchone()
                self._next = last + 1
            rows = self._connection.execute(
                "SELECT id, namespace, metric, unit, dimensions, folded FROM emf_series WHERE function_id = ?",
                (function_id,),
            ).fetchall()
            for identity, namespace, metric, unit, dimensions, folded_names in rows:
                pairs, folded = parsed_json(dimensions), tuple(parsed_json(folded_names))
                names = tuple(sorted([*(name for name, _ in pairs), *folded]))
                group = Group(function_id, namespace, metric, unit, names)
                self._groups.setdefault(group, {})[tuple(value for _, value in pairs)] = identity
                if folded:
                    self._folded[group] = folded
            groups = sum(1 for group in self._groups if group.function_id == function_id)
            sizes = self._sizes[function_id] = _Sizes(groups, len(rows))
        return sizes

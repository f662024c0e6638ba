"""Copies what can be read of a damaged store into a new one. The damaged store is only read.

Rows with checksums of their own are copied where they agree. Cells that do not agree are summed anew from their
invocations or finer cells, where those can be read. Whatever repeats other data is made anew. Losses are reported by
table, function and time.
"""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from collectors.model.units import DAY_MS, FOREVER_MS, HOUR_MS, WEEK_MS
from collectors.store.connection import readable, writing
from collectors.store.errors import StoreDamaged, damaged, explained
from collectors.store.integrity import checksums, table_checksums
from collectors.store.lines.chunks import opened, unpacked
from collectors.store.request_index import RequestIndex
from collectors.store.rollups import cells, emf_cells
from collectors.store.rollups.measures import aggregate, minutes_of, of_cells
from collectors.store.rollups.measures import is_sound as is_sound_cell
from collectors.store.rollups.metric_packs import MADE_OF, uneven_sums
from collectors.store.schema import GRAINS, OLDEST, SALVAGED, VERSION
from collectors.store.tables.cells import CELL
from collectors.store.tables.column import insert as insert_sql
from collectors.store.tables.every import TABLES
from collectors.store.tables.ledger import SETTINGS
from collectors.store.tables.metrics import METRIC_HOURS

_ROWS = 5_000
# Tables that repeat what other tables hold: they are made anew.
_MADE = frozenset({"table_sums", "request_buckets", "chunk_filters", "metric_packs", "pattern_functions",
                   *(f"{grain}_packs" for grain in ("minute", "hour", "day", "week"))})  # fmt: skip
_NAMES = ("functions", "streams", "errors")  # copied first: rows of other tables refer to them

Row = Sequence[Any]


@dataclass(slots=True)
class Salvaged:
    """What was saved, and in ``lost`` a line for each kind of loss."""

    invocations: int = 0
    lines: int = 0
    lost: list[str] = field(default_factory=list)
    anew: int = 0  # cells that did not agree with their checksums, and were summed anew


def salvage(path: Path, target: Path) -> Salvaged:
    """Writes what can be read of the store at ``path`` to ``target``, a file that must not exist.

    Raises StoreDamaged where next to nothing can be read.
    """
    with explained(path):
        source = readable(path)
    try:
        table_checksums.make_ready(source)
        return _Salvage(source, path, target).run()
    finally:
        source.close()


class _Salvage:
    def __init__(self, source: sqlite3.Connection, path: Path, target: Path) -> None:
        self._source, self._path, self._target = source, path, target
        self._found = Salvaged()
        self._names: dict[int, str] = {}
        self._bad: list[tuple[str, int, int]] = []  # cells: table, function, start
        self._whole: set[str] = set()  # tables that agree with their sums

    def run(self) -> Salvaged:
        try:
            (version,) = self._source.execute("PRAGMA user_version").fetchone()
            there = set(table_checksums.tables(self._source))
        except sqlite3.Error as error:
            raise StoreDamaged(f"{damaged(self._path)}; nothing of it can be read") from error
        if version != VERSION:
            raise StoreDamaged(
                f"{self._path} is of version {version}, and only stores of version {VERSION} can be repaired: "
                + (
                    "bring a copy of it up to date first, by reading it ('lambdatui db info --db COPY')"
                    if version < VERSION
                    else "upgrade lambdatui"
                )
            )
        with writing(self._target) as to:
            to.execute("BEGIN IMMEDIATE")
            to.execute("DELETE FROM settings")
            plain = [
                each for each in table_checksums.tables(to) if each not in {*_MADE, *_NAMES, *table_checksums.SUMMED}
            ]
            for table in (*_NAMES, *plain):
                if table in there:
                    self._copy(to, table)
                else:
                    self._found.lost.append(f"{table}: all of it")
                if table == "functions":
                    self._names = dict(to.execute("SELECT id, name FROM functions").fetchall())
            self._chunks_that_open(to)
            for table in ("invocations", *GRAINS):
                self._copy_by_function(to, table)
            self._sum_anew(to)
            self._metrics_anew(to)
            self._tell_of_cells(to)
            self._index(to)
            to.execute(f"DELETE FROM settings WHERE name = '{OLDEST}'")
            to.execute(
                "INSERT OR IGNORE INTO pattern_functions (function_id, pattern_id, first_ms)"
                " SELECT function_id, pattern_id, min(first_ms) FROM pattern_days GROUP BY 1, 2"
            )
            if self._found.lost:
                to.execute(SETTINGS.insert(instead="OR REPLACE"), (SALVAGED, 1))
            self._mark(to)
            to.execute("COMMIT")
            (self._found.invocations,) = to.execute("SELECT count(*) FROM invocations").fetchone()
            (self._found.lines,) = to.execute("SELECT coalesce(sum(lines), 0) FROM chunks").fetchone()
        return self._found

    # Rows ---------------------------------------------------------------------------------------------------------

    def _copy(self, to: sqlite3.Connection, table: str) -> None:
        """Copies a table whose rows have no checksums: every row that can be read."""
        declared = TABLES[table]
        put = declared.insert(instead="OR IGNORE")
        asked = f"SELECT {declared.column_list()} FROM {table} NOT INDEXED ORDER BY {{}}"
        ways = (", ".join(declared.key), ", ".join(f"{name} DESC" for name in declared.key))
        whole, saved = False, 0
        for way in ways:
            whole, some = self._put(to, put, asked.format(way))
            saved += some
            if whole:
                break
        agrees = False
        with contextlib.suppress(sqlite3.Error):
            found = self._source.execute("SELECT rows, sum FROM table_sums WHERE name = ?", (table,)).fetchone()
            before = found[0] if found else None
            agrees = found == table_checksums.reckoned(to, table)
            if agrees:
                self._whole.add(table)
            else:
                (now,) = to.execute(f"SELECT count(*) FROM {table}").fetchone()
                if before is not None and before > now:
                    self._found.lost.append(f"{table}: {before - now:,} of {before:,} rows")
                else:
                    self._found.lost.append(f"{table}: a value of its {now:,} rows is another than was written")
                return
        if not agrees:
            self._found.lost.append(f"{table}: no one knows how many of its rows; {saved:,} were saved")

    def _put(self, to: sqlite3.Connection, put: str, asked: str) -> tuple[bool, int]:
        """Writes rows until one cannot be read; returns whether all could be, and how many were new."""
        saved = 0
        try:
            for row in self._source.execute(asked):
                try:
                    saved += to.execute(put, row).rowcount
                except (sqlite3.IntegrityError, OverflowError):
                    continue
        except (sqlite3.Error, OverflowError):
            return False, saved
        return True, saved

    def _copy_by_function(self, to: sqlite3.Connection, table: str) -> None:
        """Copies invocations or cells: the rows that agree with their checksums."""
        columns, is_sound = _SOUND[table]
        put = insert_sql(table, columns, instead="OR IGNORE")
        start_of, checksum_of = (itemgetter(columns.index(name)) for name in ("start_ms", "sum"))
        bad: Counter[int] = Counter()
        for function_id, name in self._names.items():
            gaps: list[tuple[int, int]] = []
            for rows in self._stretches(table, columns, function_id, -FOREVER_MS, FOREVER_MS, gaps):
                for row in rows:
                    if _is_sound(is_sound, row):
                        if to.execute(put, row).rowcount:
                            table_checksums.added(to, table, 1, checksum_of(row))
                    else:
                        bad[function_id] += 1
                        if table in GRAINS and isinstance(start_of(row), int):
                            self._bad.append((table, function_id, start_of(row)))
            for low, high in gaps:
                self._found.lost.append(f"{table} of {name}: what there was from {_time(low)} to {_time(high)}")
            if bad[function_id] and table == "invocations":
                self._found.lost.append(f"{table} of {name}: {bad[function_id]:,} rows are not as they were written")

    def _stretches(
        self, table: str, columns: Sequence[str], function_id: int, low: int, high: int, gaps: list[tuple[int, int]]
    ) -> Iterator[list[Row]]:
        """Rows of ``[low, high)`` around a damaged place: forward up to it, then backward from the end down to it."""
        asked = f"SELECT {', '.join(columns)} FROM {table} WHERE function_id = ? AND start_ms >= ? AND start_ms < ?"
        forward, whole = self._read(f"{asked} ORDER BY start_ms", (function_id, low, high))
        yield forward
        if whole:
            return
        backward, _ = self._read(f"{asked} ORDER BY start_ms DESC", (function_id, low, high))
        yield backward
        start_of = itemgetter(columns.index("start_ms"))
        begin = max(map(start_of, forward), default=low)
        end = min(map(start_of, backward), default=high)
        if begin < end:
            gaps.append((begin, end))

    def _read(self, sql: str, values: Row) -> tuple[list[Row], bool]:
        rows: list[Row] = []
        try:
            for row in self._source.execute(sql, values):
                rows.append(row)
        except (sqlite3.Error, OverflowError):
            return rows, False
        return rows, True

    # Tables made anew ---------------------------------------------------------------------------------------------

    def _chunks_that_open(self, to: sqlite3.Connection) -> None:
        bad: Counter[int] = Counter()
        kept = to.execute("SELECT id, function_id, lines, content FROM chunks").fetchall()
        for identity, function_id, lines, content in kept:
            try:
                for packed in opened(content).values():
                    unpacked(packed)
            except Exception:  # whatever is wrong with this chunk
                bad[function_id] += lines if isinstance(lines, int) else 0
                to.execute("DELETE FROM chunks WHERE id = ?", (identity,))
        for function_id, lines in bad.items():
            self._found.lost.append(f"log lines of {self._names.get(function_id, function_id)}: {lines:,}")

    def _sum_anew(self, to: sqlite3.Connection) -> None:
        """Sums missing cells anew, from invocations or finer cells."""
        for function_id in self._names:
            rows = cells.read_measures(to, function_id, -FOREVER_MS, FOREVER_MS)
            cells.insert_missing(to, "minute_cells", minutes_of(rows))
            for finer, table in (("minute_cells", "hour_cells"), ("hour_cells", "day_cells")):
                finer_cells = cells.read(to, finer, function_id, -FOREVER_MS, FOREVER_MS)
                if finer_cells:
                    cells.insert_missing(to, table, aggregate(of_cells(finer_cells), GRAINS[table]))

    def _metrics_anew(self, to: sqlite3.Connection) -> None:
        """Where sums of metrics and what they sum do not agree, the table without a valid checksum is corrected."""
        for table, (finer, _) in MADE_OF.items():
            believed = table in self._whole and finer not in self._whole
            for metric, function_id, stat, start, total, peak in uneven_sums(to, table):
                if believed:
                    to.execute(
                        f"DELETE FROM {finer} WHERE metric = ? AND function_id = ? AND stat = ? AND start_ms >= ?"
                        " AND start_ms < ?",
                        (metric, function_id, stat, start, start + (HOUR_MS if finer == "metrics" else DAY_MS)),
                    )
                else:
                    row = metric, function_id, stat, start, total, peak
                    to.execute(METRIC_HOURS.named(table).insert(instead="OR REPLACE"), row)
        emf_cells.sum_up_anew(to)
        if "pattern_days" in self._whole and "pattern_hours" not in self._whole:
            day = f"start_ms / {DAY_MS} * {DAY_MS}"
            grouped = f"SELECT function_id, {day} AS day, pattern_id, sum(lines), sum(bytes) FROM {{}} GROUP BY 1, 2, 3"
            uneven = f"{grouped.format('pattern_hours')} EXCEPT {grouped.format('pattern_days')}"
            to.execute(
                f"DELETE FROM pattern_hours WHERE (function_id, {day}, pattern_id) IN"
                f" (SELECT function_id, day, pattern_id FROM ({uneven}))"
            )
        elif "pattern_days" not in self._whole:
            to.execute("DELETE FROM pattern_days")
            to.execute(
                "INSERT INTO pattern_days (function_id, start_ms, pattern_id, lines, bytes, first_ms, last_ms)"
                f" SELECT function_id, start_ms / {DAY_MS} * {DAY_MS}, pattern_id, sum(lines), sum(bytes),"
                " min(first_ms), max(last_ms) FROM pattern_hours GROUP BY 1, 2, 3"
            )

    def _tell_of_cells(self, to: sqlite3.Connection) -> None:
        for table, function_id, start in self._bad:
            sql = f"SELECT 1 FROM {table} WHERE function_id = ? AND start_ms = ?"
            if to.execute(sql, (function_id, start)).fetchone():
                self._found.anew += 1
            else:
                self._found.lost.append(f"{table} of {self._names[function_id]}: that of {_time(start)}")

    def _index(self, to: sqlite3.Connection) -> None:
        import numpy as np

        index = RequestIndex(to)
        cursor = to.execute("SELECT request_id, function_id, start_ms FROM invocations")
        while rows := cursor.fetchmany(_ROWS):
            ids, functions, starts = zip(*rows, strict=True)
            index.add(ids, np.array(functions, np.int64), np.array(starts, np.int64))

    def _mark(self, to: sqlite3.Connection) -> None:
        """Marks packs as dirty: the writer makes them when it closes the store."""
        for grain in ("hour", "day"):
            to.execute(f"INSERT OR IGNORE INTO {grain}_packs (start_ms) SELECT DISTINCT start_ms FROM {grain}_cells")
        to.execute("INSERT OR IGNORE INTO week_packs (start_ms)"
                   f" SELECT DISTINCT start_ms / {WEEK_MS} * {WEEK_MS} FROM day_packs")  # fmt: skip
        for grain_ms, table in ((HOUR_MS, "metric_hours"), (DAY_MS, "metric_days")):
            to.execute(
                "INSERT OR IGNORE INTO metric_packs (metric, stat, grain_ms, start_ms)"
                f" SELECT DISTINCT metric, stat, {grain_ms}, start_ms FROM {table}"
            )


def _is_sound(test: Callable[[Row], bool], row: Row) -> bool:
    """Whether a row agrees with its checksum; a row whose checksum cannot be computed does not."""
    try:
        return test(row)
    except (TypeError, ValueError, OverflowError, sqlite3.Error):
        return False


def _is_sound_invocation(row: Row) -> bool:
    *stored, checksum = row
    return checksums.is_sound(stored, checksum)


# By table with checksums in its rows: the columns to read, and the test of one row.
_SOUND: dict[str, tuple[tuple[str, ...], Callable[[Row], bool]]] = {
    "invocations": ((*checksums.INVOCATION, "sum"), _is_sound_invocation),
    **{table: (CELL, lambda row: is_sound_cell(tuple(row))) for table in GRAINS},
}


def _time(at_ms: int) -> str:
    if abs(at_ms) >= FOREVER_MS:
        return "the beginning" if at_ms < 0 else "the end"
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")

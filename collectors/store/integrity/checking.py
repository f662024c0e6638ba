"""Whether a store is intact: SQLite's own structure, every checksum, and every sum compared with what it sums."""

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from collectors.model.units import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS
from collectors.store import request_index
from collectors.store.connection import open_reader
from collectors.store.errors import StoreDamaged, StoreError, damaged, explained
from collectors.store.integrity import checksums, table_checksums, wal_frames
from collectors.store.integrity.cell_checksum import CELL_SUM
from collectors.store.lines.chunks import opened, unpacked
from collectors.store.rollups import cells, emf_cells, insights_cells, packs, week_packs
from collectors.store.rollups.dirty_packs import PACKS
from collectors.store.rollups.measures import Cell, aggregate, cell_places, minutes_of, of_cells
from collectors.store.rollups.metric_packs import uneven as uneven_metrics
from collectors.store.schema import GRAINS, SALVAGED, UNCOUNTED
from collectors.store.tables.cells import MINUTE_CELLS
from collectors.store.tables.column import CHECKSUM, LAST

_LISTED = 20  # of one kind of check: so many problems are listed
# A cell's columns except its checksums, and except those of the newest row, which depend on the order of arrival.
_compared = cell_places(*(column.name for column in MINUTE_CELLS if column.fold not in (CHECKSUM, LAST)))
_start_of, _invocations_of, _reports_of = map(cell_places, ("start_ms", "invocations", "reports"))


def check(path: Path, *, quick: bool = False) -> list[str]:
    """What is wrong with a store, one line for each problem; [] when nothing is.

    Reads all of the store; with ``quick`` only SQLite's structure and the write-ahead log. Raises StoreError where the
    store cannot be opened.
    """
    connection = open_reader(path)
    try:
        with explained(path):
            table_checksums.make_ready(connection)
            connection.execute("BEGIN")  # one read transaction, so that commits of other processes do not matter
            asked = "quick_check" if quick else "integrity_check"
            problems = [row[0] for row in connection.execute(f"PRAGMA {asked}({_LISTED})") if row[0] != "ok"]
            problems += _behind(connection, path)
            broken = wal_frames.damage(path)
            problems += [broken] if broken is not None else []
            if not quick:
                for kind in _KINDS:
                    problems += _problems_of(kind, connection)
    finally:
        connection.close()
    return problems


def _behind(connection: sqlite3.Connection, path: Path) -> list[str]:
    """Bytes after the last page, where there is no WAL which may still shorten the file."""
    wal = Path(f"{path}-wal")
    if wal.exists() and wal.stat().st_size:
        return []
    (pages,), (size,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    over = path.stat().st_size - pages * size
    return [f"{over:,} bytes stand behind the store's last page"] if over > 0 else []


def _problems_of(kind: Any, connection: sqlite3.Connection) -> list[str]:
    """The problems that one kind of check finds; that the check itself fails is a problem too."""
    problems: list[str] = []
    try:
        for problem in kind(connection):
            problems.append(problem)
            if len(problems) == _LISTED:
                return [*problems, f"and more of the kind ({kind.__name__.strip('_').replace('_', ' ')})"]
    except Exception as error:  # damage can cause any exception, and this code looks for damage
        problems.append(f"{kind.__name__.strip('_').replace('_', ' ')}: {type(error).__name__}: {error}")
    return problems


def _sums_of_rows(connection: sqlite3.Connection) -> Iterator[str]:
    for table in GRAINS:
        rows = connection.execute(
            f"SELECT function_id, start_ms FROM {table} WHERE latency_sum IS NOT blob_sum(latency)"
            f" OR sum IS NOT {CELL_SUM} LIMIT {_LISTED}"
        )
        yield from (f"{table} at {start} of function {of} does not agree with its checksum" for of, start in rows)
    rows = connection.execute(
        f"SELECT function_id, start_ms FROM invocations WHERE sum IS NOT {checksums.INVOCATION_SUM} LIMIT {_LISTED}"
    )
    yield from (f"the invocation at {start} of function {of} does not agree with its checksum" for of, start in rows)


def _sums_of_tables(connection: sqlite3.Connection) -> Iterator[str]:
    for table in table_checksums.differing(connection):
        yield f"{table} does not agree with its checksum"


def _is_salvaged(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM settings WHERE name = ?", (SALVAGED,)).fetchone() is not None


def _cells_of_rows(connection: sqlite3.Connection) -> Iterator[str]:
    """Compares minutes with the invocations that they count, as far as those were not pruned."""
    lost = _is_salvaged(connection)
    for function_id, name in connection.execute("SELECT id, name FROM functions").fetchall():
        since = _pruned_before(connection, function_id)
        stored = _by_start(cells.read(connection, "minute_cells", function_id, since, FOREVER_MS))
        counted = _by_start(_counted(connection, function_id, since))
        for start in sorted(stored.keys() | counted.keys()):
            if _agree(mine := stored.get(start), theirs := counted.get(start)):
                continue
            if lost and mine is not None and (theirs is None or _invocations_of(theirs) < _invocations_of(mine)):
                continue
            yield f"the minute at {start} of {name} does not agree with its invocations"


def _agree(one: Cell | None, other: Cell | None) -> bool:
    return one is not None and other is not None and bool(_compared(one) == _compared(other))


def _counted(connection: sqlite3.Connection, function_id: int, since: int) -> Iterator[Cell]:
    """Minutes of a function, summed from its rows a day at a time."""
    newest = "SELECT start_ms FROM invocations WHERE function_id = ? AND start_ms >= ? ORDER BY start_ms LIMIT 1"
    while (first := connection.execute(newest, (function_id, since)).fetchone()) is not None:
        low = first[0] // MINUTE_MS * MINUTE_MS
        since = low + DAY_MS
        yield from minutes_of(cells.read_measures(connection, function_id, low, since))


def _by_start(some: Iterable[Cell]) -> dict[int, Cell]:
    return {_start_of(cell): cell for cell in some}


def _pruned_before(connection: sqlite3.Connection, function_id: int) -> int:
    """The full minute (epoch ms) from which on all rows of a function are stored."""
    found = connection.execute("SELECT rows_ms FROM pruned WHERE function_id = ?", (function_id,)).fetchone()
    return int(found[0]) if found else -FOREVER_MS


def _cells_of_cells(connection: sqlite3.Connection) -> Iterator[str]:
    """Compares hours with their minutes or with what Insights summed, and days with their hours."""
    functions = connection.execute("SELECT id, name FROM functions").fetchall()
    for finer, table in (("minute_cells", "hour_cells"), ("hour_cells", "day_cells")):
        grain = GRAINS[table]
        for function_id, name in functions:
            stored = _by_start(cells.read(connection, table, function_id, -FOREVER_MS, FOREVER_MS))
            rows = cells.read(connection, finer, function_id, -FOREVER_MS, FOREVER_MS)
            best = _by_start(aggregate(of_cells(rows), grain) if rows else [])
            if table == "hour_cells":
                for cell in insights_cells.read(connection, function_id, -FOREVER_MS, FOREVER_MS):
                    start = _start_of(cell)
                    if start not in best or _reports_of(cell) > _reports_of(best[start]):
                        best[start] = cell
            since = _finer_since(connection, finer, function_id, grain)
            for start in sorted(stored.keys() | best.keys()):
                if start >= since and not _agree(stored.get(start), best.get(start)):
                    yield f"{table} at {start} of {name} does not agree with its {finer}"


def _finer_since(connection: sqlite3.Connection, finer: str, function_id: int, grain: int) -> int:
    """From when on (epoch ms) a function has finer cells: they may be pruned before the coarser ones."""
    (first,) = connection.execute(f"SELECT min(start_ms) FROM {finer} WHERE function_id = ?", (function_id,)).fetchone()
    return FOREVER_MS if first is None else int(-(-first // grain) * grain)


def _errors_of_cells(connection: sqlite3.Connection) -> Iterator[str]:
    """Compares the error counts of hours with those of their minutes, and of days with those of their hours."""
    for finer, table in (("minute_cells", "hour_cells"), ("hour_cells", "day_cells")):
        grain = GRAINS[table]
        rows = connection.execute(
            f"SELECT function_id, start, sum(mine), sum(theirs) FROM ("
            f"SELECT function_id, start_ms AS start, error_id, occurrences AS mine, 0 AS theirs FROM {table}_errors"
            f" UNION ALL SELECT function_id, start_ms / {grain} * {grain}, error_id, 0, occurrences"
            f" FROM {finer}_errors) c"
            f" WHERE start >= (SELECT coalesce(min(m.start_ms), 1 << 61) FROM {finer} m"
            " WHERE m.function_id = c.function_id)"
            " GROUP BY function_id, start, error_id HAVING sum(mine) <> sum(theirs)"
        )
        yield from (f"errors of {table} at {start} of function {of} are {a}, not {b}" for of, start, a, b in rows)


def _metrics_of_points(connection: sqlite3.Connection) -> Iterator[str]:
    """Compares hours of metrics with their points of the finest period, and days with their hours."""
    yield from uneven_metrics(connection)


def _packs_of_cells(connection: sqlite3.Connection) -> Iterator[str]:
    for table, packed in PACKS.items():
        if table != "minute_cells":
            missing = connection.execute(f"SELECT start_ms FROM {table} EXCEPT SELECT start_ms FROM {packed}")
            yield from (f"there is no pack at {start} of {table}" for (start,) in missing)
    yield from packs.uneven(connection)
    yield from week_packs.uneven(connection)


def _lines_of_chunks(connection: sqlite3.Connection) -> Iterator[str]:
    """Chunks that cannot be decompressed, and hours whose pattern counts differ from the stored lines."""
    since = _whole_hours(connection)
    counted: dict[tuple[int, int], tuple[int, int]] = {}  # by function and hour: lines and their bytes
    (until,) = connection.execute(
        "SELECT coalesce(max(value), 0) FROM settings WHERE name = ?", (UNCOUNTED,)
    ).fetchone()
    for identity, function_id, content in connection.execute("SELECT id, function_id, content FROM chunks"):
        try:
            lines = [line for packed in opened(content).values() for line in unpacked(packed)]
        except Exception as error:
            yield f"log lines of chunk {identity} cannot be read: {error}"
            continue
        for at_ms, text in lines if identity > until else ():
            hour = function_id, at_ms // HOUR_MS * HOUR_MS
            many, size = counted.get(hour, (0, 0))
            size += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
            counted[hour] = many + 1, size
    if until or not connection.execute("SELECT 1 FROM pattern_hours LIMIT 1").fetchone():
        return
    rows = connection.execute("SELECT function_id, start_ms, sum(lines), sum(bytes) FROM pattern_hours GROUP BY 1, 2")
    stored = {(of, start): (many, size) for of, start, many, size in rows}
    for hour in sorted(stored.keys() | counted.keys()):
        function_id, start = hour
        if start >= since.get(function_id, -FOREVER_MS) and stored.get(hour, (0, 0)) != counted.get(hour, (0, 0)):
            yield f"patterns of the hour at {start} of function {function_id} do not agree with its log lines"


def _whole_hours(connection: sqlite3.Connection) -> dict[int, int]:
    """By function id, the hour from which on all its lines are stored, where some were pruned or lost."""
    if _is_salvaged(connection):
        return {function_id: FOREVER_MS for (function_id,) in connection.execute("SELECT id FROM functions")}
    rows = connection.execute("SELECT function_id, max(rows_ms, lines_ms) FROM pruned")
    return {function_id: -(-before_ms // HOUR_MS) * HOUR_MS for function_id, before_ms in rows}


def _days_of_patterns(connection: sqlite3.Connection) -> Iterator[str]:
    """Compares days of patterns with their hours; in a salvaged store only where no hours were lost."""
    key, sums = "day, function_id, pattern_id", "lines, bytes"
    columns = (
        f"start_ms / {DAY_MS} * {DAY_MS} AS day, function_id, pattern_id, sum(lines) AS lines, sum(bytes) AS bytes"
    )
    hours, days = (f"SELECT {columns} FROM {table} GROUP BY 1, 2, 3" for table in ("pattern_hours", "pattern_days"))
    if _is_salvaged(connection):
        days = f"SELECT {key}, {sums} FROM ({days}) WHERE ({key}) IN (SELECT {key} FROM ({hours}))"
    asked = [hours, days]
    for one, other in (asked, asked[::-1]):
        for start, of, *_ in connection.execute(f"{one} EXCEPT {other} LIMIT {_LISTED}"):
            yield f"patterns of the day at {start} of function {of} do not agree with their hours"


def _emf_of_minutes(connection: sqlite3.Connection) -> Iterator[str]:
    """Compares EMF hours with their minutes, and days with their hours."""
    yield from emf_cells.uneven(connection)


def _request_ids(connection: sqlite3.Connection) -> Iterator[str]:
    """Invocations that the index of request ids does not find."""
    entries: npt.NDArray[Any] = np.concatenate(
        [
            np.empty(0, request_index.ENTRY),
            *(
                np.frombuffer(each, request_index.ENTRY)
                for (each,) in connection.execute("SELECT entries FROM request_buckets")
            ),
        ]
    )
    there = np.unique(entries)
    cursor = connection.execute("SELECT request_id, function_id, start_ms FROM invocations")
    while rows := cursor.fetchmany(50_000):
        ids, functions, starts = zip(*rows, strict=True)
        wanted = np.empty(len(rows), request_index.ENTRY)
        wanted["hash"] = np.fromiter(map(request_index.hash_of, ids), np.uint32, len(ids))
        wanted["function_id"], wanted["start_ms"] = functions, starts
        for row in np.flatnonzero(~np.isin(wanted, there)).tolist():
            yield f"the invocation at {starts[row]} of function {functions[row]} is not found by its request id"


_KINDS: Iterable[Any] = (
    _sums_of_rows,
    _sums_of_tables,
    _cells_of_rows,
    _cells_of_cells,
    _errors_of_cells,
    _metrics_of_points,
    _emf_of_minutes,
    _packs_of_cells,
    _lines_of_chunks,
    _days_of_patterns,
    _request_ids,
)


def blamed(path: Path, error: Exception) -> StoreDamaged | None:
    """The error to report for an unexpected failure, if damage of the store explains it; None if it is intact.

    Damaged rows can make any code fail. The check, which may take a while, runs only after such a failure.
    """
    try:
        problems = check(path) if path.exists() else []
    except StoreError as failed:
        problems = [str(failed)]
    if not problems:
        return None
    return StoreDamaged(f"{damaged(path)} ({type(error).__name__}; {problems[0].splitlines()[0]})")

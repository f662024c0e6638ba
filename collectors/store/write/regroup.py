"""Groups a store's errors anew when the rules of grouping have changed, in one transaction.

Groups that are one now are merged, with their rows and their counts in cells. A group that is several now is split by
the stored lines of its invocations; invocations whose lines were pruned stay with the old group.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence

from collectors.store.error_rules import SETTING, rules_of
from collectors.store.integrity.checksums import INVOCATION_SUM
from collectors.store.lines.chunks import Chunks, unpacked
from collectors.store.rollups.dirty_packs import mark_dirty
from collectors.store.schema import GRAINS
from collectors.store.tables.cells import MINUTE_ERRORS
from collectors.store.tables.ledger import SETTINGS
from collectors.store.transactions import undo

Named = tuple[str, str]  # fingerprint, family
Name = Callable[[str, str], Named]  # of an error's type and message
MessageIn = Callable[[str, Sequence[str]], str | None]  # the message of an error of this type in some lines
Progress = Callable[[int, int], None]  # invocations looked at, of how many
_NEW = "(SELECT new FROM merged WHERE old = error_id)"
_SUM = INVOCATION_SUM.replace("error_id", "{}")
_KEPT_MESSAGE = 500
_PROGRESS_EVERY = 2_000
_LOOKED_AT = 20_000  # invocations of a group whose lines are read; further ones stay together
_Error = tuple[int, int, str, str]  # id, function_id, error_type, message


def regroup(connection: sqlite3.Connection, rules: int, name: Name, message_in: MessageIn, progress: Progress) -> bool:
    """Groups all errors by the rules of version ``rules``; False where they are already.

    ``name`` gives the fingerprint and family of an error, ``message_in`` its message in an invocation's lines. A run
    that is killed changes nothing. Raises sqlite3.Error with nothing changed.
    """
    if rules_of(connection) == rules:
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        _Regrouping(connection, name, message_in, progress).run()
        connection.execute(f"{SETTINGS.insert()} ON CONFLICT DO UPDATE SET value = excluded.value", (SETTING, rules))
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise
    return True


class _Regrouping:
    def __init__(self, connection: sqlite3.Connection, name: Name, message_in: MessageIn, progress: Progress) -> None:
        self._connection = connection
        self._chunks = Chunks(connection)
        self._name, self._message_in, self._progress = name, message_in, progress
        self._names: dict[int, Named] = {}
        self._first: dict[tuple[int, str], int] = {}  # by function id and fingerprint, the id of the error that stays
        self._done = 0

    def run(self) -> None:
        errors: list[_Error] = self._connection.execute(
            "SELECT id, function_id, error_type, message FROM errors ORDER BY id"
        ).fetchall()
        for identity, function_id, error_type, message in errors:
            named = self._names[identity] = self._name(error_type, message)
            self._first.setdefault((function_id, named[0]), identity)
        # While rows are renamed one after another, a name may still belong to another row.
        self._connection.execute("UPDATE errors SET fingerprint = 'old ' || id")
        self._split(errors)
        self._merge(errors)
        self._connection.executemany(
            "UPDATE errors SET fingerprint = ?, family = ? WHERE id = ?",
            [(*self._names[identity], identity) for identity in self._first.values()],
        )

    # Groups that are split ------------------------------------------------------------------------------------

    def _split(self, errors: Sequence[_Error]) -> None:
        (total,) = self._connection.execute(
            "SELECT count(*) FROM invocations WHERE error_id IS NOT NULL AND chunk_id IS NOT NULL"
        ).fetchone()
        moved: Counter[tuple[int, int, int, int]] = Counter()  # function_id, minute, from error, to error
        for error in errors:
            self._split_one(error, total, moved)
        for table, grain in GRAINS.items():
            self._count_moved(table, grain, moved)

    def _split_one(self, error: _Error, total: int, moved: Counter[tuple[int, int, int, int]]) -> None:
        identity, function_id, error_type, _ = error
        own = self._names[identity][0]
        others: list[tuple[str, str, int, tuple[object, ...]]] = []
        found_own = False
        for start_ms, request_id, stream_id, chunk_id in self._connection.execute(
            "SELECT start_ms, request_id, stream_id, chunk_id FROM invocations"
            " WHERE error_id = ? AND chunk_id IS NOT NULL ORDER BY start_ms LIMIT ?",
            (identity, _LOOKED_AT),
        ).fetchall():
            self._done += 1
            if self._done % _PROGRESS_EVERY == 0:
                self._progress(self._done, total)
            lines = self._chunks.of(chunk_id).get((start_ms, request_id))
            message = self._message_in(error_type, [text for _, text in unpacked(lines)]) if lines else None
            if message is None:
                continue
            fingerprint = self._name(error_type, message)[0]
            if fingerprint == own:
                found_own = True
            else:
                others.append((fingerprint, message, start_ms, (function_id, start_ms, request_id, stream_id)))
        if not found_own:
            return  # the lines alone did not give the message: what they say names no other error
        for fingerprint, message, start_ms, key in others:
            to = self._row(function_id, fingerprint, error_type, message)
            self._connection.execute(
                f"UPDATE invocations SET error_id = ?1, sum = {_SUM.format('?1')}"
                " WHERE function_id = ?2 AND start_ms = ?3 AND request_id = ?4 AND stream_id = ?5",
                (to, *key),
            )
            moved[function_id, start_ms, identity, to] += 1

    def _row(self, function_id: int, fingerprint: str, error_type: str, message: str) -> int:
        known = self._first.get((function_id, fingerprint))
        if known is None:
            cursor = self._connection.execute(
                "INSERT INTO errors (function_id, fingerprint, error_type, message) VALUES (?, ?, ?, ?)",
                (function_id, f"new {fingerprint}", error_type, message[:_KEPT_MESSAGE]),
            )
            known = self._first[function_id, fingerprint] = int(cursor.lastrowid or 0)
            self._names[known] = self._name(error_type, message)
        return known

    def _count_moved(self, table: str, grain: int, moved: Counter[tuple[int, int, int, int]]) -> None:
        cells: Counter[tuple[int, int, int]] = Counter()
        for (function_id, start_ms, old, new), count in moved.items():
            start = start_ms // grain * grain
            cells[function_id, start, old] -= count
            cells[function_id, start, new] += count
        self._connection.executemany(
            f"{MINUTE_ERRORS.named(f'{table}_errors').insert()}"
            " ON CONFLICT DO UPDATE SET occurrences = occurrences + excluded.occurrences",
            [(*place, count) for place, count in cells.items()],
        )
        self._connection.executemany(
            f"DELETE FROM {table}_errors WHERE function_id = ? AND start_ms = ? AND error_id = ? AND occurrences <= 0",
            list(cells),
        )
        self._mark_dirty(table, {start for _, start, _ in cells})

    # Groups that are merged ------------------------------------------------------------------------------------

    def _merge(self, errors: Sequence[_Error]) -> None:
        merged = [
            (identity, stays)
            for identity, function_id, *_ in errors
            if (stays := self._first[function_id, self._names[identity][0]]) != identity
        ]
        if not merged:
            return
        self._connection.execute("CREATE TEMP TABLE merged (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)")
        self._connection.executemany("INSERT INTO merged (old, new) VALUES (?, ?)", merged)
        for table in GRAINS:
            of_old = "WHERE error_id IN (SELECT old FROM merged)"
            starts = self._connection.execute(f"SELECT DISTINCT start_ms FROM {table}_errors {of_old}").fetchall()
            self._connection.execute(
                f"INSERT INTO {table}_errors ({MINUTE_ERRORS.column_list()})"
                " SELECT c.function_id, c.start_ms, m.new, sum(c.occurrences)"
                f" FROM {table}_errors c JOIN merged m ON m.old = c.error_id WHERE true GROUP BY 1, 2, 3"
                " ON CONFLICT DO UPDATE SET occurrences = occurrences + excluded.occurrences"
            )
            self._connection.execute(f"DELETE FROM {table}_errors {of_old}")
            self._mark_dirty(table, {start for (start,) in starts})
        self._connection.execute(
            f"UPDATE invocations SET error_id = {_NEW}, sum = {_SUM.format(_NEW)}"
            " WHERE error_id IN (SELECT old FROM merged)"
        )
        self._connection.execute("DELETE FROM errors WHERE id IN (SELECT old FROM merged)")
        self._connection.execute("DROP TABLE merged")

    def _mark_dirty(self, table: str, starts: set[int]) -> None:
        if table != "minute_cells":
            mark_dirty(self._connection, table, starts)

"""``db query``: SQL from a person, on a connection that cannot write, attach, or load anything."""

import csv
import io
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collectors.model.errors import LambdatuiError
from collectors.store.connection import open_checked
from collectors.store.errors import is_of_damage
from collectors.store.integrity.checking import blamed
from lambdatui.cli.output.terminal_table import echo_table
from lambdatui.text import figures
from lambdatui.text.plain import csv_cell, json_text, plain
from lambdatui.text.table import cut

_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_PRAGMAS = {"table_info", "table_xinfo", "index_list", "index_info", "table_list", "user_version", "schema_version"}
_FORBIDDEN_FUNCTIONS = {"load_extension", "writefile", "edit", "readfile", "fts3_tokenizer"}
_WIDEST = 60
_TABLES = "\"SELECT name FROM sqlite_master WHERE type = 'table'\""


def run(path: Path, sql: str, limit: int | None) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows. Raises ``StoreError``; ``LambdatuiError`` with SQLite's reason for bad SQL."""
    connection = open_checked(path)
    connection.set_authorizer(_reads_only)
    try:
        cursor = connection.execute(sql)
        if cursor.description is None:
            raise LambdatuiError("the SQL returns no rows; only SELECT is of use here")
        names = [column[0] for column in cursor.description]
        return names, cursor.fetchall() if limit is None else cursor.fetchmany(limit) if limit else []
    except sqlite3.DatabaseError as error:
        if is_of_damage(error) and (damage := blamed(path, error)) is not None:
            raise damage from error
        reason = f"db query: {error}"
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_AUTH:  # Python's own errors have none
            raise LambdatuiError(f"{reason}: 'db query' only reads") from None
        # SQLite has one code for every mistake in SQL: only its words tell this one, and only a hint depends on them.
        raise LambdatuiError(reason, advice=f"{_TABLES} lists them" if "no such table" in reason else "") from None
    finally:
        connection.close()


def _reads_only(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_PRAGMA:
        # Some of these also take a value; naming a table is reading, setting a version is not.
        allowed = first in _PRAGMAS and (second is None or not first.endswith("version"))
    elif action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() not in _FORBIDDEN_FUNCTIONS
    else:
        allowed = action in _READS
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def formatted(columns: Sequence[str], rows: Sequence[tuple[Any, ...]], form: str) -> str:
    """The rows as ``json`` or ``csv``; a blob is its hexadecimal digits."""
    if form == "json":
        names = _unique(columns)
        records = [dict(zip(names, map(_json, row), strict=True)) for row in rows]
        whole = {"as_of": None, "range": None, "coverage": None, "basis": None, "rows": records}
        return json_text(whole) + "\n"
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([csv_cell(column) for column in columns])
    writer.writerows([csv_cell(_json(value)) for value in row] for row in rows)
    return buffer.getvalue()


def echo_rows(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Prints the rows as a table."""
    cells = [[_cell(value) for value in row] for row in rows]
    figures = [at for at in range(len(columns)) if _holds_figures([row[at] for row in rows])]
    words = [place for place in range(len(columns)) if place not in figures]
    echo_table([columns, *cells], right=figures, cuttable=words, rule=True)


def _holds_figures(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) for value in known)


def _unique(columns: Sequence[str]) -> list[str]:
    """Column names made unique: the second of a name gets a number, since they become keys of a JSON object."""
    names: list[str] = []
    for column in columns:
        names.append(column if column not in names else f"{column}_{names.count(column) + len(names)}")
    return names


def _json(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _cell(value: Any) -> str:
    shown = figures.UNKNOWN if value is None else plain(str(_json(value)), tabs=False)
    return cut(shown, _WIDEST)

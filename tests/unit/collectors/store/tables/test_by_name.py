"""Rows are written and read by the names of their columns: no list of columns is left to the order of a file."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import ROOT

STORE = ROOT / "collectors" / "store"
FILES = sorted(STORE.rglob("*.py"))
CURSORS = frozenset({"execute", "executemany", "fetchone", "fetchall", "fetchmany", "select", "_all"})
"""What gives rows: of SQLite's connections and cursors, and of our readers."""


def name(path: Path) -> str:
    return str(path.relative_to(STORE))


def texts(code: str) -> Iterator[str]:
    """The text constants of a file, those of f-strings among them with what is put in as ``{}``."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def takes_all_columns(code: str) -> list[str]:
    return [text for text in texts(code) if re.search(r"SELECT\s+(\w+\.)?\*", text)]


def inserts_without_names(code: str) -> list[str]:
    unnamed = re.compile(r"\bINSERT\b[A-Z ]*\bINTO\s+[\w{}.]+\s*(VALUES\b|SELECT\b|$)")
    return [text for text in texts(code) if unnamed.search(text)]


def positions(code: str) -> Iterator[str]:
    """What takes something by its number from 1 on."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Subscript):
            indexes = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if any(
                isinstance(each, ast.Constant) and isinstance(each.value, int) and each.value >= 1 for each in indexes
            ):
                yield ast.unparse(node)


def slices_of_rows(code: str) -> Iterator[str]:
    """Slices, by numbers, of what a loop over a cursor, or an assignment from one, has named."""
    for scope in ast.walk(ast.parse(code)):
        if not isinstance(scope, ast.FunctionDef):
            continue
        rows: set[str] = set()
        for node in ast.walk(scope):
            source = node.value if isinstance(node, ast.Assign | ast.NamedExpr) else getattr(node, "iter", None)
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if source is not None and any(
                isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CURSORS
                for call in ast.walk(source)
            ):
                rows |= {target.id for target in targets if isinstance(target, ast.Name)}
        for node in ast.walk(scope):
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.slice, ast.Slice)
                and isinstance(node.value, ast.Name)
                and node.value.id in rows
            ):
                yield ast.unparse(node)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_statement_takes_all_columns_as_they_come(path: Path) -> None:
    assert takes_all_columns(path.read_text()) == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_insert_names_its_columns(path: Path) -> None:
    assert inserts_without_names(path.read_text()) == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_is_taken_by_its_number(path: Path) -> None:
    code = path.read_text()
    assert [*positions(code), *slices_of_rows(code)] == []


def test_what_these_look_for_would_be_seen() -> None:
    code = """
def read(connection):
    for row in connection.execute("SELECT * FROM t"):
        row[:n], row[1], row.cells[0, 2]
    connection.execute(f"INSERT OR REPLACE INTO {t} VALUES (?)")
    connection.execute("INSERT INTO t (a) SELECT t.* FROM u t")
"""
    assert takes_all_columns(code) == ["SELECT * FROM t", "INSERT INTO t (a) SELECT t.* FROM u t"]
    assert inserts_without_names(code) == ["INSERT OR REPLACE INTO {} VALUES (?)"]
    assert sorted(positions(code)) == ["row.cells[0, 2]", "row[1]"]
    assert list(slices_of_rows(code)) == ["row[:n]"]

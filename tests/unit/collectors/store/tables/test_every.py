"""Tables are declared once: what is declared is what a new store has, to the last column."""

import sqlite3
from collections.abc import Iterator

import pytest

from collectors.store.migration import migrate
from collectors.store.tables.every import TABLES

Declared = tuple[str, str, int, str | None, int]


@pytest.fixture(scope="module")
def empty() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


def test_the_declarations_are_the_tables_of_a_new_store(empty: sqlite3.Connection) -> None:
    names = empty.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert {name for (name,) in names} == TABLES.keys()


@pytest.mark.parametrize("name", TABLES)
def test_a_declaration_has_the_columns_of_its_table(empty: sqlite3.Connection, name: str) -> None:
    """Their names and order, types, whether they may be null, defaults, and the key."""
    stored: list[Declared] = empty.execute(
        'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', (name,)
    ).fetchall()
    table = TABLES[name]
    in_key = {key: place for place, key in enumerate(table.key, 1)}
    assert stored == [
        (column.name, column.type, int(not column.null), column.default, in_key.get(column.name, 0)) for column in table
    ]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_clustered_as_it_is_declared(empty: sqlite3.Connection, name: str) -> None:
    (without,) = empty.execute("SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'", (name,)).fetchone()
    assert bool(without) is not TABLES[name].rowid

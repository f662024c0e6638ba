"""What is read is what was written: rows, blobs and packs, in a store so large that no table is looked at whole."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.quantities import QUANTITIES
from collectors.model.units import FOREVER_MS, HOUR_MS
from collectors.store.errors import StoreDamaged
from collectors.store.integrity import table_checksums
from collectors.store.integrity.cell_checksum import CELL_SUM, CELL_SUMMED
from collectors.store.integrity.checking import check
from collectors.store.integrity.checksums import exact_cell_sum, sum_of
from collectors.store.read.reader import Reader
from collectors.store.rollups.measures import checksums_of
from collectors.store.schema import GRAINS
from collectors.store.tables.cells import CELL_NULLS, CELL_NUMBERS
from lambdatui.session import queries
from lambdatui.views.time_range import RangeChoice
from tests.faults.damage import make_base
from tests.support import small_store
from tests.support.printed_statements import EVER

Asked = Callable[[Reader], object]
_SUMMED = (*CELL_SUMMED, *QUANTITIES)
_NUMBERS = st.one_of(st.integers(0, 10**6), st.integers(-(1 << 63), (1 << 63) - 1))


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_checksums, "SMALL", -1)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_base(tmp_path_factory.mktemp("packed") / "store.db", 60).read_bytes()


def tampered(db: Path, change: str) -> None:
    with sqlite3.connect(db) as connection:
        assert connection.execute(change).rowcount > 0
    connection.close()


@pytest.mark.parametrize("column", [name for name in CELL_NUMBERS if name not in ("function_id", "start_ms")])
@pytest.mark.parametrize("table", GRAINS)
def test_no_changed_cell_is_summed(tmp_path: Path, table: str, column: str) -> None:
    db = small_store.make(tmp_path / "s.db")
    tampered(db, f"UPDATE {table} SET {column} = ifnull({column}, 0) + 1 WHERE function_id = 1")
    with Reader(db) as reader, pytest.raises(StoreDamaged):
        reader.series(*EVER, GRAINS[table])
    assert check(db) != []


@pytest.mark.parametrize("column", ["status", "duration_us", "billed_ms", "memory_mb", "end_ms", "events", "parts"])
def test_no_changed_invocation_is_shown(tmp_path: Path, column: str) -> None:
    db = small_store.make(tmp_path / "s.db")
    tampered(
        db, f"UPDATE invocations SET {column} = {column} + 1 WHERE start_ms = (SELECT min(start_ms) FROM invocations)"
    )
    with Reader(db) as reader, pytest.raises(StoreDamaged):
        reader.invocations(*EVER)


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ("UPDATE hour_cells SET latency = zeroblob(length(latency))", lambda reader: reader.series(*EVER, HOUR_MS)),
        ("UPDATE day_packs SET invocations = invocations + 1", lambda reader: reader.totals(*EVER)),
        ("UPDATE day_packs SET cells = x'00' || substr(cells, 2)", lambda reader: reader.totals(*EVER)),
        ("UPDATE day_packs SET latency = substr(latency, 2)", lambda reader: reader.quantiles(*EVER)),
        ("UPDATE day_packs SET errors = x''", lambda reader: reader.error_groups(*EVER)),
        ("UPDATE metric_packs SET figures = x'00' || substr(figures, 2)", lambda reader: reader.metric("Throttles", *EVER)),
        ("UPDATE chunk_filters SET bits = x'00' || substr(bits, 2)", lambda reader: list(reader.search(*EVER, contains="hello"))),
    ],
)  # fmt: skip
def test_no_changed_blob_is_read(packed: bytes, tmp_path: Path, change: str, asked: Asked) -> None:
    db = tmp_path / "s.db"
    db.write_bytes(packed)
    with Reader(db) as reader:
        asked(reader)
    tampered(db, change)
    with Reader(db) as reader, pytest.raises((StoreDamaged, sqlite3.DatabaseError)):
        asked(reader)
    assert check(db) != []


def test_a_changed_byte_of_lines_is_found(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "s.db")
    with sqlite3.connect(db) as connection:
        ((identity, content),) = connection.execute("SELECT id, content FROM chunks ORDER BY id LIMIT 1").fetchall()
        for at in range(0, len(content), 7):
            changed = content[:at] + bytes([content[at] ^ 16]) + content[at + 1 :]
            connection.execute("UPDATE chunks SET content = ? WHERE id = ?", (changed, identity))
            connection.commit()
            assert any("cannot be read" in problem or "checksum" in problem for problem in check(db))
    connection.close()


def test_a_screen_is_told_in_one_line(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "s.db")
    for change in ("UPDATE day_cells SET errors = 7", "UPDATE chunks SET content = x'00'"):
        tampered(db, change)
        choice = RangeChoice(at="2025-03-31T11:00:00Z")
        with pytest.raises(queries.QueryError, match="db check") as told:
            queries.ask(
                db, choice, 0, lambda question: (list(question.reader.search(*EVER)), question.reader.totals(*EVER))
            )
        assert len(str(told.value).splitlines()) == 1


def test_what_fails_on_a_whole_store_is_no_damage(tmp_path: Path) -> None:
    def fails(question: queries.QueryContext) -> None:
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        queries.ask(small_store.make(tmp_path / "s.db"), RangeChoice(at="2025-03-31T11:00:00Z"), 0, fails)


@given(st.lists(st.lists(_NUMBERS, min_size=len(_SUMMED), max_size=len(_SUMMED)), min_size=1, max_size=5))
def test_numpy_reckons_sums_as_sqlite_does(rows: list[list[int]]) -> None:
    given_rows = [
        [abs(each) % (FOREVER_MS) if name in CELL_NULLS else each for name, each in zip(_SUMMED, row, strict=True)]
        for row in rows
    ]
    columns = dict(zip(_SUMMED, np.array(given_rows, np.int64).T, strict=True))
    base = len(CELL_SUMMED)
    assert checksums_of(columns).tolist() == [exact_cell_sum(row[:base], row[base:]) for row in given_rows]


@given(st.lists(st.integers(0, 1 << 50), min_size=17, max_size=17), st.integers(0, 16), st.integers(0, 49))
def test_no_flipped_bit_leaves_a_sum_as_it_is(row: list[int], at: int, bit: int) -> None:
    changed = [each ^ 1 << bit if place == at else each for place, each in enumerate(row)]
    assert sum_of(row) != sum_of(changed)
    assert exact_cell_sum(row) != exact_cell_sum(changed)
    assert CELL_SUM.count("?") == 0

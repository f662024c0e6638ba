"""The filters of chunks: a text that is there is never missed, and a chunk without a filter is looked through."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.units import MINUTE_MS
from collectors.store.lines.chunk_filters import filter_of, may_hold, places
from collectors.store.read.line_search import SearchProgress
from collectors.store.read.reader import Reader
from collectors.store.write.maintenance import prune
from tests.support.printed_statements import EVER, T0, Event, imported, report, request_id, start
from tests.support.row_checksums import resum_store


@given(st.lists(st.binary(max_size=40), max_size=4), st.integers(0, 60), st.integers(3, 20))
def test_what_is_there_is_never_missed(lines: list[bytes], at: int, length: int) -> None:
    bits = filter_of(lines)
    whole = b"".join(lines)
    text = whole[at : at + length]
    assert may_hold(bits, places(text))
    assert may_hold(bits, places(text.upper()))  # ASCII letters are folded


def test_what_is_not_there_is_mostly_told() -> None:
    lines = [f"2025-03-31 order {number:x} shipped by {number % 7}\n".encode() for number in range(1_000)]
    bits = filter_of(lines)
    absent = [b"refused %d times" % number for number in range(500)]
    assert sum(may_hold(bits, places(text)) for text in absent) < 10
    assert len(bits) < sum(map(len, lines)) / 20
    assert places(b"ab") == []


@pytest.fixture
def db(tmp_path: Path) -> Path:
    events = []
    for number in range(300):
        at, request = T0 + number * MINUTE_MS, request_id(number)
        said = ("needle" if number == 150 else "hay") + f" of {number} " + "straw " * 40
        events += [Event(at, start(request)), Event(at + 1, said), Event(at + 9, report(request, 9))]
    imported(tmp_path, events)
    return tmp_path / "store.db"


def found(db: Path, text: str) -> tuple[int, int]:
    looked = SearchProgress()
    with Reader(db) as reader:
        return sum(1 for _ in reader.search(*EVER, contains=text, newest_first=True, looked=looked)), looked.lines


def opened(db: Path, text: str) -> int:
    """How many chunks a search opens."""
    with Reader(db) as reader:
        asked: list[str] = []
        reader._connection.set_trace_callback(asked.append)
        list(reader.search(*EVER, contains=text))
        return sum("SELECT content" in statement for statement in asked)


def test_a_search_opens_the_chunks_that_may_hold_it(db: Path) -> None:
    with sqlite3.connect(db) as connection:
        ((chunks,),) = connection.execute("SELECT count(*) FROM chunks").fetchall()
    assert chunks > 1
    assert opened(db, "zebra crossing") == 0
    assert found(db, "zebra crossing") == (0, 900)
    assert opened(db, "NEEDLE of") == 1
    assert found(db, "NEEDLE of") == (1, 900)
    assert opened(db, "") == chunks


def test_chunks_of_before_have_none_and_are_looked_through(db: Path) -> None:
    with sqlite3.connect(db) as connection:
        connection.execute("DELETE FROM chunk_filters")
    resum_store(db)
    assert opened(db, "zebra crossing") > 1
    assert found(db, "needle of") == (1, 900)
    assert found(db, "zebra crossing") == (0, 900)


def test_a_filter_goes_with_what_it_is_of(db: Path) -> None:
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE chunks SET content = content WHERE id = (SELECT min(id) FROM chunks)")
        lacking = connection.execute("SELECT count(*) FROM chunks WHERE id NOT IN (SELECT chunk_id FROM chunk_filters)")
        assert lacking.fetchone() == (1,)
    prune(db, before_ms=T0 + 1_000_000_000)
    with sqlite3.connect(db) as connection:
        assert connection.execute("SELECT count(*) FROM chunk_filters").fetchone() == (0,)

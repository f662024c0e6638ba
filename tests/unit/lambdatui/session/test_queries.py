"""Answers are kept while nothing changes, and never a moment longer."""

import sqlite3
import weakref
from pathlib import Path

import pytest

from collectors.model.records import MetricPoint, Status
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.errors import StoreError
from collectors.store.read.query_cache import QueryCache
from collectors.store.read.reader import Reader
from collectors.store.schema import VERSION
from collectors.store.write.writer import Writer
from lambdatui.session import queries
from lambdatui.session.queries import QueryError, ask, close_idle
from lambdatui.views.costs import costs
from lambdatui.views.errors import errors
from lambdatui.views.functions import functions
from lambdatui.views.scope import Scope
from lambdatui.views.throttles import throttles
from lambdatui.views.time_range import RangeChoice
from pricing.pricebook import PriceBook
from tests.support import small_store
from tests.support.row_checksums import resum
from tests.support.small_store import CHECKOUT, T0

BOOK = PriceBook.load()
CHOICE = RangeChoice(at="2025-03-31T11:00:00Z")
RANGE = CHOICE.resolve(0)
HOUR = HOUR_MS


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return small_store.make(tmp_path / "small.db", metrics=True)


def commit(db: Path) -> None:
    """Another process's commit: one more throttle, and no invocation of resize in the hour."""
    with writing(db) as connection:
        Writer(connection, fingerprint).measure([MetricPoint(CHECKOUT, "Throttles", "Sum", 60, T0 + MINUTE_MS, 3.0)])
        connection.execute("UPDATE functions SET name = 'renamed' WHERE name = 'resize'")
        for table in ("minute_cells", "hour_cells", "day_cells"):
            connection.execute(f"UPDATE {table} SET invocations = invocations + 5, errors = errors + 1")
            connection.execute(f"UPDATE {table}_errors SET occurrences = occurrences + 1")
        connection.execute("UPDATE invocations SET billed_ms = billed_ms + 1")
        resum(connection)


def everything(reader: Reader) -> dict[str, object]:
    low, high = RANGE.from_ms, RANGE.to_ms
    return {
        "functions": functions(reader, RANGE, BOOK, trend_steps=4),
        "errors": errors(reader, RANGE),
        "throttles": throttles(reader, RANGE),
        "costs": costs(reader, RANGE, BOOK),
        "stored": reader.functions(),
        "newest": reader.newest_ms(),
        "totals": reader.totals(low, high),
        "usage": reader.usage(low, high),
        "counted": reader.counted(low, high),
        "quantiles": reader.quantiles(low, high),
        "days": reader.daily_usage(low, high),
        "hours": reader.invocations_by_hour(low // HOUR * HOUR, high),
        "groups": reader.error_groups(low, high),
        "metric": reader.metric("Throttles", low, high),
        "metric total": reader.metric_totals("Throttles", low, high),
        "page": reader.invocations(low, high),
        "failed": reader.invocations(low, high, statuses=[Status.ERROR]),
        "longest": reader.invocations(low, high, order="duration_us", limit=3),
    }


def test_a_commit_of_another_connection_is_seen_at_once(db: Path) -> None:
    with Reader(db) as reader:
        before = everything(reader)
        assert everything(reader) == before
        commit(db)
        after = everything(reader)
        with Reader(db) as fresh:
            assert after == everything(fresh)
    same = {name for name in before if before[name] == after[name]}
    assert same == {"newest", "quantiles"}
    assert {len(before[name]) for name in ("page", "failed", "longest")} == {8, 1, 3}  # type: ignore[arg-type]


def test_what_is_kept_is_asked_of_sqlite_once(db: Path) -> None:
    with Reader(db) as reader:
        asked: list[str] = []
        everything(reader)
        reader._connection.set_trace_callback(asked.append)
        everything(reader)
        assert set(asked) == {"PRAGMA data_version"}
        reader.forget()
        everything(reader)
        assert any("hour_cells" in sql or "minute_cells" in sql for sql in asked)


def test_other_ranges_functions_and_prices_have_answers_of_their_own(db: Path) -> None:
    earlier = RangeChoice(at="2025-03-31T10:06:00Z").resolve(0)
    scope = Scope(functions=("resize",))
    with Reader(db) as reader, Reader(db) as other:
        for view in (functions, errors, throttles):
            more = (BOOK,) if view is functions else ()
            asked = [
                view(reader, span, *more, scope=narrowed)  # type: ignore[operator]
                for span in (RANGE, earlier)
                for narrowed in (Scope(), scope)
            ]
            for answer, (span, narrowed) in zip(
                asked, [(span, narrowed) for span in (RANGE, earlier) for narrowed in (Scope(), scope)], strict=True
            ):
                other.forget()
                assert answer == view(other, span, *more, scope=narrowed)  # type: ignore[operator]
        assert functions(reader, RANGE).cost_usd is None
        assert functions(reader, RANGE, BOOK).cost_usd is not None
        assert costs(reader, RANGE, BOOK, free_tier=False).total != costs(reader, RANGE, BOOK).total
        (checkout,) = (row.id for row in reader.functions() if row.function.key == CHECKOUT)
        assert len(reader.totals(RANGE.from_ms, RANGE.to_ms)) == 2
        assert [one.function_id for one in reader.totals(RANGE.from_ms, RANGE.to_ms, [checkout])] == [checkout]
        assert reader.counted(RANGE.from_ms, RANGE.to_ms, [checkout]) == (6, 6)


def test_lists_that_are_given_out_can_be_changed(db: Path) -> None:
    with Reader(db) as reader:
        reader.functions().clear()
        reader.totals(RANGE.from_ms, RANGE.to_ms).clear()
        reader.quantiles(RANGE.from_ms, RANGE.to_ms).clear()
        assert len(reader.functions()) == len(reader.totals(RANGE.from_ms, RANGE.to_ms)) == 2
        assert len(reader.quantiles(RANGE.from_ms, RANGE.to_ms)) == 2


def test_an_answer_during_which_there_was_a_commit_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "plain.db"
    writer, connection = sqlite3.connect(path, isolation_level=None), sqlite3.connect(path, isolation_level=None)
    writer.execute("CREATE TABLE t (x)")
    kept = QueryCache(connection)

    def count() -> int:
        return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])

    def twice() -> tuple[int, int]:
        before = count()
        writer.execute("INSERT INTO t VALUES (1)")
        return before, kept.of("inner", count)

    assert kept.of("outer", twice) == (0, 1)
    assert kept.of("outer", lambda: (count(), count())) == (1, 1)
    connection.close()
    writer.close()


def test_only_the_last_answers_are_kept() -> None:
    connection = sqlite3.connect(":memory:")
    kept = QueryCache(connection, most=2)
    asked: list[str] = []

    def answer(name: str) -> str:
        return kept.of(name, lambda: asked.append(name) or name)

    for name in ("a", "b", "a", "c", "a", "b"):
        assert answer(name) == name
    assert asked == ["a", "b", "c", "b"]
    connection.close()


def test_questions_borrow_one_reader_and_see_every_commit(db: Path) -> None:
    readers: list[Reader] = []

    def counted() -> int:
        def of(question: queries.QueryContext) -> int:
            readers.append(question.reader)
            return question.reader.counted(RANGE.from_ms, RANGE.to_ms)[0]

        return ask(db, CHOICE, 0, of)[1]

    assert [counted(), counted()] == [8, 8]
    commit(db)
    assert counted() > 8
    assert len(set(map(id, readers))) == 1
    close_idle()


def test_a_replaced_file_and_a_newer_schema_are_noticed(db: Path, tmp_path: Path) -> None:
    def names() -> list[str]:
        return ask(db, CHOICE, 0, lambda question: [row.function.key.name for row in question.reader.functions()])[1]

    assert names() == ["checkout", "resize"]
    other = small_store.make(tmp_path / "other.db")
    commit(other)
    for end in ("-wal", "-shm"):
        db.with_name(db.name + end).unlink(missing_ok=True)
    other.rename(db)
    assert names() == ["checkout", "renamed"]
    with writing(db) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(QueryError, match="newer lambdatui"):
        names()
    close_idle()


def test_a_reader_that_failed_is_not_used_again(db: Path) -> None:
    readers: list[Reader] = []

    def fails(question: queries.QueryContext) -> None:
        readers.append(question.reader)
        raise ValueError("as it were")

    with pytest.raises(ValueError, match="as it were"):
        ask(db, CHOICE, 0, fails)
    assert ask(db, CHOICE, 0, lambda question: question.reader is readers[0])[1] is False
    with pytest.raises(StoreError, match="closed"):
        readers[0].newest_ms()
    close_idle()


class Answer:
    """Something that a reader keeps."""


def test_after_a_commit_idle_readers_give_back_what_they_keep(db: Path) -> None:
    def asks(question: queries.QueryContext) -> "weakref.ref[Answer]":
        kept: Answer = question.reader.cached("asked", Answer)
        ask(db, CHOICE, 0, lambda within: within.reader.cached("asked", Answer))  # a second reader
        return weakref.ref(kept)

    _, kept = ask(db, CHOICE, 0, asks)
    assert kept() is not None
    commit(db)
    queries.forget_answers()
    assert kept() is None
    close_idle()

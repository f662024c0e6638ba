"""A store that is deleted, replaced, restored or cut under those who read it, and under the one who writes."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from collectors.ingest.engine import import_files
from collectors.ingest.many_sources import collect_accounts
from collectors.model.records import FunctionKey, MetricPoint
from collectors.parsing.fingerprint import fingerprint
from collectors.sources.base import Item, LogEvents
from collectors.store.connection import writing
from collectors.store.errors import StoreReplaced
from collectors.store.read.reader import Reader
from collectors.store.write.writer import Writer
from lambdatui.app.application import LambdaTui
from lambdatui.screens.base.query import QueryScreen
from lambdatui.session.queries import QueryContext, QueryError, StoreWatch, ask, close_idle
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.notice import Notice
from tests.support import small_store
from tests.support.command_line import run
from tests.support.row_checksums import resum
from tests.support.screens import small_app, until

ALL = RangeChoice(preset="all")


@pytest.fixture(autouse=True)
def no_reader_of_before() -> Iterator[None]:
    yield
    close_idle()


def names(question: QueryContext) -> list[str]:
    return [row.function.key.name for row in question.reader.functions()]


def another(path: Path) -> Path:
    """A store with other functions, of the same size and schema."""
    small_store.make(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE functions SET name = 'other-' || name")
    connection.execute("UPDATE settings SET value = value / 2 + 1 WHERE name = 'store_id'")
    resum(connection)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


WAYS: dict[str, Callable[[Path, Path], object]] = {
    "moved over": lambda db, other: os.replace(other, db),
    "copied over": lambda db, other: shutil.copyfile(other, db),
    "deleted, and another made": lambda db, other: (os.remove(db), shutil.copyfile(other, db)),
    "deleted with what lies beside it, and another made": lambda db, other: (
        [one.unlink() for one in db.parent.glob(f"{db.name}*")],
        shutil.copyfile(other, db),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_another_store_in_its_place_is_seen_at_the_next_look(tmp_path: Path, way: str) -> None:
    db, other = small_store.make(tmp_path / "here.db"), another(tmp_path / "other.db")
    watch = StoreWatch(db)
    assert watch.changed()
    assert not watch.replaced
    assert ask(db, ALL, 0, names)[1] == ["checkout", "resize"]
    assert not watch.changed()
    WAYS[way](db, other)
    assert watch.changed()
    assert watch.replaced
    assert ask(db, ALL, 0, names)[1] == ["other-checkout", "other-resize"]
    assert not watch.changed()
    assert not watch.replaced
    watch.close()


def test_what_a_writer_does_is_no_replacement(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "here.db")
    watch = StoreWatch(db)
    watch.changed()
    for number in range(3):
        with writing(db) as connection:
            Writer(connection, fingerprint).measure(
                [MetricPoint(small_store.CHECKOUT, "Throttles", "Sum", 60, small_store.T0 + number, 1.0)]
            )
        watch.changed()
        assert not watch.replaced
    run("db", "prune", "--before", "2025-03-31T10:05:00Z", "--vacuum", "--db", db)
    watch.changed()
    assert not watch.replaced
    watch.close()


def test_a_restored_copy_of_the_same_store_is_seen(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "here.db")
    backup = Path(shutil.copyfile(db, tmp_path / "backup.db"))
    more = small_store.invocation_events(
        FunctionKey("late", "111122223333", "eu-west-1"), 77, small_store.T0, duration_ms=1
    )
    import_files([str(small_store.write_events(tmp_path / "more.jsonl", more))], db=db, defaults=FunctionKey(""))
    watch = StoreWatch(db)
    watch.changed()
    watch.changed()
    assert "late" in ask(db, ALL, 0, names)[1]
    shutil.copyfile(backup, db)
    assert watch.changed()
    assert watch.replaced
    assert "late" not in ask(db, ALL, 0, names)[1]
    watch.close()


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (lambda db: os.remove(db), "there is no store"),
        (lambda db: os.truncate(db, 0), "is empty"),
        (lambda db: os.truncate(db, 8_192), "is damaged"),
        (lambda db: db.write_bytes(b"x" * 300_000), "is damaged or no lambdatui store"),
        (lambda db: (os.remove(db), os.mkdir(db)), "is a folder"),
    ],
)
def test_one_that_is_gone_or_cut_is_said(tmp_path: Path, way: Callable[[Path], object], said: str) -> None:
    db = small_store.make(tmp_path / "here.db")
    watch = StoreWatch(db)
    watch.changed()
    ask(db, ALL, 0, names)
    way(db)
    for _ in range(2):
        try:
            changed = watch.changed()
        except QueryError:
            changed = True
        if not _:
            assert changed
        with pytest.raises(QueryError, match=said):
            ask(db, ALL, 0, names)
    watch.close()


def notice(app: LambdaTui) -> str:
    return app.screen.query_one(Notice).message if isinstance(app.screen, QueryScreen) else ""


async def test_the_screens_say_it_and_show_the_new_one(tmp_path: Path) -> None:
    db, other = small_store.make(tmp_path / "here.db"), another(tmp_path / "other.db")
    app = small_app(db)
    async with app.run_test(size=(120, 30)) as pilot:
        await _first(pilot, app)
        await pilot.press("enter")  # into a function that the other store has not
        await until(pilot, lambda: len(app.screen_stack) > 1, "the function")
        os.replace(other, db)
        app._look()
        await until(pilot, lambda: "replaced" in notice(app), "that it was replaced")
        assert len(app.screen_stack) == 1
        await until(pilot, lambda: "other-checkout" in _text(app), "the other store's functions")


async def test_the_screens_say_that_it_is_gone(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "here.db")
    app = small_app(db)
    async with app.run_test(size=(120, 30)) as pilot:
        await _first(pilot, app)
        db.unlink()
        app._look()
        await until(pilot, lambda: "there is no store" in notice(app), "that it is gone")


async def _first(pilot: Pilot[int], app: LambdaTui) -> None:
    await until(
        pilot,
        lambda: isinstance(app.screen, QueryScreen) and app.screen.answer is not None and app._watch is not None,
        "rows",
    )


def _text(app: LambdaTui) -> str:
    answer = getattr(app.screen, "answer", None)
    return " ".join(row.function for row in answer.rows) if answer is not None else ""


class _Source:
    """Gives something, lets its file be taken away, and gives more."""

    name, region, account = "one", "eu-west-1", ""

    def __init__(self, between: Callable[[], object]) -> None:
        self._between = between

    def items(self, stored: object) -> Iterator[Item]:
        yield LogEvents(small_store.invocation_events(small_store.CHECKOUT, 91, small_store.T0, duration_ms=1.0))
        self._between()
        yield LogEvents(small_store.invocation_events(small_store.CHECKOUT, 92, small_store.T0, duration_ms=1.0))

    def counts(self) -> list[object]:
        return []


@pytest.mark.parametrize("way", ["deleted", *WAYS])
def test_a_collection_never_goes_on_into_a_file_that_is_gone(tmp_path: Path, way: str) -> None:
    db, other = small_store.make(tmp_path / "here.db"), another(tmp_path / "other.db")
    if way == "copied over":
        pytest.skip("it is the same file with other bytes: what SQLite makes of them is damage, which db check finds")

    def between() -> None:
        if way == "deleted":
            db.unlink()
        else:
            WAYS[way](db, other)

    with pytest.raises(StoreReplaced, match="was deleted or replaced while it was written"):
        collect_accounts([lambda: _Source(between)], db=db, now_ms=small_store.T0)
    assert db.exists() == (way != "deleted")
    [done] = collect_accounts([lambda: _Source(lambda: None)], db=db, now_ms=small_store.T0)
    assert done.invocations == 2
    with Reader(db) as reader:
        assert reader.count_invocations(0, 1 << 50) == (2 if way == "deleted" else 10)


def test_an_import_beside_whose_file_goes_ends_with_the_stores_code(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "here.db")
    with pytest.raises(StoreReplaced), writing(db):
        db.unlink()
    again = run("import", small_store.write_events(tmp_path / "again.jsonl"), "--db", db)
    assert again.exit_code == 0
    with Reader(db) as reader:
        assert reader.count_invocations(0, 1 << 50) == 8


def test_a_writer_leaves_nothing_that_would_be_laid_over_another_file(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "here.db")
    with Reader(db):
        run("import", small_store.write_events(tmp_path / "again.jsonl"), "--db", db)
        log = Path(f"{db}-wal")
        assert not log.exists() or log.stat().st_size == 0


READING = (
    "functions", "costs", "errors", "logs", "patterns", "advice", "throttles", "metrics", "configuration", "invocations",
    "alarms", "collections", "cost-estimate", "durable", "db info", "db check",
)  # fmt: skip


@pytest.mark.parametrize("command", READING)
def test_no_command_that_reads_makes_a_store_of_an_empty_file(tmp_path: Path, command: str) -> None:
    db = tmp_path / "s.db"
    db.touch()
    done = run("--db", db, *command.split())
    assert (done.exit_code, db.stat().st_size) != (0, 0), "an answer out of nothing"
    assert db.stat().st_size == 0

"""A damaged store is told, or answers as if it were whole; for some seconds here, for hours by ``damage.py``."""

import os
import random
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from collectors.model.records import MetricPoint
from collectors.model.units import MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.integrity import table_checksums
from collectors.store.integrity.checking import check
from collectors.store.integrity.damage_note import remember
from collectors.store.integrity.scrub import scrub
from collectors.store.read.reader import Reader
from collectors.store.write.writer import Writer
from lambdatui.app import application
from lambdatui.session.queries import close_idle
from lambdatui.widgets.notice import Notice
from tests.faults import budget, damage
from tests.support import small_store
from tests.support.screens import small_app, until


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> damage.Bases:
    return damage.Bases(tmp_path_factory.mktemp("bases"))


def test_broken_stores_are_told(bases: damage.Bases, tmp_path: Path) -> None:
    tally = damage.run(budget.seconds(6), budget.SEED, bases=bases)
    assert tally.wrong == []
    assert tally.stores > 0


# Each was told wrongly, or not at all, once.
@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM day_packs WHERE start_ms = (SELECT max(start_ms) FROM day_packs)",
        "UPDATE day_packs SET last_ms = 'text'",
        "DELETE FROM hour_cells WHERE start_ms = (SELECT max(start_ms) FROM hour_cells)",
        "DELETE FROM invocations WHERE status = 0 AND function_id = 2",
        "UPDATE invocations SET start_ms = start_ms + 1 WHERE function_id = 1",
        "UPDATE invocations SET request_id = x'00', stream_id = 1 WHERE start_ms = (SELECT max(start_ms) FROM invocations)",
        "UPDATE request_buckets SET last_ms = 0",
        "UPDATE functions SET name = 'another' WHERE id = 1",
        "UPDATE errors SET message = NULL || 'x', error_type = 'Other' WHERE id = 1",
        "UPDATE patterns SET example = example || 'x'",
        "UPDATE metrics SET value = value + 1 WHERE start_ms = (SELECT min(start_ms) FROM metrics)",
        "UPDATE chunks SET first_ms = first_ms + 1",
        "UPDATE chunks SET content = (SELECT content FROM chunks LIMIT 1)",
        "UPDATE chunk_filters SET bits = zeroblob(length(bits))",
        "UPDATE settings SET value = value + 1",
        "UPDATE configuration SET value = '3008'",
        "UPDATE table_sums SET sum = sum + 1 WHERE name = 'settings'",
        "DROP TABLE rejects",
        "UPDATE functions SET region = CAST(x'ff' AS TEXT)",
    ],
)
def test_what_was_changed_by_sql_is_found(bases: damage.Bases, tmp_path: Path, change: str) -> None:
    for which, base in enumerate(bases.paths):
        db = tmp_path / f"store-{which}.db"
        shutil.copy(base, db)
        connection = sqlite3.connect(db)
        try:
            connection.execute(change)
            connection.commit()
        except sqlite3.IntegrityError:
            continue
        finally:
            connection.close()
        assert check(db) != []
        for asked in (("functions", *damage.SPAN, "--json"), ("logs", *damage.SPAN), ("db", "info"), ("costs",)):
            code, out, said = damage.told(db, asked)
            assert (code, out, len(said.splitlines())) == (5, "", 1)
            assert "db check" in said


def spoiled_index(db: Path) -> None:
    """A byte of a time in the index of log lines by time, where no table and no sum knows of it."""
    connection = sqlite3.connect(db)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'chunks_by_time'").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    (first_ms,) = connection.execute("SELECT first_ms FROM chunks ORDER BY id LIMIT 1").fetchone()
    connection.close()
    content = bytearray(db.read_bytes())
    at = content.index(first_ms.to_bytes(6, "big"), (root - 1) * size, root * size)
    content[at + 5] ^= 2
    db.write_bytes(content)


@pytest.mark.parametrize("which", [0, 1])
def test_an_index_that_disagrees_with_its_table_is_found_on_opening(
    bases: damage.Bases, tmp_path: Path, which: int
) -> None:
    db = tmp_path / "store.db"
    shutil.copy(bases.paths[which], db)
    spoiled_index(db)
    assert check(db) != []
    for asked in (("logs", *damage.SPAN), ("functions", *damage.SPAN), ("db", "info")):
        code, out, said = damage.told(db, asked)
        assert (code, out, len(said.splitlines())) == (5, "", 1)


def test_what_only_a_look_through_a_large_store_finds_is_said_from_then_on(
    bases: damage.Bases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_checksums, "SMALL", -1)
    monkeypatch.setattr(table_checksums, "SMALL_BYTES", -1)
    whole, db = tmp_path / "whole.db", tmp_path / "store.db"
    shutil.copy(bases.paths[0], whole)
    assert scrub(whole) is None
    shutil.copy(bases.paths[0], db)
    spoiled_index(db)
    logs = ("logs", *damage.SPAN)
    assert damage.told(db, logs)[0] == 0  # no read can see it
    assert scrub(db) is not None
    code, out, said = damage.told(db, logs)
    assert (code, out, len(said.splitlines())) == (5, "", 1)
    assert "db check" in said
    assert damage.told(db, ("db", "check"))[0] == 5
    # Another file in its place is none that anything is known of.
    shutil.move(whole, db)
    assert damage.told(db, logs)[0] == 0
    remember(db, "something")
    assert damage.told(db, logs)[0] == 5
    assert damage.told(db, ("db", "check"))[0] == 0
    assert damage.told(db, logs)[0] == 0


async def test_a_viewer_looks_through_its_store_and_says_what_it_finds(
    bases: damage.Bases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_checksums, "SMALL", -1)
    monkeypatch.setattr(table_checksums, "SMALL_BYTES", -1)
    monkeypatch.setattr(application, "_SCRUB_AFTER_S", 0.1)
    db = tmp_path / "store.db"
    shutil.copy(bases.paths[0], db)
    spoiled_index(db)
    app = small_app(db)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "is damaged" in str(app.screen.query_one(Notice).render()), "the damage")
    close_idle()


def test_a_whole_store_is_repaired_to_the_same_answers(bases: damage.Bases, tmp_path: Path) -> None:
    for which, base in enumerate(bases.paths):
        new = tmp_path / f"new-{which}.db"
        code, _, said = damage.told(base, ("db", "check", "--repair", str(new)))
        assert (code, "nothing is lost" in said) == (0, True)
        assert check(new) == []
        for asked, right in bases.told[which].items():
            assert damage.told(new, asked)[:2] == right[:2]


def test_a_repair_says_what_is_lost_and_leaves_the_store_as_it_is(bases: damage.Bases, tmp_path: Path) -> None:
    db, new = tmp_path / "store.db", tmp_path / "new.db"
    shutil.copy(bases.paths[0], db)
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE hour_cells SET errors = errors + 1")  # minutes say what it was
        connection.execute("UPDATE invocations SET billed_ms = 7 WHERE function_id = 2")
        connection.execute("UPDATE chunks SET content = x'00' WHERE function_id = 2")
    connection.close()
    before = db.read_bytes()
    code, out, said = damage.told(db, ("db", "check", "--repair", str(new)))
    assert (code, len(said.splitlines())) == (3, 1)
    assert "sums made anew" in said
    assert any(line.startswith("invocations of resize: 2 rows") for line in out.splitlines())
    assert any(line.startswith("log lines of resize") for line in out.splitlines())
    assert db.read_bytes() == before
    assert check(new) == []
    assert damage.told(db, ("db", "check", "--repair", str(new)))[0] == 1  # never over what is there
    assert damage.told(new, ("functions", *damage.SPAN, "--json"))[1] == bases.told[0][damage.ASKED[0]][1]


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM pattern_hours WHERE lines = 1", "UPDATE pattern_hours SET bytes = bytes + 1 WHERE lines = 1"],
)
def test_days_of_patterns_outlive_their_hours(bases: damage.Bases, tmp_path: Path, change: str) -> None:
    db, new = tmp_path / "store.db", tmp_path / "new.db"
    shutil.copy(bases.paths[0], db)
    days = "SELECT function_id, start_ms, pattern_id, lines, bytes FROM pattern_days ORDER BY 1, 2, 3"
    with sqlite3.connect(db) as connection:
        before = connection.execute(days).fetchall()
        assert connection.execute(change).rowcount > 0
    connection.close()
    code, out, _ = damage.told(db, ("db", "check", "--repair", str(new)))
    assert code == 3
    assert "pattern_hours: " in out
    assert check(new) == []
    with sqlite3.connect(new) as connection:
        assert connection.execute(days).fetchall() == before
    connection.close()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_repaired_is_whole_or_is_refused(bases: damage.Bases, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    db, new = tmp_path / "store.db", tmp_path / "new.db"
    shutil.copy(bases.paths[seed % 2], db)
    for _ in range(3):
        damage.flip_used_bit(db, chance)
    code, _, said = damage.told(db, ("db", "check", "--repair", str(new)))
    assert code in (0, 3, 5), said
    if code != 5:
        assert check(new) == []


def test_a_quick_check_looks_at_the_structure_alone(bases: damage.Bases, tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    shutil.copy(bases.paths[0], db)
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE day_cells SET errors = errors + 1")
    connection.close()
    assert damage.told(db, ("db", "check", "--quick"))[0] == 0
    assert damage.told(db, ("db", "check"))[0] == 5
    damage.truncate(db, random.Random(5))
    os.truncate(db, 8192)
    assert damage.told(db, ("db", "check", "--quick"))[0] == 5


def test_what_is_committed_while_a_store_is_looked_at_is_no_damage(tmp_path: Path) -> None:
    db, stopped = small_store.make(tmp_path / "busy.db"), threading.Event()

    def write() -> None:
        with writing(db) as connection:
            writer, at = Writer(connection, fingerprint), 0
            while not stopped.is_set():
                at += 1
                point = MetricPoint(
                    small_store.CHECKOUT, "Throttles", "Sum", 60, small_store.T0 + at % 50 * MINUTE_MS, float(at)
                )
                writer.measure([point])

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(40):
            Reader(db).close()
        assert [check(db) for _ in range(3)] == [[], [], []]
        assert scrub(db) is None
    finally:
        stopped.set()
        thread.join()
    assert check(db) == []

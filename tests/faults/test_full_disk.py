"""A full disk: one line that says so and what helps, exit code 5, and a store that is whole and goes on."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.ingest.many_sources import collect_accounts
from collectors.model.records import FunctionKey, LogEvent, MetricPoint
from collectors.model.units import MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.sources.base import Item, LogEvents
from collectors.store.connection import writing
from collectors.store.errors import StoreUnwritable
from collectors.store.integrity.checking import check
from collectors.store.rollups import packs
from collectors.store.transactions import transaction
from collectors.store.write.account import keep_account_points
from collectors.store.write.writer import Writer
from tests.faults.disks import fill, mounted
from tests.support import small_store
from tests.support.command_line import run

T0, MINUTE = small_store.T0, small_store.MINUTE


def events(first: int, count: int) -> list[LogEvent]:
    found = []
    for number in range(first, first + count):
        some = small_store.invocation_events(
            FunctionKey(f"fn{number % 3}", "111122223333", "eu-west-1"), number, T0 + number * 1_000, duration_ms=10.0
        )
        some[1].message = "".join(f"{(number + 1) * (at + 7) * 2654435761 % (1 << 64):016x}" for at in range(40)) + "\n"
        found += some
    return found


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "8m") as folder:
        yield folder


@pytest.fixture
def filled(disk: Path, tmp_path: Path) -> Path:
    """A store of 2,000 invocations on a disk with next to no room left."""
    db = disk / "full.db"
    assert (
        run("import", small_store.write_events(tmp_path / "first.jsonl", events(0, 2_000)), "--db", db).exit_code == 0
    )
    fill(disk, MINUTE_MS)
    return db


def refused(*command: str | Path) -> str:
    done = run(*command)
    assert done.exit_code == 5, done.output
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "no transaction is active" not in done.stderr
    assert "are free, and this needs about" in done.stderr
    return done.stderr


def test_import_says_what_is_needed_and_what_frees_it(filled: Path, tmp_path: Path) -> None:
    more = small_store.write_events(tmp_path / "more.jsonl", events(2_000, 3_000))
    said = refused("import", more, "--db", filled)
    assert "'lambdatui db prune --before" in said
    assert check(filled) == []
    (filled.parent / "filling").unlink()
    again = run("import", more, "--json", "--db", filled)
    assert json.loads(again.stdout)["invocations"] == 3_000
    assert check(filled) == []


def test_prune_reports_what_it_did_and_frees_room_for_what_comes(filled: Path, tmp_path: Path) -> None:
    (filled.parent / "filling").unlink()
    fill(filled.parent, 160_000)
    before = "2025-03-31T10:30:00Z"
    done = run("db", "prune", "--before", before, "--json", "--db", filled)
    connection = sqlite3.connect(filled)
    left = connection.execute("SELECT count(*) FROM invocations").fetchone()
    oldest = dict(connection.execute("SELECT function_id, min(start_ms) FROM invocations GROUP BY 1").fetchall())
    marks = dict(connection.execute("SELECT function_id, rows_ms FROM pruned").fetchall())
    connection.close()
    deleted = json.loads(done.stdout)["invocations"]
    assert deleted == 2_000 - left[0]
    assert all(mark <= oldest[function_id] for function_id, mark in marks.items())
    assert check(filled) == []
    assert done.exit_code == 0, done.stderr
    assert deleted == 1_800
    size = filled.stat().st_size
    (filled.parent / "filling").unlink()  # room for the write-ahead log; the file has room in itself
    more = small_store.write_events(tmp_path / "more.jsonl", events(2_000, 20))
    assert json.loads(run("import", more, "--json", "--db", filled).stdout)["invocations"] == 20
    assert filled.stat().st_size == size


def test_prune_on_a_disk_without_any_room_has_done_what_it_says(filled: Path) -> None:
    fill(filled.parent, 0)
    done = run("db", "prune", "--before", "2025-03-31T10:30:00Z", "--json", "--db", filled)
    connection = sqlite3.connect(f"file:{filled}?mode=ro", uri=True)
    try:
        (left,) = connection.execute("SELECT count(*) FROM invocations").fetchone()
        marks = connection.execute("SELECT count(*) FROM pruned").fetchone()[0]
    finally:
        connection.close()
    assert done.exit_code in (0, 5)
    told = json.loads(done.stdout)["invocations"] if done.stdout else 0
    assert told == 2_000 - left
    if done.exit_code == 5:
        assert (told > 0) == (marks > 0)


def test_vacuum_and_export_say_what_they_need(filled: Path, disk: Path) -> None:
    connection = sqlite3.connect(filled)
    (before,) = connection.execute("SELECT count(*) FROM invocations").fetchone()
    connection.close()
    done = run("db", "prune", "--before", "2025-03-31T09:00:00Z", "--vacuum", "--db", filled)
    assert done.exit_code == 5
    assert "are free, and this needs about" in done.stderr
    for target in ("copy.db", "copy.jsonl"):
        export = run("db", "export", disk / target, "--range", "all", "--db", filled)
        assert export.exit_code in (1, 5), export.output
        assert len(export.stderr.splitlines()) == 1
    assert not (disk / "copy.db").exists()
    assert not (disk / "copy.db.part").exists()
    connection = sqlite3.connect(filled)
    assert connection.execute("SELECT count(*) FROM invocations").fetchone() == (before,)
    connection.close()


def test_an_older_store_that_finds_no_room_to_be_brought_up_to_date_stays_as_it_is(filled: Path) -> None:
    from tests.support.released_stores import set_back

    (filled.parent / "filling").unlink()
    set_back(filled, 1)
    fill(filled.parent, 8_000)
    done = run("functions", "--db", filled)
    assert done.exit_code == 5
    assert "no transaction is active" not in done.stderr
    (filled.parent / "filling").unlink()
    assert run("functions", "--db", filled).exit_code == 0
    assert check(filled) == []


class _Source:
    name, region, account = "one", "eu-west-1", ""

    def items(self, stored: object) -> Iterator[Item]:
        yield LogEvents(events(5_000, 3_000))

    def counts(self) -> list[object]:
        return []


def test_collect_says_it_and_a_later_one_has_all(filled: Path) -> None:
    with pytest.raises(StoreUnwritable, match="are free, and this needs about"):
        collect_accounts([_Source], db=filled, now_ms=T0)
    assert check(filled) == []
    (filled.parent / "filling").unlink()
    [done] = collect_accounts([_Source], db=filled, now_ms=T0)
    assert done.invocations + 2_000 == sqlite3.connect(filled).execute("SELECT count(*) FROM invocations").fetchone()[0]


def test_no_transaction_hides_why_it_failed(filled: Path) -> None:
    """Metric points, points of accounts, packs: each raises what the disk said, and the connection can be used on."""
    with writing(filled) as connection:
        writer = Writer(connection, fingerprint)
        points = [
            MetricPoint(
                FunctionKey(f"fn{at % 3}", "111122223333", "eu-west-1"), "Invocations", "Sum", 60, T0 + at * MINUTE, 1.0
            )
            for at in range(40_000)
        ]
        of_account = [
            MetricPoint(FunctionKey("", "1", f"r{at}"), "M" * 200, "Sum", 60, T0, 1.0) for at in range(20_000)
        ]
        for save_state in (lambda: writer.measure(points), lambda: keep_account_points(connection, of_account)):
            with pytest.raises(sqlite3.OperationalError, match="full"):
                save_state()
            assert not connection.in_transaction
        with pytest.raises(sqlite3.OperationalError, match="full"):
            packs.replace(
                connection, "day_packs", 0, 1,
                lambda low, high: (packs.Pack(at, b"\0" * 8 * len(packs.CELL_COLUMNS) * 1_000, b"", b"") for at in range(1_000)),
            )  # fmt: skip
        assert not connection.in_transaction
        with transaction(connection):
            pass


def test_a_state_folder_that_is_full_stops_no_screen_and_no_command(tmp_path: Path) -> None:
    from lambdatui.start.state import load_state, save_state

    with mounted(tmp_path / "state", "64k") as folder:
        state = str(folder / "lambdatui" / "screens")
        save_state(state, {"range": "24h"})
        fill(folder, 0)
        save_state(state, {"range": "7d" + " x" * 40_000})
        assert load_state(state) == {"range": "24h"}
        db = small_store.make(tmp_path / "small.db")
        assert run("functions", "--db", db, XDG_STATE_HOME=str(folder), XDG_CONFIG_HOME=str(folder)).exit_code == 0


def test_a_store_on_a_disk_without_any_room_is_read(disk: Path, tmp_path: Path) -> None:
    db = disk / "full.db"
    run("import", small_store.write_events(tmp_path / "first.jsonl", events(0, 300)), "--db", db)
    before = run("functions", "--range", "all", "--json", "--db", db).stdout
    for beside in disk.glob("full.db-*"):
        beside.unlink()
    fill(disk, 0)
    done = run("functions", "--range", "all", "--json", "--db", db)
    assert (done.exit_code, json.loads(done.stdout)["rows"]) == (0, json.loads(before)["rows"]), done.output
    assert run("db", "check", "--db", db).exit_code == 0


def test_on_a_disk_with_no_byte_left_prune_says_what_to_do(filled: Path) -> None:
    (filled.parent / "filling").unlink()
    fill(filled.parent, 0)
    done = run("db", "prune", "--before", "2025-03-31T10:30:00Z", "--db", filled)
    assert done.exit_code == 5
    assert "deleting takes that much before it frees any" in done.stderr
    assert "'lambdatui db export FILE.db" in done.stderr
    assert check(filled) == []

"""Stores that cannot be written or read: what is said, the exit code, and that nothing is lost or shown to others."""

import fcntl
import os
import resource
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.store.connection import open_reader, writing
from collectors.store.errors import StoreDamaged, StoreError, StoreLocked, StoreNewer, StoreUnwritable
from collectors.store.integrity.checking import check
from collectors.store.read.reader import Reader
from collectors.store.write.maintenance import prune
from tests.support import small_store
from tests.support.command_line import PROGRAM, run
from tests.support.places import ROOT
from tests.support.printed_statements import EVER, Event, differences, everything, report, request_id, start, write

SPANS = ((small_store.T0, small_store.T0 + 600_000), EVER)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    return small_store.write_events(tmp_path / "events.jsonl")


def imported(exported: Path, db: Path) -> tuple[int, str]:
    result = run("import", exported, "--db", db)
    assert "Traceback" not in result.stderr
    return result.exit_code, result.stderr


def test_a_store_that_another_process_writes_is_told_with_its_process(tmp_path: Path, exported: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    with writing(db):
        code, said = imported(exported, db)
        with pytest.raises(StoreLocked):
            prune(db, before_ms=EVER[1])
        with Reader(db) as reader:  # readers are not kept out
            assert reader.count_invocations(*EVER) == 8
    assert (code, f"process {os.getpid()}" in said, "wait for it" in said) == (5, True, True)
    assert imported(exported, db)[0] == 0


def test_a_lock_without_a_name_still_locks(tmp_path: Path, exported: Path) -> None:
    db = tmp_path / "store.db"
    with open(f"{db}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert imported(exported, db)[0] == 5
    assert imported(exported, db)[0] == 0


def test_a_lock_that_sqlite_holds_is_waited_for_and_told(tmp_path: Path, exported: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    other = sqlite3.connect(db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    code, said = imported(exported, db)
    other.close()
    assert (code, "locked by another process" in said) == (5, True)


@pytest.mark.parametrize(
    "content",
    [b"no database at all, but a text that is long enough to be one" * 20, b"SQLite format 3\0" + bytes(4096)],
    ids=["text", "header-only"],
)
def test_a_file_that_is_no_database(tmp_path: Path, exported: Path, content: bytes) -> None:
    db = tmp_path / "store.db"
    db.write_bytes(content)
    code, said = imported(exported, db)
    assert (code, "damaged or no lambdatui store" in said) == (5, True)
    assert db.read_bytes() == content
    with pytest.raises(StoreDamaged):
        Reader(db)


def test_somebody_elses_database_is_left_alone(tmp_path: Path, exported: Path) -> None:
    db = tmp_path / "store.db"
    with sqlite3.connect(db) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    connection.close()
    before = db.read_bytes()
    assert imported(exported, db)[0] == 5
    assert run("functions", "--db", db).exit_code == 5
    assert db.read_bytes() == before


def test_a_newer_store_is_not_touched(tmp_path: Path, exported: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    with sqlite3.connect(db) as connection:
        connection.execute("PRAGMA user_version = 1000")
    connection.close()
    code, said = imported(exported, db)
    assert (code, "upgrade lambdatui" in said) == (5, True)
    with pytest.raises(StoreNewer):
        Reader(db)


def test_pages_that_were_overwritten_are_damage(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    content = bytearray(db.read_bytes())
    content[4096 : len(content) // 2] = b"\xa5" * (len(content) // 2 - 4096)
    db.write_bytes(content)
    assert run("db", "check", "--db", db).exit_code == 5
    with pytest.raises(StoreError):
        everything(db, SPANS)


def test_an_empty_file_becomes_a_store(tmp_path: Path, exported: Path) -> None:
    db = tmp_path / "store.db"
    db.touch()
    assert run("functions", "--db", db).exit_code == 1
    assert imported(exported, db)[0] == 0
    assert check(db) == []


def test_a_folder_where_the_file_should_be(tmp_path: Path, exported: Path) -> None:
    (tmp_path / "store.db").mkdir()
    for code in (
        imported(exported, tmp_path / "store.db")[0],
        run("functions", "--db", tmp_path / "store.db").exit_code,
    ):
        assert code == 5


def test_a_file_where_the_folder_should_be(tmp_path: Path, exported: Path) -> None:
    (tmp_path / "folder").touch()
    code, said = imported(exported, tmp_path / "folder" / "store.db")
    assert (code, len(said.splitlines())) == (5, 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_file_that_may_not_be_written(tmp_path: Path, exported: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    db.chmod(0o400)
    assert imported(exported, db)[0] == 5
    with Reader(db) as reader:
        assert reader.count_invocations(*EVER) == 8


def _no_more_than(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _much(path: Path) -> Path:
    """A few megabytes of events that do not compress, of 2,000 invocations."""
    events = [
        Event(small_store.T0 + number * 1000 + at, text, group="/aws/lambda/resize")
        for number in range(2000)
        for at, text in enumerate((start(request_id(number)), os.urandom(60).hex(), report(request_id(number), 50.0)))
    ]
    return write(path, events)


def _import_with_room(db: Path, more: Path, room: int) -> subprocess.CompletedProcess[str]:
    """An import that may make no file larger than the store's and ``room`` bytes: as a full disk, it fails there."""
    command = [*PROGRAM, "import", str(more), "--db", str(db)]
    most = db.stat().st_size + room
    return subprocess.run(
        command, cwd=ROOT, preexec_fn=lambda: _no_more_than(most), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("room", [8_192, 70_000, 140_000])
def test_a_full_disk_loses_nothing_that_was_there(tmp_path: Path, room: int) -> None:
    db, more = small_store.make(tmp_path / "store.db"), _much(tmp_path / "more.jsonl")
    before = everything(db, SPANS)
    full = _import_with_room(db, more, room)
    assert (full.returncode, len(full.stderr.splitlines())) == (5, 1), full.stderr
    assert check(db) == []
    assert differences(everything(db, SPANS), before) == {}
    assert import_files([str(more)], db=db, defaults=FunctionKey("")).invocations == 2000


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    assert "free space" in _import_with_room(db, _much(tmp_path / "more.jsonl"), 8_192).stderr


def test_only_the_owner_may_read_the_store(tmp_path: Path, exported: Path) -> None:
    before = os.umask(0o022)
    try:
        db = tmp_path / "deep" / "store.db"
        with writing(db) as connection:
            connection.execute("INSERT INTO settings VALUES ('seen', 1)")
            modes = {name: stat.S_IMODE(os.stat(f"{db}{name}").st_mode) for name in ("", "-wal", "-shm", ".lock")}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(modes, 0o600)
    assert stat.S_IMODE(db.parent.stat().st_mode) == 0o700


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    connection = open_reader(small_store.make(tmp_path / "store.db"))
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM functions")
    connection.close()


def test_pruned_rows_stay_in_the_sums_and_do_not_come_back(tmp_path: Path, exported: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    before = everything(db, SPANS)
    deleted = prune(db, before_ms=small_store.T0 + 360_000, vacuum=True)
    assert deleted["invocations"] == 5
    after = everything(db, SPANS)
    assert len(after["rows"]) == 3
    assert {
        key for key in differences(before, after) if key.startswith(("totals", "quantiles", "series", "days"))
    } == set()
    assert check(db) == []
    again = import_files([str(exported)], db=db, defaults=FunctionKey(""))
    assert (again.invocations, again.errors, again.duplicates, again.older_than_pruned) == (0, 0, 13, 21)
    assert differences(everything(db, SPANS), after) == {}


def test_all_pruned_and_imported_again(tmp_path: Path, exported: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    prune(db, before_ms=EVER[1])
    assert import_files([str(exported)], db=db, defaults=FunctionKey("")).invocations == 0
    with Reader(db) as reader:
        assert reader.invocations(*EVER) == []
        assert sum(day.invocations for day in reader.daily_usage(*EVER)) == 8
        assert sum(total.invocations for total in reader.totals(*EVER)) == 8


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE day_cells SET invocations = invocations + 1 WHERE function_id = 1",
        "UPDATE day_cells SET billed_ms = billed_ms - 7",
        "UPDATE hour_cells SET errors = errors + 1",
        "DELETE FROM invocations WHERE start_ms = (SELECT max(start_ms) FROM invocations)",
        "UPDATE invocations SET billed_ms = 1 WHERE status = 0",
        "UPDATE chunks SET content = x'00'",
    ],
)
def test_check_finds_what_was_tampered_with(tmp_path: Path, tampering: str) -> None:
    db = small_store.make(tmp_path / "store.db")
    assert check(db) == []
    with sqlite3.connect(db) as connection:
        assert connection.execute(tampering).rowcount > 0
    connection.close()
    assert check(db) != []


def test_no_space_is_told_as_such(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    with pytest.raises(StoreUnwritable, match="free space"):
        _fill(db)


def _fill(db: Path) -> None:
    with writing(db) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        connection.execute("CREATE TABLE much AS SELECT randomblob(100000)")


def test_what_is_held_is_of_one_moment(tmp_path: Path) -> None:
    """A function that is committed between two queries of one question is in neither."""
    from tests.support import small_store

    db = small_store.make(tmp_path / "s.db")
    with Reader(db) as reader, reader.snapshot():
        before = len(reader.functions())
        with writing(db) as connection:
            connection.execute("INSERT INTO functions (account, region, name) VALUES ('', '', 'new')")
        assert len(reader.functions()) == before
    with Reader(db) as reader:
        assert len(reader.functions()) == before + 1

"""A read-only file system with a write-ahead log beside the store: what is read is what was committed."""

import json
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.store.errors import StoreUnwritable
from collectors.store.integrity.checking import check
from collectors.store.read.reader import Reader
from lambdatui.session.queries import StoreWatch, close_idle, store_notes
from tests.faults import budget
from tests.faults.disks import made_read_only, mounted
from tests.support import small_store
from tests.support.command_line import run

T0, MINUTE = small_store.T0, small_store.MINUTE


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from collectors.store import private_copy

    monkeypatch.setattr(private_copy, "_copies", {})
    yield
    close_idle()


def with_log(folder: Path, target: Path, *, index: bool = False) -> Path:
    """A store of 8 invocations whose file alone has 8 and whose log has one more, as a crash or a snapshot leaves it."""
    db = small_store.make(folder / "made.db")
    holding = sqlite3.connect(db)
    holding.execute("PRAGMA wal_autocheckpoint = 0")
    holding.execute("BEGIN")
    holding.execute("SELECT count(*) FROM functions").fetchone()  # keeps the log from being merged
    more = small_store.invocation_events(
        FunctionKey("late", "111122223333", "eu-west-1"), 77, T0 + MINUTE, duration_ms=1
    )
    import_files([str(small_store.write_events(folder / "more.jsonl", more))], db=db, defaults=FunctionKey(""))
    for name in ("", "-wal", *(["-shm"] if index else [])):
        shutil.copyfile(f"{db}{name}", f"{target}{name}")
    holding.close()
    assert Path(f"{target}-wal").stat().st_size > 0
    return target


@pytest.fixture(params=[False, True], ids=["without index", "with index"])
def db(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "8m") as folder:
        target = with_log(tmp_path, folder / "store.db", index=request.param)
        made_read_only(folder)
        yield target


def test_commands_read_what_the_log_holds(db: Path) -> None:
    found = run("functions", "--range", "all", "--json", "--db", db)
    assert {row["function"]: row["invocations"] for row in json.loads(found.stdout)["rows"]} == {
        "checkout": 6, "resize": 2, "late": 1,
    }  # fmt: skip
    info = json.loads(run("db", "info", "--json", "--db", db).stdout)
    assert info["invocations"] == 9


def test_check_and_export_are_of_the_same(db: Path, tmp_path: Path) -> None:
    assert check(db) == []
    checked = run("db", "check", "--db", db)
    assert checked.exit_code == 0
    assert run("db", "export", tmp_path / "copy.db", "--db", db).exit_code == 0
    with Reader(tmp_path / "copy.db") as reader:
        assert reader.count_invocations(0, 1 << 50) == 9
    assert run("db", "export", tmp_path / "lines.jsonl", "--range", "all", "--db", db).exit_code == 0
    assert (tmp_path / "lines.jsonl").read_text().count("START RequestId") == 9


def test_it_is_said_and_the_copy_is_private(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "8m") as folder:
        db = with_log(tmp_path, folder / "store.db")
        made_read_only(folder)
        said = run("functions", "--range", "all", "--db", db).stderr
        assert "private copy" in said
        assert "store.db-wal" in said
        from collectors.store import private_copy

        [(_, copy)] = private_copy._copies.values()
        assert copy.parent.stat().st_mode & 0o077 == 0
        assert len(store_notes()) == 1
        assert sorted(one.name for one in folder.iterdir()) == ["store.db", "store.db-wal"]


def test_a_reader_of_a_copy_stays_open_until_the_store_changes(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "8m") as folder:
        db = with_log(tmp_path, folder / "store.db")
        made_read_only(folder)
        with Reader(db) as reader:
            assert reader.is_current()
            assert reader.count_invocations(0, 1 << 50) == 9
        watch = StoreWatch(db)
        assert watch.changed()
        assert not watch.changed()
        watch.close()


@pytest.mark.parametrize("index", [False, True], ids=["without index", "with index"])
def test_a_damaged_log_there_is_told_and_one_that_a_crash_cut_is_read(tmp_path: Path, index: bool) -> None:
    """A flipped bit loses what was committed behind it; a part of a frame at the end was never committed."""
    chance = random.Random(budget.SEED)
    functions = ("functions", "--range", "all", "--json", "--db")
    with mounted(tmp_path / "disk", "8m") as folder:
        db = with_log(tmp_path, folder / "store.db", index=index)
        log = Path(f"{db}-wal")
        content = log.read_bytes()
        places = [chance.randrange(32), *(chance.randrange(32, len(content)) for _ in range(budget.rounds(6)))]
        for place in places:
            spoiled = bytearray(content)
            spoiled[place] ^= 1 << chance.randrange(8)
            log.write_bytes(spoiled)
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
            done = run(*functions, db)
            assert (done.exit_code, done.stdout) == (5, ""), place
            assert "is damaged" in done.stderr  # beside it may stand that a private copy is read
            assert run("db", "check", "--db", db).exit_code == 5
            subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        log.write_bytes(content[:-100])
        made_read_only(folder)
        assert run(*functions, db).exit_code == 0


def test_where_one_can_write_check_tells_a_damaged_log(tmp_path: Path) -> None:
    db = with_log(tmp_path, tmp_path / "store.db")
    copies = {path: path.read_bytes() for path in (db, Path(f"{db}-wal"))}
    assert check(db) == []
    Path(f"{db}-shm").unlink(missing_ok=True)
    for path, content in copies.items():
        at = len(content) // 2
        path.write_bytes(content if path == db else content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    assert any("wal is damaged at its frame" in problem for problem in check(db))


def test_a_copy_that_does_not_fit_is_refused_and_not_read_as_it_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mounted(tmp_path / "disk", "8m") as folder:
        db = with_log(tmp_path, folder / "store.db")
        made_read_only(folder)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 10))
        with pytest.raises(StoreUnwritable, match="does not fit"):
            Reader(db)
        done = run("functions", "--db", db)
        assert (done.exit_code, len(done.stderr.splitlines())) == (5, 1)
        assert run("db", "check", "--db", db).exit_code == 5


def test_without_a_log_the_file_itself_is_read_and_nothing_is_said(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "8m") as folder:
        shutil.copyfile(small_store.make(tmp_path / "made.db"), folder / "store.db")
        Path(folder / "store.db-wal").touch()
        made_read_only(folder)
        found = run("functions", "--range", "all", "--json", "--db", folder / "store.db")
        assert sum(row["invocations"] for row in json.loads(found.stdout)["rows"]) == 8
        assert "private copy" not in found.stderr


def test_writing_there_is_refused_in_one_line(db: Path, tmp_path: Path) -> None:
    log = small_store.write_events(tmp_path / "log.jsonl")
    for command in (("import", log), ("db", "prune", "--before", "1d")):
        done = run(*command, "--db", db)
        assert done.exit_code == 5, done.output
        assert len(done.stderr.splitlines()) == 1


def test_a_store_there_is_repaired_into_a_file_elsewhere(db: Path, tmp_path: Path) -> None:
    done = run("db", "check", "--repair", tmp_path / "saved.db", "--db", db)
    assert done.exit_code == 0, done.output
    with Reader(tmp_path / "saved.db") as reader:
        assert reader.count_invocations(0, 1 << 50) == 9

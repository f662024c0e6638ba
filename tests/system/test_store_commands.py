"""The command line on the store: importing, looking after it, what is said when it cannot be read."""

import json
import sqlite3
from pathlib import Path

from lambdatui.cli.db.query import formatted
from lambdatui.cli.import_ import progress_line
from tests.support import small_store
from tests.support.command_line import rows, run


def test_stores_that_cannot_be_read(tmp_path: Path) -> None:
    missing = run("functions", "--db", tmp_path / "none.db")
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (1, 1)
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all" * 100)
    assert run("functions", "--db", damaged).exit_code == 5
    newer = small_store.make(tmp_path / "newer.db")
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    result = run("functions", "--db", newer)
    assert result.exit_code == 5
    assert "newer" in result.stderr


def test_a_query_only_reads(db: Path) -> None:
    result = run("db", "query", "SELECT name, x'00ff' AS raw FROM functions ORDER BY 1", "--json", "--db", db)
    assert json.loads(result.stdout)["rows"] == [{"name": "checkout", "raw": "00ff"}, {"name": "resize", "raw": "00ff"}]
    assert run("db", "query", "SELECT '=1' AS a, 1 AS a", "--csv", "--db", db).stdout == "a,a\n'=1,1\n"
    assert (
        run("db", "query", "SELECT name FROM functions ORDER BY 1", "--limit", "1", "--db", db).stdout.split()[-1]
        == "checkout"
    )
    assert [*json.loads(formatted(["a", "a"], [(1, 2)], "json"))["rows"][0].values()] == [1, 2]
    before = db.read_bytes()
    for harmful in (
        "DELETE FROM functions",
        "ATTACH '/tmp/x.db' AS x",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = DELETE",
        "CREATE TEMP TABLE t (a)",
        "VACUUM INTO '/tmp/x.db'",
        "SELECT load_extension('x')",
        "SELECT 1; SELECT 2",
        "",
    ):
        result = run("db", "query", harmful, "--db", db)
        assert (result.exit_code, result.stdout) == (1, ""), harmful
        assert len(result.stderr.splitlines()) == 1
    assert db.read_bytes() == before


def test_db_info_and_export(db: Path, tmp_path: Path) -> None:
    info = json.loads(run("db", "info", "--json", "--db", db).stdout)
    assert (info["functions"], info["invocations"], info["log_lines"]) == (2, 8, 34)
    assert (info["first"], info["rejected"]) == ("2025-03-31T10:00:00Z", 0)
    assert "Invocations   8" in run("db", "info", "--db", db).stdout
    copy = tmp_path / "copy.db"
    assert run("db", "export", copy, "--db", db).exit_code == 0
    assert len(rows(run("invocations", "--json", "--db", copy))) == 8
    assert run("db", "export", copy, "--db", db).exit_code == 1  # it is there already
    assert run("db", "export", copy, "--force", "--db", db).exit_code == 0
    lines = run("db", "export", "-", "--function", "resize", "--db", db).stdout.splitlines()
    assert len(lines) == 8
    assert json.loads(lines[0])["function"] == "resize"
    assert sorted(one.name for one in tmp_path.iterdir() if "copy" in one.name) == ["copy.db"]


def test_doctor_looks_without_changing_anything(db: Path) -> None:
    findings = {row["check"]: row for row in rows(run("doctor", "--json", "--db", db))}
    assert {"terminal", "store", "clock", "credentials"} <= set(findings)
    assert findings["store"]["state"] == "ok"
    damaged = db.with_name("broken.db")
    damaged.write_bytes(b"x" * 5000)
    assert run("doctor", "--db", damaged).exit_code == 1


class _Progress:
    bytes_done, bytes_total, events, file = 52 << 20, 100 << 20, 1_234_567, "big\x1b[31m.jsonl"


def test_progress_has_a_rate_and_time_left() -> None:
    line = progress_line(_Progress(), 2.0, bar=True)  # type: ignore[arg-type]
    assert line.startswith("[############            ]   52%  1.2M events  26.0 MB/s  2.00s left  big.jsonl")


def test_import_says_what_it_came_to(tmp_path: Path) -> None:
    exported, db = small_store.write_events(tmp_path / "events.jsonl"), tmp_path / "new.db"
    found = json.loads(run("import", exported, "--json", "--db", db).stdout)
    assert found.pop("seconds") >= 0
    assert found.pop("older_than_pruned") == 0
    assert found == {"files": 1, "events": 34, "duplicates": 0, "invocations": 8, "errors": 2, "rejected": 0}
    again = run("import", exported, "--db", db)
    assert again.exit_code == 0
    assert "34 duplicates, 0 invocations" in again.stdout
    partly = run("import", exported, tmp_path / "none.jsonl", "--db", db)
    assert (partly.exit_code, len(partly.stderr.splitlines())) == (3, 1)
    failed = run("import", tmp_path / "none.jsonl", "--db", db)
    assert failed.exit_code == 1
    assert run("import", "--db", db).exit_code == 2


def test_import_takes_what_a_file_does_not_say(tmp_path: Path) -> None:
    event = small_store.invocation_events(small_store.CHECKOUT, 1, small_store.T0, duration_ms=5)
    plain = tmp_path / "plain.log"
    plain.write_text("".join(f"2025-03-31T10:00:0{at}.000Z {one.message}" for at, one in enumerate(event)))
    db = tmp_path / "plain.db"
    assert run("import", plain, "--function", "mine", "--region", "eu-west-3", "--db", db).exit_code == 0
    assert run("--function", "yours", "import", plain, "--db", db).exit_code == 0
    assert {(row["function"], row["region"]) for row in rows(run("functions", "--json", "--db", db))} == {
        ("mine", "eu-west-3"), ("yours", None),
    }  # fmt: skip


def test_an_export_is_read_back_whole_and_only_once(db: Path, tmp_path: Path) -> None:
    exported, copy = tmp_path / "lines.jsonl.gz", tmp_path / "again.db"
    assert run("db", "export", exported, "--db", db).exit_code == 0
    assert run("import", exported, "--db", copy).exit_code == 0
    listed = rows(run("invocations", "--json", "--db", copy))
    assert listed == rows(run("invocations", "--json", "--db", db))
    again = json.loads(run("import", exported, "--json", "--db", copy).stdout)
    assert (again["invocations"], again["duplicates"]) == (0, 34)


def test_a_store_is_checked_and_pruned(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "old.db")
    assert run("db", "check", "--db", db).exit_code == 0
    tables = json.loads(run("db", "info", "--tables", "--json", "--db", db).stdout)
    assert tables["invocations"]["rows"] == 8
    assert "invocations" in run("db", "info", "--tables", "--db", db).stdout
    deleted = json.loads(run("db", "prune", "--before", "2025-03-31T10:06Z", "--json", "--db", db).stdout)
    assert deleted["invocations"] == 5
    assert len(rows(run("invocations", "--json", "--db", db))) == 3
    assert rows(run("functions", "--json", "--db", db))[0]["invocations"] == 6  # counts and costs are kept
    assert run("db", "prune", "--before", "90d", "--vacuum", "--db", db).exit_code == 0
    assert rows(run("invocations", "--json", "--db", db)) == []
    assert run("db", "prune", "--before", "someday", "--db", db).exit_code == 2
    uneven_db = small_store.make(tmp_path / "uneven.db")
    with sqlite3.connect(uneven_db) as connection:
        connection.execute("UPDATE hour_cells SET errors = errors + 1")
    connection.close()
    uneven = run("db", "check", "--db", uneven_db)
    assert uneven.exit_code == 5
    assert "import into a new --db" in uneven.stderr

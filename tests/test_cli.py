"""The command line: rows in three forms, options anywhere, exit codes, errors in one line."""

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
import small_store
from click.testing import CliRunner, Result
from small_store import request_id

from lambdatui.cli.commands import COMMANDS, known, load
from lambdatui.cli.context import global_only, settled
from lambdatui.cli.db_query import formatted
from lambdatui.cli.function import sparkline
from lambdatui.cli.import_ import progress_line
from lambdatui.cli.main import cli
from lambdatui.views.functions import FUNCTION_COLUMNS
from lambdatui.views.invocations import INVOCATION_COLUMNS
from lambdatui.views.time_range import RangeChoice

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_store.make(tmp_path_factory.mktemp("cli") / "small.db")


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.delenv("LAMBDATUI_DB", raising=False)


def run(*arguments: str | Path, **extra: Any) -> Result:
    result = CliRunner().invoke(cli, [str(one) for one in arguments], **extra)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) >= {"as_of", "range", "coverage", "basis", "rows"}
    assert set(found["range"]) == {"from", "to"}
    listed: list[dict[str, Any]] = found["rows"]
    return listed


def test_functions_as_json(db: Path) -> None:
    result = run("--db", db, "functions", "--json")
    first, second = rows(result)
    assert list(first) == [column.id for column in FUNCTION_COLUMNS]
    assert (first["function"], first["invocations"], first["error_rate"]) == ("checkout", 6, pytest.approx(1 / 3))
    assert first["throttles"] is None
    assert first["last_seen"] == "2025-03-31T10:10:00Z"
    assert Decimal(first["cost_usd"]) == Decimal("4.27") * Decimal("0.0000133334") + 6 * Decimal("0.0000002")
    assert second["arch"] is None
    whole = json.loads(result.stdout)
    assert (whole["coverage"], whole["basis"], whole["as_of"]) == (1.0, "billed", "2025-03-31T10:22:00Z")
    assert whole["range"] == {"from": "2025-03-30T10:00:00Z", "to": "2025-03-31T10:23:00Z"}


def test_functions_as_csv_have_the_same_columns(db: Path) -> None:
    header, *lines = csv.reader(io.StringIO(run("functions", "--csv", "--db", db).stdout))
    assert header == [column.id for column in FUNCTION_COLUMNS]
    assert [line[0] for line in lines] == ["checkout", "resize"]
    assert lines[1][header.index("arch")] == ""
    assert "E-" not in lines[1][header.index("cost_usd")]


def test_functions_as_text_say_what_they_rest_on(db: Path) -> None:
    result = run("--db", db, "functions")
    assert result.stdout.splitlines()[0].split()[0] == "Function"
    assert "last 24h of data, to 2025-03-31 10:22 UTC" in result.stderr
    assert "100%" in result.stderr


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--sort", "p95_ms"), ["resize", "checkout"]),
        (("--sort", "p95_ms", "--reverse"), ["checkout", "resize"]),
        (("--reverse",), ["resize", "checkout"]),
        (("--filter", "errors>0"), ["checkout"]),
        (("--filter", "!errors>0"), ["resize"]),
        (("--limit", "1"), ["checkout"]),
        (("--function", "res*"), ["resize"]),
        (("--region", "us-*"), ["checkout"]),
        (("--account", "999*"), []),
        (("--at", "2025-03-31T10:05:30Z", "--range", "1h", "--filter", "invocations>0"), ["checkout"]),
        (("--from", "2025-03-31T10:20Z", "--to", "2025-03-31T10:30Z", "--filter", "invocations>0"), ["resize"]),
    ],
)
def test_rows_are_chosen_before_and_after_the_subcommand(db: Path, options: tuple[str, ...], names: list[str]) -> None:
    assert [row["function"] for row in rows(run("functions", "--json", "--db", db, *options))] == names
    if not {"--sort", "--reverse", "--filter", "--limit"}.intersection(options):
        assert [row["function"] for row in rows(run("--db", db, *options, "functions", "--json"))] == names


def test_columns_can_be_chosen(db: Path) -> None:
    assert rows(run("functions", "--json", "--columns", "function,errors", "--db", db))[0] == {
        "function": "checkout", "errors": 2,
    }  # fmt: skip
    assert run("functions", "--columns", "function,erors", "--db", db).exit_code == 2


def test_invocations(db: Path) -> None:
    found = rows(run("invocations", "--json", "--db", db))
    assert len(found) == 8
    assert list(found[0]) == [column.id for column in INVOCATION_COLUMNS]
    cold = found[-1]
    assert (cold["cold_start"], cold["duration_ms"], cold["billed_ms"], cold["init_ms"]) == (True, 100, 350, 250)
    failed = rows(run("invocations", "--status", "timeout", "--status", "error", "--json", "--db", db))
    assert [row["status"] for row in failed] == ["timeout", "error"]
    slowest = rows(run("invocations", "--sort", "duration_ms", "--reverse", "--limit", "2", "--json", "--db", db))
    assert [row["duration_ms"] for row in slowest] == [3000, 400]
    by_type = rows(run("invocations", "--sort", "error_type", "--limit", "2", "--json", "--db", db))
    assert [row["error_type"] for row in by_type] == ["Sandbox.Timedout", "ValueError"]
    assert rows(run("invocations", "--reverse", "--limit", "1", "--json", "--db", db)) == [cold]
    text = run("invocations", "--limit", "2", "--db", db)
    assert len(text.stdout.splitlines()) == 3
    assert "more of 8 invocations" in text.stderr


def test_one_invocation(db: Path) -> None:
    result = run("invocation", request_id(5), "--json", "--db", db)
    assert rows(result)[0]["error_type"] == "ValueError"
    whole = json.loads(result.stdout)
    assert "Traceback" in whole["trace"]
    assert [line["kind"] for line in whole["lines"]].count("platform") == 3
    assert [line["dimension"] for line in whole["bill"]] == ["requests", "duration"]
    assert whole["bill"][1]["amount"] == "0.000000266668"
    text = run("invocation", request_id(5), "--db", db).stdout
    assert "0.02 GB-s x 0.0000133334 = 0.000000266668 USD" in text
    missing = run("invocation", request_id(99), "--db", db)
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (1, 1)
    assert run("invocation", request_id(5), "--attempt", "4", "--db", db).exit_code == 1


def test_one_function(db: Path) -> None:
    result = run("function", "checkout", "--json", "--db", db)
    assert [row["function"] for row in rows(result)] == ["checkout"]
    series = json.loads(result.stdout)["series"]
    assert sum(step["invocations"] for step in series) == 6
    assert "error rate" in run("function", "checkout", "--db", db).stdout
    missing = run("function", "chekout", "--db", db)
    assert missing.exit_code == 1
    assert "did you mean checkout?" in missing.stderr
    assert len(rows(run("function", "*", "--json", "--db", db, "--region", "eu-*"))) == 1
    assert sparkline([0, 1, None, 8]) == " ▂ █"


def test_errors_and_throttles(db: Path) -> None:
    assert [row["count"] for row in rows(run("errors", "--json", "--db", db))] == [1, 1]
    assert {row["throttles"] for row in rows(run("throttles", "--json", "--db", db))} == {None}
    assert "no throttle metrics" in run("throttles", "--db", db).stderr


def test_logs_are_searched_and_harmless(db: Path) -> None:
    found = rows(run("logs", "HELLO", "--json", "--db", db))
    assert [row["message"].strip() for row in found] == [f"hello from {number}" for number in (1, 2, 3, 4, 5, 7, 6)]
    last = rows(run("logs", "hello", "--limit", "2", "--json", "--db", db))
    assert [row["message"].strip() for row in last] == ["hello from 7", "hello from 6"]
    newest = rows(run("logs", "hello", "--limit", "2", "--reverse", "--json", "--db", db))
    assert [row["message"].strip() for row in newest] == ["hello from 6", "hello from 7"]
    text = run("logs", "calc", "--db", db)
    assert "\x1b" not in text.output
    assert "\u202e" not in text.output
    evil = run("logs", "calc", "--csv", "--columns", "message", "--db", db).stdout
    assert next(csv.reader([evil.splitlines()[1]]))[0].startswith("\x1b")  # data stays whole where no terminal reads it
    exact = rows(run("logs", "calc", "--json", "--db", db))
    assert exact[0]["message"].strip() == small_store.EVIL


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("functoins",), 2, "did you mean functions?"),
        (("functions", "--jsn"), 2, "--json"),
        (("functions", "--sort", "cost"), 2, "did you mean cost_usd?"),
        (("functions", "--filter", "erors>1"), 2, "did you mean errors?"),
        (("functions", "--range", "fortnight"), 2, "1h, 24h, 7d"),
        (("functions", "--at", "soon"), 2, "ISO 8601"),
        (("functions", "--json", "--csv"), 2, "exclude each other"),
        (("functions", "--limit", "-1"), 2, "-1"),
        (("functions", "--config", "/nowhere.toml"), 2, "/nowhere.toml"),
        (("db", "infoo"), 2, "info"),
        (("db", "query", "SELECT nonsense"), 1, "no such column"),
        ((), 2, "terminal"),
    ],
)
def test_mistakes_are_one_line_that_helps(db: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = run("--db", db, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert len(result.stderr.splitlines()) == 1
    assert words in result.stderr


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


def test_the_configuration_and_the_environment(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "lambdatui.toml"
    config.write_text(f'db = "{db}"\nfunction = "resize"\n[keys]\nquit = "ctrl+x"\n')
    assert [row["function"] for row in rows(run("--config", config, "functions", "--json"))] == ["resize"]
    given = rows(run("--config", config, "functions", "--json", "--function", "checkout"))
    assert [row["function"] for row in given] == ["checkout"]
    assert settled({"config": str(config)}).keys == {"quit": "ctrl+x"}
    monkeypatch.setenv("LAMBDATUI_DB", str(tmp_path / "elsewhere.db"))
    assert run("--config", config, "functions").exit_code == 1
    for wrong in ("colour = 1", "range = 5", "not toml", '[keys]\nquit = ["a"]'):
        config.write_text(wrong)
        result = run("--config", config, "functions")
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), wrong


def test_global_options_alone_start_the_screens() -> None:
    assert global_only([]) == {}
    assert global_only(["--db", "x", "--utc", "--range=7d", "--function", "a*", "--function=b"]) == {
        "db": "x", "utc": True, "range": "7d", "function": ("a*", "b"),
    }  # fmt: skip
    for other in (["functions"], ["--db"], ["--json"], ["--db", "--utc"], ["--utc=1"], ["-h"], ["--version"]):
        assert global_only(other) is None
    context = settled({"db": "x.db", "range": "7d", "region": ("eu-*",)})
    assert (context.db, context.range, context.narrow.regions) == (Path("x.db"), RangeChoice("7d"), ("eu-*",))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions(shell: str) -> None:
    result = run("completions", shell)
    assert result.exit_code == 0
    assert "_LAMBDATUI_COMPLETE" in result.stdout


def test_every_command_has_help_and_takes_the_global_options() -> None:
    assert set(known()) <= set(COMMANDS)
    for name in known():
        command = load(name)
        assert isinstance(command, click.Command)
        result = run(name, "--help")
        assert result.exit_code == 0
        assert "Usage: lambdatui" in result.stdout
    listed = run("--help").stdout
    assert all(name in listed for name in known())


class _Progress:
    bytes_done, bytes_total, events, file = 52 << 20, 100 << 20, 1_234_567, "big\x1b[31m.jsonl"


def test_progress_has_a_rate_and_time_left() -> None:
    line = progress_line(_Progress(), 2.0, bar=True)  # type: ignore[arg-type]
    assert line.startswith("[############            ]   52%  1.2M events  26.0 MB/s  2.00s left  big.jsonl")


def lambdatui(*arguments: str | Path, **extra: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "lambdatui", *map(str, arguments)],
        capture_output=True, text=True, env=environment, check=False, timeout=120, **extra,
    )  # fmt: skip


def test_as_a_process_codes_and_streams_are_kept_apart(db: Path) -> None:
    version = lambdatui("--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith("lambdatui ")
    wrong = lambdatui("functoins")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    listed = lambdatui("functions", "--db", db, "--csv")
    assert (listed.returncode, listed.stderr) == (0, "")


def test_a_closed_pipe_is_no_fault(db: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [sys.executable, "-m", "lambdatui", "logs", "--json", "--db", str(db)],
        stdout=writing, stderr=subprocess.PIPE, env=environment, check=False, timeout=120,
    )  # fmt: skip
    os.close(writing)
    assert (process.returncode, process.stderr) == (0, b"")


def test_an_interrupt_is_130(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lambdatui.cli.functions.functions", interrupted)
    result = run("functions", "--db", db)
    assert (result.exit_code, result.stdout) == (130, "")


def test_costs_follow_the_contract(db: Path) -> None:
    result = run("costs", "--json", "--no-free-tier", "--db", db)
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert {"lines", "total", "free_tier", "projection", "prices_as_of"} <= set(found)
    assert set(found["projection"]) == {"p10", "p50", "p90", "method", "days_seen"}
    assert set(found["lines"][0]) >= {
        "dimension", "function", "region", "arch", "quantity", "unit", "free", "billable", "rate", "amount", "basis",
    }  # fmt: skip
    assert sum(Decimal(line["amount"]) for line in found["lines"]) == Decimal(found["total"])
    of_functions = [Decimal(row["cost_usd"]) for row in rows(run("functions", "--json", "--db", db))]
    assert sum(of_functions) == Decimal(found["total"])
    free = json.loads(run("costs", "--json", "--db", db).stdout)
    assert free["total"] == "0"
    assert free["free_tier"]["requests_used"] == 8
    one = json.loads(run("costs", "--json", "--no-free-tier", "--limit", "1", "--db", db).stdout)
    assert (len(one["lines"]), one["total"]) == (1, found["total"])
    narrowed = json.loads(run("costs", "--json", "--db", db, "--function", "resize").stdout)
    assert {line["function"] for line in narrowed["lines"]} == {"resize"}
    text = run("costs", "--db", db).stdout
    assert "8 of 1,000,000 requests" in text
    assert run("costs", "--csv", "--db", db).stdout.startswith("dimension,function,")


def test_import_says_what_it_came_to(tmp_path: Path) -> None:
    exported, db = small_store.write_events(tmp_path / "events.jsonl"), tmp_path / "new.db"
    found = json.loads(run("import", exported, "--json", "--db", db).stdout)
    assert found.pop("seconds") >= 0
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

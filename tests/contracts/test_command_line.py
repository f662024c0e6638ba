"""The command line: rows in three forms, options anywhere, exit codes, errors in one line."""

import csv
import io
import json
import os
import subprocess
from decimal import Decimal
from pathlib import Path

import click
import pytest

from lambdatui.cli.commands import COMMANDS, known, load
from lambdatui.settings.context import resolve_context
from lambdatui.start.arguments import global_only
from lambdatui.text.figures import sparkline
from lambdatui.views.functions import FUNCTION_COLUMNS
from lambdatui.views.invocations import INVOCATION_COLUMNS
from lambdatui.views.time_range import RangeChoice
from tests.support import small_store
from tests.support.command_line import PROGRAM, rows, run, run_program
from tests.support.places import ROOT
from tests.support.small_store import request_id


def test_functions_as_json(db: Path) -> None:
    result = run("--db", db, "functions", "--json")
    first, second = rows(result)
    assert list(first) == [*(column.id for column in FUNCTION_COLUMNS), "tags", "tags_at"]
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
    assert header == [*(column.id for column in FUNCTION_COLUMNS), "tags", "tags_at"]
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
    assert "0.02 GB-s x 0.0000133334 = $0.000000266668" in text
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
    assert sparkline([0, 1, None, 8]) == " ▂·█"


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
    assert next(csv.reader([evil.splitlines()[1]]))[0].startswith("␛")  # not into a pipe either
    evil = run("logs", "calc", "--csv", "--columns", "message", "--raw", "--db", db).stdout
    assert next(csv.reader([evil.splitlines()[1]]))[0].startswith("\x1b")  # bytes, for whoever asks for them
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
        ((), 1, "terminal"),
    ],
)
def test_mistakes_are_one_line_that_helps(db: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = run("--db", db, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert len(result.stderr.splitlines()) == 1
    assert words in result.stderr


def test_the_configuration_and_the_environment(db: Path, tmp_path: Path) -> None:
    config = tmp_path / "lambdatui.toml"
    config.write_text(f'db = "{db}"\nfunction = "resize"\n[keys]\nquit = "ctrl+x"\n')
    assert [row["function"] for row in rows(run("--config", config, "functions", "--json"))] == ["resize"]
    given = rows(run("--config", config, "functions", "--json", "--function", "checkout"))
    assert [row["function"] for row in given] == ["checkout"]
    assert resolve_context({"config": str(config)}).keys == {"quit": "ctrl+x"}
    assert run("--config", config, "functions", LAMBDATUI_DB=str(tmp_path / "elsewhere.db")).exit_code == 1
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
    context = resolve_context({"db": "x.db", "range": "7d", "region": ("eu-*",)})
    assert (context.db, context.range, context.scope.regions) == (Path("x.db"), RangeChoice("7d"), ("eu-*",))


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


def test_as_a_process_codes_and_streams_are_kept_apart(db: Path) -> None:
    version = run_program("--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith("lambdatui ")
    wrong = run_program("functoins")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    listed = run_program("functions", "--db", db, "--csv")
    assert (listed.returncode, listed.stderr) == (0, "")


def test_a_closed_pipe_is_no_fault(db: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [*PROGRAM, "logs", "--json", "--db", str(db)],
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

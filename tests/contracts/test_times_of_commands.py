"""Times in words, and zones, on the command line and in the configuration."""

import json
import os
from pathlib import Path

import pytest

from tests.support.command_line import run, run_program

COUNT = ("functions", "--json")


def counted(*arguments: str | Path, **environment: str) -> tuple[int, str, str]:
    """Invocations of all functions, and the range that they are of."""
    done = run(*arguments, *COUNT, **environment)
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    span = answer["range"]
    return sum(row["invocations"] or 0 for row in answer["rows"]), span["from"], span["to"]


def test_the_same_words_in_every_place(db: Path) -> None:
    """Berlin is two hours ahead of UTC on that day."""
    all_of_it, start, end = counted("--db", db, "--from", "2025-03-31", "--to", "2025-03-31")
    assert (start, end) == ("2025-03-31T00:00:00Z", "2025-04-01T00:00:00Z")
    assert all_of_it
    assert counted("--db", db, "--range", "2025-03-31") == (all_of_it, start, end)
    assert counted("--db", db, "--range", "2025-03-31..2025-03-31") == (all_of_it, start, end)
    assert counted("--db", db, "--range", "2025-03-31 00:00 UTC to 2025-04-01 00:00 UTC") == (all_of_it, start, end)
    local = counted("--db", db, "--range", "2025-03-31", "--tz", "Europe/Berlin")
    assert local[1:] == ("2025-03-30T22:00:00Z", "2025-03-31T22:00:00Z")
    assert (
        counted("--db", db, "--from", "2025-03-31 Europe/Berlin", "--to", "2025-03-31 Europe/Berlin")[1:] == local[1:]
    )
    hour = counted("--db", db, "--at", "2025-03-31 12:30 Europe/Berlin", "--range", "1h")
    assert hour[1:] == ("2025-03-31T09:30:00Z", "2025-03-31T10:30:00Z")
    assert counted("--db", db, "--at", "2025-03-31T10:30", "--from", "1h")[1:] == hour[1:]


def test_the_configuration_takes_them_too(db: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('range = "2025-03-31"\ntz = "America/New_York"\n')
    assert counted("--db", db, "--config", config)[1:] == ("2025-03-31T04:00:00Z", "2025-04-01T04:00:00Z")
    assert counted("--db", db, "--config", config, "--utc")[1:] == ("2025-03-31T00:00:00Z", "2025-04-01T00:00:00Z")
    assert counted("--db", db, "--config", config, "--tz", "UTC")[1:] == (
        "2025-03-31T00:00:00Z",
        "2025-04-01T00:00:00Z",
    )
    config.write_text("utc = true\n")
    shown = run(
        "--db", db, "--config", config, "--tz", "Asia/Tokyo", "--range", "all", "functions", "--columns", "last_seen"
    )
    assert "2025-03-31 19:" in shown.stdout
    config.write_text('range = "yesteday"\n')
    wrong = run("--db", db, "--config", config, "functions")
    assert wrong.exit_code == 2
    assert "did you mean yesterday?" in wrong.stderr


@pytest.mark.parametrize("zone", ["Europe/Berlin", "europe/berlin"])
def test_tables_show_the_zone_that_is_named(db: Path, zone: str) -> None:
    shown = run("--db", db, "--range", "all", "--tz", zone, "functions", "--columns", "function,last_seen").stdout
    assert "2025-03-31 12:" in shown
    utc = run("--db", db, "--range", "all", "--tz", "UTC", "functions", "--columns", "function,last_seen").stdout
    assert "2025-03-31 10:" in utc
    assert utc == run("--db", db, "--range", "all", "--utc", "functions", "--columns", "function,last_seen").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--from", "yesteday"), "'yesteday' is no time; did you mean yesterday? Use now, 3h (ago)"),
        (("--to", "31.03.2025"), "'31.03.2025' is no time: use now"),
        (("--at", "noonish"), "is no time"),
        (("--range", "lastweek"), "'lastweek' is no range"),
        (("--range", "2025-03-31..soon"), "'soon' is no time"),
        (("--range", "1h..3h"), "the range is empty"),
        (("--tz", "Berlin"), "'Berlin' is no zone of time: did you mean Europe/Berlin?"),
        (("--tz", "PST"), "did you mean America/Los_Angeles?"),
        (("--tz", "Mars"), "use local, UTC or a name of IANA's such as Europe/Berlin"),
        (("--tz", "Europe/Berlin", "--utc"), "times are shown in one zone"),
    ],
)
def test_what_is_none_ends_with_what_can_be_typed(db: Path, arguments: tuple[str, ...], says: str) -> None:
    for command in (("functions",), ("costs",), ("logs",)):
        done = run("--db", db, *arguments, *command)
        assert (done.exit_code, done.stdout) == (2, ""), command
        assert says in done.stderr
        assert len(done.stderr.splitlines()) <= 3


@pytest.mark.parametrize("tz", ["", "nonsense", "No/Such", ":/nowhere"])
def test_a_machine_whose_zone_is_odd_works(db: Path, tz: str) -> None:
    done = run_program("--db", db, "--range", "all", "functions", "--columns", "function,last_seen", TZ=tz)
    assert done.returncode == 0, done.stderr
    assert "2025-03-31 10:" in done.stdout
    assert "UTC (UTC+0000)" in run_program("doctor", TZ=tz, LAMBDATUI_DB=str(db)).stdout


def test_a_zone_is_the_commands_only(db: Path) -> None:
    before = os.environ.get("TZ")
    run("--db", db, "--tz", "Asia/Tokyo", "functions")
    assert os.environ["TZ"] == "Asia/Tokyo", "children are told too"
    assert before != "Asia/Tokyo"


def test_prune_takes_words_too(db: Path) -> None:
    done = run("--db", db, "db", "prune", "--before", "2025-03-31 12:01 Europe/Berlin", "--json")
    assert done.exit_code == 0, done.stderr
    assert run("--db", db, "db", "prune", "--before", "yesteday").exit_code == 2

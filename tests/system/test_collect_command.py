"""The command ``collect``: from a real runner's log, and from a server that speaks AWS's APIs, into a store."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from collectors.model.units import MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.cli.main import cli
from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.platform_lines import PlatformLines, ReportFigures
from lambdatui.runner.log.writer import Log
from tests.support import small_store
from tests.support.aws import REGION, create_function, put_events
from tests.support.command_line import PROGRAM, rows, run

pytestmark = pytest.mark.usefixtures("aws_isolated")

REQUEST = "11111111-2222-3333-4444-555555555555"
# What moto does not know is left out: account settings, schedules, an alarm's history.
MOTO = ("--without", "inventory", "--without", "alarms")
FIGURES = ("functions", "events", "duplicates", "invocations", "errors", "rejected", "metric_points")


def lines(request_id: str = REQUEST) -> list[str]:
    platform = PlatformLines(Deployment("fn", "/", "app.handler", "python3.11"))
    last = platform.last(ReportFigures(request_id, duration_us=2_500, memory_mb=128, max_memory_mb=31, init_us=80_000))
    return [platform.start(request_id), "hello\n", *last]


@pytest.fixture
def runner_db(tmp_path: Path) -> Path:
    path = tmp_path / "runner.db"
    one = Deployment("fn", str(tmp_path), "app.handler", "python3.11")
    now_ms = time.time_ns() // 1_000_000
    with Log(path) as log:
        log.deployed(one, now_ms)
        stream = "2025/01/01/[$LATEST]ab"
        log.write([(now_ms + at, f"{at:056d}", one.log_group, stream, line) for at, line in enumerate(lines())])
        log.count("fn", "Invocations", 1.0, now_ms)
        log.count("fn", "Errors", 0.0, now_ms)
        log.measure("fn", "Duration", 2.5, now_ms)
    return path


@pytest.fixture
def moto(endpoint: str) -> str:
    now_ms = time.time_ns() // 1_000_000
    events = [(now_ms - MINUTE_MS + at, message) for at, message in enumerate(lines())]
    put_events(endpoint, "/aws/lambda/fn", "2025/01/01/[$LATEST]ab", events)
    return endpoint


def collect(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    code = cli.main(["--db", str(tmp_path / "store.db"), "collect", "--json", *arguments], standalone_mode=False)
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else {}, err


def test_a_runners_log_is_collected_once(tmp_path: Path, runner_db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, first, err = collect(tmp_path, capsys, "--source", str(runner_db))
    assert (code, err) == (0, "")
    assert {figure: first[figure] for figure in FIGURES} == {
        "functions": 1,
        "events": 4,
        "duplicates": 0,
        "invocations": 1,
        "errors": 0,
        "rejected": 0,
        "metric_points": 6,
    }
    code, again, _ = collect(tmp_path, capsys, "--source", str(runner_db))
    assert (code, again["invocations"], again["errors"]) == (0, 0, 0)
    with Reader(tmp_path / "store.db") as reader:
        (row,) = reader.functions()
        (found,) = reader.find_invocations(REQUEST)
    assert (row.function.key.name, found.billed_ms, found.max_memory_mb) == ("fn", 83, 31)


def test_cloudwatch_is_collected_once(tmp_path: Path, moto: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, first, err = collect(tmp_path, capsys, "--region", REGION, "--endpoint-url", moto, *MOTO)
    assert (code, err) == (0, "")
    assert (first["events"], first["invocations"], first["sources"][0]["source"]) == (4, 1, f"cloudwatch {REGION}")
    code, again, _ = collect(tmp_path, capsys, "--region", REGION, "--endpoint-url", moto, *MOTO)
    assert (code, again["invocations"]) == (0, 0)
    with Reader(tmp_path / "store.db") as reader:
        assert len(reader.find_invocations(REQUEST)) == 1


def test_a_source_that_failed_beside_one_that_did_not_is_3(
    tmp_path: Path, moto: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, result, err = collect(
        tmp_path, capsys, "--region", REGION, "--region", "not a region", "--endpoint-url", moto, *MOTO
    )
    assert (code, result["invocations"]) == (3, 1)
    assert [len(one["failures"]) for one in result["sources"]] == [0, 1]
    assert "give a --region" in err


def test_nothing_that_could_be_read_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = collect(tmp_path, capsys)
    assert code == 1
    assert "names no AWS region" in err
    code, _, err = collect(tmp_path, capsys, "--source", str(tmp_path / "absent.db"))
    assert code == 1
    assert "no such file" in err


@pytest.mark.parametrize(
    "arguments",
    [["--since", "soon"], ["--source", "x.db", "--region", "r"], ["--source", "x.db", "--dry-run"]],
    ids=["since", "runner-region", "runner-dry-run"],
)
def test_wrong_usage_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert collect(tmp_path, capsys, *arguments)[0] == 2


def test_a_runners_log_is_watched_and_what_is_old_goes(tmp_path: Path, runner_db: Path) -> None:
    db, config = tmp_path / "store.db", tmp_path / "config.toml"
    assert run("import", small_store.write_events(tmp_path / "old.jsonl"), "--db", db).exit_code == 0
    config.write_text('[retention]\ninvocations = "2d"\nlines = "1d"\n')
    begun = [*PROGRAM, "--db", str(db), "--config", str(config), "collect", "--watch"]
    process = subprocess.Popen(
        [*begun, "--every", "1s", "--source", str(runner_db)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert "1 invocation" in process.stdout.readline()
        assert "0 invocations" in process.stdout.readline()  # a second round
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    info = run("db", "info", "--db", db).stdout
    assert info.count("were pruned") == 3, info  # minutes, too


def test_a_runners_log_needs_no_boto3(tmp_path: Path, runner_db: Path) -> None:
    code = (
        "import sys; from lambdatui.cli.main import cli;"
        f"cli.main(['--db', {str(tmp_path / 'store.db')!r}, 'collect', '--source', {str(runner_db)!r}],"
        " standalone_mode=False); sys.exit('boto3' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_budget_that_would_be_passed_is_4_and_nothing_billed_is_asked(
    tmp_path: Path, moto: str, capsys: pytest.CaptureFixture[str]
) -> None:
    create_function(moto, "fn")
    asked = ("--region", REGION, "--endpoint-url", moto, *MOTO, "--budget")
    code, result, err = collect(tmp_path, capsys, *asked, "0")
    assert (code, result["functions"], result["cost_usd"]) == (4, 1, "0")
    assert "cloudwatch:GetMetricData" not in result["sources"][0]["calls"]
    assert "stopped before cloudwatch:GetMetricData of about $0.00005" in err
    code, result, err = collect(tmp_path, capsys, *asked, "0.01")
    # Two metrics of the function, three of the account.
    assert (code, err, result["cost_usd"]) == (0, "", "0.00005")
    (newest, *_) = rows(run("--db", tmp_path / "store.db", "collections", "--json"))
    assert (newest["metrics_asked"], newest["cost_usd"]) == (5, "0.00005")


def test_a_dry_run_says_what_it_would_cost_and_keeps_nothing(
    tmp_path: Path, moto: str, capsys: pytest.CaptureFixture[str]
) -> None:
    create_function(moto, "fn")
    arguments = ("--region", REGION, "--endpoint-url", moto, "--dry-run", "--budget", "0.0001")
    code, result, err = collect(tmp_path, capsys, *arguments, *MOTO)
    (one,) = result["sources"]
    assert (code, one["functions"], one["log_groups"], one["metrics"]) == (0, 1, 1, 5)
    assert one["cost_usd"] == "0.00005"
    # Active, it would be asked for nine more, and its group's bytes.
    assert (one["metrics_more"], one["cost_usd_at_most"]) == (10, "0.00015")
    assert one["calls"] == {
        "cloudwatch:GetMetricData": 1, "lambda:ListFunctions": 1, "logs:DescribeLogGroups": 1, "sts:GetCallerIdentity": 1
    }  # fmt: skip
    assert one["calls_at_most"] == one["calls"] | {"cloudwatch:GetMetricData": 3, "logs:FilterLogEvents": 1}
    assert "up to $0.0001500 is more than the budget of $0.0001000" in err
    # moto knows no account settings: what could not be learned is told, and makes it exit code 3.
    code, result, err = collect(tmp_path, capsys, *arguments)
    assert (code, len(result["sources"])) == (3, 1)
    assert "account settings" in err
    assert not (tmp_path / "store.db").exists()
    text = run("--db", tmp_path / "store.db", "collect", *arguments, *MOTO).stdout
    assert "1 function, 1 log group with" in text
    assert "if no function has run, up to" in text
    assert "cloudwatch:GetMetricData: 1 to 3 calls, up to 15 metrics for" in text


def test_narrowed_to_functions_only_they_are_read(
    tmp_path: Path, moto: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("fn", "other"):
        create_function(moto, name)
    put_events(moto, "/aws/lambda/other", "2025/01/01/[$LATEST]ab", [(time.time_ns() // 1_000_000 - 5_000, "x")])
    arguments = ("--region", REGION, "--endpoint-url", moto, *MOTO, "--function", "f*", "--logs", "events")
    code, result, _ = collect(tmp_path, capsys, *arguments)
    assert (code, result["functions"], result["events"]) == (0, 1, 4)


def test_watching_goes_on_after_faults_and_tells_systemd(tmp_path: Path, moto: str) -> None:
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    address = f"/tmp/lambdatui-test-{os.getpid()}"
    Path(address).unlink(missing_ok=True)
    notices.bind(address)
    notices.settimeout(60)
    command = [
        *PROGRAM, "--db", str(tmp_path / "store.db"), "collect", "--region", REGION,
        "--region", "not a region", "--endpoint-url", moto, *MOTO, "--watch", "--every", "1s", "--logs", "events",
    ]  # fmt: skip
    environment = os.environ | {"NOTIFY_SOCKET": address}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said = [notices.recv(4096).decode() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        notices.close()
        Path(address).unlink()
    assert said[0] == "READY=1"
    assert all(each.startswith("STATUS=1 of 2 sources read") and "WATCHDOG=1" in each for each in said[1:])
    assert process.returncode == 0
    assert out.count(f"cloudwatch {REGION}: ") >= 2
    assert "give a --region" in err
    with Reader(tmp_path / "store.db") as reader:
        assert len(reader.find_invocations(REQUEST)) == 1


def test_doctor_asks_aws_what_may_be_read_where_it_is_told_to(moto: str, tmp_path: Path) -> None:
    done = run("--db", tmp_path / "s.db", "doctor", "--aws", "--region", REGION, "--endpoint-url", moto, "--json")
    found = {(one["check"], one["found"].split(":")[0] + ":" + one["found"].split(":")[-1]): one["state"]
             for one in json.loads(done.stdout)["rows"] if one["check"] in ("aws", "permission")}  # fmt: skip
    assert found["permission", "lambda:ListFunctions"] == "ok"
    assert found["permission", "logs:DescribeLogGroups"] == "ok"
    assert any(check == "aws" and state == "ok" for (check, _), state in found.items())
    refused = run("--db", tmp_path / "s.db", "doctor", "--aws", "--region", "no region", "--json")
    assert refused.exit_code == 1
    assert "give a --region" in refused.stdout

"""The command ``collect``: from a real runner's log, and from a server that speaks AWS's APIs, into a store."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from collectors.store.reader import Reader
from lambdatui.cli.main import cli
from lambdatui.runner.functions import Deployment
from lambdatui.runner.log import Log
from lambdatui.runner.platform_lines import PlatformLines, Report

REGION = "eu-central-1"
REQUEST = "11111111-2222-3333-4444-555555555555"
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
FIGURES = ("functions", "events", "duplicates", "invocations", "errors", "rejected", "metric_points")


def lines(request_id: str = REQUEST) -> list[str]:
    platform = PlatformLines(Deployment("fn", "/", "app.handler", "python3.11"))
    last = platform.last(Report(request_id, duration_us=2_500, memory_mb=128, max_memory_mb=31, init_us=80_000))
    return [platform.start(request_id), "hello\n", *last]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "LAMBDATUI_DB"):
        monkeypatch.delenv(name, raising=False)


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
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    logs = boto3.session.Session().client("logs", endpoint_url=url, **KEYS)  # type: ignore[call-overload]
    logs.create_log_group(logGroupName="/aws/lambda/fn")
    logs.create_log_stream(logGroupName="/aws/lambda/fn", logStreamName="2025/01/01/[$LATEST]ab")
    now_ms = time.time_ns() // 1_000_000
    events = [{"timestamp": now_ms - 60_000 + at, "message": message} for at, message in enumerate(lines())]
    logs.put_log_events(logGroupName="/aws/lambda/fn", logStreamName="2025/01/01/[$LATEST]ab", logEvents=events)
    yield url
    import requests

    requests.post(f"{url}/moto-api/reset", timeout=10)
    server.stop()


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


def test_cloudwatch_is_collected_once(tmp_path: Path, endpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, first, err = collect(tmp_path, capsys, "--region", REGION, "--endpoint-url", endpoint)
    assert (code, err) == (0, "")
    assert (first["events"], first["invocations"], first["sources"][0]["source"]) == (4, 1, f"cloudwatch {REGION}")
    code, again, _ = collect(tmp_path, capsys, "--region", REGION, "--endpoint-url", endpoint)
    assert (code, again["invocations"]) == (0, 0)
    with Reader(tmp_path / "store.db") as reader:
        assert len(reader.find_invocations(REQUEST)) == 1


def test_a_source_that_failed_beside_one_that_did_not_is_3(
    tmp_path: Path, endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, result, err = collect(
        tmp_path, capsys, "--region", REGION, "--region", "not a region", "--endpoint-url", endpoint
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
    "arguments", [["--since", "soon"], ["--source", "x.db", "--region", "r"]], ids=["since", "runner-region"]
)
def test_wrong_usage_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert collect(tmp_path, capsys, *arguments)[0] == 2


def test_a_runners_log_needs_no_boto3(tmp_path: Path, runner_db: Path) -> None:
    code = (
        "import sys; from lambdatui.cli.main import cli;"
        f"cli.main(['--db', {str(tmp_path / 'store.db')!r}, 'collect', '--source', {str(runner_db)!r}],"
        " standalone_mode=False); sys.exit('boto3' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

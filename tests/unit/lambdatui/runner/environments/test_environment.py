"""The runner on real processes: answers, errors, limits, reuse, and the log they leave."""

import asyncio
import json
import os
import re
import sqlite3
import stat
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from lambdatui.cli.main import cli as lambdatui
from lambdatui.runner.deployments.deployed_functions import DeployedFunctions
from lambdatui.runner.environments.environment import Environment
from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.environments.output import EVENT_BYTES, Output
from lambdatui.runner.environments.process import Host
from lambdatui.runner.environments.runtime_api import ANSWER_BYTES, Event
from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.platform_lines import ReportFigures, billed_ms, report_line
from lambdatui.runner.log.writer import Log
from lambdatui.runner.runtimes.python import this_runtime
from tests.support import needs
from tests.support.command_line import PROGRAM

pytestmark = needs.linux

APP = """
import logging, os, subprocess, sys
CALLS = 0

def handler(event, context):
    global CALLS
    CALLS += 1
    do = event.get("do")
    if do == "raise":
        raise KeyError("missing")
    if do == "exit":
        os._exit(event["status"])
    if do == "spin":
        while True:
            pass
    if do == "hold":
        held = bytearray(event["mb"] * 1024 * 1024)
        held[::4096] = b"x" * len(held[::4096])
    if do == "child":
        code = "import time; b = bytearray(60 << 20); b[::4096] = b'x' * len(b[::4096]); time.sleep(1)"
        subprocess.run([sys.executable, "-c", code], capture_output=True)
    if do == "print":
        print("one")
        logging.getLogger().error("two\\nlines")
        print("three", file=sys.stderr)
        print("no end", end="")
    if do == "large":
        return "x" * event["bytes"]
    if do == "object":
        return object()
    if do == "environ":
        return dict(os.environ) | {"home": os.path.expanduser("~"), "cwd": os.getcwd()}
    return {"calls": CALLS, "pid": os.getpid(), "left_ms": context.get_remaining_time_in_millis(), "event": event}
"""

REPORT = re.compile(
    r"REPORT RequestId: (?P<id>[0-9a-f-]{36})\tDuration: (?P<duration>\d+\.\d\d) ms"
    r"\tBilled Duration: (?P<billed>\d+) ms\tMemory Size: (?P<size>\d+) MB\tMax Memory Used: (?P<used>\d+) MB"
    r"(\tInit Duration: (?P<init>\d+\.\d\d) ms)?"
    r"(\tStatus: (?P<status>\w+))?(\tError Type: (?P<type>[\w.]+))?\t\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(APP)
    return tmp_path


def run(folder: Path, *payloads: object, handler: str = "app.handler", **settings: object) -> list[Invocation]:
    deployment = Deployment("fn", str(folder / "src"), handler, this_runtime(), **settings)  # type: ignore[arg-type]

    async def invoke_all() -> list[Invocation]:
        with Log(folder / "runner.db") as log:
            host = Host()
            environment = Environment(deployment, log, host)
            try:
                await environment.init()
                return [
                    await environment.invoke(Event(str(uuid.uuid4()), json.dumps(payload).encode(), 0, deployment.arn))
                    for payload in payloads
                ]
            finally:
                await environment.stop()
                host.close()

    return asyncio.run(invoke_all())


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(folder / "runner.db")
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def messages(folder: Path) -> list[str]:
    return [str(message) for (message,) in rows(folder, "SELECT message FROM log_events ORDER BY id")]


def reports(folder: Path) -> list[re.Match[str]]:
    found = [REPORT.fullmatch(message) for message in messages(folder) if message.startswith("REPORT")]
    assert all(found)
    return [match for match in found if match]


def body(invocation: Invocation) -> dict[str, object]:
    decoded = json.loads(invocation.payload)
    assert isinstance(decoded, dict)
    return decoded


def test_a_warm_environment_is_reused_and_only_its_first_invocation_has_an_init(folder: Path) -> None:
    cold, warm = run(folder, {"n": 1}, {"n": 2})
    assert (body(cold)["calls"], body(warm)["calls"]) == (1, 2)
    assert body(cold)["pid"] == body(warm)["pid"]
    assert 0 < int(str(body(warm)["left_ms"])) <= 3000
    first, second = reports(folder)
    assert first["init"] is not None
    assert second["init"] is None
    assert cold.init_us is not None
    assert cold.billed_ms == int(first["billed"]) == billed_ms(cold.duration_us, cold.init_us)
    assert first["id"] == cold.request_id
    assert messages(folder)[0].startswith("INIT_START Runtime Version: python:3.")
    streams = rows(folder, "SELECT DISTINCT log_group, log_stream FROM log_events")
    assert len(streams) == 1
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", str(streams[0][1]))


def test_what_a_function_writes_keeps_its_order_between_start_and_end(folder: Path) -> None:
    run(folder, {"do": "print"})
    written = messages(folder)
    assert [line.split(" ")[0] for line in written][:2] == ["INIT_START", "START"]
    assert written[2] == "one\n"
    assert re.fullmatch(r"\[ERROR\]\t\S+Z\t[0-9a-f-]{36}\ttwo\nlines\n", written[3])
    assert written[4:6] == ["three\n", "no end"]
    assert [line.split(" ")[0] for line in written][6:] == ["END", "REPORT"]


def test_an_exception_is_the_answer_and_is_logged_as_lambda_prints_it(folder: Path) -> None:
    failed, after = run(folder, {"do": "raise"}, {})
    assert failed.error_type == "KeyError"
    answer = body(failed)
    assert (answer["errorType"], answer["errorMessage"]) == ("KeyError", "'missing'")
    assert answer["requestId"] == failed.request_id
    (logged,) = [line for line in messages(folder) if line.startswith("[ERROR]")]
    assert logged.startswith("[ERROR] KeyError: 'missing'\nTraceback (most recent call last):\n\u00a0\u00a0File ")
    assert "bootstrap" not in logged
    assert body(after)["calls"] == 2  # an exception does not end the process
    assert [match["status"] for match in reports(folder)] == [None, None]


@pytest.mark.parametrize(
    ("status", "said"),
    [(0, "Runtime exited without providing a reason"), (127, "Runtime exited with error: exit status 127")],
)
def test_a_process_that_exits_is_an_error_and_the_next_invocation_gets_a_new_one(
    folder: Path, status: int, said: str
) -> None:
    failed, after = run(folder, {"do": "exit", "status": status}, {})
    message = f"RequestId: {failed.request_id} Error: {said}"
    assert body(failed) == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert body(after)["calls"] == 1
    assert after.init_us is None  # its init is inside its duration
    assert [match["type"] for match in reports(folder)] == ["Runtime.ExitError", None]


def test_a_timeout_ends_the_process(folder: Path) -> None:
    failed, after = run(folder, {"do": "spin"}, {}, timeout_s=1)
    message = f"RequestId: {failed.request_id} Error: Task timed out after 1.00 seconds"
    assert body(failed) == {"errorType": "Sandbox.Timedout", "errorMessage": message}
    assert failed.duration_us == 1_000_000
    assert reports(folder)[0]["status"] == "timeout"
    assert body(after)["calls"] == 1


def test_memory_is_the_measured_peak_and_too_much_is_killed(folder: Path) -> None:
    small, held, killed = run(folder, {}, {"do": "hold", "mb": 60}, {"do": "hold", "mb": 400}, timeout_s=20)
    assert 5 < small.max_memory_mb < 40
    assert 60 < held.max_memory_mb < 100
    assert killed.max_memory_mb == 128
    assert str(body(killed)["errorMessage"]).endswith("Runtime exited with error: signal: killed")
    last = reports(folder)[-1]
    assert (last["status"], last["type"], last["used"]) == ("error", "Runtime.OutOfMemory", "128")


def test_memory_counts_the_processes_that_a_function_starts(folder: Path) -> None:
    (with_child,) = run(folder, {"do": "child"}, timeout_s=20)
    assert 65 < with_child.max_memory_mb < 110


def test_a_module_that_is_not_there_fails_its_init_twice(folder: Path) -> None:
    (failed,) = run(folder, {}, handler="absent.handler")
    answer = body(failed)
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert answer["errorMessage"] == "Unable to import module 'absent': No module named 'absent'"
    assert answer["requestId"] == ""  # the runtime failed before there was a request
    phases = [re.findall(r"Phase: (\w+)\tStatus: (\w+)\tError Type: (\S+)", line) for line in messages(folder)]
    assert [found for phase in phases for found in phase] == [
        ("init", "error", "Runtime.ImportModuleError"),
        ("invoke", "error", "Runtime.ImportModuleError"),
    ]
    assert reports(folder)[0]["init"] is None


def test_an_init_that_takes_too_long_runs_again_in_the_invocation_under_its_timeout(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambdatui.runner.environments.environment.INIT_LIMIT_S", 0.3)
    (folder / "src" / "slow.py").write_text("while True:\n    pass\n")
    (failed,) = run(folder, {}, handler="slow.handler", timeout_s=1)
    assert body(failed)["errorType"] == "Sandbox.Timedout"
    assert (failed.duration_us, failed.init_us) == (1_000_000, None)
    phases = [re.findall(r"Duration: ([\d.]+) ms\tPhase: (\w+)\tStatus: (\w+)\n", line) for line in messages(folder)]
    (first_ms, *first), (again_ms, *again) = [found for phase in phases for found in phase]
    assert (first, again) == (["init", "timeout"], ["invoke", "timeout"])
    assert 300 <= float(first_ms) < 1000 <= float(again_ms)


@pytest.mark.parametrize(
    ("source", "handler", "error_type"),
    [
        ("", "nodot", "Runtime.MalformedHandlerName"),
        ("", "bad.absent", "Runtime.HandlerNotFound"),
        ("def (", "bad.handler", "Runtime.UserCodeSyntaxError"),
        ("1 / 0", "bad.handler", "ZeroDivisionError"),
        ("raise SystemExit(7)", "bad.handler", "Runtime.ExitError"),
    ],
)
def test_every_way_a_handler_cannot_be_loaded_has_lambdas_name(
    folder: Path, source: str, handler: str, error_type: str
) -> None:
    (folder / "src" / "bad.py").write_text(source)
    (failed,) = run(folder, {}, handler=handler)
    assert failed.error_type == body(failed)["errorType"] == error_type


def test_answers_that_cannot_be_sent_are_function_errors(folder: Path) -> None:
    large, unserialisable, after = run(
        folder, {"do": "large", "bytes": ANSWER_BYTES}, {"do": "object"}, {}, timeout_s=30
    )
    assert body(large)["errorType"] == "Function.ResponseSizeTooLarge"
    assert body(unserialisable)["errorType"] == "Runtime.MarshalError"
    assert body(after)["calls"] == 2  # awslambdaric itself ends when its answer is refused: a new process


@pytest.mark.parametrize("namespaces", ["1", "0"])
def test_a_function_sees_its_own_variables_and_no_credentials_of_ours(
    folder: Path, monkeypatch: pytest.MonkeyPatch, namespaces: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ours")
    monkeypatch.setenv("LAMBDATUI_NAMESPACES", namespaces)
    if namespaces == "1":
        needs.namespaces()
    (answer,) = run(folder, {"do": "environ"}, env={"COLOUR": "blue"}, memory_mb=256)
    environ = body(answer)
    assert environ["COLOUR"] == "blue"
    assert environ["AWS_SECRET_ACCESS_KEY"] != "ours"
    assert environ["home"] != os.path.expanduser("~")
    assert environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environ["cwd"] == environ["LAMBDA_TASK_ROOT"]
    assert environ["LAMBDA_TASK_ROOT"] == ("/var/task" if namespaces == "1" else str(folder / "src"))
    assert "blue" not in "".join(messages(folder))


def test_a_minutes_metrics_are_sums_over_its_invocations(folder: Path) -> None:
    done = run(folder, {}, {"do": "raise"}, {})
    query = "SELECT sum(value) FROM metrics WHERE metric = '{}' AND stat = '{}'"
    assert rows(folder, query.format("Invocations", "Sum")) == [(3.0,)]
    assert rows(folder, query.format("Errors", "Sum")) == [(1.0,)]
    ((total_ms,),) = rows(folder, query.format("Duration", "Sum"))
    assert total_ms == pytest.approx(sum(one.duration_us for one in done) / 1000)


def test_event_ids_are_unique_and_in_order(folder: Path) -> None:
    run(folder, {"do": "print"}, {"do": "print"})
    ids = [str(event_id) for (event_id,) in rows(folder, "SELECT event_id FROM log_events ORDER BY id")]
    assert len(set(ids)) == len(ids)
    assert {len(event_id) for event_id in ids} == {56}


def test_output_is_the_same_events_however_it_is_cut() -> None:
    message = b"a\nframe\n"
    frame = b"\xa5\x5a\x00\x03" + len(message).to_bytes(4, "big") + (5_000_000).to_bytes(8, "big") + message
    data = b"line\nhalf" + frame + b"\xa5\x5a\xff\xff\xff\xff\xff\xff then text\n\nend"
    expected = ["line\n", "half", "a\nframe\n"]
    for cut in range(len(data)):
        output = Output()
        events = output.feed(data[:cut], 5000) + output.feed(data[cut:], 5000) + output.flush(5000)
        assert [text for _, text in events][:3] == expected
        assert events[-1] == (5000, "end")


def test_a_line_longer_than_an_event_is_cut() -> None:
    output = Output()
    events = output.feed(b"x" * (2 * EVENT_BYTES + 5) + b"\n", 1)
    assert [len(text) for _, text in events] == [EVENT_BYTES, EVENT_BYTES, 6]


def test_report_prints_tabs_and_two_decimals() -> None:
    line = report_line(ReportFigures("id", duration_us=1_005, memory_mb=128, max_memory_mb=31, init_us=83_505))
    assert line == (
        "REPORT RequestId: id\tDuration: 1.00 ms\tBilled Duration: 85 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB"
        "\tInit Duration: 83.50 ms\t\n"
    )


def cli(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(lambdatui, ["runner", *arguments, "--runner-db", str(folder / "runner.db")])
    return done.exit_code, done.stdout, done.stderr


def deploy(folder: Path, extra: Sequence[str] = ()) -> tuple[int, str, str]:
    return cli(folder, "deploy", str(folder / "src"), "--name", "fn", "--handler", "app.handler", *extra)


def test_the_command_line_from_deploy_to_remove(folder: Path) -> None:
    code, out, err = deploy(folder, ["--env", "TOKEN=s3cret"])
    assert (code, out) == (0, "")
    assert "s3cret" not in err
    kept = folder / "runner.functions" / "fn" / "function.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "runner.db").stat().st_mode) == 0o600
    assert b"s3cret" not in (folder / "runner.db").read_bytes()

    code, out, err = cli(folder, "invoke", "fn", "--payload", '{"a": 1}', "--payload", "{}", "--log")
    assert code == 0
    assert [json.loads(line)["calls"] for line in out.splitlines()] == [1, 2]
    assert err.count("REPORT RequestId") == 2

    event = folder / "event.json"
    event.write_text('{"do": "raise"}')
    code, out, err = cli(folder, "invoke", "fn", "--payload", f"@{event}")
    assert (code, json.loads(out)["errorType"]) == (1, "KeyError")

    code, out, _ = cli(folder, "list", "--json")
    assert [row["function"] for row in json.loads(out)["rows"]] == ["fn"]
    code, out, _ = cli(folder, "logs", "fn", "--limit", "1")
    assert "REPORT RequestId" in out
    assert cli(folder, "remove", "fn")[0] == 0
    assert not kept.exists()
    assert cli(folder, "invoke", "fn")[0] == 1
    assert cli(folder, "logs", "fn")[0] == 0  # the log outlives the function


def test_a_log_line_cannot_command_the_terminal(folder: Path) -> None:
    (folder / "src" / "evil.py").write_text('def handler(e, c):\n    print("\\x1b]0;owned\\x07 \\x9b2J kept")\n')
    cli(folder, "deploy", str(folder / "src"), "--name", "evil", "--handler", "evil.handler")
    _, _, err = cli(folder, "invoke", "evil", "--log")
    _, out, _ = cli(folder, "logs", "evil")
    assert "kept" in err
    assert "kept" in out
    assert not {"\x1b", "\x07", "\x9b"} & set(out + err)


@pytest.mark.parametrize(
    "extra", [["--memory-mb", "64"], ["--timeout-s", "901"], ["--env", "novalue"]], ids=["memory", "timeout", "env"]
)
def test_wrong_usage_is_2(folder: Path, extra: list[str]) -> None:
    assert deploy(folder, extra)[0] == 2


@pytest.mark.parametrize(
    "extra", [["--runtime", "python3.99"], ["--env", "AWS_LAMBDA_RUNTIME_API=1"]], ids=["runtime", "env"]
)
def test_a_deployment_that_cannot_run_is_refused(folder: Path, extra: list[str]) -> None:
    assert deploy(folder, extra)[0] == 1
    assert DeployedFunctions(folder / "runner.db").by_name == {}


def test_a_file_that_is_no_runners_log_is_left_alone(folder: Path) -> None:
    other = sqlite3.connect(folder / "runner.db")
    other.executescript("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)")
    other.close()
    before = (folder / "runner.db").read_bytes()
    code, _, err = deploy(folder)
    assert code == 1
    assert "not a runner's log" in err
    assert (folder / "runner.db").read_bytes() == before
    (folder / "runner.db").write_bytes(b"text, not a database" * 100)
    assert deploy(folder)[0] == 1


def test_the_whole_program_passes_exit_codes_and_answers_on(folder: Path) -> None:
    def program(*arguments: str) -> "subprocess.CompletedProcess[str]":
        whole = [*PROGRAM, "runner", *arguments, "--runner-db", str(folder / "runner.db")]
        return subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)

    assert program("deploy", str(folder / "src"), "--name", "fn", "--handler", "app.handler").returncode == 0
    failed = program("invoke", "fn", "--payload", '{"do": "raise"}')
    assert (failed.returncode, json.loads(failed.stdout)["errorType"]) == (1, "KeyError")
    assert program("invoke", "fn", "--payload", "{").returncode == 1
    assert program("invoke", "absent").stderr.count("\n") == 1

"""Which interpreter runs a Python function, and what is said where it is not the one that the function asks for."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdatui.runner.runtimes import python
from lambdatui.runner.runtimes.programs import nearest
from lambdatui.runner.runtimes.python import this_runtime
from lambdatui.runner.runtimes.registry import program_row, runtime_of
from tests.support import needs
from tests.support.command_line import run
from tests.support.runner_server import served, zipped

pytestmark = needs.linux
THIS = sys.version_info.minor


@pytest.fixture(autouse=True)
def only_this(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine without another interpreter."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    python._asked.cache_clear()
    yield
    python._asked.cache_clear()


def install(folder: Path, name: str, version: str, executable: str = "") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {version} {executable or program}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [(14, [8, 13], 13), (12, [11, 13], 13), (9, [8, 10, 13], 10), (12, [12, 13], 12), (8, [11], 11), (8, [], None)],
)
def test_the_nearest_is_the_next_newer_one(wanted: int, available: list[int], chosen: int | None) -> None:
    assert nearest(wanted, available) == chosen


def test_the_exact_version_wherever_it_is(tmp_path: Path) -> None:
    managed = install(tmp_path / "pyenv/versions/3.14.2/bin", "python3.14", "3.14.2")
    install(tmp_path / "pyenv/versions/3.14.0/bin", "python3.14", "3.14.0")
    assert program_row("python3.14") == {
        "runtime": "python3.14",
        "program": managed,
        "version": "3.14.2",
        "note": None,
        "error": None,
    }
    ours = install(tmp_path / "data/uv/python/cpython-3.9.1-linux-x86_64-gnu/bin", "python3.9", "3.9.1")
    assert program_row("python3.9")["program"] == ours


def test_a_script_that_chooses_an_interpreter_is_asked_which(tmp_path: Path) -> None:
    install(tmp_path / "bin", "python3.14", "3.14.1", "/opt/pythons/3.14/bin/python3.14")
    assert program_row("python3.14")["program"] == "/opt/pythons/3.14/bin/python3.14"


def test_a_program_of_another_version_than_its_name_is_not_taken(tmp_path: Path) -> None:
    install(tmp_path / "bin", "python3.14", "3.15.0")
    assert program_row("python3.14")["program"] == sys.executable


@pytest.mark.parametrize("identifier", ["python3.8", "python3.14"])
def test_another_version_runs_what_is_not_installed_and_it_is_told(identifier: str) -> None:
    if identifier == this_runtime():
        pytest.skip("that version runs us")
    row = program_row(identifier)
    assert row["program"] == sys.executable
    assert f"{identifier} is not installed on this machine: Python 3.{THIS}." in str(row["note"])
    assert sys.executable in str(row["note"])


def test_it_is_told_at_deploy_and_in_the_log_of_every_cold_start(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = "import sys\ndef handler(e, c):\n    return sys.version_info[1]\n"
    other = "python3.14" if this_runtime() != "python3.14" else "python3.13"
    text = f"{other} is not installed on this machine"
    with served(tmp_path / "runner.db") as runner:
        runner.create("future", source, Runtime=other)
        assert f"lambdatui runner: future: {text}" in capfd.readouterr().err
        answer = runner.client.invoke(FunctionName="future")
        assert json.loads(answer["Payload"].read()) == THIS
        assert [line for line in runner.messages() if line.startswith(f"[WARN] {text}: Python 3.{THIS}.")]
        runner.client.update_function_configuration(FunctionName="future", LoggingConfig={"LogFormat": "JSON"})
        runner.client.invoke(FunctionName="future")
        [record] = [json.loads(line) for line in runner.messages() if line.startswith('{"timestamp"') and text in line]
        assert record["level"] == "WARN"
        assert runner.client.get_function_configuration(FunctionName="future")["Runtime"] == other
        capfd.readouterr()
        runner.client.update_function_configuration(FunctionName="future", Runtime=this_runtime())
        assert "future" not in capfd.readouterr().err


def test_a_runtime_that_nothing_runs_is_accepted_and_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with served(tmp_path / "runner.db") as runner:
        runner.create("beans", "", Runtime="java21")
        assert "lambdatui runner: beans: runtime java21 is not run here" in capfd.readouterr().err
        answer = runner.client.invoke(FunctionName="beans")
        assert answer["FunctionError"] == "Unhandled"
        assert "runtime java21 is not run here" in json.loads(answer["Payload"].read())["errorMessage"]
        status, _, row = runner.ask("GET", "/_lambdatui/runtimes/java21")
        assert (status, row["program"]) == (200, None)
        assert "java21 is not run here" in row["error"]


def test_provided_al2_runs_its_bootstrap(tmp_path: Path) -> None:
    bootstrap = f"#!{sys.executable}\nimport os, urllib.request\nbase = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'\nwhile True:\n    with urllib.request.urlopen(base + 'next') as event:\n        request_id = event.headers['Lambda-Runtime-Aws-Request-Id']\n    urllib.request.urlopen(base + request_id + '/response', b'\"al2\"').close()\n"
    with served(tmp_path / "runner.db") as runner:
        code = {"ZipFile": zipped({"bootstrap": bootstrap}, mode=0o755)}
        role = "arn:aws:iam::000000000000:role/test"
        runner.client.create_function(FunctionName="al2", Runtime="provided.al2", Handler="x", Role=role, Code=code)
        assert runner.client.invoke(FunctionName="al2")["Payload"].read() == b'"al2"'


def test_the_packages_of_another_interpreter_are_not_the_functions() -> None:
    other = "python3.14" if this_runtime() != "python3.14" else "python3.13"
    command = runtime_of(other).command(other, "/code")
    assert "-S" in command


def test_the_command_line_tells_it_and_refuses_what_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("def handler(e, c): return 1\n")
    other = "python3.14" if this_runtime() != "python3.14" else "python3.13"
    options = ["runner", "deploy", str(tmp_path / "src"), "--name", "orders", "--handler", "app.handler"]
    options += ["--runner-db", str(tmp_path / "runner.db")]
    done = run(*options, "--runtime", other)
    assert done.exit_code == 0
    assert f"{other} is not installed on this machine: Python 3.{THIS}." in done.stderr
    refused = run(*options, "--runtime", "ruby3.4")
    assert refused.exit_code != 0
    assert "runtime ruby3.4 is not run here" in refused.stderr

"""Which program runs a Node.js function, and what is said where there is none."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes import node
from lambdatui.runner.runtimes.programs import version_text
from lambdatui.runner.runtimes.registry import program_row, runtime_of


@pytest.fixture(autouse=True)
def no_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for major in (20, 22, 24):
        monkeypatch.delenv(f"LAMBDATUI_NODE{major}", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("NVM_DIR", str(tmp_path / "nvm"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    node._version.cache_clear()
    yield
    node._version.cache_clear()


def install(folder: Path, name: str, version: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    return str(program)


def test_without_node(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match=r"nodejs22\.x needs Node\.js 22 on PATH: install it from nodejs\.org"):
        runtime_of("nodejs22.x").program("nodejs22.x")
    assert node.node_runtime() is None


def test_the_version_counts_wherever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", "node", "v19.1.0")
    named = install(tmp_path / "bin", "node24", "v24.0.1")
    assert runtime_of("nodejs24.x").command("nodejs24.x", "/code")[0] == named
    assert node.node_runtime() == "nodejs24.x"
    managed = install(tmp_path / "nvm/versions/node/v18.3.1/bin", "node", "v18.3.1")
    assert program_row("nodejs18.x") == {
        "runtime": "nodejs18.x",
        "program": managed,
        "version": "18.3.1",
        "note": None,
        "error": None,
    }
    monkeypatch.setenv("LAMBDATUI_NODE22", install(tmp_path, "my-node", "v22.2.2"))
    assert runtime_of("nodejs22.x").command("nodejs22.x", "/code")[0] == str(tmp_path / "my-node")


def test_what_a_variable_names_is_of_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDATUI_NODE20", str(tmp_path / "absent"))
    with pytest.raises(RunnerError, match="is none that runs"):
        runtime_of("nodejs20.x").program("nodejs20.x")
    assert version_text(os.fspath(tmp_path / "absent")) == ""
    monkeypatch.setenv("LAMBDATUI_NODE20", (plain := install(tmp_path / "bin", "node", "v18.1.0")))
    with pytest.raises(RunnerError, match=rf"needs Node\.js 20, and {plain} is 18\.1\.0: install it, or name it in"):
        runtime_of("nodejs20.x").program("nodejs20.x")


def test_the_nearest_version_runs_what_is_not_installed_and_it_is_told(tmp_path: Path) -> None:
    install(tmp_path / "bin", "node", "v18.1.0")
    install(tmp_path / "bin", "node22", "v22.4.0")
    for identifier, version in (("nodejs16.x", "18.1.0"), ("nodejs20.x", "22.4.0"), ("nodejs24.x", "22.4.0")):
        row = program_row(identifier)
        assert row["version"] == version
        major = identifier[6:8]
        assert f"Node.js {major} is not installed on this machine: Node.js {version} runs {identifier}" in str(
            row["note"]
        )
    assert program_row("nodejs22.x")["note"] is None


def test_modules_of_layers_are_found_before_the_functions_own() -> None:
    variables = runtime_of("nodejs22.x").variables
    env = {"NODE_PATH": "/own", "LAMBDA_RUNTIME_DIR": "/var/runtime"}
    assert variables("nodejs22.x", None, env) == {"NODE_PATH": "/var/runtime/node_modules:/own"}
    layers = "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules"
    assert variables("nodejs22.x", Path("/opt"), env) == {"NODE_PATH": f"{layers}:/var/runtime/node_modules:/own"}

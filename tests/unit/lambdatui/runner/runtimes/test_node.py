"""Which program runs a Node.js function, and what is said where there is none."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes import node
from lambdatui.runner.runtimes.programs import version_text
from lambdatui.runner.runtimes.registry import runtime_of


@pytest.fixture(autouse=True)
def no_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for major in (20, 22, 24):
        monkeypatch.delenv(f"LAMBDATUI_NODE{major}", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    node._program.cache_clear()
    yield
    node._program.cache_clear()


def install(folder: Path, name: str, version: str) -> str:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    return str(program)


def test_without_node(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match=r"nodejs22\.x needs Node\.js 22 on PATH: install it from nodejs\.org"):
        runtime_of("nodejs22.x").check("nodejs22.x")
    assert node.node_runtime() is None


def test_the_version_counts_wherever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = install(tmp_path / "bin", "node", "v18.1.0")
    with pytest.raises(RunnerError, match=rf"needs Node\.js 20, and {plain} is v18\.1\.0: install it, or name it in"):
        runtime_of("nodejs20.x").check("nodejs20.x")
    named = install(tmp_path / "bin", "node24", "v24.0.1")
    assert runtime_of("nodejs24.x").command("nodejs24.x", "/code")[0] == named
    assert node.node_runtime() == "nodejs24.x"
    monkeypatch.setenv("LAMBDATUI_NODE22", install(tmp_path, "my-node", "v22.2.2"))
    assert runtime_of("nodejs22.x").command("nodejs22.x", "/code")[0] == str(tmp_path / "my-node")
    monkeypatch.setenv("LAMBDATUI_NODE20", str(tmp_path / "absent"))
    with pytest.raises(RunnerError, match="is none that runs"):
        runtime_of("nodejs20.x").check("nodejs20.x")
    assert version_text(os.fspath(tmp_path / "absent")) == ""


def test_modules_of_layers_are_found_before_the_functions_own() -> None:
    runtime = runtime_of("nodejs22.x")
    assert runtime.variables("nodejs22.x", None, {"NODE_PATH": "/own"}) == {}
    variables = runtime.variables("nodejs22.x", Path("/opt"), {"NODE_PATH": "/own"})
    assert variables == {"NODE_PATH": "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/own"}

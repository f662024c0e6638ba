"""``lambdatui runner runtimes``: what is listed, and what is installed by which program."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from lambdatui.runner.runtimes import node, node_packages, python
from lambdatui.runner.runtimes.sdk import least_minor, node_sdk, python_sdk
from tests.support import needs
from tests.support.command_line import run

pytestmark = needs.linux
NPM = """#!/bin/sh
echo "$@" >> "$0.asked"
[ "$2" = --prefix ] || exit 3
for package; do
  case "$package" in
    @aws-sdk/absent) echo "npm error 404 @aws-sdk/absent is not in this registry" >&2; exit 1 ;;
    @*) mkdir -p "$3/node_modules/$package" ;;
  esac
done
"""
OLD_PYTHON = """#!/bin/sh
case "$1" in
  -S) echo 3.{minor}.1 "$0" ;;
  -m) while [ "$1" != --target ]; do shift; done; mkdir -p "$2/boto3" "$2/boto3-1.37.38.dist-info" ;;
esac
"""


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine with npm, Node.js 20 and, beside the interpreter that runs us, an old Python."""
    programs = {"npm": NPM, "node": "#!/bin/sh\necho v20.1.0\n", "python3.9": OLD_PYTHON.replace("{minor}", "9")}
    (tmp_path / "bin").mkdir()
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setattr(python, "_installed", lambda name: [])
    monkeypatch.setenv("NVM_DIR", str(tmp_path / "nvm"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for cached in (python._asked, node._version):
        cached.cache_clear()
    yield
    for cached in (python._asked, node._version):
        cached.cache_clear()


def listed() -> dict[str, dict[str, Any]]:
    done = run("runner", "runtimes", "--json")
    assert done.exit_code == 0, done.stderr
    return {row["runtime"]: row for row in json.loads(done.stdout)["rows"]}


def test_every_runtime_is_listed_with_what_runs_it() -> None:
    rows = listed()
    ours = rows[f"python3.{sys.version_info.minor}"]
    assert (ours["program"], ours["sdk"], ours["note"]) == (sys.executable, f"boto3 {boto3.__version__}", None)
    assert rows["nodejs20.x"]["version"] == "20.1.0"
    assert "Node.js 20.1.0 runs nodejs24.x" in rows["nodejs24.x"]["note"]
    assert rows["nodejs20.x"]["sdk"] is None
    assert rows["provided.al2"]["program"] is None
    table = run("runner", "runtimes")
    assert "RUNTIME" in table.stdout
    assert "Node.js 24 is not installed on this machine" in table.stderr


def test_packages_for_node_are_installed_by_npm(tmp_path: Path) -> None:
    done = run("runner", "runtimes", "--install", "nodejs", "--install", "@aws-sdk/client-glue")
    assert done.exit_code == 0, done.stderr
    assert {"@aws-sdk/client-s3", "@aws-sdk/client-lambda", "@aws-sdk/client-glue"} <= set(node_sdk())
    assert "packages of @aws-sdk" in listed()["nodejs22.x"]["sdk"]
    run("runner", "runtimes", "--install", "@aws-sdk/client-ec2", "--offline")
    asked = (tmp_path / "bin/npm.asked").read_text().splitlines()
    assert ["--offline" in line for line in asked] == [False, False, True]
    assert all("--ignore-scripts" in line for line in asked)


@pytest.mark.skipif(least_minor() <= 9, reason="this boto3 is made for Python 3.9")
def test_boto3_for_an_old_python_is_installed_by_its_own_pip() -> None:
    assert python_sdk(9) is None
    assert listed()["python3.9"]["sdk"] is None
    done = run("runner", "runtimes", "--install", "python3.9")
    assert "installed boto3 1.37.38 for python3.9" in done.stderr
    assert listed()["python3.9"]["sdk"] == "boto3 1.37.38"


def test_what_is_there_already_or_cannot_be_installed_is_said(tmp_path: Path) -> None:
    assert "has boto3" in run("runner", "runtimes", "--install", f"python3.{sys.version_info.minor}").stderr
    for options, text in (
        (["@aws-sdk/absent"], "npm failed: npm error 404 @aws-sdk/absent is not in this registry"),
        (["left-pad"], "--install left-pad: give nodejs, a package such as @aws-sdk/client-s3, or python3.9"),
        (["python3.9", "--offline"], "pip needs an index"),
    ):
        done = run("runner", "runtimes", "--install", *options)
        assert done.exit_code != 0
        assert text in done.stderr
    (tmp_path / "bin/npm").unlink()
    if not Path("/usr/bin/npm").exists():
        assert "npm is not on PATH" in run("runner", "runtimes", "--install", "nodejs").stderr


def test_a_deployed_function_gets_what_npm_has_in_its_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_packages, "_absent", set())
    source = tmp_path / "src"
    own = source / "node_modules/@aws-sdk/client-own"
    own.mkdir(parents=True)
    (own / "index.js").write_text("require('@aws-sdk/of-a-package')")
    names = ("client-s3", "client-own", "absent")
    (source / "index.mjs").write_text("".join(f"import '@aws-sdk/{name}';\n" for name in names))
    deploy = ["runner", "deploy", source, "--name", "fn", "--handler", "index.handler", "--runtime", "nodejs20.x"]
    deploy += ["--runner-db", tmp_path / "runner.db"]
    done = run(*deploy)
    assert done.exit_code == 0
    assert node_sdk() == ["@aws-sdk/client-s3"]
    asked = (tmp_path / "bin/npm.asked").read_text().splitlines()
    assert len(asked) == 2
    assert all("--offline" in line for line in asked)
    assert "npm's cache: lambdatui runner runtimes --install @aws-sdk/absent\n" in done.stderr
    assert run(*deploy).exit_code == 0
    assert (tmp_path / "bin/npm.asked").read_text().splitlines() == asked

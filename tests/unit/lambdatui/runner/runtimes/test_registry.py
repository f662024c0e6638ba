"""A new runtime is one file that registers itself: the API takes it, messages and help name it, and it runs functions."""

import importlib.util
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from lambdatui.runner.runtimes import registry
from lambdatui.runner.runtimes.base import RUNTIMES
from tests.support.places import ROOT
from tests.support.runner_server import ROLE, served, zipped

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")

MODULE = '''
import sys
from pathlib import Path

from lambdatui.runner.runtimes.base import Runtime, register


class Shout(Runtime):
    """Functions that are a text: they answer it in capitals."""

    identifiers = ("shout1.x",)
    help_text = "shout1.x"

    def command(self, identifier, task_root):
        return [sys.executable, str(Path(__file__).with_name("bootstrap.py"))]

    def variables(self, identifier, opt, env):
        return {"SHOUT": env.get("SHOUT", "") + "!"}


register(Shout())
'''
BOOTSTRAP = """
import json, os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
text = open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], os.environ["_HANDLER"])).read()
while True:
    with urllib.request.urlopen(base + "next") as answer:
        request_id, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(answer.read())
    body = json.dumps(text.upper() + event["name"] + os.environ["SHOUT"]).encode()
    urllib.request.urlopen(base + request_id + "/response", body).close()
"""


@pytest.fixture
def shout(tmp_path: Path) -> Iterator[None]:
    before = list(RUNTIMES)
    (tmp_path / "bootstrap.py").write_text(BOOTSTRAP)
    (tmp_path / "shout.py").write_text(MODULE)
    spec = importlib.util.spec_from_file_location("shout", tmp_path / "shout.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    yield
    RUNTIMES[:] = before


def test_a_runtime_is_one_file(tmp_path: Path, shout: None) -> None:
    code = {"ZipFile": zipped({"hello.txt": "hello "})}
    variables = {"Variables": {"SHOUT": "?"}}
    with served(tmp_path / "runner.db") as runner:
        settings = {"Handler": "hello.txt", "Role": ROLE, "Code": code, "Environment": variables}
        runner.client.create_function(FunctionName="shouts", Runtime="shout1.x", **settings)
        answer = runner.client.invoke(FunctionName="shouts", Payload=b'{"name": "Ada"}')
        assert json.loads(answer["Payload"].read()) == "HELLO Ada?!"
        assert any(line.startswith("INIT_START Runtime Version: shout:1\t") for line in runner.messages())
        runner.client.create_function(FunctionName="no", Runtime="java21", **settings)
        error = json.loads(runner.client.invoke(FunctionName="no")["Payload"].read())["errorMessage"]
        assert re.search(r"runtime java21 is not run here: .*provided\.al2023.* and shout1\.x are", error)
        with pytest.raises(ClientError, match=r"\[nodejs20\.x, python3\.14, .*, shout1\.x\] or be a valid ARN"):
            runner.client.create_function(FunctionName="no", Runtime="cobol85", **settings)
    assert registry.help_text().startswith("python3.x, nodejs20.x and so on, provided.al2 and provided.al2023, ")
    assert registry.help_text().endswith(", shout1.x.")


def test_the_contract_on_imports_is_of_every_runtime() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [contract] = [one for one in contracts if one["name"] == "a runtime knows no other"]
    assert contract["modules"] == ["lambdatui.runner.runtimes.*"]
    assert {type(runtime).__module__.rpartition(".")[0] for runtime in RUNTIMES} == {"lambdatui.runner.runtimes"}


def test_every_identifier_has_one_runtime() -> None:
    for identifier in ("python3.11", "python3.9", "nodejs20.x", "nodejs24.x", "provided.al2", "provided.al2023"):
        assert sum(runtime.takes(identifier) for runtime in RUNTIMES) == 1
    for identifier in ("python2.7", "python3", "nodejs14.x", "provided", "java21", ""):
        assert not registry.is_known(identifier)

"""boto3 and @aws-sdk in functions, as Lambda's runtimes bring them along, and nothing else of our environment."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.runtimes.node import node_runtime
from lambdatui.runner.runtimes.python import this_runtime
from lambdatui.runner.runtimes.registry import program_row
from lambdatui.runner.runtimes.sdk import least_minor
from tests.support import needs
from tests.support.runner_server import ROLE, Served, served, zipped

pytestmark = needs.linux
NODE = node_runtime()
needs_node = pytest.mark.skipif(NODE is None, reason="this machine has no Node.js that Lambda has")
PYTHONS = [
    name
    for minor in range(8, 16)
    if (row := program_row(name := f"python3.{minor}"))["note"] is None and row["program"]
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def runner(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("sdk") / "runner.db") as one:
        yield one


def answer(runner: Served, name: str) -> Any:
    reply = runner.client.invoke(FunctionName=name, Payload=b"{}")
    payload = json.loads(reply["Payload"].read())
    assert "FunctionError" not in reply, payload
    return payload


@pytest.mark.parametrize("runtime", [name for name in PYTHONS if int(name[8:]) >= least_minor()])
def test_boto3_is_there_for_every_python(runner: Served, runtime: str) -> None:
    source = """
import boto3, botocore, dateutil, jmespath, s3transfer, six, urllib3
from importlib.metadata import version
def handler(e, c):
    client = boto3.client("sqs")
    others = []
    for name in ("textual", "pandas", "numpy", "click", "pip", "pytest", "lambdatui", "collectors"):
        try:
            __import__(name)
            others.append(name)
        except ImportError:
            pass
    return [boto3.__version__, version("boto3"), client.meta.region_name, others]
"""
    name = f"sdk-{runtime.replace('.', '-')}"
    runner.create(name, source, Runtime=runtime, Timeout=30)
    import boto3

    assert answer(runner, name) == [boto3.__version__, boto3.__version__, "us-east-1", []]


@pytest.mark.parametrize(
    "runtime", [this_runtime(), next((name for name in reversed(PYTHONS) if name != this_runtime()), "")]
)
def test_a_functions_and_a_layers_own_packages_win(runner: Served, runtime: str) -> None:
    if not runtime:
        pytest.skip("this machine has one Python")
    layer = runner.client.publish_layer_version(
        LayerName="own",
        Content={"ZipFile": zipped({"python/jmespath.py": "X = 'layer'\n", "python/six.py": "X = 'layer'\n"})},
    )
    source = "import boto3, six\ndef handler(e, c):\n    return [boto3.X, six.X]\n"
    files: dict[str, str | bytes] = {"app.py": source, "boto3.py": "import jmespath\nX = 'own ' + jmespath.X\n"}
    settings = {"Runtime": runtime, "Handler": "app.handler", "Role": ROLE, "Layers": [layer["LayerVersionArn"]]}
    name = f"own-{runtime.replace('.', '-')}"
    runner.client.create_function(FunctionName=name, Code={"ZipFile": zipped(files)}, **settings)
    assert answer(runner, name) == ["own layer", "layer"]


@pytest.mark.skipif("python3.9" not in PYTHONS or least_minor() <= 9, reason="this boto3 is made for Python 3.9")
def test_for_a_python_that_is_too_old_what_is_installed_is_taken_and_until_then_it_is_told(
    runner: Served, data: Path
) -> None:
    runner.create("old", "import boto3\ndef handler(e, c):\n    return boto3.__version__\n", Runtime="python3.9")
    reply = runner.client.invoke(FunctionName="old")
    assert json.loads(reply["Payload"].read())["errorMessage"].endswith("No module named 'boto3'")
    assert any(
        "boto3 is not installed for python3.9: lambdatui runner runtimes --install python3.9" in line
        for line in runner.messages()
    )
    package = data / "lambdatui/runtimes/python3.9/boto3"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("__version__ = '1.37.0'\n")
    runner.client.update_function_configuration(FunctionName="old", Timeout=5)
    assert answer(runner, "old") == "1.37.0"


def install(data: Path) -> None:
    package = data / "lambdatui/runtimes/nodejs/node_modules/@aws-sdk/client-s3"
    package.mkdir(parents=True, exist_ok=True)
    (package / "package.json").write_text(
        json.dumps({"name": "@aws-sdk/client-s3", "version": "3.1.0", "main": "index.js"})
    )
    (package / "index.js").write_text("exports.S3Client = class { where() { return 'sdk'; } };\n")


SDK_FUNCTIONS = {
    "commonjs": {"index.js": "const { S3Client } = require('@aws-sdk/client-s3'); exports.handler = async () => new S3Client().where();"},
    "esm": {"index.mjs": "import { S3Client } from '@aws-sdk/client-s3';\nexport const handler = async () => new S3Client().where();"},
    "nested": {
        "index.mjs": "export { handler } from './lib/one.mjs';",
        "lib/one.mjs": "import\n  { S3Client }\n from \"@aws-sdk/client-s3\"; export const handler = async () => new S3Client().where();",
    },
    "dynamic": {"index.mjs": "export const handler = async () => new (await import('@aws-sdk/client-s3')).S3Client().where();"},
    "package": {
        "package.json": '{"type": "module"}',
        "index.js": "import { S3Client } from '@aws-sdk/client-s3'; export const handler = async () => new S3Client().where();",
    },
}  # fmt: skip


@needs_node
@pytest.mark.parametrize("kind", SDK_FUNCTIONS)
def test_the_installed_sdk_is_there_for_node(runner: Served, data: Path, kind: str) -> None:
    install(data)
    settings: dict[str, Any] = {"Runtime": NODE, "Handler": "index.handler", "Role": ROLE}
    code = {"ZipFile": zipped(dict(SDK_FUNCTIONS[kind]))}
    runner.client.create_function(FunctionName=f"node-{kind}", Code=code, **settings)
    assert answer(runner, f"node-{kind}") == "sdk"
    own = "node_modules/@aws-sdk/client-s3"
    code = {
        "ZipFile": zipped(
            {
                **SDK_FUNCTIONS[kind],
                f"{own}/package.json": "{}",
                f"{own}/index.js": "exports.S3Client = class { where() { return 'own'; } };",
            }
        )
    }
    runner.client.update_function_code(FunctionName=f"node-{kind}", **code)
    assert answer(runner, f"node-{kind}") == "own"


@needs_node
@pytest.mark.parametrize("kind", ["commonjs", "esm"])
def test_a_layers_sdk_wins(runner: Served, data: Path, kind: str) -> None:
    install(data)
    own = "nodejs/node_modules/@aws-sdk/client-s3"
    content = {
        "ZipFile": zipped(
            {
                f"{own}/package.json": "{}",
                f"{own}/index.js": "exports.S3Client = class { where() { return 'layer'; } };",
            }
        )
    }
    layer = runner.client.publish_layer_version(LayerName="node", Content=content)
    settings: dict[str, Any] = {
        "Runtime": NODE,
        "Handler": "index.handler",
        "Role": ROLE,
        "Layers": [layer["LayerVersionArn"]],
    }
    code = {"ZipFile": zipped(dict(SDK_FUNCTIONS[kind]))}
    runner.client.create_function(FunctionName=f"layered-{kind}", Code=code, **settings)
    assert answer(runner, f"layered-{kind}") == "layer"


@needs_node
@pytest.mark.parametrize(
    "source",
    [
        "import { X } from '@aws-sdk/client-sqs'; export const handler = async () => X;",
        "export const handler = () => 1; import '@aws-sdk/client-sqs';",
    ],
)
def test_a_package_of_the_sdk_that_is_not_installed_is_told(runner: Served, source: str) -> None:
    settings: dict[str, Any] = {"Runtime": NODE, "Handler": "index.handler", "Role": ROLE}
    runner.client.create_function(FunctionName="missing", Code={"ZipFile": zipped({"index.mjs": source})}, **settings)
    try:
        reply = runner.client.invoke(FunctionName="missing")
        assert json.loads(reply["Payload"].read())["errorType"] == "Runtime.ImportModuleError"
        assert any("lambdatui runner runtimes --install @aws-sdk/client-sqs" in line for line in runner.messages())
    finally:
        runner.client.delete_function(FunctionName="missing")


def test_our_own_environment_is_not_on_the_path_of_its_interpreter(runner: Served) -> None:
    runner.create("path", "import sys\ndef handler(e, c):\n    return sys.path\n")
    assert not [path for path in answer(runner, "path") if "site-packages" in path and path.startswith(sys.prefix)]

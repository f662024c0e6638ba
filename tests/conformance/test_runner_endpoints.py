"""What functions reach with an SDK: each other, endpoints that were given, and never AWS by accident."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdatui.runner.aws import endpoint_variables, profile_variables
from lambdatui.runner.functions import RunnerError
from tests.support import needs
from tests.support.command_line import run, run_program
from tests.support.places import ROOT
from tests.support.runner_server import ROLE, Served, served, zipped

pytestmark = needs.linux
ENVIRONMENT = (
    "import os\ndef handler(e, c):\n    return {k: v for k, v in os.environ.items() if k.startswith('AWS_')}\n"
)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("endpoints") / "runner.db") as one:
        yield one


def payload(runner: Served, name: str, event: object = None) -> Any:
    return json.loads(
        runner.client.invoke(FunctionName=name, Payload=json.dumps(event or {}).encode())["Payload"].read()
    )


def test_functions_call_each_other(runner: Served) -> None:
    runner.create("callee", "def handler(e, c):\n    return e['n'] + 1\n")
    source = """
import boto3, json
def handler(e, c):
    answer = boto3.client("lambda").invoke(FunctionName="callee", Payload=json.dumps({"n": 1}))
    return json.loads(answer["Payload"].read())
"""
    runner.create("caller", source, Timeout=20, MemorySize=512)
    assert payload(runner, "caller") == 2


CALLS = {
    "s3": "list_buckets()",
    "s3-put": "put_object(Bucket='b', Key='k', Body=b'x' * 100000)",
    "sqs": "list_queues()",
    "dynamodb": "list_tables()",
    "sns": "list_topics()",
    "ec2": "describe_instances()",
    "route53": "list_hosted_zones()",
    "apigateway": "get_rest_apis()",
    "secretsmanager": "get_secret_value(SecretId='s')",
    "comprehend": "detect_sentiment(Text='x', LanguageCode='en')",
    "codebuild": "list_projects()",
    "servicediscovery": "discover_instances(NamespaceName='n', ServiceName='s')",
}


def test_without_an_endpoint_every_other_service_is_refused_at_once_and_says_what_to_do(runner: Served) -> None:
    source = """
import boto3, time
def handler(e, c):
    started = time.monotonic()
    client = boto3.client(e["service"])
    made = time.monotonic()
    try:
        eval("client." + e["call"])
    except Exception as error:
        return [type(error).__name__, str(error), time.monotonic() - made]
"""
    runner.create("lost", source, Timeout=60, MemorySize=1024)
    for name, call in CALLS.items():
        service = name.partition("-")[0]
        kind, text, took_s = payload(runner, "lost", {"service": service, "call": call})
        assert kind == "ClientError", text
        assert "UnknownOperationException" in text
        assert f"the local runner has no {service}" in text
        assert "nothing was sent to AWS: start it with --endpoint-url URL, or --endpoint-url" in text
        assert took_s < 20


def test_an_outside_client_is_told_too(runner: Served) -> None:
    keys: dict[str, Any] = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    url = f"http://{runner.host}:{runner.port}"
    s3 = boto3.client("s3", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}), **keys)
    with pytest.raises(ClientError, match="UnknownOperationException"):
        s3.get_object(Bucket="b", Key="k")
    with pytest.raises(ClientError, match="403"):
        s3.head_object(Bucket="b", Key="k")
    for version in ("s3", "s3v4"):
        signed = boto3.client("s3", endpoint_url=url, config=Config(signature_version=version), **keys)
        path = signed.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}).removeprefix(url)
        status, headers, _ = runner.ask("GET", path, headers={"x-amz-target": "answers.in.json"})
        assert (status, headers["x-amzn-errortype"]) == (403, "UnknownOperationException")
    assert status == 403


def test_the_variables_of_a_function(runner: Served) -> None:
    runner.create("env", ENVIRONMENT)
    found = payload(runner, "env")
    url = f"http://{runner.host}:{runner.port}"
    assert found["AWS_ENDPOINT_URL"] == found["AWS_ENDPOINT_URL_LAMBDA"] == url
    assert found["AWS_ACCESS_KEY_ID"].startswith("LOCAL")
    assert found["AWS_CONFIG_FILE"] == found["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert found["AWS_EC2_METADATA_DISABLED"] == found["AWS_DISABLE_HOST_PREFIX_INJECTION"] == "true"
    own = {"Variables": {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_ENDPOINT_URL": "http://127.0.0.1:2"}}
    runner.client.update_function_configuration(FunctionName="env", Environment=own)
    found = payload(runner, "env")
    assert (found["AWS_ENDPOINT_URL"], found["AWS_ENDPOINT_URL_S3"]) == ("http://127.0.0.1:2", "http://127.0.0.1:1")


def test_names_of_services_are_those_of_the_sdks() -> None:
    assert endpoint_variables({"": "http://a", "logs": "http://b", "s3": "http://c", "secretsmanager": "http://d"}) == {
        "AWS_ENDPOINT_URL": "http://a",
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://b",
        "AWS_ENDPOINT_URL_S3": "http://c",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://d",
    }
    with pytest.raises(RunnerError, match="there is no service secretmanager: did you mean secretsmanager"):
        endpoint_variables({"secretmanager": "http://d"})


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text(ENVIRONMENT)
    done = run(
        "runner",
        "deploy",
        tmp_path / "src",
        "--name",
        "env",
        "--handler",
        "app.handler",
        "--runner-db",
        tmp_path / "runner.db",
    )
    assert done.exit_code == 0, done.stderr
    return tmp_path / "runner.db"


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = "[profile dev]\nregion = eu-west-1\naws_access_key_id = AKIADEV\naws_secret_access_key = hush\n[profile ep]\nservices = mine\nendpoint_url = http://127.0.0.1:7\naws_access_key_id = AKIAEP\naws_secret_access_key = hush\n[services mine]\ns3 =\n  endpoint_url = http://127.0.0.1:8\n"
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def invoked(db: Path, *options: str) -> dict[str, str]:
    done = run_program("runner", "invoke", "env", "--runner-db", db, *options)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_endpoints_that_are_given(deployed: Path) -> None:
    found = invoked(deployed, "--endpoint-url", "http://127.0.0.1:4566", "--endpoint-url", "s3=http://127.0.0.1:9000")
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert found["AWS_ENDPOINT_URL_S3"] == "http://127.0.0.1:9000"
    assert found["AWS_ENDPOINT_URL_LAMBDA"] not in ("http://127.0.0.1:4566", "http://127.0.0.1:9")
    assert found["AWS_ACCESS_KEY_ID"].startswith("LOCAL")
    found = invoked(deployed, "--endpoint-url", "lambda=http://127.0.0.1:4567")
    assert found["AWS_ENDPOINT_URL_LAMBDA"] == "http://127.0.0.1:4567"
    assert found["AWS_ENDPOINT_URL"] not in ("http://127.0.0.1:4567", "http://127.0.0.1:9")


def test_a_profile_only_when_it_is_asked_for(deployed: Path, profile: None) -> None:
    assert invoked(deployed)["AWS_ACCESS_KEY_ID"].startswith("LOCAL")
    found = invoked(deployed, "--profile", "dev")
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == ("AKIADEV", "hush")
    assert "AWS_SESSION_TOKEN" not in found
    assert "AWS_ENDPOINT_URL" not in found
    assert found["AWS_ENDPOINT_URL_LAMBDA"].startswith("http://127.0.0.1:")
    found = invoked(deployed, "--profile", "ep")
    assert (found["AWS_ENDPOINT_URL"], found["AWS_ENDPOINT_URL_S3"]) == ("http://127.0.0.1:7", "http://127.0.0.1:8")


def test_what_is_wrong_is_said(deployed: Path, profile: None) -> None:
    for options, text in (
        (["--profile", "absent"], "--profile absent: The config profile (absent) could not be found"),
        (["--endpoint-url", "sqz=http://127.0.0.1:1"], "there is no service sqz: did you mean sqs"),
        (["--endpoint-url", "localhost:4566"], "give http://HOST:PORT"),
        (["--endpoint-url", "http://a", "--endpoint-url", "http://b"], "all services has an endpoint already"),
    ):
        done = run("runner", "invoke", "env", "--runner-db", deployed, *options)
        assert done.exit_code != 0
        assert text in done.stderr, done.stderr
    with pytest.raises(RunnerError, match="profile"):
        profile_variables("nobody")


def test_a_served_runner_with_a_token_lets_its_functions_call_it(deployed: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lambdatui", "runner", "serve", "--runner-db", str(deployed), "--token", "geheim"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        client = boto3.client(
            "lambda", endpoint_url=url, region_name="us-east-1", aws_access_key_id="geheim", aws_secret_access_key="x"
        )
        source = (
            "import boto3\ndef handler(e, c):\n    return len(boto3.client('lambda').list_functions()['Functions'])\n"
        )
        code = {"ZipFile": zipped({"app.py": source})}
        client.create_function(
            FunctionName="lists",
            Runtime=f"python3.{sys.version_info.minor}",
            Handler="app.handler",
            Role=ROLE,
            Code=code,
            Timeout=30,
            MemorySize=512,
        )
        deadline = time.monotonic() + 20
        while (
            client.get_function_configuration(FunctionName="lists")["State"] != "Active" and time.monotonic() < deadline
        ):
            time.sleep(0.1)
        assert client.invoke(FunctionName="lists")["Payload"].read() == b"2"
        refused = run("runner", "invoke", "env", "--runner-db", deployed, "--endpoint-url", "http://127.0.0.1:1")
        assert "give `runner serve` --endpoint-url and --profile instead" in refused.stderr
    finally:
        process.terminate()
        process.wait(20)

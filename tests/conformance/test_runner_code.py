"""Code of functions and layers: from S3, as a ZIP that can be fetched again, and never as an image."""

import base64
import hashlib
import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from lambdatui.runner import aws
from lambdatui.runner.runtimes.python import this_runtime
from tests.support import needs
from tests.support.runner_server import ROLE, Served, served, zipped

pytestmark = needs.linux
SETTINGS: dict[str, Any] = {"Runtime": this_runtime(), "Handler": "app.handler", "Role": ROLE}


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    client.create_bucket(Bucket="code")
    client.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
    yield client
    server.stop()


@pytest.fixture(scope="module")
def runner(s3: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("code") / "runner.db") as one:
        yield one


@pytest.fixture
def endpoint(s3: Any) -> Iterator[None]:
    aws.use_aws({"s3": s3.meta.endpoint_url}, None)
    yield
    aws.use_endpoint(None)


def returns(value: str) -> bytes:
    return zipped({"app.py": f"def handler(e, c):\n    return {value!r}\n"})


def invoked(runner: Served, name: str) -> Any:
    return json.loads(runner.client.invoke(FunctionName=name)["Payload"].read())


def sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def test_code_of_s3_and_of_an_older_version_of_it(runner: Served, s3: Any, endpoint: None) -> None:
    first = s3.put_object(Bucket="code", Key="a/fn 1.zip", Body=returns("first"))["VersionId"]
    s3.put_object(Bucket="code", Key="a/fn 1.zip", Body=returns("second"))
    place = {"S3Bucket": "code", "S3Key": "a/fn 1.zip"}
    created = runner.client.create_function(FunctionName="from-s3", Code=place, **SETTINGS)
    assert (created["CodeSha256"], created["CodeSize"]) == (sha256(returns("second")), len(returns("second")))
    assert invoked(runner, "from-s3") == "second"
    tried = runner.client.update_function_code(FunctionName="from-s3", S3ObjectVersion=first, DryRun=True, **place)
    assert tried["CodeSha256"] == sha256(returns("first"))
    assert invoked(runner, "from-s3") == "second"
    runner.client.update_function_code(FunctionName="from-s3", S3ObjectVersion=first, **place)
    assert invoked(runner, "from-s3") == "first"


def test_a_layer_of_s3(runner: Served, s3: Any, endpoint: None) -> None:
    s3.put_object(Bucket="code", Key="layer.zip", Body=zipped({"python/shared.py": "X = 's3'\n"}))
    content = {"S3Bucket": "code", "S3Key": "layer.zip"}
    layer = runner.client.publish_layer_version(LayerName="s3", Content=content)
    source = "import shared\ndef handler(e, c):\n    return shared.X\n"
    runner.create("with-layer", source, Layers=[layer["LayerVersionArn"]])
    assert invoked(runner, "with-layer") == "s3"
    with urllib.request.urlopen(layer["Content"]["Location"]) as answer:
        assert zipfile.ZipFile(io.BytesIO(answer.read())).namelist() == ["python/shared.py"]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ({"S3Bucket": "absent-bucket", "S3Key": "x"}, "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"),
        ({"S3Bucket": "code", "S3Key": "absent"}, "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."),
        ({"S3Bucket": "code"}, "S3Key is required"),
        ({"S3Bucket": "code", "S3Key": "no.zip"}, "Could not unzip uploaded file"),
        ({"ZipFile": returns("x"), "S3Bucket": "code", "S3Key": "no.zip"}, "Please do not provide other FunctionCode parameters"),
        ({}, "Please provide a source for function code."),
    ],
    ids=["bucket", "key", "no-key", "no-zip", "both", "none"],
)  # fmt: skip
def test_code_that_is_not_there_is_refused_in_lambdas_words(
    runner: Served, s3: Any, endpoint: None, code: dict[str, Any], text: str
) -> None:
    s3.put_object(Bucket="code", Key="no.zip", Body=b"no zip at all")
    with pytest.raises(ClientError, match=text) as refused:
        runner.client.create_function(FunctionName="refused", Code=code, **SETTINGS)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    runner.create("existing", "def handler(e, c):\n    return 1\n")
    with pytest.raises(ClientError, match=text):
        runner.client.update_function_code(FunctionName="existing", **code)
    assert invoked(runner, "existing") == 1
    runner.client.delete_function(FunctionName="existing")


def test_without_an_endpoint_nothing_is_asked_of_aws(runner: Served) -> None:
    with pytest.raises(ClientError, match=r"s3://code/x.zip cannot be fetched.*start it with --endpoint-url URL"):
        runner.client.create_function(FunctionName="no", Code={"S3Bucket": "code", "S3Key": "x.zip"}, **SETTINGS)
    aws.use_aws({"s3": "http://127.0.0.1:9"}, None)
    try:
        with pytest.raises(ClientError, match=r"s3://code/x.zip cannot be fetched: .*127.0.0.1:9"):
            runner.client.create_function(FunctionName="no", Code={"S3Bucket": "code", "S3Key": "x.zip"}, **SETTINGS)
    finally:
        aws.use_endpoint(None)


def test_an_image_is_refused_with_what_to_do_instead(runner: Served) -> None:
    image = {"ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/fn:1"}
    with pytest.raises(ClientError, match=r"Container images are not run.*provided\.al2023.*emulator"):
        runner.client.create_function(FunctionName="image", PackageType="Image", Role=ROLE, Code=image)
    runner.create("zip", "def handler(e, c):\n    return 1\n")
    with pytest.raises(
        ClientError, match="Please don't provide ImageUri when updating a function with packageType Zip"
    ):
        runner.client.update_function_code(FunctionName="zip", **image)


def test_the_code_can_be_fetched_as_it_was_given(runner: Served) -> None:
    runner.client.create_function(FunctionName="given", Code={"ZipFile": returns("v1")}, Publish=True, **SETTINGS)
    runner.client.update_function_code(FunctionName="given", ZipFile=returns("v2"))
    for qualifier, value in (("1", "v1"), ("$LATEST", "v2")):
        location = runner.client.get_function(FunctionName="given", Qualifier=qualifier)["Code"]["Location"]
        with urllib.request.urlopen(location) as answer:
            assert answer.read() == returns(value)
    assert runner.ask("GET", "/_lambdatui/code/functions/given/7")[0] == 404
    assert runner.ask("GET", "/_lambdatui/code/functions/../../etc")[0] == 404


def test_a_folder_in_place_can_be_fetched_too(runner: Served, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(e, c):\n    return 'folder'\n")
    (tmp_path / "alias.py").symlink_to("app.py")
    code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
    runner.client.create_function(FunctionName="folder", Code=code, **SETTINGS)
    location = runner.client.get_function(FunctionName="folder")["Code"]["Location"]
    with urllib.request.urlopen(location) as answer:
        data = answer.read()
    runner.client.create_function(FunctionName="again", Code={"ZipFile": data}, **SETTINGS)
    assert invoked(runner, "again") == "folder"
    assert (Path(runner.runner.functions.by_name["again"].latest["_path"]) / "alias.py").is_symlink()


def test_nothing_stays_of_a_deleted_layer(runner: Served) -> None:
    layer = runner.client.publish_layer_version(LayerName="gone", Content={"ZipFile": zipped({"a": "b"})})
    folder = runner.runner.functions.folder / ".layers" / "gone"
    assert len(list(folder.iterdir())) == 2
    runner.client.delete_layer_version(LayerName="gone", VersionNumber=layer["Version"])
    assert not list(folder.iterdir())

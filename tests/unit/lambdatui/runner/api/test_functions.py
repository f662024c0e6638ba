"""Functions: what creating and changing them refuses, and what is listed of them."""

import base64
import hashlib
import io
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.runtimes.python import this_runtime
from tests.support.runner_server import ROLE, Served, refusal, zipped

SOURCE = "def handler(e, c):\n    return 1\n"
CODE = {"ZipFile": zipped({"app.py": SOURCE})}
SETTINGS = {"Runtime": this_runtime(), "Handler": "app.handler", "Role": ROLE}


@pytest.mark.parametrize("missing", ["FunctionName", "Role", "Code"])
def test_what_a_function_needs(runner: Served, missing: str) -> None:
    document: dict[str, Any] = {"FunctionName": "needs", "Role": ROLE, "Code": {"ZipFile": ""}}
    del document[missing]
    status, headers, body = runner.ask("POST", "/2015-03-31/functions", document)
    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    member = missing[0].lower() + missing[1:]
    assert f"Value null at '{member}' failed to satisfy constraint" in body["message"]


@pytest.mark.parametrize("name", ["fn:1", "arn:aws:lambda:us-east-1:000000000000:function:fn:live"])
def test_a_function_is_not_created_with_a_qualifier(runner: Served, name: str) -> None:
    document = {"FunctionName": name, "Role": ROLE, "Code": {}}
    status, _, body = runner.ask("POST", "/2015-03-31/functions", document)
    assert (status, body["message"]) == (400, "Function name cannot have a qualifier")


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ({"ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/app"}, 400, "Container images are not run"),
        (
            {"S3Bucket": "hot-reload", "S3Key": "relative/folder"},
            400,
            "relative/folder is not a folder on this machine",
        ),
        ({"S3Bucket": "hot-reload", "S3Key": "/no/such/folder"}, 400, "/no/such/folder is not a folder"),
        ({"ZipFile": "%%%"}, 400, "ZipFile is not base64"),
        ({"ZipFile": ""}, 400, "Please provide a source for function code."),
        ({}, 400, "Please provide a source for function code."),
    ],
)
def test_code_that_is_refused(runner: Served, code: dict[str, str], status: int, message: str) -> None:
    document = {"FunctionName": "coded", "Code": code, **SETTINGS}
    got, _, body = runner.ask("POST", "/2015-03-31/functions", document)
    assert got == status
    assert message in body["message"]


def test_a_zip_past_the_quota_is_too_large(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdatui.runner.api.code.ZIPPED_BYTES", 100)
    got = refusal(runner.client.create_function, FunctionName="heavy", Code=CODE, **SETTINGS)
    assert got[:2] == (413, "RequestEntityTooLargeException")
    assert got[2] == "Zipped size must be smaller than 100 bytes"
    assert refusal(runner.client.publish_layer_version, LayerName="heavy", Content=CODE)[0] == 413


def test_two_at_once_become_one(runner: Served) -> None:
    import threading

    outcomes: list[Any] = []

    def create() -> None:
        try:
            outcomes.append(runner.client.create_function(FunctionName="twice", Code=CODE, **SETTINGS)["State"])
        except runner.client.exceptions.ResourceConflictException as error:
            outcomes.append(error.response["Error"]["Message"])

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [*["Function already exist: twice"] * 3, "Pending"]


def test_all_versions_are_listed_page_by_page(runner: Served) -> None:
    runner.client.create_function(FunctionName="paged", Code=CODE, Publish=True, Description="first", **SETTINGS)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:paged"
    listed = [
        function["FunctionArn"]
        for page in runner.client.get_paginator("list_functions").paginate(
            FunctionVersion="ALL", PaginationConfig={"PageSize": 1}
        )
        for function in page["Functions"]
    ]
    assert [one for one in listed if one.startswith(arn)] == [f"{arn}:$LATEST", f"{arn}:1"]
    assert len(set(listed)) == len(listed)
    assert runner.client.get_function(FunctionName="paged", Qualifier="1")["Configuration"]["FunctionArn"] == f"{arn}:1"
    for query in ("MaxItems=x", "Marker=y"):
        status, _, body = runner.ask("GET", f"/2015-03-31/functions?{query}")
        assert (status, body["message"]) == (400, "Invalid pagination token or MaxItems")
    assert runner.ask("GET", "/2015-03-31/functions?MaxItems=0")[1]["x-amzn-errortype"] == "ValidationException"


def test_a_function_tells_its_tags_concurrency_and_code(runner: Served) -> None:
    runner.create("told", SOURCE, Tags={"team": "a"})
    runner.client.put_function_concurrency(FunctionName="told", ReservedConcurrentExecutions=3)
    answer = runner.client.get_function(FunctionName="told")
    assert (answer["Tags"], answer["Concurrency"]) == ({"team": "a"}, {"ReservedConcurrentExecutions": 3})
    with urllib.request.urlopen(answer["Code"]["Location"]) as download:
        archive = download.read()
    assert archive == zipped({"app.py": SOURCE})
    assert base64.b64encode(hashlib.sha256(archive).digest()).decode() == answer["Configuration"]["CodeSha256"]


def test_a_folder_in_place_is_downloaded_as_a_zip(runner: Served, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SOURCE)
    code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
    runner.client.create_function(FunctionName="in-place", Code=code, **SETTINGS)
    with urllib.request.urlopen(runner.client.get_function(FunctionName="in-place")["Code"]["Location"]) as download:
        archive = zipfile.ZipFile(io.BytesIO(download.read()))
    assert {name: archive.read(name).decode() for name in archive.namelist()} == {"app.py": SOURCE}
    assert runner.ask("GET", "/_lambdatui/code/in-place/9")[0] == 404


def test_code_is_changed_tried_and_published(runner: Served) -> None:
    runner.create("coder", SOURCE)
    before = runner.client.get_function_configuration(FunctionName="coder")
    new = zipped({"app.py": "def handler(e, c):\n    return 2\n"})
    tried = runner.client.update_function_code(FunctionName="coder", ZipFile=new, DryRun=True)
    assert tried["CodeSha256"] != before["CodeSha256"]
    assert runner.client.get_function_configuration(FunctionName="coder")["CodeSha256"] == before["CodeSha256"]
    other = "arm64" if before["Architectures"] == ["x86_64"] else "x86_64"
    changed = runner.client.update_function_code(
        FunctionName="coder", ZipFile=new, Architectures=[other], Publish=True, RevisionId=before["RevisionId"]
    )
    assert (changed["Version"], changed["Architectures"]) == ("1", [other])
    status, _, body = runner.ask("PUT", "/2015-03-31/functions/coder/code", {"ZipFile": "", "Architectures": ["vax"]})
    assert (status, body["message"]) == (400, "Please provide a source for function code.")
    stale = refusal(runner.client.update_function_code, FunctionName="coder", ZipFile=new, RevisionId="older")
    assert stale[:2] == (412, "PreconditionFailedException")


def test_versions_are_deleted_unless_they_are_in_use(runner: Served) -> None:
    runner.create("old", SOURCE)
    runner.client.publish_version(FunctionName="old", Description="the first")
    assert runner.client.get_function(FunctionName="old:1")["Configuration"]["Description"] == "the first"
    assert "$LATEST version cannot be deleted" in refusal(runner.client.delete_function, FunctionName="old:$LATEST")[2]
    runner.client.create_alias(FunctionName="old", Name="live", FunctionVersion="1")
    assert refusal(runner.client.delete_function, FunctionName="old:1")[:2] == (409, "ResourceConflictException")
    runner.client.delete_alias(FunctionName="old", Name="live")
    runner.client.delete_function(FunctionName="old", Qualifier="1")
    assert refusal(runner.client.get_function, FunctionName="old:1")[0] == 404


def test_a_published_folder_does_not_change(runner: Served, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(e, c):\n    return 'then'\n")
    code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
    runner.client.create_function(FunctionName="folder", Code=code, Publish=True, **SETTINGS)
    (tmp_path / "app.py").write_text("def handler(e, c):\n    return 'now'\n")
    answers = [runner.client.invoke(FunctionName=name)["Payload"].read() for name in ("folder:1", "folder")]
    assert answers == [b'"then"', b'"now"']
    wrong = runner.client.get_function_configuration(FunctionName="folder")["CodeSha256"][::-1]
    mismatch = refusal(runner.client.publish_version, FunctionName="folder", CodeSha256=wrong)
    assert "is different from current CodeSHA256 in $LATEST" in mismatch[2]


def test_a_body_that_is_no_object_is_a_serialization_error(runner: Served) -> None:
    for body, message in ((b"[]", "Start of structure or map found"), (b"{", "Could not parse request body into json")):
        status, headers, answer = runner.ask("POST", "/2015-03-31/functions", body)
        assert (status, headers["x-amzn-errortype"]) == (400, "SerializationException")
        assert answer["message"].startswith(message)
    assert runner.ask("PATCH", "/2015-03-31/functions")[1]["x-amzn-errortype"] == "UnknownOperationException"

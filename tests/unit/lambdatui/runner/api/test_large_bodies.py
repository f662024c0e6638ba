"""Large ZIPs in requests mean the same as small ones."""

import base64
import json
import os

import pytest

from lambdatui.runner.api import large_bodies
from lambdatui.runner.api.large_bodies import parsed_body
from lambdatui.runner.deployments.unzipping import decode_base64

ZIP = os.urandom(1_500_000)
TEXT = base64.b64encode(ZIP).decode()


@pytest.mark.parametrize("place", ["Code", "Content", None])
def test_a_large_zip_is_cut_out_and_the_rest_is_as_it_was(place: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    whole = large_bodies.parsed_json
    monkeypatch.setattr(large_bodies, "parsed_json", lambda body: parsed.append(len(body)) or whole(body))
    code = {"ZipFile": TEXT, "S3Key": 'a"b'}
    request = {"FunctionName": "f", "Tags": {"ZipFile": "no"}, **({place: code} if place else code)}
    document = parsed_body(json.dumps(request).encode() if place else json.dumps(code | request).encode())
    found = document[place] if place else document
    assert decode_base64(found["ZipFile"]) == ZIP
    found["ZipFile"] = TEXT
    assert document == request
    assert max(parsed) < 1_000


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Code": {"ZipFile": TEXT}}).replace("/", "\\/"),
        json.dumps({"Environment": {"Variables": {"ZipFile": TEXT}}}),
        json.dumps({"Description": "x" * 2_000_000}),
        json.dumps({"Code": {"ZipFile": "\0ZipFile"}, "Content": {"ZipFile": TEXT}}),
        json.dumps([{"ZipFile": TEXT}]),
    ],
    ids=["escaped", "elsewhere", "none", "marked", "list"],
)
def test_every_other_body_is_parsed_whole(body: str) -> None:
    assert parsed_body(body.encode()) == json.loads(body)


def test_a_body_that_ends_too_early_is_no_json() -> None:
    with pytest.raises(ValueError, match="ntermin"):
        parsed_body(b'{"ZipFile": "' + b"A" * 2_000_000)

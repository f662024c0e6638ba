"""A source of which a part is not read is told of, with exit code 3, whatever the part was; the rest is kept."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.log_forms import PLAIN, TWO, jsonl
from tests.support.log_forms_printed import events

MANY = PLAIN + "".join(f"line {number} of a program\n" for number in range(500))
SUBSCRIPTION = {
    "messageType": "DATA_MESSAGE",
    "logGroup": "/aws/lambda/orders",
    "logStream": "s",
    "logEvents": events(),
}


def packed(value: object) -> bytes:
    return gzip.compress(json.dumps(value).encode(), mtime=0)


PARTLY = {
    "a truncated gzip": (gzip.compress(MANY.encode(), mtime=0)[:-20], "truncated gzip data"),
    "a line that is too long": ((PLAIN + "x" * (3 << 20) + "\n").encode(), "line longer than 1 MB"),
    "a quoted line that is too long": (b"".join(b"> " + line + b"\n" for line in (*PLAIN.encode().split(b"\n"), b"x" * (6 << 20))), "line longer than 1 MB"),
    "a document that is cut": (json.dumps({"events": events()}, indent=1).encode()[:-40], "cut off"),
    "a subscription that is cut": (json.dumps({"awslogs": {"data": base64.b64encode(packed(SUBSCRIPTION)[:-9]).decode()}}).encode(), "truncated gzip data in a payload"),
    "printed values that are cut": (("[" + ", ".join(f"{{ timestamp: {each['timestamp']}, message: {each['message']!r} }}" for each in events()) + ", { timestamp: 1, message: 'x").encode(), "do not end"),
}  # fmt: skip
LONG = {
    "a web page": (f"<html><body><pre>{MANY * 20}</pre></body></html>".encode(), "64 MB"),
    "printed values": (("[" + ", ".join(f"{{ timestamp: {each['timestamp']}, message: {each['message']!r} }}" for each in events() * 9) + "]").encode(), "16 million"),
    "a bomb": (json.dumps({"awslogs": {"data": base64.b64encode(packed({**SUBSCRIPTION, "more": "x" * 9_000})).decode()}}).encode(), "larger than 64 MB"),
}  # fmt: skip


def told(tmp_path: Path, data: bytes) -> tuple[int, str, str]:
    path, store = tmp_path / "export.log", tmp_path / "store.db"
    path.write_bytes(data)
    result = run("--db", store, "import", "--function", "given", path, "--json")
    assert json.loads(result.stdout)["rejected"] > 0
    return result.exit_code, result.stderr, run("--db", store, "db", "info").stdout


@pytest.mark.parametrize("name", PARTLY)
def test_a_source_that_is_cut_is_partly_read(tmp_path: Path, name: str) -> None:
    data, reason = PARTLY[name]
    code, said, info = told(tmp_path, data)
    assert (code, "export.log was read in part" in said, reason in info) == (3, True, True)


@pytest.mark.parametrize("name", LONG)
def test_what_is_longer_than_is_read_is_told(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("markup", "notations", "reader", "payloads"):
        monkeypatch.setattr(f"collectors.sources.files.{module}.LARGEST", 2_000)
    data, reason = LONG[name]
    code, said, info = told(tmp_path, data)
    assert (code, "export.log was read in part" in said, reason in info) == (3, True, True)


def test_what_was_read_whole_is_done(tmp_path: Path) -> None:
    path = tmp_path / "export.log"
    path.write_text(jsonl(events()) + "no JSON\n")
    result = run("--db", tmp_path / "store.db", "import", path, "--json")
    assert (result.exit_code, json.loads(result.stdout)["rejected"], "in part" in result.stderr) == (0, 1, False)
    assert TWO in run("--db", tmp_path / "store.db", "--range", "all", "invocations", "--json").stdout

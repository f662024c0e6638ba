"""OTLP logs from files: JSON and protobuf, in every framing that the collector and SDKs write, cut and garbled too."""

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from google.protobuf.json_format import MessageToJson
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from collectors.ingest.engine import import_files
from collectors.ingest.results import ImportResult
from collectors.model.records import FunctionKey
from collectors.sources.otlp.framing import Framing, framing_of
from collectors.store.read.reader import Reader
from tests.support.command_line import rows, run
from tests.support.printed_statements import EVER, everything

T0 = 1_762_250_400_000  # 2025-11-04T10:00:00Z
REQUESTS = ("6b1e5a0c-3f7d-4b62-9a4e-1d2c3b4a5f60", "c94f7e21-80ab-4d15-b6c3-5e6f7a8b9c0d")
STREAM = "2025/11/04/[$LATEST]fedcba98765432100123456789abcdef"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
DEFAULTS = FunctionKey("")


def attribute(holder: Any, key: str, value: Any) -> None:
    added = holder.attributes.add(key=key)
    if isinstance(value, int):
        added.value.int_value = value
    elif isinstance(value, list):
        for each in value:
            added.value.array_value.values.add(string_value=each)
    else:
        added.value.string_value = value


def request(number: int, *, resource: dict[str, Any] | None = None) -> ExportLogsServiceRequest:
    """One invocation, as the records of one request."""
    made = ExportLogsServiceRequest()
    logs = made.resource_logs.add()
    for key, value in (resource or {"cloud.resource_id": ARN, "faas.instance": STREAM, "faas.max_memory": 128}).items():
        attribute(logs.resource, key, value)
    scope = logs.scope_logs.add()
    scope.scope.name = "collector"
    begin = T0 + number * 10_000
    figures = "\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t"
    texts = (
        f"START RequestId: {REQUESTS[number]} Version: $LATEST",
        f"said {number}",
        f"END RequestId: {REQUESTS[number]}",
        f"REPORT RequestId: {REQUESTS[number]}{figures}",
    )
    for place, text in enumerate(texts):
        record = scope.log_records.add(severity_number=9, severity_text="INFO")
        record.time_unix_nano = (begin + place) * 1_000_000
        record.observed_time_unix_nano = (begin + 5_000) * 1_000_000
        record.body.string_value = text
        record.trace_id = bytes(range(16))
    return made


def as_json(message: ExportLogsServiceRequest, *, pretty: bool = False, snake: bool = False) -> str:
    """OTLP's own JSON: ids are in hex, which protobuf's mapping would give as base64."""
    value = json.loads(MessageToJson(message, preserving_proto_field_name=snake))

    def hexed(part: Any) -> None:
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
            if key in ("traceId", "trace_id"):
                part[key] = "000102030405060708090a0b0c0d0e0f"
            hexed(inner)

    hexed(value)
    return json.dumps(value, indent=2 if pretty else None)


def fixed(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


def delimited(payload: bytes) -> bytes:
    length, digits = len(payload), bytearray()
    while length > 0x7F:
        digits.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes((*digits, length)) + payload


TWO = [request(0), request(1)]
BOTH = ExportLogsServiceRequest(resource_logs=[logs for one in TWO for logs in one.resource_logs])
FILES: dict[str, bytes] = {
    "a JSON object": as_json(BOTH).encode(),
    "a request a line": "".join(f"{as_json(one)}\n" for one in TWO).encode(),
    "JSON over lines": as_json(BOTH, pretty=True).encode(),
    "JSON over lines, one after the other": "\n".join(as_json(one, pretty=True) for one in TWO).encode(),
    "a JSON list": f"[{','.join(map(as_json, TWO))}]".encode(),
    "snake case": as_json(BOTH, snake=True).encode(),
    "one message": BOTH.SerializeToString(),
    "messages with lengths": b"".join(delimited(one.SerializeToString()) for one in TWO),
    "the collector's protobuf": b"".join(fixed(one.SerializeToString()) for one in TWO),
    "the collector's protobuf in zstd": b"".join(
        fixed(zstandard.ZstdCompressor().compress(one.SerializeToString())) for one in TWO
    ),
    "the collector's JSON in zstd": b"".join(
        fixed(zstandard.ZstdCompressor().compress(as_json(one).encode())) for one in TWO
    ),
}


def bring_in(folder: Path, content: bytes, name: str = "export.bin") -> ImportResult:
    path = folder / name
    path.write_bytes(content)
    return import_files([str(path)], db=folder / "store.db", defaults=DEFAULTS)


def rejected(db: Path) -> set[str]:
    with Reader(db) as reader:
        return {reason for (reason,) in reader.select("SELECT reason FROM rejects")}


@pytest.mark.parametrize("name", FILES)
def test_the_same_records_give_the_same_store(tmp_path: Path, name: str) -> None:
    """Whatever the framing: two invocations, of the function, account, region and stream that the resource names."""
    result = bring_in(tmp_path, FILES[name])
    assert (result.invocations, result.rejected, result.failures, result.partly) == (2, 0, [], [])
    (tmp_path / "json").mkdir()
    bring_in(tmp_path / "json", FILES["a JSON object"])
    assert everything(tmp_path / "store.db", (EVER,)) == everything(tmp_path / "json" / "store.db", (EVER,))
    found = rows(run("--db", tmp_path / "store.db", "--range", "all", "invocations", "--json"))
    assert {(row["request_id"], row["function"], row["billed_ms"]) for row in found} == {
        (each, "orders", 13) for each in REQUESTS
    }
    with Reader(tmp_path / "store.db") as reader:
        (row,) = reader.functions()
        assert row.function.key == FunctionKey("orders", "123456789012", "eu-west-1")
        assert reader.select("SELECT name FROM streams") == [(STREAM,)]
    shown = json.loads(run("--db", tmp_path / "store.db", "invocation", REQUESTS[0], "--json").stdout)
    assert "said 0" in json.dumps(shown)
    again = bring_in(tmp_path, FILES[name])
    assert (again.invocations, again.duplicates > 0) == (0, True)


@pytest.mark.parametrize(
    ("resource", "function"),
    [
        ({"faas.name": "orders"}, "orders"),
        ({"aws.lambda.function_name": "orders"}, "orders"),
        ({"faas.id": ARN}, "orders"),
        ({"aws.lambda.invoked_arn": f"{ARN}:live"}, "orders"),
        ({"aws.log.group.names": ["/aws/lambda/orders"]}, "orders"),
        ({"service.name": "orders", "cloud.platform": "aws_lambda"}, "orders"),
        ({"service.name": "orders"}, "export"),
        ({}, "export"),
    ],
)
def test_the_function_is_the_one_that_the_resource_names(
    tmp_path: Path, resource: dict[str, Any], function: str
) -> None:
    bring_in(tmp_path, request(0, resource={**resource, "none": 1}).SerializeToString())
    (row,) = rows(run("--db", tmp_path / "store.db", "--range", "all", "invocations", "--json"))
    assert row["function"] == function


def test_records_of_one_stream_that_name_their_invocation_belong_to_it(tmp_path: Path) -> None:
    """As Lambda's telemetry receiver of the collector writes them: no stream, and the id is an attribute alone."""
    mixed = ExportLogsServiceRequest()
    logs = mixed.resource_logs.add()
    attribute(logs.resource, "faas.name", "orders")
    scope = logs.scope_logs.add()
    both = [record for one in TWO for record in one.resource_logs[0].scope_logs[0].log_records]
    for number, place in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 2), (1, 2), (0, 3), (1, 3)):
        record = scope.log_records.add()
        record.CopyFrom(both[number * 4 + place])
        record.time_unix_nano = (T0 + number + 10 * place) * 1_000_000
        attribute(record, "faas.invocation_id", REQUESTS[number])
    assert bring_in(tmp_path, mixed.SerializeToString()).invocations == 2
    for number, request_id in enumerate(REQUESTS):
        text = run("--db", tmp_path / "store.db", "invocation", request_id).stdout
        assert (f"said {number}" in text, f"said {1 - number}" in text) == (True, False)
        assert '"level":"INFO"' in text
        assert '"traceId":"000102030405060708090a0b0c0d0e0f"' in text


BODIES: dict[str, tuple[Callable[[Any], None], str]] = {
    "an object": (lambda body: body.kvlist_value.values.add(key="a").value.CopyFrom(_of(int_value=1)), '{"a":1}'),
    "a list": (lambda body: body.array_value.values.add(bool_value=True), "[true]"),
    "a number": (lambda body: setattr(body, "int_value", 2**53 + 1), "9007199254740993"),
    "a fraction": (lambda body: setattr(body, "double_value", 0.5), "0.5"),
    "bytes of a text": (lambda body: setattr(body, "bytes_value", "héllo".encode()), "héllo"),
    "bytes of none": (lambda body: setattr(body, "bytes_value", b"\xff\xfe"), "//4="),
}


def _of(**value: Any) -> Any:
    return type(request(0).resource_logs[0].scope_logs[0].log_records[0].body)(**value)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("form", ["JSON", "protobuf"])
def test_a_body_of_any_kind_is_a_text(tmp_path: Path, name: str, form: str) -> None:
    fill, text = BODIES[name]
    one = request(0)
    fill(one.resource_logs[0].scope_logs[0].log_records[1].body)
    result = bring_in(tmp_path, one.SerializeToString() if form == "protobuf" else as_json(one).encode())
    assert (result.invocations, result.rejected) == (1, 0)
    assert text in [line for _, _, line in everything(tmp_path / "store.db", (EVER,))["lines"]]


def test_time_is_when_it_happened_else_when_it_was_seen(tmp_path: Path) -> None:
    one = request(0)
    for record in one.resource_logs[0].scope_logs[0].log_records:
        record.time_unix_nano = 0
    bring_in(tmp_path, one.SerializeToString())
    (row,) = rows(run("--db", tmp_path / "store.db", "--range", "all", "invocations", "--json"))
    assert row["started_at"].startswith("2025-11-04T10:00:05")


def test_spans_and_metrics_beside_logs_are_counted(tmp_path: Path) -> None:
    content = as_json(TWO[0]) + '\n{"resourceSpans": []}\n{"resourceMetrics": []}\n{"other": 1}\n' + as_json(TWO[1])
    assert (bring_in(tmp_path, content.encode()).invocations) == 2
    assert rejected(tmp_path / "store.db") == {"OTLP traces", "OTLP metrics", "no OTLP request of logs"}


def test_protobuf_without_the_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("opentelemetry.proto.collector")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.collector.logs.v1.logs_service_pb2", None)
    result = bring_in(tmp_path, FILES["one message"])
    assert result.failures == [
        f"{tmp_path / 'export.bin'}: it is OTLP as protobuf, which needs opentelemetry-proto;"
        " pip install 'lambdatui[otlp]'"
    ]
    assert bring_in(tmp_path, FILES["a JSON object"]).invocations == 2


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_cut_and_garbled_files_are_rejects_and_never_wrong(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("otlp")
    content = bytearray(FILES[name][: data.draw(st.integers(8, len(FILES[name])))])
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = folder / "export.otlp"
    path.write_bytes(content)
    result = import_files([str(path)], db=folder / "store.db", defaults=DEFAULTS, source="otlp")
    assert result.failures == []
    assert result.invocations <= 8
    if len(content) < len(FILES[name]) - 200:
        assert result.rejected or result.partly or result.invocations < 2


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
@settings(max_examples=300)
def test_no_beginning_of_a_file_raises(head: bytes) -> None:
    framing_of(head)


def test_what_is_no_otlp_is_not_taken_for_it() -> None:
    others = [
        b"", b"\n\n\nSTART RequestId: x Version: $LATEST\n", b'{"timestamp": 1, "message": "x"}\n', b"\0\0\0\1\0\0\0\2",
        b'{"resourceSpans": []}', bytes(range(256)), b"\n{\n", b"\x00\x00\x00\x05hello",
    ]  # fmt: skip
    assert [framing_of(each) for each in others] == [None] * len(others)
    assert framing_of(FILES["one message"][:40]) is Framing.SINGLE
    assert framing_of(FILES["the collector's protobuf"][:40]) is Framing.FIXED
    assert framing_of(FILES["messages with lengths"][:40]) is Framing.VARINT

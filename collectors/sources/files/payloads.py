"""Events within payloads: what AWS passes on encoded (Lambda's answer, subscriptions, Kinesis, Firehose), with OTLP in
it.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from collectors.sources.files.http_answers import bodies, log_results
from collectors.sources.inputs.otlp_records import is_request, records_of_json
from collectors.sources.inputs.platform_heads import HEADS
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_bytes, json_value

LARGEST = 64 << 20  # bytes of one payload, unpacked: a megabyte of gzip may hold a gigabyte
_BASE64 = re.compile(r"[A-Za-z0-9+/\-_\s]+={0,2}\s*")
_DATA_KEYS = ("data", "Data")
_GZIP_BASE64 = "H4sI"
_BEGINNINGS = (_GZIP_BASE64, "U1RBUlQg", "SU5JVF9T")  # and START and INIT_S
_INVOKED = re.compile(
    rb"^(?:[\s|\"']*LogResult[\s|:\"']+|(?:[^\s]{1,40}\t){1,2})([A-Za-z0-9+/]{60,}={0,2})(?=[\s|,\"']|\Z)", re.MULTILINE
)
_HEADER = re.compile(rb"(?i)x-amz-log-result[\"']?\s*[:=,]\s*b?[\"']?([A-Za-z0-9+/]{60,}={0,2})")
_GZIP_TOKEN = re.compile(rb"(?<![A-Za-z0-9+/])H4sI[A-Za-z0-9+/]{60,}={0,2}")
_PLATFORM = re.compile(rf"(?m)^[^\n]{{0,200}}(?:{HEADS})")


class Text(str):
    """Plain log lines out of a payload."""


class CutPayload(NamedTuple):
    """Comes after the readable part of a payload that is damaged, or larger than ``LARGEST``."""

    reason: str


def payload_of(line: Mapping[str, Any]) -> Iterator[Any] | None:
    """What a payload holds: decoded JSON values, ``Text`` and OTLP's records; None where ``line`` is no payload."""
    if isinstance(tail := line.get("LogResult"), str):
        return _texts(tail)
    if isinstance(message := line.get("Message"), str) and (
        "TopicArn" in line or "MessageId" in line or line.get("Type") == "Notification"
    ):
        return _texts(message, plainly=True)  # of SNS
    subscription = line.get("awslogs")
    if isinstance(subscription, dict) and isinstance(subscription.get("data"), str):
        return _texts(subscription["data"])
    if is_request(line):
        return records_of_json(line)
    for key in ("Records", "records", "Messages"):
        if isinstance(line.get(key), list) and line[key] and all(isinstance(each, dict) for each in line[key]):
            found = [_record_data(each) for each in line[key]]
            if all(each is not None for each in found):
                return (value for each in found if each is not None for value in each)
    if tails := [tail for tail in log_results(line) if _decoded(tail)]:
        return (value for tail in tails for value in _texts(tail))
    if answered := bodies(line):
        return (value for body in answered for value in _values(body))
    return None


def text_payload(text: str) -> list[Any] | None:
    """What a line of base64 holds, if it is gzip; None for any other line."""
    stripped = text.strip().strip("\"',")
    if not stripped.startswith(_BEGINNINGS) or not _BASE64.fullmatch(stripped):
        return None
    return list(_texts(stripped)) if _decoded(stripped) is not None else None


def invoked(head: bytes) -> list[dict[str, str]]:
    """The logs that ``aws lambda invoke --log-type Tail`` gave as YAML, a table or text, and those in the headers of
    Lambda's answer, as ``--debug`` and curl print them; none where there is none."""
    tails = [found[1].decode("ascii") for form in (_INVOKED, _HEADER) for found in form.finditer(head)]
    once = dict.fromkeys(tail for tail in tails if b"RequestId: " in (_decoded(tail) or b""))
    return [{"LogResult": tail} for tail in once]


def text_within(value: Any) -> str:
    """The log that stands as text within JSON that is none: a notebook's output, a chat's messages. Empty if none."""
    if b"RequestId: " not in encoded_bytes(value):
        return ""
    return "\n".join(text for text in _strings(value, 0) if _PLATFORM.search(text))


def encoded_bytes(value: Any) -> bytes:
    """``value`` as JSON; empty where it cannot be."""
    try:
        return json_bytes(value)
    except Unparsable:
        return b""


def _strings(value: Any, depth: int) -> Iterator[str]:
    """The texts in a value; a list of lines is one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and depth < 40:
        for inner in value.values():
            yield from _strings(inner, depth + 1)
    elif isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        yield ("" if value[0].endswith("\n") else "\n").join(value)
    elif isinstance(value, list) and depth < 40:
        for inner in value:
            yield from _strings(inner, depth + 1)


def _record_data(record: Mapping[str, Any]) -> Iterator[Any] | None:
    """The data of one record of Kinesis, Firehose, SQS or SNS; None where it has none."""
    for holder in (record, record.get("kinesis"), record.get("Sns"), record.get("dynamodb")):
        if not isinstance(holder, dict):
            continue
        for key in (*_DATA_KEYS, "body", "Body", "Message", "rawData"):
            if isinstance(holder.get(key), str):
                return _texts(holder[key], plainly=key in ("body", "Body", "Message"))
    return None


def _texts(encoded: str, *, plainly: bool = False) -> Iterator[Any]:
    opened = None if plainly and not encoded.startswith(_GZIP_BASE64) else _opened(encoded)
    yield from _values(opened[0] if opened is not None else encoded.encode("utf-8", "replace"))
    if opened is not None and opened[1]:
        yield CutPayload(opened[1])


def _decoded(text: str) -> bytes | None:
    """Base64, and gzip within it, however often; None where it is no base64."""
    opened = _opened(text)
    return opened[0] if opened is not None else None


def _opened(text: str) -> tuple[bytes, str] | None:
    """The bytes of base64, and of gzip within it, and why they are not all of it ("" where they are); None where it is
    no base64.
    """
    if not _BASE64.fullmatch(text):
        return None
    compact = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        plain = base64.b64decode(compact + "=" * (-len(compact) % 4))
    except (binascii.Error, ValueError):
        return None
    fault = ""
    for _ in range(3):
        if plain[:4] == _GZIP_BASE64.encode() and (again := _opened(plain.decode("ascii", "replace"))) is not None:
            plain, fault = again[0], fault or again[1]
        if plain[:2] != b"\x1f\x8b":
            break
        plain, cut = _unzipped(plain)
        fault = fault or cut
    return plain, fault


def _unzipped(data: bytes) -> tuple[bytes, str]:
    """All members of a gzip, and why they are not all ("" where they are); reading ends at damage."""
    pieces: list[bytes] = []
    size = 0
    while data[:2] == b"\x1f\x8b" and size < LARGEST:
        member = zlib.decompressobj(wbits=31)
        try:
            piece = member.decompress(data, LARGEST - size)
        except zlib.error:
            return b"".join(pieces), "damaged gzip data in a payload"
        pieces.append(piece)
        size += len(piece)
        if not member.eof:
            return b"".join(pieces), (
                "a payload larger than 64 MB: read to there" if size >= LARGEST else "truncated gzip data in a payload"
            )
        data = member.unused_data
    return b"".join(pieces), ""


def _values(plain: bytes) -> Iterator[Any]:
    """JSON values one after another, else lines of a log."""
    from collectors.sources.files.documents import DamagedDocument, JsonDocuments

    text = plain.decode("utf-8", "replace")
    head = text.lstrip()[:2]
    if not (head[:1] == "{" or head in ("[{", "[[")):
        yield Text(text)
        return
    try:
        yield json_value(text)
        return
    except Unparsable:
        pass
    try:
        for value, around in JsonDocuments(iter((plain,))).values():
            yield {**around, "events": [value]} if around else value
    except DamagedDocument:
        yield Text(text)


def spelled_json(text: str) -> Any:
    """The JSON that a text is; None where it is none, or no object or list."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return json_value(text)
    except Unparsable:
        return None


def holds_gzip(head: bytes) -> bool:
    """Whether a gzip in base64 stands in every line, but for one that names columns."""
    lines = [line for line in head.split(b"\n") if line.strip()]
    return sum(_GZIP_TOKEN.search(line) is not None for line in lines) >= max(1, len(lines) - 1)


def gzips(data: bytes) -> list[bytes]:
    """Every gzip in base64 that stands in ``data``."""
    return _GZIP_TOKEN.findall(data)

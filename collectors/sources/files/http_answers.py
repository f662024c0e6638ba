"""Answers of AWS as browsers and HTTP clients keep them: HAR files, Postman's collections, headers that were printed.

Sources: the HAR 1.2 specification (``log.entries[].response.content``), Postman's collection schema v2.1
(``item[].response[].body``), and Lambda's Invoke API, whose header ``X-Amz-Log-Result`` has the log's end.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

_DEEPEST = 24
_HEADER = "x-amz-log-result"
_KEEPERS = ("headers", "header", "response", "responses", "item", "resources", "Headers", "HTTPHeaders", "requests")
_OF_LAMBDA = ("RequestId: ", "platform.", "LogResult", "awslogs", "@message")


def log_results(line: Mapping[str, Any]) -> list[str]:
    """The texts in base64 that stand under the header's name; none where ``line`` keeps no HTTP answer."""
    if not _is_archive(line) and not any(isinstance(line.get(key), dict | list) for key in _KEEPERS):
        return []
    return list(dict.fromkeys(_headers(line, 0)))


def bodies(line: Mapping[str, Any]) -> list[bytes]:
    """The bodies of answers that may hold log lines; none where ``line`` is neither a HAR file nor a collection."""
    if not _is_archive(line) and not (isinstance(line.get("item"), list) and isinstance(line.get("info"), dict)):
        return []
    found = (body for body in _texts(line, 0) if any(mark.encode() in body for mark in _OF_LAMBDA))
    return list(dict.fromkeys(found))


def _is_archive(line: Mapping[str, Any]) -> bool:
    log = line.get("log")
    return isinstance(log, dict) and isinstance(log.get("entries"), list)


def _headers(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _headers(inner, depth + 1)
    elif isinstance(value, dict):
        named = next((value[key] for key in ("name", "key") if isinstance(value.get(key), str)), "")
        if named.lower() == _HEADER and isinstance(value.get("value"), str):
            yield value["value"]
        for key, inner in value.items():
            if isinstance(key, str) and key.lower() == _HEADER:
                given = inner[0] if isinstance(inner, list) and inner else inner
                if isinstance(given, str):
                    yield given
            else:
                yield from _headers(inner, depth + 1)


def _texts(value: Any, depth: int) -> Iterator[bytes]:
    """The texts of answers within a value; those of requests are left out."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth + 1)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in ("text", "body") and isinstance(inner, str):
                yield _plain(inner, value.get("encoding"))
            elif key not in ("request", "originalRequest", "postData"):
                yield from _texts(inner, depth + 1)


def _plain(text: str, encoding: Any) -> bytes:
    if encoding == "base64":
        try:
            return base64.b64decode(text)
        except (binascii.Error, ValueError):
            return b""
    return text.encode("utf-8", "replace")

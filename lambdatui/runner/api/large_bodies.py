"""Requests with large ZIPs: parsing megabytes of base64 as JSON would hold up all calls for a third of a second."""

import re
from typing import Any

from lambdatui.runner.untrusted import parsed_json

_LARGE_BYTES = 1 << 20
_ZIP_FILE = re.compile(rb'"ZipFile"\s*:\s*"')
_MARK = "\0ZipFile"
_JSON_MARK = b"\\u0000ZipFile"


def parsed_body(body: bytes) -> Any:
    """The JSON of a request's body; of a large one, ``ZipFile`` is a memoryview of its base64. Raises ValueError."""
    start, end = _large_text(body) if len(body) > _LARGE_BYTES else (0, 0)
    if start == end or body.find(b"\\", start, end) >= 0:
        return parsed_json(body)
    document = parsed_json(body[:start] + _JSON_MARK + body[end:])
    places = [document, *(document.get(name) for name in ("Code", "Content"))] if isinstance(document, dict) else []
    marked = [place for place in places if isinstance(place, dict) and place.get("ZipFile") == _MARK]
    if len(marked) != 1:
        return parsed_json(body)
    marked[0]["ZipFile"] = memoryview(body)[start:end]
    return document


def _large_text(body: bytes) -> tuple[int, int]:
    """Where the text of the first large ``ZipFile`` begins and ends; the same number where there is none."""
    position = 0
    while (match := _ZIP_FILE.search(body, position)) is not None:
        position = body.find(b'"', match.end())
        if position < 0:
            break
        if position - match.end() > _LARGE_BYTES // 2:
            return match.end(), position
    return 0, 0

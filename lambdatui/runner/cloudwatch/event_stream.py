"""Messages of ``application/vnd.amazon.eventstream``, as Smithy encodes them ("Event stream")."""

import json
import struct
import zlib
from typing import Any

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_TEXT = 7  # a header's type


def event(kind: str, document: Any) -> bytes:
    """An event of a stream; ``initial-response`` is the first one where the protocol is JSON."""
    return _message({":message-type": "event", ":event-type": kind, ":content-type": "application/json"}, document)


def exception(code: str, message: str) -> bytes:
    """The end of a stream by an error of the operation's model."""
    headers = {":message-type": "exception", ":exception-type": code, ":content-type": "application/json"}
    return _message(headers, {"message": message})


def _message(headers: dict[str, str], document: Any) -> bytes:
    head = b"".join(_header(name, value) for name, value in headers.items())
    payload = json.dumps(document, separators=(",", ":")).encode()
    prelude = struct.pack(">II", len(head) + len(payload) + 16, len(head))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", _TEXT, len(text)) + text

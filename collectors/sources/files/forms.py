"""The form of an exported file, recognised by its first bytes and never by its name."""

import re
from enum import Enum

from collectors.sources.files.notations import is_notation
from collectors.sources.files.wrappings import is_container
from collectors.sources.inputs.platform_heads import HEADS
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value

_BINARY_MAGIC = (b"SQLite format 3", b"PAR1", b"\x7fELF", b"%PDF", b"\x89PNG", b"Obj\x01", b"\xff\xd8\xff")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1d\x7f]")
_PLATFORM_LINE = re.compile(rb"(?:(?:\x1b\[[0-9;]*m)*\d{4}-\d\d-\d\dT[\d:.]+\S* )?(?:%s)" % HEADS.encode())
_MESSAGES = re.compile(rb'"(?:[^"\\]|\\.)*"\s*(?:,\s*(?:"|\d)|\]\s*\Z|\Z)')
_OBJECT = re.compile(rb'\{\s*(?:\}|\Z|"(?:(?:[^"\\]|\\.)*"\s*(?::|\Z)|(?:[^"\\]|\\.)*\Z))')
_ROWS = re.compile(rb'\[(?:\d{10,19}|"[^"\n]*"), ?[^\n]*"\]\s*\n\s*\[')  # a row of cells on each line
_ROW_BEGINS = re.compile(rb"\d{13},(?=\s*\")")
_LOOKED_AT = 40  # lines


class Form(Enum):
    """The forms of files."""

    EMPTY = "empty"
    BINARY = "binary"
    JSON_LINES = "JSON lines"
    DOCUMENT = "JSON document"
    TEXT = "text"


def form_of(head: bytes) -> Form:
    """The form of a file that begins with ``head``, whose last line may be cut."""
    stripped = head.lstrip(b" \t\r\n,\x1e")
    if not stripped:
        return Form.EMPTY
    # A stray NUL does not make a log binary; in random bytes one of ten is such a character.
    if head.startswith(_BINARY_MAGIC) or len(_CONTROLS.findall(head)) > max(2, len(head) // 50):
        return Form.BINARY
    if stripped[:1] == b"[":
        if _ROWS.match(stripped):
            return Form.JSON_LINES
        return Form.DOCUMENT if _is_array(stripped) and not is_notation(stripped) else Form.TEXT
    lines = [line.strip() for line in stripped.split(b"\n")[:_LOOKED_AT] if line.strip()]
    if any(_PLATFORM_LINE.match(line) for line in lines):
        return Form.TEXT  # with an application that logs in JSON
    objects = sum(_object(line) is not None for line in lines)
    if stripped[:1] == b"{":
        first = _object(lines[0])
        if first is not None:
            return Form.DOCUMENT if is_container(first) else Form.JSON_LINES
        if objects * 2 < len(lines) and _may_be_object(stripped):
            return Form.DOCUMENT
    return Form.JSON_LINES if objects * 2 >= len(lines) else Form.TEXT


def _object(line: bytes) -> dict[str, object] | None:
    if line[:1] != b"{" or line[-1:] != b"}":
        return None
    try:
        value = json_value(line.decode("utf-8", "replace"))
    except Unparsable:
        return None
    return value if isinstance(value, dict) else None


def _is_array(head: bytes) -> bool:
    """``[{`` or ``[[`` or ``[]`` begin an array of events; ``[ERROR] x`` and ``[INFO]\\t...`` begin a log line."""
    inner = head[1:].lstrip()
    if inner[:1] == b'"':  # of messages, as --query 'events[].message' gives them
        return _MESSAGES.match(inner) is not None
    if (number := _ROW_BEGINS.match(inner)) is not None:
        return number.group().endswith(b",")
    if inner[:1] == b"[" and inner[1:].lstrip()[:1] not in (b"", *(bytes((each,)) for each in b'"{[]-0123456789tfn')):
        return False  # [[events]] of TOML
    if inner[:1] == b"{" and not _may_be_object(inner):
        return False
    return inner[:1] in (b"{", b"[", b"]", b"")


def _may_be_object(head: bytes) -> bool:
    """``{"key":`` begins an object that is spread over lines, or runs into the next one without a newline."""
    return _OBJECT.match(head) is not None

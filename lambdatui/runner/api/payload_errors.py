"""What AWS says of a payload that is no JSON: the words of its parser, with the line and the column."""

import re
from json import JSONDecodeError

_WHERE = " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
_VALUE = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"
_TOKEN = re.compile(rb"[A-Za-z_$][A-Za-z0-9_$]*")


def payload_error(body: bytes, error: ValueError) -> str:
    """The text for ``body``, of which ``parsed_json`` says ``error``."""
    cause = error.__cause__
    if isinstance(cause, UnicodeDecodeError):
        if body[: cause.start].strip():
            return _at(body, cause.start + 1, f"Invalid UTF-8 start byte 0x{body[cause.start]:x}")
        return _unexpected(body, cause.start, body[cause.start])
    if not isinstance(cause, JSONDecodeError):
        return str(error)
    start = len(cause.doc[: cause.pos].encode("utf-8", "surrogatepass"))
    if start >= len(body.rstrip()):
        return _at(body, len(body), "Unexpected end-of-input")
    if cause.msg == "Expecting value":
        if match := _TOKEN.match(body, start):
            return _at(body, match.end(), f"Unrecognized token '{match[0].decode()}': was expecting ({_VALUE})")
        return _unexpected(body, start, ord(cause.doc[cause.pos]))
    return _at(body, start, cause.msg)


def _unexpected(body: bytes, start: int, code: int) -> str:
    is_control = code < 32 or 127 <= code < 160
    shown = f"(CTRL-CHAR, code {code})" if is_control else f"'{chr(code)}' (code {code})"
    return _at(body, start, f"Unexpected character ({shown}): expected a valid value ({_VALUE})")


def _at(body: bytes, end: int, problem: str) -> str:
    line = body.count(b"\n", 0, end) + 1
    column = end - (body.rfind(b"\n", 0, end) + 1) + 1
    return f"Could not parse payload into json: {problem}\n{_WHERE.format(line, column)}"

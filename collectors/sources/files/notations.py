"""Values as programs print them: Ruby's ``inspect``, Node's ``console.log``, the SDK for Go, Logstash's rubydebug.

They are like JSON in another spelling: names without quotes or after a colon, ``=>`` for the colon, single quotes,
``nil``, and bare words where JSON has strings.
"""

import re
from collections.abc import Iterator
from typing import Any

LARGEST = 16 << 20  # characters that are read as values
_DEEPEST = 200
_BEGINS = re.compile(
    rb"\s*(?:\[\s*)*(?:&?[\w.:%]*\{\s*(?::\w+\s*=>|[\"'][\w@.]+[\"']\s*=>|[A-Za-z_]\w*:\s|:[\w-]+\s)|\[\s*\{\s*'\w+':)"
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)|(?P<names>=>|:(?=[\s"'\[{]))"""
    r"""|(?P<text>(?:\+\s*)?b?(?:"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+'))"""
    r"""|(?P<cut>b?["'])"""
    r"""|(?P<word>[^\s,{}\[\]"'=]+?(?=\s*=>|:[\s"'\[{]|[\s,{}\[\]"'=]|\Z)))""",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CHARACTERS = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "0": "\0", "b": "\b", "a": "\a", "f": "\f", "v": "\v"}
_WORDS: dict[str, Any] = {"nil": None, "null": None, "None": None, "undefined": None, "true": True, "false": False,
    "True": True, "False": False}  # fmt: skip
_LITERAL = re.compile(r"\s*b?(?:\"(?:[^\"\\]++|\\.)*+\"|'(?:[^'\\]++|\\.)*+'),?\s*\Z")
_MORE = object()


def is_notation(head: bytes) -> bool:
    """Whether a text begins as such a value."""
    return _BEGINS.match(head) is not None


def printed_values(text: str) -> Iterator[Any]:
    """The values that stand in ``text`` one after another; words between them are passed over.

    The last is None where it does not end, or is nested too deeply.
    """
    holders: list[list[Any] | dict[str, Any]] = []
    keys: list[Any] = []  # of each holder the name that waits for its value
    for token in _TOKEN.finditer(text[:LARGEST]):
        kind, spelled = token.lastgroup, token.group(token.lastgroup or 0)
        if kind == "open":
            if len(holders) > _DEEPEST:
                break
            holders.append([] if spelled == "[" else {})
            keys.append(_MORE)
        elif kind == "close" and holders:
            done = holders.pop()
            keys.pop()
            if not holders:
                yield done
            else:
                _put(holders[-1], keys, done)
        elif kind in ("text", "word") and holders:
            value: Any = _text(spelled) if kind == "text" else _word(spelled)
            if spelled[:1] == "+" and isinstance(value, str):
                _lengthen(holders[-1], value)
            elif isinstance(holders[-1], dict) and keys[-1] is _MORE:
                keys[-1] = str(value).lstrip(":")
            else:
                _put(holders[-1], keys, value)
        elif kind == "cut":
            break  # within a string
        elif kind == "comma" and holders:
            keys[-1] = _MORE
    if holders:
        yield None


def _put(holder: list[Any] | dict[str, Any], keys: list[Any], value: Any) -> None:
    if isinstance(holder, list):
        holder.append(value)
    elif keys[-1] is not _MORE:
        holder[keys[-1]] = value
        keys[-1] = _MORE


def _lengthen(holder: list[Any] | dict[str, Any], more: str) -> None:
    """Node breaks a long string over lines: ``'one' +`` and ``'two'``."""
    last: Any = len(holder) - 1 if isinstance(holder, list) else next(reversed(holder), None)
    if holder and isinstance(holder[last], str):
        holder[last] += more


def _word(spelled: str) -> Any:
    if spelled in _WORDS:
        return _WORDS[spelled]
    return int(spelled) if spelled.isdigit() and len(spelled) < 20 else spelled


def _text(spelled: str) -> str:
    begun = spelled.lstrip("+ \t\r\n")
    if begun[:1] == "b":
        told = _ESCAPED.sub(_character, begun[2:-1])
        return told.encode("latin-1", "replace").decode("utf-8", "replace")
    return _ESCAPED.sub(_character, begun[1:-1]) if "\\" in begun else begun[1:-1]


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _CHARACTERS.get(match[4], match[4])
    number = int(code, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def literal(line: str) -> str | None:
    """The text that a line spells, if it is nothing but a string of Python's or its like, ``b'END ...\\n'``."""
    return _text(line.strip().removesuffix(",")) if _LITERAL.match(line) else None

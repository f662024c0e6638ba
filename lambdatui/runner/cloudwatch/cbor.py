"""CBOR (RFC 8949) as far as Smithy's RPC protocol uses it: what newer AWS SDKs send to CloudWatch."""

import struct
from typing import Any

from lambdatui.runner.untrusted import UnparsableInput

_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}
_BREAK = object()
_MOST_DEPTH = 100


class Instant(float):
    """A time in epoch seconds: CBOR and XML have forms of their own for it, JSON writes the number."""

    __slots__ = ()


def encoded(value: Any) -> bytes:
    """A value of None, booleans, numbers, texts, ``Instant``s, lists and objects as CBOR."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, Instant):
        return b"\xc1\xfb" + struct.pack(">d", value)
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(encoded(key) + encoded(inner) for key, inner in value.items())
    return _head(4, len(value)) + b"".join(map(encoded, value))


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4)):
        if number < 1 << 8 * size:
            return bytes([kind << 5 | code]) + number.to_bytes(size, "big")
    return bytes([kind << 5 | 27]) + number.to_bytes(8, "big")


def decoded(data: bytes) -> Any:
    """The value of a CBOR body; a time is its epoch seconds. Raises UnparsableInput."""
    try:
        reader = _Reader(data)
        value = reader.value(0)
    except (IndexError, ValueError, struct.error, OverflowError, TypeError) as error:
        raise UnparsableInput(f"it is no CBOR: {error}") from error
    if value is _BREAK or reader.place != len(data):
        raise UnparsableInput("it is no CBOR: there is more, or less, than one value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def _bytes(self, count: int) -> bytes:
        piece = self._data[self.place : self.place + count]
        if len(piece) < count:
            raise ValueError("it is cut")
        self.place += count
        return piece

    def value(self, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise ValueError("it is nested too deeply")
        head = self._bytes(1)[0]
        kind, code = head >> 5, head & 31
        if kind == 7:
            return self._special(code)
        if code == 31:
            return self._unbounded(kind, depth)
        number = code if code < 24 else int.from_bytes(self._bytes(1 << code - 24), "big") if code < 28 else -1
        if number < 0:
            raise ValueError("a length is none")
        if kind == 0:
            return number
        if kind == 1:
            return -1 - number
        if kind in (2, 3):
            return _text(kind, self._bytes(number))
        if kind == 6:
            return self.value(depth + 1)
        if kind == 4:
            return [self._inner(depth) for _ in range(number)]
        return {self._inner(depth): self._inner(depth) for _ in range(number)}

    def _inner(self, depth: int) -> Any:
        value = self.value(depth + 1)
        if value is _BREAK:
            raise ValueError("it ends too early")
        return value

    def _special(self, code: int) -> Any:
        if code == 31:
            return _BREAK
        if code in _SIMPLE:
            return _SIMPLE[code]
        if code not in _FLOATS:
            raise ValueError(f"a simple value {code}")
        form, size = _FLOATS[code]
        return struct.unpack(form, self._bytes(size))[0]

    def _unbounded(self, kind: int, depth: int) -> Any:
        """A text, list or object whose end is marked."""
        values = []
        while (value := self.value(depth + 1)) is not _BREAK:
            values.append(value)
        if kind in (2, 3):
            return ("" if kind == 3 else b"").join(values)
        if kind == 4:
            return values
        if kind != 5:
            raise ValueError("a number without end")
        return dict(zip(values[::2], values[1::2], strict=True))


def _text(kind: int, data: bytes) -> Any:
    return data.decode() if kind == 3 else data

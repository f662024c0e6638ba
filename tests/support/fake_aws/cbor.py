"""As much of CBOR (RFC 8949) as smithy's RPC protocol needs."""

import struct
from typing import Any


def encode(value: Any) -> bytes:
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        raw = value.encode()
        return _head(3, len(raw)) + raw
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(encode(key) + encode(each) for key, each in value.items())
    return _head(4, len(value)) + b"".join(map(encode, value))


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    for more, size in ((24, 1), (25, 2), (26, 4)):
        if number < 1 << 8 * size:
            return bytes([kind << 5 | more]) + number.to_bytes(size, "big")
    return bytes([kind << 5 | 27]) + number.to_bytes(8, "big")


def decode(raw: bytes) -> Any:
    return _value(raw, 0)[0]


def _value(raw: bytes, at: int) -> tuple[Any, int]:
    kind, more = raw[at] >> 5, raw[at] & 31
    at += 1
    if kind == 7:
        if more in (20, 21, 22, 23):
            return {20: False, 21: True}.get(more), at
        shape, size = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}[more]
        return struct.unpack(shape, raw[at : at + size])[0], at + size
    if more >= 24:
        size = 1 << more - 24
        number, at = int.from_bytes(raw[at : at + size], "big"), at + size
    else:
        number = more
    if kind in (0, 1):
        return (number if kind == 0 else -1 - number), at
    if kind in (2, 3):
        piece = raw[at : at + number]
        return (piece.decode() if kind == 3 else piece), at + number
    if kind == 6:
        return _value(raw, at)
    items = []
    for _ in range(number * (2 if kind == 5 else 1)):
        one, at = _value(raw, at)
        items.append(one)
    return (dict(zip(items[::2], items[1::2], strict=True)) if kind == 5 else items), at

"""How OTLP requests are framed in a file: as JSON, or as protobuf messages, one or several.

A protobuf message does not say where it ends. The collector's file exporter writes four bytes of length before each
(unsigned, big-endian; it does so too where it compresses each message with zstd). protobuf's own libraries write the
length as a varint ("delimited"), and an SDK that keeps one request writes no length.
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum

from collectors.model.errors import CaughtError
from collectors.model.units import FOREVER_MS

LARGEST = 64 << 20  # bytes of one request, unpacked: the collector's are 4 MB at most by default
TOO_LARGE = "an OTLP request larger than 64 MB"
ZSTD = b"\x28\xb5\x2f\xfd"

_JSON = re.compile(rb'[\s,\[\x1e]*\{\s*"resource_?(?:[lL]ogs|[sS]pans|[mM]etrics)"\s*:\s*\[')
_LOGS = re.compile(rb'"resource_?[lL]ogs"\s*:\s*\[')

# The fields that logs.proto knows, by number: their wire type, or of a message its own fields.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_Fields = Mapping[int, "int | _Fields"]
_RECORD: _Fields = {
    1: _FIXED64, 2: _VARINT, 3: _BYTES, 5: _BYTES, 6: _BYTES, 7: _VARINT, 8: _FIXED32, 9: _BYTES, 10: _BYTES,
    11: _FIXED64, 12: _BYTES,
}  # fmt: skip
_SCOPE_LOGS: _Fields = {1: {1: _BYTES, 2: _BYTES, 3: _BYTES, 4: _VARINT}, 2: _RECORD, 3: _BYTES}
_RESOURCE_LOGS: _Fields = {1: {1: _BYTES, 2: _VARINT, 3: _BYTES}, 2: _SCOPE_LOGS, 3: _BYTES}
_REQUEST: _Fields = {1: _RESOURCE_LOGS}
_LONGEST_VARINT = 10  # bytes
_ENDLESS = FOREVER_MS  # the length of a message that ends where the file does


class Framing(Enum):
    """How the requests of a file follow each other."""

    JSON = "OTLP JSON"
    FIXED = "OTLP with lengths of four bytes"
    VARINT = "OTLP protobuf with lengths"
    SINGLE = "OTLP protobuf"


def framing_of(head: bytes) -> Framing | None:
    """The framing of a file that begins with ``head``; None where it has no OTLP logs."""
    if _JSON.match(head):
        return Framing.JSON if _LOGS.search(head) else None
    if len(head) < 4:
        return None
    if _is_request(head, _ENDLESS):
        return Framing.SINGLE
    length = int.from_bytes(head[:4], "big")
    if 0 < length <= LARGEST and _is_message(head[4 : 4 + length], length):
        return Framing.FIXED
    try:
        length, begin = varint(head, 0)
    except IndexError:
        return None
    if 0 < length <= LARGEST and _is_request(head[begin : begin + length], length):
        return Framing.VARINT
    return None


def _is_message(payload: bytes, length: int) -> bool:
    """Whether a message after four bytes of length is one of ours; ``payload`` may be cut."""
    return payload.startswith(ZSTD) or _JSON.match(payload) is not None or _is_request(payload, length)


def _is_request(data: bytes, length: int) -> bool:
    """Whether bytes are the first ones of a request of that length."""
    return data[:1] == b"\n" and _fits(data, 0, length, _REQUEST)


def _fits(data: bytes, begin: int, end: int, fields: _Fields) -> bool:
    """Whether the bytes from ``begin`` to ``end``, as far as they are there, are such fields."""
    place = begin
    while place < end:
        if place >= len(data):
            return True
        try:
            tag, place = varint(data, place)
            kind = fields.get(tag >> 3)
            if kind is None or (tag & 7) != (_BYTES if isinstance(kind, Mapping) else kind):
                return False
            size = {_FIXED64: 8, _FIXED32: 4}[tag & 7] if (tag & 7) in (_FIXED64, _FIXED32) else 0
            if not size:
                number, place = varint(data, place)
                size = number if kind != _VARINT else 0
        except IndexError:
            return place + _LONGEST_VARINT > len(data)  # it is cut within a number
        if place + size > end or size > LARGEST:
            return False
        if isinstance(kind, Mapping) and not _fits(data, place, place + size, kind):
            return False
        place += size
    return place == end


def varint(data: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends. IndexError where it is cut or too long."""
    number = shift = 0
    while shift < 70:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7
    raise IndexError


class CutMessage(CaughtError, ValueError):
    """The file ends within a message, or a length makes no sense; the text is the reason for the reject."""


def messages(chunks: Iterator[bytes], framing: Framing) -> Iterator[bytes]:
    """The messages of a file of protobuf. Raises CutMessage, after those before."""
    buffer = bytearray()
    if framing is Framing.SINGLE:
        for chunk in chunks:
            buffer += chunk
            if len(buffer) > LARGEST:
                raise CutMessage(TOO_LARGE)
        yield bytes(buffer)
        return
    read = _Buffered(chunks)
    while read.more():
        length = read.fixed_length() if framing is Framing.FIXED else read.varint_length()
        if length > LARGEST:
            raise CutMessage("an OTLP request larger than 64 MB, or bytes that are no length")
        yield read.take(length)


class _Buffered:
    """Bytes taken off the front of chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()

    def more(self) -> bool:
        """Whether there is any byte left."""
        return self._has(1)

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes. CutMessage where there are fewer."""
        if not self._has(count):
            raise CutMessage("the file ends within an OTLP request")
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def fixed_length(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def varint_length(self) -> int:
        digits = bytearray()
        while True:
            digits += self.take(1)
            if digits[-1] < 0x80:
                return varint(bytes(digits), 0)[0]
            if len(digits) > 9:
                raise CutMessage("bytes that are no length of an OTLP request")

    def _has(self, count: int) -> bool:
        while len(self._buffer) < count:
            chunk = next(self._chunks, b"")
            if not chunk:
                return False
            self._buffer += chunk
        return True

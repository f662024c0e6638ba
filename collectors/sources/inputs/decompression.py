"""Decompressing files: gzip, bzip2 and xz, several in a row or within each other; and any Unicode as UTF-8."""

import bz2
import codecs
import lzma
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Protocol

from collectors.sources.base import SourceFailed

CHUNK = 1 << 17  # what is decoded from it stays in the processor's cache until it is read

_HEAD = 512  # bytes that tell how a stream is compressed
_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_XZ = b"\xfd7zXZ\0"
_REFUSED = (  # what begins so, at which place, and what to do about it
    (b"PK\x03\x04", 0, "is a zip archive", "unpack it and import the folder"),
    (b"ustar", 257, "is a tar archive", "unpack it and import the folder"),
    (b"\x28\xb5\x2f\xfd", 0, "is compressed by zstd", "decompress it with zstd -d"),
    (b"7z\xbc\xaf\x27\x1c", 0, "is a 7z archive", "unpack it and import the folder"),
)
_NESTED = 3  # Firehose compresses what CloudWatch had compressed, and somebody the lot
_TEXT_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decompressed(name: str, chunks: Iterator[bytes], damaged: Callable[[str], None]) -> Iterator[bytes]:
    """The plain bytes of what may be compressed up to three times over.

    Damage that ends them early is told by ``damaged(reason)``, once, after all that could be read. SourceFailed, about
    ``name``, where it is an archive.
    """
    for _ in range(_NESTED + 1):
        head = next(chunks, b"")
        while 0 < len(head) < _HEAD and (more := next(chunks, b"")):
            head += more
        chunks = chain((head,) if head else (), chunks)
        if head.startswith(_GZIP):
            chunks = _gunzip(chunks, damaged)
        elif head.startswith(_BZIP2) and head[3:4].isdigit():
            chunks = _unpacked(chunks, bz2.BZ2Decompressor, "bzip2", damaged)
        elif head.startswith(_XZ):
            chunks = _unpacked(chunks, lzma.LZMADecompressor, "xz", damaged)
        else:
            break
    for magic, place, what, advice in _REFUSED:
        if head[place : place + len(magic)] == magic:
            raise SourceFailed(name, what, advice)
    return chunks


def _gunzip(chunks: Iterator[bytes], damaged: Callable[[str], None]) -> Iterator[bytes]:
    """All members of a gzip stream, never more than a chunk at once: a small file may hold gigabytes."""
    member = zlib.decompressobj(wbits=31)
    begun = False
    for chunk in chunks:
        while chunk:
            begun = True
            try:
                plain = member.decompress(chunk, CHUNK)
            except zlib.error:
                damaged("damaged gzip data")
                return
            if plain:
                yield plain
            chunk = member.unconsumed_tail
            if member.eof:
                chunk = member.unused_data.lstrip(b"\0")  # tapes pad with zeros
                member = zlib.decompressobj(wbits=31)
                begun = False
    if begun:
        damaged("truncated gzip data")


class _Decompressor(Protocol):
    """What ``bz2`` and ``lzma`` have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _unpacked(
    chunks: Iterator[bytes], new: Callable[[], _Decompressor], name: str, damaged: Callable[[str], None]
) -> Iterator[bytes]:
    """All streams of a bzip2 or an xz file, never more than a chunk at once."""
    stream, begun = new(), False
    for chunk in chunks:
        while chunk or not stream.needs_input:
            begun = True
            try:
                plain = stream.decompress(chunk, CHUNK)
            except (OSError, lzma.LZMAError):
                damaged(f"damaged {name} data")
                return
            chunk = b""
            if plain:
                yield plain
            if stream.eof:
                chunk = stream.unused_data.lstrip(b"\0")
                stream, begun = new(), False
    if begun:
        damaged(f"truncated {name} data")


def as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Without a byte order mark; UTF-16, which PowerShell writes, becomes UTF-8."""
    head = next(chunks, b"")
    for mark, encoding in (*_TEXT_BOMS, *_without_mark(head)):
        if head.startswith(mark):
            decoder = codecs.getincrementaldecoder(encoding)("replace")
            for chunk in chain((head[len(mark) :],), chunks):
                yield decoder.decode(chunk).encode("utf-8", "replace")
            yield decoder.decode(b"", final=True).encode()
            return
    yield head.removeprefix(codecs.BOM_UTF8)
    yield from chunks


def _without_mark(head: bytes) -> tuple[tuple[bytes, str], ...]:
    """UTF-16 that does not say so: every other byte of its ASCII is zero."""
    if len(head) > 7 and not any(head[1:8:2]) and all(head[0:8:2]):
        return ((b"", "utf-16-le"),)
    return ((b"", "utf-16-be"),) if len(head) > 7 and not any(head[0:8:2]) and all(head[1:8:2]) else ()

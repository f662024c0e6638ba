"""Where exported logs lie: files, folders, gzip, standard input. Opening, and reading as one stream of bytes."""

import bz2
import codecs
import io
import lzma
import os
import re
import stat
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol, cast

from collectors.model.errors import LambdatuiError
from collectors.sources.files.archives import FAULTS, Archive, is_archive

_HEAD = 512  # bytes that tell what a source is
CHUNK = 1 << 17  # what is decoded from it stays in the processor's cache until it is read
_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_XZ = b"\xfd7zXZ\0"
_ARCHIVES = (  # what begins so, at which place, and what to do about it
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
_SHARED_STREAM = re.compile(r"\d{4}/\d\d/\d\d/[^\[/]+\[[^\]]*\][0-9a-f]+")
_NO_LOGS = frozenset({"aws-logs-write-test"})  # CloudWatch's export task leaves this beside the logs


class SourceError(LambdatuiError):
    """A source that cannot be opened or read on: its path, why, and what to do about it."""

    def __init__(self, path: str, reason: str, advice: str) -> None:
        super().__init__(f"{path}: {reason}", advice=advice)
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or standard input. ``size`` is its bytes on disk; None where that cannot be known beforehand.

    One within an archive has its ``path``, and is called ``member`` there.
    """

    name: str
    path: str
    size: int | None
    archive: Archive | None = None
    member: str = ""


def open_sources(paths: Sequence[str]) -> list[Source]:
    """What ``paths`` name, in order: files, everything in folders in sorted order, ``-`` for standard input.

    Nothing is opened yet: a path that is not there raises ``SourceError`` when it is read. A file that several
    paths or links lead to is given once.
    """
    found: list[Source] = []
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if path == "-":
            found.append(Source("stdin", "-", None))
        else:
            found.extend(_at(path, seen, asked_for=True))
    return found


def _at(path: str, seen: set[tuple[int, int]], *, asked_for: bool) -> Iterator[Source]:
    try:
        status = os.stat(path)
    except OSError:
        yield Source(path, path, 0)
        return
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    if stat.S_ISDIR(status.st_mode):
        try:
            names = sorted(os.listdir(path))
        except OSError:
            yield Source(path, path, 0)
            return
        for name in names:
            if not name.startswith(".") and name not in _NO_LOGS:
                yield from _at(os.path.join(path, name), seen, asked_for=False)
    elif stat.S_ISREG(status.st_mode):
        if is_archive(path):
            yield from _within(path, status.st_size)
        else:
            yield Source(path, path, status.st_size)
    else:  # one in a folder is told of, not waited for
        yield Source(path, path, None if asked_for else 0)


def _within(path: str, size: int) -> Iterator[Source]:
    """The files of an archive; itself where it cannot be opened, so that it is told of when it is read."""
    archive = Archive(path)
    try:
        files = archive.files()
    except FAULTS:
        files = []
    if not files:
        yield Source(path, path, size)
    for name, held in files:
        hidden = any(part.startswith((".", "__MACOSX")) for part in name.split("/") if part != ".")
        if not hidden and os.path.basename(name) not in _NO_LOGS:
            yield Source(os.path.join(path, name), path, held, archive, name)


class ByteStream:
    """The plain bytes of a source, a chunk at a time: decompressed, and UTF-8 whatever Unicode it was.

    ``bytes_read`` counts what was read from the source itself; ``modified_ms`` is the file's time. Damage that ends
    the stream early is told by ``damaged(reason)``, once, after all that could be read. Raises ``SourceError``.
    """

    def __init__(self, source: Source, damaged: Callable[[str], None]) -> None:
        self.bytes_read = 0
        self._source = source
        self._damaged = damaged
        self._file = _opened(source)
        try:
            status = os.fstat(self._file.fileno())
            self._promised = status.st_size if stat.S_ISREG(status.st_mode) and source.path != "-" else None
            self.modified_ms = int(status.st_mtime * 1000)
        except (OSError, AttributeError):  # a file within an archive, or standard input that is none of the system's
            self._promised, self.modified_ms = None, int(time.time() * 1000)

    def chunks(self) -> Iterator[bytes]:
        chunks = self._raw()
        for _ in range(_NESTED + 1):
            head = next(chunks, b"")
            while 0 < len(head) < _HEAD and (more := next(chunks, b"")):
                head += more
            chunks = _after(head, chunks)
            if head.startswith(_GZIP):
                chunks = _gunzip(chunks, self._damaged)
            elif head.startswith(_BZIP2) and head[3:4].isdigit():
                chunks = _unpacked(chunks, bz2.BZ2Decompressor, "bzip2", self._damaged)
            elif head.startswith(_XZ):
                chunks = _unpacked(chunks, lzma.LZMADecompressor, "xz", self._damaged)
            else:
                break
        for magic, at, what, to_do in _ARCHIVES:
            if head[at : at + len(magic)] == magic:
                raise SourceError(self._source.name, what, to_do)
        yield from _as_utf8(chunks)

    def close(self) -> None:
        if self._source.path != "-":
            self._file.close()

    def _raw(self) -> Iterator[bytes]:
        while True:
            try:
                chunk = self._file.read1(CHUNK)
            except FAULTS as error:
                reason = getattr(error, "strerror", None) or error
                if self._source.archive is not None:
                    self._damaged(f"damaged archive ({reason})")
                    return
                if not isinstance(error, OSError):
                    raise
                raise SourceError(
                    self._source.name, f"could not be read to its end ({reason})", "copy it and try again"
                ) from error
            if not chunk:
                break
            self.bytes_read += len(chunk)
            yield chunk
        if self._promised is not None and self.bytes_read < self._promised:
            self._damaged("the file became shorter while it was read")


def _opened(source: Source) -> io.BufferedReader:
    if source.path == "-":
        if sys.stdin is None:
            raise SourceError("-", "there is no standard input", "give a file or a folder")
        return cast(io.BufferedReader, sys.stdin.buffer)
    if source.archive is not None:
        try:
            return source.archive.open(source.member)
        except FAULTS as error:
            raise SourceError(source.name, f"cannot be read from its archive ({error})", "unpack it first") from error
    try:
        mode = os.stat(source.path).st_mode
        if stat.S_ISBLK(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode):
            raise SourceError(source.path, "is a device, not a file", "give a file, a folder or -")
        if stat.S_ISFIFO(mode) and source.size is not None:
            raise SourceError(source.path, "is a pipe in a folder, not a file", "give the pipe itself")
        return open(source.path, "rb")
    except FileNotFoundError:
        near = _nearest(source.path) if not source.size else ""  # one with a size was there a moment ago
        raise SourceError(source.path, "is not there", f"did you mean {near}?" if near else "check the path") from None
    except PermissionError:
        raise SourceError(source.path, "may not be read by this user", "check its permissions") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(source.path, f"cannot be opened ({reason})", "check the path") from error


def _nearest(path: str) -> str:
    """What there is with almost the name of ``path``; empty where there is nothing like it."""
    from difflib import get_close_matches

    folder, name = os.path.split(path)
    try:
        found = get_close_matches(name, os.listdir(folder or "."), 1, cutoff=0.8)
    except OSError:
        return ""
    return os.path.join(folder, found[0]) if found and found[0] != name else ""


def _after(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


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


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Without a byte order mark; UTF-16, which PowerShell writes, becomes UTF-8."""
    head = next(chunks, b"")
    for mark, encoding in (*_TEXT_BOMS, *_without_mark(head)):
        if head.startswith(mark):
            decoder = codecs.getincrementaldecoder(encoding)("replace")
            for chunk in _after(head[len(mark) :], chunks):
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


def log_names(path: str) -> tuple[str, str, str]:
    """(stream, function, stem) as an S3 export's folders name them; empty where they do not.

    The export task writes ``PREFIX/TASK/2025-03-20-[$LATEST]HEX/000000.gz``, slashes of the stream's name being
    dashes (CloudWatch Logs user guide, "Exporting log data to Amazon S3").
    """
    if path == "-":
        return "", "", "stdin"
    parts = Path(os.path.abspath(path)).parts
    stem = parts[-1].partition(".")[0] or parts[-1]
    folder = parts[-2] if len(parts) > 1 else ""
    if len(folder) < 12 or folder[4:5] + folder[7:8] + folder[10:11] != "---" or "[" not in folder:
        return "", "", stem
    stream = f"{folder[:4]}/{folder[5:7]}/{folder[8:10]}/{folder[11:]}"
    above = parts[-4] if len(parts) > 4 else ""
    return stream, above, stem


@lru_cache(maxsize=1024)
def is_shared(stream: str) -> bool:
    """Whether the stream's name says the function, as those of a shared log group do."""
    return _SHARED_STREAM.fullmatch(stream) is not None

"""The files that an import names: paths, folders, archives, standard input; and opening one of them."""

import io
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast

from collectors.model.clock import now_ms
from collectors.sources.base import SourceFailed
from collectors.sources.inputs.archives import FAULTS, Archive, is_archive
from collectors.sources.inputs.decompression import CHUNK, as_utf8, decompressed

HEAD = 1 << 16  # plain bytes from which it is told what a file is
_NO_LOGS = frozenset({"aws-logs-write-test"})  # CloudWatch's export task leaves this beside the logs


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file, or standard input. ``size`` is its bytes on disk; None where that cannot be known beforehand.

    One within an archive has the archive's ``path``, and is called ``member`` there.
    """

    name: str
    path: str
    size: int | None
    archive: Archive | None = None
    member: str = ""

    @property
    def stem(self) -> str:
        """Its name without folders and endings; what its events are taken to be of where nothing else says it."""
        if self.path == "-":
            return "stdin"
        last = os.path.basename(self.member or os.path.abspath(self.path))
        return last.partition(".")[0] or last


def input_files(paths: Sequence[str]) -> list[InputFile]:
    """What ``paths`` name, in order: files, everything in folders in sorted order, ``-`` for standard input.

    Nothing is opened yet: for a path that is not there SourceFailed is raised when it is read. A file that several
    paths or links lead to is given once.
    """
    files: list[InputFile] = []
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if path == "-":
            files.append(InputFile("stdin", "-", None))
        else:
            files.extend(_files_of(path, seen, asked_for=True))
    return files


def _files_of(path: str, seen: set[tuple[int, int]], *, asked_for: bool) -> Iterator[InputFile]:
    try:
        status = os.stat(path)
    except OSError:
        yield InputFile(path, path, 0)
        return
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    if stat.S_ISDIR(status.st_mode):
        try:
            names = sorted(os.listdir(path))
        except OSError:
            yield InputFile(path, path, 0)
            return
        for name in names:
            if not name.startswith(".") and name not in _NO_LOGS:
                yield from _files_of(os.path.join(path, name), seen, asked_for=False)
    elif stat.S_ISREG(status.st_mode):
        if is_archive(path):
            yield from _members(path, status.st_size)
        else:
            yield InputFile(path, path, status.st_size)
    else:  # one in a folder is told of, not waited for
        yield InputFile(path, path, None if asked_for else 0)


def _members(path: str, size: int) -> Iterator[InputFile]:
    """The files of an archive; itself where it cannot be opened, so that it is told of when it is read."""
    archive = Archive(path)
    try:
        members = archive.files()
    except FAULTS:
        members = []
    if not members:
        yield InputFile(path, path, size)
    for name, member_size in members:
        hidden = any(part.startswith((".", "__MACOSX")) for part in name.split("/") if part != ".")
        if not hidden and os.path.basename(name) not in _NO_LOGS:
            yield InputFile(os.path.join(path, name), path, member_size, archive, name)


class OpenedFile:
    """The plain bytes of a file, decompressed, a chunk at a time; its beginning can be looked at before.

    It is opened when it is first looked at. ``bytes_read`` counts what was read of the file itself (compressed bytes,
    if it is), ``modified_ms`` is the file's time in epoch ms. What is called raises SourceFailed where the file cannot
    be opened or read on.
    """

    def __init__(self, file: InputFile) -> None:
        self.file = file
        self.bytes_read = 0
        self._stream: io.BufferedReader | None = None
        self._size: int | None = None
        self._plain: Iterator[bytes] | None = None
        self._head: bytes | None = None
        self._damage: list[str] = []
        self.modified_ms = 0

    @property
    def name(self) -> str:
        """What people call the file."""
        return self.file.name

    def head(self) -> bytes:
        """The first ``HEAD`` plain bytes and some more, or all there are. ``chunks`` begins with them all the same."""
        if self._head is None:
            plain, head = self._opened(), b""
            for chunk in plain:
                head += chunk
                if len(head) >= HEAD:
                    break
            self._head = head
        return self._head

    def chunks(self, damaged: Callable[[str], None]) -> Iterator[bytes]:
        """All plain bytes, once. Damage that ends them early is told by ``damaged(reason)``, after all before it."""
        for chunk in chain((self.head(),), self._opened()):
            if chunk:
                yield chunk
        for reason in self._damage:
            damaged(reason)
        self._damage = []

    def text_chunks(self, damaged: Callable[[str], None]) -> Iterator[bytes]:
        """The bytes of ``chunks`` as UTF-8, whatever Unicode the file is in."""
        return as_utf8(self.chunks(damaged))

    def close(self) -> None:
        """Closes the file. Looked at again, it is opened anew."""
        if self._stream is not None and self.file.path != "-":
            self._stream.close()
        self._stream = self._plain = self._head = None

    def _opened(self) -> Iterator[bytes]:
        if self._plain is None:
            self._stream = _open(self.file)
            try:
                status = os.fstat(self._stream.fileno())
                self._size = status.st_size if stat.S_ISREG(status.st_mode) and self.file.path != "-" else None
                self.modified_ms = int(status.st_mtime * 1000)
            except (
                OSError,
                AttributeError,
            ):  # within an archive, or a standard input that is no file
                self.modified_ms = now_ms()
            self._plain = decompressed(self.file.name, self._raw(self._stream), self._damage.append)
        return self._plain

    def _raw(self, stream: io.BufferedReader) -> Iterator[bytes]:
        while True:
            try:
                chunk = stream.read1(CHUNK)
            except FAULTS as error:
                reason = getattr(error, "strerror", None) or error
                if self.file.archive is not None:
                    self._damage.append(f"damaged archive ({reason})")
                    return
                if not isinstance(error, OSError):
                    raise
                raise SourceFailed(
                    self.file.name, f"could not be read to its end ({reason})", "copy it and try again"
                ) from error
            if not chunk:
                break
            self.bytes_read += len(chunk)
            yield chunk
        if self._size is not None and self.bytes_read < self._size:
            self._damage.append("the file became shorter while it was read")


def _open(file: InputFile) -> io.BufferedReader:
    if file.path == "-":
        if sys.stdin is None:
            raise SourceFailed("-", "there is no standard input", "give a file or a folder")
        return cast(io.BufferedReader, sys.stdin.buffer)
    if file.archive is not None:
        try:
            return file.archive.open(file.member)
        except FAULTS as error:
            raise SourceFailed(file.name, f"cannot be read from its archive ({error})", "unpack it first") from error
    try:
        mode = os.stat(file.path).st_mode
        if stat.S_ISBLK(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode):
            raise SourceFailed(file.path, "is a device, not a file", "give a file, a folder or -")
        if stat.S_ISFIFO(mode) and file.size is not None:
            raise SourceFailed(file.path, "is a pipe in a folder, not a file", "give the pipe itself")
        return open(file.path, "rb")
    except FileNotFoundError:
        near = _nearest(file.path) if not file.size else ""  # one with a size was there a moment ago
        advice = f"did you mean {near}?" if near else "check the path"
        raise SourceFailed(file.path, "is not there", advice) from None
    except PermissionError:
        raise SourceFailed(file.path, "may not be read by this user", "check its permissions") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceFailed(file.path, f"cannot be opened ({reason})", "check the path") from error


def _nearest(path: str) -> str:
    """What there is with almost the name of ``path``; empty where there is nothing like it."""
    from difflib import get_close_matches

    folder, name = os.path.split(path)
    try:
        matches = get_close_matches(name, os.listdir(folder or "."), 1, cutoff=0.8)
    except OSError:
        return ""
    return os.path.join(folder, matches[0]) if matches and matches[0] != name else ""

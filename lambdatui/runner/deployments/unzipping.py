"""Unpacks a function's or a layer's ZIP into a folder, within Lambda's limits and never outside that folder.

Symbolic links stay links where they lead to something in that folder, and files keep their permissions. It runs in
threads beside the event loop. Decompressing and writing let other threads run; the rest is done in pieces of a
megabyte.
"""

import base64
import errno
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from collectors.model.errors import CaughtError

# Lambda quotas: unzipped code and layers, and a ZIP that is uploaded directly.
UNZIPPED_BYTES = 262_144_000
ZIPPED_BYTES = 52_428_800
TASK_ROOT, LAYERS_ROOT = "/var/task", "/opt"
"""Where a function finds its code and its layers."""
MOST_FILES = 65_535
"""The most files of a ZIP without the 64-bit format. Lambda gives no limit; 250 MB rarely have as many files."""

_BAD = "Could not unzip uploaded file. Please check your file, then try to upload again."
_ENTRY = b"PK\x01\x02"  # APPNOTE.TXT 4.3.12: begins each entry of the directory
_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST_TARGET = 4_095  # limits.h, PATH_MAX
_PIECE = 1 << 20  # characters of base64: a multiple of four


class BadZip(CaughtError):
    """A ZIP that is damaged, too large, or has paths outside its folder; the text is Lambda's."""


def decode_base64(text: str) -> bytes:
    """Base64 as bytes. Raises ValueError where the text is not base64."""
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    return b"".join(base64.b64decode(piece, validate=True) for piece in pieces)


def extract(data: bytes, folder: Path, mount: str = TASK_ROOT) -> None:
    """Write the files of a ZIP into ``folder``, which a function knows as ``mount``.

    Raises BadZip, and OSError where the disk is full.
    """
    if data.count(_ENTRY) > MOST_FILES:  # before a directory of a million entries is read
        raise _too_many()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if not entries:
                raise BadZip("Uploaded file must be a non-empty zip")
            if len(entries) > MOST_FILES:
                raise _too_many()
            if sum(entry.file_size for entry in entries) > UNZIPPED_BYTES:
                raise BadZip(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
            by_path = {_path_of(entry): entry for entry in entries}  # of one path's entries the last one counts
            links = {path: _link_target(archive, entry) for path, entry in by_path.items() if _is_link(entry)}
            targets = {path: _relative_target(path, target, mount) for path, target in links.items()}
            folders = {str(folder)}
            for path, entry in by_path.items():
                if path not in links:
                    _extract_entry(archive, entry, os.path.join(folder, path), folders)
            _make_links(targets, folder, folders)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BadZip(_BAD) from error


def _path_of(entry: zipfile.ZipInfo) -> str:
    """The path of an entry in the folder, such as ``a/b`` for ``./a//b/``. Raises BadZip where it is outside."""
    name = entry.filename
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or _DRIVE.match(name):
        raise BadZip(_BAD)
    return os.path.normpath(name)


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _link_target(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    """What a link leads to, as the ZIP says. Raises BadZip for what cannot be a path."""
    if not 0 < entry.file_size <= _LONGEST_TARGET:
        raise BadZip(_BAD)
    return os.fsdecode(archive.read(entry))


def _relative_target(path: str, target: str, mount: str) -> str:
    """The target of the link at ``path``, relative to its folder. Raises BadZip where it is outside ``mount``."""
    absolute, parent = target.startswith("/"), os.path.dirname(path)
    inside = f"{target}/".removeprefix(f"{mount}/") if absolute else os.path.join(parent, target)
    if inside.startswith("/") or os.path.normpath(inside).split("/")[0] == "..":
        raise _leads_out(path)
    return os.path.relpath(inside or ".", parent or ".") if absolute else target


def _make_links(targets: dict[str, str], folder: Path, folders: set[str]) -> None:
    """Make links, by their paths. Raises BadZip, without links, where one leads outside ``folder`` through others."""
    made: list[str] = []
    root = os.path.realpath(folder)
    for path, target in targets.items():
        link = os.path.join(folder, path)
        _make_folder(os.path.dirname(link), folders)
        os.symlink(target, link)  # files are written already, so that nothing is written through a link
        made.append(link)
    for link in made:
        real = os.path.realpath(link)
        if real != root and not real.startswith(f"{root}/"):
            _unlink(made)
            raise _leads_out(os.path.relpath(link, folder))


def _unlink(links: Iterable[str]) -> None:
    for link in links:
        os.unlink(link)


def _make_folder(path: str, folders: set[str]) -> None:
    """Make a folder unless it is one of ``folders``, and add it to them."""
    if path not in folders:
        os.makedirs(path, exist_ok=True)
        folders.add(path)


def _extract_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: str, folders: set[str]) -> None:
    """Write one file or folder as ``target``; ``folders`` are those that exist already."""
    if entry.is_dir():
        _make_folder(target, folders)
        return
    _make_folder(os.path.dirname(target), folders)
    remaining = entry.file_size  # as the directory claims; checked, because a ZIP bomb claims too little
    with archive.open(entry) as packed, open(target, "wb") as out:
        while chunk := packed.read(1 << 16):
            remaining -= len(chunk)
            if remaining < 0:
                raise BadZip(_BAD)
            out.write(chunk)
        # A ZIP of Windows has no permissions. What the owner could not read or replace could not be deleted here.
        permissions = (entry.external_attr >> 16) & 0o777
        os.fchmod(out.fileno(), permissions | 0o600 if permissions else 0o644)


def _leads_out(path: str) -> BadZip:
    return BadZip(f"{_BAD} (The link {path} leads out of it.)")


def _too_many() -> BadZip:
    return BadZip(f"{_BAD} (It has more than {MOST_FILES:,} files.)")

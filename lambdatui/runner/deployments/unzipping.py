"""Unpacks a function's or a layer's ZIP into a folder, within Lambda's limits and never outside that folder.

It runs in threads beside the event loop. Decompressing and writing let other threads run; the rest is done in pieces of
a megabyte.
"""

import base64
import errno
import io
import os
import stat
import zipfile
from pathlib import Path

from collectors.model.errors import CaughtError

# Lambda quotas: unzipped code and layers, and a ZIP that is uploaded directly.
UNZIPPED_BYTES = 262_144_000
ZIPPED_BYTES = 52_428_800
MOST_FILES = 65_535
"""The most files of a ZIP without the 64-bit format. Lambda gives no limit; 250 MB rarely have as many files."""

_BAD = "Could not unzip uploaded file. Please check your file, then try to upload again."
_ENTRY = b"PK\x01\x02"  # APPNOTE.TXT 4.3.12: begins each entry of the directory
_PIECE = 1 << 20  # characters of base64: a multiple of four


class BadZip(CaughtError):
    """A ZIP that is damaged, too large, or has paths outside its folder; the text is Lambda's."""


def decode_base64(text: str) -> bytes:
    """Base64 as bytes. Raises ValueError where the text is not base64."""
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    return b"".join(base64.b64decode(piece, validate=True) for piece in pieces)


def extract(data: bytes, folder: Path) -> None:
    """Write the files of a ZIP into ``folder``. Raises BadZip, and OSError where the disk is full."""
    if data.count(_ENTRY) > MOST_FILES:  # before a directory of a million entries is read
        raise _too_many()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES:
                raise _too_many()
            if sum(entry.file_size for entry in entries) > UNZIPPED_BYTES:
                raise BadZip(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
            folders = {str(folder)}
            for entry in entries:
                _extract_entry(archive, entry, folder, folders)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BadZip(_BAD) from error


def _extract_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, folders: set[str]) -> None:
    """Write one entry below ``folder``; ``folders`` are those that exist already."""
    name = entry.filename
    mode = entry.external_attr >> 16
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or stat.S_ISLNK(mode):
        raise BadZip(_BAD)
    target = os.path.join(folder, name)
    parent = target if entry.is_dir() else os.path.dirname(target)
    if parent not in folders:
        os.makedirs(parent, exist_ok=True)
        folders.add(parent)
    if entry.is_dir():
        return
    remaining = entry.file_size  # as the directory claims; checked, because a ZIP bomb claims too little
    with archive.open(entry) as packed, open(target, "wb") as out:
        while chunk := packed.read(1 << 16):
            remaining -= len(chunk)
            if remaining < 0:
                raise BadZip(_BAD)
            out.write(chunk)
        os.fchmod(out.fileno(), 0o755 if mode & 0o111 else 0o644)


def _too_many() -> BadZip:
    return BadZip(f"{_BAD} (It has more than {MOST_FILES:,} files.)")

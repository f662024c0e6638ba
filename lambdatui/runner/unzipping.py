"""Unpacks a function's or a layer's ZIP into a folder, within Lambda's bounds and never outside that folder.

For threads beside the event loop: decompressing and writing let other threads run, and what does not is done in
pieces of a megabyte.
"""

import base64
import errno
import io
import os
import stat
import zipfile
from pathlib import Path

from collectors.model.errors import CaughtError

# Lambda quotas: unzipped code and layers.
UNZIPPED_BYTES = 262_144_000
ZIPPED_BYTES = 52_428_800
MOST_FILES = 65_535
"""What a ZIP can count without its 64-bit form; Lambda gives no number, but 250 MB of files rarely are as many."""

_BAD = "Could not unzip uploaded file. Please check your file, then try to upload again."
_ENTRY = b"PK\x01\x02"  # APPNOTE.TXT 4.3.12: begins each entry of the directory
_PIECE = 1 << 20  # characters of base64: a multiple of four


class BadZip(CaughtError):
    """A ZIP that is damaged, too large, or climbs out of its folder; the text says which, as Lambda does."""


def decoded(given: str) -> bytes:
    """Base64 as bytes; ValueError where it is none."""
    return b"".join(base64.b64decode(given[at : at + _PIECE], validate=True) for at in range(0, len(given), _PIECE))


def extract(data: bytes, folder: Path) -> None:
    """Writes the files of a ZIP into ``folder``. BadZip; OSError where the disk is full."""
    if data.count(_ENTRY) > MOST_FILES:  # before a directory of a million entries is read
        raise _too_many()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES:
                raise _too_many()
            if sum(entry.file_size for entry in entries) > UNZIPPED_BYTES:
                raise BadZip(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
            made = {str(folder)}
            for entry in entries:
                _entry(archive, entry, folder, made)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BadZip(_BAD) from error


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, made: set[str]) -> None:
    name = entry.filename
    mode = entry.external_attr >> 16
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or stat.S_ISLNK(mode):
        raise BadZip(_BAD)
    target = os.path.join(folder, name)
    place = target if entry.is_dir() else os.path.dirname(target)
    if place not in made:
        os.makedirs(place, exist_ok=True)
        made.add(place)
    if entry.is_dir():
        return
    left = entry.file_size  # the directory's word, checked against what comes out: a bomb lies about it
    with archive.open(entry) as packed, open(target, "wb") as out:
        while chunk := packed.read(1 << 16):
            left -= len(chunk)
            if left < 0:
                raise BadZip(_BAD)
            out.write(chunk)
        os.fchmod(out.fileno(), 0o755 if mode & 0o111 else 0o644)


def _too_many() -> BadZip:
    return BadZip(f"{_BAD} (It has more than {MOST_FILES:,} files.)")

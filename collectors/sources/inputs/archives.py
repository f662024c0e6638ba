"""Zip and tar archives: their files, each a source of its own.

An archive is recognised by how its name ends, since files are not opened before they are read. An archive that is named
otherwise is refused when it is read.
"""

import contextlib
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from typing import IO, cast

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MOST_FILES = 100_000
FAULTS = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, tarfile.TarError, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
"""The exceptions of reading an archive that is cut, damaged, encrypted or no archive."""


class Archive:
    """One archive, opened when one of its files is: reading them in its order reads it once."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        self._tar: tarfile.TarFile | None = None

    def files(self) -> list[tuple[str, int]]:
        """Name and bytes of each regular file: of a tar that is cut, those before. Raises ``FAULTS``."""
        self._open()
        members: list[tuple[str, int]] = []
        if self._zip is not None:
            members = [(each.filename, each.file_size) for each in self._zip.infolist() if not each.is_dir()]
        elif self._tar is not None:
            with contextlib.suppress(*FAULTS):
                for each in self._tar:
                    if each.isreg() and len(members) < MOST_FILES:
                        members.append((each.name, each.size))
        self.close()
        return members[:MOST_FILES]

    def open(self, name: str) -> io.BufferedReader:
        """Opens one of its files. Raises ``FAULTS``."""
        self._open()
        opened: IO[bytes] | None = None
        if self._zip is not None:
            opened = self._zip.open(name)
        elif self._tar is not None:
            opened = self._tar.extractfile(name)
        if opened is None:
            raise ValueError("no such file within")
        return cast(io.BufferedReader, opened)

    def close(self) -> None:
        """Closes the archive; it is opened again when one of its files is."""
        for opened in (self._zip, self._tar):
            if opened is not None:
                opened.close()
        self._zip = self._tar = None

    def _open(self) -> None:
        if self._zip is None and self._tar is None:
            if self._path.lower().endswith(".zip"):
                self._zip = zipfile.ZipFile(self._path)
            else:
                self._tar = tarfile.open(self._path, "r:*")  # noqa: SIM115


def is_archive(path: str) -> bool:
    """Whether a file's name says that it is one."""
    return os.path.basename(path).lower().endswith(SUFFIXES)

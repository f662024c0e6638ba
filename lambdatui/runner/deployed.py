"""What is deployed: a private folder beside the runner's log, with a JSON file and the unpacked code of each function.

``runner.db`` has ``runner.functions/``: ``NAME/function.json`` and ``NAME/code/SHA/``, ``layers/NAME/VERSION/``,
``mappings.json``, ``triggers.json``. The folder is 0700 and each file 0600, because environment variables are in them
and nowhere else.
"""

import base64
import contextlib
import hashlib
import io
import json
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdatui.runner.functions import LATEST, Deployment, deployment_of
from lambdatui.runner.untrusted import parsed_json

# Lambda quotas: unzipped code and layers.
UNZIPPED_BYTES = 262_144_000
ZIPPED_BYTES = 52_428_800

Document = dict[str, Any]


class BadZip(Exception):
    """A ZIP that is damaged, too large, or climbs out of its folder; the text says which."""


@dataclass(slots=True)
class Function:
    """All that is known of one function, as it stands in its file."""

    name: str
    document: Document

    @property
    def latest(self) -> Document:
        found: Document = self.document["versions"][LATEST]
        return found

    @property
    def versions(self) -> dict[str, Document]:
        found: dict[str, Document] = self.document["versions"]
        return found

    @property
    def aliases(self) -> dict[str, Document]:
        found: dict[str, Document] = self.document["aliases"]
        return found

    @property
    def reserved(self) -> int | None:
        found: int | None = self.document.get("reserved")
        return found

    def part(self, name: str) -> dict[str, Any]:
        """``provisioned``, ``event_invoke``, ``urls`` or ``tags``: a mapping, most by qualifier."""
        found: dict[str, Any] = self.document.setdefault(name, {})
        return found


class Deployed:
    """The functions, read once and written when they change."""

    def __init__(self, log_path: Path) -> None:
        self.folder = log_path.with_name(f"{log_path.stem}.functions").absolute()
        self.functions: dict[str, Function] = {}
        self._cache: dict[tuple[str, str], Deployment] = {}
        for file in sorted(self.folder.glob("*/function.json")):
            with contextlib.suppress(ValueError, KeyError):
                document = parsed_json(file.read_text(encoding="utf-8"))
                self.functions[file.parent.name] = Function(file.parent.name, document)

    def deployment(self, name: str, version: str) -> Deployment:
        """The version as it runs; KeyError when there is none."""
        found = self._cache.get((name, version))
        if found is None:
            found = self._cache[name, version] = deployment_of(self.functions[name].versions[version])
        return found

    def save(self, function: Function) -> None:
        self.functions[function.name] = function
        for key in [key for key in self._cache if key[0] == function.name]:
            del self._cache[key]
        self.write(f"{function.name}/function.json", function.document)

    def remove(self, name: str) -> None:
        self.functions.pop(name, None)
        for key in [key for key in self._cache if key[0] == name]:
            del self._cache[key]
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def read(self, file: str) -> Any:
        """A document such as ``mappings.json``; an empty mapping when there is none."""
        try:
            return parsed_json((self.folder / file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def write(self, file: str, document: object) -> None:
        target = self.folder / file
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(opened, "w", encoding="utf-8") as out:
            json.dump(document, out, indent=1)
        draft.replace(target)

    def unpack(self, owner: str, data: bytes) -> tuple[Path, str]:
        """Unpack a ZIP for ``owner``: its folder and its SHA-256 in base64. BadZip."""
        digest = hashlib.sha256(data)
        folder = self.folder / owner / digest.hexdigest()[:24]
        if not folder.exists():
            draft = folder.with_name(f".{folder.name}.{os.getpid()}")
            shutil.rmtree(draft, ignore_errors=True)
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.mkdir(parents=True, mode=0o700)
            try:
                _extract(data, draft)
                draft.rename(folder)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
        return folder, base64.b64encode(digest.digest()).decode()


def _extract(data: bytes, folder: Path) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > UNZIPPED_BYTES:
                raise BadZip(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
            for entry in entries:
                parts = Path(entry.filename).parts
                mode = entry.external_attr >> 16
                if entry.filename.startswith("/") or ".." in parts or "\\" in entry.filename or stat.S_ISLNK(mode):
                    raise BadZip("Could not unzip uploaded file. Please check your file, then try to upload again.")
                target = folder / entry.filename
                if entry.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy(archive, entry, target)
                target.chmod(0o755 if mode & 0o111 else 0o644)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno == 28:
            raise
        raise BadZip("Could not unzip uploaded file. Please check your file, then try to upload again.") from error


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    left = entry.file_size  # the directory's word, checked against what comes out: a bomb lies about it
    with archive.open(entry) as packed, open(target, "wb") as out:
        while chunk := packed.read(1 << 16):
            left -= len(chunk)
            if left < 0:
                raise BadZip("Could not unzip uploaded file. Please check your file, then try to upload again.")
            out.write(chunk)


class Watch:
    """Whether the files of folders that are used where they lie have changed.

    Looking costs at most a fiftieth of the time: a folder of thousands of files is looked at a few times a second.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}

    def changed(self, path: str) -> bool:
        now = time.monotonic()
        due, before = self._seen.get(path, (0.0, 0))
        if now < due:
            return False
        state = hash(tuple(_files(path)))
        took = time.monotonic() - now
        self._seen[path] = (now + took + 49 * took, state)
        return before not in (0, state)


def _files(path: str) -> Iterator[tuple[str, int, int]]:
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name == "__pycache__":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(entry.path)
                else:
                    status = entry.stat()
                    yield entry.path, status.st_mtime_ns, status.st_size
    except OSError:
        return

"""What is deployed: a private folder beside the runner's log, with a JSON file and the unpacked code of each function.

``runner.db`` has ``runner.functions/``: ``NAME/function.json`` and ``NAME/code/SHA/``, ``.layers/NAME/SHA/``,
``mappings.json``, ``triggers.json``. The folder is 0700 and each file 0600, because environment variables are in them
and nowhere else. What is the runner's own has a dot in its name, which no function's or layer's has.
"""

import base64
import contextlib
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdatui.runner.functions import LATEST, Deployment, deployment_of
from lambdatui.runner.untrusted import parsed_json
from lambdatui.runner.unzipping import extract

Document = dict[str, Any]
LAYERS = ".layers"


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
        self._folders: dict[str, Path] = {}
        self._cache: dict[tuple[str, str], Deployment] = {}
        for file in sorted(self.folder.glob("*/function.json")):
            with contextlib.suppress(ValueError, KeyError):
                document = parsed_json(file.read_text(encoding="utf-8"))
                name = str(document["versions"][LATEST]["FunctionName"])
                self.functions[name] = Function(name, document)
                self._folders[name] = file.parent

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
        folder = self._folders[function.name] = self.folder_of(function.name)
        self.write(f"{folder.name}/function.json", function.document)

    def remove(self, name: str) -> None:
        self.functions.pop(name, None)
        for key in [key for key in self._cache if key[0] == name]:
            del self._cache[key]
        folder = self.folder_of(name)
        self._folders.pop(name, None)
        (folder / "function.json").unlink(missing_ok=True)
        shutil.rmtree(folder / "code", ignore_errors=True)
        with contextlib.suppress(OSError):  # something that is not ours is in it
            folder.rmdir()

    def folder_of(self, name: str) -> Path:
        """A function's own folder: nobody else's, also where file names do not tell capitals from small letters."""
        if name in self._folders:
            return self._folders[name]
        taken = {one.name.lower() for one in self._folders.values()}
        return self.folder / own_name(name, free=name not in taken)

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

    def unpack(self, owner: Path, data: bytes) -> tuple[Path, str]:
        """Unpack a ZIP into a folder of ``owner``, in any thread: that folder, and the SHA-256 in base64. BadZip."""
        digest = hashlib.sha256(data)
        folder = owner / digest.hexdigest()[:24]
        if not folder.exists():
            draft = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.mkdir(parents=True, mode=0o700)
            try:
                extract(data, draft)
                with contextlib.suppress(FileExistsError):  # the same ZIP came twice at once
                    draft.rename(folder)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                with contextlib.suppress(OSError):  # which is not empty where the function or layer was there before
                    owner.rmdir()
                    owner.parent.rmdir()
                raise
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        return folder, base64.b64encode(digest.digest()).decode()


def own_name(name: str, *, free: bool = True) -> str:
    """What the folder of a function or a layer is called: its name, or that and a mark where it could be another's."""
    if free and name == name.lower() and name != "layers":  # older runners kept their layers there
        return name
    return f"{name.lower()}.{hashlib.sha256(name.encode()).hexdigest()[:8]}"


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

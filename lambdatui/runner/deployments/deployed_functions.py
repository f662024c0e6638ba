"""The deployed functions: a private folder beside the runner's log, with a JSON file and the unpacked code of each.

``runner.db`` has ``runner.functions/``: ``NAME/function.json`` and ``NAME/code/SHA/``, ``.layers/NAME/SHA/``,
``layers.json``, ``mappings.json``, ``triggers.json``. The folder is 0700 and each file 0600, because environment
variables are in them and nowhere else. What is the runner's own has a dot in its name, which no function's or layer's
has.
"""

import base64
import contextlib
import errno
import hashlib
import shutil
import uuid
from pathlib import Path

from lambdatui.runner.clock import now_ns
from lambdatui.runner.deployments.documents import DocumentFolder
from lambdatui.runner.deployments.function import Document, Function, ResolvedFunction
from lambdatui.runner.deployments.names import route_alias, split_name
from lambdatui.runner.deployments.unzipping import extract
from lambdatui.runner.errors import not_found
from lambdatui.runner.functions import LATEST, Deployment, arn_of, deployment_of
from lambdatui.runner.untrusted import parsed_json

LAYERS = ".layers"


class DeployedFunctions:
    """The functions by name, read once and written when they change."""

    def __init__(self, log_path: Path) -> None:
        self.folder = log_path.with_name(f"{log_path.stem}.functions").absolute()
        self.documents = DocumentFolder(self.folder)
        self.by_name: dict[str, Function] = {}
        self._folders: dict[str, Path] = {}
        self._deployments: dict[tuple[str, str], Deployment] = {}
        for file in sorted(self.folder.glob("*/function.json")):
            with contextlib.suppress(ValueError, KeyError):
                document = parsed_json(file.read_text(encoding="utf-8"))
                name = str(document["versions"][LATEST]["FunctionName"])
                self.by_name[name] = Function(name, document)
                self._folders[name] = file.parent

    # --- reading

    def deployment(self, name: str, version: str) -> Deployment:
        """The version as it runs; KeyError when there is none."""
        deployment = self._deployments.get((name, version))
        if deployment is None:
            deployment = deployment_of(self.by_name[name].versions[version])
            self._deployments[name, version] = deployment
        return deployment

    def named(self, full_name: str) -> Function:
        """The function that a name or an ARN means, whatever its qualifier. ApiError when there is none."""
        name, _ = split_name(full_name)
        function = self.by_name.get(name)
        if function is None:
            raise not_found(f"Function not found: {arn_of(name)}")
        return function

    def resolve(self, full_name: str, qualifier: str | None = None) -> ResolvedFunction:
        """The function and the version that a call means, by a version's number or an alias. ApiError when none."""
        name, qualifier = split_name(full_name, qualifier)
        function = self.by_name.get(name)
        if function is not None:
            if qualifier is None or qualifier == LATEST:
                return ResolvedFunction(function, qualifier, LATEST)
            if qualifier in function.versions:
                return ResolvedFunction(function, qualifier, qualifier)
            if qualifier in function.aliases:
                return ResolvedFunction(function, qualifier, route_alias(function.aliases[qualifier]))
        raise not_found(f"Function not found: {arn_of(name)}{f':{qualifier}' if qualifier else ''}")

    def folder_of(self, name: str) -> Path:
        """A function's own folder: nobody else's, also where file names do not tell capitals from small letters."""
        if name in self._folders:
            return self._folders[name]
        taken = {folder.name.lower() for folder in self._folders.values()}
        return self.folder / own_name(name, free=name not in taken)

    # --- changing

    def save(self, function: Function) -> None:
        """Write a function's document, of a new one too."""
        self.by_name[function.name] = function
        self._forget_deployments(function.name)
        folder = self._folders[function.name] = self.folder_of(function.name)
        self.documents.write(f"{folder.name}/function.json", function.document)

    def remove(self, name: str) -> None:
        """Delete a function's document and its unpacked code."""
        self.by_name.pop(name, None)
        self._forget_deployments(name)
        folder = self.folder_of(name)
        self._folders.pop(name, None)
        (folder / "function.json").unlink(missing_ok=True)
        shutil.rmtree(folder / "code", ignore_errors=True)
        with contextlib.suppress(OSError):  # something that is not ours is in it
            folder.rmdir()

    def _forget_deployments(self, name: str) -> None:
        for key in [key for key in self._deployments if key[0] == name]:
            del self._deployments[key]

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
                try:
                    draft.rename(folder)
                except OSError as error:
                    if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # else the same ZIP came twice at once
                        raise
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                with contextlib.suppress(OSError):  # which is not empty where the function or layer was there before
                    owner.rmdir()
                    owner.parent.rmdir()
                raise
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        return folder, base64.b64encode(digest.digest()).decode()

    def copy_folder(self, name: str, path: str) -> Document:
        """Copy a folder that is used where it lies: the fields of a published version's configuration for it."""
        target = self.folder_of(name) / "code" / f"copy-{now_ns()}"
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copytree(path, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        return {"_path": str(target), "_watched": False}


def own_name(name: str, *, free: bool = True) -> str:
    """The name of a function's or a layer's folder: its own, or that and a hash where it could be another's.

    ``free``: no other folder has this name, in capitals or small letters.
    """
    if free and name == name.lower() and name != "layers":  # older runners kept their layers there
        return name
    return f"{name.lower()}.{hashlib.sha256(name.encode()).hexdigest()[:8]}"

"""The deployed functions: a private folder beside the runner's log, with a JSON file and the unpacked code of each.

``runner.db`` has ``runner.functions/``: ``NAME/function.json`` and ``NAME/code/SHA/``, ``.layers/NAME/SHA/``,
``layers.json``, ``mappings.json``, ``triggers.json``. The folder has mode 0700 and each file 0600, because they contain
environment variables, which are stored nowhere else. The runner's own names have a dot, which names of functions and
layers cannot have.
"""

import base64
import contextlib
import errno
import hashlib
import shutil
import uuid
from dataclasses import replace
from pathlib import Path

from collectors.model.units import DAY_S
from lambdatui.runner.clock import now_ns
from lambdatui.runner.deployments.documents import DocumentFolder
from lambdatui.runner.deployments.function import DeployedFunction, Document, ResolvedFunction
from lambdatui.runner.deployments.names import route_alias, split_name
from lambdatui.runner.deployments.unzipping import extract
from lambdatui.runner.errors import not_found
from lambdatui.runner.functions import LATEST, Deployment, arn_of, deployment_of
from lambdatui.runner.untrusted import parsed_json

LAYERS = ".layers"
_DEBUGGED_S = 7 * DAY_S  # so long may an invocation take while it is debugged


class DeployedFunctions:
    """The functions by name, read once and written when they change."""

    def __init__(self, log_path: Path) -> None:
        self.folder = log_path.with_name(f"{log_path.stem}.functions").absolute()
        self.documents = DocumentFolder(self.folder)
        self.by_name: dict[str, DeployedFunction] = {}
        self._folders: dict[str, Path] = {}
        self._deployments: dict[tuple[str, str], Deployment] = {}
        for file in sorted(self.folder.glob("*/function.json")):
            with contextlib.suppress(ValueError, KeyError):
                document = parsed_json(file.read_text(encoding="utf-8"))
                name = str(document["versions"][LATEST]["FunctionName"])
                self.by_name[name] = DeployedFunction(name, document)
                self._folders[name] = file.parent

    # --- reading

    def deployment(self, name: str, version: str) -> Deployment:
        """The version as it runs. Raises KeyError when there is none."""
        deployment = self._deployments.get((name, version))
        if deployment is None:
            deployment = deployment_of(self.by_name[name].versions[version])
            self._deployments[name, version] = deployment
        return deployment

    def debug(self, name: str, port: int) -> None:
        """Let every version of a function wait for a debugger on ``port``, for as long as it is debugged."""
        for version in self.by_name[name].versions:
            deployment = replace(self.deployment(name, version), debug_port=port, timeout_s=_DEBUGGED_S)
            self._deployments[name, version] = deployment

    def named(self, full_name: str) -> DeployedFunction:
        """The function that a name or an ARN means, whatever its qualifier. Raises ApiError when there is none."""
        name, _ = split_name(full_name)
        function = self.by_name.get(name)
        if function is None:
            raise not_found(f"Function not found: {arn_of(name)}")
        return function

    def resolve(self, full_name: str, qualifier: str | None = None) -> ResolvedFunction:
        """The function and the version that a call means, by number or alias. Raises ApiError when there is none."""
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
        """A function's own folder, also where file names do not distinguish capitals from small letters."""
        if name in self._folders:
            return self._folders[name]
        taken = {folder.name.lower() for folder in self._folders.values()}
        return self.folder / own_name(name, free=name not in taken)

    # --- changing

    def save(self, function: DeployedFunction) -> None:
        """Write the document of a new or changed function."""
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
        """Unpack a ZIP below ``owner``; returns the folder and the SHA-256 in base64. For a thread. Raises BadZip."""
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
                with contextlib.suppress(OSError):  # it is not empty where the function or layer existed before
                    owner.rmdir()
                    owner.parent.rmdir()
                raise
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        return folder, base64.b64encode(digest.digest()).decode()

    def copy_folder(self, name: str, path: str) -> Document:
        """Copy a folder that is used in place; the fields for it in a published version's configuration."""
        target = self.folder_of(name) / "code" / f"copy-{now_ns()}"
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copytree(path, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        return {"_path": str(target), "_watched": False}


def own_name(name: str, *, free: bool = True) -> str:
    """The name of a function's or a layer's folder: its name, with a hash where another folder could have that name.

    ``free``: no other folder has this name, in capitals or small letters.
    """
    if free and name == name.lower() and name != "layers":  # older runners kept their layers there
        return name
    return f"{name.lower()}.{hashlib.sha256(name.encode()).hexdigest()[:8]}"

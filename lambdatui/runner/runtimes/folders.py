"""The folders that stand for ``/var/runtime`` and ``/opt``: packages of Lambda's runtimes, and layers."""

import contextlib
import hashlib
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes.python import this_runtime

# The packages that Lambda's Python runtimes have besides the standard library.
_PROVIDED = (
    *("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"),
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
)


def runtime_folder(parent: Path) -> Path:
    """A folder in ``parent`` with links to the packages of Lambda's Python runtime, and to no other package."""
    folder = parent / this_runtime()
    if folder.exists():
        return folder
    folder.mkdir(parents=True)
    for name in _PROVIDED:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        with contextlib.suppress(FileExistsError):
            (folder / origin.name).symlink_to(origin)
    return folder


def opt_folder(parent: Path, layers: tuple[str, ...]) -> Path | None:
    """A folder in ``parent`` with all layers, where files of later layers replace those of earlier ones, as in /opt.

    None when there are no layers. Raises RunnerError when a layer's folder does not exist any more.
    """
    if not layers:
        return None
    folder = parent / f"opt-{hashlib.sha256(repr(layers).encode()).hexdigest()[:32]}"
    if not folder.exists():
        folder.mkdir(parents=True)
        for layer in layers:
            if not Path(layer).is_dir():
                raise RunnerError(f"layer {layer} is not a folder")
            _lay_over(Path(layer), folder)
    return folder


def _lay_over(layer: Path, folder: Path) -> None:
    """Copy a layer into ``folder``: its files and links replace what has their names, its folders join others."""
    for entry in os.scandir(layer):
        target = folder / entry.name
        both_folders = entry.is_dir(follow_symlinks=False) and target.is_dir() and not target.is_symlink()
        if not both_folders and os.path.lexists(target):  # a copy would be written to where an older link leads
            shutil.rmtree(target) if target.is_dir() and not target.is_symlink() else target.unlink()
        if both_folders:
            _lay_over(Path(entry.path), target)
        elif entry.is_symlink():
            target.symlink_to(os.readlink(entry.path))
        elif entry.is_dir():
            shutil.copytree(entry.path, target, symlinks=True)
        else:
            shutil.copy2(entry.path, target)

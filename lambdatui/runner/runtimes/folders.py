"""The folders that stand for ``/var/runtime`` and ``/opt`` of a function: what Lambda's runtimes bring, and layers."""

import contextlib
import hashlib
import shutil
from importlib.util import find_spec
from pathlib import Path

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes.python import this_runtime

# What Lambda's own Python runtimes have beside the standard library.
_PROVIDED = (
    *("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"),
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
)


def runtime_folder(parent: Path) -> Path:
    """A folder with links to what Lambda's Python runtime has, made in ``parent``: nothing else of ours is in it."""
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
    """The layers in one folder, made in ``parent``: a later one over an earlier, as Lambda lays them in /opt.

    None when there are none. RunnerError when a layer's folder is gone.
    """
    if not layers:
        return None
    folder = parent / f"opt-{hashlib.sha256(repr(layers).encode()).hexdigest()[:32]}"
    if not folder.exists():
        folder.mkdir(parents=True)
        for layer in layers:
            if not Path(layer).is_dir():
                raise RunnerError(f"layer {layer} is not a folder")
            shutil.copytree(layer, folder, dirs_exist_ok=True, symlinks=True)
    return folder

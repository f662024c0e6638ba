"""The folders that stand for ``/var/runtime`` and ``/opt``: packages of Lambda's runtimes, and layers."""

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes.registry import program_row
from lambdatui.runner.runtimes.sdk import installed_folder, least_minor, python_packages


def runtime_folder(parent: Path, runtime: str) -> Path:
    """A folder in ``parent`` with links to the packages that a runtime brings along, and to no other package."""
    if runtime.startswith("nodejs"):
        return _folder_of_links(parent / "nodejs", {"node_modules": installed_folder("nodejs") / "node_modules"})
    if not runtime.startswith("python"):
        return _folder_of_links(parent / "runtime", {})
    version = program_row(runtime)["version"] or ""
    minor = int(version.split(".")[1]) if version else least_minor()
    name = f"python3.{minor}"
    if minor < least_minor() and installed_folder(name).exists():
        name += "-installed"  # since the runner was started, perhaps
    folder = parent / name
    return folder if folder.exists() else _folder_of_links(folder, {path.name: path for path in python_packages(minor)})


def _folder_of_links(folder: Path, links: dict[str, Path]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, target in links.items():
        with contextlib.suppress(FileExistsError):
            (folder / name).symlink_to(target)
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

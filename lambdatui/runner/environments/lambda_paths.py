"""Lambda's paths: what a function's process finds at /var/task, /opt and /var/runtime, or in folders instead of them.

Lambda Developer Guide, "Using Lambda environment variables" and "Packaging your layer content". /var of the machine
has no such folders, and only root could make some: all processes get a /var of links and mounts to the machine's own,
with these folders added.
"""

import hashlib
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambdatui.runner.environments.spawning import Mount
from lambdatui.runner.functions import Deployment
from lambdatui.runner.runtimes.folders import opt_folder, runtime_folder

TASK, RUNTIME, OPT = "/var/task", "/var/runtime", "/opt"
COMPILED = "/var/lang"
"""Where compiled Python goes, because the code's own folder is read-only."""
_HOSTS = "/etc/hosts"
SANDBOX_HOSTS = ("sandbox.localdomain", "sandbox")
"""The names of an environment's own loopback address (Lambda Developer Guide, "Lambda Telemetry API")."""


@dataclass(frozen=True, slots=True)
class LambdaPaths:
    """The paths that a process is told of. ``opt`` is None without layers; ``mounts`` is None without a namespace."""

    task: str
    opt: str | None
    runtime: str
    mounts: tuple[Mount, ...] | None = None


def shared_mounts(folder: Path) -> list[Mount]:
    """The mounts of all processes of a runner, whose private folder is ``folder``. Raises OSError."""
    staging = folder / "var"
    staging.mkdir()
    mounts: list[Mount] = []
    own = {Path(path).name for path in (TASK, RUNTIME, COMPILED)}
    with os.scandir("/var") as entries:
        for entry in entries:
            target = staging / entry.name
            if entry.name in own:
                continue
            if entry.is_symlink():
                target.symlink_to(os.readlink(entry.path))
            else:
                target.mkdir() if entry.is_dir() else target.touch()
                mounts.append((entry.path, str(target), False))
    for name in own:
        (staging / name).mkdir()
    mounts.append((str(staging), "/var", False))
    if os.path.exists(_HOSTS):
        hosts = folder / "hosts"
        hosts.write_bytes(Path(_HOSTS).read_bytes() + f"\n127.0.0.1 {' '.join(SANDBOX_HOSTS)}\n".encode())
        mounts.append((str(hosts), _HOSTS, False))
    return mounts


def plain_paths(deployment: Deployment, shared: Path) -> LambdaPaths:
    """The machine's own folders. Raises RunnerError when a layer's folder does not exist any more."""
    opt = opt_folder(shared, deployment.layers)
    return LambdaPaths(deployment.path, None if opt is None else str(opt), str(runtime_folder(shared)))


def namespace_paths(deployment: Deployment, shared: Path, command: Sequence[str]) -> LambdaPaths:
    """Lambda's own paths, for a process of ``command``. Raises RunnerError as ``plain_paths`` does."""
    mounts: list[Mount] = [(deployment.path, TASK, True), (str(runtime_folder(shared)), RUNTIME, True)]
    code = hashlib.sha256(f"{deployment.path} {deployment.code_id}".encode()).hexdigest()[:32]
    compiled = shared / f"compiled-{code}"
    compiled.mkdir(exist_ok=True)
    mounts.append((str(compiled), COMPILED, False))
    host_folders = _below(OPT, _needed(command)) if deployment.layers else []
    opt = _layers_folder(deployment, shared, host_folders)
    if opt is not None:
        mounts += [(f"{OPT}/{name}", f"{opt}/{name}", False) for name in host_folders]
        mounts.append((opt, OPT, True))
    return LambdaPaths(TASK, None if opt is None else OPT, RUNTIME, tuple(mounts))


def _layers_folder(deployment: Deployment, shared: Path, host_folders: Sequence[str]) -> str | None:
    """The folder for /opt, with a folder for each name in ``host_folders``; None without layers."""
    if len(deployment.layers) == 1 and not host_folders and os.path.isdir(deployment.layers[0]):
        return deployment.layers[0]
    opt = opt_folder(shared, deployment.layers)
    if opt is None:
        return None
    for name in host_folders:
        (opt / name).mkdir(exist_ok=True)
    return str(opt)


def _needed(command: Sequence[str]) -> set[str]:
    """Folders and files of the machine that a process needs: its program, with its library, and this package."""
    programs = [part for part in command if part.startswith("/")]
    real = [os.path.realpath(program) for program in programs]
    return {*programs, *real, sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix), __file__}


def _below(folder: str, paths: Iterable[str]) -> list[str]:
    """The names in ``folder`` below which ``paths`` are."""
    names = {path[len(folder) + 1 :].partition("/")[0] for path in paths if path.startswith(f"{folder}/")}
    return sorted(name for name in names if os.path.isdir(f"{folder}/{name}"))


def extension_programs(folder: str | None) -> list[str]:
    """The names of the files in ``extensions`` of a layers' folder: each is an external extension."""
    if folder is None:
        return []
    try:
        with os.scandir(f"{folder}/extensions") as entries:
            return sorted(entry.name for entry in entries if not stat.S_ISDIR(entry.stat().st_mode))
    except OSError:
        return []

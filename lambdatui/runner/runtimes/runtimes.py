"""What runs a function: the interpreter on this machine, the command, and the folder that stands for /var/runtime."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lambdatui.runner.functions import RunnerError

_HERE = Path(__file__).parent
_PYTHON = re.compile(r"python3\.\d{1,2}")
_NODE = re.compile(r"nodejs(\d{2})\.x")
NODE_RUNTIMES = ("nodejs20.x", "nodejs22.x", "nodejs24.x")
# What Lambda's own Python runtimes have beside the standard library.
_PROVIDED = (
    *("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"),
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
)


def this_runtime() -> str:
    """The runtime identifier of the interpreter that runs us, such as ``python3.11``."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def check(runtime: str) -> None:
    """RunnerError, by name, when this machine cannot run ``runtime``."""
    if _PYTHON.fullmatch(runtime):
        _python(runtime)
    elif runtime in NODE_RUNTIMES:
        _node(runtime)
    elif runtime != "provided.al2023":
        raise RunnerError(
            f"runtime {runtime} is not run here: python3.x, {', '.join(NODE_RUNTIMES)} and provided.al2023 are"
        )


def command(runtime: str, task_root: str) -> list[str]:
    """The command of a function's process. RunnerError when there is none."""
    if runtime == "provided.al2023":
        bootstrap = Path(task_root) / "bootstrap"
        return [str(bootstrap)]
    if runtime in NODE_RUNTIMES:
        return [_node(runtime), str(_HERE / "node" / "bootstrap.mjs")]
    python = _python(runtime)
    if runtime == this_runtime() and find_spec("awslambdaric") is not None:
        return [python, "-S", "-X", "utf8", str(_HERE / "start_awslambdaric.py")]
    return [python, "-u", "-X", "utf8", str(_HERE / "bootstrap.py")]


@cache
def _python(runtime: str) -> str:
    if runtime == this_runtime():
        return sys.executable
    found = shutil.which(runtime)
    if found and _says(found, "--version").startswith(f"Python {runtime.removeprefix('python')}."):
        return found
    for candidate in sorted(Path.home().glob(f".pyenv/versions/{runtime.removeprefix('python')}.*/bin/{runtime}")):
        return str(candidate)
    raise RunnerError(f"runtime {runtime} needs {runtime} on PATH: install it, or deploy with {this_runtime()}")


@cache
def _node(runtime: str) -> str:
    wanted = runtime.removeprefix("nodejs").removesuffix(".x")
    found = os.environ.get(f"LAMBDATUI_NODE{wanted}") or shutil.which(f"node{wanted}") or shutil.which("node")
    if not found:
        raise RunnerError(f"runtime {runtime} needs Node.js {wanted} on PATH: install it from nodejs.org")
    version = _says(found, "--version")
    if not version.startswith(f"v{wanted}."):
        have = version or "none that runs"
        raise RunnerError(
            f"runtime {runtime} needs Node.js {wanted}, and {found} is {have}: install it, or name it in "
            f"LAMBDATUI_NODE{wanted}"
        )
    return found


def node_runtime() -> str | None:
    """The Node runtime that this machine can run, if any."""
    for runtime in NODE_RUNTIMES:
        with contextlib.suppress(RunnerError):
            _node(runtime)
            return runtime
    return None


def _says(program: str, flag: str) -> str:
    try:
        return subprocess.run([program, flag], capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def runtime_folder(folder: Path) -> Path:
    """A folder with links to what Lambda's Python runtime has, made in ``folder``; the rest of ours is not in it."""
    made = folder / this_runtime()
    if made.exists():
        return made
    made.mkdir(parents=True)
    for name in _PROVIDED:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        with contextlib.suppress(FileExistsError):
            (made / origin.name).symlink_to(origin)
    return made


def opt_folder(folder: Path, layers: tuple[str, ...]) -> Path | None:
    """The layers in one folder, a later one over an earlier, as Lambda lays them over one another in /opt."""
    if not layers:
        return None
    made = folder / f"opt-{hashlib.sha256(repr(layers).encode()).hexdigest()[:32]}"
    if not made.exists():
        made.mkdir(parents=True)
        for layer in layers:
            if not Path(layer).is_dir():
                raise RunnerError(f"layer {layer} is not a folder")
            shutil.copytree(layer, made, dirs_exist_ok=True, symlinks=True)
    return made

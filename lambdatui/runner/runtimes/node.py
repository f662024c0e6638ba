"""Node.js functions, with our own bootstrap, which needs only Node.js."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.runtimes.base import Runtime, register
from lambdatui.runner.runtimes.programs import version_text

_BOOTSTRAP = Path(__file__).with_name("bootstrap.mjs")


class NodeRuntime(Runtime):
    """The versions of Node.js that Lambda has (Lambda Developer Guide, "Lambda runtimes")."""

    identifiers = ("nodejs20.x", "nodejs22.x", "nodejs24.x")
    help_text = "nodejs20.x and so on"

    def check(self, identifier: str) -> None:
        """Raise RunnerError when that version of Node.js is not installed."""
        _program(identifier)

    def command(self, identifier: str, task_root: str) -> list[str]:
        """Node.js with our bootstrap."""
        return [_program(identifier), str(_BOOTSTRAP)]

    def debug_command(self, deployment: Deployment) -> list[str]:
        """Node.js with its own inspector, stopped before the first line."""
        node, *rest = self.command(deployment.runtime, deployment.path)
        return [node, f"--inspect-brk=127.0.0.1:{deployment.debug_port}", *rest]

    def place_of_syntax_error(self, identifier: str, files: Sequence[Path]) -> str:
        """Of a module: Node.js prints the place, and leaves it out of the error that a program can catch."""
        for file in files:
            if file.suffix in (".js", ".mjs", ".cjs"):
                command = [_program(identifier), "--check", str(file)]
                check = subprocess.run(
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
                )
                if check.returncode:
                    return check.stderr.partition("\n")[0].removeprefix("file://").strip()
        return ""

    def variables(self, identifier: str, opt: Path | None, env: Mapping[str, str]) -> dict[str, str]:
        """``NODE_PATH`` with the modules of layers, then the function's own."""
        if opt is None:
            return {}
        folders = [f"{opt}/nodejs/node{_major(identifier)}/node_modules", f"{opt}/nodejs/node_modules"]
        return {"NODE_PATH": ":".join([*folders, *filter(None, [env.get("NODE_PATH", "")])])}


def node_runtime() -> str | None:
    """The identifier of a Node.js that this machine can run, the oldest first; None when there is none."""
    for identifier in NodeRuntime.identifiers:
        with contextlib.suppress(RunnerError):
            _program(identifier)
            return identifier
    return None


def _major(identifier: str) -> str:
    return identifier.removeprefix("nodejs").removesuffix(".x")


@cache
def _program(identifier: str) -> str:
    major = _major(identifier)
    program = os.environ.get(f"LAMBDATUI_NODE{major}") or shutil.which(f"node{major}") or shutil.which("node")
    if not program:
        raise RunnerError(f"runtime {identifier} needs Node.js {major} on PATH: install it from nodejs.org")
    version = version_text(program)
    if not version.startswith(f"v{major}."):
        raise RunnerError(
            f"runtime {identifier} needs Node.js {major}, and {program} is {version or 'none that runs'}: install it, "
            f"or name it in LAMBDATUI_NODE{major}"
        )
    return program


register(NodeRuntime())

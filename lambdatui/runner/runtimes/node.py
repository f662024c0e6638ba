"""Node.js functions, with our own bootstrap, which needs only Node.js."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.runtimes.base import Runtime, register
from lambdatui.runner.runtimes.data_folder import data_folder
from lambdatui.runner.runtimes.programs import Program, nearest, version_key, version_text

_MAJORS = range(16, 40)
_BOOTSTRAP = Path(__file__).with_name("bootstrap.mjs")


class NodeRuntime(Runtime):
    """The versions of Node.js that Lambda has (Lambda Developer Guide, "Lambda runtimes")."""

    identifiers = ("nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x")
    help_text = "nodejs20.x and so on"

    def program(self, identifier: str) -> Program:
        """Node.js of that version, or else of the nearest that is installed."""
        major = _major(identifier)
        if variable := os.environ.get(f"LAMBDATUI_NODE{major}"):
            return _named(identifier, major, variable)
        programs = _programs()
        chosen = nearest(major, programs)
        if chosen is None:
            raise RunnerError(f"runtime {identifier} needs Node.js {major} on PATH: install it from nodejs.org")
        program = programs[chosen]
        if chosen == major:
            return program
        note = (
            f"Node.js {major} is not installed on this machine: Node.js {program.version} runs {identifier} "
            f"({program.path}); install Node.js {major} or name it in LAMBDATUI_NODE{major} to have exactly that"
        )
        return Program(program.path, program.version, note)

    def command(self, identifier: str, task_root: str) -> list[str]:
        """Node.js with our bootstrap."""
        return [self.program(identifier).path, str(_BOOTSTRAP)]

    def debug_command(self, deployment: Deployment) -> list[str]:
        """Node.js with its own inspector, stopped before the first line."""
        node, *rest = self.command(deployment.runtime, deployment.path)
        return [node, f"--inspect-brk=127.0.0.1:{deployment.debug_port}", *rest]

    def place_of_syntax_error(self, identifier: str, files: Sequence[Path]) -> str:
        """Of a module: Node.js prints the place, and leaves it out of the error that a program can catch."""
        for file in files:
            if file.suffix in (".js", ".mjs", ".cjs"):
                command = [self.program(identifier).path, "--check", str(file)]
                check = subprocess.run(
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
                )
                if check.returncode:
                    return check.stderr.partition("\n")[0].removeprefix("file://").strip()
        return ""

    def variables(self, identifier: str, opt: Path | None, env: Mapping[str, str]) -> dict[str, str]:
        """``NODE_PATH`` with the modules of layers, of the SDK, then the function's own."""
        layers = (
            [] if opt is None else [f"{opt}/nodejs/node{_major(identifier)}/node_modules", f"{opt}/nodejs/node_modules"]
        )
        own = [path for path in (f"{env['LAMBDA_RUNTIME_DIR']}/node_modules", env.get("NODE_PATH")) if path]
        return {"NODE_PATH": ":".join([*layers, *own])}


def node_runtime() -> str | None:
    """The identifier of a Node.js that this machine has, the oldest first; None when it has none."""
    for identifier in NodeRuntime.identifiers:
        with contextlib.suppress(RunnerError):
            if not NodeRuntime().program(identifier).note:
                return identifier
    return None


def _major(identifier: str) -> int:
    return int(identifier.removeprefix("nodejs").removesuffix(".x"))


def _named(identifier: str, major: int, path: str) -> Program:
    """The program that a variable names. Raises RunnerError where it is of another version."""
    version = _version(path)
    if version is None or version_key(version)[0] != major:
        raise RunnerError(
            f"runtime {identifier} needs Node.js {major}, and {path} is {version or 'none that runs'}: install it, or "
            f"name it in LAMBDATUI_NODE{major}"
        )
    return Program(path, version)


def _programs() -> dict[int, Program]:
    """Every Node.js that is installed, by its major version: of PATH, and of nvm and fnm."""
    named = [*sorted(_MAJORS), ""]
    on_path = [path for major in named if (path := shutil.which(f"node{major}")) is not None]
    data = data_folder()
    nvm = Path(os.environ.get("NVM_DIR") or Path.home() / ".nvm")
    managed = [*nvm.glob("versions/node/v*/bin/node"), *data.glob("fnm/node-versions/v*/installation/bin/node")]
    programs: dict[int, Program] = {}
    for path in [*on_path, *sorted(map(str, managed), reverse=True)]:
        version = _version(path)
        if version is not None:
            programs.setdefault(version_key(version)[0], Program(path, version))
    return programs


@cache
def _version(path: str) -> str | None:
    """The version of a Node.js, such as ``20.1.0``; None where it does not run."""
    match = re.fullmatch(r"v(\d+\.\d+\.\d+)\S*", version_text(path))
    return match[1] if match else None


register(NodeRuntime())

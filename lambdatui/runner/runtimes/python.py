"""Python functions: awslambdaric with the interpreter that runs us, our own bootstrap with any other."""

import os
import re
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.runtimes.base import Runtime, register
from lambdatui.runner.runtimes.data_folder import data_folder
from lambdatui.runner.runtimes.programs import Program, nearest, output_of, version_key

_HERE = Path(__file__).parent
_IDENTIFIER = re.compile(r"python3\.\d{1,2}")
_OLDEST, _NEWEST = 8, 40
"""Minor versions of Python 3: the oldest that our bootstrap runs with, and one that will not exist for long."""
# A program on PATH may be a script that chooses an interpreter, as those of pyenv, asdf and mise are.
_ASK = "import sys; print('.'.join(map(str, sys.version_info[:3])), sys.executable)"


class PythonRuntime(Runtime):
    """Python 3 of any version: with the interpreter of that version, or else with the nearest that is installed."""

    identifiers = ("python3.x",)
    help_text = "python3.x"

    def takes(self, identifier: str) -> bool:
        """``python3.`` and a version of one or two digits."""
        return _IDENTIFIER.fullmatch(identifier) is not None

    def program(self, identifier: str) -> Program:
        """The interpreter."""
        wanted = _minor(identifier)
        exact = _interpreter(wanted)
        if exact is not None:
            return exact
        interpreters = {minor: known for minor in range(_OLDEST, _NEWEST) if (known := _interpreter(minor)) is not None}
        minor = nearest(wanted, interpreters)
        if minor is None:
            raise RunnerError(f"runtime {identifier} needs {identifier} on PATH: install it")
        program = interpreters[minor]
        note = (
            f"{identifier} is not installed on this machine: Python {program.version} runs it ({program.path}); "
            f"install {identifier} to have exactly that"
        )
        return Program(program.path, program.version, note)

    def command(self, identifier: str, task_root: str) -> list[str]:
        """The interpreter alone, not ``python -m lambdatui``: a function's process contains no module of lambdatui."""
        python = self.program(identifier).path
        if python == sys.executable and find_spec("awslambdaric") is not None:
            return [python, "-S", "-X", "utf8", str(_HERE / "start_awslambdaric.py")]
        # Without the packages that the interpreter has installed, as on Lambda.
        return [python, "-S", "-u", "-X", "utf8", str(_HERE / "bootstrap.py")]

    def debug_command(self, deployment: Deployment) -> list[str]:
        """The interpreter with debugpy, wherever that is installed, which then runs the program of ``command``."""
        python, *options, program = self.command(deployment.runtime, deployment.path)
        folder = _debugpy_folder(python, deployment)
        # Python's own frozen modules would hide their frames from the debugger, and it warns of that.
        options = [*options, "-X", "frozen_modules=off"]
        return [python, *options, str(_HERE / "start_debugpy.py"), folder, str(deployment.debug_port), program]


def _debugpy_folder(python: str, deployment: Deployment) -> str:
    """The folder that has debugpy: of the function, a layer, its interpreter, or else of lambdatui's own."""
    own = [deployment.path, *(f"{layer}/python" for layer in reversed(deployment.layers))]
    for folder in own:
        if Path(folder, "debugpy", "__init__.py").is_file():
            return folder
    code = "import sys; del sys.path[0]; from importlib.util import find_spec as f; print(f('debugpy').origin)"
    for interpreter in dict.fromkeys((python, sys.executable)):
        if origin := output_of([interpreter, "-c", code]):
            return str(Path(origin).parent.parent)
    raise RunnerError(
        f"debugging {deployment.runtime} needs debugpy: {python} -m pip install debugpy, or put it beside the function"
    )


def this_runtime() -> str:
    """The identifier of the interpreter that runs us, such as ``python3.11``."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _minor(identifier: str) -> int:
    return int(identifier.removeprefix("python3."))


def _interpreter(minor: int) -> Program | None:
    """The interpreter of Python 3's ``minor`` version; None when it is not installed."""
    if minor == sys.version_info.minor:
        return Program(sys.executable, ".".join(map(str, sys.version_info[:3])))
    name = f"python3.{minor}"
    on_path = shutil.which(name)
    for candidate in [*([on_path] if on_path else []), *_installed(name)]:
        program = _asked(candidate)
        if program is not None and version_key(program.version)[:2] == (3, minor):
            return program
    return None


def _installed(name: str) -> list[str]:
    """Interpreters that version managers have installed, the newest first."""
    number = name.removeprefix("python")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    data = data_folder()
    places = [*pyenv.glob(f"versions/{number}*"), *data.glob(f"uv/python/cpython-{number}.*")]
    newest_first = sorted(
        places, key=lambda place: [int(part) for part in re.findall(r"\d+", place.name)], reverse=True
    )
    return [str(path) for place in newest_first if (path := place / "bin" / name).exists()]


@cache
def _asked(path: str) -> Program | None:
    """What a program says that it is; None where it does not run."""
    version, _, executable = output_of([path, "-S", "-c", _ASK]).partition(" ")
    return Program(executable, version) if executable else None


register(PythonRuntime())

"""Python functions: awslambdaric with the interpreter that runs us, our own bootstrap with any other."""

import re
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.runtimes.base import Runtime, register
from lambdatui.runner.runtimes.programs import output_of, version_text

_HERE = Path(__file__).parent
_IDENTIFIER = re.compile(r"python3\.\d{1,2}")


class PythonRuntime(Runtime):
    """Python 3 of any version that is installed here."""

    identifiers = ("python3.x",)
    help_text = "python3.x"

    def takes(self, identifier: str) -> bool:
        """``python3.`` and a version of one or two digits."""
        return _IDENTIFIER.fullmatch(identifier) is not None

    def check(self, identifier: str) -> None:
        """Raise RunnerError when that version of Python is not installed."""
        _interpreter(identifier)

    def command(self, identifier: str, task_root: str) -> list[str]:
        """The interpreter alone, not ``python -m lambdatui``: a function's process contains no module of lambdatui."""
        python = _interpreter(identifier)
        if identifier == this_runtime() and find_spec("awslambdaric") is not None:
            return [python, "-S", "-X", "utf8", str(_HERE / "start_awslambdaric.py")]
        return [python, "-u", "-X", "utf8", str(_HERE / "bootstrap.py")]

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


@cache
def _interpreter(identifier: str) -> str:
    if identifier == this_runtime():
        return sys.executable
    on_path = shutil.which(identifier)
    if on_path and version_text(on_path).startswith(f"Python {identifier.removeprefix('python')}."):
        return on_path
    for candidate in sorted(
        Path.home().glob(f".pyenv/versions/{identifier.removeprefix('python')}.*/bin/{identifier}")
    ):
        return str(candidate)
    raise RunnerError(f"runtime {identifier} needs {identifier} on PATH: install it, or deploy with {this_runtime()}")


register(PythonRuntime())

"""Python functions: awslambdaric with the interpreter that runs us, our own bootstrap with any other."""

import re
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes.base import Runtime, register
from lambdatui.runner.runtimes.programs import version_text

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

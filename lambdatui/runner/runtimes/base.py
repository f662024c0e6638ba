"""What a runtime is: its identifiers and the command of a function's process; and the list of all runtimes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.runtimes.programs import Program


class Runtime(ABC):
    """A family of runtimes of the Lambda API, such as all versions of Python.

    A new one is a module that ends with ``register(ItsClass())``, and a line in ``registry``. The API's validation, its
    error messages and the help of ``lambdatui runner deploy`` then include it.
    """

    identifiers: ClassVar[tuple[str, ...]]
    """The identifiers as messages list them, such as ``("python3.x",)``."""

    help_text: ClassVar[str]
    """The identifiers in the help of ``--runtime``, in a few words."""

    entrypoint_is_the_functions: ClassVar[bool] = False
    """Whether the program is a file of the function; that it cannot be started is then the function's error."""

    def takes(self, identifier: str) -> bool:
        """Whether it runs functions with this identifier."""
        return identifier in self.identifiers

    def program(self, identifier: str) -> Program | None:
        """What runs ``identifier`` on this machine; None where functions bring their own program.

        Raises RunnerError, which says what to install, when nothing does.
        """
        return None

    @abstractmethod
    def command(self, identifier: str, task_root: str) -> list[str]:
        """The command of a function's process, which uses the Runtime API; ``task_root`` is the code's folder.

        The process gets the variables that Lambda sets, among them ``AWS_LAMBDA_RUNTIME_API``, ``_HANDLER`` and
        ``LAMBDA_TASK_ROOT``. Raises RunnerError when this machine has no such program.
        """

    def debug_command(self, deployment: Deployment) -> list[str]:
        """As ``command``, but the process waits for a debugger on the deployment's ``debug_port`` before it loads code.

        It writes ``Debugger listening on`` and the address to its output when one can attach. Raises RunnerError when
        there is no debugger for it.
        """
        raise RunnerError(
            f"{deployment.runtime} functions bring their own program, which no debugger can start; invoke it without"
            " --debug, and attach one by its process id"
        )

    def place_of_syntax_error(self, identifier: str, files: Sequence[Path]) -> str:
        """``FILE:LINE`` of the first error in ``files``, where the runtime's own error has no place; else empty."""
        return ""

    def variables(self, identifier: str, opt: Path | None, env: Mapping[str, str]) -> dict[str, str]:
        """Variables besides those that every function has; they replace the function's own.

        ``env`` are the function's own variables and ``LAMBDA_RUNTIME_DIR``; ``opt`` is the folder that stands for
        ``/opt``, with the layers, None when there are none.
        """
        return {}


RUNTIMES: list[Runtime] = []
"""Every runtime, in the order of the help."""


def register(runtime: Runtime) -> None:
    """Add ``runtime`` to the runtimes of the whole runner."""
    RUNTIMES.append(runtime)

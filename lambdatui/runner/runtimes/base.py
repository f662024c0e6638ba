"""What a runtime is: the identifiers it takes, and the command of a function's process. And those there are."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar


class Runtime(ABC):
    """A family of runtimes of the Lambda API, such as all versions of Python.

    A new one is a module that ends with ``register(ItsClass())``, and its line in ``registry``. The API's validation,
    its error messages and the help of ``lambdatui runner deploy`` follow from it.
    """

    identifiers: ClassVar[tuple[str, ...]]
    """As messages list them, such as ``("python3.x",)``."""

    help_text: ClassVar[str]
    """The identifiers in the help of ``--runtime``, in a few words."""

    entrypoint_is_the_functions: ClassVar[bool] = False
    """Whether the program is a file of the function: that it cannot be started is then the function's error."""

    def takes(self, identifier: str) -> bool:
        """Whether it runs the runtime with this identifier."""
        return identifier in self.identifiers

    def check(self, identifier: str) -> None:  # noqa: B027 - some need no program of this machine
        """RunnerError, saying what to install, when this machine cannot run ``identifier``."""

    @abstractmethod
    def command(self, identifier: str, task_root: str) -> list[str]:
        """The command of a function's process, which speaks the Runtime API; ``task_root`` is the code's folder.

        The process gets the variables that Lambda sets, among them ``AWS_LAMBDA_RUNTIME_API``, ``_HANDLER`` and
        ``LAMBDA_TASK_ROOT``. RunnerError when this machine has no such program.
        """

    def variables(self, identifier: str, opt: Path | None, env: Mapping[str, str]) -> dict[str, str]:
        """Environment variables beside those that every function has; they replace the function's own, ``env``.

        ``opt`` is the folder that stands for ``/opt``, with the layers; None when there are none.
        """
        return {}


RUNTIMES: list[Runtime] = []
"""Every runtime, in the order of the help."""


def register(runtime: Runtime) -> None:
    """Make ``runtime`` known to the whole runner."""
    RUNTIMES.append(runtime)

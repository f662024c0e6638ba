"""Functions that bring their own program, ``bootstrap`` (Lambda Developer Guide, "Building a custom runtime")."""

from pathlib import Path

from lambdatui.runner.runtimes.base import Runtime, register


class ProvidedRuntime(Runtime):
    """A file of the function named ``bootstrap``, which uses the Runtime API."""

    identifiers = ("provided.al2", "provided.al2023")
    help_text = "provided.al2 and provided.al2023"
    entrypoint_is_the_functions = True

    def command(self, identifier: str, task_root: str) -> list[str]:
        """The function's own ``bootstrap``."""
        return [str(Path(task_root) / "bootstrap")]


register(ProvidedRuntime())

"""Every runtime, by its identifier in the Lambda API. A new one is a module beside this one, and two lines below."""

# ruff: noqa: F401, I001 - importing registers; the order is that of messages and help
import lambdatui.runner.runtimes.python
import lambdatui.runner.runtimes.node
import lambdatui.runner.runtimes.provided

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes.base import RUNTIMES, Runtime

_ORDER = [f"lambdatui.runner.runtimes.{name}" for name in ("python", "node", "provided")]
RUNTIMES.sort(key=lambda runtime: _ORDER.index(type(runtime).__module__))  # whichever was imported first


def runtime_of(identifier: str) -> Runtime:
    """The runtime that runs ``identifier``. Raises RunnerError, which names all runtimes, when none does."""
    for runtime in RUNTIMES:
        if runtime.takes(identifier):
            return runtime
    *others, last = identifiers()
    raise RunnerError(f"runtime {identifier} is not run here: {', '.join(others)} and {last} are")


def program_row(identifier: str) -> dict[str, str | None]:
    """``runtime``, the ``program`` that runs it here, its ``version``, and a ``note`` or an ``error`` to tell."""
    row: dict[str, str | None] = dict.fromkeys(("program", "version", "note", "error"))
    try:
        program = runtime_of(identifier).program(identifier)
    except RunnerError as error:
        row["error"] = str(error)
    else:
        if program is not None:
            row |= {"program": program.path, "version": program.version, "note": program.note or None}
    return {"runtime": identifier, **row}


def is_known(identifier: str) -> bool:
    """Whether a runtime has ``identifier``; this machine may lack its program."""
    return any(runtime.takes(identifier) for runtime in RUNTIMES)


def identifiers() -> list[str]:
    """All identifiers, as messages list them."""
    return [identifier for runtime in RUNTIMES for identifier in runtime.identifiers]


def help_text() -> str:
    """All identifiers in one short line, for the help."""
    return ", ".join(runtime.help_text for runtime in RUNTIMES) + "."

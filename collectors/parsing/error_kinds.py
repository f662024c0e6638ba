"""How a failure is described: its type, its message, and which of five kinds it is."""

import re
from typing import NamedTuple

from collectors.model.records import EXIT_TYPES

TIMED_OUT = "Sandbox.Timedout"
EXITED = "Runtime.ExitError"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
LONGEST_MESSAGE = 2_000
_REQUEST_PREFIX = re.compile(r"^RequestId: \S+ Error: ")

_INIT_TYPES = frozenset(
    {
        "Runtime.ImportModuleError",
        "Runtime.HandlerNotFound",
        "Runtime.UserCodeSyntaxError",
        "Runtime.MalformedHandlerName",
        "Runtime.InvalidEntrypoint",
        "Runtime.InvalidWorkingDir",
        "Runtime.InvalidTaskConfig",
        "ImportModuleError",
        "HandlerNotFound",
        "UserCodeSyntaxError",
        "MalformedHandlerName",
        "PathError",
        "LambdaException",
    }
)
_MEMORY_TYPES = frozenset({OUT_OF_MEMORY, "java.lang.OutOfMemoryError"})


class ErrorText(NamedTuple):
    """A failure: its type as the runtime names it, its message, and which of the five kinds it is.

    ``kind`` is ``unhandled`` (an exception left the handler), ``init`` (the code never came to run), ``exit`` (the
    process ended), ``timeout`` or ``out_of_memory`` (only where the text says so).
    """

    error_type: str
    message: str
    kind: str


def error_kind(error_type: str) -> str:
    """The kind that an error type implies."""
    if error_type in _MEMORY_TYPES:
        return "out_of_memory"
    if error_type == TIMED_OUT:
        return "timeout"
    if error_type in EXIT_TYPES:
        return "exit"
    if error_type in _INIT_TYPES or error_type.startswith(("Extension.", "Init<")):
        return "init"
    return "unhandled"


def error_text(error_type: str, message: str) -> ErrorText:
    """An ``ErrorText`` of the kind that its type implies; the message trimmed and bounded."""
    message = _REQUEST_PREFIX.sub("", message.strip(), count=1)
    return ErrorText(error_type[:200], message[:LONGEST_MESSAGE], error_kind(error_type))

"""Unhandled failures as the runtimes print them into the log.

Only what ends an invocation counts: a program's log line about an error that it handled is no failure. The forms are
those of Lambda's managed runtimes (printed by their runtime interface clients) and of the platform itself.
"""

from typing import Any, NamedTuple

from collectors.parsing.error_kinds import ErrorText, error_text
from collectors.parsing.framework_forms import framework_line_error
from collectors.parsing.runtime_forms import (
    UNHANDLED,
    Bare,
    cut_json,
    first_error,
    old_exit_error,
    out_of_memory_error,
    platform_error,
    timeout_error,
    trace_error,
)
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value

_LONGEST = 20_000  # characters of a print that are looked at: a runtime says at once what failed
_LOGGERS = ("logger", "loggerName", "logger_name", "logname", "loggerFqcn", "thread", "threadName", "thread_name")


class Found(NamedTuple):
    """A failure that was read. ``bare``: it is a stack trace without any of the words that runtimes print with a
    failure.
    """

    error: ErrorText
    bare: bool = False


def might_fail(text: str) -> bool:
    """Whether ``find_error`` could find anything: a few substring searches, cheap enough for every line."""
    return (
        "rror" in text
        or "ERROR" in text
        or "xception" in text
        or "timed out" in text
        or "panic" in text
        or "exited" in text
        or " module" in text
        or "hrowable" in text
        or "OutOfMemory" in text
        or "\tat " in text  # Java's and .NET's classes may be called anything
        or "   at " in text
    )


def find_error(text: str) -> ErrorText | None:
    """The first unhandled failure that an application's text shows, or None.

    ``text`` is one print, lines joined by ``\\n``, ``\\r\\n`` or ``\\r``.
    """
    found = look_for_error(text)
    return found.error if found is not None else None


def look_for_error(text: str) -> Found | None:
    """The error in a text, as ``find_error`` gives it, and whether it is a bare trace.

    Programs print traces of errors that they handled, too.
    """
    if not might_fail(text):
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("LAMBDA_WARNING: Unhandled exception"):
        text = text.partition("\n")[2]
    if text[:1] == "{":
        told = _json_line(text)
        return Found(told) if told is not None else None
    error = first_error(text[:_LONGEST])
    if error is None:
        return None
    return Found(error.error, bare=True) if isinstance(error, Bare) else Found(error)


def error_of(line: dict[str, Any]) -> ErrorText | None:
    """The failure that a decoded JSON line tells, in any runtime's form, or None.

    Python and Java print ``errorType`` and ``errorMessage`` at the top; so do loggers for an error they were handed,
    but those name their ``logger`` or have a ``message`` of their own. Node puts the error into ``message``; it
    prints ``console.error(error)`` alike, so where REPORT says ``success`` this was no failure.
    """
    message = line.get("message")
    if "exception" in line and (told := framework_line_error(line)) is not None:
        return told
    if isinstance(message, dict) and "errorType" in message and _is_error(line):
        return error_text(str(message["errorType"]), str(message.get("errorMessage") or ""))
    if isinstance(message, str) and message and "errorType" not in line:
        return _message_error(message, line) if _is_error(line) else timeout_error(message)
    error_type = line.get("errorType")
    if not isinstance(error_type, str) or not error_type or "logger" in line or "errorMessage" not in line:
        return None
    if message and not str(message).startswith((*UNHANDLED, f"{error_type}: ")):
        return None
    return error_text(error_type, str(line.get("errorMessage") or ""))


def _is_error(line: dict[str, Any]) -> bool:
    return str(line.get("level") or line.get("log_level") or "ERROR").upper() in ("ERROR", "FATAL", "CRITICAL")


def _message_error(message: str, line: dict[str, Any]) -> ErrorText | None:
    """In JSON the platform's own words stand in ``message``; what a program says there is its own business."""
    if not might_fail(message):
        return None
    if message[:1] == "{":
        return None if '"level"' in message or '"logger"' in message else _json_line(message)
    found = timeout_error(message) or old_exit_error(message) or platform_error(message) or out_of_memory_error(message)
    if found is not None or any(name in line for name in _LOGGERS):
        return found
    trace = trace_error(message)
    return trace.error if isinstance(trace, Bare) else trace


def _json_line(text: str) -> ErrorText | None:
    if '"errorType"' not in text and '"message"' not in text:
        return None
    try:
        decoded = json_value(text)
    except Unparsable:
        # A cut line, or JSON followed by more text: the error's own fields come first in every runtime's form.
        return None if '"level"' in text or '"logger"' in text else cut_json(text)
    return error_of(decoded) if isinstance(decoded, dict) else None


def request_id_of(text: str) -> str | None:
    """The request id that an application line names, in the place where its runtime puts it; else None.

    Node and .NET: ``time\\tid\\tLEVEL\\t...``; Python: ``[LEVEL]\\ttime\\tid\\t...``; the platform:
    ``time id Task timed out`` and ``RequestId: id Error: ...``.
    """
    fields = text.split("\t", 3)
    if len(fields) > 2:
        for field in (fields[1], fields[2]):
            if is_request_id(field):
                return field
    if text[:11] == "RequestId: ":
        candidate = text[11:].partition(" ")[0]
        return candidate if is_request_id(candidate) else None
    words = text[:80].split(None, 2)
    for word in words[:2]:
        if is_request_id(word):
            return word
    return None


def is_request_id(word: str) -> bool:
    """Whether a word is spelled as Lambda spells the ids of requests."""
    return len(word) == 36 and word[8] == "-" and word[13] == "-" and word[18] == "-" and word[23] == "-"

"""The forms in which Lambda's managed runtimes and the platform print a failure, a function for each runtime."""

import re
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

from collectors.parsing.error_kinds import EXITED, OUT_OF_MEMORY, TIMED_OUT, ErrorText, error_text
from collectors.parsing.framework_forms import framework_error
from collectors.parsing.logger_lines import is_under_a_logger, level_of
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value


class Bare(NamedTuple):
    """An error of which only the trace was printed, at a line's beginning and under no logger's line."""

    error: ErrorText


_Form = Callable[[str], ErrorText | Bare | None]

_ENDING = r"[\w$]*(?:Error|Exception|Throwable|Exit|Interrupt|Warning|Failure)"
_EXCEPTION = rf"(?:[A-Za-z_$][\w$]*[./])*{_ENDING}"
# Java and .NET name the package: a JavaScript stack that a program printed ("Error: x\n    at ...") does not.
_QUALIFIED = rf"(?:[A-Za-z_$][\w$]*[./])+{_ENDING}"
_TIME = r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d| \([+-]\d\d:\d\d\))"  # the last is `serverless logs`
_ID = r"(?:[0-9a-fA-F]{8}-[\w-]{20,}|undefined|<\w+>)"
_PYTHON = re.compile(
    r"^\[ERROR\] ([A-Za-z_][\w.]*)(?:: ?(.*))?$(\nTraceback \(most recent call last\):)?", re.MULTILINE
)
_PYTHON_KNOWN = re.compile(rf"{_EXCEPTION}|[\w.]+\.[A-Z]\w*|StopIteration|StopAsyncIteration|\w*Timeout|\w*NotFound\w*")
_PYTHON_SAID = re.compile(
    r"\n(?:[ \t\u00a0].*\n|\n)*[A-Za-z_][\w.]*(?:: .*)?(?:\n|\Z)"
)  # as Python itself ends a trace
_PYTHON_OLD = re.compile(r"^(.*): (\w+)\nTraceback \(most recent call last\):", re.MULTILINE)
_NODE = re.compile(
    rf"^(?:(?:{_TIME}\s+)?(?:\S+\s+)?(?:ERROR|FATAL)\s+(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)"
    rf"|{_ID}\s+Invoke Error)\s*(.*)",  # the second is Bref's, for PHP
    re.MULTILINE | re.DOTALL,
)
_NODE_RAW = re.compile(r"^(Runtime\.\w+): (.*)\n[ \t]+at ", re.MULTILINE)  # Node 24, of a rejection
_NODE_OLD = re.compile(rf"^{_TIME}(?:\t\S+\t|[ \t]+{_ID}[ \t]+)(\{{\s*\"error.*)", re.MULTILINE | re.DOTALL)
_TIMEOUT = re.compile(
    rf"^(?:{_TIME}[ \t]+\S+[ \t]+|(?:RequestId: )?[\w-]{{8,}}[ \t]+(?:Error: )?)?"
    r"(Task timed out after [\d.]+ seconds)[ \t]*$",
    re.MULTILINE,
)
_OLD_EXIT = re.compile(
    rf"^(?:{_TIME}[ \t]+)?(?:RequestId: \S+[ \t]+(?:Error: )?)?(Process exited before completing request)[ \t]*$",
    re.MULTILINE,
)
_PLATFORM = re.compile(
    r"^(?:Lambda error: )?RequestId: \S+ Error: (.*?)(?:[\n ]((?:Runtime|Extension|Function|Sandbox)\.\w+))?[ \t]*$",
    re.MULTILINE,
)
UNHANDLED = (  # what runtimes say beside the error that ended an invocation
    "Invoke Error",
    "Uncaught Exception",
    "Unhandled Promise",
    "Error raised from handler",
    "Init error when loading handler",
    "Critical exception from handler",
)
_BARE_TYPE = re.compile(r"\s*((?:Runtime|Extension)\.\w+)\s*")
_JSON_TYPE = re.compile(r'"errorType"\s*:\s*"((?:[^"\\]|\\.)*)"')
_JSON_MESSAGE = re.compile(r'"errorMessage"\s*:\s*"((?:[^"\\]|\\.)*)"?')
_RUBY = re.compile(
    r"^(?:Error raised from handler method|Init error when loading handler.*|Critical exception from handler)"
    r"\s*(\{.*)",
    re.MULTILINE | re.DOTALL,
)
_DOTNET = re.compile(
    rf"^{_TIME}(?:\t\S*\t|[ \t]+(?:{_ID}[ \t]+)?)(?:fail|crit|Error|Critical)[ \t]+"
    rf"({_EXCEPTION}|(?:[A-Za-z_]\w*\.)+[A-Za-z_][\w+`]*(?=: .*\n[ \t]+at ))(?:: (.*)|(?=\n[ \t]+at ))$",
    re.MULTILINE,
)
_CLASS = re.compile(_QUALIFIED)
_TRACE = re.compile(rf"^({_QUALIFIED})(?:: (.*))?\n[ \t]*(?:at |---> |\.\.\. \d+ more)", re.MULTILINE)
_TYPE_LAST = re.compile(rf"^(.*): ({_EXCEPTION})\n(?:\2(?:: (.*))?(?:\n|\Z)|\s*at )", re.MULTILINE)
_NAMED = r"(?:[A-Za-z_$][\w$]*\.)*[A-Za-z_$][\w$]*"
# Whatever the class is called: what was thrown is told by its name coming again, and a trace after it.
_TYPE_AGAIN = re.compile(
    rf"^(.*): ({_NAMED})\n\2(?=[:\n])(?:: (.*))?\n(?:.*\n){{0,20}}?[ \t]*(?:at \S|\.\.\. \d+ more)", re.MULTILINE
)
_TYPE_TWICE = re.compile(rf"^({_QUALIFIED})\n\1\n[ \t]*at ", re.MULTILINE)  # without a message
_TO_TRACE = re.compile(r"\n[ \t]*(?:at |---> |\.\.\. \d+ more)|\nCaused by: |\Z")
_JAVA_LOADING = re.compile(
    rf"^((?:Error loading (?:class|method)|Class not found:) .*?)(?:: (?:class )?({_EXCEPTION}))?$", re.MULTILINE
)
_NAMELESS = re.compile(r"^(.*): (LambdaException)$", re.MULTILINE)
_GO_TYPE = r"errorString|wrapErrors?|PathError|[A-Z*]\w*Error|fundamental|withStack|withMessage"
_GO = re.compile(rf"^(.*): ({_GO_TYPE}|\w+(?=\n(?:\[\s*\{{\s*\"path\"|null\s*$)))$(\n\[\s*\{{|\nnull)?", re.MULTILINE)
_GO_TIME = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d "  # aws-lambda-go prints through the standard library's logger
_GO_JSON = re.compile(rf"^{_GO_TIME}(\{{\s*\"error(?:Message|Type)\"\s*:.*)", re.MULTILINE | re.DOTALL)
_GO_PANIC = re.compile(
    r"^(?:panic: (.*)|fatal error: (.*)|unexpected fault address.*\nfatal error: (.*))$", re.MULTILINE
)
_RUST = re.compile(r"^thread '[^'\n]*'(?: \(\d+\))? panicked at (?:'(.*)', \S+|[^\n]*:\n(.*)|(.*))$", re.MULTILINE)
_IMPORT = re.compile(r"^Unable to import module '[^'\n]*'(?:: .*)?$", re.MULTILINE)
_MISSING = re.compile(r"^Handler '[^'\n]*' missing on module.*$", re.MULTILINE)
_MODULE = re.compile(r"^(?:module initialization error|Syntax error in module '[^'\n]*')(?:: (.*))?$", re.MULTILINE)
_TOO_LARGE = re.compile(
    r"^.*(Failed to post handler success response\. Http response code: 413\.?"
    r"|/runtime/invocation/[\w-]+/response\b.{0,80}\b413\b.*)$",
    re.MULTILINE,
)
_UNKNOWN = re.compile(
    rf"^(?:Unknown application error occurred|(?:{_GO_TIME})?calling the handler function resulted in a panic.*)",
    re.MULTILINE,
)


def cut_json(text: str) -> ErrorText | None:
    """The error that JSON tells which is cut, or goes on with other text."""
    error_type, message = _JSON_TYPE.search(text), _JSON_MESSAGE.search(text)
    if error_type is None:
        return None
    return error_text(_unescaped(error_type.group(1)), _unescaped(message.group(1)) if message else "")


def _unescaped(text: str) -> str:
    try:
        return str(json_value('"' + text.replace("\n", "\\n").replace("\t", "\\t") + '"'))
    except Unparsable:
        return text


def _error_object(text: str) -> ErrorText | None:
    """The first JSON object in ``text``, whole or cut; the type ``Error`` where there is none."""
    start = text.find("{")
    if start < 0:
        first_line = text.strip().partition("\n")[0]
        return error_text("Error", first_line) if first_line else None
    return cut_json(text[start:]) or error_text("Error", text[start:].strip())


def _python(text: str) -> ErrorText | None:
    for match in _PYTHON.finditer(text):
        error_type = match.group(1)
        # print("[ERROR] Retry: later") looks the same but for the traceback and the name.
        if match.group(3) and _PYTHON_SAID.match(text, match.end()):
            continue  # of a logger: Lambda's client ends with the last frame
        if match.group(3) or _PYTHON_KNOWN.fullmatch(error_type):
            return error_text(error_type, (match.group(2) or "").partition(" | Traceback (most recent")[0])
    old = _PYTHON_OLD.search(text)
    return error_text(old.group(2), old.group(1)) if old and not level_of(old.group(1)) else None


def _node(text: str) -> ErrorText | None:
    found = _NODE.search(text) or _NODE_OLD.search(text)
    if found is not None:
        return _error_object(found.group(1))
    raw = _NODE_RAW.search(text)
    return error_text(raw.group(1), raw.group(2)) if raw else None


def timeout_error(text: str) -> ErrorText | None:
    """The platform's timeout."""
    found = _TIMEOUT.search(text)
    return ErrorText(TIMED_OUT, found.group(1), "timeout") if found else None


def old_exit_error(text: str) -> ErrorText | None:
    """The platform's words until 2018, whatever it was that ended the process."""
    found = _OLD_EXIT.search(text)
    return ErrorText(EXITED, found.group(1), "exit") if found else None


def platform_error(text: str) -> ErrorText | None:
    """What the platform says of a runtime or an extension that ended."""
    match = _PLATFORM.search(text)
    if match is not None:
        message = match.group(1).strip()
        error_type = match.group(2) or (EXITED if message.startswith("Runtime exited") else "")
        return error_text(error_type, message) if error_type else None
    bare = _BARE_TYPE.fullmatch(text)
    return error_text(bare.group(1), "") if bare else None


def out_of_memory_error(text: str) -> ErrorText | None:
    """V8's last words where its heap is full."""
    if "JavaScript heap out of memory" in text and "FATAL ERROR" in text:
        return ErrorText(OUT_OF_MEMORY, "JavaScript heap out of memory", "out_of_memory")
    return None


def _ruby(text: str) -> ErrorText | None:
    found = _RUBY.search(text)
    return _error_object(found.group(1)) if found else None


def _dotnet(text: str) -> ErrorText | None:
    found = _DOTNET.search(text)
    if found is not None:
        return error_text(found.group(1), found.group(2) or "")
    nameless = _NAMELESS.search(text)
    return error_text(nameless.group(2), nameless.group(1)) if nameless else None


def trace_error(text: str) -> ErrorText | Bare | None:
    """What Java's client prints, and .NET's older ones: message and type, then the trace; or a trace alone."""
    loading = _JAVA_LOADING.search(text)
    if loading is not None:
        return ErrorText(loading.group(2) or "java.lang.ClassNotFoundException", loading.group(1), "init")
    for last in chain(_TYPE_LAST.finditer(text), _TYPE_AGAIN.finditer(text)):
        message, error_type = last.group(1), last.group(2)
        again = last.start(2) + len(error_type) + 1  # Java says the type again, and the whole message
        if text.startswith(error_type, again):
            whole = text[again + len(error_type) : _TO_TRACE.search(text, again).start()].removeprefix(": ")  # type: ignore[union-attr]
            if whole.endswith(message) or (not whole and message == error_type):
                return error_text(error_type, whole)
        if _CLASS.fullmatch(message) and message != error_type:
            continue  # "java.lang.NoClassDefFoundError: a/b/SomeException"
        if not level_of(message):
            return error_text(error_type, message)
    twice = _TYPE_TWICE.search(text)
    if twice is not None:
        return error_text(twice.group(1), "")
    trace = _TRACE.search(text)
    if trace is None or is_under_a_logger(text, trace.start()):
        return None
    return Bare(error_text(trace.group(1), trace.group(2) or ""))


def _go(text: str) -> ErrorText | None:
    returned = _GO_JSON.search(text)
    if returned is not None:
        return cut_json(returned.group(1))
    panic = _GO_PANIC.search(text)
    if panic is not None:
        return ErrorText("panic", next(filter(None, panic.groups()), ""), "unhandled")
    match = _GO.search(text)
    if match is None or not (match.group(3) or match.group(2) in ("errorString", "wrapError", "PathError")):
        return None
    return error_text(match.group(2), match.group(1))


def _rust(text: str) -> ErrorText | None:
    found = _RUST.search(text)
    return ErrorText("panic", next(filter(None, found.groups()), "").strip(), "unhandled") if found else None


def _loading(text: str) -> ErrorText | None:
    """The words of runtimes before 2019, and of those that cannot name the error."""
    match = _IMPORT.search(text)
    if match is not None:
        return ErrorText("Runtime.ImportModuleError", match.group(), "init")
    match = _MISSING.search(text)
    if match is not None:
        return ErrorText("Runtime.HandlerNotFound", match.group(), "init")
    match = _MODULE.search(text)
    if match is not None:
        return ErrorText("Runtime.UserCodeSyntaxError", match.group(), "init")
    large = _TOO_LARGE.search(text)
    if large is not None:
        return ErrorText("Function.ResponseSizeTooLarge", large.group(1), "unhandled")
    match = _UNKNOWN.search(text)
    return ErrorText("Runtime.Unknown", match.group(), "exit") if match else None


_FORMS: tuple[_Form, ...] = (
    framework_error,
    _python,
    _node,
    timeout_error,
    platform_error,
    old_exit_error,
    out_of_memory_error,
    _ruby,
    _dotnet,
    _go,
    _rust,
    trace_error,
    _loading,
)


def first_error(text: str) -> ErrorText | Bare | None:
    """What the first form that fits says of a print."""
    for form in _FORMS:
        found = form(text)
        if found is not None:
            return found
    return None

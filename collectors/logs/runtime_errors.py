"""Unhandled failures as the runtimes print them into the log: what failed, in the runtime's own words.

Only what ends an invocation counts: a line that a program logs about an error it handled is not a failure. The forms
are those of Lambda's managed runtimes (their interface clients print them) and of the platform itself.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

TIMED_OUT = "Sandbox.Timedout"
EXITED = "Runtime.ExitError"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
LONGEST_MESSAGE = 2_000

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
_EXIT_TYPES = frozenset({EXITED, "Runtime.Unknown", "Runtime.NodeJsExit"})
_MEMORY_TYPES = frozenset({OUT_OF_MEMORY, "java.lang.OutOfMemoryError"})


class ErrorText(NamedTuple):
    """A failure: its type as the runtime names it, its message, and which of the five kinds it is.

    ``kind`` is ``unhandled`` (an exception left the handler), ``init`` (the code never came to run), ``exit`` (the
    process ended), ``timeout`` or ``out_of_memory`` (only where the text says so).
    """

    error_type: str
    message: str
    kind: str


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
    )


def error_kind(error_type: str) -> str:
    """The kind that an error type implies."""
    if error_type in _MEMORY_TYPES:
        return "out_of_memory"
    if error_type == TIMED_OUT:
        return "timeout"
    if error_type in _EXIT_TYPES:
        return "exit"
    if error_type in _INIT_TYPES or error_type.startswith(("Extension.", "Init<")):
        return "init"
    return "unhandled"


def error_text(error_type: str, message: str) -> ErrorText:
    """An ``ErrorText`` of the kind that its type implies; the message trimmed and bounded."""
    message = _REQUEST_PREFIX.sub("", message.strip(), count=1)
    return ErrorText(error_type[:200], message[:LONGEST_MESSAGE], error_kind(error_type))


_ENDING = r"[\w$]*(?:Error|Exception|Throwable|Exit|Interrupt|Warning|Failure)"
_EXCEPTION = rf"(?:[A-Za-z_$][\w$]*[./])*{_ENDING}"
# Java and .NET name the package: a JavaScript stack that a program printed ("Error: x\n    at ...") does not.
_QUALIFIED = rf"(?:[A-Za-z_$][\w$]*[./])+{_ENDING}"
_TIME = r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d| \([+-]\d\d:\d\d\))"  # the last is `serverless logs`
_PYTHON = re.compile(
    r"^\[ERROR\] ([A-Za-z_][\w.]*)(?:: ?(.*))?$(\nTraceback \(most recent call last\):)?", re.MULTILINE
)
_PYTHON_KNOWN = re.compile(rf"{_EXCEPTION}|[\w]+\.[\w.]+|StopIteration|StopAsyncIteration|\w*Timeout|\w*NotFound\w*")
_PYTHON_OLD = re.compile(r"^(.*): (\w+)\nTraceback \(most recent call last\):", re.MULTILINE)
_NODE = re.compile(
    rf"^{_TIME}\s+\S+\s+(?:ERROR|FATAL)\s+(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)\s*(.*)",
    re.MULTILINE | re.DOTALL,
)
_NODE_RAW = re.compile(r"^(Runtime\.\w+): (.*)\n[ \t]+at ", re.MULTILINE)  # Node 24, of a rejection
_NODE_OLD = re.compile(rf"^{_TIME}\t\S+\t(\{{\"error.*)", re.MULTILINE | re.DOTALL)
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
_UNHANDLED = (  # what runtimes say beside the error that ended an invocation
    "Invoke Error",
    "Uncaught Exception",
    "Unhandled Promise",
    "Error raised from handler",
    "Init error when loading handler",
    "Critical exception from handler",
)
_BARE_TYPE = re.compile(r"\s*((?:Runtime|Extension)\.\w+)\s*")
_REQUEST_PREFIX = re.compile(r"^RequestId: \S+ Error: ")
_JSON_TYPE = re.compile(r'"errorType"\s*:\s*"((?:[^"\\]|\\.)*)"')
_JSON_MESSAGE = re.compile(r'"errorMessage"\s*:\s*"((?:[^"\\]|\\.)*)"?')
_RUBY = re.compile(
    r"^(?:Error raised from handler method|Init error when loading handler.*|Critical exception from handler)"
    r"\s*(\{.*)",
    re.MULTILINE | re.DOTALL,
)
_DOTNET = re.compile(rf"^{_TIME}\t\S*\t(?:fail|crit|Error|Critical)\t({_EXCEPTION}): (.*)$", re.MULTILINE)
_CLASS = re.compile(_QUALIFIED)
_TRACE = re.compile(rf"^({_QUALIFIED})(?:: (.*))?\n[ \t]*(?:at |---> |\.\.\. \d+ more)", re.MULTILINE)
_TYPE_LAST = re.compile(rf"^(.*): ({_EXCEPTION})\n(?:\2|\s*at )", re.MULTILINE)
_JAVA_LOADING = re.compile(rf"^(Error loading (?:class|method) .*?)(?:: (?:class )?({_EXCEPTION}))?$", re.MULTILINE)
_NAMELESS = re.compile(r"^(.*): (LambdaException)$", re.MULTILINE)
_GO = re.compile(
    r"^(.*): (errorString|wrapErrors?|PathError|[A-Z*]\w*Error|fundamental|withStack|withMessage)$(\n\[\{|\nnull)?",
    re.MULTILINE,
)
_GO_TIME = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d "  # aws-lambda-go prints through the standard library's logger
_GO_JSON = re.compile(rf"^{_GO_TIME}(\{{\"errorMessage\":.*)", re.MULTILINE)
_GO_PANIC = re.compile(
    r"^(?:panic: (.*)|fatal error: (.*)|unexpected fault address.*\nfatal error: (.*))$", re.MULTILINE
)
_RUST = re.compile(r"^thread '[^'\n]*'(?: \(\d+\))? panicked at (?:'(.*)', \S+|[^\n]*:\n(.*)|(.*))$", re.MULTILINE)
_IMPORT = re.compile(r"^Unable to import module '[^'\n]*'(?:: .*)?$", re.MULTILINE)
_MISSING = re.compile(r"^Handler '[^'\n]*' missing on module.*$", re.MULTILINE)
_MODULE = re.compile(r"^(?:module initialization error|Syntax error in module '[^'\n]*')(?:: (.*))?$", re.MULTILINE)
_UNKNOWN = re.compile(
    rf"^(?:Unknown application error occurred|(?:{_GO_TIME})?calling the handler function resulted in a panic.*)",
    re.MULTILINE,
)


def find_error(text: str) -> ErrorText | None:
    """The first unhandled failure that an application's text tells, or None.

    ``text`` is one event, or several lines joined by ``\\n``, ``\\r\\n`` or ``\\r``.
    """
    if not might_fail(text):
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("LAMBDA_WARNING: Unhandled exception"):
        text = text.partition("\n")[2]
    if text[:1] == "{":
        return _json_line(text)
    if len(text) > 20_000:
        text = text[:20_000]
    for form in _FORMS:
        found = form(text)
        if found is not None:
            return found
    return None


def error_of(line: dict[str, Any]) -> ErrorText | None:
    """The failure that a decoded JSON line tells, in any runtime's form, or None.

    Python and Java print ``errorType`` and ``errorMessage`` at the top; so do loggers for an error they were handed,
    but those name their ``logger`` or have a ``message`` of their own. Node puts the error into ``message``; it
    prints ``console.error(error)`` alike, so where REPORT says ``success`` this was no failure.
    """
    message = line.get("message")
    if isinstance(message, dict) and "errorType" in message and _is_error(line):
        return error_text(str(message["errorType"]), str(message.get("errorMessage") or ""))
    if isinstance(message, str) and message and "errorType" not in line:
        return _message_error(message) if _is_error(line) else _timeout(message)
    error_type = line.get("errorType")
    if not isinstance(error_type, str) or not error_type or "logger" in line or "errorMessage" not in line:
        return None
    if message and not str(message).startswith((*_UNHANDLED, f"{error_type}: ")):
        return None
    return error_text(error_type, str(line.get("errorMessage") or ""))


def _is_error(line: dict[str, Any]) -> bool:
    return str(line.get("level") or line.get("log_level") or "ERROR").upper() in ("ERROR", "FATAL", "CRITICAL")


def _message_error(message: str) -> ErrorText | None:
    """In JSON the platform's own words stand in ``message``; what a program says there is its own business."""
    if not might_fail(message):
        return None
    if message[:1] == "{":
        return None if '"level"' in message or '"logger"' in message else _json_line(message)
    return _timeout(message) or _old_exit(message) or _platform(message) or _out_of_memory(message) or _java(message)


def _json_line(text: str) -> ErrorText | None:
    if '"errorType"' not in text and '"message"' not in text:
        return None
    try:
        decoded = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        # A cut line, or JSON followed by more text: the error's own fields come first in every runtime's form.
        return None if '"level"' in text or '"logger"' in text else _cut_json(text)
    return error_of(decoded) if isinstance(decoded, dict) else None


def _cut_json(text: str) -> ErrorText | None:
    error_type, message = _JSON_TYPE.search(text), _JSON_MESSAGE.search(text)
    if error_type is None:
        return None
    return error_text(_unescaped(error_type.group(1)), _unescaped(message.group(1)) if message else "")


def _unescaped(text: str) -> str:
    try:
        return str(msgspec.json.decode(f'"{text}"'))
    except (ValueError, RecursionError):
        return text


def _error_object(text: str) -> ErrorText | None:
    """The first JSON object in ``text``, whole or cut; the type ``Error`` where there is none."""
    start = text.find("{")
    if start < 0:
        first_line = text.strip().partition("\n")[0]
        return error_text("Error", first_line) if first_line else None
    return _cut_json(text[start:]) or error_text("Error", text[start:].strip())


def _python(text: str) -> ErrorText | None:
    for found in _PYTHON.finditer(text):
        error_type = found.group(1)
        # print("[ERROR] Retry: later") looks the same but for the traceback and the name.
        if found.group(3) or _PYTHON_KNOWN.fullmatch(error_type):
            return error_text(error_type, (found.group(2) or "").partition(" | Traceback (most recent")[0])
    old = _PYTHON_OLD.search(text)
    return error_text(old.group(2), old.group(1)) if old and "[ERROR]\t" not in old.group() else None


def _node(text: str) -> ErrorText | None:
    found = _NODE.search(text) or _NODE_OLD.search(text)
    if found is not None:
        return _error_object(found.group(1))
    raw = _NODE_RAW.search(text)
    return error_text(raw.group(1), raw.group(2)) if raw else None


def _timeout(text: str) -> ErrorText | None:
    found = _TIMEOUT.search(text)
    return ErrorText(TIMED_OUT, found.group(1), "timeout") if found else None


def _old_exit(text: str) -> ErrorText | None:
    found = _OLD_EXIT.search(text)
    return ErrorText(EXITED, found.group(1), "exit") if found else None


def _platform(text: str) -> ErrorText | None:
    found = _PLATFORM.search(text)
    if found is not None:
        message = found.group(1).strip()
        error_type = found.group(2) or (EXITED if message.startswith("Runtime exited") else "")
        return error_text(error_type, message) if error_type else None
    bare = _BARE_TYPE.fullmatch(text)
    return error_text(bare.group(1), "") if bare else None


def _out_of_memory(text: str) -> ErrorText | None:
    if "JavaScript heap out of memory" in text and "FATAL ERROR" in text:
        return ErrorText(OUT_OF_MEMORY, "JavaScript heap out of memory", "out_of_memory")
    return None


def _ruby(text: str) -> ErrorText | None:
    found = _RUBY.search(text)
    return _error_object(found.group(1)) if found else None


def _dotnet(text: str) -> ErrorText | None:
    found = _DOTNET.search(text)
    if found is not None:
        return error_text(found.group(1), found.group(2))
    nameless = _NAMELESS.search(text)
    return error_text(nameless.group(2), nameless.group(1)) if nameless else None


def _java(text: str) -> ErrorText | None:
    loading = _JAVA_LOADING.search(text)
    if loading is not None:
        return ErrorText(loading.group(2) or "java.lang.ClassNotFoundException", loading.group(1), "init")
    last = _TYPE_LAST.search(text)
    if last is not None and not _CLASS.fullmatch(last.group(1)):  # "java.lang.NoClassDefFoundError: a/b/SomeException"
        return error_text(last.group(2), last.group(1))
    trace = _TRACE.search(text)
    return error_text(trace.group(1), trace.group(2) or "") if trace else None


def _go(text: str) -> ErrorText | None:
    returned = _GO_JSON.search(text)
    if returned is not None:
        return _cut_json(returned.group(1))
    panic = _GO_PANIC.search(text)
    if panic is not None:
        return ErrorText("panic", next(filter(None, panic.groups()), ""), "unhandled")
    found = _GO.search(text)
    if found is None or not (found.group(3) or found.group(2) in ("errorString", "wrapError", "PathError")):
        return None
    return error_text(found.group(2), found.group(1))


def _rust(text: str) -> ErrorText | None:
    found = _RUST.search(text)
    return ErrorText("panic", next(filter(None, found.groups()), "").strip(), "unhandled") if found else None


def _loading(text: str) -> ErrorText | None:
    """The words of runtimes before 2019, and of those that cannot name the error."""
    found = _IMPORT.search(text)
    if found is not None:
        return ErrorText("Runtime.ImportModuleError", found.group(), "init")
    found = _MISSING.search(text)
    if found is not None:
        return ErrorText("Runtime.HandlerNotFound", found.group(), "init")
    found = _MODULE.search(text)
    if found is not None:
        return ErrorText("Runtime.UserCodeSyntaxError", found.group(), "init")
    found = _UNKNOWN.search(text)
    return ErrorText("Runtime.Unknown", found.group(), "exit") if found else None


_FORMS: tuple[Callable[[str], ErrorText | None], ...] = (
    _python,
    _node,
    _timeout,
    _platform,
    _old_exit,
    _out_of_memory,
    _ruby,
    _dotnet,
    _go,
    _rust,
    _java,
    _loading,
)


def request_id_of(text: str) -> str | None:
    """The request id that an application line names, in the place where its runtime puts it; else None.

    Node and .NET: ``time\\tid\\tLEVEL\\t...``; Python: ``[LEVEL]\\ttime\\tid\\t...``; the platform:
    ``time id Task timed out`` and ``RequestId: id Error: ...``.
    """
    fields = text.split("\t", 3)
    if len(fields) > 2:
        for field in (fields[1], fields[2]):
            if _is_request_id(field):
                return field
    if text[:11] == "RequestId: ":
        candidate = text[11:].partition(" ")[0]
        return candidate if _is_request_id(candidate) else None
    words = text[:80].split(None, 2)
    for word in words[:2]:
        if _is_request_id(word):
            return word
    return None


def _is_request_id(word: str) -> bool:
    return len(word) == 36 and word[8] == "-" and word[13] == "-" and word[18] == "-" and word[23] == "-"

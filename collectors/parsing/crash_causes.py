"""Why a process ended: what it printed before the platform reported its exit.

Such prints alone are no failure, because programs print them for errors that they handle too: they are searched only
where something else says that the process ended. The forms are those of the languages' own interpreters and virtual
machines, which container images and custom runtimes have without Lambda's runtime clients.
"""

import re
from collections.abc import Callable

from collectors.parsing.error_kinds import EXITED, ErrorText, error_text

_NAME = r"[A-Za-z_$][\w$]*"
_TRACEBACK = re.compile(r"^[ \t]*Traceback \(most recent call last\):[ \t]*$", re.MULTILINE)
_RAISED = re.compile(rf"^({_NAME}(?:\.{_NAME})*)(?:: (.*))?$", re.MULTILINE)
_PYTHON_SYNTAX = re.compile(
    r"^[ \t]+File \"[^\"\n]*\", line \d+\n(?:[ \t].*\n)*((?:Syntax|Indentation|Tab)Error): (.*)$", re.MULTILINE
)
_JAVA_MAIN = re.compile(rf"^Exception in thread \"[^\"\n]*\" ({_NAME}(?:[./]{_NAME})*)(?:: (.*))?$", re.MULTILINE)
_JAVA_MEMORY = re.compile(r"(?:^|to |: )(java\.lang\.OutOfMemoryError)(?:: (.*))?$", re.MULTILINE)
_JAVA_LAUNCH = re.compile(
    rf"^Error: (Could not find or load main class .*|Unable to (?:access jarfile|initialize main class) .*)"
    rf"(?:\nCaused by: ({_NAME}(?:[./]{_NAME})*)(?:: .*)?)?$",
    re.MULTILINE,
)
_JAVA_TRACE = re.compile(rf"^((?:{_NAME}\.)+{_NAME})(?:: (.*))?\n[ \t]*(?:at |\.\.\. \d+ more)", re.MULTILINE)
_NODE = re.compile(
    r"^(?:\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z| \([+-]\d\d:\d\d\))\s+\S+\s+(?:ERROR\s+)?)?"
    r"(?:error: )?(?:Uncaught )?(?:\(in promise\) )?"
    r"([A-Za-z_$][\w$]*(?:Error|Exception)|Error)(?: \[\w+\])?(?:: (.*))?\n(?:.*\n){0,12}?[ \t]+at ",
    re.MULTILINE,
)
_LAST_WORDS = re.compile(
    r"^(?:(?:[Ee]rror|ERROR|[Ff]atal(?: [Ee]rror)?|FATAL): .+|\S{1,200}: line \d+: .+|.{1,500} at \S+ line \d+\.)$",
    re.MULTILINE,
)
_BUN = re.compile(r"^error: (.+)\n(?:.*\n){0,6}?[ \t]+at ", re.MULTILINE)  # of an Error; Deno's have a type as well
_NODE_REJECTION = re.compile(r"^\[?UnhandledPromiseRejection: (.*?)\]?(?: \{)?$", re.MULTILINE)
_DOTNET = re.compile(rf"^Unhandled [Ee]xception(?:\.|:) ({_NAME}(?:\.{_NAME})*)(?:: (.*))?$", re.MULTILINE)
_RUBY = re.compile(r"^\S+:\d+:in [`'].*?': (.*) \(([A-Z]\w*(?:::\w+)*)\)$", re.MULTILINE)
_RUBY_ALONE = re.compile(r"^\S+\.rb:\d+: (.*) \(([A-Z]\w*(?:::\w+)*)\)$", re.MULTILINE)
_PHP = re.compile(
    r"^(?:NOTICE: PHP message: )?(?:PHP )?Fatal error: +Uncaught ([A-Za-z_\\][\w\\]*)(?:: (.*?))? in \S+:\d+",
    re.MULTILINE,
)
_PHP_FATAL = re.compile(r"^(?:PHP )?(Fatal|Parse) error: +(.*?)(?: in \S+ on line \d+)?$", re.MULTILINE)
_RUST_MAIN = re.compile(r"^Error: (.+)$", re.MULTILINE)
_GO_LOG = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:\S+\.go:\d+: )?(.+)", re.MULTILINE)
_LOADER = re.compile(
    r"^.*(?:GLIBC\w*_[\d.]+' not found.*|command not found|error while loading shared libraries: .*"
    r"|exec format error|cannot execute binary file.*|: Permission denied|Segmentation fault.*"
    r"|: No such file or directory|not found \(required by .*|symbol lookup error: .*|: \d+: \S+: not found"
    r"|line \d+: .*: (?:not found|cannot execute: .*)"
    r"|line \d+: +\d+ (?:Killed|Aborted|Bus error|Illegal instruction)\b.*)$",
    re.MULTILINE | re.IGNORECASE,
)


def cause_of(text: str) -> ErrorText | None:
    """The error that ended the process, from one print (lines joined by newlines), or None where it shows none."""
    for form in _FORMS:
        found = form(text)
        if found is not None:
            return found
    return None


def last_words(text: str) -> ErrorText | None:
    """The cause in the last print before the process ended.

    The last print needs less evidence than others: it counts if Go's ``log.Fatal``, a shell or Perl's ``die`` wrote it,
    or if it begins with the word error.
    """
    said = _GO_LOG.findall(text) or _LAST_WORDS.findall(text)
    return ErrorText(EXITED, said[-1].strip(), "exit") if said else None


def _python(text: str) -> ErrorText | None:
    begins = [found.end() for found in _TRACEBACK.finditer(text)]
    if not begins:
        syntax = _PYTHON_SYNTAX.search(text)
        return error_text(syntax.group(1), syntax.group(2)) if syntax else None
    raised = _RAISED.search(text, begins[-1])
    return error_text(raised.group(1), raised.group(2) or "") if raised else None


def _java(text: str) -> ErrorText | None:
    found = _JAVA_MAIN.search(text) or _JAVA_MEMORY.search(text)
    if found is not None:
        return error_text(found.group(1), found.group(2) or "")
    launch = _JAVA_LAUNCH.search(text)
    if launch is not None:
        return error_text(launch.group(2) or "java.lang.ClassNotFoundException", launch.group(1))
    trace = _JAVA_TRACE.search(text)
    return error_text(trace.group(1), trace.group(2) or "") if trace else None


def _node(text: str) -> ErrorText | None:
    found = _NODE.search(text)
    if found is not None:
        return error_text(found.group(1), found.group(2) or "")
    plain = _BUN.search(text)
    if plain is not None:
        return error_text("Error", plain.group(1).removeprefix("Uncaught ").removeprefix("(in promise) "))
    rejected = _NODE_REJECTION.search(text)
    return error_text("UnhandledPromiseRejection", rejected.group(1)) if rejected else None


def _dotnet(text: str) -> ErrorText | None:
    found = _DOTNET.search(text)
    return error_text(found.group(1), found.group(2) or "") if found else None


def _ruby(text: str) -> ErrorText | None:
    found = _RUBY.search(text) or _RUBY_ALONE.search(text)
    return error_text(found.group(2), found.group(1)) if found else None


def _php(text: str) -> ErrorText | None:
    found = _PHP.search(text)
    if found is not None:
        return error_text(found.group(1), found.group(2) or "")
    fatal = _PHP_FATAL.search(text)
    return error_text("ParseError" if fatal.group(1) == "Parse" else "Fatal error", fatal.group(2)) if fatal else None


def _rust(text: str) -> ErrorText | None:
    found = _RUST_MAIN.match(text)
    return error_text("Error", found.group(1)) if found else None


def _loader(text: str) -> ErrorText | None:
    found = _LOADER.search(text)
    return ErrorText(EXITED, found.group().strip(), "exit") if found else None


_FORMS: tuple[Callable[[str], ErrorText | None], ...] = (
    _python,
    _java,
    _dotnet,
    _node,
    _ruby,
    _php,
    _rust,
    _loader,
)

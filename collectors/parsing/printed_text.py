"""Joins the events of an invocation that were printed as one text: a stack trace whose lines became events is one
print.

Lambda makes an event of each line where the runtime does not frame its output; consoles and pasted text are cut at
lines without a time. An event is joined to the one before it where it continues a trace or a JSON object, or where the
one before announces more.
"""

import re
from collections.abc import Iterable, Iterator

from collectors.parsing.logger_lines import LOW, is_headline, level_of

_MOST_LINES = 400  # of one print: what a runtime says about an error stands at its beginning
_MOST_LINES_OF_A_MESSAGE = 12
_FRAME = re.compile(r"\s*(?:at \S|\.\.\. \d)|Caused by: ")
_PLATFORM = re.compile(
    r"\s*(?:START RequestId:|END RequestId:|REPORT RequestId:|INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT"
    r"|(?:EXTENSION|TELEMETRY|LOGS)\s+Name:|XRAY TraceId:)[^\n]*\s*\Z"
)
_MORE = re.compile(
    r"[ \t\u00a0]+\S|at [\w.$<>/]+\(|at \S+ (?:in |\()"
    r"|Caused by: |Suppressed: |\.\.\. \d+ (?:more|common)|---> |--- End"
    r"|Traceback \(most recent|During handling of the above|The above exception was|\[?\{\"path\"|[}\]][,}\]]*\s*$"
    r"|null\s*$|goroutine \d|stack backtrace:|note: (?:run|Some)|#\d+ |Require stack:|- /|Stack trace:"
    r"|(?:Runtime|Extension|Function|Sandbox)\.\w+\s*$|\[signal SIG"
)
_TYPE_LAST = re.compile(r": ((?:[A-Za-z_]\w*[./])+[A-Za-z_][\w$]*)\s*$")  # Java says it again before the trace
_OPENS = re.compile(
    r"(?:Error raised from handler method|Init error when loading handler.*|Critical exception from handler"
    r"|.*(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)|thread '.*' panicked at .*:\d+:\d+:"
    r"|RequestId: \S+ Error: .*|.*\d{4}.*\{)\s*$"
)
_IN_PYTHON = re.compile(r"^Traceback \(most recent call last\):(?:\n[ \t\u00a0].*|\n)*\Z", re.MULTILINE)
_LAST_OF_PYTHON = re.compile(r"[A-Za-z_][\w.]*(?:: .*)?\s*$")
_SYNTAX = re.compile(r"(?:Syntax|Indentation|Tab)Error: ")  # Python shows the line first
_THROWN = re.compile(r"(?:[A-Za-z_$][\w$]*[./])*[\w$]*(?:Error|Exception|Throwable|Failure|Interrupt|Exit)(?:: .*)?$")


def is_platform_line(text: str) -> bool:
    """Whether an event is one line of the platform's, and nothing else."""
    return _PLATFORM.match(text) is not None


def prints(texts: Iterable[str]) -> Iterator[str]:
    """The prints of an invocation: its events, joined by newlines where several are one print."""
    lines: list[str] = []
    for text in texts:
        if is_platform_line(text):
            if lines:
                yield "\n".join(lines)
                lines = []
            yield text
            continue
        line = text.rstrip("\r\n")
        if "\r" in line:
            line = line.replace("\r\n", "\n").replace("\r", "\n")
        if lines and len(lines) < _MOST_LINES and _goes_on(lines, line):
            lines.append(line)
        else:
            if lines:
                yield "\n".join(lines)
            lines = [line]
    if lines:
        yield "\n".join(lines)


def _goes_on(lines: list[str], text: str) -> bool:
    last = next(filter(str.strip, reversed(lines)), lines[-1]).rpartition("\n")[2]
    if last[:1] == " " and _SYNTAX.match(text):
        return True
    if lines[0][:1] == "{" or (text[:1] == "{" and text[-1:] == "}"):
        return _OPENS.match(last) is not None or (lines[0][:1] == "{" and _is_open_json(lines))
    if not text or text.isspace() or _MORE.match(text):
        return True
    if text.partition("\n")[0] == last and "." in last and _THROWN.match(last):
        return True  # Java's client has no message to say, but the type twice
    again = _TYPE_LAST.search(last)
    if again is not None:
        return text.startswith(again.group(1))
    if _OPENS.match(last):
        return text.lstrip()[:1] in '{"' or "panicked" in last
    first_line = text.partition("\n")[0].rstrip()
    if len(lines) < 3 and "\n" not in lines[-1] and _THROWN.match(first_line) and level_of(last) > LOW:
        return True  # a logger's message, then the exception that it was handed
    if is_headline(last):
        return level_of(text) > 0
    if lines[0].startswith("Traceback") or any(each.startswith("Traceback (most") for each in lines[-60:]):
        return _IN_PYTHON.search("\n".join(lines)) is not None and _LAST_OF_PYTHON.match(first_line) is not None
    return (_is_open_json(lines) or _is_open_message(lines)) and not level_of(text)


def _is_open_message(printed: list[str]) -> bool:
    """Whether Java is repeating an error's message of several lines, and has not come to the trace."""
    if len(printed) > _MOST_LINES_OF_A_MESSAGE:
        return False
    lines = "\n".join(printed).split("\n", _MOST_LINES_OF_A_MESSAGE)
    again = _TYPE_LAST.search(lines[0])
    if again is None or len(lines) < 2 or not lines[1].startswith(again.group(1)):
        return False
    return not _FRAME.match(lines[-1])


def _is_open_json(said: list[str]) -> bool:
    """Whether a print is in the middle of a JSON object with a line an event."""
    whole = "\n".join(said)
    begin = whole.find("{")
    if begin < 0 or not (begin == 0 or '"errorType"' in whole or '"errorMessage"' in whole):
        return False
    return whole.count("{", begin) > whole.count("}", begin)

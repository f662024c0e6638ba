"""Which failure an invocation's log lines show: the evidence for its verdict.

A failure in a runtime's own words counts wherever it stands. A bare stack trace does not, because programs print traces
of errors that they handled; Java's runtime client puts message and type before its own trace
(``UserFault.reportableError``), .NET's older clients the message. .NET's present client prints just what a program
prints that logs an exception, so there only the last print counts.

A REPORT without a status means nothing, in any year: the platform writes a status where it saw the failure itself (a
timeout, an exit, out of memory, no code), and none where the runtime reported an exception. Where the process ended,
the cause is what it printed before. Where REPORT says that the invocation failed, any trace counts, first one of
REPORT's error type.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from collectors.model.records import EXIT_TYPES
from collectors.parsing.crash_causes import cause_of, last_words
from collectors.parsing.error_kinds import ErrorText, error_text
from collectors.parsing.logger_lines import GRAVE, level_of
from collectors.parsing.platform import InitReport, Note, Report
from collectors.parsing.platform_json import AppJson, read_json
from collectors.parsing.platform_text import read_text
from collectors.parsing.printed_text import is_platform_line, prints
from collectors.parsing.runtime_errors import Found, look_for_error, might_fail
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value

_DOTNET = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z[\t ]+[\w-]+[\t ]+(?:trce|dbug|info|warn|fail|crit)[\t ]")
_ONLY_ID = re.compile(r"\s*(?:request ?id:?\s*)?[\w-]+\s*", re.IGNORECASE)  # the console's, below a test's log
# Node's runtime says a failure so in the JSON log format alone, in which the platform writes JSON too; a program prints
# it of anything it handled.
_NODES_OBJECT = re.compile(r"\{[^{}]*\"message\": ?\{")


class Evidence(NamedTuple):
    """The failure that the lines show, if any, and the error type of an INIT_REPORT that failed."""

    error: ErrorText | None
    init_failed: str | None


def evidence(texts: Iterable[str], report: Report | None = None) -> Evidence:
    """The evidence in what an invocation printed, given what ``report`` says of it."""
    printed = list(prints(texts))
    init_failed: str | None = None
    from_runtime: tuple[int, ErrorText] | None = None  # in a runtime's own words
    exited: tuple[int, ErrorText] | None = None
    trace: tuple[int, ErrorText] | None = None
    in_text = any(text[:17] == "START RequestId: " for text in printed)
    for place, text in enumerate(printed):
        if text[:12] == "INIT_REPORT " or text[:12] == "INIT_REPORT\t" or "platform.initReport" in text:
            for piece in _pieces(text):
                if isinstance(piece, InitReport) and piece.status in ("error", "timeout"):
                    init_failed = piece.error_type or f"Init {piece.status}"
            continue
        clue = _found_in(text) if might_fail(text) else None
        if clue is None:
            continue
        if (
            clue.bare
            or (in_text and _NODES_OBJECT.match(text))
            or (_DOTNET.match(text) and any(map(_DOTNET.match, printed[place + 1 :])))
        ):
            trace = place, clue.error
        elif clue.error.kind == "exit":
            exited = exited or (place, clue.error)
        elif from_runtime is None:
            from_runtime = place, clue.error
    if report is not None and report.status is None and exited is None and _began_anew(printed, from_runtime):
        return Evidence(None, None)
    error = from_runtime[1] if from_runtime is not None else None
    if error is None and exited is not None:
        error = _cause(printed, *exited)
    if report is not None and report.status in ("error", "failure"):
        error = _of_type(printed, report.error_type or "", error, trace[1] if trace else None)
    return Evidence(error, init_failed)


def _began_anew(printed: Sequence[str], from_runtime: tuple[int, ErrorText] | None) -> bool:
    """Whether the failure was the environment's first start, after which Lambda tried again and the handler ran.

    It ran if a line after START has the request's id, where runtimes and loggers put it, and no failure came after that
    line.
    """
    begun = next((at for at, text in enumerate(printed) if text[:17] == "START RequestId: "), None)
    if begun is None or from_runtime is None or from_runtime[0] > begun:
        return False
    request_id = printed[begun][17:].partition(" ")[0]
    return any(request_id in text and _is_said(text) and not _ONLY_ID.fullmatch(text) for text in printed[begun + 1 :])


def crash_cause(texts: Iterable[str]) -> ErrorText | None:
    """The cause in the last prints of a process that ended; None where they show none."""
    return next(_causes(reversed(list(prints(texts)))), None)


def _causes(said: Iterable[str]) -> Iterator[ErrorText]:
    for text in said:
        first = text.partition("\n")[0]
        if is_platform_line(text) or text[:1] == "{" or (level_of(first) and not first.startswith("error: ")):
            continue  # Deno and Bun begin with "error: ", as winston does
        cause = cause_of(text)
        if cause is not None:
            yield cause


def _cause(printed: Sequence[str], place: int, exited: ErrorText) -> ErrorText:
    """The cause of the exit that the platform reports in ``printed[place]``: what the process printed last, else the
    platform's words.
    """
    killed = "signal: killed" in exited.message
    for cause in _causes((*reversed(printed[:place]), *printed[place + 1 :])):
        if not killed or cause.kind == "out_of_memory":
            return cause
    last = next((text for text in reversed(printed[:place]) if _is_said(text)), "")
    if killed or not last:
        return exited
    return _logged(last) or last_words(last) or exited


def _logged(text: str) -> ErrorText | None:
    """The stack trace that a logger printed, of a framework that logs the error that ends it, as Spring Boot does."""
    first, _, more = text.partition("\n")
    return cause_of(more.lstrip("\n")) if level_of(first) == GRAVE else None


def _of_type(
    printed: Sequence[str], error_type: str, error: ErrorText | None, trace: ErrorText | None
) -> ErrorText | None:
    """The failure with the error type that REPORT names: ``error`` if it has it, else a trace of that type, else any
    trace.
    """
    if error_type and error is not None and error == error_text("Unknown", ""):
        error = None  # platform.runtimeDone knew less than REPORT
    if error_type in EXIT_TYPES or (not error_type and error is None):
        if error is not None:
            return error
        cause = trace or _unless_platforms(_cause(printed, len(printed), error_text(error_type or "Unknown", "")))
        if cause is None and not error_type:
            # .NET's runtime logs what it ends of as a program does; the last that was logged is it.
            return next((told for text in reversed(printed) if (told := _logged_json(text)) is not None), None)
        return cause
    if error is not None and (not error_type or _same(error.error_type, error_type)):
        return error
    for candidate in (trace, *_traces(printed)):
        if candidate is not None and _same(candidate.error_type, error_type):
            return candidate
    return error or trace


def _unless_platforms(error: ErrorText) -> ErrorText | None:
    return error if error.message else None


def _traces(said: Sequence[str]) -> Iterator[ErrorText | None]:
    for text in reversed(said):
        if text[:1] == "{":
            yield _logged_json(text)
        elif not is_platform_line(text):
            yield cause_of(text)
            yield cause_of(text.partition("\n")[2])


def _logged_json(text: str) -> ErrorText | None:
    """The error in a JSON line, whoever printed it."""
    if text[:1] != "{" or '"errorType"' not in text:
        return None
    try:
        line = json_value(text)
    except Unparsable:
        return None
    error_type = line.get("errorType") if isinstance(line, dict) else None
    return error_text(error_type, str(line.get("errorMessage") or "")) if isinstance(error_type, str) else None


def _same(one: str, other: str) -> bool:
    return one == other or one.rpartition(".")[2] == other.rpartition(".")[2]


def _is_said(text: str) -> bool:
    """Whether a print is the program's or its runtime's: not the platform's, and not empty."""
    if not text or text.isspace() or is_platform_line(text):
        return False
    return not (text[:1] == "{" and '"platform.' in text[:200])


def _found_in(text: str) -> Found | None:
    if text[:1] == "{":
        for piece in _pieces(text):
            if isinstance(piece, AppJson):
                return Found(piece.error) if piece.error is not None else None
            if (
                isinstance(piece, Note)
                and piece.kind == "platform.runtimeDone"
                and piece.status in ("error", "failure")
            ):
                return Found(error_text(piece.error_type or "Unknown", ""))
            return None
    return look_for_error(text)


def _pieces(text: str) -> list[object]:
    if text[:1] != "{":
        return list(read_text(text))
    try:
        decoded = json_value(text)
    except Unparsable:
        return []
    return [read_json(decoded)] if isinstance(decoded, dict) else []

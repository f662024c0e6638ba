"""Platform lines in Lambda's text format, alone or several in one text, with what the function printed between them."""

import re
from collections.abc import Callable

from collectors.parsing.platform import AppText, End, InitReport, Note, Report, RestoreReport, Start, Unreadable
from collectors.parsing.report_line import (
    LABELS,
    parse_init_report,
    parse_report,
    parse_restore_report,
    whole_request_id,
)

__all__ = ["parse_end", "parse_init_report", "parse_report", "parse_restore_report", "parse_start", "read_text"]

TextItem = Start | End | Report | InitReport | RestoreReport | Note | AppText | Unreadable

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_TIME = r"(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?[ \t]+)?"
_START = re.compile(rf"\s*{_TIME}START RequestId:[ \t]*(\S+)(?:\s+Version:[ \t]*(\S+))?(.*)", re.DOTALL)
_END = re.compile(rf"\s*{_TIME}END RequestId:[ \t]*(\S+)(.*)", re.DOTALL)
_HEAD = re.compile(
    rf"[ \t]*{_TIME}(?:(START) RequestId:|(END) RequestId:|(REPORT) (?:RequestId:|(?:Init )?Duration:)"
    r"|(INIT_REPORT)\s|(RESTORE_REPORT)\s|(INIT_START|RESTORE_START)(?:\s+Runtime|[ \t]*\Z)"
    r"|(EXTENSION|TELEMETRY|LOGS)\s+Name:)"
)
_MORE_OF_REPORT = re.compile(rf"\s*(?:{'|'.join(LABELS)}):")
_LABEL = re.compile("|".join(LABELS))
_BREAK = re.compile(r"\r\n|\n|\r")
_RUNTIME = re.compile(r"Runtime Version:\s*(\S+)")
_NAME = re.compile(r"Name:\s*(\S+)")


def without_escapes(text: str) -> str:
    """``text`` without terminal escape sequences: emulators colour their output."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text


def read_text(text: str) -> list[TextItem]:
    """Everything that one text event holds, in order.

    Usually that is one item. Whole invocations that were joined by ``\\n``, ``\\r`` or ``\\r\\n`` come apart, with
    ``AppText`` for what stands between the platform lines. Never raises: a platform line that cannot be read is
    given as an ``Unreadable``.
    """
    if not ("RequestId:" in text or "REPORT" in text or "_START" in text or "Name:" in text):
        return [AppText(text)]
    one_line = text.find("\n", 0, -1) < 0 and "\r" not in text
    if one_line or (text[:7] == "REPORT " and _is_one_report(text)):
        return [_line(without_escapes(text), text)]
    return _several(text)


def _is_one_report(text: str) -> bool:
    """Whether all of a text with line breaks is one REPORT: its second line is XRAY's."""
    first = text.find("\n")
    return "\r" not in text and text[first + 1 : first + 6] == "XRAY " and text.find("\n", first + 1, -1) < 0


def _several(text: str) -> list[TextItem]:
    items: list[TextItem] = []
    app_start: int | None = None
    lines = _lines(text)
    position = 0
    while position < len(lines):
        start, end = lines[position]
        clean = without_escapes(text[start:end])
        head = _HEAD.match(clean)
        position += 1
        if head is None:
            if app_start is None and clean.strip():
                app_start = start
            continue
        if app_start is not None:
            items.append(AppText(text[app_start:start].rstrip("\r\n")))
            app_start = None
        if head.group(3):
            # Terminals break a REPORT over lines, and XRAY stands on a line of its own.
            while position < len(lines) and _continues(text, lines, position):
                end = lines[position][1]
                position += 1
        items.append(_line(without_escapes(text[start:end]), text[start:end]))
    if app_start is not None:
        items.append(AppText(text if app_start == 0 and not items else text[app_start:].rstrip("\r\n")))
    return items or [AppText(text)]


def _lines(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for found in _BREAK.finditer(text):
        spans.append((start, found.start()))
        start = found.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def _continues(text: str, lines: list[tuple[int, int]], position: int) -> bool:
    """Whether a line belongs to the REPORT before it: it begins with a field, or inside a field's label."""
    line = ""
    for start, end in lines[position : position + 2]:  # a blank line may stand before XRAY's
        line = without_escapes(text[start:end])
        if line.strip():
            break
    if _MORE_OF_REPORT.match(line):
        return True
    before = text[slice(*lines[position - 1])][-20:]
    return any(label.start() < len(before) < label.end() for label in _LABEL.finditer(before + line[:20]))


def _line(clean: str, text: str) -> TextItem:
    """One platform line, or a text of the application. ``text`` is what was printed, ``clean`` is that without terminal
    escapes.
    """
    try:
        if clean[:17] == "START RequestId: ":
            return parse_start(clean)
        if clean[:15] == "END RequestId: ":
            return parse_end(clean)
        if clean[:18] == "REPORT RequestId: ":
            return parse_report(clean)
        head = _HEAD.match(clean)
        if head is None:
            return AppText(text)
        kind = head.group(head.lastindex or 0)
        if kind in _PARSERS:
            return _PARSERS[kind](clean)
        runtime, name = _RUNTIME.search(clean), _NAME.search(clean)
        return Note(kind, runtime.group(1) if runtime else None, name.group(1) if name else None)
    except Unreadable as unreadable:
        return Unreadable(unreadable.reason, text)


def parse_start(text: str) -> Start:
    """``START RequestId: <id> Version: <version>``. Raises ``Unreadable``."""
    if text[53:63] == " Version: " and text[25] == "-" and text[:17] == "START RequestId: ":
        version = text[63:].rstrip()
        if version == "$LATEST" or version.isdigit():
            return Start(text[17:53], version)
    match = _START.match(text)
    if match is None:
        raise Unreadable("START without a request id", text)
    if "RequestId:" in match.group(3):
        raise Unreadable("several platform lines run into one", text)
    request_id, version_text = whole_request_id(match.group(1)), match.group(2)
    if request_id is None or (version_text is None and len(request_id) != 36):
        raise Unreadable("START without a request id", text)
    if version_text is not None and version_text[0] == "$" and not version_text.startswith("$LATEST"):
        version_text = None
    return Start(request_id, version_text)


def parse_end(text: str) -> End:
    """``END RequestId: <id>``. Raises ``Unreadable``."""
    if text[:15] == "END RequestId: " and text[23:24] == "-" and text[51:] in ("\n", ""):
        request_id = text[15:51]
        if len(request_id) == 36 and request_id[23] == "-":
            return End(request_id)
    match = _END.match(text)
    if match is None:
        raise Unreadable("END without a request id", text)
    if "RequestId:" in match.group(2):
        raise Unreadable("several platform lines run into one", text)
    request_id_text = whole_request_id(match.group(1))
    if request_id_text is None:
        raise Unreadable("END without a request id", text)
    return End(request_id_text)


_PARSERS: dict[str, Callable[[str], TextItem]] = {
    "START": parse_start,
    "END": parse_end,
    "REPORT": parse_report,
    "INIT_REPORT": parse_init_report,
    "RESTORE_REPORT": parse_restore_report,
}

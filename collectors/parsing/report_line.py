"""The figures of REPORT, INIT_REPORT and RESTORE_REPORT lines.

Lambda separates fields by tabs; copies, emulators and terminals turn them into spaces, break lines, change the order
of fields or prefix a timestamp. The tab form is read by ``str.split``, everything else by a scan for labels.
"""

import re

from collectors.model.quantities import QUANTITIES
from collectors.parsing.platform import (
    LARGEST_MB,
    LONGEST_MS,
    STATUSES,
    InitReport,
    Report,
    RestoreReport,
    Unreadable,
)

LABELS = (
    "Billed Restore Duration",
    "Billed Duration",
    "Restore Duration",
    "Init Duration",
    "Duration",
    "Max Memory Used",
    "Memory Size",
    "Error Type",
    "Status",
    "Phase",
    "XRAY TraceId",
    "SegmentId",
    "Sampled",
)
# A capitalised word before a plain "Duration" makes it another field, which we do not know ("Extension Duration").
_FIELD = re.compile(rf"({'|'.join(LABELS[:4])}|\b[A-Z][a-z]+ Duration|{'|'.join(LABELS[4:])}):[ \t]*")
_MEASURE = re.compile(r"(-?[0-9]{1,12})(?:\.([0-9]{1,9}))?[ \t]*(ms|MB)(?![a-z0-9])")
_WORD = re.compile(r"\S+")
_TRACE_ID = re.compile(r"1-\w{8}-\w{24}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_CUT_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]*")
_REQUEST_ID = re.compile(r"RequestId:[ \t]*(\S+)")
_ENDS = frozenset(("", "\n", "\r\n", "\r"))
_LINE_END = ["\n"]
_NO_TAIL = (None, None, None, None)
_NOT_IN_TEXT = (None,) * len(QUANTITIES)  # which are the last fields of ``Report``
_SAMPLED = {"Sampled: true": True, "Sampled: false": False}
_new = tuple.__new__
_LONGEST_US = LONGEST_MS * 1000


def parse_report(text: str) -> Report:
    """One REPORT, its XRAY line included. Raises ``Unreadable``.

    A field that is not printed is None; a field that is printed without a number and its unit makes the whole line
    unreadable, since the line was cut or garbled there.
    """
    try:
        # Lambda's own form of an invocation that did not fail: a million of these are read for each other one.
        head, duration, billed, memory, used, *tail = text.split("\t")
        hundredths = duration[10:-6] + duration[-5:-3]
        if (
            head[:18] == "REPORT RequestId: "
            and len(head) == 54
            and duration[:10] == "Duration: "
            and duration[-6] == "."
            and duration[-3:] == " ms"
            and hundredths.isdigit()
            and len(hundredths) < 13
            and text.isascii()
        ):
            init_us, trace, segment, sampled = _NO_TAIL if tail == _LINE_END else _tail(tail)
            duration_us = int(hundredths) * 10
            report = _new(
                Report,
                (
                    head[18:],
                    duration_us,
                    _BILLED[billed],
                    _MEMORY[memory],
                    _USED[used],
                    init_us,
                    None,
                    None,
                    None,
                    None,
                    trace,
                    segment,
                    sampled,
                    *_NOT_IN_TEXT,
                ),
            )
            if duration_us <= _LONGEST_US:
                return _checked(report) if init_us else report
    except (IndexError, KeyError, ValueError):
        pass
    return _tolerant(text)


class _WholeField(dict[str, int]):
    """Numbers of one field by its whole text, cached because few texts differ. KeyError for a text that is not the
    field.
    """

    def __init__(self, label: str, unit: str, least: int, most: int) -> None:
        self._form = re.compile(rf"{label}: ([0-9]{{1,12}}) {unit}")
        self._range = range(least, most + 1)

    def __missing__(self, text: str) -> int:
        match = self._form.fullmatch(text)
        if match is None or int(match[1]) not in self._range:
            raise KeyError(text)
        if len(self) > 20_000:
            self.clear()
        self[text] = number = int(match[1])
        return number


_BILLED = _WholeField("Billed Duration", "ms", 0, LONGEST_MS)
_MEMORY = _WholeField("Memory Size", "MB", 1, LARGEST_MB)
_USED = _WholeField("Max Memory Used", "MB", 0, LARGEST_MB)


def _tail(tail: list[str]) -> tuple[int | None, str | None, str | None, bool | None]:
    """What may follow the memory figures: Init Duration and XRAY. ``ValueError`` or ``KeyError`` for anything else."""
    init_us = trace = segment = sampled = None
    rest = iter(tail)
    field = next(rest, "")
    if field[:15] == "Init Duration: ":
        digits = field[15:-6] + field[-5:-3]
        if field[-6] != "." or field[-3:] != " ms" or len(field) < 22 or not digits.isdigit():
            raise ValueError
        init_us = int(digits) * 10
        field = next(rest, "")
    if field[:15] == "\nXRAY TraceId: ":
        trace, segment_field = field[15:], next(rest, "")
        if len(trace) != 35 or segment_field[:11] != "SegmentId: ":
            raise ValueError
        segment, sampled, field = segment_field[11:], _SAMPLED[next(rest, "")], next(rest, "")
    if field not in _ENDS or next(rest, None) is not None:
        raise ValueError
    return init_us, trace, segment, sampled


def _checked(report: Report) -> Report:
    """``report`` as it is. Raises ``Unreadable`` where a figure is larger than any that Lambda can have."""
    duration_us, billed_ms, memory_mb, used_mb = report[1:5]
    if (
        (duration_us is not None and duration_us > _LONGEST_US)
        or (billed_ms is not None and billed_ms > LONGEST_MS)
        or (report.init_us is not None and report.init_us > _LONGEST_US)
        or (report.restore_us is not None and report.restore_us > _LONGEST_US)
        or (report.billed_restore_ms is not None and report.billed_restore_ms > LONGEST_MS)
    ):
        raise Unreadable("a duration longer than a day")
    if (memory_mb is not None and not 0 < memory_mb <= LARGEST_MB) or (used_mb is not None and used_mb > LARGEST_MB):
        raise Unreadable("a memory size that Lambda does not have")
    return report


def _tolerant(text: str) -> Report:
    try:
        fields = _fields(text)
        if "Duration" not in fields:
            raise Unreadable("REPORT without Duration")
        return _checked(
            Report(
                _request_id(text),
                _us(fields, "Duration"),
                _whole(fields, "Billed Duration", "ms"),
                _whole(fields, "Memory Size", "MB"),
                _whole(fields, "Max Memory Used", "MB"),
                _us(fields, "Init Duration"),
                _us(fields, "Restore Duration"),
                _whole(fields, "Billed Restore Duration", "ms"),
                _status(fields),
                _word(fields, "Error Type"),
                _trace_id(fields),
                _word(fields, "SegmentId"),
                {"true": True, "false": False}.get(_word(fields, "Sampled") or ""),
            )
        )
    except Unreadable as unreadable:
        raise Unreadable(unreadable.reason, text) from None


def parse_init_report(text: str) -> InitReport:
    """One INIT_REPORT; a failed init prints no duration at times. Raises ``Unreadable``."""
    try:
        fields = _fields(text)
        if not fields:
            raise Unreadable("INIT_REPORT without any field")
        init_us = _us(fields, "Init Duration")
        _checked(Report(None, None, init_us=init_us))
        return InitReport(init_us, _word(fields, "Phase"), _status(fields), _word(fields, "Error Type"))
    except Unreadable as unreadable:
        raise Unreadable(unreadable.reason, text) from None


def parse_restore_report(text: str) -> RestoreReport:
    """One RESTORE_REPORT. Raises ``Unreadable``."""
    try:
        fields = _fields(text)
        if not fields:
            raise Unreadable("RESTORE_REPORT without any field")
        restore_us = _us(fields, "Restore Duration")
        _checked(Report(None, None, restore_us=restore_us))
        return RestoreReport(restore_us, _status(fields), _word(fields, "Error Type"))
    except Unreadable as unreadable:
        raise Unreadable(unreadable.reason, text) from None


def _fields(text: str) -> dict[str, str]:
    """Label to the text up to the next label. A label with two different values is ``Unreadable``."""
    matches = list(_FIELD.finditer(text))
    if "\n" in text or "\r" in text:
        # Terminals break lines in the middle of a label; joining them must then show more labels.
        joined = text.replace("\r", "").replace("\n", "")
        in_joined = list(_FIELD.finditer(joined))
        if len(in_joined) > len(matches):
            text, matches = joined, in_joined
    fields: dict[str, str] = {}
    ends = [field.start() for field in matches[1:]] + [len(text)]
    for field, end in zip(matches, ends, strict=False):
        label = field.group(1)
        value = text[field.end() : end]
        if fields.setdefault(label, value).split() != value.split():
            raise Unreadable(f"{label} is printed twice")
    return fields


def _measure(fields: dict[str, str], label: str, unit: str) -> tuple[str, str] | None:
    if label not in fields:
        return None
    number = _MEASURE.match(fields[label])
    if number is None or number.group(3) != unit:
        raise Unreadable(f"{label} is not a number of {unit}")
    if number.group(1)[0] == "-":
        raise Unreadable(f"{label} is negative")
    return number.group(1), number.group(2) or ""


def _us(fields: dict[str, str], label: str) -> int | None:
    """Whole microseconds; a fourth decimal, which only emulators print, is rounded."""
    measure = _measure(fields, label, "ms")
    if measure is None:
        return None
    whole, decimals = measure
    return int(whole) * 1000 + int(decimals[:3].ljust(3, "0")) + (decimals[3:4] >= "5")


def _whole(fields: dict[str, str], label: str, unit: str) -> int | None:
    measure = _measure(fields, label, unit)
    if measure is None:
        return None
    if measure[1].strip("0"):
        raise Unreadable(f"{label} is not a whole number of {unit}")
    return int(measure[0])


def _word(fields: dict[str, str], label: str) -> str | None:
    word = _WORD.search(fields.get(label, ""))
    return word.group() if word else None


def _status(fields: dict[str, str]) -> str | None:
    """A known status. A line cut inside the word still tells it by its beginning: no two begin alike."""
    word = _word(fields, "Status")
    return next((status for status in STATUSES if word and status.startswith(word)), None)


def _trace_id(fields: dict[str, str]) -> str | None:
    trace = _TRACE_ID.match(fields.get("XRAY TraceId", ""))
    return trace.group() if trace else None


def whole_request_id(word: str) -> str | None:
    """The request id at the beginning of ``word``; None if there is none. Raises ``Unreadable`` if it was cut."""
    uuid = _UUID.match(word)
    if uuid is not None:
        return uuid.group()
    if _CUT_UUID.fullmatch(word):
        raise Unreadable("the request id is cut")
    return None if word.endswith(":") else word


def _request_id(text: str) -> str | None:
    found = _REQUEST_ID.search(text)
    return whole_request_id(found.group(1)) if found else None

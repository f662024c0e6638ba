"""What is read beside the writer, whose process has the time: REPORT lines, and what makes errors the same.

The REPORTs are those of invocations of which only their figures are not known yet: they began, nothing in them reads
like a failure, and REPORT has no status. No line but their REPORT is needed any more.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter

import numpy as np

from collectors.columnar.plain_reports import plain_reports
from collectors.model.invocation_columns import NUMBERS, Batch, Ints, Unread
from collectors.model.quantities import MEASURED
from collectors.model.records import ErrorKind, Parts, Reject, Status, packed_id
from collectors.parsing.fingerprint import LONGEST, family, fingerprint
from collectors.parsing.invocation_builder import Open
from collectors.parsing.platform import Report, Unreadable
from collectors.parsing.report_line import parse_report

_measured: Callable[[Report], tuple[int | None, ...]] = attrgetter(*MEASURED)
_PARTS, _STATUS, _FIRST_FIGURE, _ERROR = map(NUMBERS.index, ("parts", "status", "duration_us", "error"))


def unread(done: Sequence[Open]) -> tuple[Unread, list[int]]:
    """The REPORTs that can be read later, and the places of the invocations that want a closer look now."""
    likely = [
        at
        for at, each in enumerate(done)
        if type(each.report) is str and not each.suspect and each.start_ms is not None
    ]
    texts: list[str] = [done[at].report for at in likely]  # type: ignore[misc]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    others = np.ones(len(done), np.bool_)
    others[likely] = False
    places = np.array(likely, np.int64)
    return Unread(places.tobytes(), lengths.tobytes(), "".join(texts)), np.flatnonzero(others).tolist()


def figures_of(report: Report) -> list[int]:
    """REPORT's figures as ``NUMBERS`` has them."""
    return [-1 if figure is None else figure for figure in _measured(report)]


def read(batch: Batch) -> Batch:
    """The batch with its REPORTs read and its errors named: figures, ids, trace ids and fingerprints filled in."""
    batch.errors = [each if each.fingerprint else _named(each) for each in batch.errors]
    columns = batch.invocations
    late = columns.unread
    if late is None:
        return batch
    columns.unread = None
    numbers = np.frombuffer(columns.numbers, np.int64).reshape(len(NUMBERS), columns.count).copy()
    places = np.frombuffer(late.at, np.int64)
    lengths = np.frombuffer(late.lengths, np.int64)
    plain = plain_reports(late.text, lengths)
    found = places[plain.at]
    numbers[_FIRST_FIGURE : _FIRST_FIGURE + len(plain.figures), found] = plain.figures
    numbers[_PARTS, found], numbers[_STATUS, found] = Parts.WHOLE, Status.OK
    columns.request_ids = _filled(columns.request_ids, found, plain.request_ids)
    if len(found) < len(places):
        ends = lengths.cumsum()
        for each in np.setdiff1d(np.arange(len(places)), plain.at).tolist():
            _read_alone(batch, numbers, int(places[each]), late.text[ends[each] - lengths[each] : ends[each]])
    columns.numbers = numbers.tobytes()
    return batch


def _named(kind: ErrorKind) -> ErrorKind:
    mark = fingerprint(kind.error_type, kind.message)
    return ErrorKind(
        kind.function,
        mark,
        kind.error_type,
        kind.message[:LONGEST],
        family(kind.error_type, kind.message),
    )


def _filled(ids: list[bytes | str], found: Ints, known: list[bytes]) -> list[bytes | str]:
    """The ids, with those that are known now at the rising places where they were found: nearly all."""
    filled: list[bytes | str] = [*known]
    for at in np.setdiff1d(np.arange(len(ids)), found, assume_unique=True).tolist():
        filled.insert(at, ids[at])
    return filled


def _read_alone(batch: Batch, numbers: Ints, at: int, text: str) -> None:
    columns = batch.invocations
    columns.request_ids[at] = packed_id(text[18:54])
    try:
        report = parse_report(text)
    except Unreadable as unreadable:
        batch.rejects.append(Reject(unreadable.reason, text[:2000]))
        numbers[_PARTS, at], numbers[_STATUS, at] = Parts.START, Status.UNKNOWN
        return
    numbers[_FIRST_FIGURE:_ERROR, at] = figures_of(report)
    numbers[_PARTS, at], numbers[_STATUS, at] = Parts.WHOLE, Status.OK
    if report.trace_id is not None:
        columns.trace_ids = columns.trace_ids or [None] * columns.count
        columns.trace_ids[at] = report.trace_id

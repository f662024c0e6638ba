"""Reads REPORT lines and fingerprints errors later: in the writer's process, which has time to spare.

A REPORT is deferred where only its figures are still unknown: its invocation's START was seen, none of the invocation's
lines reads like a failure, and the REPORT states no status.
"""

from collections.abc import Sequence

import numpy as np

from collectors.columnar.plain_reports import plain_reports
from collectors.model.invocation_columns import NUMBERS, Batch, DeferredReports, Ints
from collectors.model.records import Parts, Reject, Status, packed_id
from collectors.parsing.invocation_batches import figures_of, with_fingerprints
from collectors.parsing.invocation_builder import InvocationBuilder
from collectors.parsing.platform import Unreadable
from collectors.parsing.report_line import parse_report

_PARTS, _STATUS, _FIRST_FIGURE, _ERROR = map(NUMBERS.index, ("parts", "status", "duration_us", "error"))


def deferred(done: Sequence[InvocationBuilder]) -> tuple[DeferredReports, list[int]]:
    """The REPORTs that can be read later, and the places in ``done`` of the invocations that must be read now."""
    likely = [
        place
        for place, each in enumerate(done)
        if type(each.report) is str and not each.suspect and each.start_ms is not None
    ]
    texts: list[str] = [done[place].report for place in likely]  # type: ignore[misc]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    others = np.ones(len(done), np.bool_)
    others[likely] = False
    places = np.array(likely, np.int64)
    return DeferredReports(places.tobytes(), lengths.tobytes(), "".join(texts)), np.flatnonzero(others).tolist()


def with_reports_read(batch: Batch) -> Batch:
    """The batch with its REPORTs read and its errors named: figures, ids, trace ids and fingerprints filled in."""
    batch.errors = with_fingerprints(batch.errors)
    columns = batch.invocations
    late = columns.deferred
    if late is None:
        return batch
    columns.deferred = None
    numbers = np.frombuffer(columns.numbers, np.int64).reshape(len(NUMBERS), columns.count).copy()
    places = np.frombuffer(late.places, np.int64)
    lengths = np.frombuffer(late.lengths, np.int64)
    plain = plain_reports(late.text, lengths)
    filled_places = places[plain.places]
    numbers[_FIRST_FIGURE : _FIRST_FIGURE + len(plain.figures), filled_places] = plain.figures
    numbers[_PARTS, filled_places], numbers[_STATUS, filled_places] = Parts.WHOLE, Status.OK
    columns.request_ids = _filled(columns.request_ids, filled_places, plain.request_ids)
    if len(filled_places) < len(places):
        ends = lengths.cumsum()
        for each in np.setdiff1d(np.arange(len(places)), plain.places).tolist():
            _read_alone(batch, numbers, int(places[each]), late.text[ends[each] - lengths[each] : ends[each]])
    columns.numbers = numbers.tobytes()
    return batch


def _filled(ids: list[bytes | str], places: Ints, known: list[bytes]) -> list[bytes | str]:
    """The ids, with those in ``known`` put at the rising ``places`` where they belong: nearly all of them."""
    filled: list[bytes | str] = [*known]
    for at in np.setdiff1d(np.arange(len(ids)), places, assume_unique=True).tolist():
        filled.insert(at, ids[at])
    return filled


def _read_alone(batch: Batch, numbers: Ints, place: int, text: str) -> None:
    columns = batch.invocations
    columns.request_ids[place] = packed_id(text[18:54])
    try:
        report = parse_report(text)
    except Unreadable as unreadable:
        batch.rejects.append(Reject(unreadable.reason, text[:2000]))
        numbers[_PARTS, place], numbers[_STATUS, place] = Parts.START, Status.UNKNOWN
        return
    numbers[_FIRST_FIGURE:_ERROR, place] = figures_of(report)
    numbers[_PARTS, place], numbers[_STATUS, place] = Parts.WHOLE, Status.OK
    if report.trace_id is not None:
        columns.trace_ids = columns.trace_ids or [None] * columns.count
        columns.trace_ids[place] = report.trace_id

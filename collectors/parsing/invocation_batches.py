"""Makes batches out of finished invocations.

The columns of all invocations are made at once, which takes half the time of making them one invocation at a time.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Self

import msgspec
import numpy as np

from collectors.model.invocation_columns import NUMBERS, Batch, Columns, DeferredReports, Ints
from collectors.model.quantities import MEASURED
from collectors.model.records import ErrorKind, Function, FunctionKey, OrphanLines, Reject, Status, Stream, packed_id
from collectors.parsing.fingerprint import LONGEST, family, fingerprint
from collectors.parsing.invocation_builder import InvocationBuilder
from collectors.parsing.platform import Report, Unreadable
from collectors.parsing.platform_text import parse_report
from collectors.parsing.streams import StreamState

_encode = msgspec.msgpack.Encoder().encode
_measured: Callable[[Report], tuple[int | None, ...]] = attrgetter(*MEASURED)


_NO_REPORT = Report(None, None)
_PARTS, _STATUS, _ERROR = map(NUMBERS.index, ("parts", "status", "error"))
_FIGURES = slice(NUMBERS.index("duration_us"), _ERROR)


class BatchBuilder:
    """A batch being built: finished invocations, lines that belong to none, rejects.

    ``number`` counts the batches of an assembler, from 1. ``runtimes`` are the functions' runtimes, over all its
    batches.
    """

    def __init__(self, number: int, runtimes: dict[FunctionKey, str], *, keep_lines: bool) -> None:
        self.number = number
        self.events = 0
        self.duplicates = 0
        self.rejects: list[Reject] = []
        self._runtimes = runtimes
        self._keep = keep_lines
        self._streams: list[Stream] = []
        self._done: list[InvocationBuilder] = []
        self._done_slots: list[int] = []
        self._loose: list[OrphanLines] = []
        self._errors: dict[ErrorKind, int] = {}
        self._error_kinds: list[ErrorKind] = []
        self._functions: list[Function] = []

    def __len__(self) -> int:
        return len(self._done) + len(self._loose) + len(self.rejects)

    def next_one(self) -> Self:
        """The builder of the next batch."""
        return type(self)(self.number + 1, self._runtimes, keep_lines=self._keep)

    def add(self, state: StreamState, done: InvocationBuilder) -> None:
        """Adds an invocation of the stream, whole or a fragment."""
        if state.slot_batch != self.number:
            self._slot(state)
        self._done.append(done)
        self._done_slots.append(state.slot)

    def add_orphan_lines(self, state: StreamState, waiting: InvocationBuilder) -> None:
        """Adds lines of the stream that belong to no invocation."""
        state.pending = None
        self.duplicates += waiting.keep_once()
        self._slot(state)
        times = waiting.times
        lines = _encode((times, waiting.texts)) if self._keep else b""
        self._loose.append(OrphanLines(state.slot, min(times), max(times), len(times), lines))

    def _slot(self, state: StreamState) -> None:
        """Gives the stream its place in this batch's table of streams."""
        if state.slot_batch != self.number:
            state.slot = len(self._streams)
            state.slot_batch = self.number
            self._streams.append(Stream(state.key, state.name))
            if state.runtime is not None and self._runtimes.get(state.key) != state.runtime:
                self._runtimes[state.key] = state.runtime
                self._functions.append(Function(state.key, runtime=state.runtime))

    def batch(self) -> Batch:
        """The finished batch, with verdicts and without repeated events; its errors have no fingerprints yet."""
        self.duplicates += sum([each.keep_once() for each in self._done if each.repeats])
        return Batch(
            self._streams,
            self._invocations(),
            self._loose,
            self._error_kinds,
            self._functions,
            self.rejects,
            self.events,
            self.duplicates,
        )

    def _invocations(self) -> Columns:
        """The invocations of the batch, every REPORT read."""
        return self._columns(range(len(self._done)), None)

    def _columns(self, closely: Iterable[int], deferred: DeferredReports | None) -> Columns:
        """The invocations of the batch: those at the places ``closely`` are read, the others' REPORTs are deferred."""
        done = self._done
        numbers = np.full((len(NUMBERS), len(done)), -1, np.int64)
        request_ids: list[bytes | str] = [b""] * len(done)
        traces: list[str | None] = [None] * len(done)
        for place in closely:
            request_ids[place] = packed_id(done[place].request_id)
            self._read_closely(place, numbers, traces)
        return columns_of(done, numbers, request_ids, traces, self._done_slots, deferred, keep_lines=self._keep)

    def _read_closely(self, place: int, numbers: Ints, traces: list[str | None]) -> None:
        """Fills in one invocation: its REPORT's figures, and the verdict on it."""
        each = self._done[place]
        each.report = report = self._read(each.report)
        told = report or _NO_REPORT
        numbers[_FIGURES, place] = figures_of(told)
        traces[place] = told.trace_id
        numbers[_PARTS, place] = each.parts
        try:
            status, error_type, message = each.verdict()
        except Exception as fault:  # of lines that nobody foresaw: the invocation counts all the same
            said = f"no verdict on an invocation: {type(fault).__name__} in its lines; please report it"
            self.rejects.append(Reject(said, each.request_id))
            status, error_type, message = Status.UNKNOWN, "", ""
        numbers[_STATUS, place] = int(status)
        if error_type:
            numbers[_ERROR, place] = self._error(self._streams[self._done_slots[place]].function, error_type, message)

    def _read(self, text: Report | str | None) -> Report | None:
        if not isinstance(text, str):
            return text
        try:
            return parse_report(text)
        except Unreadable as unreadable:
            self.rejects.append(Reject(unreadable.reason, text[:2000]))
            return None

    def _error(self, key: FunctionKey, error_type: str, message: str) -> int:
        """The place of the error among the batch's. Its fingerprint is made later (``with_fingerprints``)."""
        kind = ErrorKind(key, "", error_type, message)
        known = self._errors.get(kind)
        if known is None:
            known = self._errors[kind] = len(self._error_kinds)
            self._error_kinds.append(kind)
        return known


def figures_of(report: Report) -> list[int]:
    """REPORT's figures as ``NUMBERS`` has them, from ``duration_us`` on; -1 for what it does not say."""
    return [-1 if figure is None else figure for figure in _measured(report)]


def with_fingerprints(errors: Sequence[ErrorKind]) -> list[ErrorKind]:
    """The errors, each with the fingerprint and the family of its type and message."""
    return [error if error.fingerprint else _with_fingerprint(error) for error in errors]


def _with_fingerprint(error: ErrorKind) -> ErrorKind:
    return ErrorKind(
        error.function,
        fingerprint(error.error_type, error.message),
        error.error_type,
        error.message[:LONGEST],
        family(error.error_type, error.message),
    )


def columns_of(
    done: Sequence[InvocationBuilder],
    numbers: Ints,
    request_ids: list[bytes | str],
    traces: list[str | None],
    streams: Sequence[int],
    deferred: DeferredReports | None,
    *,
    keep_lines: bool,
) -> Columns:
    """The columns of invocations: ``numbers`` has what was read closely, the rest is filled in here or read later.

    ``numbers`` is an int64 matrix with a row for each of ``NUMBERS`` and a column an invocation; ``streams`` are the
    invocations' places in the batch's table of streams.
    """
    if not done:
        return Columns(0, b"", [], None, None, deferred)
    times = [each.times for each in done]
    starts = [each.start_ms for each in done]
    numbers[0] = streams
    numbers[1] = starts if None not in starts else [each.begins_at() for each in done]  # type: ignore[assignment]
    numbers[4] = list(map(max, times))
    numbers[5] = list(map(len, times))
    return Columns(
        len(done),
        numbers.tobytes(),
        request_ids,
        traces if any(traces) else None,
        [_encode((each.times, each.texts)) for each in done] if keep_lines else None,
        deferred,
    )

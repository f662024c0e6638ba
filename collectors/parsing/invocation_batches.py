"""What is finished becomes a batch: done for all its invocations in a row, which costs half of one by one."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from collectors.columnar.deferred_reports import figures_of, unread
from collectors.columnar.whole_invocations import PlainRuns
from collectors.model.event_columns import EventColumns
from collectors.model.invocation_columns import NUMBERS, Batch, Columns, Ints, Unread, together
from collectors.model.records import ErrorKind, Function, FunctionKey, LooseLines, Reject, Status, Stream, packed_id
from collectors.parsing.invocation_builder import Open
from collectors.parsing.platform import Report, Unreadable
from collectors.parsing.platform_text import parse_report
from collectors.parsing.streams import StreamState

_encode = msgspec.msgpack.Encoder().encode
_NEWLINE = ord("\n")
_NO_REPORT = Report(None, None)
_PARTS, _STATUS, _ERROR = map(NUMBERS.index, ("parts", "status", "error"))
_FIGURES = slice(NUMBERS.index("duration_us"), _ERROR)


class Finished:
    """The batch in the making. ``runtimes`` is what was told of functions, over all batches."""

    def __init__(self, number: int, runtimes: dict[FunctionKey, str], *, keep_lines: bool) -> None:
        self.number = number
        self.events = 0
        self.duplicates = 0
        self.rejects: list[Reject] = []
        self._runtimes = runtimes
        self._keep = keep_lines
        self._streams: list[Stream] = []
        self._done: list[Open] = []
        self._done_slots: list[int] = []
        self._plain: list[Columns] = []
        self._plain_count = 0
        self._loose: list[LooseLines] = []
        self._errors: dict[ErrorKind, int] = {}
        self._error_kinds: list[ErrorKind] = []
        self._functions: list[Function] = []

    def __len__(self) -> int:
        return len(self._done) + self._plain_count + len(self._loose) + len(self.rejects)

    def after(self) -> "Finished":
        """The next one."""
        return Finished(self.number + 1, self._runtimes, keep_lines=self._keep)

    def add(self, state: StreamState, done: Open) -> None:
        """An invocation of the stream, whole or a fragment."""
        if state.slot_batch != self.number:
            self._slot(state)
        self._done.append(done)
        self._done_slots.append(state.slot)

    def add_plain(self, states: Sequence[StreamState], events: EventColumns, runs: PlainRuns) -> None:
        """Whole invocations of these streams, which ``runs`` numbers: those that are over."""
        for each in np.unique(runs.stream).tolist():
            self._slot(states[each])
            states[each].seen = self.number
        slots = np.array([state.slot for state in states], np.int64)
        self._plain.append(_plain_columns(slots, runs, _lines_of(events, runs) if self._keep else None))
        self._plain_count += runs.done
        self.events += len(runs.taken)

    def add_loose(self, state: StreamState, waiting: Open) -> None:
        """Lines of the stream that are of no invocation."""
        state.pending = None
        self.duplicates += waiting.keep_once()
        self._slot(state)
        times = waiting.times
        lines = _encode((times, waiting.texts)) if self._keep else b""
        self._loose.append(LooseLines(state.slot, min(times), max(times), len(times), lines))

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
        """The batch. Verdicts are given and repeated events dropped here; plain REPORTs stay ``unread``."""
        done = self._done
        self.duplicates += sum([each.keep_once() for each in done if each.repeats])
        numbers = np.full((len(NUMBERS), len(done)), -1, np.int64)
        request_ids: list[bytes | str] = [b""] * len(done)
        traces: list[str | None] = [None] * len(done)
        late, others = unread(done)
        for at in others:
            request_ids[at] = packed_id(done[at].request_id)
            self._read_closely(at, numbers, traces)
        columns = columns_of(done, numbers, request_ids, traces, self._done_slots, late, keep_lines=self._keep)
        return Batch(
            self._streams,
            together([columns, *self._plain]),
            self._loose,
            self._error_kinds,
            self._functions,
            self.rejects,
            self.events,
            self.duplicates,
        )

    def _read_closely(self, at: int, numbers: Ints, traces: list[str | None]) -> None:
        """Fills in one invocation: its REPORT's figures, and the verdict on it."""
        each = self._done[at]
        each.report = report = self._read(each.report)
        told = report or _NO_REPORT
        numbers[_FIGURES, at] = figures_of(told)
        traces[at] = told.trace_id
        numbers[_PARTS, at] = each.parts
        try:
            status, error_type, message = each.verdict()
        except Exception as fault:  # of lines that nobody foresaw: the invocation counts all the same
            said = f"no verdict on an invocation: {type(fault).__name__} in its lines; please report it"
            self.rejects.append(Reject(said, each.request_id))
            status, error_type, message = Status.UNKNOWN, "", ""
        numbers[_STATUS, at] = int(status)
        if error_type:
            numbers[_ERROR, at] = self._error(self._streams[self._done_slots[at]].function, error_type, message)

    def _read(self, text: Report | str | None) -> Report | None:
        if not isinstance(text, str):
            return text
        try:
            return parse_report(text)
        except Unreadable as unreadable:
            self.rejects.append(Reject(unreadable.reason, text[:2000]))
            return None

    def _error(self, key: FunctionKey, error_type: str, message: str) -> int:
        """The place of the error among the batch's; its fingerprint is taken where there is time (``unread``)."""
        kind = ErrorKind(key, "", error_type, message)
        known = self._errors.get(kind)
        if known is None:
            known = self._errors[kind] = len(self._error_kinds)
            self._error_kinds.append(kind)
        return known


def _lines_of(events: EventColumns, runs: PlainRuns) -> list[bytes]:
    edges = [0, *np.cumsum(runs.events[: runs.done]).tolist()]
    at = runs.taken[: edges[-1]]
    times, texts = events.timestamp_ms[at].tolist(), events.messages(at)
    return [_encode((times[low:high], texts[low:high])) for low, high in pairwise(edges)]


def _plain_columns(slots: Ints, runs: PlainRuns, lines: list[bytes] | None) -> Columns:
    count = runs.done
    numbers = np.full((len(NUMBERS), count), -1, np.int64)
    numbers[0], numbers[1] = slots[runs.stream[:count]], runs.start_ms[:count]
    numbers[4], numbers[5] = runs.end_ms[:count], runs.events[:count]
    letters = np.frombuffer(runs.reports.encode("latin-1", "replace"), np.uint8)
    ends = np.flatnonzero(letters == _NEWLINE)[:count] + 1
    text = runs.reports[: ends[-1]] if count else ""
    late = Unread(np.arange(count).tobytes(), np.diff(ends, prepend=0).tobytes(), text)
    return Columns(count, numbers.tobytes(), [b""] * count, None, lines, late)


def columns_of(
    done: Sequence[Open],
    numbers: Ints,
    request_ids: list[bytes | str],
    traces: list[str | None],
    streams: Sequence[int],
    late: Unread,
    *,
    keep_lines: bool,
) -> Columns:
    """The columns of invocations: ``numbers`` has what was read closely, the rest is filled in here or read later."""
    if not done:
        return Columns(0, b"", [], None, None, late)
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
        late,
    )

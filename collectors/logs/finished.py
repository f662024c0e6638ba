"""What is finished becomes a batch: done for all its invocations in a row, which costs half of one by one."""

from collections.abc import Sequence

import msgspec
import numpy as np

from collectors.columns import NUMBERS, Batch, Columns, Ints
from collectors.logs.fingerprint import fingerprint
from collectors.logs.invocation import Open
from collectors.logs.plain_reports import plain_reports
from collectors.logs.platform import Report, Unreadable
from collectors.logs.platform_text import parse_report
from collectors.logs.streams import StreamState
from collectors.model import ErrorKind, Function, FunctionKey, LooseLines, Parts, Reject, Status, Stream, packed_id

_encode = msgspec.msgpack.Encoder().encode
_NO_REPORT = Report(None, None)
_FIGURES = tuple(Report._fields.index(name) for name in NUMBERS[6:13])
_PARTS, _STATUS_ROW, _FIRST_FIGURE, _ERROR = map(NUMBERS.index, ("parts", "status", "duration_us", "error"))


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
        self._loose: list[LooseLines] = []
        self._errors: dict[tuple[FunctionKey, str], int] = {}
        self._error_kinds: list[ErrorKind] = []
        self._functions: list[Function] = []

    def __len__(self) -> int:
        return len(self._done) + len(self._loose)

    def after(self) -> "Finished":
        """The next one."""
        return Finished(self.number + 1, self._runtimes, keep_lines=self._keep)

    def add(self, state: StreamState, done: Open) -> None:
        """An invocation of the stream, whole or a fragment."""
        if state.slot_batch != self.number:
            self._slot(state)
        self._done.append(done)
        self._done_slots.append(state.slot)

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
        """The batch. REPORTs are read, verdicts given and repeated events dropped here."""
        done = self._done
        self.duplicates += sum([each.keep_once() for each in done if each.repeats])
        numbers = np.full((len(NUMBERS), len(done)), -1, np.int64)
        numbers[_PARTS], numbers[_STATUS_ROW] = Parts.WHOLE, Status.OK
        request_ids: list[bytes | str] = [b""] * len(done)
        traces: list[str | None] = [None] * len(done)
        for at in self._read_plain(numbers, request_ids):
            request_ids[at] = packed_id(done[at].request_id)
            self._read_closely(at, numbers, traces)
        return Batch(
            self._streams,
            columns_of(done, numbers, request_ids, traces, self._done_slots, keep_lines=self._keep),
            self._loose,
            self._error_kinds,
            self._functions,
            self.rejects,
            self.events,
            self.duplicates,
        )

    def _read_plain(self, numbers: Ints, request_ids: list[bytes | str]) -> list[int]:
        """Fills in what plain REPORTs of plain successes say, all at once; the places of the others."""
        likely = [
            at
            for at, each in enumerate(self._done)
            if type(each.report) is str and not each.suspect and each.start_ms is not None
        ]
        plain = plain_reports([self._done[at].report for at in likely])  # type: ignore[misc]
        places = np.array(likely, np.int64)[plain.at]
        numbers[_FIRST_FIGURE : _FIRST_FIGURE + len(plain.figures), places] = plain.figures
        for at, request_id in zip(places.tolist(), plain.request_ids, strict=True):
            request_ids[at] = request_id
        others = np.ones(len(self._done), np.bool_)
        others[places] = False
        return np.flatnonzero(others).tolist()

    def _read_closely(self, at: int, numbers: Ints, traces: list[str | None]) -> None:
        """Fills in one invocation: its REPORT's figures, and the verdict on it."""
        each = self._done[at]
        each.report = report = self._read(each.report)
        told = report or _NO_REPORT
        for row, field in enumerate(_FIGURES, _FIRST_FIGURE):
            figure = told[field]
            if figure is not None:
                numbers[row, at] = figure
        traces[at] = told.trace_id
        numbers[_PARTS, at] = each.parts
        status, error_type, message = each.verdict()
        numbers[_STATUS_ROW, at] = int(status)
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
        mark = fingerprint(error_type, message)
        known = self._errors.get((key, mark))
        if known is None:
            known = self._errors[key, mark] = len(self._error_kinds)
            self._error_kinds.append(ErrorKind(key, mark, error_type, message[:500]))
        return known


def columns_of(
    done: Sequence[Open],
    numbers: Ints,
    request_ids: list[bytes | str],
    traces: list[str | None],
    streams: Sequence[int],
    *,
    keep_lines: bool,
) -> Columns:
    """The columns of invocations: ``numbers`` has REPORTs' figures and verdicts, the rest is filled in here."""
    if not done:
        return Columns(0, b"", [], None, None)
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
    )

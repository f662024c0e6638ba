"""What is finished becomes a batch: done for all its invocations in a row, which costs half of one by one."""

from collections.abc import Sequence
from itertools import chain

import msgspec
import numpy as np

from collectors.columns import NUMBERS, Batch, Columns, filled
from collectors.logs.fingerprint import fingerprint
from collectors.logs.invocation import Open
from collectors.logs.platform import Report, Unreadable
from collectors.logs.platform_text import parse_report
from collectors.logs.streams import StreamState
from collectors.model import ErrorKind, Function, FunctionKey, LooseLines, Parts, Reject, Stream, packed_id

_encode = msgspec.msgpack.Encoder().encode
_NO_REPORT = Report(None, None)
_FIGURES = tuple(Report._fields.index(name) for name in NUMBERS[6:13])
_TRACE = Report._fields.index("trace_id")
_STATUS = Report._fields.index("status")


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
        reports = [self._read(each.report) for each in done]
        statuses, errors = [0] * len(done), [-1] * len(done)
        for at, (each, report) in enumerate(zip(done, reports, strict=True)):
            each.report = report
            if each.suspect or report is None or report[_STATUS] is not None:
                status, error_type, message = each.verdict()
                statuses[at] = int(status)
                if error_type:
                    errors[at] = self._error(self._streams[self._done_slots[at]].function, error_type, message)
        ids = [each.ids for each in done]
        if len(set(chain.from_iterable(ids))) != sum(map(len, ids)):
            self.duplicates += sum([each.keep_once() for each in done])
        columns = columns_of(done, reports, self._done_slots, statuses, errors, keep_lines=self._keep)
        return Batch(
            self._streams,
            columns,
            self._loose,
            self._error_kinds,
            self._functions,
            self.rejects,
            self.events,
            self.duplicates,
        )

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
    reports: Sequence[Report | None],
    streams: Sequence[int],
    statuses: Sequence[int],
    errors: Sequence[int],
    *,
    keep_lines: bool,
) -> Columns:
    """The columns of invocations, given with what their REPORTs say, their streams, verdicts and errors."""
    if not done:
        return Columns(0, b"", [], None, None)
    starts = [each.start_ms for each in done]
    whole = None not in starts and None not in reports
    figures = list(zip(*[each or _NO_REPORT for each in reports], strict=True))
    times = [each.times for each in done]
    numbers = np.empty((len(NUMBERS), len(done)), np.int64)
    numbers[0] = streams
    numbers[1] = starts if None not in starts else [each.begins_at() for each in done]  # type: ignore[assignment]
    numbers[2] = Parts.WHOLE if whole else [each.parts for each in done]
    numbers[3] = statuses
    numbers[4] = list(map(max, times))
    numbers[5] = list(map(len, times))
    for row, at in enumerate(_FIGURES, 6):
        numbers[row] = filled(figures[at])
    numbers[13] = errors
    traces = figures[_TRACE]
    return Columns(
        len(done),
        numbers.tobytes(),
        packed_ids([each.request_id for each in done]),
        list(traces) if any(traces) else None,
        [_encode((each.times, each.texts)) for each in done] if keep_lines else None,
    )


def packed_ids(ids: Sequence[str]) -> list[bytes | str]:
    """Request ids as ``packed_id`` packs each; all at once where all are UUIDs, as they nearly always are."""
    joined = "".join(ids)
    if joined.islower() and all(len(each) == 36 and each.count("-") == 4 for each in ids):
        try:
            raw = bytes.fromhex(joined.replace("-", ""))
        except ValueError:
            pass
        else:
            return [raw[at : at + 16] for at in range(0, len(raw), 16)]
    return [packed_id(each) for each in ids]

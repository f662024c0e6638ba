"""The assembler's fast path: takes many invocations at once out of columns of log events, and leaves REPORTs to be read
later.

``collectors.parsing.assembler.Assembler`` makes equal batches of the same events; ``tests/equivalence`` compares the
two.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from collectors.columnar.deferred_reports import deferred, with_reports_read
from collectors.columnar.whole_invocations import WholeInvocations, unfinished_invocations, whole_invocations
from collectors.model.event_columns import EventColumns
from collectors.model.invocation_columns import NUMBERS, Batch, Columns, DeferredReports, Ints, together
from collectors.model.records import FunctionKey, LogEvent
from collectors.parsing.assembler import Assembler
from collectors.parsing.function_names import runtime_of
from collectors.parsing.invocation_batches import BatchBuilder
from collectors.parsing.streams import StreamState

TELLING_EVENTS = 2_000  # events of a block: in a smaller one too many invocations begin or end in another block
WORTH_COLUMNS = 0.4  # share of a block's events taken at once; below it, decoding line by line is faster

_encode = msgspec.msgpack.Encoder().encode
_NEWLINE = ord("\n")


class ColumnarBatchBuilder(BatchBuilder):
    """A batch that takes whole invocations as columns, and leaves plain REPORTs to be read later."""

    def __init__(self, number: int, runtimes: dict[FunctionKey, str], *, keep_lines: bool) -> None:
        super().__init__(number, runtimes, keep_lines=keep_lines)
        self._whole: list[Columns] = []
        self._whole_count = 0

    def __len__(self) -> int:
        return super().__len__() + self._whole_count

    def add_whole(self, states: Sequence[StreamState], events: EventColumns, whole: WholeInvocations) -> None:
        """Adds the invocations of ``whole`` that are over. ``states`` are the block's streams, in the order of its
        ``places``.
        """
        for stream in np.unique(whole.stream).tolist():
            self._slot(states[stream])
            states[stream].seen = self.number
        slots = np.array([state.slot for state in states], np.int64)
        self._whole.append(_columns_of(slots, whole, _lines_of(events, whole) if self._keep else None))
        self._whole_count += whole.done
        self.events += len(whole.taken)

    def _invocations(self) -> Columns:
        reports, closely = deferred(self._done)
        return together([self._columns(closely, reports), *self._whole])


class ColumnarAssembler(Assembler):
    """An ``Assembler`` that takes whole invocations out of ``EventColumns`` at once, and all other events as
    ``Assembler`` does.
    """

    _finished: ColumnarBatchBuilder

    def __init__(self, defaults: FunctionKey | None = None, *, keep_lines: bool = True) -> None:
        super().__init__(defaults, keep_lines=keep_lines)
        self.taken_at_once = 1.0
        """The share of the last columns' events that could be taken at once."""

    def _first_batch(self) -> ColumnarBatchBuilder:
        return ColumnarBatchBuilder(1, self._runtimes, keep_lines=self._keep_lines)

    @property
    def wants_columns(self) -> bool:
        """Whether blocks should be given as columns: they are not worth making where few events can
        be taken at once.
        """
        return self.taken_at_once >= WORTH_COLUMNS

    def feed(self, events: Sequence[LogEvent]) -> None:
        """Takes in one block."""
        if isinstance(events, EventColumns):
            self._feed_columns(events)
        else:
            super().feed(events)

    def _feed_columns(self, events: EventColumns) -> None:
        """Takes the invocations that can be taken at once, and feeds the other events, in order."""
        states = [self._streams.get(place) or self._open_stream(place) for place in events.places]
        free = np.array([state.pending is None and not state.nameless for state in states], np.bool_)
        inside = np.array([state.current is not None for state in states], np.bool_)
        known = {request_id for state in states for request_id in state.requests()}
        try:
            whole = whole_invocations(events, free, inside, known)
            rest = events.events(whole.rest)
            self._finished.add_whole(states, events, whole)
        except (ValueError, RecursionError):
            super().feed(list(events))
            return
        for stream, version in whole.runtimes.items():
            if version:
                states[stream].runtime = runtime_of(version)
        if len(events) >= TELLING_EVENTS:
            self.taken_at_once = len(whole.taken) / len(events)
        super().feed(rest)
        for stream, unfinished in unfinished_invocations(events, whole, keep_lines=self._keep_lines):
            state = states[stream]
            if state.previous is not None:
                self._retire(state, state.previous)
            state.previous, state.current = state.current, unfinished

    def take(self, *, final: bool = False) -> Batch:
        """A batch of all invocations that are finished; with ``final`` also the others, as fragments."""
        return with_reports_read(self.take_deferred(final=final))

    def take_deferred(self, *, final: bool = False) -> Batch:
        """The batch that ``take`` would give, with REPORTs and errors' fingerprints left to ``with_reports_read``."""
        return self._take(final=final)


def _lines_of(events: EventColumns, whole: WholeInvocations) -> list[bytes]:
    """The lines of each invocation that is over, packed as ``Columns.lines`` has them."""
    edges = [0, *np.cumsum(whole.events[: whole.done]).tolist()]
    places = whole.taken[: edges[-1]]
    times, texts = events.timestamp_ms[places].tolist(), events.messages(places)
    return [_encode((times[low:high], texts[low:high])) for low, high in pairwise(edges)]


def _columns_of(slots: Ints, whole: WholeInvocations, lines: list[bytes] | None) -> Columns:
    """The invocations that are over, no REPORT of which is read. ``slots`` are their streams' places in the batch."""
    count = whole.done
    numbers = np.full((len(NUMBERS), count), -1, np.int64)
    numbers[0], numbers[1] = slots[whole.stream[:count]], whole.start_ms[:count]
    numbers[4], numbers[5] = whole.end_ms[:count], whole.events[:count]
    letters = np.frombuffer(whole.reports.encode("latin-1", "replace"), np.uint8)
    ends = np.flatnonzero(letters == _NEWLINE)[:count] + 1
    text = whole.reports[: ends[-1]] if count else ""
    reports = DeferredReports(np.arange(count).tobytes(), np.diff(ends, prepend=0).tobytes(), text)
    return Columns(count, numbers.tobytes(), [b""] * count, None, lines, reports)

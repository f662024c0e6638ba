"""Decides which invocation of its stream an event belongs to.

One execution environment runs one invocation at a time and writes one log stream, so a line belongs to the invocation
that its stream is in; START, END and REPORT name theirs. The order is not reliable: REPORT may come before END or even
START, streams are cut at either end, retries share a request id, and events may come twice.
"""

from collectors.model.records import LogEvent
from collectors.parsing.function_names import runtime_of
from collectors.parsing.invocation_batches import BatchBuilder
from collectors.parsing.invocation_builder import InvocationBuilder
from collectors.parsing.platform import AppText, End, InitReport, Note, Report, RestoreReport, Start, Unreadable
from collectors.parsing.platform_json import AppJson
from collectors.parsing.runtime_errors import is_request_id, might_fail
from collectors.parsing.streams import StreamState

MOST_UNMATCHED = 1_000  # unfinished invocations that one stream holds back
MOST_REPEATED = 1_000  # last events of an invocation that one which comes late is compared to
MOST_ORPHAN_LINES = 500  # lines outside invocations that a stream holds back

Piece = Start | End | Report | InitReport | RestoreReport | Note | AppText | AppJson | Unreadable

_BEGINNINGS = frozenset(("INIT_START", "RESTORE_START", "platform.initStart", "platform.restoreStart"))


class EventOwners:
    """Adds events to the invocations of their streams, and whole invocations to ``_finished``."""

    _finished: BatchBuilder

    def _start(self, state: StreamState, request_id: str, event: LogEvent) -> None:
        now = event.timestamp_ms
        known = state.current
        if known is not None and known.request_id != request_id:
            known = state.find(request_id) if (state.unmatched or state.previous is not None) else None
        if known is not None:
            if known.start_ms is None:
                known.start_ms = now
                known.add(event)
                return
            if known.start_ms == now:
                self._finished.duplicates += 1
                if known is not state.current and not known.over:
                    self._go_back_to(state, known)
                return
        waiting = state.pending
        if waiting is not None and not state.begun and max(waiting.times) < now and not waiting.failed_to_begin(now):
            self._finished.add_orphan_lines(state, waiting)  # of an invocation before a cut, as like as not
        opened = self._begin(state, request_id)
        opened.start_ms = now
        opened.add(event)
        before = state.current
        state.back = state.back or (before is not None and before.start_ms is not None and now < before.start_ms)
        if state.previous is not None:
            self._retire(state, state.previous)
        state.previous = state.current
        state.current = opened
        state.seen = self._finished.number

    def _report(self, state: StreamState, report: Report, event: LogEvent) -> None:
        builder = self._named(state, report.request_id or "")
        if builder.report is not None:
            if builder.report in (report, event.message):
                self._finished.duplicates += 1
                return
            builder = self._unmatched(state, report.request_id or "")
        builder.report = report
        builder.add(event)
        if builder.ended:
            self._let_go(state, builder)

    def _end(self, state: StreamState, request_id: str, event: LogEvent) -> None:
        builder = self._named(state, request_id)
        if builder.ended:
            self._finished.duplicates += 1
            return
        builder.ended = True
        builder.add(event)
        if builder.report is not None:
            self._let_go(state, builder)

    # --- the invocations of a stream ----------------------------------------------------------------------------------

    def _named(self, state: StreamState, request_id: str) -> InvocationBuilder:
        """The invocation with that id; a new one where the stream was cut before its START."""
        found = state.find(request_id) if request_id else state.current
        if found is not None and (request_id or found.report is None):
            return found
        if state.current is None:
            state.current = opened = self._begin(state, request_id)
            return opened
        return self._unmatched(state, request_id)

    def _unmatched(self, state: StreamState, request_id: str) -> InvocationBuilder:
        """An invocation that is not the one its stream is in."""
        self._put_aside(state, opened := InvocationBuilder(request_id))
        return opened

    def _begin(self, state: StreamState, request_id: str) -> InvocationBuilder:
        """Begins an invocation with the lines that waited for it: those that its environment
        printed while it started.
        """
        waiting = state.pending
        if waiting is None:
            return InvocationBuilder(request_id)
        state.pending, state.begun = None, False
        waiting.request_id = request_id
        return waiting

    def _put_aside(self, state: StreamState, aside: InvocationBuilder) -> None:
        twin = state.unmatched.pop(aside.request_id, None)
        if twin is not None:
            self._finished.add(state, twin)
        state.unmatched[aside.request_id] = aside
        if len(state.unmatched) > MOST_UNMATCHED:
            self._finished.add(state, state.unmatched.pop(next(iter(state.unmatched))))

    def _retire(self, state: StreamState, before: InvocationBuilder) -> None:
        """Handles the invocation before the last: it is finished if whole, else kept because its
        REPORT may still come.
        """
        state.previous = None
        if before.report is not None:
            self._finished.add(state, before)
        else:
            self._put_aside(state, before)

    def _let_go(self, state: StreamState, done: InvocationBuilder) -> None:
        if state.unmatched.get(done.request_id) is done and done.start_ms is not None:
            del state.unmatched[done.request_id]
            self._finished.add(state, done)

    def _close(self, state: StreamState) -> None:
        for left in (*state.unmatched.values(), state.previous, state.current):
            if left is not None:
                self._finished.add(state, left)
        state.unmatched = {}
        state.previous = state.current = None
        if state.pending is not None:
            self._finished.add_orphan_lines(state, state.pending)

    # --- what comes again ---------------------------------------------------------------------------------------------

    def _go_back_to(self, state: StreamState, builder: InvocationBuilder) -> None:
        """Handles a START that came before: the lines after it belong to that invocation, as they
        did the first time.
        """
        state.unmatched.pop(builder.request_id, None)
        before, state.previous, state.current = state.previous, state.current, builder
        if before is not None and before is not builder:
            aside, state.previous = state.previous, before
            self._retire(state, before)
            state.previous = aside

    def _left(self, state: StreamState, current: InvocationBuilder, event: LogEvent) -> InvocationBuilder:
        """The invocation that was left for an older one, which came again, if the line is of a time after its START."""
        begun = current.start_ms
        for left in (state.previous, *state.unmatched.values()):
            if left is None or left.start_ms is None or left.ended or begun is None:
                continue
            if begun < left.start_ms <= event.timestamp_ms and event.event_id > left.last_id:
                return left
        state.back = bool(state.unmatched) or (state.previous is not None and not state.previous.over)
        return current

    def _repeated(self, state: StreamState, current: InvocationBuilder, event: LogEvent) -> bool:
        older = event.event_id != "" and event.event_id <= current.last_id
        return older and self._came_before(state, current, event)

    def _came_before(self, state: StreamState, current: InvocationBuilder, event: LogEvent) -> bool:
        """Whether an event that names no request is not of the current invocation, as its id and time are older.

        Pages overlap, and Kinesis delivers at least once: what came before comes again, amid what came since.
        """
        before = state.previous
        if event.event_id in current.ids[-MOST_REPEATED:] or (
            before is not None and event.event_id in before.ids[-MOST_REPEATED:]
        ):
            self._finished.duplicates += 1
            return True
        if current.start_ms is None or event.timestamp_ms >= current.start_ms or event.event_id >= current.ids[0]:
            return False
        if before is not None and before.start_ms is not None and before.start_ms <= event.timestamp_ms:
            before.add(event)
            return True
        waiting, loose = state.pending, InvocationBuilder("")
        loose.add(event)
        self._finished.add_orphan_lines(state, loose)
        state.pending = waiting
        return True

    # --- lines that name no request -----------------------------------------------------------------------------------

    def _phase(self, state: StreamState, piece: Piece, event: LogEvent) -> None:
        """Adds an INIT, RESTORE or EXTENSION line: to the invocation that runs, else to the next one."""
        begins = isinstance(piece, Note) and piece.kind in _BEGINNINGS
        if isinstance(piece, Note) and piece.runtime:
            state.runtime = runtime_of(piece.runtime)
        current = state.current
        if (
            current is None
            or current.report is not None
            or (begins and (current.start_ms is None or event.timestamp_ms > current.start_ms))
        ):
            if begins and state.pending is not None and not state.begun:
                self._finished.add_orphan_lines(state, state.pending)
            state.begun = True
            self._wait(state, event, suspect=isinstance(piece, InitReport | RestoreReport))
            return
        if isinstance(piece, InitReport | RestoreReport) or (isinstance(piece, Note) and piece.status == "error"):
            current.suspect = True
        if not self._repeated(state, current, event):
            current.add(event)

    def _app(self, state: StreamState, event: LogEvent, request_id: str | None) -> None:
        """Adds an application's line: to the invocation that it names, else to the one that its stream is in."""
        target = state.current
        if request_id and (target is None or target.request_id != request_id):
            builder = state.find(request_id)
            known = builder is not None and builder.is_of_lambda
            mine = builder is None and not is_request_id(request_id)  # a program's own, as its answer bears it
            if (
                not known
                and target is not None
                and state.pending is None
                and (mine or (target.runs and not state.nameless))
            ):
                request_id = None  # not Lambda's: this stream's invocation has begun, and has not ended
            else:
                target = builder or self._named(state, request_id)
        elif target is None or (state.pending is not None and (state.begun or target.report is not None)):
            self._wait(state, event, suspect=might_fail(event.message))
            return
        if target is state.current and not request_id:
            if state.back:
                target = self._left(state, target, event)
            if self._repeated(state, target, event):
                return
        target.add(event)
        if might_fail(event.message):
            target.suspect = True

    def _wait(self, state: StreamState, event: LogEvent, *, suspect: bool) -> None:
        if state.pending is None:
            state.pending = InvocationBuilder("")
        state.pending.add(event)
        state.pending.suspect |= suspect
        if len(state.pending.times) >= MOST_ORPHAN_LINES:
            self._finished.add_orphan_lines(state, state.pending)

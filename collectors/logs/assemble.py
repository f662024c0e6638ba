"""Assembles log events into invocations.

One execution environment runs one invocation at a time and writes one log stream, so a line belongs to the
invocation that its stream is in; START, END and REPORT name theirs. Order is not to be trusted: REPORT may stand
before END or even START, streams are cut at either end, retries share a request id. What cannot be completed here
leaves as a fragment (``parts`` says what it has) and is joined in the store, whichever piece came first.
"""

import re
from collections.abc import Sequence

import msgspec

from collectors.logs.fingerprint import fingerprint
from collectors.logs.invocation import Open, each_once
from collectors.logs.names import function_key
from collectors.logs.platform import End, InitReport, Note, Report, RestoreReport, Start, Unreadable
from collectors.logs.platform_json import AppJson, read_json
from collectors.logs.platform_text import AppText, parse_report, read_text
from collectors.logs.runtime_errors import ErrorText, find_error, might_fail, request_id_of
from collectors.model import (
    Batch,
    ErrorKind,
    Function,
    FunctionKey,
    Invocation,
    LogEvent,
    LooseLines,
    Parts,
    Reject,
    Stream,
    packed_id,
)

TAIL = 8  # digits of an eventId that are kept: they tell two equal lines of one millisecond apart
MOST_STREAMS = 20_000  # streams remembered at once; the idle ones leave, so memory is bounded whatever the input
MOST_STRAYS = 1_000  # unfinished invocations that one stream holds back
MOST_LOOSE = 1_500  # three list items a line: lines outside invocations that a stream holds back

Piece = Start | End | Report | InitReport | RestoreReport | Note | AppText | AppJson | Unreadable

_BOUNDARY = re.compile(r"[\r\n]+(?=(?:\S+Z\s+)?(?:START|END|REPORT) RequestId: )")
_PLATFORM_HEADS = ("INIT_", "RESTO", "EXTEN", "TELEM", "LOGS\t", "REPOR")
_encode = msgspec.msgpack.Encoder().encode
_row = tuple.__new__


class _StreamState:
    """What one stream is in the middle of."""

    __slots__ = ("current", "key", "name", "nameless", "pending", "previous", "seen", "slot", "slot_batch", "strays")

    def __init__(self, key: FunctionKey, name: str) -> None:
        self.key = key
        self.name = name
        self.nameless = not name
        self.current: Open | None = None
        self.previous: Open | None = None
        self.strays: dict[str, Open] = {}
        self.pending: list[int | str] = []
        self.seen = 0
        self.slot = 0
        self.slot_batch = -1

    def find(self, request_id: str) -> Open | None:
        for known in (self.current, self.previous):
            if known is not None and known.request_id == request_id:
                return known
        return self.strays.get(request_id)


class Assembler:
    """Feed it blocks of events in any order; take the batches of what has become of them."""

    def __init__(self, defaults: FunctionKey | None = None, *, keep_lines: bool = True) -> None:
        self._defaults = defaults or FunctionKey("")
        self._keep = keep_lines
        self._streams: dict[tuple[str, str, str], _StreamState] = {}
        self._batch_no = 0
        self._runtimes: dict[FunctionKey, str] = {}
        self._keys: dict[str, FunctionKey] = {}
        self._fresh()

    def _fresh(self) -> None:
        self._batch_no += 1
        self._slots: list[Stream] = []
        self._rows: list[Invocation] = []
        self._loose: list[LooseLines] = []
        self._errors: dict[tuple[FunctionKey, str], int] = {}
        self._error_kinds: list[ErrorKind] = []
        self._functions: list[Function] = []
        self._rejects: list[Reject] = []
        self._events = 0
        self._duplicates = 0

    @property
    def ready(self) -> int:
        """Invocations that a batch taken now would hold."""
        return len(self._rows) + len(self._loose)

    def feed(self, events: Sequence[LogEvent]) -> None:
        """Takes in one block. The three canonical platform lines are read here, all else by ``_odd``."""
        streams = self._streams
        keep = self._keep
        self._events += len(events)
        for event in events:
            state = streams.get((event.log_group, event.log_stream, event.function))
            if state is None:
                state = self._open_stream(event)
            text = event.message
            head = text[:5]
            if head == "START" and text[53:63] == " Version: " and len(text) < 90:
                self._start(state, text[17:53], event)
                continue
            if head == "REPOR" and text.count("RequestId: ") == 1:
                try:
                    report = parse_report(text)
                except Unreadable:
                    self._odd(state, event)
                    continue
                self._report(state, report, event)
                continue
            if head == "END R" and len(text) <= 53:
                self._end(state, text[15:51], event)
                continue
            current = state.current
            if (
                current is None
                or state.nameless
                or state.pending
                or head in _PLATFORM_HEADS
                or text[:1] == "{"
                or "RequestId: " in text
            ):
                self._odd(state, event)
                continue
            if keep:
                current.lines += (event.timestamp_ms, event.event_id[-TAIL:], text)
            current.events += 1
            if event.timestamp_ms > current.last_ms:
                current.last_ms = event.timestamp_ms
            if current.error is None and might_fail(text):
                current.error = find_error(text)

    def reject(self, reject: Reject) -> None:
        """Counts input that could not be read, with what the source knew of it."""
        self._rejects.append(reject)

    def take(self, *, final: bool = False) -> Batch:
        """All that is finished; with ``final`` also what is not, as fragments."""
        if final:
            for state in self._streams.values():
                self._close(state)
            self._streams.clear()
        elif len(self._streams) > MOST_STREAMS:
            self._forget_idle()
        batch = Batch(
            self._slots,
            self._rows,
            self._loose,
            self._error_kinds,
            self._functions,
            self._rejects,
            self._events,
            self._duplicates,
        )
        self._fresh()
        return batch

    # --- platform lines -------------------------------------------------------------------------------------------

    def _start(self, state: _StreamState, request_id: str, event: LogEvent) -> None:
        now = event.timestamp_ms
        found = state.current
        if found is not None and found.request_id != request_id:
            found = state.find(request_id) if (state.strays or state.previous is not None) else None
        if found is not None:
            if not found.parts & Parts.START:
                found.start_ms = now
                found.parts |= Parts.START
                self._line(found, event)
                return
            if found.start_ms == now:
                self._duplicates += 1
                return
        opened = Open(request_id, now)
        opened.start_ms = now
        opened.parts = Parts.START
        if state.pending:
            opened.lines = state.pending
            opened.events = len(state.pending) // 3
            state.pending = []
        self._retire(state)
        state.previous = state.current
        state.current = opened
        state.seen = self._batch_no
        self._line(opened, event)

    def _report(self, state: _StreamState, report: Report, event: LogEvent) -> None:
        found = state.current
        if found is None or found.request_id != report.request_id:
            found = self._named(state, report.request_id, event)
        if found.parts & Parts.REPORT:
            if found.report == report:
                self._duplicates += 1
                return
            found = self._stray(state, report.request_id, event)
        found.report = report
        found.parts |= Parts.REPORT
        self._line(found, event)
        if found.ended:
            self._let_go(state, found)

    def _end(self, state: _StreamState, request_id: str, event: LogEvent) -> None:
        found = state.current
        if found is None or found.request_id != request_id:
            found = self._named(state, request_id, event)
        if found.ended:
            self._duplicates += 1
            return
        found.ended = True
        self._line(found, event)
        if found.parts & Parts.REPORT:
            self._let_go(state, found)

    def _named(self, state: _StreamState, request_id: str, event: LogEvent) -> Open:
        """The invocation of that id; a new one when the stream was cut before its START."""
        found = state.find(request_id) if request_id else state.current
        if found is not None and not (not request_id and found.parts & Parts.REPORT):
            return found
        if state.current is None:
            state.current = opened = Open(request_id, event.timestamp_ms)
            opened.lines, state.pending = state.pending, []
            opened.events = len(opened.lines) // 3
            return opened
        return self._stray(state, request_id, event)

    def _stray(self, state: _StreamState, request_id: str, event: LogEvent) -> Open:
        before = state.strays.pop(request_id, None)
        if before is not None:
            self._emit(state, before)
        opened = state.strays[request_id] = Open(request_id, event.timestamp_ms)
        if len(state.strays) > MOST_STRAYS:
            self._emit(state, state.strays.pop(next(iter(state.strays))))
        return opened

    def _retire(self, state: _StreamState) -> None:
        """The invocation before the last: written when whole, kept aside when its REPORT may still come."""
        before = state.previous
        if before is None:
            return
        state.previous = None
        if before.parts & Parts.REPORT:
            self._emit(state, before)
            return
        twin = state.strays.pop(before.request_id, None)
        if twin is not None:
            self._emit(state, twin)
        state.strays[before.request_id] = before
        if len(state.strays) > MOST_STRAYS:
            self._emit(state, state.strays.pop(next(iter(state.strays))))

    def _let_go(self, state: _StreamState, done: Open) -> None:
        if state.strays.get(done.request_id) is done and done.parts == Parts.WHOLE:
            del state.strays[done.request_id]
            self._emit(state, done)

    # --- everything else ------------------------------------------------------------------------------------------

    def _odd(self, state: _StreamState, event: LogEvent) -> None:
        """Any event that is not one canonical line: several lines in one, other spacing, JSON, application text."""
        text = event.message
        if text[:1] == "{" or (text[:1] in " \t\r\n" and text.lstrip()[:1] == "{"):
            piece = self._json_piece(state, text)
            if piece is not None:
                self._piece(state, piece, event)
                return
        elif "RequestId: " in text:
            parts = _BOUNDARY.split(text)
            if len(parts) > 1:
                self._events += len(parts) - 1
                for part in parts:
                    self._odd(state, msgspec.structs.replace(event, message=part))
                return
        self._text(state, event)

    def _json_piece(self, state: _StreamState, text: str) -> Piece | None:
        """What a JSON line tells us; None for an application line whose content need not be looked at."""
        if state.current is not None and not state.nameless and '"platform.' not in text and not might_fail(text):
            return None
        try:
            decoded = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return None
        return read_json(decoded) if isinstance(decoded, dict) else None

    def _text(self, state: _StreamState, event: LogEvent) -> None:
        text = event.message
        if text[:5] in _PLATFORM_HEADS or "RequestId" in text:
            pieces: list[Piece] = list(read_text(text))
            for piece in pieces:
                if not isinstance(piece, AppText | AppJson):
                    self._piece(state, piece, event)
                    if len(pieces) > 1:
                        for other in pieces:
                            if isinstance(other, AppText) and state.current is not None:
                                self._suspect(state.current, other.text)
                    return
        self._app(state, event, request_id_of(text) if state.nameless or state.current is None else None, None)

    def _piece(self, state: _StreamState, piece: Piece, event: LogEvent) -> None:
        if isinstance(piece, Start):
            if piece.function_arn:
                self._learn_arn(state, piece.function_arn)
            self._start(state, piece.request_id, event)
        elif isinstance(piece, Report):
            self._report(state, piece, event)
        elif isinstance(piece, End):
            self._end(state, piece.request_id, event)
        elif isinstance(piece, Unreadable):
            self._rejects.append(Reject(str(piece), event.message[:2000], event.log_stream or event.log_group))
            self._app(state, event, None, None)
        elif isinstance(piece, AppJson):
            self._app(state, event, piece.request_id, piece.error)
        else:
            self._phase(state, piece, event)

    def _phase(self, state: _StreamState, piece: Piece, event: LogEvent) -> None:
        """INIT, RESTORE, EXTENSION and the like: of the invocation that runs, else of the one to come."""
        if isinstance(piece, Note) and piece.runtime and self._runtimes.get(state.key) != piece.runtime:
            self._runtimes[state.key] = piece.runtime
            self._functions.append(Function(state.key, runtime=piece.runtime))
        current = state.current
        if current is None or current.parts & Parts.REPORT:
            self._wait(state, event)
            return
        if isinstance(piece, InitReport) and piece.status in ("error", "timeout"):
            current.init_failed = piece.error_type or f"Init {piece.status}"
        self._line(current, event)

    def _app(self, state: _StreamState, event: LogEvent, request_id: str | None, error: ErrorText | None) -> None:
        """An application's line: of the invocation it names, else of the one its stream is in."""
        target = state.current
        if request_id and (target is None or target.request_id != request_id):
            target = self._named(state, request_id, event)
        elif target is None or (state.pending and target.parts & Parts.REPORT):
            self._wait(state, event)
            return
        if error is not None and target.error is None:
            target.error = error
        elif error is None:
            self._suspect(target, event.message)
        self._line(target, event)

    def _suspect(self, target: Open, text: str) -> None:
        if target.error is None and might_fail(text):
            target.error = find_error(text)

    def _line(self, target: Open, event: LogEvent) -> None:
        now = event.timestamp_ms
        if self._keep:
            target.lines += (now, event.event_id[-TAIL:], event.message)
        target.events += 1
        if now > target.last_ms:
            target.last_ms = now
        elif now < target.first_ms:
            target.first_ms = now

    def _wait(self, state: _StreamState, event: LogEvent) -> None:
        state.pending += (event.timestamp_ms, event.event_id[-TAIL:], event.message)
        if len(state.pending) >= MOST_LOOSE:
            self._loosen(state)

    # --- leaving --------------------------------------------------------------------------------------------------

    def _slot(self, state: _StreamState) -> int:
        if state.slot_batch != self._batch_no:
            state.slot = len(self._slots)
            state.slot_batch = self._batch_no
            self._slots.append(Stream(state.key, state.name))
        return state.slot

    def _emit(self, state: _StreamState, done: Open) -> None:
        report = done.report
        lines, repeats = done.sealed_lines()
        self._duplicates += repeats
        status, error_type, message = done.verdict()
        error = self._error(state.key, error_type, message) if status.failed else None
        slot = self._slot(state)
        if report is None:
            figures: tuple[int | None, ...] = (None,) * 7
            trace = None
        else:
            figures, trace = report[1:8], report.trace_id
        self._rows.append(
            _row(
                Invocation,
                (
                    slot,
                    done.begins_at(),
                    packed_id(done.request_id),
                    done.parts,
                    int(status),
                    *figures,
                    error,
                    trace,
                    done.last_ms,
                    done.events - repeats,
                    lines,
                ),
            )
        )

    def _error(self, key: FunctionKey, error_type: str, message: str) -> int:
        mark = fingerprint(error_type, message)
        known = self._errors.get((key, mark))
        if known is None:
            known = self._errors[key, mark] = len(self._error_kinds)
            self._error_kinds.append(ErrorKind(key, mark, error_type, message[:500]))
        return known

    def _loosen(self, state: _StreamState) -> None:
        lines, repeats = each_once(state.pending)
        state.pending = []
        self._duplicates += repeats
        times = [time for time in lines[0::3] if isinstance(time, int)]
        kept = _encode(lines) if self._keep else b""
        self._loose.append(LooseLines(self._slot(state), min(times), max(times), len(times), kept))

    def _close(self, state: _StreamState) -> None:
        for left in (*state.strays.values(), state.previous, state.current):
            if left is not None:
                self._emit(state, left)
        state.strays = {}
        state.previous = state.current = None
        if state.pending:
            self._loosen(state)

    def _forget_idle(self) -> None:
        """Streams that began nothing in the last two batches leave; were they alive, the store joins the pieces."""
        idle = [name for name, state in self._streams.items() if state.seen < self._batch_no - 2]
        if len(self._streams) - len(idle) > MOST_STREAMS:
            idle = list(self._streams)[: len(self._streams) // 2]
        for name in idle:
            self._close(self._streams.pop(name))

    # --- names ----------------------------------------------------------------------------------------------------

    def _open_stream(self, event: LogEvent) -> _StreamState:
        key = function_key(event, self._defaults)
        key = self._keys.get(key.name, key) if not key.region else key
        state = _StreamState(key, event.log_stream)
        state.seen = self._batch_no
        self._streams[event.log_group, event.log_stream, event.function] = state
        return state

    def _learn_arn(self, state: _StreamState, arn: str) -> None:
        """An ARN in platform.start says the region and account that the file did not."""
        parts = arn.split(":")
        if state.key.region or len(parts) < 7 or not parts[3]:
            return
        state.key = self._keys[state.key.name] = FunctionKey(state.key.name, parts[4], parts[3])

"""Assembles log events into invocations.

One execution environment runs one invocation at a time and writes one log stream, so a line belongs to the
invocation that its stream is in; START, END and REPORT name theirs. Order is not to be trusted: REPORT may stand
before END or even START, streams are cut at either end, retries share a request id. What cannot be completed here
leaves as a fragment (``parts`` says what it has) and is joined in the store, whichever piece came first.
"""

import re
from collections.abc import Sequence
from itertools import chain

import msgspec

from collectors.columns import Batch, Columns
from collectors.logs.fingerprint import fingerprint
from collectors.logs.finished import columns_of
from collectors.logs.invocation import Open
from collectors.logs.names import function_key
from collectors.logs.platform import AppText, End, InitReport, Note, Report, RestoreReport, Start, Unreadable
from collectors.logs.platform_json import AppJson, read_json
from collectors.logs.platform_text import parse_report, read_text
from collectors.logs.runtime_errors import might_fail, request_id_of
from collectors.model import ErrorKind, Function, FunctionKey, LogEvent, LooseLines, Reject, Stream

MOST_STREAMS = 20_000  # streams remembered at once; the idle ones leave, so memory is bounded whatever the input
MOST_STRAYS = 1_000  # unfinished invocations that one stream holds back
MOST_LOOSE = 500  # lines outside invocations that a stream holds back

Piece = Start | End | Report | InitReport | RestoreReport | Note | AppText | AppJson | Unreadable

_BOUNDARY = re.compile(r"[\r\n]+(?=(?:\S+Z\s+)?(?:START|END|REPORT) RequestId: )")
_PLATFORM_HEADS = frozenset(("INIT_", "RESTO", "EXTEN", "TELEM", "LOGS\t", "REPOR", "START", "END R"))
_LINE_ENDS = frozenset(("", "\n", "\r", "\r\n"))
_LOGGED = frozenset(("[INFO", "[DEBU", "[WARN"))  # a logger's own lines, which are no failure whatever they say
_encode = msgspec.msgpack.Encoder().encode
_STATUS = Report._fields.index("status")


class _StreamState:
    """What one stream is in the middle of."""

    __slots__ = (
        "current",
        "key",
        "name",
        "nameless",
        "pending",
        "previous",
        "runtime",
        "seen",
        "slot",
        "slot_batch",
        "strays",
    )

    def __init__(self, key: FunctionKey, name: str) -> None:
        self.key = key
        self.name = name
        self.nameless = not name
        self.current: Open | None = None
        self.previous: Open | None = None
        self.strays: dict[str, Open] = {}
        self.pending: Open | None = None
        self.seen = 0
        self.runtime: str | None = None
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
        self.defaults = defaults or FunctionKey("")
        self._keep = keep_lines
        self._streams: dict[tuple[str, str, str], _StreamState] = {}
        self._batch_no = 0
        self._runtimes: dict[FunctionKey, str] = {}
        self._keys: dict[str, FunctionKey] = {}
        self._fresh()

    def _fresh(self) -> None:
        self._batch_no += 1
        self._slots: list[Stream] = []
        self._done: list[Open] = []
        self._done_slots: list[int] = []
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
        return len(self._done) + len(self._loose)

    def feed(self, events: Sequence[LogEvent]) -> None:
        """Takes in one block. The three canonical platform lines are read here, all else by ``_odd``."""
        streams = self._streams
        self._events += len(events)
        for event in events:
            state = streams.get((event.log_group, event.log_stream, event.function))
            if state is None:
                state = self._open_stream(event)
            text = event.message
            head = text[:5]
            current = state.current
            if head == "START" and text[53:63] == " Version: " and len(text) < 90:
                request_id = text[17:53]
                if current is None or state.strays or state.pending is not None or current.request_id == request_id:
                    self._start(state, request_id, event)
                    continue
                before = state.previous
                if before is not None:
                    if before.report is None or before.request_id == request_id:
                        self._start(state, request_id, event)
                        continue
                    self._emit(state, before)
                state.previous = current
                state.current = current = Open(request_id)
                current.start_ms = event.timestamp_ms
                state.seen = self._batch_no
            elif head == "END R" and text[51:] in _LINE_ENDS and len(text) > 50:
                if current is None or current.request_id != text[15:51] or current.ended:
                    self._end(state, text[15:51], event)
                    continue
                current.ended = True
            elif head == "REPOR" and text[:18] == "REPORT RequestId: " and text.count("RequestId: ") == 1:
                if current is None or current.report is not None or current.request_id != text[18:54]:
                    self._odd(state, event)
                    continue
                current.report = text  # read with those of its batch
            elif (
                current is None
                or state.pending is not None
                or state.nameless
                or head in _PLATFORM_HEADS
                or text[:1] == "{"
                or "RequestId: " in text
            ):
                self._odd(state, event)
                continue
            elif head not in _LOGGED and might_fail(text):
                current.suspect = True
            current.times.append(event.timestamp_ms)
            current.texts.append(text)
            current.ids.append(event.event_id)

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
        invocations = self._finish()
        batch = Batch(
            self._slots,
            invocations,
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
            if found.start_ms is None:
                found.start_ms = now
                found.add(event)
                return
            if found.start_ms == now:
                self._duplicates += 1
                return
        opened = self._begin(state, request_id)
        opened.start_ms = now
        opened.add(event)
        if state.previous is not None:
            self._retire(state, state.previous)
        state.previous = state.current
        state.current = opened
        state.seen = self._batch_no

    def _report(self, state: _StreamState, report: Report, event: LogEvent) -> None:
        found = self._named(state, report.request_id or "")
        if found.report is not None:
            if found.report in (report, event.message):
                self._duplicates += 1
                return
            found = self._stray(state, report.request_id or "")
        found.report = report
        found.add(event)
        if found.ended:
            self._let_go(state, found)

    def _end(self, state: _StreamState, request_id: str, event: LogEvent) -> None:
        found = self._named(state, request_id)
        if found.ended:
            self._duplicates += 1
            return
        found.ended = True
        found.add(event)
        if found.report is not None:
            self._let_go(state, found)

    def _named(self, state: _StreamState, request_id: str) -> Open:
        """The invocation of that id; a new one when the stream was cut before its START."""
        found = state.find(request_id) if request_id else state.current
        if found is not None and (request_id or found.report is None):
            return found
        if state.current is None:
            state.current = opened = self._begin(state, request_id)
            return opened
        return self._stray(state, request_id)

    def _stray(self, state: _StreamState, request_id: str) -> Open:
        """An invocation that is not the one its stream is in."""
        self._put_aside(state, opened := Open(request_id))
        return opened

    def _begin(self, state: _StreamState, request_id: str) -> Open:
        """An invocation with the lines that waited for it: what its environment printed while it was made."""
        waiting = state.pending
        if waiting is None:
            return Open(request_id)
        state.pending = None
        waiting.request_id, waiting.suspect = request_id, True
        return waiting

    def _put_aside(self, state: _StreamState, aside: Open) -> None:
        twin = state.strays.pop(aside.request_id, None)
        if twin is not None:
            self._emit(state, twin)
        state.strays[aside.request_id] = aside
        if len(state.strays) > MOST_STRAYS:
            self._emit(state, state.strays.pop(next(iter(state.strays))))

    def _retire(self, state: _StreamState, before: Open) -> None:
        """The invocation before the last: written when whole, kept aside when its REPORT may still come."""
        state.previous = None
        if before.report is not None:
            self._emit(state, before)
        else:
            self._put_aside(state, before)

    def _let_go(self, state: _StreamState, done: Open) -> None:
        if state.strays.get(done.request_id) is done and done.start_ms is not None:
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
        if text[:5] in _PLATFORM_HEADS or "RequestId" in text or "\x1b" in text:
            for piece in read_text(text):
                if not isinstance(piece, AppText):
                    self._piece(state, piece, event)
                    return
        self._app(state, event, request_id_of(text) if state.nameless or state.current is None else None)

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
            self._rejects.append(Reject(piece.reason, event.message[:2000], event.log_stream or event.log_group))
            self._app(state, event, None)
        elif isinstance(piece, AppJson):
            self._app(state, event, piece.request_id)
        elif isinstance(piece, AppText):
            self._app(state, event, None)
        else:
            self._phase(state, piece, event)

    def _phase(self, state: _StreamState, piece: Piece, event: LogEvent) -> None:
        """INIT, RESTORE, EXTENSION and the like: of the invocation that runs, else of the one to come."""
        if isinstance(piece, Note) and piece.runtime:
            state.runtime = _runtime(piece.runtime)
        current = state.current
        if current is None or current.report is not None:
            self._wait(state, event)
            return
        if isinstance(piece, InitReport | RestoreReport):
            current.suspect = True
        current.add(event)

    def _app(self, state: _StreamState, event: LogEvent, request_id: str | None) -> None:
        """An application's line: of the invocation it names, else of the one its stream is in."""
        target = state.current
        if request_id and (target is None or target.request_id != request_id):
            target = self._named(state, request_id)
        elif target is None or (state.pending is not None and target.report is not None):
            self._wait(state, event)
            return
        target.add(event)
        if might_fail(event.message):
            target.suspect = True

    def _wait(self, state: _StreamState, event: LogEvent) -> None:
        if state.pending is None:
            state.pending = Open("")
        state.pending.add(event)
        if len(state.pending.times) >= MOST_LOOSE:
            self._loosen(state, state.pending)

    # --- leaving --------------------------------------------------------------------------------------------------

    def _slot(self, state: _StreamState) -> None:
        """Gives the stream its place in this batch's table of streams."""
        if state.slot_batch != self._batch_no:
            state.slot = len(self._slots)
            state.slot_batch = self._batch_no
            self._slots.append(Stream(state.key, state.name))
            if state.runtime is not None and self._runtimes.get(state.key) != state.runtime:
                self._runtimes[state.key] = state.runtime
                self._functions.append(Function(state.key, runtime=state.runtime))

    def _emit(self, state: _StreamState, done: Open) -> None:
        if state.slot_batch != self._batch_no:
            self._slot(state)
        self._done.append(done)
        self._done_slots.append(state.slot)

    def _finish(self) -> Columns:
        """The finished invocations. What can wait is done here, for all of them in a row, which is faster."""
        done = self._done
        reports = [self._read(each.report) for each in done]
        statuses, errors = [0] * len(done), [-1] * len(done)
        for at, (each, report) in enumerate(zip(done, reports, strict=True)):
            if each.suspect or report is None or report[_STATUS] is not None:
                each.report = report
                status, error_type, message = each.verdict()
                statuses[at] = int(status)
                if error_type:
                    errors[at] = self._error(self._slots[self._done_slots[at]].function, error_type, message)
        ids = [each.ids for each in done]
        if len(set(chain.from_iterable(ids))) != sum(map(len, ids)):
            self._duplicates += sum([each.keep_once() for each in done])
        return columns_of(done, reports, self._done_slots, statuses, errors, keep_lines=self._keep)

    def _read(self, text: Report | str | None) -> Report | None:
        if not isinstance(text, str):
            return text
        try:
            return parse_report(text)
        except Unreadable as unreadable:
            self._rejects.append(Reject(unreadable.reason, text[:2000]))
            return None

    def _error(self, key: FunctionKey, error_type: str, message: str) -> int:
        mark = fingerprint(error_type, message)
        known = self._errors.get((key, mark))
        if known is None:
            known = self._errors[key, mark] = len(self._error_kinds)
            self._error_kinds.append(ErrorKind(key, mark, error_type, message[:500]))
        return known

    def _loosen(self, state: _StreamState, waiting: Open) -> None:
        state.pending = None
        self._duplicates += waiting.keep_once()
        self._slot(state)
        times = waiting.times
        lines = _encode((times, waiting.texts)) if self._keep else b""
        self._loose.append(LooseLines(state.slot, min(times), max(times), len(times), lines))

    def _close(self, state: _StreamState) -> None:
        for left in (*state.strays.values(), state.previous, state.current):
            if left is not None:
                self._emit(state, left)
        state.strays = {}
        state.previous = state.current = None
        if state.pending is not None:
            self._loosen(state, state.pending)

    def _forget_idle(self) -> None:
        """Streams that began nothing in the last two batches leave; were they alive, the store joins the pieces."""
        idle = [name for name, state in self._streams.items() if state.seen < self._batch_no - 2]
        if len(self._streams) - len(idle) > MOST_STREAMS:
            idle = list(self._streams)[: len(self._streams) // 2]
        for name in idle:
            self._close(self._streams.pop(name))

    # --- names ----------------------------------------------------------------------------------------------------

    def _open_stream(self, event: LogEvent) -> _StreamState:
        key = function_key(event, self.defaults)
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


def _runtime(version: str) -> str:
    """INIT_START's ``python:3.13.v31`` is the runtime ``python3.13``."""
    name, _, rest = version.partition(":")
    number = rest.split(".v")[0].removesuffix(".mainlinev2").removesuffix(".mainline")
    return f"{name}{'.' if name == 'provided' else ''}{number}"

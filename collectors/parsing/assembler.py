"""Assembles log events into invocations: reads each event, and gives finished invocations away in batches.

``event_owners`` decides which invocation an event belongs to. An invocation that cannot be completed here is given away
as a fragment (its ``parts`` say which platform lines it has). The store joins fragments, in whatever order they come.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from collectors.model.invocation_columns import Batch
from collectors.model.records import FunctionKey, LogEvent, Place, Reject
from collectors.parsing.event_owners import EventOwners, Piece
from collectors.parsing.function_names import function_key
from collectors.parsing.invocation_batches import BatchBuilder, with_fingerprints
from collectors.parsing.invocation_builder import InvocationBuilder
from collectors.parsing.platform import AppText, End, Report, Start, Unreadable
from collectors.parsing.platform_json import AppJson, read_json
from collectors.parsing.platform_text import read_text
from collectors.parsing.runtime_errors import might_fail, request_id_of
from collectors.parsing.streams import StreamState
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value

MOST_STREAMS = 3_000  # streams remembered at once; the idle ones leave, so memory is bounded whatever the input
MOST_HELD = 20_000  # streams remembered while no batch is taken, because none finishes an invocation
IDLE_BATCHES = 8  # a stream that began nothing in as many is idle
OVER_BATCHES = 3  # the same where its last invocation is whole

_BOUNDARY = re.compile(r"[\r\n]+(?=(?:\S+Z\s+)?(?:START|END|REPORT) RequestId: )")
_PLATFORM_HEADS = frozenset(("INIT_", "RESTO", "EXTEN", "TELEM", "LOGS\t", "REPOR", "START", "END R", "XRAY "))
_LINE_ENDS = frozenset(("", "\n", "\r", "\r\n"))
_LOGGED = frozenset(("[INFO", "[DEBU", "[WARN"))  # a logger's own lines, which are no failure whatever they say

_TRACE = re.compile(r"XRAY TraceId: (1-\w{8}-\w{24})\b")
_NO_STREAM = StreamState(FunctionKey(""), "")
_read_beginning = lru_cache(maxsize=256)(read_text)  # environments of one runtime begin with the same words


class Assembler(EventOwners):
    """Takes blocks of events in any order, and gives batches of invocations."""

    def __init__(self, defaults: FunctionKey | None = None, *, keep_lines: bool = True) -> None:
        self.defaults = defaults or FunctionKey("")
        self._streams: dict[Place, StreamState] = {}
        self._keys: dict[str, FunctionKey] = {}
        self._runtimes: dict[FunctionKey, str] = {}
        self._keep_lines = keep_lines
        self._finished = self._first_batch()

    def _first_batch(self) -> BatchBuilder:
        return BatchBuilder(1, self._runtimes, keep_lines=self._keep_lines)

    @property
    def ready(self) -> int:
        """How much a batch taken now would hold: its invocations and rejects, and each stream beyond ``MOST_HELD``."""
        return len(self._finished) + max(0, len(self._streams) - MOST_HELD)

    @property
    def empty(self) -> bool:
        """Whether a final batch taken now would hold nothing."""
        return not self._streams and not len(self._finished)

    def feed(self, events: Sequence[LogEvent]) -> None:
        """Takes one block. START, END and REPORT in their usual form are read here, everything else
        by ``_read_other``.
        """
        streams = self._streams
        whole = self._keep_lines  # else texts that told no failure and have an id are done with
        finished = self._finished
        finished.events += len(events)
        group: str | None = None
        name = function = group
        state = _NO_STREAM
        for event in events:
            # Neighbours are mostly of one stream: to see that they are is cheaper than to look it up again.
            if event.log_stream != name or event.log_group != group or event.function != function:
                place = group, name, function = event.log_group, event.log_stream, event.function
                state = streams.get(place) or self._open_stream(place, event.account, event.region)
            text = event.message
            head = text[:5]
            current = state.current
            if head == "START" and text[53:63] == " Version: " and len(text) < 90:
                request_id = text[17:53]
                if (
                    current is None
                    or state.unmatched
                    or state.pending is not None
                    or current.request_id == request_id
                    or (current.start_ms or 0) > event.timestamp_ms
                ):
                    self._start(state, request_id, event)
                    continue
                before = state.previous
                if before is not None:
                    if before.report is None or before.request_id == request_id:
                        self._start(state, request_id, event)
                        continue
                    finished.add(state, before)
                state.previous = current
                state.current = current = InvocationBuilder(request_id, event.timestamp_ms)
                state.seen = finished.number
            elif head == "END R" and text[51:] in _LINE_ENDS and len(text) > 50:
                if current is None or current.request_id != text[15:51] or current.ended:
                    self._end(state, text[15:51], event)
                    continue
                current.ended = True
                if not whole and not current.suspect:
                    current.drop_texts()
            elif head == "REPOR" and text[:18] == "REPORT RequestId: " and text.count("RequestId: ") == 1:
                request_id = text[18:54]
                if current is None or current.request_id != request_id:
                    current = state.previous  # whose REPORT stands after the next START
                if current is None or current.report is not None or current.request_id != request_id:
                    self._read_other(state, event)
                    continue
                if "Status" in text:
                    current.suspect = True
                current.report = text  # read with those of its batch
            elif (
                current is None
                or state.pending is not None
                or state.nameless
                or state.back
                or head in _PLATFORM_HEADS
                or text[:1] == "{"
                or "RequestId: " in text
            ):
                self._read_other(state, event)
                continue
            elif head not in _LOGGED and might_fail(text):
                current.suspect = True
            event_id = event.event_id
            if event_id <= current.last_id:
                if event_id and self._came_before(state, current, event):
                    continue
                current.repeats = True
            current.last_id = event_id
            current.times.append(event.timestamp_ms)
            current.texts.append(text)  # all, until END: one that tells a failure is judged by those before it
            current.ids.append(event_id)

    def reject(self, reject: Reject) -> None:
        """Counts input that could not be read, with what the source knew of it."""
        self._finished.rejects.append(reject)

    def take(self, *, final: bool = False) -> Batch:
        """A batch of all invocations that are finished; with ``final`` also the others, as fragments."""
        batch = self._take(final=final)
        batch.errors = with_fingerprints(batch.errors)
        return batch

    def _take(self, *, final: bool) -> Batch:
        if final:
            for state in self._streams.values():
                self._close(state)
            self._streams.clear()
        elif len(self._streams) > MOST_STREAMS or self._finished.number % OVER_BATCHES == 0:
            self._forget_idle()
        batch = self._finished.batch()
        self._finished = self._finished.next_one()
        return batch

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read_other(self, state: StreamState, event: LogEvent) -> None:
        """Reads any event that is not one platform line in its usual form. Where parsing raises an exception that
        nobody foresaw, the event is text, and counted as a reject.
        """
        try:
            self._read_one_other(state, event)
        except Exception as fault:
            self._finished.rejects.append(
                Reject(f"kept as text: {type(fault).__name__} in reading it; please report it", event.message[:2000])
            )
            self._app(state, event, None)

    def _read_one_other(self, state: StreamState, event: LogEvent) -> None:
        """Reads an event of several lines, with other spacing, in JSON, or of an application."""
        text = event.message
        if text[:1] == "{" or (text[:1] in " \t\r\n" and text.lstrip()[:1] == "{"):
            piece = self._json_piece(state, text)
            if piece is not None:
                self._piece(state, piece, event)
                return
        elif "RequestId: " in text:
            parts = _BOUNDARY.split(text)
            if len(parts) > 1:
                self._finished.events += len(parts) - 1
                for part in parts:
                    self._read_other(state, msgspec.structs.replace(event, message=part))
                return
        self._text(state, event)

    def _json_piece(self, state: StreamState, text: str) -> Piece | None:
        """What a JSON line says; None for an application's line whose content need not be looked at."""
        if state.current is not None and not state.nameless and '"platform.' not in text and not might_fail(text):
            return None
        try:
            decoded = json_value(text)
        except Unparsable:
            return None
        return read_json(decoded) if isinstance(decoded, dict) else None

    def _text(self, state: StreamState, event: LogEvent) -> None:
        text = event.message
        if text[:13] == "XRAY TraceId:":
            self._traced(state, text)
        elif text[:5] in _PLATFORM_HEADS or "RequestId" in text or "\x1b" in text:
            for piece in _read_beginning(text) if text[:10] == "INIT_START" else read_text(text):
                if not isinstance(piece, AppText):
                    self._piece(state, piece, event)
                    return
        self._app(state, event, request_id_of(text) if state.nameless or state.current is None else None)

    def _traced(self, state: StreamState, text: str) -> None:
        """Reads REPORT's second line (XRAY) where a tool made an event of its own of it: it belongs to the stream's
        last REPORT.
        """
        for builder in (state.current, state.previous):
            if builder is None or builder.report is None:
                continue
            if isinstance(builder.report, str):
                builder.report = f"{builder.report.rstrip()}\t\n{text}"
            elif (trace := _TRACE.match(text)) is not None and builder.report.trace_id is None:
                builder.report = builder.report._replace(trace_id=trace[1])
            return

    def _piece(self, state: StreamState, piece: Piece, event: LogEvent) -> None:
        if isinstance(piece, Start):
            if piece.function_arn:
                self._learn_arn(state, piece.function_arn)
            self._start(state, piece.request_id, event)
        elif isinstance(piece, Report):
            self._report(state, piece, event)
        elif isinstance(piece, End):
            self._end(state, piece.request_id, event)
        elif isinstance(piece, Unreadable):
            self._finished.rejects.append(
                Reject(piece.reason, event.message[:2000], event.log_stream or event.log_group)
            )
            self._app(state, event, None)
        elif isinstance(piece, AppJson):
            self._app(state, event, piece.request_id)
        elif isinstance(piece, AppText):
            self._app(state, event, None)
        else:
            self._phase(state, piece, event)

    # --- leaving ------------------------------------------------------------------------------------------------------

    def _forget_idle(self) -> None:
        """Evicts streams that began no invocation: complete ones after 3 batches (``OVER_BATCHES``), any after 8
        (``IDLE_BATCHES``) once there are more than 3,000 (``MOST_STREAMS``).

        Where more of an evicted stream comes later, the store joins the pieces.
        """
        crowded, now = len(self._streams) > MOST_STREAMS, self._finished.number
        idle = [
            name
            for name, state in self._streams.items()
            if state.seen < now - OVER_BATCHES and (state.over or (crowded and state.seen < now - IDLE_BATCHES))
        ]
        if len(self._streams) - len(idle) > MOST_STREAMS:
            idle = list(self._streams)[: len(self._streams) // 2]
        for name in idle:
            self._close(self._streams.pop(name))

    # --- names --------------------------------------------------------------------------------------------------------

    def _open_stream(self, place: Place, account: str = "", region: str = "") -> StreamState:
        key = function_key(place, account, region, self.defaults)
        key = self._keys.get(key.name, key) if not key.region else key
        state = StreamState(key, place[1])
        state.seen = self._finished.number
        self._streams[place] = state
        return state

    def _learn_arn(self, state: StreamState, arn: str) -> None:
        """An ARN in platform.start says the region and account that the file did not."""
        parts = arn.split(":")
        if state.key.region or len(parts) < 7 or not parts[3]:
            return
        state.key = self._keys[state.key.name] = FunctionKey(state.key.name, parts[4], parts[3])

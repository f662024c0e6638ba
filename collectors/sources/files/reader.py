"""One exported file as blocks of log events, whatever form it has."""

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from collectors.columnar.json_columns import BLOCK, Layout, layout_of
from collectors.model.records import FunctionKey, LogEvent, Reject
from collectors.sources.files.documents import CutDocument, DamagedDocument, JsonDocuments, NestedTooDeeply, values_in
from collectors.sources.files.event_json import NotAnEvent, event_of, unnest, whole
from collectors.sources.files.event_keys import MESSAGE_KEYS
from collectors.sources.files.fast_lines import Spelling, spelling_in
from collectors.sources.files.fences import fenced, holds_fences
from collectors.sources.files.forms import Form, form_of
from collectors.sources.files.inner_prefixes import InnerPrefixes, may_have
from collectors.sources.files.layers import layer_of
from collectors.sources.files.line_blocks import LONGEST_LINE, TOO_LONG, LineBlocks
from collectors.sources.files.markup import all_of, outer_layer_of
from collectors.sources.files.notations import LARGEST, is_notation, printed_values
from collectors.sources.files.payloads import (
    CutPayload,
    Text,
    gzips,
    holds_gzip,
    invoked,
    spelled_json,
    text_payload,
    text_within,
)
from collectors.sources.files.python_values import is_python, values_of
from collectors.sources.files.refused import binary_kind, text_kind
from collectors.sources.files.shipper_names import letters
from collectors.sources.files.sources import ByteStream, Source, is_shared, log_names
from collectors.sources.files.text_lines import event_lines
from collectors.sources.files.time_order import oldest_first
from collectors.sources.files.timestamps import BadTimestamp, Clock
from collectors.sources.files.wrappings import contents
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value

BLOCK_EVENTS = 5_000
HEAD = 1 << 16
_NEWLINE = ord("\n")
_FUNCTION_ARN = re.compile(rb'"functionArn"\s*:\s*"arn:[\w-]+:lambda:[\w-]*:\d*:function:([\w-]+)')
_GZIP_TEXT = re.compile(rb"\s*[\"']?(?:H4sI|U1RBUlQg|SU5JVF9T)[A-Za-z0-9+/\-_]{20,}")
_OF_LAMBDA = re.compile(rb"(?:REPORT|START) RequestId: [0-9a-f]{8}-|\"platform\.(?:report|start)\"")
_HEADS = rb"(?:START RequestId: |END RequestId: |REPORT RequestId: |(?:INIT|RESTORE)_START Runtime)"
_SAID = re.compile(rb"(?:\"([^\"\\]{1,80})\"\s*:\s*\{\s*)?\"([^\"\\]{1,80})\"\s*:\s*\"(?:\\[ntr]| )*" + _HEADS)
_NESTED = re.compile(rb'\\"(?:message|msg|log|text|body|line)\\"\s*:\s*\\"' + _HEADS)
_KNOWN = frozenset(MESSAGE_KEYS)
_LAYERS = 6  # a mail that quotes a mail that quotes grep
SHOWN = 500  # characters of a rejected line that are kept


class FileReader:
    """Reads one source to its end.

    ``as_columns``: whether blocks may be ``EventColumns``. ``rejects`` fills up while blocks are read, and whoever
    reads empties it. ``bytes_done`` counts bytes of the source itself (compressed ones, if it is), ``events`` the
    events given. ``form`` names what was seen; ``saw_platform``: among it lines that Lambda wrote; ``partly_read``:
    it was damaged, or longer than is read. ``note`` says what
    a reader of the result should know and what is no reject: that the file was empty.
    """

    def __init__(self, source: Source, defaults: FunctionKey) -> None:
        self.rejects: list[Reject] = []
        self.events = 0
        self.note = ""
        self.form = ""
        self.saw_platform = self.partly_read = False
        self.as_columns = True
        self._source = source
        self._bytes: ByteStream | None = None
        self._line = 0
        self._stream, above, stem = log_names(source.name if source.archive is not None else source.path)
        self._function = defaults.name or above or stem
        self._clock = Clock(0)
        self._inner = InnerPrefixes()
        self._said = ""
        self._unknown = self._nested = False

    @property
    def bytes_done(self) -> int:
        return self._bytes.bytes_read if self._bytes is not None else 0

    def blocks(self) -> Iterator[Sequence[LogEvent]]:
        """Events in the file's order. Raises ``SourceError`` if the source cannot be opened or read on."""
        stream = self._bytes = ByteStream(self._source, partial(self._cut, text=""))
        try:
            self._clock = Clock(stream.modified_ms)
            for block in oldest_first(self._form_blocks(self._watched(stream.chunks()))):
                if block or len(self.rejects) >= BLOCK_EVENTS:  # nobody else empties them
                    self.events += len(block)
                    yield block
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as fault:
            # What is read is anybody's: whatever it does to a reader, the files after it are read.
            place = self.form or "its beginning"
            self._cut(f"cannot be read on: {type(fault).__name__} in {place}; please report it", "")
        finally:
            stream.close()

    def _watched(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.saw_platform = self.saw_platform or _OF_LAMBDA.search(chunk) is not None
            yield chunk

    def _form_blocks(self, chunks: Iterator[bytes], depth: int = 0) -> Iterator[Sequence[LogEvent]]:
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= HEAD:
                break
        form = form_of(head[:HEAD])
        self.form = self.form or form.value
        if depth < _LAYERS and (outer := outer_layer_of(head[:HEAD])) is not None:
            yield from self._form_blocks(outer(_joined(head, chunks), self._cut), depth + 1)
            return
        if form is Form.TEXT and depth < _LAYERS:
            if (layer := layer_of(head[:HEAD])) is not None:
                yield from self._form_blocks(layer(_joined(head, chunks), self._cut), depth + 1)
                return
            if holds_fences(head[:HEAD].decode("utf-8", "replace").splitlines()):
                for block in fenced(_joined(head, chunks)):
                    yield from self._form_blocks(iter((block + b"\n",)), depth + 1)
                return
        if (named := _FUNCTION_ARN.search(head)) is not None:
            self._function = named.group(1).decode()
        if form is Form.EMPTY:
            self.note = f"{self._source.name} is empty" if not depth else self.note
        elif form is Form.BINARY:
            self._reject(binary_kind(head))
        elif form is Form.DOCUMENT:
            self._look_for_said(head[:HEAD])
            yield from self._document(_joined(head, chunks))
        elif form is Form.JSON_LINES:
            self._look_for_said(head[:HEAD])
            yield from self._json_lines(_joined(head, chunks))
        else:
            yield from self._text(head, chunks)

    def _look_for_said(self, head: bytes) -> None:
        """Learns under which key the platform's lines stand, where it is none of the known, or in JSON within JSON."""
        paths = Counter(_SAID.findall(head))
        self._said = letters(b" ".join(paths.most_common(1)[0][0]).decode("utf-8", "replace")) if paths else ""
        self._unknown = bool(paths) and all(key.decode("utf-8", "replace") not in _KNOWN for _, key in paths)
        self._nested = _NESTED.search(head) is not None

    # --- JSON lines ---------------------------------------------------------------------------------------------

    def _json_lines(self, chunks: Iterator[bytes]) -> Iterator[Sequence[LogEvent]]:
        spelling: Spelling | None = None
        layout: Layout | None = None
        looked = False
        blocks = LineBlocks(chunks, 4 * LONGEST_LINE, self._too_long)
        for block in blocks:
            if not looked:
                odd = self._unknown or self._nested or may_have(block)
                spelling, looked = None if odd else spelling_in(block), True
                layout = layout_of(block.partition(b"\n")[0], spelling) if spelling is not None else None
            blocks.least = BLOCK if layout is not None and self.as_columns else 0
            columns = layout.columns(block) if layout is not None and self.as_columns else None
            if columns is None:
                yield from self._lines(block, spelling)
            else:
                again = partial(self._again, self._line, spelling)
                self._line += len(columns)
                yield replace(columns, again=again)

    def _again(self, line: int, spelling: Spelling | None, block: bytes) -> Iterator[LogEvent]:
        """The events of a block that follows that line, and was given as columns."""
        self._line = line
        for events in self._lines(block, spelling):
            yield from events

    def _lines(self, block: bytes, spelling: Spelling | None) -> Iterator[list[LogEvent]]:
        """The events of a block: decoded in one call if all its lines are spelled alike, else line by line."""
        events = None
        if spelling is not None:
            with contextlib.suppress(Unparsable):
                events = spelling.decode(block)
        if spelling is None or events is None:
            yield from self._slowly(block)
            return
        self._line += int(np.count_nonzero(np.frombuffer(block, np.uint8) == _NEWLINE))
        if not spelling.named:
            for event in events:
                if not event.log_group and not event.function:
                    self._name(event)
        yield events

    def _slowly(self, block: bytes) -> Iterator[list[LogEvent]]:
        """A block line by line: events in forms of their own, records that hold several, and what cannot be read."""
        events: list[LogEvent] = []
        for raw in block.split(b"\n"):
            self._line += 1
            if not raw or raw.isspace():
                continue
            text = whole(raw.decode("utf-8", "replace")).strip().removeprefix("\x1e")
            try:
                for value, envelope in values_in(text):
                    self._add(events, value, envelope, text)
            except DamagedDocument as damage:
                if not isinstance(damage, NestedTooDeeply):
                    self._reject("not JSON", text)
                elif len(text) > LONGEST_LINE:
                    self._too_long(text[:SHOWN])
                else:
                    self._keep_as_text(events, text)
            if len(events) >= BLOCK_EVENTS:
                self._inner.cut(events)
                yield events
                events = []
        self._line -= 1  # the piece after the last newline is no line
        self._inner.cut(events)
        yield events

    def _add(self, events: list[LogEvent], value: Any, envelope: Mapping[str, Any], raw: str) -> None:
        for line, around in contents(value, envelope, 0, self._said):
            if isinstance(line, Text):
                events.extend(self._payload_lines(line))
                continue
            if isinstance(line, str) and not line.strip():
                continue  # a list of lines has blank ones, too
            if isinstance(line, CutPayload):
                self._cut(line.reason, "")
                continue
            try:
                event, timed = event_of(line, around, raw if line is value else "", self._said)
            except (NotAnEvent, BadTimestamp) as reason:
                if isinstance(reason, NotAnEvent) and (text := text_within(line)):
                    if (inner := spelled_json(text)) is not None:  # as a browser keeps an answer
                        self._add(events, inner, {}, "")
                    else:
                        events.extend(self._payload_lines(text))
                    continue
                self._reject(str(reason), raw or str(line))
                continue
            if len(event.message) > LONGEST_LINE:
                self._too_long(event.message[:SHOWN])
                continue
            self._clock.place(event, timed)
            if self._nested:
                unnest(event)
            self._name(event)
            events.append(event)

    def _keep_as_text(self, events: list[LogEvent], text: str) -> None:
        """A line that nests deeper than it is read: what a function logs must not vanish, nor end anything."""
        event = LogEvent(0, text, log_stream=self._stream)
        self._clock.place(event, False)
        self._name(event)
        events.append(event)

    def _name(self, event: LogEvent) -> None:
        """Names the function of an event that neither its group nor its stream names."""
        if event.function:
            if not event.log_group:
                self._function = event.function  # platform.start names it once for the lines that follow
        elif not event.log_group and not is_shared(event.log_stream):
            event.function = self._function

    # --- documents ----------------------------------------------------------------------------------------------

    def _document(self, chunks: Iterator[bytes]) -> Iterator[list[LogEvent]]:
        events: list[LogEvent] = []
        documents = JsonDocuments(chunks)
        more = True
        while more:
            try:
                for value, envelope in documents.values():
                    self._add(events, value, envelope, "")
                    if len(events) + len(self.rejects) >= BLOCK_EVENTS:
                        self._inner.cut(events)
                        yield events
                        events = []
                more = False
            except DamagedDocument as damage:
                self.partly_read = self.partly_read or isinstance(damage, CutDocument)
                self._reject(str(damage))
                more = documents.skip()
        self._inner.cut(events)
        yield events

    # --- text ---------------------------------------------------------------------------------------------------

    def _text(self, head: bytes, chunks: Iterator[bytes]) -> Iterator[list[LogEvent]]:
        lines = head[:HEAD].decode("utf-8", "replace").splitlines()
        if kind := text_kind(lines[0] if lines else ""):
            self._reject(kind, lines[0])
            return
        printed: list[LogEvent] = []
        if is_python(head):
            for value, line in values_of(_joined(head, chunks)):
                self._line += 1
                self._add(printed, value, {}, line)
            yield printed
            return
        if is_notation(head):
            whole_text = all_of(chain((head,), chunks), self._cut).decode("utf-8", "replace")
            if len(whole_text) > LARGEST:
                self._cut("printed values of more than 16 million characters: read to there", "")
            for value in printed_values(whole_text):
                if value is None:
                    self._cut("printed values that do not end, or are nested too deeply", "")
                    continue
                self._add(printed, value, {}, "")
            if not printed:
                self._reject("printed values without a log event", lines[0])
            yield printed
            return
        if _GZIP_TEXT.match(head):
            yield from self._encoded(_joined(head, chunks))
            return
        if holds_gzip(head):
            for token in gzips(b"".join(_joined(head, chunks))):
                yield from self._encoded(iter((token,)))
            return
        if answers := invoked(head[:HEAD]):
            for answer in answers:
                self._add(printed, answer, {}, "")
            yield printed
            return
        text = event_lines(lines, self._stream, self._clock, self._reject)
        for block in LineBlocks(_joined(head, chunks), LONGEST_LINE, self._too_long):
            events: list[LogEvent] = []
            for raw in block.removesuffix(b"\n").split(b"\n"):
                self._line += 1
                if len(raw) > LONGEST_LINE:
                    self._too_long(raw[:SHOWN].decode("utf-8", "replace"))
                    continue
                line = raw.decode("utf-8", "replace").removesuffix("\r")
                try:
                    events.extend(text.add(line))
                except (BadTimestamp, NotAnEvent) as reason:
                    self._reject(str(reason), line)
            yield self._text_events(events)
        yield self._text_events(list(text.flush()))

    def _encoded(self, chunks: Iterator[bytes]) -> Iterator[list[LogEvent]]:
        """Lines of base64, each a gzip of events, as Kinesis and Firehose hand them on."""
        whole_text = b"".join(chunks).decode("ascii", "replace")
        for text in whole_text.split("\n") if whole_text.count("H4sI") > 1 else [whole_text]:
            self._line += 1
            if not text.strip():
                continue
            events: list[LogEvent] = []
            for value in text_payload(text) or (None,):
                self._add(events, value, {}, text)
            yield events

    def _payload_lines(self, text: str) -> list[LogEvent]:
        """Plain lines out of a payload."""
        lines = text.split("\n")
        reader = event_lines(lines[:2_000], self._stream, self._clock, self._reject)
        events: list[LogEvent] = []
        for line in lines:
            try:
                events.extend(reader.add(line.removesuffix("\r")))
            except (BadTimestamp, NotAnEvent) as reason:
                self._reject(str(reason), line)
        return self._text_events([*events, *reader.flush()])

    def _text_events(self, events: list[LogEvent]) -> list[LogEvent]:
        for event in events:
            if event.message[:1] == "{" and ('"functionArn"' in event.message or '"functionName"' in event.message):
                self._learn_function(event)
            self._name(event)
        return events

    def _learn_function(self, event: LogEvent) -> None:
        """``platform.start`` in a text export names the function, its account and region."""
        try:
            told, _ = event_of(json_value(event.message), {}, event.message)
        except Unparsable:
            return
        if told.message != event.message:
            return
        event.function, event.account, event.region = told.function, told.account, told.region

    # --- rejects ------------------------------------------------------------------------------------------------

    def _too_long(self, beginning: str) -> None:
        self._cut(TOO_LONG, beginning)

    def _cut(self, reason: str, text: str) -> None:
        """Of what was seen a part is not read, however much that is."""
        self.partly_read = True
        self._reject(reason, text)

    def _reject(self, reason: str, text: str = "") -> None:
        self.rejects.append(Reject(reason, whole(text[:SHOWN]), self._source.name, self._line))


def _joined(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest

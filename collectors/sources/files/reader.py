"""One exported file as blocks of log events, whatever form it has."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np

from collectors.model.records import FunctionKey, LogEvent, Reject
from collectors.sources.files.documents import CutDocument, DamagedDocument, JsonDocuments, NestedTooDeeply, values_in
from collectors.sources.files.event_json import NotAnEvent
from collectors.sources.files.event_maker import EventMaker
from collectors.sources.files.export_folders import log_names
from collectors.sources.files.fast_lines import Spelling, spelling_in
from collectors.sources.files.fences import fenced, holds_fences
from collectors.sources.files.forms import Form, form_of
from collectors.sources.files.inner_prefixes import InnerPrefixes, may_have
from collectors.sources.files.json_columns import BLOCK, Layout, layout_of
from collectors.sources.files.layers import layer_of
from collectors.sources.files.markup import all_of, outer_layer_of
from collectors.sources.files.notations import LARGEST, is_notation, printed_values
from collectors.sources.files.payloads import gzips, holds_gzip, invoked, text_payload
from collectors.sources.files.python_values import is_python, values_of
from collectors.sources.files.refused import binary_kind, text_kind
from collectors.sources.files.text_lines import event_lines
from collectors.sources.inputs.input_files import HEAD, OpenedFile
from collectors.sources.inputs.line_blocks import BLOCK_EVENTS, LONGEST_LINE, SHOWN, LineBlocks
from collectors.sources.inputs.platform_heads import SURE_LINES
from collectors.sources.inputs.time_order import oldest_first
from collectors.sources.inputs.timestamps import BadTimestamp, Clock
from collectors.untrusted import Unparsable, storable

_NEWLINE = ord("\n")
_FUNCTION_ARN = re.compile(rb'"functionArn"\s*:\s*"arn:[\w-]+:lambda:[\w-]*:\d*:function:([\w-]+)')
_GZIP_TEXT = re.compile(rb"\s*[\"']?(?:H4sI|U1RBUlQg|SU5JVF9T)[A-Za-z0-9+/\-_]{20,}")
_OF_LAMBDA = re.compile(SURE_LINES.encode())
_LAYERS = 6  # a mail that quotes a mail that quotes grep


class FileReader:
    """Reads one file to its end.

    ``as_columns``: whether blocks may be ``EventColumns``. ``rejects`` fills up while blocks are read, and the caller
    empties it. ``events`` counts the events given. ``form`` names the recognised format; ``saw_platform``: the file has
    lines that Lambda wrote; ``is_partial``: it was damaged, or longer than is read. ``note`` is for people, about what
    is no reject: that the file was empty.
    """

    def __init__(self, opened: OpenedFile, defaults: FunctionKey) -> None:
        self.events = 0
        self.note = ""
        self.form = ""
        self.saw_platform = False
        self.as_columns = True
        self._opened = opened
        file = opened.file
        stream, above, stem = log_names(file.name if file.archive is not None else file.path)
        self._maker = EventMaker(file.name, stream, defaults.name or above or stem)
        self._inner = InnerPrefixes()

    @property
    def rejects(self) -> list[Reject]:
        """What could not be read since the list was last emptied."""
        return self._maker.rejects

    @property
    def is_partial(self) -> bool:
        """Whether a part was not read: damaged, or too long."""
        return self._maker.is_partial

    def blocks(self) -> Iterator[Sequence[LogEvent]]:
        """Events in the file's order. SourceFailed if the file cannot be opened or read on."""
        try:
            chunks = self._opened.text_chunks(partial(self._maker.cut, text=""))
            self._opened.head()  # which opens it
            self._maker.clock = Clock(self._opened.modified_ms)
            for block in oldest_first(self._form_blocks(self._watched(chunks))):
                if block or len(self.rejects) >= BLOCK_EVENTS:  # nobody else empties them
                    self.events += len(block)
                    yield block
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as fault:
            # What is read is anybody's: whatever it does to a reader, the files after it are read.
            place = self.form or "its beginning"
            self._maker.cut(f"cannot be read on: {type(fault).__name__} in {place}; please report it", "")
        finally:
            self._opened.close()

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
            yield from self._form_blocks(outer(_joined(head, chunks), self._maker.cut), depth + 1)
            return
        if form is Form.TEXT and depth < _LAYERS:
            if (layer := layer_of(head[:HEAD])) is not None:
                yield from self._form_blocks(layer(_joined(head, chunks), self._maker.cut), depth + 1)
                return
            if holds_fences(head[:HEAD].decode("utf-8", "replace").splitlines()):
                for block in fenced(_joined(head, chunks)):
                    yield from self._form_blocks(iter((block + b"\n",)), depth + 1)
                return
        if (named := _FUNCTION_ARN.search(head)) is not None:
            self._maker.function = named.group(1).decode()
        if form is Form.EMPTY:
            self.note = f"{self._opened.name} is empty" if not depth else self.note
        elif form is Form.BINARY:
            self._maker.reject(binary_kind(head))
        elif form is Form.DOCUMENT:
            self._maker.learn_keys(head[:HEAD])
            yield from self._document(_joined(head, chunks))
        elif form is Form.JSON_LINES:
            self._maker.learn_keys(head[:HEAD])
            yield from self._json_lines(_joined(head, chunks))
        else:
            yield from self._text(head, chunks)

    # --- JSON lines ---------------------------------------------------------------------------------------------

    def _json_lines(self, chunks: Iterator[bytes]) -> Iterator[Sequence[LogEvent]]:
        spelling: Spelling | None = None
        layout: Layout | None = None
        looked = False
        blocks = LineBlocks(chunks, 4 * LONGEST_LINE, self._maker.too_long)
        for block in blocks:
            if not looked:
                odd = self._maker.has_unknown_key or self._maker.is_nested or may_have(block)
                spelling, looked = None if odd else spelling_in(block), True
                layout = layout_of(block.partition(b"\n")[0], spelling) if spelling is not None else None
            blocks.least = BLOCK if layout is not None and self.as_columns else 0
            columns = layout.columns(block) if layout is not None and self.as_columns else None
            if columns is None:
                yield from self._lines(block, spelling)
            else:
                again = partial(self._again, self._maker.line, spelling)
                self._maker.line += len(columns)
                yield replace(columns, again=again)

    def _again(self, line: int, spelling: Spelling | None, block: bytes) -> Iterator[LogEvent]:
        """The events of a block that follows line ``line`` and was given as columns."""
        self._maker.line = line
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
        self._maker.line += int(np.count_nonzero(np.frombuffer(block, np.uint8) == _NEWLINE))
        if not spelling.named:
            for event in events:
                if not event.log_group and not event.function:
                    self._maker.name(event)
        yield events

    def _slowly(self, block: bytes) -> Iterator[list[LogEvent]]:
        """A block line by line: events in forms of their own, records that hold several, and what cannot be read."""
        events: list[LogEvent] = []
        for raw in block.split(b"\n"):
            self._maker.line += 1
            if not raw or raw.isspace():
                continue
            text = storable(raw.decode("utf-8", "replace")).strip().removeprefix("\x1e")
            try:
                for value, envelope in values_in(text):
                    self._maker.add(events, value, envelope, text)
            except DamagedDocument as damage:
                if not isinstance(damage, NestedTooDeeply):
                    self._maker.reject("not JSON", text)
                elif len(text) > LONGEST_LINE:
                    self._maker.too_long(text[:SHOWN])
                else:
                    self._maker.add_text(events, text)
            if len(events) >= BLOCK_EVENTS:
                self._inner.cut(events)
                yield events
                events = []
        self._maker.line -= 1  # the piece after the last newline is no line
        self._inner.cut(events)
        yield events

    # --- documents ----------------------------------------------------------------------------------------------

    def _document(self, chunks: Iterator[bytes]) -> Iterator[list[LogEvent]]:
        events: list[LogEvent] = []
        documents = JsonDocuments(chunks)
        more = True
        while more:
            try:
                for value, envelope in documents.values():
                    self._maker.add(events, value, envelope, "")
                    if len(events) + len(self.rejects) >= BLOCK_EVENTS:
                        self._inner.cut(events)
                        yield events
                        events = []
                more = False
            except DamagedDocument as damage:
                self._maker.is_partial = self._maker.is_partial or isinstance(damage, CutDocument)
                self._maker.reject(str(damage))
                more = documents.skip()
        self._inner.cut(events)
        yield events

    # --- text ---------------------------------------------------------------------------------------------------

    def _text(self, head: bytes, chunks: Iterator[bytes]) -> Iterator[list[LogEvent]]:
        lines = head[:HEAD].decode("utf-8", "replace").splitlines()
        if kind := text_kind(lines[0] if lines else ""):
            self._maker.reject(kind, lines[0])
        elif is_python(head):
            events: list[LogEvent] = []
            for value, line in values_of(_joined(head, chunks)):
                self._maker.line += 1
                self._maker.add(events, value, {}, line)
            yield events
        elif is_notation(head):
            yield self._printed(head, chunks, lines[0])
        elif _GZIP_TEXT.match(head):
            yield from self._encoded(_joined(head, chunks))
        elif holds_gzip(head):
            for token in gzips(b"".join(_joined(head, chunks))):
                yield from self._encoded(iter((token,)))
        elif answers := invoked(head[:HEAD]):
            events = []
            for answer in answers:
                self._maker.add(events, answer, {}, "")
            yield events
        else:
            yield from self._text_lines(lines, _joined(head, chunks))

    def _printed(self, head: bytes, chunks: Iterator[bytes], first_line: str) -> list[LogEvent]:
        """Values as a language prints them (Ruby's inspect, Go's %v and the like)."""
        events: list[LogEvent] = []
        whole_text = all_of(chain((head,), chunks), self._maker.cut).decode("utf-8", "replace")
        if len(whole_text) > LARGEST:
            self._maker.cut("printed values of more than 16 million characters: read to there", "")
        for value in printed_values(whole_text):
            if value is None:
                self._maker.cut("printed values that do not end, or are nested too deeply", "")
                continue
            self._maker.add(events, value, {}, "")
        if not events:
            self._maker.reject("printed values without a log event", first_line)
        return events

    def _text_lines(self, lines: list[str], chunks: Iterator[bytes]) -> Iterator[list[LogEvent]]:
        """Lines of a log. ``lines`` are the first ones, which tell in which form they are."""
        text = event_lines(lines, self._maker.stream, self._maker.clock, self._maker.reject)
        for block in LineBlocks(chunks, LONGEST_LINE, self._maker.too_long):
            events: list[LogEvent] = []
            for raw in block.removesuffix(b"\n").split(b"\n"):
                self._maker.line += 1
                if len(raw) > LONGEST_LINE:
                    self._maker.too_long(raw[:SHOWN].decode("utf-8", "replace"))
                    continue
                line = raw.decode("utf-8", "replace").removesuffix("\r")
                try:
                    events.extend(text.add(line))
                except (BadTimestamp, NotAnEvent) as reason:
                    self._maker.reject(str(reason), line)
            yield self._maker.named(events)
        yield self._maker.named(list(text.flush()))

    def _encoded(self, chunks: Iterator[bytes]) -> Iterator[list[LogEvent]]:
        """Lines of base64, each a gzip of events, as Kinesis and Firehose hand them on."""
        whole_text = b"".join(chunks).decode("ascii", "replace")
        for text in whole_text.split("\n") if whole_text.count("H4sI") > 1 else [whole_text]:
            self._maker.line += 1
            if not text.strip():
                continue
            events: list[LogEvent] = []
            for value in text_payload(text) or (None,):
                self._maker.add(events, value, {}, text)
            yield events


def _joined(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest

"""A file of OTLP logs as a source: requests as JSON or protobuf, each record a log event."""

import re
from collections.abc import Iterator
from typing import Any

from collectors.model.records import LogEvent, Reject
from collectors.sources.base import (
    FileRequest,
    FileSummary,
    Item,
    LogEvents,
    Rejects,
    Source,
    SourceFailed,
    Step,
    Stored,
)
from collectors.sources.inputs.input_files import OpenedFile
from collectors.sources.inputs.line_blocks import BLOCK_EVENTS, LONGEST_LINE, SHOWN, TOO_LONG, LineBlocks
from collectors.sources.inputs.otlp_records import (
    NotALogRecord,
    OtlpRecord,
    event_of_record,
    is_request,
    other_signal,
    records_of_json,
    records_of_message,
)
from collectors.sources.inputs.platform_heads import SURE_LINES
from collectors.sources.inputs.time_order import oldest_first
from collectors.sources.inputs.timestamps import BadTimestamp, Clock
from collectors.sources.otlp.framing import LARGEST, TOO_LARGE, ZSTD, CutMessage, Framing, framing_of, messages
from collectors.untrusted import CutShort, Unparsable, json_values, storable
from collectors.untrusted_json import json_value
from collectors.untrusted_protobuf import NoProtobuf, otlp_logs_request

_OF_LAMBDA = re.compile(SURE_LINES)


class OtlpLogs(Source):
    """The log records of one file. Spans and metrics in it are counted as rejects."""

    reads = "file"
    name = account = region = ""

    def __init__(self, opened: OpenedFile, request: FileRequest) -> None:
        self.name = opened.name
        self._opened = opened
        self._defaults = request.defaults
        self._clock = Clock(0)
        self._rejects: list[Reject] = []
        self._number = 0  # of the line or message that is read
        self._is_partial = False
        self._has_platform_lines = False

    @staticmethod
    def recognises(head: bytes, name: str) -> bool:
        """Whether a file begins as OTLP's logs do, in any framing."""
        return framing_of(head) is not None

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """SourceFailed where the file cannot be read, or is protobuf and opentelemetry-proto is not installed."""
        head = self._opened.head()
        self._clock = Clock(self._opened.modified_ms)
        # Named on the command line, a file need not look like OTLP.
        framing = framing_of(head) or (Framing.JSON if head.lstrip()[:1] in (b"{", b"[") else Framing.SINGLE)
        for events in oldest_first(self._blocks(framing)):
            self._has_platform_lines = self._has_platform_lines or any(
                _OF_LAMBDA.search(each.message) for each in events
            )
            yield LogEvents(events)
            yield from self._rejected()
            yield Step(self.name, self._opened.bytes_read, self._opened.file.size)
        yield from self._rejected()
        yield FileSummary(framing.value, self._has_platform_lines, self._is_partial)

    def _rejected(self) -> Iterator[Rejects]:
        if self._rejects:
            yield Rejects(tuple(self._rejects))
            self._rejects.clear()

    def _blocks(self, framing: Framing) -> Iterator[list[LogEvent]]:
        """Some thousand events at a time."""
        events: list[LogEvent] = []
        read = self._json(framing) if framing is Framing.JSON else self._messages(framing)
        for record in read:
            if (event := self._event(record)) is not None:
                events.append(event)
            if len(events) + len(self._rejects) >= BLOCK_EVENTS:
                yield events
                events = []
        yield events

    def _event(self, record: OtlpRecord) -> LogEvent | None:
        try:
            event, timed = event_of_record(record)
        except (NotALogRecord, BadTimestamp) as reason:
            self._reject(str(reason), str(record.body))
            return None
        if len(event.message) > LONGEST_LINE:
            self._cut(TOO_LONG, event.message)
            return None
        self._clock.place(event, timed)
        if not event.function and not event.log_group:
            event.function = self._defaults.name or self._opened.file.stem
        return event

    # --- JSON -----------------------------------------------------------------------------------------------------

    def _json(self, framing: Framing) -> Iterator[OtlpRecord]:
        """A request a line, or one that is spread over lines."""
        chunks = self._opened.text_chunks(self._damaged)
        first_line, newline, _ = self._opened.head().lstrip().partition(b"\n")
        if newline and not _is_json(first_line):
            text = b"".join(self._up_to_largest(chunks)).decode("utf-8", "replace")
            yield from self._requests_in(text)
            return
        for block in LineBlocks(
            chunks, LARGEST, lambda beginning: self._cut("an OTLP request larger than 64 MB", beginning)
        ):
            for line in block.split(b"\n"):
                self._number += 1
                if line and not line.isspace():
                    yield from self._requests_in(line.decode("utf-8", "replace"))
            self._number -= 1  # the piece after the last newline is no line

    def _up_to_largest(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > LARGEST:
                self._cut(TOO_LARGE, "")
                return
            yield chunk

    def _requests_in(self, text: str) -> Iterator[OtlpRecord]:
        """The records of a text that is a request, a list of them, or several one after the other."""
        try:
            values = [json_value(text)]
        except Unparsable:
            values = list(self._values_in(text))
        for value in values:
            for request in value if isinstance(value, list) else [value]:
                if is_request(request):
                    yield from records_of_json(request)
                else:
                    self._reject(other_signal(request) or "no OTLP request of logs", text)

    def _values_in(self, text: str) -> Iterator[Any]:
        try:
            yield from json_values(text)
        except CutShort:
            self._cut("a cut OTLP request", text)
        except Unparsable:
            self._reject("not JSON", text)

    # --- protobuf -------------------------------------------------------------------------------------------------

    def _messages(self, framing: Framing) -> Iterator[OtlpRecord]:
        try:
            for message in messages(self._opened.chunks(self._damaged), framing):
                self._number += 1
                yield from self._records_of(message)
        except CutMessage as cut:
            self._cut(str(cut), "")

    def _records_of(self, message: bytes) -> Iterator[OtlpRecord]:
        if message.startswith(ZSTD):
            unpacked = _unpacked(message)
            if unpacked is None:
                self._cut("an OTLP request of damaged zstd data, or of more than 64 MB", "")
                return
            message = unpacked
        if message.lstrip()[:1] == b"{":
            yield from self._requests_in(message.decode("utf-8", "replace"))
            return
        try:
            request = otlp_logs_request(message)
        except Unparsable as reason:
            self._reject(str(reason), "")
        except NoProtobuf:
            raise SourceFailed(
                self.name, "it is OTLP as protobuf, which needs opentelemetry-proto", "pip install 'lambdatui[otlp]'"
            ) from None
        else:
            yield from records_of_message(request)

    # --- rejects --------------------------------------------------------------------------------------------------

    def _damaged(self, reason: str) -> None:
        self._cut(reason, "")

    def _cut(self, reason: str, text: str) -> None:
        """Rejects a part of the file, and notes that the file is only partly read."""
        self._is_partial = True
        self._reject(reason, text)

    def _reject(self, reason: str, text: str) -> None:
        self._rejects.append(Reject(reason, storable(text[:SHOWN]), self.name, self._number))


def _is_json(line: bytes) -> bool:
    """Whether a line is JSON, or so long that it is not to be seen whether it is."""
    try:
        json_value(line)
    except Unparsable:
        return len(line) > 200  # of a document that is spread over lines, the first has a brace and a key at most
    return True


def _unpacked(message: bytes) -> bytes | None:
    """The content of a zstd frame; None where it is damaged or larger than is read."""
    import zstandard

    try:
        reader = zstandard.ZstdDecompressor(max_window_size=LARGEST * 2).stream_reader(message)
        content: bytes = reader.read(LARGEST + 1)
    except (zstandard.ZstdError, MemoryError):
        return None
    return content if len(content) <= LARGEST else None

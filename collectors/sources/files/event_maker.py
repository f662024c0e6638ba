"""Makes log events out of the decoded values and lines of one file, with their names and times, and
rejects the rest.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from collectors.model.records import LogEvent, Reject
from collectors.sources.files.event_json import NotAnEvent, event_of, unnest
from collectors.sources.files.event_keys import MESSAGE_KEYS
from collectors.sources.files.export_folders import is_shared
from collectors.sources.files.payloads import CutPayload, Text, spelled_json, text_within
from collectors.sources.files.text_lines import event_lines
from collectors.sources.files.wrappings import contents
from collectors.sources.inputs.line_blocks import LONGEST_LINE, SHOWN, TOO_LONG
from collectors.sources.inputs.otlp_records import NotALogRecord, OtlpRecord, event_of_record
from collectors.sources.inputs.shipper_names import letters
from collectors.sources.inputs.timestamps import BadTimestamp, Clock
from collectors.untrusted import Unparsable, storable
from collectors.untrusted_json import json_value

_HEADS = rb"(?:START RequestId: |END RequestId: |REPORT RequestId: |(?:INIT|RESTORE)_START Runtime)"
_PLATFORM_KEY = re.compile(rb"(?:\"([^\"\\]{1,80})\"\s*:\s*\{\s*)?\"([^\"\\]{1,80})\"\s*:\s*\"(?:\\[ntr]| )*" + _HEADS)
_NESTED = re.compile(rb'\\"(?:message|msg|log|text|body|line)\\"\s*:\s*\\"' + _HEADS)
_KNOWN = frozenset(MESSAGE_KEYS)


class EventMaker:
    """Makes the events of one file.

    ``rejects`` fills up with what cannot be read, and the caller empties it. ``line`` is the number of the current
    line, from 1, for rejects. ``is_partial``: a part of the file was not read, as it is damaged or too long.
    ``function`` is the function of events that name none. ``platform_key`` is the key under which Lambda's own lines
    stand, by its letters, if it is an unknown key; ``is_nested``: those lines are JSON within JSON.
    """

    def __init__(self, name: str, stream: str, function: str) -> None:
        """``name`` is the file's, for rejects; ``stream`` the log stream where the file's place says it."""
        self.rejects: list[Reject] = []
        self.line = 0
        self.is_partial = False
        self.function = function
        self.clock = Clock(0)
        self.platform_key = ""
        self.has_unknown_key = self.is_nested = False
        self._name_of_file = name
        self.stream = stream

    def learn_keys(self, head: bytes) -> None:
        """Learns under which key the platform's lines stand, from the beginning of JSON lines or of a document."""
        paths = Counter(_PLATFORM_KEY.findall(head))
        most_common = b" ".join(paths.most_common(1)[0][0]) if paths else b""
        self.platform_key = letters(most_common.decode("utf-8", "replace"))
        self.has_unknown_key = bool(paths) and all(key.decode("utf-8", "replace") not in _KNOWN for _, key in paths)
        self.is_nested = _NESTED.search(head) is not None

    # --- events ---------------------------------------------------------------------------------------------------

    def add(self, events: list[LogEvent], value: Any, envelope: Mapping[str, Any], raw: str) -> None:
        """Adds the events in a decoded value.

        ``raw`` is its text, where the value may itself be a line that was logged; ``envelope`` stands around it.
        """
        for line, around in contents(value, envelope, 0, self.platform_key):
            if isinstance(line, Text):
                events.extend(self.text_lines(line))
                continue
            if isinstance(line, str) and not line.strip():
                continue  # a list of lines has blank ones, too
            if isinstance(line, CutPayload):
                self.cut(line.reason, "")
                continue
            try:
                if isinstance(line, OtlpRecord):
                    event, timed = event_of_record(line)
                else:
                    event, timed = event_of(line, around, raw if line is value else "", self.platform_key)
            except (NotAnEvent, NotALogRecord, BadTimestamp) as reason:
                if isinstance(reason, NotAnEvent) and (text := text_within(line)):
                    if (inner := spelled_json(text)) is not None:  # as a browser keeps an answer
                        self.add(events, inner, {}, "")
                    else:
                        events.extend(self.text_lines(text))
                    continue
                self.reject(str(reason), raw or str(line))
                continue
            if len(event.message) > LONGEST_LINE:
                self.too_long(event.message[:SHOWN])
                continue
            self.clock.place(event, timed)
            if self.is_nested:
                unnest(event)
            self.name(event)
            events.append(event)

    def add_text(self, events: list[LogEvent], text: str) -> None:
        """Adds a line that is nested too deeply to be read as plain text, because no logged line may be lost or end the
        reading.
        """
        event = LogEvent(0, text, log_stream=self.stream)
        self.clock.place(event, False)
        self.name(event)
        events.append(event)

    def name(self, event: LogEvent) -> None:
        """Names the function of an event that neither its group nor its stream names."""
        if event.function:
            if not event.log_group:
                self.function = event.function  # platform.start names it once for the lines that follow
        elif not event.log_group and not is_shared(event.log_stream):
            event.function = self.function

    def text_lines(self, text: str) -> list[LogEvent]:
        """The events of plain lines in a payload."""
        lines = text.split("\n")
        reader = event_lines(lines[:2_000], self.stream, self.clock, self.reject)
        events: list[LogEvent] = []
        for line in lines:
            try:
                events.extend(reader.add(line.removesuffix("\r")))
            except (BadTimestamp, NotAnEvent) as reason:
                self.reject(str(reason), line)
        return self.named([*events, *reader.flush()])

    def named(self, events: list[LogEvent]) -> list[LogEvent]:
        """Names the functions of events that were lines of a text; ``platform.start`` among them tells it."""
        for event in events:
            if event.message[:1] == "{" and ('"functionArn"' in event.message or '"functionName"' in event.message):
                self._learn_function(event)
            self.name(event)
        return events

    def _learn_function(self, event: LogEvent) -> None:
        """``platform.start`` in a text export names the function, its account and region."""
        try:
            start, _ = event_of(json_value(event.message), {}, event.message)
        except Unparsable:
            return
        if start.message != event.message:
            return
        event.function, event.account, event.region = start.function, start.account, start.region

    # --- rejects ------------------------------------------------------------------------------------------------

    def too_long(self, beginning: str) -> None:
        """Rejects a line of more than a megabyte."""
        self.cut(TOO_LONG, beginning)

    def cut(self, reason: str, text: str) -> None:
        """Rejects a part of the file, and notes that the file is only partly read, however many rejects are kept."""
        self.is_partial = True
        self.reject(reason, text)

    def reject(self, reason: str, text: str = "") -> None:
        """Rejects what cannot be read, with the beginning of its text."""
        self.rejects.append(Reject(reason, storable(text[:SHOWN]), self._name_of_file, self.line))

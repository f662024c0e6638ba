"""JSON that is not one object a line: arrays, CLI output, subscription records, several documents in a row, of any
size.

Elements are read one at a time from a sliding buffer, so a document of gigabytes needs a few megabytes.
"""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from collectors.model.errors import CaughtError
from collectors.sources.files.event_keys import CONTAINERS
from collectors.untrusted import TooDeep, Unparsable, json_at
from collectors.untrusted_json import json_value

LARGEST_VALUE = 8 << 20  # characters of one element, or of one record that is decoded as a whole
_NEXT = re.compile(r"\n[ \t]*[{\[](?=[\s\"{\[])")
_END = re.compile(r"(?:\x1b\[[0-9;]*[mK])*(?:\(END\)|\^C|\* [A-Z])")
_SPACE = " \t\r\n,\x1e"  # a comma or a record separator between values says nothing


_NOTHING: Mapping[str, Any] = {}  # around an array of its own, whose texts are log lines


class DamagedDocument(CaughtError, ValueError):
    """The document cannot be read beyond this point; the message is the reason for the reject."""


class CutDocument(DamagedDocument):
    """The document ends within a value, or a value is longer than ``LARGEST_VALUE``."""


class NestedTooDeeply(DamagedDocument):
    """The document is JSON as far as it was read, but nested too deeply."""


class JsonDocuments:
    """The values in a stream of bytes, each with its envelope: the fields that stand around it. Raises
    ``DamagedDocument``.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._raw_decode = json.JSONDecoder().raw_decode
        self._buffer = ""
        self._at = 0
        self._ended = False

    def values(self) -> Iterator[tuple[Any, Mapping[str, Any]]]:
        """Every element of an array of events, or a whole smaller object, with its envelope."""
        while (character := self._next_character()) is not None:
            if character == "[":
                yield from self._array(_NOTHING)
            elif character != "{":
                if _END.match(self._buffer, self._at):
                    return  # of a pager, or of a person
                raise DamagedDocument("not JSON from here on")
            elif (value := self._whole()) is not None:
                yield value, {}
            else:
                yield from self._object()

    def skip(self) -> bool:
        """After damage: skips to the next line that begins a value. False where there is none."""
        while True:
            found = _NEXT.search(self._buffer, self._at)
            if found is not None:
                self._at = found.end() - 1
                return True
            self._at = max(self._at, self._buffer.rfind("\n"))
            if not self._fill():
                return False

    def _whole(self) -> dict[str, Any] | None:
        """The object that begins here, if it is small: subscription records may name their group last."""
        try:
            value = self._value()
        except DamagedDocument:
            return None
        return value if isinstance(value, dict) else None

    def _object(self) -> Iterator[tuple[Any, Mapping[str, Any]]]:
        self._at += 1
        envelope: dict[str, Any] = {}
        holds_events = False
        while (character := self._needed()) != "}":
            if character != '"':
                raise DamagedDocument("a JSON object without a key")
            key = self._value()
            if self._needed() != ":":
                raise DamagedDocument("a JSON key without a value")
            self._at += 1
            if key in CONTAINERS and self._needed() == "[":
                holds_events = True
                yield from self._array(envelope)
            else:
                self._needed()
                envelope[key] = self._value()
        self._at += 1
        if not holds_events:
            yield envelope, {}

    def _array(self, envelope: Mapping[str, Any]) -> Iterator[tuple[Any, Mapping[str, Any]]]:
        self._at += 1
        while self._needed() != "]":
            value = self._value()
            yield None if envelope is not _NOTHING and isinstance(value, str) else value, envelope
        self._at += 1

    def _needed(self) -> str:
        character = self._next_character()
        if character is None:
            raise CutDocument("the JSON document is cut off")
        return character

    def _next_character(self) -> str | None:
        """The next character that is not space, without taking it; None at the end."""
        while True:
            while self._at < len(self._buffer):
                character = self._buffer[self._at]
                if character not in _SPACE:
                    return character
                self._at += 1
            if not self._fill():
                return None

    def _value(self) -> Any:
        while True:
            try:
                value, end = json_at(self._raw_decode, self._buffer, self._at)
            except json.JSONDecodeError as error:
                if error.pos < len(self._buffer) - 16 and not error.msg.startswith("Unterminated string"):
                    raise DamagedDocument("not JSON from here on") from None
                end = -1
            except TooDeep:
                raise NestedTooDeeply("JSON nested too deeply") from None
            except Unparsable:
                raise DamagedDocument("a number that is too long") from None
            # A number at the very end of the buffer may go on in the next chunk.
            if end >= 0 and (end < len(self._buffer) or self._ended or self._buffer[end - 1] in '}]"'):
                self._at = end
                return value
            if len(self._buffer) - self._at > LARGEST_VALUE:
                raise CutDocument("a JSON value longer than 8 MB")
            if not self._fill():
                raise CutDocument("the JSON document is cut off")

    def _fill(self) -> bool:
        """Reads on, doubling the buffer, so that a value is not tried again for every chunk. False at the end."""
        if self._ended:
            return False
        pieces = [self._buffer[self._at :]]
        wanted = max(len(pieces[0]), 1 << 16)
        while wanted > 0:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._ended = True
                pieces.append(self._decode(b"", True))
                break
            pieces.append(self._decode(chunk))
            wanted -= len(pieces[-1])
        self._buffer, self._at = "".join(pieces), 0
        return True


def values_in(text: str) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The JSON values of one line: nearly always one, several where an exporter forgot the newline."""
    try:
        value = json_value(text)
    except Unparsable:
        yield from JsonDocuments(iter((text.encode(),))).values()
    else:
        if not isinstance(value, dict | list):
            raise DamagedDocument("not an object")
        yield value, {}

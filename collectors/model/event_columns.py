"""Log events as columns over the text that they were read from, so that no object need be made for most events."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import msgspec

from collectors.model.records import LogEvent, Place
from collectors.model.unaligned_bytes import Ints, Words

ID_DIGITS = 56  # of an eventId, the same in every answer of CloudWatch's

_strings = msgspec.json.Decoder(list[str])
_string = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class EventColumns(Sequence[LogEvent]):
    """A block of log events: lines of JSON, and where in them stands what.

    All columns have a value an event. ``begins`` and ``ends`` are where its message stands in ``text``, as JSON spells
    it, between its quotes. ``stream`` is the place of its stream in ``places``. ``ids`` are where the eventIds stand,
    of ``ID_DIGITS`` characters. ``lines`` are where lines begin, and the end of the last. As a sequence it makes
    the events, which costs ten times as much: with ``again``, which does so whatever is wrong with the text.
    """

    text: bytes
    words: Words
    timestamp_ms: Ints
    begins: Ints
    ends: Ints
    ids: Ints
    stream: Ints
    places: list[Place]
    lines: Ints
    decode: Callable[[bytes], list[LogEvent]]
    again: Callable[[bytes], Iterable[LogEvent]] | None = None

    def __len__(self) -> int:
        return len(self.timestamp_ms)

    @overload
    def __getitem__(self, at: int) -> LogEvent: ...

    @overload
    def __getitem__(self, at: slice) -> list[LogEvent]: ...

    def __getitem__(self, at: int | slice) -> LogEvent | list[LogEvent]:
        return list(self)[at]

    def __iter__(self) -> Iterator[LogEvent]:
        return iter((self.again or self.decode)(self.text))

    def events(self, places: Ints) -> list[LogEvent]:
        """The events at these places. Raises msgspec.DecodeError."""
        text = self.text
        return self.decode(
            b"".join(
                [
                    text[low:high]
                    for low, high in zip(self.lines[places].tolist(), self.lines[places + 1].tolist(), strict=True)
                ]
            )
        )

    def messages(self, at: Ints) -> list[str]:
        """The messages of the events at these places. Raises msgspec.DecodeError where JSON would."""
        return _strings.decode(b'["' + b'","'.join(self.spelled(at)) + b'"]') if len(at) else []

    def spelled(self, places: Ints) -> list[bytes]:
        """These messages as JSON spells them."""
        text = self.text
        return [
            text[low:high] for low, high in zip(self.begins[places].tolist(), self.ends[places].tolist(), strict=True)
        ]


def unescaped(spelled: Iterable[bytes]) -> str:
    """Messages that JSON spells so, one after the other. Raises msgspec.DecodeError."""
    return _string.decode(b'"' + b"".join(spelled) + b'"')

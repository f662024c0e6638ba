"""Log events as columns over the JSON text that they were read from: for most events no object is made."""

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
    """A block of log events, given as places in ``text``, lines of JSON. Columns are int64 with a value for each event.

    ``begins`` and ``ends`` delimit the event's message in ``text``, as JSON spells it, without its quotes. ``stream``
    is the index of its log stream in ``places``. ``ids`` are where the eventIds begin, each of ``ID_DIGITS``
    characters. ``lines`` are where the lines begin, then the end of the last line. Used as a sequence, a block makes
    the events, which costs ten times as much; it calls ``again`` for that, which does so whatever is wrong with the
    text.
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
    def __getitem__(self, index: int) -> LogEvent: ...

    @overload
    def __getitem__(self, index: slice) -> list[LogEvent]: ...

    def __getitem__(self, index: int | slice) -> LogEvent | list[LogEvent]:
        return list(self)[index]

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

    def messages(self, places: Ints) -> list[str]:
        """The messages of the events at these places. Raises msgspec.DecodeError where JSON would."""
        return _strings.decode(b'["' + b'","'.join(self.spelled(places)) + b'"]') if len(places) else []

    def spelled(self, places: Ints) -> list[bytes]:
        """The messages of the events at these places, as JSON spells them."""
        text = self.text
        return [
            text[low:high] for low, high in zip(self.begins[places].tolist(), self.ends[places].tolist(), strict=True)
        ]


def unescaped(spelled: Iterable[bytes]) -> str:
    """The text of several messages joined, which are given as JSON spells them. Raises msgspec.DecodeError."""
    return _string.decode(b'"' + b"".join(spelled) + b'"')

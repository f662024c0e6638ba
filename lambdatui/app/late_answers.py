"""Keeps what a terminal answers out of the keys, whenever it comes."""

import re
import time
from collections.abc import Iterable

from textual._xterm_parser import XTermParser
from textual.message import Message

from lambdatui.start import terminal_signals
from lambdatui.start.background import TypedAhead

_ANSWER = re.compile(r"\x1b\]1[01];[^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[\?[\d;]*c")
_BEGIN = re.compile(r"\x1b(?:\](?:1(?:1(?:;[^\x07\x1b]{0,64}\x1b?)?)?)?|\[(?:\?[\d;]{0,64})?)?\Z")
_ONLY_ANSWERS_S = 10.0
"""So long after it was asked a terminal may still answer, and the begin of an answer is held back."""
_HELD_S = 0.15


class AnswersApart(XTermParser):
    """Textual's parser of keys, without the answers to ``terminal_signals.ask_background``.

    Keys that were typed before it are its first. An answer that comes in pieces is put together; what looks like the
    begin of one and is none, such as the Esc key, is a key a moment later.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._held, self._held_since = "", 0.0

    def feed(self, data: str) -> Iterable[Message]:
        """The messages of the data; "" ends the parser."""
        if not data:
            yield from super().feed(data)
            return
        text = _ANSWER.sub("", self._taken() + data)
        begin = _BEGIN.search(text) if self._may_answer() else None
        if begin:
            text, self._held, self._held_since = text[: begin.start()], begin[0], time.monotonic()
        if text:
            yield from super().feed(text)

    def tick(self) -> Iterable[Message]:
        """The messages that are due without further data."""
        ahead, TypedAhead.text = TypedAhead.text, ""
        if ahead:
            yield from self.feed(ahead)
        if self._held and time.monotonic() - self._held_since > _HELD_S:
            held = self._taken()
            if not held.startswith(("\x1b]11;", "\x1b[?")):  # nobody types that
                yield from super().feed(held)
        yield from super().tick()

    def _taken(self) -> str:
        held, self._held = self._held, ""
        return held

    def _may_answer(self) -> bool:
        asked_at = terminal_signals.asked_at()
        return asked_at is not None and time.monotonic() - asked_at < _ONLY_ANSWERS_S

"""The last line: the keys that matter here, and the way out."""

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import events
from textual.widget import Widget

WAY_OUT, HELP, UNDO = 3, 2, 1
"""How long hints are kept where cells are short: the way out is never dropped, the help before it, any other first."""

_GAP = 2
"""Spaces between two hints."""


class KeyHint(NamedTuple):
    """A key and the word beside it; a click on either does the same as the key."""

    key: str
    word: str
    run: Callable[[], object]
    rank: int = 0
    """Hints of the lowest number are dropped first; among equals the last."""

    @property
    def cells(self) -> int:
        """Of key, word and the spaces that follow."""
        return len(self.key) + 1 + len(self.word) + _GAP


class KeyLine(Widget):
    """As many hints as fit, in the order given."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--word"}

    def __init__(self, hints: Sequence[KeyHint]) -> None:
        super().__init__()
        self._hints = list(hints)
        self._places: list[tuple[int, int, KeyHint]] = []

    def show_hints(self, hints: Sequence[KeyHint]) -> None:
        """Shows other hints; paints only where they read differently."""
        changed = [hint[:2] for hint in hints] != [hint[:2] for hint in self._hints]
        self._hints = list(hints)
        if changed:
            self.refresh()

    def render(self) -> Text:
        """The hints that fit; notes where each stands, for clicks."""
        key, word = (self.get_component_rich_style(f"keys--{name}", partial=True) for name in ("key", "word"))
        text = Text(" ", no_wrap=True, end="")
        self._places = []
        for hint in fitting_hints(self._hints, self.size.width):
            start = len(text)
            text.append(hint.key, key).append(f" {hint.word}", word)
            self._places.append((start, len(text), hint))
            text.append(" " * _GAP)
        text.rstrip()
        return text

    def on_click(self, event: events.Click) -> None:
        """Runs the command of the hint that is clicked on."""
        event.stop()
        for start, end, hint in self._places:
            if start <= event.x < end:
                hint.run()


def fitting_hints(hints: Sequence[KeyHint], width: int) -> list[KeyHint]:
    """Those that fit into ``width`` cells, in their order; at least one."""
    fitting = list(hints)
    room = width - 1 + _GAP
    while len(fitting) > 1 and sum(hint.cells for hint in fitting) > room:
        fitting.remove(min(reversed(fitting), key=lambda hint: hint.rank))
    return fitting

"""The last line: the keys that matter here."""

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import events
from textual.widget import Widget


class KeyHint(NamedTuple):
    """A key and the word beside it; a click on either does the same as the key."""

    key: str
    word: str
    run: Callable[[], None]
    always: bool = False
    """Shown last, and however narrow the terminal is."""

    @property
    def cells(self) -> int:
        """With the three spaces that follow."""
        return len(self.key) + 1 + len(self.word) + 3


class KeyLine(Widget):
    """As many hints as fit, in the order given."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--word"}

    def __init__(self, hints: Sequence[KeyHint]) -> None:
        super().__init__()
        self._hints = sorted(hints, key=lambda hint: hint.always)
        self._places: list[tuple[int, int, KeyHint]] = []

    def render(self) -> Text:
        """The hints that fit; notes where each stands, for clicks."""
        key, word = (self.get_component_rich_style(f"keys--{name}", partial=True) for name in ("key", "word"))
        text = Text(" ", no_wrap=True, end="")
        self._places = []
        for hint in self._fitting():
            start = len(text)
            text.append(hint.key, key).append(f" {hint.word}", word)
            self._places.append((start, len(text), hint))
            text.append("   ")
        text.rstrip()
        return text

    def _fitting(self) -> list[KeyHint]:
        fitting = list(self._hints)
        room = self.size.width + 1
        while len(fitting) > 1 and sum(hint.cells for hint in fitting) > room:
            fitting.pop(-2)
        return fitting

    def on_click(self, event: events.Click) -> None:
        """Runs the command of the hint that is clicked on."""
        for start, end, hint in self._places:
            if start <= event.x < end:
                hint.run()

"""A box of text over the screen, such as the arithmetic of a cost or what went wrong."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from lambdatui.screens.dialogs.dialog import ScrolledDialog
from lambdatui.text.plain import plain
from lambdatui.widgets.key_line import KeyHint

Part = tuple[str, str]
"""A label, and what it labels; an empty label continues the part before."""

_MOST_CELLS, _FRAME_CELLS = 110, 7
"""The greatest width, and what frame, margins and a scroll bar take of it."""


class DetailsScreen(ScrolledDialog):
    """Labelled parts of text, never markup. ``c`` copies them; Esc, q, Enter or a click beside it closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("exclamation_mark", "close", show=False),
        Binding("c", "copy", show=False),
    ]

    def __init__(self, title: str, parts: Sequence[Part]) -> None:
        super().__init__()
        self._title = plain(title)
        self._parts = [(plain(label), plain(text, newlines=True)) for label, text in parts]

    def body(self) -> ComposeResult:
        """The text, in a box that scrolls."""
        with VerticalScroll(id=self.BOX):
            yield Static(self._page(), markup=False)

    def hints(self) -> Sequence[KeyHint]:
        """Copying, and scrolling."""
        return [KeyHint("c", "copy", self.action_copy), *super().hints()]

    def on_mount(self) -> None:
        """Writes the title above the box."""
        box = self.query_one("#box")
        box.border_title = Text(self._title)
        lines = [self._title + "    ", *self._page().plain.splitlines()]
        box.styles.width = min(_MOST_CELLS, max(map(cell_len, lines)) + _FRAME_CELLS)

    def action_copy(self) -> None:
        """Copies ``text`` to the clipboard of the terminal."""
        self.app.put_on_clipboard(self.text)  # type: ignore[attr-defined]
        self.query_one("#box").border_subtitle = "copied"

    @property
    def text(self) -> str:
        """What ``c`` copies: each part with its label before it."""
        return "\n".join(f"{label + ': ' if label else ''}{text}" for label, text in self._parts)

    def _page(self) -> Text:
        page = Text()
        for number, (label, text) in enumerate(self._parts):
            if label:
                page.append("\n" if number else "").append(f"{label}\n", "bold")
            page.append(f"{text}\n")
        page.rstrip()
        return page

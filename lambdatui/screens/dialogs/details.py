"""A box of text over the screen, such as the arithmetic of a cost or what went wrong."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from lambdatui.text.plain import plain

Part = tuple[str, str]
"""A label, and what it labels; an empty label continues the part before."""


class DetailsScreen(ModalScreen[None]):
    """Labelled parts of text, never markup. ``c`` copies them; Esc, q or Enter closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,exclamation_mark", "dismiss", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("pagedown,ctrl+d", "scroll(10)", show=False),
        Binding("pageup,ctrl+u", "scroll(-10)", show=False),
        Binding("c", "copy", show=False),
    ]

    def __init__(self, title: str, parts: Sequence[Part]) -> None:
        super().__init__()
        self._title = plain(title)
        self._parts = [(plain(label), plain(text, newlines=True)) for label, text in parts]

    def compose(self) -> ComposeResult:
        """The text, in a box that scrolls."""
        with VerticalScroll(id="box"):
            yield Static(self._page(), markup=False)

    def on_mount(self) -> None:
        """Writes the title above the box, and its keys below."""
        box = self.query_one("#box")
        box.border_title = Text(self._title)
        box.border_subtitle = "Esc closes, c copies"

    def action_scroll(self, lines: int) -> None:
        """Scrolls by ``lines``; negative is up."""
        self.query_one("#box").scroll_relative(y=lines, animate=False)

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
        return page

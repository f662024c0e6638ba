"""Sorting by a letter: the headings show theirs, and a pane at the bottom those of the columns out of sight."""

from collections.abc import Sequence
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from lambdatui.screens.dialogs.dialog import DialogScreen
from lambdatui.widgets.column_letters import letter_lines
from lambdatui.widgets.key_line import KeyHint


class SortScreen(DialogScreen[str | None]):
    """Its result is the id of the column whose letter was typed, or None for Esc. The table beneath stays as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter", "dismiss(None)", show=False)]

    def __init__(self, letters: dict[str, str], hidden: Sequence[tuple[str, str]]) -> None:
        """``letters`` by columns' ids; ``hidden`` are letters with the names of columns that have no heading."""
        super().__init__()
        self._ids = {letter: name for name, letter in letters.items()}
        self._hidden = hidden

    def body(self) -> ComposeResult:
        """The letters of what is out of sight."""
        yield Static(self._listed(), id="letters", markup=False)

    def hints(self) -> Sequence[KeyHint]:
        """What a letter does."""
        return [KeyHint("a-z", "sort by that column, again to reverse", lambda: None)]

    def render(self) -> RenderableType:
        """The screen beneath as it is: its headings are to be read."""
        return ModalScreen.render(self)

    def on_key(self, event: events.Key) -> None:
        """Takes a column's letter."""
        if event.character in self._ids:
            event.stop()
            self.dismiss(self._ids[event.character])

    def on_resize(self) -> None:
        """Lays the letters out for the new width."""
        self.query_one("#letters", Static).update(self._listed())

    def _listed(self) -> Text:
        text = Text()
        for number, line in enumerate(letter_lines(self._hidden, self.app.size.width - 2)):
            text.append("\n" if number else "")
            for letter, name in line:
                text.append(letter, "reverse bold").append(f" {name}  ")
        return text

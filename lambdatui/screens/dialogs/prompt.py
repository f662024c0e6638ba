"""Dialogs that ask for a line of text, or for a choice from a list."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from lambdatui.screens.dialogs.dialog import DialogScreen
from lambdatui.text.plain import plain
from lambdatui.widgets.key_line import KeyHint

_LEAST_CELLS, _FRAME_CELLS = 36, 10
"""Of a list: the least width, and what frame, margins and a scroll bar take of it."""


class PromptScreen(DialogScreen[str | None]):
    """Its result is what was typed, or None for Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, question: str, value: str = "") -> None:
        super().__init__()
        self._question, self._value = question, value

    def hints(self) -> Sequence[KeyHint]:
        """Enter, which gives the answer."""
        return [KeyHint("Enter", "done", self._take)]

    def body(self) -> ComposeResult:
        """The question, and a line to type the answer on."""
        with Vertical(id="ask"):
            yield Static(self._question, markup=False)
            yield Input(self._value, compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """Gives the focus to the line."""
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _take(self) -> None:
        self.dismiss(self.query_one(Input).value.strip())


class PickScreen(DialogScreen[str | None]):
    """Its result is the choice, or None for Esc. Letters that are typed narrow the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]

    def __init__(self, question: str, choices: Sequence[str], chosen: str = "") -> None:
        super().__init__()
        self._question, self._choices, self._chosen = question, list(choices), chosen
        self._left = self._choices

    def hints(self) -> Sequence[KeyHint]:
        """Enter, which takes the choice, and the keys that move."""
        return [
            KeyHint("Enter", "choose", self._answer), KeyHint("Down", "next", partial(self.action_move, 1)),
            KeyHint("Up", "before", partial(self.action_move, -1)),
        ]  # fmt: skip

    def body(self) -> ComposeResult:
        """The question, a line to type on, and the choices."""
        with Vertical(id="ask"):
            yield Static(self._question, markup=False)
            yield Input(placeholder="letters narrow the list", compact=True)
            yield OptionList(*map(_option, self._choices))

    def on_mount(self) -> None:
        """Puts the cursor on the present choice; the keys stay with the line."""
        self.query_one(Input).focus()
        listed = self.query_one(OptionList)
        listed.can_focus = False
        listed.highlighted = self._choices.index(self._chosen) if self._chosen in self._choices else 0
        widest = max(cell_len(text) for text in (self._question, *map(plain, self._choices)))
        self.query_one("#ask").styles.width = max(_LEAST_CELLS, widest + _FRAME_CELLS)

    def action_move(self, step: int) -> None:
        """Moves the cursor by ``step`` choices, and around at either end."""
        listed = self.query_one(OptionList)
        if self._left:
            listed.highlighted = ((listed.highlighted or 0) + step) % len(self._left)

    @on(Input.Changed)
    def _narrow_list(self, message: Input.Changed) -> None:
        self._left = [choice for choice in self._choices if message.value.casefold() in choice.casefold()]
        listed = self.query_one(OptionList)
        listed.clear_options().add_options(map(_option, self._left))
        listed.highlighted = 0 if self._left else None

    @on(Input.Submitted)
    def _answer(self) -> None:
        at = self.query_one(OptionList).highlighted
        self.dismiss(self._left[at] if at is not None and self._left else None)

    @on(OptionList.OptionSelected)
    def _clicked(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._left[message.option_index])


def _option(choice: str) -> Content:
    return Content(plain(choice))

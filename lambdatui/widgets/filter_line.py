"""The line on which a filter, or text to find, is typed: above the keys, and hidden otherwise."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from lambdatui.widgets.messages import FilterTyped


class FilterLine(Input):
    """Posts ``FilterTyped`` at every key; Enter ends it with ``done``, Esc (a key of the screen) closes the line."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "submit", show=False)]

    def __init__(self, prompt: str) -> None:
        super().__init__(placeholder=prompt, compact=True, select_on_focus=False)
        self.display = False

    def start(self, expression: str) -> None:
        """Shows the line with an expression to edit, and takes the focus."""
        self.display = True
        self.value = expression
        self.cursor_position = len(expression)
        self.focus()

    def finish(self) -> None:
        """Hides the line."""
        self.display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        """Posts what was typed so far."""
        event.stop()
        if self.display:
            self.post_message(FilterTyped(event.value, done=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Posts the whole expression as ``done``."""
        event.stop()
        self.submit()

    def submit(self) -> None:
        """Posts the whole expression as ``done``."""
        self.post_message(FilterTyped(self.value, done=True))

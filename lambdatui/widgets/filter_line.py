"""The line on which a filter, or text to find, is typed: above the keys, and hidden otherwise."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from lambdatui.widgets.messages import FilterTyped


class NameSuggester(Suggester):
    """Completes the name of a saved filter, ``@te`` to ``@team-a``: right takes what is suggested."""

    def __init__(self, names: Callable[[], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        """What is typed, with the rest of the first name that begins as its last word does."""
        before, sign, begun = value.rpartition("@")
        if not sign or (before and before[-1] not in " !") or " " in begun:
            return None
        return next((f"{before}@{name}" for name in self._names() if name.startswith(begun) and name != begun), None)


class FilterLine(Input):
    """Posts ``FilterTyped`` at every key; Enter ends it with ``done``, Esc (a key of the screen) closes the line."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "submit", show=False)]

    def __init__(self, prompt: str, names: Callable[[], Sequence[str]] = lambda: ()) -> None:
        """``names`` are those of saved filters."""
        super().__init__(placeholder=prompt, compact=True, select_on_focus=False, suggester=NameSuggester(names))
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

"""The filter line of a screen, and Esc: it undoes one thing after the other, then leaves the screen."""

from abc import abstractmethod

from textual import on

from lambdatui.commands.base import keys
from lambdatui.commands.general import Back
from lambdatui.screens.base.shell import ShellScreen
from lambdatui.session.session import Session
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.key_line import WAY_OUT, KeyHint
from lambdatui.widgets.messages import FilterTyped


class FilteredScreen(ShellScreen):
    """A screen with a filter. Subclasses filter, or search, in ``filter_to``."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.filter = ""
        """The filter as it was typed."""

    @abstractmethod
    def filter_to(self, expression: str, *, done: bool) -> None:
        """Keep what matches; ``done`` is false while the expression is still being typed."""

    def use_filter(self, expression: str) -> None:
        """Filters, or searches, by ``expression`` as if it had been typed."""
        self.filter = expression
        self.filter_to(expression, done=True)
        self.refresh_header()

    def open_filter(self) -> None:
        """Shows the filter line with the present filter in it, to be edited."""
        self.query_one(FilterLine).start(self.filter)
        self.refresh_keys()

    def takes_letters(self) -> bool:
        """While the filter line is open."""
        return self.query_one(FilterLine).display

    def back_word(self) -> str:
        """``no filter`` where Esc clears the filter first."""
        return "no filter" if self.filter else super().back_word()

    def _key_hints(self) -> list[KeyHint]:
        """While a filter is typed, only what ends it: any letter is the filter's."""
        line = self.query(FilterLine)
        if not (line and line.first().display):
            return super()._key_hints()
        return [
            KeyHint("Enter", "keep", line.first().submit),
            KeyHint(keys(Back, self.keymap)[0], Back.footer(), self.go_back, WAY_OUT),
        ]

    def go_back(self) -> None:
        """Undoes one thing: the filter line, what is chosen, the filter, the narrowing; then leaves the screen."""
        if self.query_one(FilterLine).display:
            self._close_filter_line()
        elif self.let_go():
            self.refresh_header()
        elif self.filter:
            self.clear_filter()
        elif self.end_narrowing():
            self.refresh_header()
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def clear_filter(self) -> None:
        """Shows all again."""
        self.filter = ""
        self.filter_to("", done=True)
        self.refresh_header()

    def let_go(self) -> bool:
        """Unmarks what is marked here; False where nothing is."""
        return False

    def end_narrowing(self) -> bool:
        """Shows all functions again, where the screen was opened for some of them; False where it was not."""
        return False

    def _close_filter_line(self) -> None:
        self.query_one(FilterLine).finish()
        self.cursor_pane.focus()
        self.refresh_keys()

    @on(FilterTyped)
    def _filter_typed(self, message: FilterTyped) -> None:
        self.filter = message.expression
        if message.done:
            self._close_filter_line()
        self.filter_to(message.expression, done=message.done)
        self.refresh_header()

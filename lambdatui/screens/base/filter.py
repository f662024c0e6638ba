"""The filter line of a screen, and Esc: it undoes one thing after the other, then leaves the screen."""

from abc import abstractmethod
from typing import ClassVar

from textual import on

from lambdatui.commands.base import keys
from lambdatui.commands.general import Back
from lambdatui.screens.base.shell import ShellScreen
from lambdatui.session.session import Session
from lambdatui.views.filters import FilterError
from lambdatui.views.named_filter import Expanded, NamedFilter, checked_name, expanded, names_in
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.key_line import WAY_OUT, KeyHint
from lambdatui.widgets.messages import FilterTyped


class FilteredScreen(ShellScreen):
    """A screen with a filter. Subclasses filter, or search, in ``filter_to``."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.filter = ""
        """The filter as it was typed."""

    FILTERED_ROWS: ClassVar[str] = ""
    """What the filter is of, as saved filters say it; the screen's ``NAME`` where it is empty."""

    def filtered_rows_are(self) -> str:
        """What this screen's filters are of: ``functions``, ``errors``, ``logs`` and so on."""
        return self.FILTERED_ROWS or self.NAME or self.heading()[-1].lower().replace(" ", "-")

    def expanded(self, expression: str) -> Expanded:
        """What a filter says once its names are replaced by what they stand for. Raises ``FilterError``."""
        return expanded(expression, self.filtered_rows_are(), self.session.saved_filters)

    def filter_names(self) -> list[str]:
        """The names of saved filters, for completion."""
        try:
            return sorted(self.session.saved_filters())
        except FilterError:
            return []

    # Named filters ------------------------------------------------------------------------------------------------

    def filter_to_save(self) -> tuple[str, str]:
        """What ``:save`` saves: of what rows the filter is, and the filter; empty where there is none."""
        return self.filtered_rows_are(), self.filter

    def save_filter(self, name: str) -> None:
        """Saves the filter under a name, and says what was saved or why not."""
        try:
            name = checked_name(name)
            rows, expression = self.filter_to_save()
            if name in names_in(expression):
                expression = self.expanded(expression).expression  # else it would stand for itself
            saved_filters = self.session.saved_filters
            before = saved_filters().get(name)
            saved_filters.save(NamedFilter(name, rows, expression))
        except FilterError as error:
            self.say(str(error))
            return
        instead = f", no longer {before.expression}" if before is not None and before.expression != expression else ""
        self.say(f"@{name} is now the filter of {rows} {expression}{instead}; --filter @{name} on the command line")

    def forget_filter(self, name: str) -> None:
        """Takes a saved filter away, and says so."""
        try:
            name = checked_name(name)
            self.session.saved_filters.forget(name)
        except FilterError as error:
            self.say(str(error))
            return
        self.say(f"@{name} is no longer saved")

    def ask_filter_name(self) -> None:
        """Asks for a name, and saves the filter under it."""
        from lambdatui.screens.dialogs.prompt import PromptScreen

        rows, expression = self.filter_to_save()
        if not expression:
            self.say("there is no filter here to save: / types one")
            return

        def take(name: str | None) -> None:
            if name:
                self.save_filter(name)

        self.app.push_screen(PromptScreen(f"A name for the filter of {rows} {expression}"), take)

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
        """What Esc undoes first: ``no marks``, ``no filter``, ``all functions``; with nothing to undo, as elsewhere."""
        return self.marks_word() or ("no filter" if self.filter else self.narrowing_word()) or super().back_word()

    def marks_word(self) -> str:
        """What Esc does to what is marked or chosen here; empty where nothing is."""
        return ""

    def narrowing_word(self) -> str:
        """What Esc does where the screen is narrowed to some functions; empty where it is not."""
        return ""

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

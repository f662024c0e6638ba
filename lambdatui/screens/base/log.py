"""A screen with a log pane."""

from typing import ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.general import GENERAL
from lambdatui.commands.log import LOG
from lambdatui.commands.navigation import (
    LastView,
    ShowAdvice,
    ShowAllLogs,
    ShowCollect,
    ShowCosts,
    ShowFunctions,
    ShowInvocations,
    ShowPatterns,
    ShowThrottles,
)
from lambdatui.screens.base.screen import CommandScreen
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.key_line import KeyLine
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.notice import Notice

LOG_COMMANDS: Commands = (
    *LOG, ShowAllLogs, ShowFunctions, ShowInvocations, ShowPatterns, ShowCosts, ShowThrottles, ShowAdvice, ShowCollect,
    LastView, *GENERAL,
)  # fmt: skip


class LogScreen(CommandScreen):
    """A screen of lines: ``/`` goes to matches, and filters nothing."""

    EXPORT_FORM: ClassVar[str] = "txt"
    FILTER_PROMPT: ClassVar[str] = "text to find in the lines; n and N go on"

    @property
    def log_pane(self) -> LogPane:
        """The pane of log lines."""
        return self.query_one(LogPane)

    @property
    def cursor_pane(self) -> LogPane:
        """The moving keys scroll the log."""
        return self.log_pane

    def toggle_full_log(self) -> None:
        """Hides all but the lines, their margin and rules too, or shows it again: the mouse then selects text."""
        pane = self.log_pane
        pane.bare = not pane.bare
        for widget in self.query_children("*"):
            if widget is not pane and not isinstance(widget, FilterLine | Notice | KeyLine):
                widget.set_class(pane.bare, "-bare")
        pane.set_class(pane.bare, "-bare")
        pane.lay_out_in_place()
        self.refresh_keys()

    def back_word(self) -> str:
        """``whole screen`` where Esc first shows the rest of the screen again."""
        return "whole screen" if self.log_pane.bare else super().back_word()

    def go_back(self) -> None:
        """Shows the rest of the screen again, where the log alone is shown; else as everywhere."""
        if self.log_pane.bare and not self.query_one(FilterLine).display:
            self.toggle_full_log()
        else:
            super().go_back()

    def copy_text(self) -> str:
        """All lines of the log, also those that are hidden or not in sight."""
        return self.log_pane.copy_text()

    def write_export(self, form: str, path: str) -> None:
        """Writes the lines to a .txt file; says so where another form is asked for."""
        if form != "txt":
            self.say("lines are written to a .txt file, the screen to an .svg file")
            return
        text = self.log_pane.copy_text()
        self.write_file(path, lambda: text + "\n")

    def filter_to(self, expression: str, *, done: bool) -> None:
        """Goes to the first line that holds ``expression``; says at Enter where none does."""
        matches = self.log_pane.search(expression)
        if expression and done and not matches:
            self.say(f"no line holds {expression!r}")

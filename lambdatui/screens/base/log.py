"""A screen with a log pane."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

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
from lambdatui.text.figures import counted
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.key_line import KeyLine
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.notice import Notice

if TYPE_CHECKING:
    from lambdatui.views.clipping import Clipping, Fact

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

    # Choosing and copying -----------------------------------------------------------------------------------------

    def choose_lines(self, step: int) -> None:
        """Chooses a line more, below or above, and says what can be done with those that are chosen."""
        pane = self.log_pane
        first = not pane.chosen_lines()
        pane.choose(step)
        self.refresh_keys()
        if first and pane.chosen_lines():
            self.say("chosen: S-Up and S-Down choose more, ^C copies, Esc lets go")

    def marks_word(self) -> str:
        """``no choice`` where lines are chosen."""
        return "no choice" if self.chosen_count() else ""

    def let_go(self) -> bool:
        """Lets the chosen lines go; False where none are chosen."""
        return self.log_pane.choose_none()

    def chosen_count(self) -> int:
        """How many lines are chosen."""
        return len(self.log_pane.chosen_lines())

    def copy_chosen(self) -> bool:
        """Copies the chosen lines; False where none are."""
        if not self.chosen_count():
            return False
        self.copy_meant()
        return True

    def copy_subject(self) -> Any:
        """The numbers of the chosen lines."""
        return tuple(self.log_pane.chosen_lines())

    def line_facts(self, numbers: Sequence[int]) -> "tuple[Fact, ...]":
        """Whose the lines with these numbers are, as Markdown says it."""
        return ()

    def clipping(self) -> "Clipping | None":
        """The chosen lines; without any, all lines of the log, also those that are hidden or not in sight."""
        from lambdatui.views.invocation_clipping import lines_clipping

        lines, chosen = self.log_pane.lines_shown, self.log_pane.chosen_lines()
        numbers = chosen or range(len(lines))
        if not numbers:
            return None
        what = counted(len(chosen), "chosen line") if chosen else f"all {counted(len(lines), 'line')}"
        return lines_clipping([lines[at] for at in numbers], what, self.line_facts(numbers))

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

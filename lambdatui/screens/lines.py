"""A screen whose body is, or holds, a log pane."""

from typing import ClassVar

from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.general import GENERAL
from lambdatui.commands.logs import LOG
from lambdatui.commands.navigation import LastView, ShowAllLogs, ShowFunctions, ShowPatterns
from lambdatui.screens.base import Moving, StoreScreen
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.notice import Notice

LOG_COMMANDS: Commands = (*LOG, ShowAllLogs, ShowFunctions, ShowPatterns, LastView, *GENERAL)


class LinesScreen(StoreScreen):
    """``/`` finds in the lines rather than filtering them."""

    COMMANDS_HERE: ClassVar[Commands] = LOG_COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LOG_COMMANDS)]
    FILTER_PROMPT: ClassVar[str] = "text to find in the lines; n and N go on"

    @property
    def log_pane(self) -> LogPane:
        return self.query_one(LogPane)

    @property
    def moving(self) -> Moving:
        return self.log_pane

    def toggle_full_log(self) -> None:
        """Everything but the lines goes, their margin and rules too: what the mouse selects is text alone."""
        pane = self.log_pane
        pane.bare = not pane.bare
        for one in self.query_children("*"):
            if one is not pane and not isinstance(one, FilterLine | Notice):
                one.set_class(pane.bare, "-bare")
        pane.set_class(pane.bare, "-bare")
        pane.lay_out_in_place()

    def copy_text(self) -> str:
        return self.log_pane.copy_text()

    def export(self) -> None:
        self.ask_where("txt")

    def write_export(self, form: str, path: str) -> None:
        if form != "txt":
            self.say("lines are written to a .txt file, the screen to an .svg file")
            return
        text = self.log_pane.copy_text()
        self.write_file(path, lambda: text + "\n")

    def filter_to(self, expression: str, *, done: bool) -> None:
        found = self.log_pane.search(expression)
        if expression and done and not found:
            self.say(f"no line holds {expression!r}")

"""A screen whose body is, or holds, a log pane."""

from typing import ClassVar

from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.general import GENERAL, ShowFunctions
from lambdatui.commands.logs import LOG
from lambdatui.screens.base import Moving, StoreScreen
from lambdatui.widgets.log_pane import LogPane

LOG_COMMANDS: Commands = (*LOG, ShowFunctions, *GENERAL)


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

    def copy_text(self) -> str:
        return self.log_pane.copy_text()

    def filter_to(self, expression: str, *, done: bool) -> None:
        found = self.log_pane.search(expression)
        if expression and done and not found:
            self.say(f"no line holds {expression!r}")

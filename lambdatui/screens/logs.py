"""Log lines of a function, or of all: searched in the store, followed as they are collected, tailed as they come."""

from typing import ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.log_search import ToggleLive
from lambdatui.screens.base.live_tail import LiveTailScreen
from lambdatui.screens.base.log_search import SEARCH_COMMANDS
from lambdatui.session.destinations import ToLogs
from lambdatui.session.session import Session


class LogsScreen(LiveTailScreen):
    """The screen of log lines. ``0`` begins a live tail: of this function, else of the marked ones, else of all."""

    NAME: ClassVar[str] = "logs"
    COMMANDS_HERE: ClassVar[Commands] = (ToggleLive, *SEARCH_COMMANDS)

    def __init__(self, session: Session, destination: ToLogs | None = None) -> None:
        destination = destination or ToLogs()
        super().__init__(session, destination.function_id, destination.name)
        self._live_at_once = destination.live

    def on_mount(self) -> None:
        """Begins the live tail where the screen was opened for it."""
        if self._live_at_once:
            self.call_next(self.toggle_live)

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, with the function's name where the lines are of one."""
        return ("Functions", self._function, "Logs") if self._function else ("Logs",)

    def tailed_function_ids(self) -> list[int] | None:
        """This function's id; None for those that the screen is narrowed to, or all in scope."""
        return None if self._function_id is None else [self._function_id]

"""A row as JSON, in the log pane: scrolled, searched and copied like any lines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.general import Back, Copy, Export, Help, Leave, Palette, Problems
from lambdatui.commands.logs import LINES
from lambdatui.screens.lines import LinesScreen
from lambdatui.session.queries import Question
from lambdatui.session.session import Session
from lambdatui.widgets.log_pane import LogPane

RAW_COMMANDS: Commands = (
    *(one for one in LINES if one.id() not in ("next-error", "previous-error", "only-errors", "timestamps")),
    Copy, Help, Palette, Leave, Back, Export, Problems,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JsonLine:
    """A line of JSON stands for a log line without a time."""

    text: str
    timestamp: int = 0
    kind: str = "log"


class RawScreen(LinesScreen):
    """Nothing here is asked from the store: the picture stays what it was."""

    COMMANDS_HERE: ClassVar[Commands] = RAW_COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(RAW_COMMANDS)]

    def __init__(self, session: Session, json_text: str) -> None:
        super().__init__(session)
        self._json = json_text

    def heading(self) -> tuple[str, ...]:
        return ("JSON",)

    def body(self) -> ComposeResult:
        yield LogPane(self.session.marks, utc=self.session.utc, timestamps=False, id="log")

    def question(self) -> Callable[[Question], Any]:
        raise NotImplementedError  # ask_rows never asks it

    def ask_rows(self) -> None:
        self.log_pane.show_lines([JsonLine(line) for line in self._json.splitlines()])

    def copy_text(self) -> str:
        return self._json

"""Text in a log pane that is not a log: JSON, or a table of figures. It has no times and no failures."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult

from lambdatui.commands.base import Commands
from lambdatui.commands.general import Back, Copy, ExportShown, Help, Leave, Palette, Problems
from lambdatui.commands.log import LINES, NextError, OnlyErrors, PreviousError, Timestamps
from lambdatui.screens.base.log import LogScreen
from lambdatui.widgets.log_pane import LogPane

TEXT_COMMANDS: Commands = (
    *(command for command in LINES if command not in (NextError, PreviousError, OnlyErrors, Timestamps)),
    Copy, Help, Palette, Leave, Back, ExportShown, Problems,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text in the form of a log line, without a time."""

    text: str
    timestamp: int = 0
    kind: str = "log"


class TextScreen(LogScreen):
    """Text that is scrolled, searched and copied as log lines are."""

    COMMANDS_HERE: ClassVar[Commands] = TEXT_COMMANDS
    WRAP: ClassVar[bool] = True
    """Whether long lines are wrapped at first."""

    def body(self) -> ComposeResult:
        """A log pane without times."""
        pane = LogPane(self.session.marks, utc=self.session.utc, timestamps=False, id="log")
        pane.wrap = self.WRAP
        yield pane

    def show_text(self, text: str) -> None:
        """Shows each line of ``text`` as a line of the pane."""
        self.log_pane.show_lines([TextLine(line) for line in text.splitlines()])

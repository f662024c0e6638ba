"""Log lines of a function, or of all: searched in the store, followed as they are collected."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.general import TIME
from lambdatui.commands.logs import Follow, ToggleLive
from lambdatui.reading import Question
from lambdatui.screens.lines import LOG_COMMANDS
from lambdatui.screens.live import LiveScreen
from lambdatui.session import Session
from lambdatui.text import counted, plain
from lambdatui.views.live import with_live
from lambdatui.views.log_search import LogSearch, log_search
from lambdatui.views.logs import LogView
from lambdatui.widgets.header import Standing
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.state_line import StateLine

LOGS_COMMANDS: Commands = (ToggleLive, Follow, *LOG_COMMANDS, *TIME)


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line with its function's name before it, where lines of several are mixed."""

    timestamp: int
    text: str
    kind: str


class LogsScreen(LiveScreen):
    """``/`` keeps the lines with every word typed, out of all that the range holds, and says how many those are."""

    NAME: ClassVar[str] = "logs"
    COMMANDS_HERE: ClassVar[Commands] = LOGS_COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LOGS_COMMANDS)]
    FILTER_PROMPT: ClassVar[str] = "words that a line must hold, !word that it must not"

    def __init__(self, session: Session, function_id: int | None = None, name: str = "", *, live: bool = False) -> None:
        super().__init__(session)
        self._function_id, self._function, self._live_at_once = function_id, name, live

    def on_mount(self) -> None:
        super().on_mount()
        if self._live_at_once:
            self.toggle_live()

    def heading(self) -> tuple[str, ...]:
        return ("Functions", self._function, "Logs") if self._function else ("Logs",)

    def body(self) -> ComposeResult:
        empty = Static("", id="empty", markup=False)
        empty.display = False
        yield empty
        yield LogPane(self.session.marks, utc=self.session.utc, id="log")
        yield StateLine()

    def subject(self) -> tuple[int, str] | None:
        return None if self._function_id is None else (self._function_id, self._function)

    def question(self) -> Callable[[Question], LogSearch]:
        identity, words, narrow = self._function_id, self.filter.split(), self.session.narrow
        return lambda ask: log_search(ask.reader, ask.range, narrow=narrow, function_id=identity, contains=words)

    def tailed(self) -> list[int] | None:
        """This function; else those that are marked; else all."""
        if self._function_id is not None:
            return [self._function_id]
        return [identity for identity, _ in self.session.marked] or None

    def show_live(self) -> None:
        if self.answer is not None:
            self.paint(self.answer)

    def paint(self, answer: LogSearch) -> None:
        words = self.filter.split()
        rows = with_live(answer.rows, self.live_lines, words, more=answer.more)
        empty = self.query_one("#empty", Static)
        empty.display = not rows and self.live is None
        where = f" hold {self.filter!r}" if self.filter else " are kept in this range"
        empty.update(f"No log lines{where}.\n\n6 shows all that the store holds; [ goes back in time.")
        pane = self.log_pane
        first = not pane.lines_shown
        pane.sought = next((word for word in words if not word.startswith("!")), "")
        pane.pinned = first or pane.pinned or (self.following and self.live is None)
        pane.show_lines([NamedLine(row.timestamp, self.text_of(row), row.kind) for row in rows])

    def text_of(self, line: LogView) -> str:
        return line.message if self._function_id is not None else f"{line.function}  {line.message}"

    def standing(self) -> Standing:
        answer: LogSearch | None = self.answer
        live = (word,) if (word := self.live_word()) else ()
        if answer is None:
            return Standing(filter=self.filter, counted=live)
        searched = f"searched {answer.searched:,} of {counted(answer.kept, 'line')}"
        shown = f"newest {len(answer.rows):,}" if answer.more else counted(len(answer.rows), "line")
        return Standing(answer.as_of, None, self.filter, (shown, searched, *live))

    def filter_to(self, expression: str, *, done: bool) -> None:
        """Asked at Enter: each question looks through all the lines."""
        if done:
            self.filter = expression
            self.ask_rows()

    def toggle_follow(self) -> None:
        self.following = not self.following
        if self.following:
            self.ask_rows()
        self._restand()

    def raw_json(self) -> str | None:
        answer: LogSearch | None = self.answer
        if answer is None:
            return None
        lines: list[dict[str, Any]] = [
            {
                "timestamp": row.timestamp,
                "function": row.function,
                "request_id": row.request_id,
                "message": plain(row.message),
            }
            for row in answer.rows
        ]
        return json.dumps(lines, indent=2)

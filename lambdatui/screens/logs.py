"""Log lines of a function, or of all: searched in the store, followed as they are collected."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.general import TIME
from lambdatui.commands.logs import FOUND, Follow, ToggleLive
from lambdatui.screens.lines import LOG_COMMANDS
from lambdatui.screens.live import LiveScreen
from lambdatui.screens.prompt import PickScreen, PromptScreen
from lambdatui.session.queries import Question
from lambdatui.session.session import Session
from lambdatui.text.figures import counted
from lambdatui.text.plain import plain
from lambdatui.views.line_columns import fields_of, fields_seen
from lambdatui.views.line_conditions import QueryError
from lambdatui.views.line_query import parse
from lambdatui.views.live import with_live
from lambdatui.views.log_search import LogSearch, log_search
from lambdatui.views.logs import LogView
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import Standing
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.state_line import StateLine

LOGS_COMMANDS: Commands = (ToggleLive, Follow, *LOG_COMMANDS, *FOUND, *TIME)
_AROUND = (0, 3, 10)
_COLUMN_CELLS = 24
_FIELDS_LOOKED_AT = 500  # lines


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line with its function's name before it, where lines of several are mixed."""

    timestamp: int
    text: str
    kind: str


@dataclass
class FoundSoFar(Message):
    """What a search has found while it goes on."""

    where: str
    """What is looked for."""
    found: LogSearch
    """The newest lines of it."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, FoundSoFar)


class LogsScreen(LiveScreen):
    """``/`` keeps the lines that match (``views.line_query``), of all in the range, and says how many those are."""

    NAME: ClassVar[str] = "logs"
    COMMANDS_HERE: ClassVar[Commands] = LOGS_COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LOGS_COMMANDS)]
    FILTER_PROMPT: ClassVar[str] = "words, !word, level:ERROR, .order.id:42, .ms>500, /re/, (a OR b)"

    def __init__(self, session: Session, function_id: int | None = None, name: str = "", *, live: bool = False) -> None:
        super().__init__(session)
        self._function_id, self._function, self._live_at_once = function_id, name, live
        self._asked = ""  # the filter that the lines are of: one that can be read
        self._around = 0
        self._fields: list[str] = []
        self._standing_for: list[LogView | None] = []  # for each line of the pane

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
        identity, where, around = self._function_id, self._asked, self._around

        def ask(question: Question) -> LogSearch:
            worker = get_current_worker()

            def so_far(found: LogSearch) -> bool:
                if where and not worker.is_cancelled and found.rows:
                    self.post_message(FoundSoFar(where, found))
                return not worker.is_cancelled

            span = question.reader, question.range
            return log_search(
                *span, narrow=question.narrow, function_id=identity, where=where, around=around, so_far=so_far
            )

        return ask

    @on(FoundSoFar)
    def _found_so_far(self, message: FoundSoFar) -> None:
        """The newest matches, while the search goes on through older lines."""
        if message.where == self._asked and self.answer is None:
            self.paint(message.found)

    def tailed(self) -> list[int] | None:
        """This function; else those that are marked; else all."""
        if self._function_id is not None:
            return [self._function_id]
        return [identity for identity, _ in self.session.marked] or None

    def show_live(self) -> None:
        if self.answer is not None:
            self.paint(self.answer)

    def paint(self, answer: LogSearch) -> None:
        where = self._asked
        rows = list(answer.rows)
        if not self._around:
            rows = with_live(rows, self.live_lines, where, more=answer.more)
        empty = self.query_one("#empty", Static)
        empty.display = not rows and self.live is None
        said = f" hold {where!r}" if where else " are kept in this range"
        pruned = f"{answer.not_kept}.\n\n" if answer.not_kept else ""
        empty.update(f"No log lines{said}.\n\n{pruned}6 shows all that the store holds; [ goes back in time.")
        pane = self.log_pane
        first = not pane.lines_shown
        pane.sought = parse(where).shown
        pane.pinned = first or pane.pinned or (self.following and self.live is None)
        self._show(rows, answer.breaks)

    def _show(self, rows: Sequence[LogView], breaks: Collection[int]) -> None:
        cells = fields_of(rows, self._fields, _COLUMN_CELLS)
        lines: list[NamedLine] = []
        standing_for: list[LogView | None] = []
        for at, row in enumerate(rows):
            if at in breaks:
                lines.append(NamedLine(row.timestamp, "--", "platform"))
                standing_for.append(None)
            before = f"{cells[at]}  " if cells else ""
            lines.append(NamedLine(row.timestamp, before + self.text_of(row), row.kind))
            standing_for.append(row)
        self._standing_for = standing_for
        self.log_pane.found = {at for at, row in enumerate(standing_for) if row is not None and row.match}
        self.log_pane.show_lines(lines)

    def text_of(self, line: LogView) -> str:
        return line.message if self._function_id is not None else f"{line.function}  {line.message}"

    def standing(self) -> Standing:
        answer: LogSearch | None = self.answer
        live = (word,) if (word := self.live_word()) else ()
        if answer is None:
            return Standing(filter=self.filter, counted=live)
        searched = f"searched {answer.searched:,} of {counted(answer.kept, 'line')}"
        pruned = (answer.not_kept.partition(";")[0],) if answer.not_kept else ()
        shown = f"newest {len(answer.rows):,}" if answer.more else counted(len(answer.rows), "line")
        return Standing(answer.as_of, None, self.filter, (*pruned, shown, searched, *live))

    def filter_to(self, expression: str, *, done: bool) -> None:
        """Asked at Enter: each question looks through all the lines. One that cannot be read stands to be corrected."""
        self.filter = self._asked  # what the lines are of, until then
        if not done:
            return
        try:
            parse(expression)
        except QueryError as error:
            self.query_one(FilterLine).start(expression)
            self.say(str(error))
            return
        notice = self.query_one(Notice)
        if not notice.failing:
            notice.clear_notice()
        self.filter = self._asked = expression
        self.answer = None
        self.log_pane.here = None
        self.ask_rows()

    # What is done with lines --------------------------------------------------------------------------------------

    def open_line(self) -> None:
        from lambdatui.screens.invocation import InvocationScreen

        at = self.log_pane.line_here()
        line = self._standing_for[at] if at is not None and at < len(self._standing_for) else None
        if line is None:
            self.say("there is no line here")
        elif not line.request_id:
            self.say("this line belongs to no invocation that is stored")
        else:
            self.app.push_screen(
                InvocationScreen(self.session, request_id=line.request_id, name=line.function, line=line)
            )

    def show_around(self) -> None:
        if not self._asked:
            self.say("all lines are shown: / looks for some, and a then shows the lines around them")
            return
        self._around = _AROUND[(_AROUND.index(self._around) + 1) % len(_AROUND)]
        self.say(f"{self._around} lines around each" if self._around else "only the lines that were found")
        self.ask_rows()

    def pick_field(self) -> None:
        rows = [row for row in self._standing_for if row is not None]
        seen = fields_seen(rows[-_FIELDS_LOOKED_AT:])
        if not seen and not self._fields:
            self.say("no line here is JSON: there are no fields to pick")
            return
        choices = [f"without {name}" for name in self._fields] + [name for name in seen if name not in self._fields]
        self.app.push_screen(PickScreen("A field as a column", choices), self._picked)

    def _picked(self, choice: str | None) -> None:
        if not choice:
            return
        if choice.startswith("without "):
            self._fields.remove(choice.removeprefix("without "))
        else:
            self._fields.append(choice)
        if self.answer is not None:
            self.paint(self.answer)

    def ask_stats(self) -> None:
        question = "Figures of these lines: count, p95(.ms) by .route, 5m"
        self.app.push_screen(PromptScreen(question, self.session.kept.get("line_stats", "count by level")), self._count)

    def _count(self, typed: str | None) -> None:
        from lambdatui.screens.line_stats import LineStatsScreen
        from lambdatui.views import line_stats

        if not typed:
            return
        self.session.kept["line_stats"] = typed  # asked for again, it stands to be corrected
        try:
            asked = line_stats.parse(typed)
        except QueryError as error:
            self.say(str(error))
            return
        self.app.push_screen(LineStatsScreen(self.session, typed, asked, self._asked, self.subject()))

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

"""Log lines that are searched for in the store, of one function or of many, and followed as they are collected."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from lambdatui.commands.base import Commands
from lambdatui.commands.log_search import SEARCHED, Follow
from lambdatui.commands.time_range import TIME
from lambdatui.screens.base.log import LOG_COMMANDS, LogScreen
from lambdatui.screens.base.query import QueryScreen
from lambdatui.screens.dialogs.prompt import PickScreen, PromptScreen
from lambdatui.session.destinations import ToInvocation, ToLineStats
from lambdatui.session.queries import QueryContext
from lambdatui.session.session import Session
from lambdatui.text.figures import counted, iso
from lambdatui.text.plain import plain
from lambdatui.views import line_stats
from lambdatui.views.filters import FilterError, tags_in, without_tags
from lambdatui.views.line_columns import fields_of, fields_seen
from lambdatui.views.line_conditions import LineQueryError
from lambdatui.views.line_query import parse
from lambdatui.views.log_search import LogSearch, log_search
from lambdatui.views.logs import LogView
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import DataSummary
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.notice import Notice

SEARCH_COMMANDS: Commands = (Follow, *LOG_COMMANDS, *SEARCHED, *TIME)
_AROUND = (0, 3, 10)
"""Lines before and after each match: ``a`` goes on to the next number."""
_COLUMN_CELLS = 24
_LINES_WITH_FIELDS = 500
"""How many of the newest lines are looked through for fields of JSON."""


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line with its function's name before it, where lines of several functions are mixed."""

    timestamp: int
    text: str
    kind: str


@dataclass
class PartialSearch(Message):
    """The matches so far of a search that still runs."""

    where: str
    """The text of the search."""
    result: LogSearch
    """The newest matches."""

    def can_replace(self, message: Message) -> bool:
        """A newer partial result takes the place of one that waits in the queue."""
        return isinstance(message, PartialSearch)


class LogSearchScreen(LogScreen, QueryScreen):
    """Log lines of the range; ``/`` asks the store for those that match (``views.line_query``)."""

    COMMANDS_HERE: ClassVar[Commands] = SEARCH_COMMANDS
    FILTERED_ROWS: ClassVar[str] = "logs"
    FILTER_PROMPT: ClassVar[str] = "words, !word, level:ERROR, .order.id:42, .ms>500, /re/, (a OR b)"

    def __init__(self, session: Session, function_id: int | None = None, name: str = "") -> None:
        """``function_id`` None: lines of all functions in scope."""
        super().__init__(session)
        self._function_id, self._function = function_id, name
        self.following = False
        """Whether the newest lines come into sight as they are collected."""
        self.where = ""
        """The search whose matches are shown: the last one that could be parsed, without names and tags."""
        self._typed = ""
        self._around = 0
        self._fields: list[str] = []
        self._rows_of_lines: list[LogView | None] = []  # for each line of the pane; None for a rule between lines

    def body(self) -> ComposeResult:
        """The log, and above it the text that says why it is empty."""
        empty = Static("", id="empty", markup=False)
        empty.display = False
        yield empty
        yield LogPane(self.session.marks, utc=self.session.utc, id="log")

    def subject(self) -> tuple[int, str] | None:
        """The function whose lines these are: its id and name; None for the lines of all functions."""
        return None if self._function_id is None else (self._function_id, self._function)

    def is_of_many(self) -> bool:
        """Whether the lines are of all functions in scope."""
        return self._function_id is None

    def show_all_logs(self) -> None:
        """Does nothing where these are the lines of all functions already."""
        if self.subject() is not None:
            super().show_all_logs()

    # Asking and painting ------------------------------------------------------------------------------------------

    def question(self) -> Callable[[QueryContext], LogSearch]:
        """Searches the store; matches are posted as ``PartialSearch`` while the search goes on."""
        function_id, where, around = self._function_id, self.where, self._around

        def ask(query: QueryContext) -> LogSearch:
            worker = get_current_worker()

            def so_far(result: LogSearch) -> bool:
                if where and not worker.is_cancelled and result.rows:
                    self.post_message(PartialSearch(where, result))
                return not worker.is_cancelled

            span = query.reader, query.range
            return log_search(
                *span, scope=query.scope, function_id=function_id, where=where, around=around, so_far=so_far
            )

        return ask

    @on(PartialSearch)
    def _paint_so_far(self, message: PartialSearch) -> None:
        """Paints the newest matches while the search goes on through older lines."""
        if message.where == self.where and self.answer is None:
            self.paint(message.result)

    @property
    def tailing(self) -> bool:
        """Whether a live tail runs."""
        return False

    def rows_of(self, answer: LogSearch) -> list[LogView]:
        """The rows to paint."""
        return list(answer.rows)

    def paint(self, answer: LogSearch) -> None:
        """Shows the lines, or in place of them why there are none."""
        where = self.where
        rows = self.rows_of(answer)
        empty = self.query_one("#empty", Static)
        empty.display = not rows and not self.tailing
        matching = f" hold {where!r}" if where else " are kept in this range"
        pruned = f"{answer.not_kept}.\n\n" if answer.not_kept else ""
        narrowed = "".join(f"{note}\n\n" for note in self.narrowing_notes())
        empty.update(
            f"No log lines{matching}.\n\n{narrowed}{pruned}6 shows all that the store holds; [ goes back in time."
        )
        pane = self.log_pane
        first = not pane.lines_shown
        pane.search_terms = parse(where).shown
        pane.pinned = first or pane.pinned or (self.following and not self.tailing)
        self._show_rows(rows, answer.breaks)

    def paint_again(self) -> None:
        """Shows the last answer again, with the columns and live lines as they are now."""
        if self.answer is not None:
            self.paint(self.answer)

    def _show_rows(self, rows: Sequence[LogView], breaks: Collection[int]) -> None:
        """``breaks`` are the numbers of the rows before which others are left out."""
        fields = fields_of(rows, self._fields, _COLUMN_CELLS)
        lines: list[NamedLine] = []
        rows_of_lines: list[LogView | None] = []
        for number, row in enumerate(rows):
            if number in breaks:
                lines.append(NamedLine(row.timestamp, "--", "platform"))
                rows_of_lines.append(None)
            before = f"{fields[number]}  " if fields else ""
            lines.append(NamedLine(row.timestamp, before + self.text_of(row), row.kind))
            rows_of_lines.append(row)
        self._rows_of_lines = rows_of_lines
        self.log_pane.matching_lines = {
            number for number, row in enumerate(rows_of_lines) if row is not None and row.match
        }
        self.log_pane.show_lines(lines)

    def text_of(self, line: LogView) -> str:
        """A line as it stands in the log, after its function's name where lines of several functions are shown."""
        return line.message if self._function_id is not None else f"{line.function}  {line.message}"

    def line_facts(self, numbers: Sequence[int]) -> tuple[tuple[str, str], ...]:
        """The functions and request ids of the lines, where they are few, and the time of the first and the last."""
        rows = [row for at in numbers if (row := self._rows_of_lines[at]) is not None]
        if not rows:
            return ()
        functions = list(dict.fromkeys(row.function for row in rows))
        requests = list(dict.fromkeys(row.request_id for row in rows if row.request_id))
        ends = dict.fromkeys(iso(row.timestamp) or "" for row in (rows[0], rows[-1]))
        return (
            ("Function" if len(functions) == 1 else "Functions", _few(functions, "function")),
            ("Request id" if len(requests) == 1 else "Request ids", _few(requests, "request id")),
            ("Time", " to ".join(ends)),
        )

    def following_word(self) -> str:
        """``FOLLOWING`` for the header, while new lines come into sight as they are collected."""
        return "FOLLOWING" if self.following else ""

    def summary(self) -> DataSummary:
        """The number of lines, how many were searched, and whether the log is followed."""
        answer: LogSearch | None = self.answer
        following = (word,) if (word := self.following_word()) else ()
        if answer is None:
            return DataSummary(filter=self.filter, counts=following)
        searched = f"searched {answer.searched:,} of {counted(answer.stored, 'line')}"
        pruned = (answer.not_kept.partition(";")[0],) if answer.not_kept else ()
        shown = f"newest {len(answer.rows):,}" if answer.more else counted(len(answer.rows), "line")
        return DataSummary(answer.as_of, None, self.filter, (*pruned, shown, searched, *following))

    # What commands do ---------------------------------------------------------------------------------------------

    def filter_to(self, expression: str, *, done: bool) -> None:
        """Asks the store at Enter only: a search reads all lines. What cannot be parsed stays to be corrected."""
        self.filter = self._typed  # the header names the search whose matches are shown
        if not done:
            return
        try:
            of_functions = self.expanded(expression)
            tags, where = tags_in(of_functions.expression), without_tags(of_functions.expression)
            if not self.is_of_many() and (tags or of_functions.sets):
                raise FilterError("all lines are of one function: tags, and filters of functions, choose nothing here")
            parse(where)
        except (LineQueryError, FilterError) as error:
            self.query_one(FilterLine).start(expression)
            self.say(str(error))
            return
        self.own_tags, self.own_sets = tags, of_functions.sets
        notice = self.query_one(Notice)
        if not notice.failing:
            notice.clear_notice()
        self.filter = self._typed = expression
        self.where = where
        self.answer = None
        self.log_pane.marked_row = None
        self.ask_rows()

    def toggle_follow(self) -> None:
        """Brings new lines into sight as they are collected from now on, or no longer."""
        self.following = not self.following
        if self.following:
            self.ask_rows()
        self.refresh_header()

    def open_line(self) -> None:
        """Opens the invocation that wrote the marked line, or says why there is none."""
        number = self.log_pane.line_here()
        line = self._rows_of_lines[number] if number is not None and number < len(self._rows_of_lines) else None
        if line is None:
            self.say("there is no line here")
        elif not line.request_id:
            self.say("this line belongs to no invocation that is stored")
        else:
            self.navigator.open(ToInvocation(request_id=line.request_id, name=line.function, line=line))

    def show_around(self) -> None:
        """Shows 3 lines before and after each match, then 10, then none again."""
        if not self.where:
            self.say("all lines are shown: / looks for some, and a then shows the lines around them")
            return
        self._around = _AROUND[(_AROUND.index(self._around) + 1) % len(_AROUND)]
        self.say(f"{counted(self._around, 'line')} around each" if self._around else "only the lines that were found")
        self.ask_rows()

    @property
    def around(self) -> int:
        """How many lines before and after each match are shown too."""
        return self._around

    def pick_field(self) -> None:
        """Asks which JSON field to show as a column; one that is a column already is taken away."""
        rows = [row for row in self._rows_of_lines if row is not None]
        seen = fields_seen(rows[-_LINES_WITH_FIELDS:])
        if not seen and not self._fields:
            self.say("no line here is JSON: there are no fields to pick")
            return
        choices = [f"without {name}" for name in self._fields] + [name for name in seen if name not in self._fields]
        self.app.push_screen(PickScreen("A field as a column", choices), self._toggle_field)

    def _toggle_field(self, choice: str | None) -> None:
        if not choice:
            return
        if choice.startswith("without "):
            self._fields.remove(choice.removeprefix("without "))
        else:
            self._fields.append(choice)
        self.paint_again()

    def ask_stats(self) -> None:
        """Asks which figures to compute from these lines, and opens them as a table."""
        prompt = "Figures of these lines: count, p95(.ms) by .route, 5m"
        self.app.push_screen(PromptScreen(prompt, self.session.saved.get("line_stats", "count by level")), self._count)

    def _count(self, typed: str | None) -> None:
        if not typed:
            return
        self.session.saved["line_stats"] = typed  # the next prompt begins with it
        try:
            stats = line_stats.parse(typed)
        except LineQueryError as error:
            self.say(str(error))
            return
        self.navigator.open(ToLineStats(typed, stats, self.where, self.subject(), self.own_tags, self.own_sets))

    def raw_json(self) -> str | None:
        """The lines that the store found, as a JSON list; None before the first answer."""
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


def _few(names: Sequence[str], noun: str) -> str:
    """The names where they are at most five, else how many there are."""
    return ", ".join(names) if len(names) <= 5 else counted(len(names), noun)

"""One invocation: what happened, what it cost, and its lines with the stack trace."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from lambdatui.commands.base import Commands
from lambdatui.commands.time_range import Earlier, Later
from lambdatui.screens.base.log import LOG_COMMANDS, LogScreen
from lambdatui.screens.base.query import QueryScreen
from lambdatui.session.destinations import InvocationKey, ToInvocation
from lambdatui.session.queries import QueryContext
from lambdatui.session.session import Session
from lambdatui.text.figures import counted, decimal_text, rate
from lambdatui.views.columns import columns_by_id
from lambdatui.views.formatting import json_value, value_text
from lambdatui.views.invocation import DETAIL_COLUMNS, InvocationDetail, find, invocation, neighbour
from lambdatui.views.invocation_clipping import facts_of, of_invocation
from lambdatui.views.invocations import InvocationView
from lambdatui.views.logs import LogView
from lambdatui.views.phases import phases
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.fields import Field, Fields
from lambdatui.widgets.header import DataSummary
from lambdatui.widgets.log_pane import LogPane

if TYPE_CHECKING:
    from lambdatui.views.clipping import Clipping
    from pricing.bill import Bill

_FIELD_CELLS = 38
_ROOMY = 30
"""A terminal of at least this many lines has room for the log stream's name among the fields."""
_COLUMNS, _LINE_COLUMNS = columns_by_id(InvocationView), columns_by_id(LogView)


class EarlierInvocation(Earlier):
    """Show the invocation of this function that began before this one."""

    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "earlier"


class LaterInvocation(Later):
    """Show the invocation of this function that began after this one."""

    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "later"


class InvocationScreen(LogScreen, QueryScreen):
    """The screen of one invocation; a failed one opens at its stack trace."""

    COMMANDS_HERE: ClassVar[Commands] = (*LOG_COMMANDS, EarlierInvocation, LaterInvocation)

    def __init__(self, session: Session, destination: ToInvocation) -> None:
        super().__init__(session)
        key = destination.key
        self._line, self._awaited = destination.line, destination.awaited
        self._key = key
        self._request_id = destination.request_id or (key[2] if key else "")
        self._function = destination.name

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: the function's name and the request id."""
        return (self._function, self._request_id)

    def body(self) -> ComposeResult:
        """The invocation's fields, and its log lines."""
        with Vertical(id="details"):
            yield Fields(_FIELD_CELLS, self.session.marks.more, most=3, id="fields")
            empty = Static("", id="empty", markup=False)
            empty.display = False
            yield empty
        yield LogPane(self.session.marks, utc=self.session.utc, id="log")

    def is_of_many(self) -> bool:
        """It is of one invocation."""
        return False

    def question(self) -> Callable[[QueryContext], InvocationDetail | None]:
        """Reads the invocation by its key, else by its request id; None where the store has none."""
        key, request_id, line = self._key, self._request_id, self._line
        near = None if line is None else (line.function_id, line.timestamp)

        def ask(query: QueryContext) -> InvocationDetail | None:
            if key is not None:
                return invocation(query.reader, key, query.book)
            return find(query.reader, request_id, query.book, of=near)

        return ask

    def paint(self, answer: InvocationDetail | None) -> None:
        """Shows fields and lines; at first the line it was opened from, or a failure's stack trace."""
        missing = self.query_one("#empty", Static)
        missing.display = answer is None or not answer.lines
        if answer is None:
            missing.update(
                " It is not collected yet: it appears here as soon as it is. Esc goes back."
                if self._awaited
                else " The store no longer holds this invocation: only its sums are kept. Esc goes back."
            )
            return
        missing.update(" No log lines of it are kept.")
        self._function = answer.invocation.function
        self.query_one("#fields", Fields).show_fields(self._fields(answer))
        first = not self.log_pane.lines_shown
        self.log_pane.show_lines(answer.lines)
        if first and self._line is not None:
            opened_at = self._line.timestamp, self._line.message
            texts = [(line.timestamp, line.text) for line in answer.lines]
            if opened_at in texts:
                self.call_after_refresh(self.log_pane.go_to_line, texts.index(opened_at))
        elif first and answer.invocation.failed:
            self._go_to_trace(answer)

    def _go_to_trace(self, answer: InvocationDetail) -> None:
        """Scrolls so that the stack trace begins at the top of the pane."""
        line = answer.trace.first_line if answer.trace else None
        self.call_after_refresh(self.log_pane.go_to_line, line)

    def _fields(self, answer: InvocationDetail) -> list[Field]:
        row = answer.invocation

        def field(label: str, column_id: str, tone: str = "", *, wide: bool = False) -> Field:
            return Field(
                label, value_text(_COLUMNS[column_id], getattr(row, column_id), utc=self.session.utc), tone, wide
            )

        fields = [
            field("status", "status", "error" if row.failed else "good" if row.status == "ok" else "quiet"),
            field("started", "started_at"),
            field("duration", "duration_ms"),
            field("billed", "billed_ms"),
            Field("cold", _cold(row), "" if row.cold_start else "quiet"),
            Field("memory", f"{_mb(row.max_memory_mb)} of {_mb(row.memory_mb)}"),
            Field("attempt", _attempt(answer), "warning" if len(answer.attempts) > 1 else ""),
            field("trace id", "trace_id", "quiet"),
        ]
        fields += self._waterfall(row)
        if len(answer.attempts) > 1:
            attempts = (
                f"{n.attempt} {n.status} {value_text(_COLUMNS['duration_ms'], n.duration_ms)}" for n in answer.attempts
            )
            fields.append(Field("attempts", ", ".join(attempts), "quiet", wide=True))
        if row.error_type:
            fields.append(field("error", "error_type", "error", wide=True))
        if answer.bill is not None:
            fields.append(Field("cost", _arithmetic(answer.bill, self.session.marks.times), wide=True))
        if self.app.size.height >= _ROOMY:
            fields.append(field("stream", "log_stream", "quiet", wide=True))
        return fields

    def _waterfall(self, row: InvocationView) -> list[Field]:
        """A field for each phase, drawn where it lies in the whole time."""
        of_row = phases(row)
        if not of_row:
            return []
        cells = max(10, self.app.size.width - 40)
        whole = max(1e-9, of_row[-1].start_ms + of_row[-1].length_ms)
        sign = "#" if self.session.terminal.ascii else "█"
        lines = []
        for phase in of_row:
            start = min(cells - 1, round(cells * phase.start_ms / whole))
            length = max(1, round(cells * (phase.start_ms + phase.length_ms) / whole) - start)  # where the next begins
            took = f"{value_text(_COLUMNS['duration_ms'], phase.length_ms)}{'' if phase.billed else ', not billed'}"
            lines.append(
                Field(
                    phase.name,
                    f"{' ' * start}{sign * length} {took}",
                    "" if phase.billed else "quiet",
                    wide=True,
                )
            )
        return lines

    def travel(self, *, back: bool) -> None:
        """Goes to the invocation of this function before or after this one, whatever the range is."""
        if self.answer is not None:
            self._ask_neighbour(self.answer.invocation.key, back, self.choice_of_shown_rows(), self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="neighbour")
    def _ask_neighbour(self, key: InvocationKey, back: bool, choice: RangeChoice, now_ms: int) -> None:
        self.ask_store("neighbour", lambda query: (neighbour(query.reader, key, back=back), back), choice, now_ms)

    def paint_part(self, subject: str, answer: tuple[InvocationKey | None, bool]) -> None:
        """Goes to the neighbour, or says that there is none."""
        key, back = answer
        if key is None:
            self.say(f"this is the {'first' if back else 'last'} invocation of {self._function} that is kept")
            return
        self._key, self._request_id = key, key[2]
        self.log_pane.show_lines(())
        self.ask_rows()

    def summary(self) -> DataSummary:
        """How many lines there are, and how many of them tell of a failure."""
        if not self.is_mounted or self.answer is None:
            return DataSummary(filter=self.filter)
        pane = self.log_pane
        errors = sum(1 for line in pane.lines_shown if line.kind == "error")
        return DataSummary(
            filter=self.filter, counts=(f"{counted(len(pane.lines_shown), 'line')}, {errors:,} of failure",)
        )

    def line_facts(self, numbers: Sequence[int]) -> tuple[tuple[str, str], ...]:
        """The invocation that wrote them."""
        return facts_of(self.answer) if self.answer is not None else ()

    def clipping(self) -> "Clipping | None":
        """The chosen lines; without any, the stack trace; of an invocation without a trace, all lines."""
        answer: InvocationDetail | None = self.answer
        if answer is None or not answer.lines or self.log_pane.chosen_lines():
            return super().clipping()
        return of_invocation(answer)

    def raw_json(self) -> str | None:
        """The invocation and its lines as a JSON object; None before the answer."""
        answer: InvocationDetail | None = self.answer
        if answer is None:
            return None
        fields: dict[str, Any] = {c.id: json_value(c, getattr(answer.invocation, c.id)) for c in DETAIL_COLUMNS}
        fields["lines"] = [
            {"timestamp": json_value(_LINE_COLUMNS["timestamp"], line.timestamp), "message": line.text}
            for line in answer.lines
        ]
        return json.dumps(fields, indent=2)


def _attempt(answer: InvocationDetail) -> str:
    """Such as ``2 of 3``: the attempts of one request share its id."""
    return f"{answer.invocation.attempt} of {max(len(answer.attempts), answer.invocation.attempt)}"


def _cold(row: InvocationView) -> str:
    """Such as ``yes, init 212 ms``."""
    text = value_text(_COLUMNS["cold_start"], row.cold_start)
    for word, value in (("init", row.init_ms), ("restore", row.restore_ms)):
        if value is not None:
            text = f"{text}, {word} {value_text(_COLUMNS['init_ms'], value)}"
    return text


def _mb(value: int | None) -> str:
    return value_text(_COLUMNS["memory_mb"], value)


def _arithmetic(bill: "Bill", times: str) -> str:
    """Such as ``$0.0000021916 = 1 request × $0.0000002 + 0.1195 GB-s × $0.0000166667``: list price, no free tier."""
    terms = []
    for line in bill.lines:
        price = "no public price" if line.rate is None else rate(line.rate, line.currency)
        terms.append(f"{decimal_text(line.billable)} {'req' if line.unit == 'request' else line.unit} {times} {price}")
    total = "not priced" if bill.total is None else rate(bill.total, bill.currency)
    return f"{total} = {' + '.join(terms)}"

"""Throttles: which functions were rejected, when, by which limit, and how much concurrency is left."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import work

from lambdatui.commands.base import Commands
from lambdatui.commands.navigation import ShowThrottles
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.queries import QueryContext
from lambdatui.text.figures import count, plural
from lambdatui.views.columns import columns_by_id
from lambdatui.views.concurrency import ConcurrencyView, HeadroomView, concurrency
from lambdatui.views.formatting import value_text
from lambdatui.views.row_details import RowDetails, of_parts
from lambdatui.views.throttle_details import ThrottledTime, throttle_parts, throttled_times
from lambdatui.views.time_range import RangeChoice

_TIMES = "throttled times"
_COLUMNS = columns_by_id(HeadroomView)


class ThrottlesScreen(TableScreen):
    """The screen of throttles, the most throttled function first. Enter opens it; its charts show when."""

    NAME: ClassVar[str] = "throttles"
    COMMANDS_HERE: ClassVar[Commands] = tuple(one for one in TABLE_COMMANDS if one is not ShowThrottles)
    ROW: ClassVar[type] = HeadroomView
    ROW_IS: ClassVar[str] = "function"
    MARKS_FUNCTIONS: ClassVar[bool] = True
    SORT: ClassVar[tuple[str, bool] | None] = ("throttles", True)

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Throttles``."""
        return ("Throttles",)

    def question(self) -> Callable[[QueryContext], ConcurrencyView]:
        """Asks for throttles, concurrency and limits of functions and accounts."""
        return lambda query: concurrency(query.reader, query.range, scope=query.scope)

    def key_of(self, row: HeadroomView) -> Any:
        """The function's id, account and region: an account's own row has no function."""
        return row.function_id, row.account, row.region

    def counts(self) -> tuple[str, ...]:
        """The number of throttles and of rows, or that no metrics were collected."""
        view: ConcurrencyView = self.answer
        if not view.collected:
            return "no metrics: lambdatui collect", *super().counts()
        rejected = sum(row.throttles or 0 for row in view.rows if row.function_id)
        return f"{count(rejected)} {plural(rejected, 'throttle')}", *super().counts()

    def subject(self) -> tuple[int, str] | None:
        """The function under the cursor; None on an account's own row."""
        found = super().subject()
        return found if found and found[0] else None

    def details_question(self, row: HeadroomView) -> Callable[[QueryContext], RowDetails]:
        """Asks when requests were rejected, and why; of a function also for charts of its calls and concurrency."""
        times, columns, utc = self.times_question(row), self.chart_columns, self.session.utc

        def ask(query: QueryContext) -> RowDetails:
            when = throttle_parts(
                times(query), utc=utc, of_account=not row.function_id, is_known=row.throttles is not None
            )
            if not row.function_id:
                return of_parts(f"{row.account or ''} {row.region or ''}".strip(), _of_account(row, when))
            from lambdatui.views.function_details import throttle_details

            parts = [*when, *_of_function(row)]
            return throttle_details(query.reader, query.range, row.function_id, chart_columns=columns, parts=parts)

        return ask

    def open_row(self, row: HeadroomView) -> None:
        """Opens the function; of an account's own row, shows when its limit was reached, and by whom."""
        if row.function_id:
            self.open_function(row.function_id, row.function)
        else:
            self._ask_times(row, self.times_question(row), self.choice_of_shown_rows(), self.session.now_ms())

    def times_question(self, row: HeadroomView) -> Callable[[QueryContext], list[ThrottledTime]]:
        """Asks when requests of the row's function, or by its account's limit, were rejected, and why."""
        rows: Sequence[HeadroomView] = self.answer.headroom
        place = row.account, row.region
        ids = [
            one.function_id for one in rows if one.throttles and one.function_id and (one.account, one.region) == place
        ]
        wanted, is_account = ([row.function_id], False) if row.function_id else (ids, True)
        return lambda query: throttled_times(query.reader, query.range, wanted, of_account=is_account)

    @work(thread=True, exclusive=True, exit_on_error=False, group="throttled times")
    def _ask_times(self, row: HeadroomView, question: Any, choice: RangeChoice, now_ms: int) -> None:
        self.ask_store(_TIMES, lambda query: (row, question(query)), choice, now_ms)

    def paint_aside(self, subject: str, answer: Any) -> bool:
        """Shows an account's limit in a box, where the answer is when it was reached."""
        if subject != _TIMES:
            return super().paint_aside(subject, answer)
        row, times = answer
        title = f"{row.account or ''} {row.region or ''}".strip()
        parts = throttle_parts(times, utc=self.session.utc, of_account=True, is_known=row.throttles is not None)
        self.app.push_screen(DetailsScreen(title, _of_account(row, parts)))
        return True


def _requests(row: HeadroomView) -> str:
    """``28,264 requests``: those that were taken and those that were rejected."""
    if row.invocations is None:
        return f"{count(None)} requests"
    number = row.invocations + (row.throttles or 0)
    return f"{count(number)} {plural(number, 'request')}"


def _of_function(row: HeadroomView) -> list[tuple[str, str]]:
    def text(name: str) -> str:
        return value_text(_COLUMNS[name], getattr(row, name))

    requests = _requests(row)
    return [
        ("rejected", f"{text('throttles')} of {requests}"),
        ("limit", f"{text('limit')} ({row.limited_by})"),
        ("most at once", f"{text('concurrency')}, room left {text('headroom')}"),
        ("full by", text("saturation")),
    ]


def _of_account(row: HeadroomView, times: list[tuple[str, str]]) -> list[tuple[str, str]]:
    def text(name: str) -> str:
        return value_text(_COLUMNS[name], getattr(row, name))

    requests = _requests(row)
    return [
        *times,
        (
            "Limit of concurrent executions",
            f"{text('limit')}, for all functions of the account in this region together",
        ),
        ("Most at once in this range", text("concurrency")),
        ("Room left at that moment", text("headroom")),
        ("Rejected for any reason", f"{text('throttles')} of {requests}"),
        ("Full by", f"{text('saturation')}, by the trend of the daily peaks of 30 days"),
        (
            "What to do",
            "Ask for a higher quota (Service Quotas, Lambda, Concurrent executions) before it is full; reserve "
            "concurrency for what must not wait. Reserved concurrency is taken from the same limit.",
        ),
    ]

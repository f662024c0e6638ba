"""Throttles: which functions were rejected, when, by which limit, and how much concurrency is left."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.navigation import ShowThrottles
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.queries import QueryContext
from lambdatui.text.figures import count, plural
from lambdatui.views.columns import columns_by_id
from lambdatui.views.concurrency import ConcurrencyView, HeadroomView, concurrency
from lambdatui.views.formatting import value_text

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

    def in_trouble(self, row: HeadroomView) -> bool:
        """Whether requests were rejected, or less than 10% of the limit is left."""
        return bool(row.throttles) or (row.headroom is not None and row.headroom < 0.1)

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

    def open_row(self, row: HeadroomView) -> None:
        """Opens the function; of an account's own row, shows its limit in a box."""
        if row.function_id:
            self.open_function(row.function_id, row.function)
        else:
            self.app.push_screen(DetailsScreen(f"{row.account or ''} {row.region or ''}".strip(), _of_account(row)))


def _of_account(row: HeadroomView) -> list[tuple[str, str]]:
    def text(name: str) -> str:
        return value_text(_COLUMNS[name], getattr(row, name))

    requests = count(None if row.invocations is None else row.invocations + (row.throttles or 0))
    return [
        (
            "Limit of concurrent executions",
            f"{text('limit')}, for all functions of the account in this region together",
        ),
        ("Most at once in this range", text("concurrency")),
        ("Room left at that moment", text("headroom")),
        ("Rejected", f"{text('throttles')} of {requests} requests"),
        ("Full by", f"{text('saturation')}, by the trend of the daily peaks of 30 days"),
        (
            "What to do",
            "Ask for a higher quota (Service Quotas, Lambda, Concurrent executions) before it is full; reserve "
            "concurrency for what must not wait. Reserved concurrency is taken from the same limit.",
        ),
    ]

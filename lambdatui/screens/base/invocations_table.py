"""A table of invocations: all at once where they are few, else pages that are read as they come into sight."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on, work

from collectors.model.records import Status
from lambdatui.screens.base.table import TableScreen
from lambdatui.session.destinations import ToInvocation
from lambdatui.session.messages import AnswerFailed
from lambdatui.session.queries import QueryContext, ask
from lambdatui.text.figures import counted
from lambdatui.views.filters import Filter, FilterError, tags_in
from lambdatui.views.invocation_clipping import TraceOf
from lambdatui.views.invocations import (
    INVOCATION_COLUMNS,
    STORE_ORDER,
    InvocationsView,
    InvocationView,
    invocations,
)
from lambdatui.views.retained_since import invocations_not_kept
from lambdatui.views.row_details import RowDetails
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.messages import MoreWanted, PageWanted, SortChosen
from lambdatui.widgets.rows import PAGE_ROWS, AllRows, PagedRows

FAILED = tuple(status for status in Status if status.failed)

EXPORTED_ROWS = 1_000_000
"""The most rows that a screen exports to a file; ``lambdatui invocations`` has no limit."""

WHOLE_ROWS = 1_000
"""Up to this many rows are read at once; more are paged."""


@dataclass(frozen=True)
class RowsRequest:
    """Which invocations to ask for, and in which order; made before a thread asks for them."""

    function_ids: Sequence[int] | None
    scope: Any
    where: Filter | None
    only_failed: bool
    order: str
    ascending: bool

    @property
    def is_filtered(self) -> bool:
        """Whether the filter or ``only_failed`` leaves invocations out."""
        return self.where is not None or self.only_failed

    def ask(self, query: QueryContext, offset: int, limit: int) -> InvocationsView:
        """Reads at most ``limit`` invocations from the store, after the first ``offset`` of them."""
        return invocations(
            query.reader,
            query.range,
            query.book,
            scope=query.scope,
            function_ids=self.function_ids,
            statuses=FAILED if self.only_failed else None,
            where=self.where,
            order=self.order,
            ascending=self.ascending,
            offset=offset,
            limit=limit,
        )


@dataclass(frozen=True)
class InvocationRows:
    """What the store answered: a view and, where its rows are too many to be read at once, the pages in sight."""

    view: InvocationsView
    pages: dict[int, Sequence[InvocationView]]
    not_kept: str = ""
    """Since when invocations are kept, where the range begins before that; else empty."""


class InvocationsTable(TableScreen):
    """A table of invocations. Subclasses say of which functions they are: ``function_ids``."""

    ROW: ClassVar[type] = InvocationView
    ROW_IS: ClassVar[str] = "invocation"
    FILTERED_ROWS: ClassVar[str] = "invocations"
    REASON: ClassVar[str] = "status"
    SORT: ClassVar[tuple[str, bool] | None] = ("started_at", True)
    STORE_ORDER: ClassVar[tuple[str, ...]] = tuple(STORE_ORDER)
    _pruned: tuple[str, ...] = ()  # since when invocations are kept, where the range begins before that

    def function_ids(self) -> Sequence[int] | None:
        """The ids of the functions whose invocations are shown; None for all functions in scope."""
        return None

    def rows_request(self) -> RowsRequest:
        """What to ask for with the present filter and order, newest first where the store cannot sort so."""
        table = self.table
        sort = table.sort if table.sort and table.sort[0] in STORE_ORDER else ("started_at", True)
        return RowsRequest(
            self.function_ids(), self.scope, table.where, table.only_trouble, sort[0], ascending=not sort[1]
        )

    def parse_filter(self, expression: str) -> Filter | None:
        """The filter, as of any table; one by tag is refused where all rows are of one function."""
        filter = self.expanded(expression)
        if self.function_ids() is not None and (filter.sets or tags_in(filter.expression)):
            raise FilterError("all of these are of one function: its tags, and filters of functions, choose nothing")
        return super().parse_filter(expression)

    def key_of(self, row: InvocationView) -> Any:
        """The invocation's key in the store."""
        return row.key

    def trace_of(self, row: InvocationView) -> TraceOf:
        """The invocation's own."""
        return TraceOf(row.key, otherwise=self.row_text(row))

    def open_row(self, row: InvocationView) -> None:
        """Opens the invocation with its log lines."""
        self.navigator.open(ToInvocation(key=row.key, name=row.function))

    def details_question(self, row: InvocationView) -> Callable[[QueryContext], RowDetails]:
        """Asks for the invocation's log."""
        key, title, utc = row.key, f"{row.function} {row.request_id}", self.session.utc

        def ask(query: QueryContext) -> RowDetails:
            from lambdatui.views.invocation_details import invocation_details

            return invocation_details(query.reader, key, title, query.book, utc=utc)

        return ask

    # Asking -------------------------------------------------------------------------------------------------------

    def rows_question(self) -> Callable[[QueryContext], InvocationRows]:
        """All rows where they are at most ``WHOLE_ROWS``; else the pages that are in sight."""
        request = self.rows_request()
        table = self.table
        top = round(table.scroll_offset.y)
        in_sight = sorted({0, top // PAGE_ROWS, (top + table.size.height) // PAGE_ROWS})

        def ask(query: QueryContext) -> InvocationRows:
            view = request.ask(query, 0, WHOLE_ROWS)
            not_kept = invocations_not_kept(query.reader, query.range, request.function_ids)
            if request.is_filtered or not view.more:
                return InvocationRows(view, {}, not_kept)
            return InvocationRows(
                view,
                {page: request.ask(query, page * PAGE_ROWS, PAGE_ROWS).rows for page in in_sight if page}
                | {0: view.rows[:PAGE_ROWS]},
                not_kept,
            )

        return ask

    def paint_rows(self, answer: InvocationRows) -> None:
        """Shows the rows: all of them, or those pages that the answer has."""
        view = answer.view
        self._pruned = (answer.not_kept.partition(";")[0],) if answer.not_kept else ()
        self._next_offset = len(view.rows)
        if answer.pages:
            self._order_by_store()
            source = PagedRows(view.total)
            for page, rows in answer.pages.items():
                source.put(page, rows)
            self.table.show_rows(source)
        else:
            if view.more:
                self._order_by_store()
            self.table.show_rows(AllRows(view.rows, more=view.more))
        self.say_if_empty()

    def _order_by_store(self) -> None:
        """Sorts paged rows by newest first, unless they are in another order that the store can sort by."""
        if self.table.sort is None or self.table.sort[0] not in STORE_ORDER:
            self.table.sort = ("started_at", True)

    @on(PageWanted)
    def _page_wanted(self, message: PageWanted) -> None:
        self._ask_page(message.page, self.rows_request(), self.choice_of_shown_rows(), self.session.now_ms())

    @work(thread=True, exit_on_error=False, group="pages")
    def _ask_page(self, page: int, request: RowsRequest, choice: RangeChoice, now_ms: int) -> None:
        self.ask_store(
            "page", lambda query: (page, request, request.ask(query, page * PAGE_ROWS, PAGE_ROWS)), choice, now_ms
        )

    @on(MoreWanted)
    def _more_wanted(self, message: MoreWanted) -> None:
        self._ask_more(self._next_offset, self.rows_request(), self.choice_of_shown_rows(), self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="more")
    def _ask_more(self, offset: int, request: RowsRequest, choice: RangeChoice, now_ms: int) -> None:
        self.ask_store("more", lambda query: (offset, request, request.ask(query, offset, WHOLE_ROWS)), choice, now_ms)

    def paint_part(self, subject: str, answer: Any) -> None:
        """Shows a page, or more matching rows. Ignores it where order or filter have changed since it was asked for."""
        place, request, view = answer
        if request != self.rows_request():
            return
        if subject == "page":
            self.table.put_page(place, view.rows)
        elif place == self._next_offset and isinstance(self.table.source, AllRows):
            self._next_offset = place + len(view.rows)
            self.table.show_rows(AllRows([*self.table.source.rows, *view.rows], more=view.more))

    def show_failure(self, message: AnswerFailed) -> None:
        """Shows the failure, and lets the pages that did not come be asked for again."""
        super().show_failure(message)
        if isinstance(self.table.source, PagedRows):
            self.table.source.forget_asked()

    # What commands do ---------------------------------------------------------------------------------------------

    @on(SortChosen)
    def _sort_chosen(self) -> None:
        if self.table.source.paged or self.table.source.more:
            self.ask_rows()

    def filter_rows(self, where: Filter | None, *, only_trouble: bool, done: bool) -> None:
        """Filters at every key where all rows are in memory; else asks the store, at Enter."""
        table = self.table
        whole = isinstance(table.source, AllRows) and not table.source.more and not self._searched
        if whole:
            table.filter_rows(where, only_trouble=only_trouble)
            self.say_if_empty()
        elif done:
            table.where, table.only_trouble = where, only_trouble
            self._searched = bool(where is not None or only_trouble)
            self.ask_rows()

    _next_offset = 0
    _searched = False

    def counts(self) -> tuple[str, ...]:
        """How many invocations there are or match, and since when they are kept, where the range begins before."""
        source, view = self.table.source, self.invocations_view()
        if isinstance(source, AllRows) and view is not None and (self.table.where or self.table.only_trouble):
            more = "+" if source.more else ""
            searched = "" if source.more else f", {view.total:,} searched" if self._searched else f" of {view.total:,}"
            matches = counted(self.table.row_count, "match") if not more else f"{self.table.row_count:,}{more} matches"
            return (*self._pruned, f"{matches}{searched}")
        return (*self._pruned, counted(len(source), "invocation"))

    def rows_to_export(self, form: str) -> Callable[[], str]:
        """Rows that are paged are read from the store as they are written."""
        if self.marks_count() or (isinstance(self.table.source, AllRows) and not self.table.source.more):
            return super().rows_to_export(form)
        from lambdatui.screens.base.export_file import rows_text

        request, choice, now_ms = self.rows_request(), self.choice_of_shown_rows(), self.session.now_ms()
        scope = self.scope_for("rows to export")

        def text() -> str:
            _, view = ask(self.session.db, choice, now_ms, lambda query: request.ask(query, 0, EXPORTED_ROWS), scope)
            return rows_text(form, view, view.rows, INVOCATION_COLUMNS)

        return text

    def invocations_view(self) -> InvocationsView | None:
        """The view that the rows are of; None before the first answer."""
        answer: Any = self.answer
        return answer if isinstance(answer, InvocationsView) else None

"""A screen whose body is one table."""

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Static

from lambdatui.commands.base import Commands
from lambdatui.commands.general import GENERAL
from lambdatui.commands.navigation import NAVIGATION
from lambdatui.commands.row_pane import PANES
from lambdatui.commands.table import ARRANGE, TABLE
from lambdatui.commands.time_range import TIME
from lambdatui.screens.base.pane import PaneScreen
from lambdatui.session.messages import AnswerFailed
from lambdatui.session.session import Session
from lambdatui.text.figures import count, counted, plural
from lambdatui.text.plain import plain
from lambdatui.views.columns import Column, TableColumn, chosen_columns, columns_of, picked_columns, table_columns
from lambdatui.views.filters import Filter, FilterError, parse, tags_in
from lambdatui.views.fleet_health import trouble_rank
from lambdatui.views.formatting import json_value, value_text
from lambdatui.views.named_filter import Expanded, misfit
from lambdatui.views.shared_columns import TROUBLE
from lambdatui.widgets.column_letters import column_letters
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import DataSummary
from lambdatui.widgets.messages import RowOpened, SortChosen, SortRefused
from lambdatui.widgets.row_pane import TableAndPane
from lambdatui.widgets.rows import AllRows
from lambdatui.widgets.table import Nesting, Table

if TYPE_CHECKING:
    from lambdatui.views.clipping import Clipping
    from lambdatui.views.invocation_clipping import TraceOf
    from lambdatui.views.time_range import RangeChoice

TABLE_COMMANDS: Commands = (*TABLE, *PANES, *NAVIGATION, *ARRANGE, *GENERAL, *TIME)


class TableScreen(PaneScreen):
    """A screen of one table. Subclasses say what a row is, when it is in trouble, and what Enter opens."""

    COMMANDS_HERE: ClassVar[Commands] = TABLE_COMMANDS
    ROW: ClassVar[type] = object
    """The row type: what its fields declare are the table's columns, and those that a filter can name."""
    COLUMNS: ClassVar[tuple[TableColumn, ...]] = ()
    FILTERED: ClassVar[tuple[Column, ...]] = ()
    """The columns that a filter can name: those of the view, seen or not."""
    EXPORT_FORM: ClassVar[str] = "csv"
    ROW_IS: ClassVar[str] = "row"
    """What people call a row, in the singular."""
    SORT: ClassVar[tuple[str, bool] | None] = None
    """The order at first: a column's id, and whether it is descending; None for the order of the answer."""
    STORE_ORDER: ClassVar[tuple[str, ...]] = ()
    """The ids of the columns by which the store can sort rows that are paged."""
    REASON: ClassVar[str] = "trouble"
    """The column that says in words why a row is in trouble: it is there whatever other columns are hidden."""
    COPIED: ClassVar[str] = "row"
    """What is copied of a row, in the singular."""
    MARKS_FUNCTIONS: ClassVar[bool] = False
    """Whether a row is a function, so that marks stay with it from screen to screen."""
    nesting: Nesting | None = None
    """Which rows lie beneath others; None where none do."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "ROW" in vars(cls):
            cls.COLUMNS, cls.FILTERED = table_columns(cls.ROW), columns_of(cls.ROW)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._marked_rows: dict[Any, Any] = {}  # by key, where rows are no functions; those are the session's

    def body(self) -> ComposeResult:
        """The table, the text that takes its place while it has no rows, and the pane for the row under the cursor."""
        with TableAndPane():
            yield self.make_table()
            yield self.make_empty()
            yield from self.make_pane()

    def make_table(self) -> Table:
        """The table, with the order that was saved by the run before."""
        return Table(
            self.columns(),
            self.session.marks,
            utc=self.session.utc,
            key_of=self.key_of,
            in_trouble=self.in_trouble,
            rank=None if self._in_order else self.trouble_rank,
            one_scale=self.session.saved.get(self._scale_name) == "one",
            plain_order=self.session.saved.get(self._order_name) == "plain",
            is_marked=self.is_marked,
            sort=self._saved_sort(),
            store_order=self.STORE_ORDER,
            nesting=self.nesting,
            others=self.every_column(),
        )

    def columns(self) -> tuple[TableColumn, ...]:
        """The columns chosen by ``H``, else those of the configuration's ``[columns]``, else the screen's own."""
        picked = self.session.saved.get(f"{self.columns_name()}.columns", "")
        return self._with_reason(picked_columns(picked, self.every_column(), self.usual_columns()))

    def usual_columns(self) -> tuple[TableColumn, ...]:
        """The columns where none were chosen here: those that the configuration names, else the screen's own."""
        chosen = chosen_columns(self.session.columns.get(self.NAME or "", ()), self.FILTERED, self.COLUMNS)
        return self._with_reason(chosen)

    def columns_name(self) -> str:
        """What the chosen columns are saved under: ``functions``; ``function`` for the screen of one."""
        return self.NAME or type(self).__name__.removesuffix("Screen").removeprefix("Local").lower()

    def every_column(self) -> tuple[Column, ...]:
        """All columns that the table can show."""
        known = {column.id: column for column in self.FILTERED}
        return tuple((known | {one.column.id: one.column for one in self.usual_columns()}).values())

    def _with_reason(self, columns: tuple[TableColumn, ...]) -> tuple[TableColumn, ...]:
        """The columns, among them the one that says why a row is in trouble: after the first, where it was left out."""
        own = next((place for place in (*columns, *self.COLUMNS) if place.column.id == self.REASON), None)
        if own is None:
            known = (column for column in self.FILTERED if column.id == self.REASON)
            column = next(known, TROUBLE if hasattr(self.ROW, TROUBLE.id) else None)
            if column is None:
                return columns
            own = TableColumn(column)
        reason = TableColumn(own.column, 0, own.width, own.grows, own.most, stays=True)
        if own in columns:
            return tuple(reason if place is own else place for place in columns)
        return (*columns[:1], reason, *columns[1:])

    @property
    def _scale_name(self) -> str:
        """The name under which the state has whether trends share a scale."""
        return f"{self.NAME or type(self).__name__}.scale"

    @property
    def _in_order(self) -> bool:
        return getattr(self.ROW, "IN_ORDER", False)

    @property
    def _order_name(self) -> str:
        """The name under which the state has whether trouble goes first."""
        return f"{self.NAME or type(self).__name__}.order"

    def _saved_sort(self) -> tuple[str, bool] | None:
        """The order of the run before, else the screen's own: a column's id, and whether it is descending."""
        column, _, way = self.session.saved.get(f"{self.NAME}.sort", "").partition(" ")
        if self.NAME and column in {one.id for one in self.every_column()}:
            return column, way == "descending"
        return self.SORT

    def on_mount(self) -> None:
        """Begins with the filter of the run before, which the header shows like any other."""
        saved_filter = self.session.saved.get(f"{self.NAME}.filter", "") if self.NAME else ""
        with contextlib.suppress(FilterError):
            self.table.where = self.parse_filter(saved_filter)
            self._take_functions(self.expanded(saved_filter))
            self.filter = saved_filter

    def save_state(self) -> None:
        """Saves filter and order for the next run."""
        if self.NAME:
            sort = self.table.sort
            self.session.saved[f"{self.NAME}.filter"] = self.filter
            self.session.saved[f"{self.NAME}.sort"] = (
                "" if sort is None or sort == self.SORT else f"{sort[0]} {'descending' if sort[1] else 'ascending'}"
            )

    @on(SortChosen)
    def _sorted(self) -> None:
        self.save_state()

    @on(SortRefused)
    def _sort_refused(self, message: SortRefused) -> None:
        titles = ", ".join(one.title for one in self.FILTERED if self.table.can_sort_by(one))
        self.say(
            f"so many rows are not sorted by {message.title}, but by {titles}; a filter leaves fewer"
            if titles
            else "the rows are still being read"
        )

    def sort_by_letter(self) -> None:
        """Shows a letter in each heading, and sorts by the column whose letter is typed."""
        from lambdatui.screens.dialogs.sorting import SortScreen

        table = self.table
        columns = {placed.column.id: placed.column for placed in sorted(self.columns(), key=lambda placed: placed.need)}
        columns |= {column.id: column for column in self.every_column()}
        sortable = [column for column in columns.values() if table.can_sort_by(column)]
        if not sortable:
            self.say("the rows are still being read: try again in a moment")
            return
        letters = column_letters(sortable)
        unseen = [column for column in sortable if column not in table.visible_columns and column.id in letters]
        hidden = [(letters[column.id], column.label) for column in unseen]

        def take(chosen: str | None) -> None:
            table.show_letters({})
            if chosen is not None:
                table.sort_again(columns[chosen])
                if columns[chosen] not in table.visible_columns:
                    self.say(f"sorted by {columns[chosen].label}, which is not in sight; O reverses")

        table.show_letters(letters)
        self.app.push_screen(SortScreen(letters, hidden), take)

    def choose_columns(self) -> None:
        """Asks for the columns and their order, and keeps the choice for the next run."""
        from lambdatui.screens.dialogs.columns import ColumnsScreen

        name = f"{self.columns_name()}.columns"

        def take(picked: str | None) -> None:
            if picked is not None:
                self.session.saved[name] = picked
                self.table.show_columns(self.columns(), self.every_column())

        picked = self.session.saved.get(name, "")
        usual = [one.column.id for one in self.usual_columns()]
        self.app.push_screen(ColumnsScreen(self.every_column(), picked, usual, always=self.REASON), take)

    def make_empty(self) -> Static:
        """The text in place of an empty table, hidden at first."""
        empty = Static("", id="empty", markup=False)
        empty.display = False
        return empty

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one(Table)

    @property
    def cursor_pane(self) -> Table:
        """The moving keys move the table's cursor."""
        return self.table

    @abstractmethod
    def key_of(self, row: Any) -> Any:
        """What identifies a row: when rows are read again, the cursor stays on the one with the same key."""

    def in_trouble(self, row: Any) -> bool:
        """Whether the row needs attention: the table marks it, and ``x`` keeps only such rows. By default it says."""
        return bool(getattr(row, "trouble", None))

    def trouble_rank(self, row: Any) -> int:
        """Where the row stands unless the order is plain, as ``views.fleet_health.trouble_rank``."""
        return trouble_rank(row) if hasattr(row, "trouble") else 0 if self.in_trouble(row) else 2

    def open_row(self, row: Any) -> None:
        """What Enter does with a row."""

    @on(RowOpened)
    def _opened(self, message: RowOpened) -> None:
        self.open_row(message.row)

    # Painting -----------------------------------------------------------------------------------------------------

    def paint(self, answer: Any) -> None:
        """Shows the answer's rows; the filter and the order stay."""
        self.table.show_rows(AllRows(answer.rows))
        self.say_if_empty()

    def say_if_empty(self) -> None:
        """Says in place of rows why there are none, and what to do."""
        text = "" if self.answer is None or self.table.row_count else self.why_empty()
        if text == self._why_empty:
            return  # an update would lay the whole screen out again
        self._why_empty = text
        empty = self.query_one("#empty", Static)
        empty.update(text)
        empty.display = bool(text)
        self.table.set_class(bool(text), "-empty")

    _why_empty = ""

    def why_empty(self) -> str:
        """Why there are no rows: an empty store, the filter, or the range; and which key helps."""
        if getattr(self.answer, "as_of", None) is None:
            return (
                f"The store {self.session.db} is empty.\n\n"
                "Bring logs in with\n\n    lambdatui import FILE\n\n"
                "FILE is an exported log: JSON lines of events, the output of 'aws logs', an S3\n"
                "export folder, or plain text; - reads standard input.\n\n"
                "This screen fills by itself as soon as something is there."
            )
        of_tags = [plain(note) for note in self.shown_scope.tag_notes] if self.shown_scope is not None else []
        if self.filter or self.table.only_trouble:
            condition = f"match the filter  {self.filter}" if self.filter else "are in trouble"
            undo = "Esc clears the filter" if self.filter else "x shows all again"
            return "\n\n".join((f"No {plural(0, self.ROW_IS)} {condition}", *of_tags, f"{undo}."))
        label = self.session.shown.label if self.session.shown else "this range"
        none = f"No {plural(0, self.ROW_IS)} in this range: {label}."
        elsewhere = "" if label.startswith("all data") else "6 shows all that the store holds; [ goes back in time."
        return "\n\n".join(filter(None, (none, *self.narrowing_notes(), *of_tags, elsewhere)))

    def show_failure(self, message: AnswerFailed) -> None:
        """Shows the failure in place of the rows, where no answer came before."""
        if self.answer is None:
            empty = self.query_one("#empty", Static)
            empty.update(message.notice)
            empty.display = True
            self._why_empty = message.notice
            self.table.add_class("-empty")

    def summary(self) -> DataSummary:
        """The data's age and coverage, the filter, and the number of rows."""
        view = self.answer
        conditions = " ".join(part for part in (self.filter, "only trouble" if self._only_trouble() else "") if part)
        if view is None:
            return DataSummary(filter=conditions)
        *counts, rows = self.counts()
        marked = self.marks_count()
        return DataSummary(
            view.as_of, view.coverage, conditions, (*counts, *((f"{marked:,} marked",) if marked else ()), rows)
        )

    def _only_trouble(self) -> bool:
        return self.is_mounted and self.table.only_trouble

    def counts(self) -> tuple[str, ...]:
        """How many rows there are, such as ``3 of 12 functions``."""
        have, all_rows = self.table.row_count, len(self.table.source)
        return (f"{have:,} of {counted(all_rows, self.ROW_IS)}" if have != all_rows else counted(have, self.ROW_IS),)

    # What commands do ---------------------------------------------------------------------------------------------

    def parse_filter(self, expression: str) -> Filter | None:
        """The filter, or None for an empty one. Raises ``FilterError``."""
        try:
            return parse(self.expanded(expression).expression, self.FILTERED) or None
        except FilterError as error:
            raise misfit(error, expression, self.filtered_rows_are(), self.session.saved_filters) from None

    def _take_functions(self, filter: Expanded) -> bool:
        """Takes what the filter says of functions; whether the store must be asked, as they are others than before."""
        before = self.own_tags, self.own_sets
        self.own_tags, self.own_sets = tags_in(filter.expression), filter.sets
        return before != (self.own_tags, self.own_sets)

    def filter_to(self, expression: str, *, done: bool) -> None:
        """While it is typed, a filter that cannot be read yet leaves the rows as they are.

        At Enter such a filter is not used, and stays to be corrected: rows that match its beginning would pass for
        matches.
        """
        try:
            where = self.parse_filter(expression)
        except FilterError as error:
            if done:
                self.filter = ""
                self.filter_rows(None, only_trouble=self.table.only_trouble, done=True)
                self.query_one(FilterLine).start(expression)
                self.say(str(error))
            return
        if done and self._take_functions(self.expanded(expression)):
            self.table.where = where
            self.ask_rows()  # the rows sum other functions now
        else:
            self.filter_rows(where, only_trouble=self.table.only_trouble, done=done)
        if done:
            self.save_state()

    def toggle_trouble(self) -> None:
        """Keeps only the rows in trouble, or shows all again."""
        self.filter_rows(self.table.where, only_trouble=not self.table.only_trouble, done=True)
        self.refresh_header()

    def toggle_order(self) -> None:
        """Puts the rows in trouble first, or sorts them among the others; kept for the next run."""
        table = self.table
        if self._in_order:
            self.say(f"{plural(2, self.ROW_IS)} stay in their order: x keeps only those in trouble, n finds the next")
            return
        table.plain_order = not table.plain_order
        table.rearrange()
        self.session.saved[self._order_name] = "plain" if table.plain_order else ""
        self.say("plain sorting: X puts trouble first again" if table.plain_order else "trouble first: X sorts plainly")

    def toggle_scale(self) -> None:
        """Draws all rows' trends on one scale, or each on its own; kept for the next run."""
        table = self.table
        if table.trend is None:
            self.say("there is no Trend here")
            return
        most = table.share_scale(not table.one_scale)
        self.session.saved[self._scale_name] = "one" if table.one_scale else ""
        high = f": the highest is {count(most)}" if most is not None else ""
        self.say(f"Trend on one scale for all rows{high}; t draws each on its own" if table.one_scale
                 else "Trend: each row on a scale of its own")  # fmt: skip

    def filter_rows(self, where: Filter | None, *, only_trouble: bool, done: bool) -> None:
        """Shows the rows that match, all of which are in memory; a ``where`` of None keeps all."""
        self.table.filter_rows(where, only_trouble=only_trouble)
        self.say_if_empty()

    def subject(self) -> tuple[int, str] | None:
        """The function of the row under the cursor: its id and name; None where the row has none."""
        row = self.table.row
        function_id = getattr(row, "function_id", None)
        return None if function_id is None else (function_id, row.function)  # type: ignore[union-attr]

    def logs_subject(self) -> tuple[int, str] | None:
        """The function under the cursor; None where others are marked: then the lines are of those."""
        return None if self.session.marked else self.subject()

    # Marks --------------------------------------------------------------------------------------------------------

    def is_marked(self, row: Any) -> bool:
        """Whether a row is marked: on screens of functions, whether its function is."""
        if self.MARKS_FUNCTIONS:
            return any(row.function_id == function_id for function_id, _ in self.session.marked)
        return bool(self._marked_rows) and self.key_of(row) in self._marked_rows

    def marks_count(self) -> int:
        """How many rows are marked here, or functions everywhere."""
        return len(self.session.marked if self.MARKS_FUNCTIONS else self._marked_rows)

    def mark(self) -> None:
        """Marks the row under the cursor, or takes its mark away, and goes to the next row."""
        row = self.table.row
        if row is None:
            return
        first = not self.marks_count()
        if not self.MARKS_FUNCTIONS:
            key = self.key_of(row)
            if key in self._marked_rows:
                del self._marked_rows[key]
            else:
                self._marked_rows[key] = row
        elif (function := self.subject()) is None:
            self.say("this row is of no single function: nothing is marked")
        elif function in self.session.marked:
            self.session.marked.remove(function)
        else:
            self.session.marked.append(function)
        if first and self.marks_count():
            self.say("marked: other keys now take what is marked; Esc takes the marks away")
        self.table.refresh_rows()
        self.table.move(1)
        self.refresh_header()

    def marks_word(self) -> str:
        """``no marks`` where rows are marked."""
        return "no marks" if self.marks_count() else ""

    def let_go(self) -> bool:
        """Takes all marks of this screen away; False where there are none."""
        marks = self.marks_count()
        if not marks:
            return False
        if self.MARKS_FUNCTIONS and self.narrowing is not None and self.narrowing.by_marks:
            return self.end_narrowing()
        self.session.marked.clear() if self.MARKS_FUNCTIONS else self._marked_rows.clear()
        self.say(f"{counted(marks, 'mark')} taken away")
        self.table.refresh_rows()
        self.refresh_header()
        return True

    def rows_exported(self) -> str:
        """``the 3 marked rows``; ``the rows`` where none are marked."""
        return f"the {counted(len(self.rows_taken()), 'marked row')}" if self.marks_count() else super().rows_exported()

    def rows_taken(self) -> list[Any]:
        """What is exported and copied: the marked rows, in their order; without marks all that the filter leaves."""
        shown = [row for at in range(self.table.row_count) if (row := self.table.row_at(at)) is not None]
        if not self.marks_count():
            return shown
        taken = [row for row in shown if self.is_marked(row)]
        keys = {self.key_of(row) for row in taken}
        every = self.table.source.rows if isinstance(self.table.source, AllRows) else ()
        others = filter(self.is_marked, every) if self.MARKS_FUNCTIONS else self._marked_rows.values()
        return taken + [row for row in others if self.key_of(row) not in keys]  # those that the filter hides

    def _pass_marks_on(self) -> None:
        """Has the functions of the marked rows marked, for the screen that is opened next."""
        rows = () if self.MARKS_FUNCTIONS else self._marked_rows.values()
        functions = {row.function_id: row.function for row in rows if getattr(row, "function_id", None)}
        if functions:
            self.session.marked[:] = list(functions.items())

    def show_logs(self, *, live: bool) -> None:
        """Goes to the lines of the functions of the marked rows; without marks, to those of the row."""
        self._pass_marks_on()
        super().show_logs(live=live)

    def jump_to(self, name: str) -> None:
        """Goes to a main screen, which is narrowed to the functions of the marked rows."""
        if name != self.NAME:
            self._pass_marks_on()
        super().jump_to(name)

    def compare(self) -> None:
        """Opens the comparison of the marked functions, or of one with its own range before."""
        from lambdatui.session.destinations import ToComparison

        self._pass_marks_on()
        marked, here = list(self.session.marked), self.subject()
        if len(marked) < 2 and here is not None and here not in marked:
            marked.append(here)
        if not marked:
            self.say("there is no function under the cursor to compare")
            return
        first, other, *more = (*marked, None) if len(marked) == 1 else marked
        assert first is not None
        self.navigator.open(ToComparison(first, other, tuple(filter(None, more))))

    def write_export(self, form: str, path: str) -> None:
        """Writes the rows to a new file, once the first answer is there."""
        if self.answer is None:
            self.say("the rows are still being read: try again in a moment")
        else:
            self.write_file(path, self.rows_to_export(form))

    def rows_to_export(self, form: str) -> Callable[[], str]:
        """A function that gives the file's text, in a thread: the rows as they are filtered and sorted now."""
        from lambdatui.screens.base.export_file import rows_text

        rows = self.rows_taken()
        view = self.view_of(rows)
        return lambda: rows_text(form, view, rows, self.FILTERED)

    def view_of(self, rows: Sequence[Any]) -> Any:
        """The answer, as that of these rows alone: what an export says beside its rows."""
        return self.answer

    def rows_copied(self) -> list[Any]:
        """The marked rows, else the row under the cursor."""
        if self.marks_count():
            return self.rows_taken()
        return [] if self.table.row is None else [self.table.row]

    def copy_text(self) -> str:
        """``row_text`` of the rows that are copied."""
        return "\n".join(filter(None, map(self.row_text, self.rows_copied())))

    def copy_subject(self) -> Any:
        """The keys of the rows that are copied."""
        return tuple(self.key_of(row) for row in self.rows_copied())

    def clipping(self) -> "Clipping | None":
        """The rows: as text what ``row_text`` says of each, as Markdown a table of the columns in sight."""
        from lambdatui.views.clipping import Clipping, markdown_table

        rows, text = self.rows_copied(), self.copy_text()
        if not text:
            return None
        columns, utc = self.table.visible_columns, self.session.utc
        cells = [
            [
                (value_text(column, getattr(row, column.id, None), utc=utc), column.align == "right")
                for column in columns
            ]
            for row in rows
        ]
        table = markdown_table([column.title for column in columns], cells)
        return Clipping(counted(len(rows), self.COPIED), text, table=table)

    def trace_of(self, row: Any) -> "TraceOf | None":
        """The invocation whose trace is copied in place of the row; None where there is none."""
        return None

    def ask_clipping(self) -> None:
        """Copies the rows, or reads the traces that they stand for."""
        wanted = [trace for row in self.rows_copied() if (trace := self.trace_of(row)) is not None]
        if wanted:
            self._ask_traces(wanted, self.session.choice, self.session.now_ms())
        else:
            super().ask_clipping()

    @work(thread=True, exclusive=True, exit_on_error=False, group="copy")
    def _ask_traces(self, wanted: "Sequence[TraceOf]", choice: "RangeChoice", now_ms: int) -> None:
        from lambdatui.views.invocation_clipping import traces

        self.ask_store("copy", lambda query: traces(query.reader, wanted), choice, now_ms)

    def paint_aside(self, subject: str, answer: Any) -> bool:
        """Copies the traces, where the answer is of them."""
        if subject != "copy":
            return super().paint_aside(subject, answer)
        self.take_clipping(answer)
        return True

    def row_text(self, row: Any) -> str:
        """The row as tab-separated cells, written as on the screen but uncut."""
        return "\t".join(value_text(one, getattr(row, one.id, None), utc=self.session.utc) for one in self.FILTERED)

    def raw_json(self) -> str | None:
        """The row under the cursor as a JSON object; None where there is none."""
        row = self.table.row
        if row is None:
            return None
        import json

        return json.dumps({one.id: json_value(one, getattr(row, one.id, None)) for one in self.FILTERED}, indent=2)

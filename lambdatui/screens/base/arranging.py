"""Which columns a table shows, and how its rows are ordered: chosen with keys, and kept for the next run."""

from typing import Any, ClassVar

from textual import on

from lambdatui.screens.base.pane import PaneScreen
from lambdatui.text.figures import count, plural
from lambdatui.views.columns import Column, TableColumn, chosen_columns, columns_of, picked_columns, table_columns
from lambdatui.views.shared_columns import TROUBLE
from lambdatui.widgets.column_letters import column_letters
from lambdatui.widgets.messages import SortRefused


class ArrangingScreen(PaneScreen):
    """A screen with a table whose columns and order can be chosen. Subclasses say what a row is."""

    ROW: ClassVar[type] = object
    """The row type: what its fields declare are the table's columns, and those that a filter can name."""
    COLUMNS: ClassVar[tuple[TableColumn, ...]] = ()
    FILTERED: ClassVar[tuple[Column, ...]] = ()
    """The columns that a filter can name: those of the view, seen or not."""
    ROW_IS: ClassVar[str] = "row"
    """What people call a row, in the singular."""
    SORT: ClassVar[tuple[str, bool] | None] = None
    """The order at first: a column's id, and whether it is descending; None for the order of the answer."""
    REASON: ClassVar[str] = "trouble"
    """The column that says in words why a row is in trouble: it is there whatever other columns are hidden."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "ROW" in vars(cls):
            cls.COLUMNS, cls.FILTERED = table_columns(cls.ROW), columns_of(cls.ROW)

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

    # Order --------------------------------------------------------------------------------------------------------

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

    @property
    def _scale_name(self) -> str:
        """The name under which the state has whether trends share a scale."""
        return f"{self.NAME or type(self).__name__}.scale"

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

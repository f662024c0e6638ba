"""Commands of every table."""

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.protocols import (
    ArrangesColumns,
    Compares,
    HasCursor,
    HasFilter,
    HasTable,
    HasTrends,
    HasTrouble,
    MarksRows,
)


class OpenRow(Command[HasCursor]):
    """Open the row under the cursor."""

    BINDING_KEY = "enter"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "open"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Opens the row."""
        screen.cursor_pane.open()


class FilterRows(Command[HasFilter]):
    """Keep the rows that match: words, ``!word``, ``column:value``, ``p95_ms>500``, several together."""

    ID = "filter"
    BINDING_KEY = "slash"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "filter"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasFilter) -> None:
        """Shows the line on which the filter is typed."""
        screen.open_filter()


class OnlyTrouble(Command[HasTrouble]):
    """Keep only the rows in trouble, or show all again."""

    BINDING_KEY = "x"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "trouble"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasTrouble) -> None:
        """Hides the rows that are in no trouble, or shows them again."""
        screen.toggle_trouble()


class TroubleFirst(Command[HasTrouble]):
    """Put the rows in trouble first, or sort them among the others; it stays so."""

    BINDING_KEY = "X"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasTrouble) -> None:
        """Changes the order."""
        screen.toggle_order()


class OneTrendScale(Command[HasTrends]):
    """Draw the Trend of all rows on one scale, so that they can be compared, or each on its own."""

    BINDING_KEY = "t"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasTrends) -> None:
        """Changes the scale."""
        screen.toggle_scale()


class NextMatch(Command[HasCursor]):
    """Go to the next match; in tables, the next row in trouble."""

    BINDING_KEY = "n"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Goes one match on."""
        screen.cursor_pane.next_match(1)


class PreviousMatch(Command[HasCursor]):
    """Go to the match before; in tables, the row in trouble before."""

    BINDING_KEY = "N"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Goes one match back."""
        screen.cursor_pane.next_match(-1)


class SortByNext(Command[HasTable]):
    """Sort by the column to the right."""

    BINDING_KEY = "shift+right"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasTable) -> None:
        """Sorts by the next column."""
        screen.table.sort_beside(1)


class SortByPrevious(Command[HasTable]):
    """Sort by the column to the left."""

    BINDING_KEY = "shift+left"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasTable) -> None:
        """Sorts by the previous column."""
        screen.table.sort_beside(-1)


class ReverseSort(Command[HasTable]):
    """Reverse the order of the sorted column."""

    BINDING_KEY = "O"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasTable) -> None:
        """Reverses the order."""
        screen.table.reverse_sort()


class SortByLetter(Command[ArrangesColumns]):
    """Sort by a column: its heading, or the line at the bottom, shows the letter to type. The same again reverses."""

    BINDING_KEY = "o"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "sort"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: ArrangesColumns) -> None:
        """Shows the letters, and takes one."""
        screen.sort_by_letter()


class ChooseColumns(Command[ArrangesColumns]):
    """Choose the columns of this table and their order, from all there are. The choice is kept for the next run."""

    BINDING_KEY = "H"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "columns"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: ArrangesColumns) -> None:
        """Opens the list of columns."""
        screen.choose_columns()


class Down(Command[HasCursor]):
    """Move down."""

    BINDING_KEY = "j,down"
    GROUP = "Move"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Moves one row down."""
        screen.cursor_pane.move(1)


class Up(Command[HasCursor]):
    """Move up."""

    BINDING_KEY = "k,up"
    GROUP = "Move"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Moves one row up."""
        screen.cursor_pane.move(-1)


class Top(Command[HasCursor]):
    """Go to the first row."""

    BINDING_KEY = "g,home"
    GROUP = "Move"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Goes to the first row."""
        screen.cursor_pane.go_top()


class Bottom(Command[HasCursor]):
    """Go to the last row."""

    BINDING_KEY = "G,end"
    GROUP = "Move"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Goes to the last row."""
        screen.cursor_pane.go_bottom()


class HalfPageDown(Command[HasCursor]):
    """Move down half a page."""

    BINDING_KEY = "ctrl+d"
    GROUP = "Move"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Moves down by half of the pane's height."""
        screen.cursor_pane.move_pages(0.5)


class HalfPageUp(Command[HasCursor]):
    """Move up half a page."""

    BINDING_KEY = "ctrl+u"
    GROUP = "Move"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Moves up by half of the pane's height."""
        screen.cursor_pane.move_pages(-0.5)


class PageDown(Command[HasCursor]):
    """Move down a page."""

    BINDING_KEY = "pagedown"
    GROUP = "Move"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Moves down by the pane's height."""
        screen.cursor_pane.move_pages(1)


class PageUp(Command[HasCursor]):
    """Move up a page."""

    BINDING_KEY = "pageup"
    GROUP = "Move"

    @classmethod
    def run(cls, screen: HasCursor) -> None:
        """Moves up by the pane's height."""
        screen.cursor_pane.move_pages(-1)


class ColumnsRight(Command[HasTable]):
    """Bring columns into sight that did not fit: the ``+`` above the marks counts them."""

    BINDING_KEY = "right"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasTable) -> None:
        """Scrolls one column to the right."""
        screen.table.scroll_columns(1)


class ColumnsLeft(Command[HasTable]):
    """Go back to the most important columns."""

    BINDING_KEY = "left"
    GROUP = "Table"

    @classmethod
    def run(cls, screen: HasTable) -> None:
        """Scrolls one column back to the left."""
        screen.table.scroll_columns(-1)


class Mark(Command[MarksRows]):
    """Mark the row, or take its mark away: any number. Logs, live tail, errors, costs, comparison, copy and export take
    what is marked."""

    BINDING_KEY = "space"
    GROUP = "Marks"

    @classmethod
    def run(cls, screen: MarksRows) -> None:
        """Marks the row, or takes its mark away."""
        screen.mark()


class ClearMarks(Command[MarksRows]):
    """Take all marks away, as Esc does."""

    BINDING_KEY = "ctrl+@"
    GROUP = "Marks"

    @classmethod
    def available(cls, screen: MarksRows) -> bool:
        """Only where something is marked."""
        return screen.marks_count() > 0

    @classmethod
    def run(cls, screen: MarksRows) -> None:
        """Takes all marks away."""
        screen.let_go()


class Compare(Command[Compares]):
    """Compare two marked functions, or one with itself one range earlier; on Functions without marks, all of them."""

    BINDING_KEY = "equals_sign"
    GROUP = "Marks"

    @classmethod
    def run(cls, screen: Compares) -> None:
        """Opens the comparison."""
        screen.compare()


MOVES: Commands = (Down, Up, Top, Bottom, HalfPageDown, HalfPageUp, PageDown, PageUp)
ARRANGE: Commands = (SortByLetter, ChooseColumns)
TABLE: Commands = (
    OpenRow, FilterRows, OnlyTrouble, TroubleFirst, OneTrendScale, NextMatch, PreviousMatch, SortByNext, SortByPrevious,
    ReverseSort, ColumnsRight, ColumnsLeft, Mark, ClearMarks, Compare, *MOVES,
)  # fmt: skip

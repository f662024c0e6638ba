"""What commands ask of the screen that they act on. A screen has a command if it has what its protocol names."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

# What keys act on -----------------------------------------------------------------------------------------------------


class CursorPane(Protocol):
    """What the moving keys move: a table's cursor, or the lines of a log."""

    def move(self, rows: int, /) -> None:
        """Moves by rows; negative is up."""

    def move_pages(self, pages: float, /) -> None:
        """Moves by parts of the pane's height, such as 0.5; negative is up."""

    def go_top(self) -> None:
        """Goes to the first row."""

    def go_bottom(self) -> None:
        """Goes to the last row."""

    def open(self) -> None:
        """What Enter does with what the cursor is on."""

    def next_match(self, step: int, /) -> None:
        """``step`` 1 goes to the next match, -1 to the one before."""

    def focus(self) -> Any:
        """Gives the keyboard to this pane."""


class SortedColumns(Protocol):
    """A table: the order of its rows, and its columns."""

    @property
    def row(self) -> Any | None:
        """The row under the cursor; None where there is none."""

    def sort_beside(self, step: int, /) -> None:
        """Sorts by the column ``step`` columns to the right of the sorted one; -1 is the one to the left."""

    def reverse_sort(self) -> None:
        """Reverses the order of the sorted column."""

    def scroll_columns(self, step: int, /) -> None:
        """Brings columns into sight that do not fit: ``step`` 1 from the right, -1 from the left."""


class ShownLog(Protocol):
    """How the lines of a log are shown."""

    def next_error(self, step: int, /) -> None:
        """Goes to the next line of failure (``step`` 1) or to the one before (-1)."""

    def scroll_columns(self, cells: int, /) -> None:
        """Scrolls sideways by ``cells``; negative is left."""

    def toggle_only_errors(self) -> None:
        """Shows only lines of failure, or all again."""

    def toggle_wrap(self) -> None:
        """Wraps long lines, or lets them run off the right edge."""

    def toggle_timestamps(self) -> None:
        """Shows or hides when each line was written."""

    def toggle_fold(self) -> None:
        """Folds stack traces to their first line, or unfolds them."""

    def toggle_json(self) -> None:
        """Shows JSON lines as level, message and fields, or as they were written."""


# Screens --------------------------------------------------------------------------------------------------------------


class HasCursor(Protocol):
    """A screen on which something moves."""

    @property
    def cursor_pane(self) -> CursorPane:
        """What the moving keys move."""


class HasTable(Protocol):
    """A screen with a table."""

    @property
    def table(self) -> SortedColumns:
        """The table."""


class ArrangesColumns(Protocol):
    """A screen with a table whose columns can be chosen, and sorted by."""

    def sort_by_letter(self) -> None:
        """Asks for a column's letter, and sorts by that column."""

    def choose_columns(self) -> None:
        """Asks which columns to show, and in which order."""


class HasLog(Protocol):
    """A screen with log lines."""

    @property
    def log_pane(self) -> ShownLog:
        """The pane of lines."""


class HasFilter(Protocol):
    """A screen whose rows or lines can be filtered or searched."""

    def open_filter(self) -> None:
        """Shows the line on which a filter is typed."""


class HasTrouble(Protocol):
    """A screen whose rows can be in trouble."""

    def toggle_trouble(self) -> None:
        """Keeps only the rows in trouble, or shows all again."""

    def toggle_order(self) -> None:
        """Puts the rows in trouble first, or sorts them among the others."""


class HasPanes(Protocol):
    """A screen whose table has a pane for the row under the cursor, or a band above it, where there is room."""

    def choose_panes(self) -> None:
        """Shows another choice of band and pane."""

    def scroll_pane(self, pages: float, /) -> None:
        """Scrolls the pane by parts of its height; negative is up."""


class HasTrends(Protocol):
    """A screen whose rows may have a Trend."""

    def toggle_scale(self) -> None:
        """Draws the trends of all rows on one scale, or each on its own."""


class Compares(HasTable, Protocol):
    """A screen whose rows may be functions, which can be compared."""

    def subject(self) -> tuple[int, str] | None:
        """The function of the row under the cursor: its id and name; None where the row has none."""

    def compare(self) -> None:
        """Opens the comparison of the marked functions."""


class MarksRows(HasTable, Protocol):
    """A screen whose rows can be marked."""

    def mark(self) -> None:
        """Marks the row under the cursor, or takes its mark away."""

    def marks_count(self) -> int:
        """How many are marked."""

    def let_go(self) -> bool:
        """Takes all marks away; False where there are none."""


class ChoosesLines(Protocol):
    """A screen whose lines can be chosen, to be copied."""

    def choose_lines(self, step: int, /) -> None:
        """Chooses one line more: below (``step`` 1) or above (-1)."""

    def chosen_count(self) -> int:
        """How many lines are chosen."""

    def copy_chosen(self) -> bool:
        """Copies the chosen lines; False where none are."""


class FillsScreen(Protocol):
    """A screen that can give its log all the cells there are."""

    def toggle_full_log(self) -> None:
        """Hides all but the log's lines, or shows the rest again."""


class Follows(Protocol):
    """A screen of lines that can be followed as they are collected."""

    def toggle_follow(self) -> None:
        """Brings new lines into sight as they are collected, or no longer."""


class Tails(Protocol):
    """A screen of lines that can be tailed as they are written."""

    def toggle_live(self) -> None:
        """Begins a live tail, or ends the one that runs."""


class SearchesLines(Protocol):
    """A screen of the log lines that a search of the store matched."""

    def open_line(self) -> None:
        """Opens the invocation that wrote the marked line."""

    def show_around(self) -> None:
        """Shows more lines around each match, or none again."""

    def pick_field(self) -> None:
        """Asks for a field of JSON lines to show as a column, or no longer."""

    def ask_stats(self) -> None:
        """Asks for figures to compute from the lines."""


class AsksForTime(Protocol):
    """A screen of a range of time."""

    def choose_preset(self, preset: str, /) -> None:
        """Looks at a range by its name, such as ``24h`` or ``mtd``."""

    def choose_time(self) -> None:
        """Asks for a range in words, and looks at it."""

    def travel(self, *, back: bool) -> None:
        """Moves the range by its own length, earlier where ``back`` is true."""


class Navigates(Protocol):
    """A screen that opens others."""

    def jump_to(self, name: str, /) -> None:
        """Goes to the main screen of that name."""

    def last_view(self) -> None:
        """Goes to the main screen that was shown before this one."""

    def show_invocations(self) -> None:
        """Opens the invocations of what the screen is about."""

    def show_logs(self, *, live: bool) -> None:
        """Opens the log lines of what the screen is about; ``live`` begins a live tail of them."""

    def show_all_logs(self) -> None:
        """Opens the log lines of all functions in scope."""

    def show_configuration(self) -> None:
        """Opens the settings of what the screen is about."""


class ChoosesPlace(Protocol):
    """A screen of functions in several accounts or regions, which can be limited to one of them."""

    def choose_place(self, kind: str, /) -> None:
        """Asks which ``kind`` of place to look at: an ``account`` or a ``region``."""


class Invokes(Protocol):
    """A screen of functions, of which those of the local runner can be invoked."""

    def can_invoke(self) -> bool:
        """Whether the function under the cursor belongs to the running local runner."""

    def invoke(self) -> None:
        """Asks for a payload, and invokes the function with it."""


class GroupsCosts(Protocol):
    """A screen of costs, which can be summed in several ways."""

    def costs_by_next(self) -> None:
        """Sums the costs in the next way."""


class WritesTable(Protocol):
    """A screen whose table is written to a file at once."""

    def write_at_once(self) -> None:
        """Writes the table to a new file, whose name is made up, and says where it lies."""


@runtime_checkable
class NamesFilters(Protocol):
    """A screen whose filter can be saved under a name."""

    def filter_names(self) -> Sequence[str]:
        """The names of saved filters."""

    def filter_to_save(self) -> tuple[str, str]:
        """Of what rows the present filter is, and the filter; empty where there is none."""

    def save_filter(self, name: str, /) -> None:
        """Saves the present filter under a name."""

    def ask_filter_name(self) -> None:
        """Asks for the name to save the present filter under."""

    def forget_filter(self, name: str, /) -> None:
        """Takes a saved filter away."""

    def use_filter(self, expression: str, /) -> None:
        """Filters by an expression."""


class IsScreen(Protocol):
    """What every screen does."""

    def leave(self) -> None:
        """Leaves the screen; on the first screen, ends lambdatui."""

    def go_back(self) -> None:
        """Closes the filter line, else clears the filter, else leaves the screen."""

    def copy_meant(self) -> None:
        """Puts what the screen, or its row, is about on the clipboard of the terminal."""

    def export(self) -> None:
        """Asks for a file's name, and writes what is shown to that file."""

    def repaint(self) -> None:
        """Paints every cell of the terminal again."""

    def show_help(self) -> None:
        """Opens the list of keys."""

    def show_json(self) -> None:
        """Opens the row as JSON."""

    def show_palette(self) -> None:
        """Opens the palette."""

    def show_problems(self) -> None:
        """Opens the list of what went wrong since the start."""


class AsksStore(Protocol):
    """A screen of what the store holds."""

    def ask_rows(self) -> None:
        """Asks the screen's question again."""

    def toggle_pause(self) -> None:
        """Stops asking again when the store changes, or goes on."""


@runtime_checkable
class OffersCommands(Protocol):
    """A screen that the palette opens over."""

    @property
    def keymap(self) -> Mapping[str, str]:
        """Remapped keys: a command's id -> its keys, comma-separated."""

    def available_commands(self) -> Sequence[Any]:
        """The commands that mean something on the screen right now."""

    def main_screens(self) -> Sequence[str]:
        """The names of the main screens."""

    def jump_to(self, name: str, /) -> None:
        """Goes to the main screen of that name."""

    def jump_filtered(self, name: str, expression: str, /) -> None:
        """Goes to the main screen of that name, and filters it."""

    def open_function(self, function_id: int, name: str, /) -> None:
        """Opens a function, by its id in the store and its name."""

    def theme_names(self) -> Sequence[str]:
        """The names of all themes."""

    def use_theme(self, name: str, /) -> None:
        """Paints with this theme from now on."""

    def end(self) -> None:
        """Ends the program."""

    def function_names(self) -> list[tuple[int, str]]:
        """Every function's id in the store and name; asks the store, so it is called in a thread."""

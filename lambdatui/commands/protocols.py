"""What commands ask of the screen that they act on. A screen has a command if it has what its protocol names."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

# What keys act on -----------------------------------------------------------------------------------------------------


class CursorPane(Protocol):
    """What the moving keys move: a table's cursor, or the lines of a log."""

    def move(self, rows: int, /) -> None: ...

    def move_pages(self, pages: float, /) -> None: ...

    def go_top(self) -> None: ...

    def go_bottom(self) -> None: ...

    def open(self) -> None:
        """What Enter does with what the cursor is on."""

    def next_match(self, step: int, /) -> None:
        """``step`` 1 goes to the next match, -1 to the one before."""

    def focus(self) -> Any: ...


class SortedColumns(Protocol):
    """A table: the order of its rows, and its columns."""

    @property
    def row(self) -> Any | None:
        """The row under the cursor; None where there is none."""

    def sort_beside(self, step: int, /) -> None: ...

    def reverse_sort(self) -> None: ...

    def scroll_columns(self, step: int, /) -> None: ...


class ShownLog(Protocol):
    """How the lines of a log are shown."""

    def next_error(self, step: int, /) -> None: ...

    def scroll_columns(self, cells: int, /) -> None: ...

    def toggle_only_errors(self) -> None: ...

    def toggle_wrap(self) -> None: ...

    def toggle_timestamps(self) -> None: ...

    def toggle_fold(self) -> None: ...

    def toggle_json(self) -> None: ...


# Screens --------------------------------------------------------------------------------------------------------------


class HasCursor(Protocol):
    """A screen on which something moves."""

    @property
    def cursor_pane(self) -> CursorPane: ...


class HasTable(Protocol):
    """A screen with a table."""

    @property
    def table(self) -> SortedColumns: ...


class HasLog(Protocol):
    """A screen with log lines."""

    @property
    def log_pane(self) -> ShownLog: ...


class HasFilter(Protocol):
    """A screen whose rows or lines can be filtered or searched."""

    def open_filter(self) -> None: ...


class HasTrouble(Protocol):
    """A screen whose rows can be in trouble."""

    def toggle_trouble(self) -> None: ...


class Compares(HasTable, Protocol):
    """A screen whose rows may be functions, which can be compared."""

    def mark(self) -> None: ...

    def compare(self) -> None: ...


class FillsScreen(Protocol):
    """A screen that can give its log all the cells there are."""

    def toggle_full_log(self) -> None: ...


class Follows(Protocol):
    """A screen of lines that can be followed as they are collected."""

    def toggle_follow(self) -> None: ...


class Tails(Protocol):
    """A screen of lines that can be tailed as they are written."""

    def toggle_live(self) -> None: ...


class SearchesLines(Protocol):
    """A screen of the lines that a search of the store left."""

    def open_line(self) -> None: ...

    def show_around(self) -> None: ...

    def pick_field(self) -> None: ...

    def ask_stats(self) -> None: ...


class AsksForTime(Protocol):
    """A screen of a range of time."""

    def choose_preset(self, preset: str, /) -> None: ...

    def travel(self, *, back: bool) -> None: ...


class Navigates(Protocol):
    """A screen from which one goes to others."""

    def jump_to(self, name: str, /) -> None: ...

    def last_view(self) -> None: ...

    def show_invocations(self) -> None: ...

    def show_logs(self, *, live: bool) -> None: ...

    def show_all_logs(self) -> None: ...

    def show_configuration(self) -> None: ...


class ChoosesPlace(Protocol):
    """A screen of functions in several accounts or regions, of which one can be looked at alone."""

    def choose_place(self, kind: str, /) -> None: ...


class Invokes(Protocol):
    """A screen of functions, of which those of the local runner can be invoked."""

    def can_invoke(self) -> bool: ...

    def invoke(self) -> None: ...


class GroupsCosts(Protocol):
    """A screen of costs, which can be summed in several ways."""

    def costs_by_next(self) -> None: ...


class ShowsDetails(Protocol):
    """A screen whose rows have more to them than fits a line."""

    def show_details(self) -> None: ...


class IsScreen(Protocol):
    """What every screen does."""

    def leave(self) -> None: ...

    def go_back(self) -> None: ...

    def copy_text(self) -> str: ...

    def copy(self, text: str, /) -> None: ...

    def export(self) -> None: ...

    def repaint(self) -> None: ...

    def show_help(self) -> None: ...

    def show_json(self) -> None: ...

    def show_palette(self) -> None: ...

    def show_problems(self) -> None: ...


class AsksStore(Protocol):
    """A screen of what the store holds."""

    def ask_rows(self) -> None: ...

    def toggle_pause(self) -> None: ...


@runtime_checkable
class OffersCommands(Protocol):
    """A screen that the palette opens over."""

    @property
    def keymap(self) -> Mapping[str, str]:
        """Remapped keys: a command's id -> its keys, comma-separated."""

    def available_commands(self) -> Sequence[Any]:
        """The commands that mean something on the screen right now."""

    def main_screens(self) -> Sequence[str]: ...

    def jump_to(self, name: str, /) -> None: ...

    def open_function(self, function_id: int, name: str, /) -> None: ...

    def function_names(self) -> list[tuple[int, str]]:
        """Every function's id in the store and name; asks the store, so it is called in a thread."""

"""What works on log lines."""

from typing import TYPE_CHECKING

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.table import MOVES, Filter, NextMatch, PreviousMatch

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen


class Search(Filter):
    """Find text in the lines; ``n`` and ``N`` go from match to match."""

    FOOTER_TEXT = "find"
    GROUP = "Log"


class NextError(Command):
    """Go to the next line that reads like a failure."""

    BINDING_KEY = "e"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "next error"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.log_pane.next_error(1)


class PreviousError(Command):
    """Go to the line before that reads like a failure."""

    BINDING_KEY = "E"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.log_pane.next_error(-1)


class OnlyErrors(Command):
    """Keep only the lines that read like a failure, or show all again."""

    BINDING_KEY = "x"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.log_pane.toggle_only_errors()


class Wrap(Command):
    """Wrap long lines, or let them run off the right edge; left and right then scroll."""

    BINDING_KEY = "w"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "wrap"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.log_pane.toggle_wrap()


class Timestamps(Command):
    """Show or hide when each line was written."""

    BINDING_KEY = "t"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "times"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.log_pane.toggle_timestamps()


class ScrollRight(Command):
    """Scroll right, where lines are not wrapped."""

    BINDING_KEY = "right"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.log_pane.scroll_columns(8)


class ScrollLeft(Command):
    """Scroll left, where lines are not wrapped."""

    BINDING_KEY = "left"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.log_pane.scroll_columns(-8)


class Follow(Command):
    """Follow the log: new lines come into sight as they are collected; or stay where you are."""

    BINDING_KEY = "s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "follow"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.toggle_follow()


class ToggleLive(Command):
    """Begin or end a live tail: lines within a second of being written. AWS bills it by the minute, $0.01 each."""

    BINDING_KEY = "0"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "live"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.toggle_live()


class Fold(Command):
    """Fold stack traces to their first line, or unfold them."""

    BINDING_KEY = "z"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "fold"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.log_pane.toggle_fold()


class RenderJson(Command):
    """Show JSON lines as level, message and fields, or as they were written."""

    BINDING_KEY = "J"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.log_pane.toggle_json()


class FullScreen(Command):
    """Give the log the whole screen, without rules or marks: the mouse then selects text and nothing else."""

    BINDING_KEY = "f"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "log only"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.toggle_full_log()


class OpenLine(Command):
    """Open the invocation of the marked line; where none is marked, of the first in sight that was found."""

    BINDING_KEY = "enter"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "invocation"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.open_line()


class Around(Command):
    """Show the lines around those that were found: 3 before and after each, then 10, then none again."""

    BINDING_KEY = "a"
    FOOTER_TEXT = "around"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.show_around()


class PickField(Command):
    """Make a field of JSON lines a column before them, or take one away."""

    BINDING_KEY = "vertical_line"
    FOOTER_TEXT = "column"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.pick_field()


class LineStats(Command):
    """Count what the filter leaves: figures of fields, by others or by time, as in ``count, p95(.ms) by .route``."""

    BINDING_KEY = "number_sign"
    FOOTER_TEXT = "stats"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.ask_stats()


LINES: Commands = (
    Search, NextMatch, PreviousMatch, NextError, PreviousError, OnlyErrors, Wrap, Timestamps, Fold, RenderJson,
    ScrollLeft, ScrollRight, *MOVES,
)  # fmt: skip
LOG: Commands = (FullScreen, *LINES)
FOUND: Commands = (OpenLine, Around, PickField, LineStats)
"""On lines out of the store."""

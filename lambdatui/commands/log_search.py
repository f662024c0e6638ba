"""Commands of the screens that search log lines in the store."""

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.protocols import Follows, SearchesLines, Tails


class ToggleLive(Command[Tails]):
    """Begin or end a live tail: lines within a second of being written. AWS bills it by the minute, $0.01 each."""

    BINDING_KEY = "0"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "live"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: Tails) -> None:
        """Begins the live tail, or ends it."""
        screen.toggle_live()


class Follow(Command[Follows]):
    """Follow the log: new lines come into sight as they are collected; or stay where you are."""

    BINDING_KEY = "s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "follow"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: Follows) -> None:
        """Begins to follow the log, or ends it."""
        screen.toggle_follow()


class OpenLine(Command[SearchesLines]):
    """Open the invocation of the marked line; where none is marked, of the first in sight that was found."""

    BINDING_KEY = "enter"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "invocation"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: SearchesLines) -> None:
        """Opens the line's invocation."""
        screen.open_line()


class Around(Command[SearchesLines]):
    """Show the lines around those that were found: 3 before and after each, then 10, then none again."""

    BINDING_KEY = "a"
    FOOTER_TEXT = "around"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: SearchesLines) -> None:
        """Goes to the next number of lines around each match."""
        screen.show_around()


class PickField(Command[SearchesLines]):
    """Make a field of JSON lines a column before them, or take one away."""

    BINDING_KEY = "vertical_line"
    FOOTER_TEXT = "column"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: SearchesLines) -> None:
        """Asks which field to add or take away."""
        screen.pick_field()


class LineStats(Command[SearchesLines]):
    """Count what the filter leaves: figures of fields, by others or by time, as in ``count, p95(.ms) by .route``."""

    BINDING_KEY = "number_sign"
    FOOTER_TEXT = "stats"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: SearchesLines) -> None:
        """Asks which figures to compute, and opens them."""
        screen.ask_stats()


SEARCHED: Commands = (OpenLine, Around, PickField, LineStats)

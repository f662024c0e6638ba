"""What works on patterns of log lines."""

from typing import TYPE_CHECKING

from lambdatui.commands.base import Command, Commands

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen


class PatternDetails(Command):
    """Show the pattern in full: an example, what its lines cost, since when they are written, what is not counted."""

    BINDING_KEY = "d"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "details"
    GROUP = "Patterns"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.show_details()


PATTERNS: Commands = (PatternDetails,)

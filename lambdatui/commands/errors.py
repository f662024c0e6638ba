"""What works on groups of errors."""

from typing import TYPE_CHECKING

from lambdatui.commands.base import Command, Commands

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen


class ErrorDetails(Command):
    """Show the error in full: since when, what its function's last deploy changed, and how often before and after."""

    BINDING_KEY = "d"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "details"
    GROUP = "Errors"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.show_details()


ERRORS: Commands = (ErrorDetails,)

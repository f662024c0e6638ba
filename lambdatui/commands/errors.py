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


class OpenFamily(Command):
    """Show the errors of a family, which differ in one value, beneath its row."""

    BINDING_KEY = "plus"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "family"
    GROUP = "Errors"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.open_family(True)


class CloseFamily(Command):
    """Show the family of the error under the cursor as one row; where none is open, go back to the screen before."""

    BINDING_KEY = "minus"
    GROUP = "Errors"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.open_family(False)


ERRORS: Commands = (ErrorDetails, OpenFamily, CloseFamily)

"""What works on the Collect screen alone."""

from typing import TYPE_CHECKING

from lambdatui.commands.base import Command, Commands

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen


class StartCollecting(Command):
    """Collect now, as a process of its own, from the chosen profile and region or the runner's log; or stop it."""

    BINDING_KEY = "s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "start/stop"
    GROUP = "Collect"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.toggle_collecting()


class MissingPermissions(Command):
    """Show the IAM permissions that are missing: what for, and the statement that allows each."""

    BINDING_KEY = "M"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "permissions"
    GROUP = "Collect"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.show_permissions()


COLLECTING: Commands = (StartCollecting, MissingPermissions)

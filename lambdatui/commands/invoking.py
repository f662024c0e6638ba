"""Invoking: of the local runner's functions only."""

from typing import TYPE_CHECKING

from lambdatui.commands.base import Command

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen


class Invoke(Command):
    """Invoke this function of the local runner with a payload of yours. Functions in AWS are never invoked."""

    BINDING_KEY = "I"
    FOOTER_TEXT = "invoke"
    GROUP = "Local runner"

    @classmethod
    def available(cls, screen: "StoreScreen") -> bool:
        found, runner = screen.subject(), screen.session.runner
        return found is not None and runner is not None and found[0] in runner.ids

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.invoke()


class InvokeHere(Invoke):
    """Invoke this function of the local runner with a payload of yours. Functions in AWS are never invoked."""

    SHOW_IN_FOOTER = True

    @classmethod
    def id(cls) -> str:
        """The same command, whatever screen it is on: remapped once."""
        return Invoke.id()

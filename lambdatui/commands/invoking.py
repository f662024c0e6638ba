"""The command that invokes a function of the local runner."""

from lambdatui.commands.base import Command
from lambdatui.commands.protocols import Invokes


class Invoke(Command[Invokes]):
    """Invoke this function of the local runner with a payload of yours. Functions in AWS are never invoked."""

    BINDING_KEY = "I"
    FOOTER_TEXT = "invoke"
    GROUP = "Local runner"

    @classmethod
    def available(cls, screen: Invokes) -> bool:
        """Only for a function of the running local runner."""
        return screen.can_invoke()

    @classmethod
    def run(cls, screen: Invokes) -> None:
        """Asks for the payload, and invokes the function."""
        screen.invoke()

"""Commands of every screen of costs."""

from lambdatui.commands.base import Command
from lambdatui.commands.protocols import GroupsCosts


class CostsBy(Command[GroupsCosts]):
    """Sum the costs by function, then by dimension, region, day and a tag."""

    BINDING_KEY = "b"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "by"
    GROUP = "Costs"

    @classmethod
    def run(cls, screen: GroupsCosts) -> None:
        """Goes to the next way of summing."""
        screen.costs_by_next()

"""Commands of every screen of costs."""

from typing import Any

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.general import ExportShown
from lambdatui.commands.protocols import GroupsCosts, IsScreen, WritesTable


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


class WriteCsv(Command[WritesTable]):
    """Write the table to a new CSV file in the working directory, without asking for its name."""

    BINDING_KEY = "S"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "csv"
    GROUP = "Costs"

    @classmethod
    def run(cls, screen: WritesTable) -> None:
        """Writes the file, and says where it lies."""
        screen.write_at_once()


class ExportAs(Command[IsScreen]):
    """Write what is shown to a file whose ending says as what: .csv or .json of the table, .svg of the screen."""

    BINDING_KEY = "ctrl+s"
    GROUP = "Costs"

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Asks for the file's name, and writes the file."""
        screen.export()


def money_commands(*own: type[Command[Any]], of_tables: Commands) -> Commands:
    """The commands of a screen of money: its own, then those of every table, but with a file that one key writes."""
    return (*own, WriteCsv, ExportAs, *(command for command in of_tables if command is not ExportShown))

"""Commands of the pane for the row under the cursor, and of the band above the table."""

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.protocols import HasPanes


class ChoosePanes(Command[HasPanes]):
    """Choose what stands beside the table where there is room: band and pane, one of them, or none."""

    BINDING_KEY = "tab"
    GROUP = "Pane"

    @classmethod
    def run(cls, screen: HasPanes) -> None:
        """Goes on to the next choice."""
        screen.choose_panes()


class PaneDown(Command[HasPanes]):
    """Scroll the pane for the row under the cursor down."""

    BINDING_KEY = "right_curly_bracket"
    GROUP = "Pane"

    @classmethod
    def run(cls, screen: HasPanes) -> None:
        """Scrolls down by half of its height."""
        screen.scroll_pane(0.5)


class PaneUp(Command[HasPanes]):
    """Scroll the pane for the row under the cursor up."""

    BINDING_KEY = "left_curly_bracket"
    GROUP = "Pane"

    @classmethod
    def run(cls, screen: HasPanes) -> None:
        """Scrolls up by half of its height."""
        screen.scroll_pane(-0.5)


PANES: Commands = (ChoosePanes, PaneDown, PaneUp)

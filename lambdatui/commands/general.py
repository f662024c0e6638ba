"""Commands of every screen."""

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.protocols import AsksStore, IsScreen


class Back(Command[IsScreen]):
    """Go back: close the filter line, then clear the filter, then leave the screen."""

    BINDING_KEY = "escape"
    FOOTER_TEXT = "back"

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Goes back one step."""
        screen.go_back()


class Leave(Command[IsScreen]):
    """Leave this screen; on the first screen, leave lambdatui."""

    BINDING_KEY = "q"
    SHOW_IN_FOOTER = True

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Leaves the screen."""
        screen.leave()


class Help(Command[IsScreen]):
    """Show every key that works on this screen."""

    BINDING_KEY = "question_mark,f1"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "help"

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Opens the list of keys."""
        screen.show_help()


class Palette(Command[IsScreen]):
    """Find a command by its name."""

    BINDING_KEY = "colon"

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Opens the palette."""
        screen.show_palette()


class Refresh(Command[AsksStore]):
    """Ask the store again, now."""

    BINDING_KEY = "ctrl+r"

    @classmethod
    def run(cls, screen: AsksStore) -> None:
        """Asks the screen's question again."""
        screen.ask_rows()


class Pause(Command[AsksStore]):
    """Hold the picture still, or let it follow the store again. Collecting goes on either way."""

    BINDING_KEY = "p"

    @classmethod
    def run(cls, screen: AsksStore) -> None:
        """Pauses, or goes on."""
        screen.toggle_pause()


class Copy(Command[IsScreen]):
    """Copy what is meant: a trace, the arithmetic of a cost, a name, chosen lines, marked rows; again within 2 s as
    Markdown with whose it is, again in its other forms. It works over SSH, in tmux and screen, and in a browser."""

    BINDING_KEY = "c"

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Copies what the screen, or its row, is about."""
        screen.copy_meant()


class RawJson(Command[IsScreen]):
    """Show the row as JSON, the way ``--json`` prints it."""

    BINDING_KEY = "y"
    FOOTER_TEXT = "json"

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Opens the row as JSON."""
        screen.show_json()


class ExportShown(Command[IsScreen]):
    """Write what is shown to a file whose ending says as what: .csv or .json of a table, .svg of the screen."""

    ID = "export"
    BINDING_KEY = "S,ctrl+s"

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Asks for the file's name, and writes the file."""
        screen.export()


class Problems(Command[IsScreen]):
    """Show what went wrong since the start."""

    BINDING_KEY = "exclamation_mark"

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Opens the list of problems."""
        screen.show_problems()


class Repaint(Command[IsScreen]):
    """Paint the whole terminal again, after another program has written on it."""

    BINDING_KEY = "ctrl+l"

    @classmethod
    def run(cls, screen: IsScreen) -> None:
        """Paints every cell of the terminal again."""
        screen.repaint()


GENERAL: Commands = (Help, Palette, Leave, Back, Refresh, Pause, Copy, RawJson, ExportShown, Problems, Repaint)

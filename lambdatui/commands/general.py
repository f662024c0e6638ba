"""What works on every screen."""

from typing import TYPE_CHECKING, ClassVar

from lambdatui.commands.base import Command, Commands

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen


class Back(Command):
    """Go back: close the filter line, then clear the filter, then leave the screen."""

    BINDING_KEY = "escape"
    FOOTER_TEXT = "back"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.go_back()


class Leave(Command):
    """Leave this screen; on the first screen, leave lambdatui."""

    BINDING_KEY = "q"
    SHOW_IN_FOOTER = True

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.leave()


class Help(Command):
    """Show every key that works on this screen."""

    BINDING_KEY = "question_mark,f1"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "help"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        from lambdatui.screens.help import HelpScreen

        here = [command for command in screen.COMMANDS_HERE if command.available(screen)]
        screen.app.push_screen(HelpScreen(screen.session, here, screen.heading()))


class Palette(Command):
    """Find a command by its name."""

    BINDING_KEY = "colon"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.app.action_command_palette()


class Refresh(Command):
    """Ask the store again, now."""

    BINDING_KEY = "ctrl+r"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.ask_rows()


class Pause(Command):
    """Hold the picture still, or let it follow the store again. Collecting goes on either way."""

    BINDING_KEY = "p"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.toggle_pause()


class Copy(Command):
    """Copy the row, or the whole log, to the clipboard of your own terminal; it works over SSH and through tmux."""

    BINDING_KEY = "c"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.copy(screen.copy_text())


class RawJson(Command):
    """Show the row as JSON, the way ``--json`` prints it."""

    BINDING_KEY = "y"
    FOOTER_TEXT = "json"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        from lambdatui.screens.raw import RawScreen

        found = screen.raw_json()
        if found is None:
            screen.say("there is no row to show as JSON")
        else:
            screen.app.push_screen(RawScreen(screen.session, found))


class Export(Command):
    """Write what is shown to a file whose ending says as what: .csv or .json of a table, .svg of the screen."""

    BINDING_KEY = "S,ctrl+s"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.export()


class Problems(Command):
    """Show what went wrong since the start."""

    BINDING_KEY = "exclamation_mark"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.show_problems()


class _Preset(Command):
    """Look at the range that ends now."""

    PRESET: ClassVar[str]
    GROUP = "Time"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.choose_preset(cls.PRESET)


class LastHour(_Preset):
    """Look at the last hour."""

    BINDING_KEY = "1"
    PRESET = "1h"


class LastDay(_Preset):
    """Look at the last 24 hours."""

    BINDING_KEY = "2"
    PRESET = "24h"


class LastWeek(_Preset):
    """Look at the last 7 days."""

    BINDING_KEY = "3"
    PRESET = "7d"


class LastMonth(_Preset):
    """Look at the last 30 days."""

    BINDING_KEY = "4"
    PRESET = "30d"


class MonthToDate(_Preset):
    """Look at this UTC calendar month, as AWS bills it."""

    BINDING_KEY = "5"
    PRESET = "mtd"


class AllTime(_Preset):
    """Look at everything that the store holds."""

    BINDING_KEY = "6"
    PRESET = "all"


class Earlier(Command):
    """Travel back in time by the length of the range."""

    BINDING_KEY = "left_square_bracket"
    GROUP = "Time"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.travel(back=True)


class Later(Command):
    """Travel forward in time by the length of the range, to now at most."""

    BINDING_KEY = "right_square_bracket"
    GROUP = "Time"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.travel(back=False)


class EarlierInvocation(Earlier):
    """Show the invocation of this function that began before this one."""

    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "earlier"


class LaterInvocation(Later):
    """Show the invocation of this function that began after this one."""

    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "later"


class Repaint(Command):
    """Paint the whole terminal again, after another program has written on it."""

    BINDING_KEY = "ctrl+l"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.app.repaint()  # type: ignore[attr-defined]


TIME: Commands = (LastHour, LastDay, LastWeek, LastMonth, MonthToDate, AllTime, Earlier, Later)
GENERAL: Commands = (Help, Palette, Leave, Back, Refresh, Pause, Copy, RawJson, Export, Problems, Repaint)
INVOCATION_TIME: Commands = (EarlierInvocation, LaterInvocation)

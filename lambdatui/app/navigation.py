"""The one place that knows the class of each screen's name. A screen is imported when it is first opened."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lambdatui.commands.base import bound_keys

if TYPE_CHECKING:
    from textual.app import App

    from lambdatui.commands.base import AnyCommand, Commands
    from lambdatui.screens.base.screen import CommandScreen
    from lambdatui.session.destinations import Destination
    from lambdatui.session.session import Session

MAIN = {
    "functions": "functions.FunctionsScreen",
    "invocations": "invocations.InvocationsScreen",
    "logs": "logs.LogsScreen",
    "errors": "errors.ErrorsScreen",
    "patterns": "patterns.PatternsScreen",
    "throttles": "throttles.ThrottlesScreen",
    "costs": "costs.CostsScreen",
    "advice": "advice.AdviceScreen",
    "alarms": "alarms.AlarmsScreen",
    "collect": "collect.CollectScreen",
    "configuration": "configuration.ConfigurationScreen",
}
"""The main screens' modules and classes, by the name that the palette, the saved state and the configuration use."""

DRILLED = {
    "function": "function.FunctionScreen",
    "local_function": "function.LocalFunctionScreen",
    "invocation": "invocation.InvocationScreen",
    "line_stats": "line_stats.LineStatsScreen",
    "pattern_lines": "pattern_lines.PatternLinesScreen",
    "cost_groups": "cost_groups.CostGroupsScreen",
    "billed": "billed.BilledScreen",
    "compare": "compare.CompareScreen",
    "fleet": "fleet.FleetScreen",
    "fleet_groups": "fleet.FleetGroupsScreen",
    "permissions": "permissions.PermissionsScreen",
    "raw": "raw.RawScreen",
}
"""The modules and classes of the screens that are opened over others, by ``Destination.SCREEN``."""

HOME = "functions"
"""The first screen."""


def screen_class(name: str) -> "type[CommandScreen]":
    """The screen's class, imported now. Raises ``KeyError`` for a name that no screen has."""
    module, _, class_name = (MAIN | DRILLED)[name].partition(".")
    screen: type[CommandScreen] = getattr(import_module(f"lambdatui.screens.{module}"), class_name)
    return screen


def commands_by_screen() -> "dict[str, Commands]":
    """Each screen's commands, by the screen's name."""
    return {name: screen_class(name).COMMANDS_HERE for name in MAIN | DRILLED}


class ScreenNavigator:
    """The application's ``Navigator``: opens screens, and knows which main screen was shown before."""

    def __init__(self, app: "App[Any]", session: "Session") -> None:
        self._app = app
        self._session = session
        self._last = HOME

    @property
    def main_screens(self) -> Sequence[str]:
        """The names of the main screens, in the order of the palette."""
        return tuple(MAIN)

    def open(self, destination: "Destination") -> None:
        """Opens a screen above the one that is shown. Raises ``KeyError`` for a name that no screen has."""
        screen: Any = screen_class(destination.SCREEN)
        arguments = (destination,) if fields(destination) else ()
        self._app.push_screen(screen(self._session, *arguments))

    def go_to(self, name: str) -> None:
        """Leaves all screens but the first one and opens ``name`` above it, so that Esc always leads home."""
        app, here = self._app, self.main_screen_here()
        self._last, before = here, self._last
        if here == name:
            self._last = before
        # One batch: screens that are only passed through are not painted.
        with app.batch_update():
            while len(app.screen_stack) > 1:
                app.pop_screen()
            if name != HOME:
                app.push_screen(screen_class(name)(self._session))

    def commands_elsewhere(self, key: str, keymap: Mapping[str, str]) -> "tuple[str, AnyCommand] | None":
        """The name of a screen on which the key does something, and the command; None where it does nowhere."""
        for name, commands in commands_by_screen().items():
            for command in commands:
                if key in bound_keys(command, keymap):
                    return name.replace("_", " "), command
        return None

    def go_home(self) -> None:
        """Leaves all screens but the first one."""
        if len(self._app.screen_stack) > 1:
            self.go_to(HOME)

    def go_back_to(self, screen: Any) -> None:
        """Leaves all screens above one that is open, without painting those between."""
        with self._app.batch_update():
            while screen in self._app.screen_stack[:-1]:
                self._app.pop_screen()

    def go_to_last(self) -> None:
        """Goes to the main screen that was shown before this one."""
        self.go_to(self._last)

    def main_screen_here(self) -> str:
        """The main screen that one is on, or has drilled in from."""
        names = (getattr(screen, "NAME", "") for screen in reversed(self._app.screen_stack))
        return next(filter(None, names), HOME)

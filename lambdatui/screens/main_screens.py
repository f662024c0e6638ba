"""The screens that one jumps to, by the name that palette, state and configuration know them by."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdatui.commands.base import Commands
    from lambdatui.screens.base import StoreScreen

MAIN = {
    "functions": "FunctionsScreen",
    "invocations": "InvocationsScreen",
    "logs": "LogsScreen",
    "errors": "ErrorsScreen",
    "patterns": "PatternsScreen",
    "throttles": "ThrottlesScreen",
    "costs": "CostsScreen",
    "advice": "AdviceScreen",
    "alarms": "AlarmsScreen",
    "collect": "CollectScreen",
    "configuration": "ConfigurationScreen",
}

# Those that one drills into: their commands can be remapped too.
DRILLED = {
    "function": "FunctionScreen",
    "invocation": "InvocationScreen",
    "cost_groups": "CostGroupsScreen",
    "billed": "BilledScreen",
    "raw": "RawScreen",
}


def commands_by_screen() -> "dict[str, Commands]":
    """Of every screen, by its module's name."""
    found: dict[str, Commands] = {}
    for name, screen in (MAIN | DRILLED).items():
        found[name] = getattr(import_module(f"lambdatui.screens.{name}"), screen).COMMANDS_HERE
    return found


def main_screen(name: str) -> "type[StoreScreen]":
    """Imported when it is first gone to. Raises ``KeyError``."""
    found: type[StoreScreen] = getattr(import_module(f"lambdatui.screens.{name}"), MAIN[name])
    return found

"""The screens that one jumps to, by the name that palette, state and configuration know them by."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen

MAIN = {
    "functions": "FunctionsScreen",
    "invocations": "InvocationsScreen",
    "logs": "LogsScreen",
    "errors": "ErrorsScreen",
    "throttles": "ThrottlesScreen",
    "costs": "CostsScreen",
    "advice": "AdviceScreen",
    "alarms": "AlarmsScreen",
    "collect": "CollectScreen",
    "configuration": "ConfigurationScreen",
}


def main_screen(name: str) -> "type[StoreScreen]":
    """Imported when it is first gone to. Raises ``KeyError``."""
    found: type[StoreScreen] = getattr(import_module(f"lambdatui.screens.{name}"), MAIN[name])
    return found

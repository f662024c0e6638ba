"""Commands that choose the range of time."""

from typing import ClassVar

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.protocols import AsksForTime


class _Preset(Command[AsksForTime]):
    """Look at the range that ends now."""

    PRESET: ClassVar[str]
    GROUP = "Time"

    @classmethod
    def run(cls, screen: AsksForTime) -> None:
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


class Earlier(Command[AsksForTime]):
    """Travel back in time by the length of the range."""

    BINDING_KEY = "left_square_bracket"
    GROUP = "Time"

    @classmethod
    def run(cls, screen: AsksForTime) -> None:
        """Goes one range back; on an invocation's screen, to the invocation before."""
        screen.travel(back=True)


class Later(Command[AsksForTime]):
    """Travel forward in time by the length of the range, to now at most."""

    BINDING_KEY = "right_square_bracket"
    GROUP = "Time"

    @classmethod
    def run(cls, screen: AsksForTime) -> None:
        """Goes one range forward; on an invocation's screen, to the invocation after."""
        screen.travel(back=False)


class ChooseTime(Command[AsksForTime]):
    """Look at a range in words: ``3h..1h``, ``09:30``, ``yesterday``, ``last week``, ``2026-11-01..2026-11-07``."""

    BINDING_KEY = "at"
    GROUP = "Time"

    @classmethod
    def run(cls, screen: AsksForTime) -> None:
        """Asks for the words."""
        screen.choose_time()


TIME: Commands = (LastHour, LastDay, LastWeek, LastMonth, MonthToDate, AllTime, Earlier, Later, ChooseTime)

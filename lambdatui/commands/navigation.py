"""Commands that go from screen to screen."""

from typing import ClassVar

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.protocols import ChoosesPlace, Navigates


class _Show(Command[Navigates]):
    """Go to a main screen."""

    SCREEN: ClassVar[str]
    GROUP = "Go to"

    @classmethod
    def run(cls, screen: Navigates) -> None:
        screen.jump_to(cls.SCREEN)


class ShowErrors(_Show):
    """Go to the errors, grouped by what failed."""

    BINDING_KEY = "E"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "errors"
    SCREEN = "errors"


class ShowPatterns(_Show):
    """Go to the patterns: what all log lines are made of, what each kind costs, and which are new."""

    BINDING_KEY = "L"
    FOOTER_TEXT = "patterns"
    SCREEN = "patterns"


class ShowThrottles(_Show):
    """Go to the throttles: who was rejected, by which limit, and how much room is left."""

    BINDING_KEY = "T"
    FOOTER_TEXT = "throttles"
    SCREEN = "throttles"


class ShowCosts(_Show):
    """Go to the costs: the bill's lines, the free tier and the projection."""

    BINDING_KEY = "dollar_sign"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "costs"
    SCREEN = "costs"


class ShowAdvice(_Show):
    """Go to the advice: what to change, with its evidence and its dollars."""

    BINDING_KEY = "A"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "advice"
    SCREEN = "advice"


class ShowAlarms(_Show):
    """Go to the CloudWatch alarms."""

    BINDING_KEY = "a"
    FOOTER_TEXT = "alarms"
    SCREEN = "alarms"


class ShowCollect(_Show):
    """Go to what was collected: sources, freshness, rejected lines."""

    BINDING_KEY = "C"
    FOOTER_TEXT = "collect"
    SCREEN = "collect"


class ShowConfiguration(_Show):
    """Go to the functions' configuration: event sources, dead-letter queues, aliases, history."""

    BINDING_KEY = "d"
    FOOTER_TEXT = "configuration"
    SCREEN = "configuration"

    @classmethod
    def run(cls, screen: Navigates) -> None:
        """Opens the configuration of what the screen is about: all functions, or one."""
        screen.show_configuration()


class ShowFunctions(_Show):
    """Go to the first screen: all functions."""

    BINDING_KEY = "F"
    FOOTER_TEXT = "functions"
    SCREEN = "functions"


class ShowInvocations(Command[Navigates]):
    """Go to the invocations: of this function, or of all of them."""

    BINDING_KEY = "i"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "invocations"
    GROUP = "Go to"

    @classmethod
    def run(cls, screen: Navigates) -> None:
        """Opens the invocations of what the screen is about."""
        screen.show_invocations()


class ShowLogs(Command[Navigates]):
    """Go to the log lines: of the function under the cursor, or of all of them."""

    BINDING_KEY = "l"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "logs"
    GROUP = "Go to"

    @classmethod
    def run(cls, screen: Navigates) -> None:
        """Opens the log lines, without a live tail."""
        screen.show_logs(live=False)


class ShowAllLogs(Command[Navigates]):
    """Go to the log lines of everything: all functions, accounts and regions that are looked at."""

    BINDING_KEY = "W"
    FOOTER_TEXT = "all logs"
    GROUP = "Go to"

    @classmethod
    def run(cls, screen: Navigates) -> None:
        """Opens the log lines of all functions."""
        screen.show_all_logs()


class OpenLiveTail(Command[Navigates]):
    """Log lines as they are written, of the marked functions or the one under the cursor: CloudWatch's live tail,
    $0.01 a minute, or the runner's own log, free; where it cannot be had, what is collected is followed."""

    ID = "live-tail"
    BINDING_KEY = "0"
    GROUP = "Go to"

    @classmethod
    def run(cls, screen: Navigates) -> None:
        """Opens the log lines, and begins a live tail of them."""
        screen.show_logs(live=True)


class LastView(Command[Navigates]):
    """Go back to the main screen that was shown before this one."""

    BINDING_KEY = "minus"
    GROUP = "Go to"

    @classmethod
    def run(cls, screen: Navigates) -> None:
        """Goes to the last main screen."""
        screen.last_view()


class ChooseRegion(Command[ChoosesPlace]):
    """Look at one region only, or at all of them; what is collected from here is of that region too."""

    BINDING_KEY = "R"
    GROUP = "Narrow"

    @classmethod
    def run(cls, screen: ChoosesPlace) -> None:
        """Asks for the region."""
        screen.choose_place("region")


class ChooseProfile(Command[ChoosesPlace]):
    """Choose the AWS profile that collections and live tails from here use, and look at its account; or an account."""

    BINDING_KEY = "P"
    GROUP = "Narrow"

    @classmethod
    def run(cls, screen: ChoosesPlace) -> None:
        """Asks for the profile or the account."""
        screen.choose_place("account")


NAVIGATION: Commands = (
    ShowLogs, ShowErrors, ShowCosts, ShowAdvice, ShowInvocations, ShowThrottles, ShowAlarms, ShowCollect,
    ShowConfiguration, ShowFunctions, ShowPatterns, OpenLiveTail, ShowAllLogs, LastView, ChooseRegion, ChooseProfile,
)  # fmt: skip

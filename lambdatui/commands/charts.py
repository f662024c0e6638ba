"""What works on charts."""

from typing import TYPE_CHECKING

from lambdatui.commands.base import Command, Commands

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen


class NextCharts(Command):
    """Show the next two charts: calls, durations, concurrency, memory, cost, cold starts, metrics in log lines."""

    BINDING_KEY = "v"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "charts"
    GROUP = "Charts"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.next_charts()


class ChooseChart(Command):
    """Choose a chart from a list: the function's figures, and the metrics that its log lines carry."""

    BINDING_KEY = "V"
    GROUP = "Charts"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.choose_chart()


class CrosshairRight(Command):
    """Move the line across the charts later; its values stand beside the titles."""

    BINDING_KEY = "full_stop"
    GROUP = "Charts"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.move_crosshair(1)


class CrosshairLeft(Command):
    """Move the line across the charts earlier."""

    BINDING_KEY = "comma"
    GROUP = "Charts"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.move_crosshair(-1)


CHARTS: Commands = (NextCharts, ChooseChart, CrosshairRight, CrosshairLeft)

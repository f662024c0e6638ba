"""What works on costs."""

from typing import TYPE_CHECKING

from lambdatui.commands.base import Command, Commands

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen


class CostsBy(Command):
    """Sum the costs by function, then by dimension, region, day and a tag."""

    BINDING_KEY = "b"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "by"
    GROUP = "Costs"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.costs_by_next()


class WhatIf(Command):
    """Ask what the range would have cost with another architecture, memory or region."""

    BINDING_KEY = "w"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "what if"
    GROUP = "Costs"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        screen.what_if()


class AwsBill(Command):
    """Set AWS's own bill beside the computed one, by day, month or in sum."""

    BINDING_KEY = "B"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "AWS's bill"
    GROUP = "Costs"

    @classmethod
    def run(cls, screen: "StoreScreen") -> None:
        from lambdatui.screens.billed import BilledScreen

        screen.app.push_screen(BilledScreen(screen.session))


class BillBy(CostsBy):
    """Sum the bills by day, by month, or over the whole range."""


MONEY: Commands = (CostsBy, WhatIf, AwsBill)

"""``lambdatui compare``."""

from collections.abc import Iterable
from typing import Any

import click

from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.price_book import price_book
from lambdatui.cli.store_access import Opened
from lambdatui.views.cost_groups import BY_TAG
from lambdatui.views.fleet_comparison import FleetComparison, FleetFigure, fleet_comparison
from lambdatui.views.fleet_groups import PLACES, FleetGroup, FleetGroups, fleet_groups
from lambdatui.views.nearest_name import nearest
from lambdatui.views.view import View


def _grouping(_: click.Context, __: click.Parameter, by: str | None) -> str | None:
    if by is None or by in PLACES or (by.startswith(BY_TAG) and len(by) > len(BY_TAG)):
        return by
    raise click.BadParameter(f"{by!r} is neither account, region nor tag.KEY{nearest(by, 'grouping', set(PLACES))}")


def _notes(view: FleetComparison | FleetGroups, _: Listing) -> Iterable[str]:
    return view.notes


@listing_command("compare", FleetFigure, FleetGroup, example="lambdatui compare --range 24h --week", notes=_notes)
@click.option("--week", is_flag=True, help="With the same weekdays a week before, not with the range before.")
@click.option(
    "--by", callback=_grouping, metavar="GROUP", help="Accounts, regions or values of tag.KEY beside each other."
)
def command(store: Opened, listing: Listing, week: bool, by: str | None) -> View[Any]:
    """The whole fleet beside what it did before, and who grew most.

    Only like spans are compared: as much of the range before as there is of this one, as far as both were collected;
    of a month so far the same days of the month before. --by sets accounts, regions or teams beside each other.
    """
    if by is None:
        return fleet_comparison(store.reader, store.range, price_book(), week=week, scope=store.context.scope)
    return fleet_groups(store.reader, store.range, price_book(), by, week=week, scope=store.context.scope)

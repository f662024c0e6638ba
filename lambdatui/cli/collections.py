"""``lambdatui collections``."""

import click

from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import opened
from lambdatui.views.collections import collections
from pricing.call_prices import price


@click.command(name="collections", epilog="Example: lambdatui collections --limit 5")
@listing_options
def command(listing: Listing) -> None:
    """What was collected and imported, newest first: how much, how long it took, what its calls cost, what failed."""
    with opened() as store:
        emit(collections(store.reader, store.range, price), listing, utc=store.context.utc)

"""``lambdatui whatif``."""

import click

from lambdatui.cli.opened import opened, price_book
from lambdatui.cli.output import Listing, emit, listing_options
from lambdatui.views.whatif import whatif

BRIEF = ("function", "change", "now_usd", "then_usd", "saves_usd", "confidence")


@click.command(
    name="whatif", epilog="Example: lambdatui whatif --range mtd --filter 'saves_usd>1' --columns change,arithmetic"
)
@listing_options
def command(listing: Listing) -> None:
    """What would be cheaper, most dollars a month first: architecture, memory, provisioned concurrency, waste.

    At list price before any free tier. Each row's arithmetic and assumptions are in --json, --csv and --columns.
    """
    with opened() as store:
        emit(
            whatif(store.reader, store.range, price_book(), narrow=store.context.narrow), listing,
            utc=store.context.utc, brief=BRIEF,
        )  # fmt: skip

"""``lambdatui advice``."""

import click

from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import opened, price_book
from lambdatui.views.advice import advice


@click.command(name="advice", epilog="Example: lambdatui advice --range 30d --filter 'saves_usd>5'")
@listing_options
def command(listing: Listing) -> None:
    """What to change: timeouts, denied calls, memory, cold starts, retries, runtimes, each with its evidence.

    What fails comes first, then what would save most in a month: at least so much, at list price before the free
    tier, the same figure as in whatif. Its range, what is unknown and the AWS command are in --json and --columns.
    """
    with opened() as store:
        view = advice(store.reader, store.range, price_book(), narrow=store.context.narrow)
        emit(view, listing, utc=store.context.utc)

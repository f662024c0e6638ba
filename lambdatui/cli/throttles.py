"""``lambdatui throttles``."""

import click

from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import opened
from lambdatui.views.concurrency import concurrency


@click.command(name="throttles", epilog="Example: lambdatui throttles --range 24h --filter 'throttles>0'")
@listing_options
def command(listing: Listing) -> None:
    """Throttles, and how much concurrency is left to each function and account, from CloudWatch metrics.

    What was not collected is unknown. 'Full by' is where the line through the daily peaks reaches the limit.
    """
    with opened() as store:
        view = concurrency(store.reader, store.range, narrow=store.context.narrow)
        emit(view, listing, utc=store.context.utc)
        if not view.collected and listing.form == "text":
            click.echo("no throttle metrics in this range; 'lambdatui collect' fetches them", err=True)

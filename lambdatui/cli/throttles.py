"""``lambdatui throttles``."""

import click

from lambdatui.cli.opened import opened
from lambdatui.cli.output import Listing, emit, listing_options
from lambdatui.views.throttles import throttles


@click.command(name="throttles", epilog="Example: lambdatui throttles --range 24h --filter 'throttles>0'")
@listing_options
def command(listing: Listing) -> None:
    """Throttles and concurrency, from CloudWatch metrics; unknown where none were collected."""
    with opened() as store:
        view = throttles(store.reader, store.range, narrow=store.context.narrow)
        emit(view, listing, utc=store.context.utc)
        if not view.collected and listing.form == "text":
            click.echo("no throttle metrics in this range; 'lambdatui collect' fetches them", err=True)

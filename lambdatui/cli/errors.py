"""``lambdatui errors``."""

import click

from lambdatui.cli.opened import opened
from lambdatui.cli.output import Listing, emit, listing_options
from lambdatui.views.errors import errors

BRIEF = ("function", "error_type", "message", "count", "first_seen", "last_seen", "sample_request_id")


@click.command(name="errors", epilog="Example: lambdatui errors --range 7d --filter 'error_type:Timeout' --json")
@listing_options
def command(listing: Listing) -> None:
    """Errors in groups, most frequent first: what fails, how often, since when, and a request to look at."""
    with opened() as store:
        view = errors(store.reader, store.range, narrow=store.context.narrow)
        emit(view, listing, utc=store.context.utc, brief=BRIEF)

"""``lambdatui errors``."""

import click

from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import opened
from lambdatui.views.error_trends import error_trends


@click.command(name="errors", epilog="Example: lambdatui errors --range 7d --filter 'error_type:Timeout' --json")
@listing_options
def command(listing: Listing) -> None:
    """Errors in groups, most frequent first: what fails, how often, whether it is new, and a request to look at.

    New, regressed and gone are told by the function's last deploy where that was collected, else by days. Patterns are
    what Logs Insights found where logs are too much to fetch.
    """
    with opened() as store:
        view = error_trends(store.reader, store.range, narrow=store.context.narrow)
        emit(view, listing, utc=store.context.utc)

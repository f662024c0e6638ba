"""``lambdatui alarms``."""

import click

from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import opened
from lambdatui.views.alarms import alarms


@click.command(name="alarms", epilog="Example: lambdatui alarms --filter alarm_state:ALARM")
@listing_options
def command(listing: Listing) -> None:
    """Alarms, metric and composite, as they were when collected last; those in alarm first."""
    with opened() as store:
        view = alarms(store.reader, store.range, narrow=store.context.narrow or None)
        emit(view, listing, utc=store.context.utc)

"""``lambdatui metrics``."""

import click

from lambdatui.cli.opened import opened
from lambdatui.cli.output import Listing, emit, listing_options
from lambdatui.views.metrics import metrics


@click.command(name="metrics", epilog="Example: lambdatui metrics --range 24h --filter metric:Duration")
@listing_options
def command(listing: Listing) -> None:
    """CloudWatch metrics of functions and accounts over the range: the sum of sums, the worst period of all else."""
    with opened() as store:
        emit(metrics(store.reader, store.range, narrow=store.context.narrow or None), listing, utc=store.context.utc)

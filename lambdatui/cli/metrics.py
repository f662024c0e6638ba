"""``lambdatui metrics``."""

import click

from collectors.ingest.older_metrics import look_through
from lambdatui.cli.global_options import current_context
from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import opened
from lambdatui.views.metrics import metrics


@click.command(name="metrics", epilog="Example: lambdatui metrics --range 24h --filter 'metric:Duration stat:p95'")
@listing_options
def command(listing: Listing) -> None:
    """Metrics of functions and accounts over the range: CloudWatch's, and those that log lines carry (EMF).

    Of CloudWatch's the sum of sums, and the worst period of all else. Of lines in the Embedded Metric Format each
    namespace, name, set of dimensions and unit is a metric, whose statistics are of all its values in the range
    (percentiles within 1%); what is no valid EMF is told.
    """
    look_through(current_context().db, _say)
    with opened() as store:
        view = metrics(store.reader, store.range, narrow=store.context.narrow or None)
        emit(view, listing, utc=store.context.utc)
    for said in view.notes:
        click.echo(said, err=True)


def _say(left: int) -> None:
    click.echo(
        f"lambdatui: lines of an older version are looked through for metrics: {left:,} chunks are left", err=True
    )

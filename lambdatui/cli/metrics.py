"""``lambdatui metrics``."""

from collections.abc import Sequence

import click

from collectors.ingest.older_metrics import count_older_metrics
from lambdatui.cli.global_options import current_context
from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.store_access import Opened
from lambdatui.views.metrics import MetricsView, MetricView, metrics


def _prepare() -> None:
    count_older_metrics(current_context().db, _say)


def _say(left: int) -> None:
    click.echo(
        f"lambdatui: lines of an older version are looked through for metrics: {left:,} chunks are left", err=True
    )


def _notes(view: MetricsView, listing: Listing) -> Sequence[str]:
    return view.notes


@listing_command(
    "metrics",
    MetricView,
    example="lambdatui metrics --range 24h --filter 'metric:Duration stat:p95'",
    prepare=_prepare,
    notes=_notes,
)
def command(store: Opened, listing: Listing) -> MetricsView:
    """Metrics of functions and accounts over the range: CloudWatch's, and those that log lines carry (EMF).

    Of CloudWatch's the sum of sums, and the worst period of all else. Of lines in the Embedded Metric Format each
    namespace, name, set of dimensions and unit is a metric, whose statistics are of all its values in the range
    (percentiles within 1%); what is no valid EMF is told.
    """
    return metrics(store.reader, store.range, scope=store.context.scope)

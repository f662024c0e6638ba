"""``lambdatui whatif``."""

from collections.abc import Sequence

import click

from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.price_book import price_book
from lambdatui.cli.store_access import Opened
from lambdatui.views.pattern_savings import PatternSaving, UnknownPattern, kept_share, pattern_savings
from lambdatui.views.view import View
from lambdatui.views.whatif import WhatIfRow, whatif


@listing_command(
    "whatif",
    WhatIfRow,
    PatternSaving,
    example="lambdatui whatif --range mtd --filter 'saves_usd>1' --columns change,arithmetic",
)
@click.option("--drop-pattern", "drop", multiple=True, metavar="ID", help="What no longer writing these lines saves.")
@click.option("--sample-pattern", "sample", multiple=True, metavar="ID=10%", help="What writing a part of them saves.")
def command(
    store: Opened, listing: Listing, drop: tuple[str, ...], sample: tuple[str, ...]
) -> View[WhatIfRow] | View[PatternSaving]:
    """What would be cheaper, most dollars a month first: architecture, memory, provisioned concurrency, waste.

    With --drop-pattern or --sample-pattern, of log lines by pattern instead ('lambdatui patterns' names them).
    At list price before any free tier. Each row's arithmetic and assumptions are in --json, --csv and --columns.
    """
    if drop or sample:
        return _of_patterns(store, drop, sample)
    return whatif(store.reader, store.range, price_book(), scope=store.context.scope)


def _of_patterns(store: Opened, drop: Sequence[str], sample: Sequence[str]) -> View[PatternSaving]:
    changes = [(name, 0.0) for name in drop]
    try:
        changes += [(name, kept_share(share)) for name, _, share in (part.partition("=") for part in sample)]
        return pattern_savings(store.reader, store.range, price_book(), changes, scope=store.context.scope)
    except (UnknownPattern, ValueError) as error:
        raise click.UsageError(str(error)) from error

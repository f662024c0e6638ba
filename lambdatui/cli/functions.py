"""``lambdatui functions``."""

import click

from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import now_ms, opened, price_book
from lambdatui.views.function_tags import with_tags
from lambdatui.views.functions import functions


def says_tags(listing: Listing) -> bool:
    """Whether tags are shown or looked at: a column of them would leave no room for figures in text."""
    named = " ".join(filter(None, (listing.columns, listing.sort, listing.where)))
    return (listing.form != "text" and not listing.columns) or "tags" in named.casefold()


@click.command(name="functions", epilog="Example: lambdatui functions --range 7d --filter 'errors>0' --sort p95_ms")
@listing_options
def command(listing: Listing) -> None:
    """All functions over the range: calls, errors, latency, cost.

    Most expensive first. The text table shows the main columns; --json and --csv carry all of them, and --columns
    chooses.
    """
    with opened() as store:
        now = None if store.context.range.at is not None else now_ms()
        view = functions(
            store.reader,
            store.range,
            price_book(),
            narrow=store.context.narrow,
            now_ms=now,
            thresholds=store.context.thresholds,
        )
        if says_tags(listing):
            view = with_tags(view, store.reader)
        emit(view, listing, utc=store.context.utc)

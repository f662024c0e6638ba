"""``lambdatui whatif``."""

import click

from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import opened, price_book
from lambdatui.views.whatif import whatif


@click.command(
    name="whatif", epilog="Example: lambdatui whatif --range mtd --filter 'saves_usd>1' --columns change,arithmetic"
)
@click.option("--drop-pattern", "drop", multiple=True, metavar="ID", help="What no longer writing these lines saves.")
@click.option("--sample-pattern", "sample", multiple=True, metavar="ID=10%", help="What writing a part of them saves.")
@listing_options
def command(listing: Listing, drop: tuple[str, ...], sample: tuple[str, ...]) -> None:
    """What would be cheaper, most dollars a month first: architecture, memory, provisioned concurrency, waste.

    With --drop-pattern or --sample-pattern, of log lines by pattern instead ('lambdatui patterns' names them).
    At list price before any free tier. Each row's arithmetic and assumptions are in --json, --csv and --columns.
    """
    if drop or sample:
        _patterns(listing, drop, sample)
        return
    with opened() as store:
        emit(
            whatif(store.reader, store.range, price_book(), narrow=store.context.narrow), listing,
            utc=store.context.utc,
        )  # fmt: skip


def _patterns(listing: Listing, drop: tuple[str, ...], sample: tuple[str, ...]) -> None:
    from lambdatui.views.pattern_savings import UnknownPattern, kept_share, pattern_savings

    changes = [(name, 0.0) for name in drop]
    try:
        changes += [(name, kept_share(share)) for name, _, share in (one.partition("=") for one in sample)]
        with opened() as store:
            view = pattern_savings(store.reader, store.range, price_book(), changes, narrow=store.context.narrow)
            emit(view, listing, utc=store.context.utc)
    except (UnknownPattern, ValueError) as error:
        raise click.UsageError(str(error)) from error

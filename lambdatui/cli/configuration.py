"""``lambdatui configuration``."""

import click

from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import opened
from lambdatui.views.configuration import changes, configuration


@click.command(name="configuration", epilog="Example: lambdatui configuration --changes --range 7d")
@click.option("--changes", "changed", is_flag=True, help="What changed in the range, and from what to what.")
@listing_options
def command(listing: Listing, changed: bool) -> None:
    """How functions are configured, with concurrency, event sources, aliases, versions and URLs; or what changed."""
    with opened() as store:
        narrow = store.context.narrow or None
        if changed:
            emit(changes(store.reader, store.range, narrow=narrow), listing, utc=store.context.utc)
        else:
            emit(configuration(store.reader, store.range, narrow=narrow), listing, utc=store.context.utc)

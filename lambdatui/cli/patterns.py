"""``lambdatui patterns``."""

import click

from lambdatui.cli.global_options import current_context
from lambdatui.cli.older_lines import count_older_lines
from lambdatui.cli.output.rows import Listing, emit, listing_options
from lambdatui.cli.store_access import opened, price_book
from lambdatui.text.figures import counted, size
from lambdatui.views.patterns import patterns

BRIEF = ("pattern", "template", "function", "count", "share", "bytes", "ingestion_usd", "novelty")
_PARTLY = 3


@click.command(name="patterns", epilog="Example: lambdatui patterns --range 7d --filter novelty:new --json")
@click.option("--build", is_flag=True, help="First count the lines that an older version stored, as an import would.")
@listing_options
def command(listing: Listing, build: bool) -> int:
    """What all log lines are made of, most bytes first: how many, their share, what their ingestion costs, an example.

    Counted by the hour while lines are imported and collected, START, END and REPORT too. Dollars are at list price:
    the bytes and 26 for each event, at the rate of the log group's class. 'lambdatui whatif --drop-pattern ID' says
    what a pattern's lines cost a month.
    """
    if build:
        count_older_lines(current_context().db)
    with opened() as store:
        view = patterns(store.reader, store.range, price_book(), narrow=store.context.narrow)
        emit(view, listing, utc=store.context.utc, brief=BRIEF)
    if listing.form == "text":
        click.echo(f"({counted(view.lines, 'line')}, {size(view.bytes)})", err=True)
    for said in view.missing:
        click.echo(said, err=True)
    return _PARTLY if view.missing else 0

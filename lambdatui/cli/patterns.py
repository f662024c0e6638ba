"""``lambdatui patterns``."""

from collections.abc import Iterator

import click

from lambdatui.cli.global_options import current_context
from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.older_lines import count_older_lines
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.price_book import price_book
from lambdatui.cli.store_access import Opened
from lambdatui.text.figures import counted, size
from lambdatui.views.patterns import PatternRow, PatternsView, patterns

_PARTLY = 3


def _prepare(build: bool) -> None:
    if build:
        count_older_lines(current_context().db)


def _notes(view: PatternsView, listing: Listing) -> Iterator[str]:
    if listing.form == "text":
        yield f"({counted(view.lines, 'line')}, {size(view.bytes)})"
    yield from view.missing


def _exit_code(view: PatternsView) -> int:
    return _PARTLY if view.missing else 0


@listing_command(
    "patterns",
    PatternRow,
    example="lambdatui patterns --range 7d --filter novelty:new --json",
    prepare=_prepare,
    notes=_notes,
    exit_code=_exit_code,
)
@click.option("--build", is_flag=True, help="First count the lines that an older version stored, as an import would.")
def command(store: Opened, listing: Listing, build: bool) -> PatternsView:
    """What all log lines are made of, most bytes first: how many, their share, what their ingestion costs, an example.

    Counted by the hour while lines are imported and collected, START, END and REPORT too. Dollars are at list price:
    the bytes and 26 for each event, at the rate of the log group's class. 'lambdatui whatif --drop-pattern ID' says
    what a pattern's lines cost a month.
    """
    return patterns(store.reader, store.range, price_book(), scope=store.context.scope)

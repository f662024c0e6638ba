"""``lambdatui logs``."""

from itertools import islice

import click

from lambdatui import text
from lambdatui.cli.opened import opened
from lambdatui.cli.options import current_context
from lambdatui.cli.output import Listing, listing_options, narrate, print_rows
from lambdatui.text_table import cells, padded
from lambdatui.views import filters
from lambdatui.views.columns import column_named
from lambdatui.views.logs import LOG_COLUMNS, LogsView, LogView, lines

_ON_SCREEN = 1_000


@click.command(name="logs", epilog="Example: lambdatui logs --range 7d --function checkout 'connection refused'")
@click.argument("words", required=False, default="", metavar="[TEXT]")
@click.option("--live", is_flag=True, help="Lines as they are written, of functions of one account and region.")
@click.option("--profile", metavar="P", help="The AWS profile that --live asks with.")
@click.option("--endpoint-url", metavar="URL", help="Another server that speaks AWS's APIs, for --live.")
@listing_options
def command(listing: Listing, words: str, live: bool, profile: str | None, endpoint_url: str | None) -> None:
    """Log lines in order of time; with TEXT only those that hold it, whatever the case.

    The whole range is searched. The text form shows the last 1,000 lines unless --limit says otherwise; --reverse
    shows the newest first. --live asks CloudWatch for a live tail, $0.01 a minute, until interrupted, and where that
    cannot be had asks every 2 s; of the local runner's functions it reads the runner's log. With --json it prints an
    object a line: a log line, or how the tail is and what it has cost.
    """
    if live:
        from lambdatui.cli.live import tail

        if listing.form == "csv" or listing.where or listing.sort or listing.reverse or listing.limit is not None:
            raise click.UsageError("--live takes TEXT, --json and what narrows, and no other option of a listing")
        as_json = listing.form == "json"
        tail(current_context(), words, profile=profile, endpoint_url=endpoint_url, as_json=as_json)
        return
    if profile or endpoint_url:
        raise click.UsageError("--profile and --endpoint-url are for --live")
    where = filters.parse(listing.where, LOG_COLUMNS) if listing.where else None
    sort = column_named(listing.sort, LOG_COLUMNS) if listing.sort else None
    limit = listing.limit if listing.limit is not None else _ON_SCREEN if listing.form == "text" else None
    with opened(of_lines=True) as store:
        # The last lines are what a limit should leave: read from the newest end, then turn round.
        newest_first = limit is not None and sort is None
        found = lines(store.reader, store.range, narrow=store.context.narrow, contains=words, newest_first=newest_first)
        matching = (line for line in found if where is None or where.matches(line))
        rows = list(matching if sort is not None else islice(matching, limit))
        if newest_first != (listing.reverse and sort is None):
            rows.reverse()
        if sort is not None:
            rows = filters.sort_rows(rows, sort, reverse=listing.reverse)[:limit]
        view = LogsView(LOG_COLUMNS, rows, store.reader.newest_ms(), store.range)
        if listing.form == "text" and not listing.columns:
            _print(rows, utc=store.context.utc)
            narrate(view, len(rows))
        else:
            print_rows(view, rows, listing, utc=store.context.utc)


def _print(rows: list[LogView], *, utc: bool) -> None:
    names = [text.plain(row.function, tabs=False) for row in rows]
    width = max(map(cells, names), default=0)
    for row, name in zip(rows, names, strict=True):
        at = text.instant(row.timestamp, utc=utc, millis=True)
        body = text.plain(row.message.rstrip("\r\n"), newlines=True).replace("\n", "\n    ")
        click.echo(f"{at}  {padded(name, width)}  {body}")

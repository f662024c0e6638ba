"""``lambdatui logs``."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import click

from lambdatui.cli.global_options import current_context, keep_tag_terms
from lambdatui.cli.output.listing import Listing, ListingHelp, listing_options
from lambdatui.cli.output.rows import emit, narrate, print_rows
from lambdatui.cli.store_access import Opened, opened
from lambdatui.text import figures
from lambdatui.text.plain import plain
from lambdatui.text.safe_output import log_text
from lambdatui.text.table import cells, padded
from lambdatui.views import filters, line_query
from lambdatui.views.columns import Column, column_named
from lambdatui.views.line_columns import line_columns, with_fields
from lambdatui.views.line_conditions import LineQuery
from lambdatui.views.line_context import with_context
from lambdatui.views.logs import LOG_COLUMNS, LogsView, LogView, lines
from lambdatui.views.retained_since import lines_not_kept

_ON_SCREEN = 1_000


@click.command(
    name="logs", cls=ListingHelp, epilog="Example: lambdatui logs --range 7d --function checkout 'connection refused'"
)
@click.argument("words", required=False, default="", metavar="[TEXT]")
@click.option("--stats", metavar="FIGURES", help="Figures of the lines: 'count, p95(.ms) by .route, 5m'.")
@click.option(
    "--context", "near", type=click.IntRange(0, 1_000), metavar="N", help="N lines around each that is found."
)
@click.option("--live", is_flag=True, help="Lines as they are written, of functions of one account and region.")
@click.option("--profile", metavar="P", help="The AWS profile that --live asks with.")
@click.option("--endpoint-url", metavar="URL", help="Another server that speaks AWS's APIs, for --live.")
@listing_options(LogView, filters_rows=False)
def command(
    listing: Listing,
    words: str,
    stats: str | None,
    near: int | None,
    live: bool,
    profile: str | None,
    endpoint_url: str | None,
) -> None:
    """Log lines in order of time; with TEXT only those that hold it, whatever the case.

    The whole range is searched. The text form shows the last 1,000 lines unless --limit says otherwise; --reverse
    shows the newest first.

    --filter takes words, "phrases", level:ERROR, fields of JSON lines (.order.id:42, .ms>500, .path:/api/*), /regular
    expressions/i, function:NAME, request_id:ID; ! inverts, OR and brackets combine; tag.KEY:VALUE beside them narrows
    to functions. --columns takes fields too. --stats counts instead: count, count_distinct, sum, avg, min, max, p50,
    p90, p95, p99, by fields, level, function or spans of time (5m).

    --live asks CloudWatch for a live tail, $0.01 a minute, until interrupted, and where that cannot be had asks every
    2 s; of the local runner's functions it reads the runner's log. With --json it prints an object a line: a log line,
    or how the tail is and what it has cost.
    """
    keep_tag_terms(click.get_current_context(), filters.tags_in(listing.where or ""))
    rest = filters.without_tags(listing.where or "")
    where = line_query.parse(rest, anywhere=True) if rest else None
    if live:
        from lambdatui.cli.live import tail

        if listing.form == "csv" or listing.columns or listing.sort or listing.reverse or listing.limit is not None:
            raise click.UsageError("--live takes TEXT, --filter, --json and what narrows, no other option of a listing")
        if stats or near is not None:
            raise click.UsageError("--live shows lines as they come: --stats and --context are of stored ones")
        wanted = [line_query.phrase(words), *([where] if where else [])]
        as_json = listing.form == "json"
        tail(
            current_context(chooses_functions=True), wanted, profile=profile, endpoint_url=endpoint_url, as_json=as_json
        )
        return
    if profile or endpoint_url:
        raise click.UsageError("--profile and --endpoint-url are for --live")
    if stats is not None:
        if near is not None:
            raise click.UsageError("--context is of lines, and --stats shows none")
        _count(listing, words, where, stats)
    else:
        _list(listing, words, where, near)


def _count(listing: Listing, words: str, where: LineQuery | None, stats: str) -> None:
    from lambdatui.views import line_stats

    asked = line_stats.parse(stats)
    with opened() as store:
        _say_not_kept(store)
        view = line_stats.line_stats(
            store.reader, store.range, asked, scope=store.context.scope, contains=words, where=where
        )
        emit(view, replace(listing, where=None), utc=store.context.utc)


def _say_not_kept(store: Opened) -> None:
    ids = store.context.scope.ids(store.reader.functions()) if store.context.scope else None
    if said := lines_not_kept(store.reader, store.range, ids):
        click.echo(f"lambdatui logs: {said}", err=True)


def _list(listing: Listing, words: str, where: LineQuery | None, near: int | None) -> None:
    columns = line_columns(listing.columns, context=near is not None)
    sort = column_named(listing.sort, (*LOG_COLUMNS, *columns)) if listing.sort else None
    if near is not None and sort is not None:
        raise click.UsageError("--context shows lines in order of time, and --sort another")
    limit = listing.limit if listing.limit is not None else _ON_SCREEN if listing.form == "text" else None
    with opened() as store:
        _say_not_kept(store)
        # The last lines are what a limit should leave: read from the newest end, then turn round.
        newest_first = limit is not None and sort is None
        matches = lines(
            store.reader,
            store.range,
            scope=store.context.scope,
            contains=words,
            newest_first=newest_first,
            where=where,
        )
        rows = list(matches if sort is not None else islice(matches, limit))
        if near is not None:
            _list_near(store, rows, near, columns, listing)
            return
        if newest_first != (listing.reverse and sort is None):
            rows.reverse()
        shown = with_fields(rows, columns if sort is None else (*columns, sort))
        if sort is not None:
            shown = filters.sort_rows(shown, sort, reverse=listing.reverse)[:limit]
        view = LogsView(columns, shown, store.reader.as_of_ms(store.range.to_ms), store.range)
        if listing.form == "text" and not listing.columns:
            _print(shown, utc=store.context.utc)
            narrate(view, len(shown))
        else:
            print_rows(view, shown, replace(listing, columns=None), utc=store.context.utc)


def _list_near(store: Opened, rows: list[LogView], near: int, columns: tuple[Column, ...], listing: Listing) -> None:
    """Prints matches among the lines around them, the groups separated by ``--``."""
    groups = with_context(store.reader, store.range, rows, near)
    if listing.reverse:
        groups = [group[::-1] for group in groups[::-1]]
    every = [line for group in groups for line in group]
    view = LogsView(columns, every, store.reader.as_of_ms(store.range.to_ms), store.range)
    if listing.form == "text" and not listing.columns:
        for place, group in enumerate(groups):
            if place:
                click.echo("--")
            _print(group, utc=store.context.utc)
        narrate(view, len(every))
    else:
        print_rows(view, with_fields(every, columns), replace(listing, columns=None), utc=store.context.utc)


def _print(rows: Sequence[LogView], *, utc: bool) -> None:
    names = [plain(row.function, tabs=False) for row in rows]
    width = max(map(cells, names), default=0)
    for row, name in zip(rows, names, strict=True):
        at = figures.instant(row.timestamp, utc=utc, millis=True)
        body = log_text(row.message).replace("\n", "\n    ")
        click.echo(f"{at}  {padded(name, width)}  {body}")

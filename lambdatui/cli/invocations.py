"""``lambdatui invocations``."""

import click

from collectors.model.records import Status
from lambdatui.cli.output.listing import Listing, ListingHelp, listing_options
from lambdatui.cli.output.rows import print_rows
from lambdatui.cli.store_access import opened
from lambdatui.views import filters
from lambdatui.views.columns import column_named
from lambdatui.views.invocations import INVOCATION_COLUMNS, STORE_ORDER, InvocationView, invocations
from lambdatui.views.retained_since import invocations_not_kept

_ON_SCREEN = 200
_ALL = 1 << 40


@click.command(
    name="invocations",
    cls=ListingHelp,
    epilog="Example: lambdatui invocations --function 'api-*' --status timeout --json",
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.label for status in Status]),
    help="Only invocations that ended so (repeatable).",
)
@listing_options(InvocationView)
def command(listing: Listing, statuses: tuple[str, ...]) -> None:
    """Invocations, newest first, each attempt of a request by itself.

    The text table stops after 200 unless --limit says otherwise; --json and --csv carry all of them. --filter looks
    through the whole range.
    """
    where = filters.parse(listing.where, INVOCATION_COLUMNS) if listing.where else None
    limit = listing.limit if listing.limit is not None else _ON_SCREEN if listing.form == "text" else _ALL
    sort = column_named(listing.sort, INVOCATION_COLUMNS) if listing.sort else None
    in_store = sort is None or sort.id in STORE_ORDER
    with opened() as store:
        ids = store.context.scope.ids(store.reader.functions()) if store.context.scope else None
        if said := invocations_not_kept(store.reader, store.range, ids):
            click.echo(f"lambdatui invocations: {said}", err=True)
        view = invocations(
            store.reader,
            store.range,
            scope=store.context.scope,
            statuses=[Status[name.upper()] for name in statuses] or None,
            where=where,
            order=sort.id if sort and in_store else "started_at",
            # Sorting ascends, as in every listing; without --sort the newest comes first.
            ascending=listing.reverse if sort is None else in_store and not listing.reverse,
            limit=limit if in_store else _ALL,
        )
        rows = list(view.rows)
        if sort is not None and not in_store:
            rows = filters.sort_rows(rows, sort, reverse=listing.reverse)[:limit]
        print_rows(view, rows, listing, utc=store.context.utc)
        if listing.form == "text" and (view.more or len(rows) < len(view.rows)):
            click.echo(f"more of {view.total:,} invocations: --limit N", err=True)

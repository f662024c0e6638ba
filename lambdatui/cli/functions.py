"""``lambdatui functions``."""

from collectors.model.clock import now_ms
from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing, asks_for_growth
from lambdatui.cli.price_book import price_book
from lambdatui.cli.store_access import Opened
from lambdatui.views.function_tags import with_tags
from lambdatui.views.functions import FunctionsView, FunctionView, functions
from lambdatui.views.growth import growth


def asks_for_tags(listing: Listing) -> bool:
    """Whether tags are printed or looked at: in text, columns of them would leave no room for figures."""
    named = " ".join(filter(None, (listing.columns, listing.sort, listing.where)))
    return (listing.form != "text" and not listing.columns) or "tags" in named.casefold()


@listing_command(
    "functions",
    FunctionView,
    extra=("tags", "tags_at"),
    example="lambdatui functions --range 7d --filter 'errors>0' --sort p95_ms",
)
def command(store: Opened, listing: Listing) -> FunctionsView:
    """All functions over the range: calls, errors, latency, cost.

    Most expensive first. The text table shows the main columns; --json and --csv carry all of them, and --columns
    chooses.
    """
    view = functions(
        store.reader,
        store.range,
        price_book(),
        scope=store.context.scope,
        now_ms=None if store.context.range.at is not None else now_ms(),
        thresholds=store.context.thresholds,
    )
    if asks_for_growth(listing):
        view = growth(store.reader, store.range, price_book(), scope=store.context.scope).added_to(view)
    return with_tags(view, store.reader) if asks_for_tags(listing) else view

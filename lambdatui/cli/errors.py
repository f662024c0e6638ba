"""``lambdatui errors``."""

from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing, asks_for_growth
from lambdatui.cli.store_access import Opened
from lambdatui.views.error_growth import error_growth
from lambdatui.views.error_trends import ErrorTrends, ErrorTrendView, error_trends


@listing_command("errors", ErrorTrendView, example="lambdatui errors --range 7d --filter 'error_type:Timeout' --json")
def command(store: Opened, listing: Listing) -> ErrorTrends:
    """Errors in groups, most frequent first: what fails, how often, whether it is new, and a request to look at.

    New, regressed and gone are told by the function's last deploy where that was collected, else by days. Patterns are
    what Logs Insights found where logs are too much to fetch.
    """
    view = error_trends(store.reader, store.range, scope=store.context.scope)
    if not asks_for_growth(listing):
        return view
    return error_growth(store.reader, store.range, view, scope=store.context.scope).added_to(view)

"""``lambdatui throttles``."""

from collections.abc import Iterator

from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.store_access import Opened
from lambdatui.views.concurrency import ConcurrencyView, HeadroomView, concurrency


def _notes(view: ConcurrencyView, listing: Listing) -> Iterator[str]:
    if not view.collected and listing.form == "text":
        yield "no throttle metrics in this range; 'lambdatui collect' fetches them"


@listing_command(
    "throttles", HeadroomView, example="lambdatui throttles --range 24h --filter 'throttles>0'", notes=_notes
)
def command(store: Opened, listing: Listing) -> ConcurrencyView:
    """Throttles, and how much concurrency is left to each function and account, from CloudWatch metrics.

    What was not collected is unknown. 'Full by' is where the line through the daily peaks reaches the limit.
    """
    return concurrency(store.reader, store.range, scope=store.context.scope)

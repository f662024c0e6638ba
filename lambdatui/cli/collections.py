"""``lambdatui collections``."""

from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.store_access import Opened
from lambdatui.views.collections import CollectionView, collections
from lambdatui.views.view import View
from pricing.call_prices import price


@listing_command("collections", CollectionView, example="lambdatui collections --limit 5")
def command(store: Opened, listing: Listing) -> View[CollectionView]:
    """What was collected and imported, newest first: how much, how long it took, what its calls cost, what failed."""
    return collections(store.reader, store.range, price)

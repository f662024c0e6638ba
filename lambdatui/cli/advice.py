"""``lambdatui advice``."""

from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.price_book import price_book
from lambdatui.cli.store_access import Opened
from lambdatui.views.advice import advice
from lambdatui.views.advice_item import Advice
from lambdatui.views.view import View


@listing_command("advice", Advice, example="lambdatui advice --range 30d --filter 'saves_usd>5'")
def command(store: Opened, listing: Listing) -> View[Advice]:
    """What to change: timeouts, denied calls, memory, cold starts, retries, runtimes, each with its evidence.

    What fails comes first, then what would save most in a month: at least so much, at list price before the free
    tier, the same figure as in whatif. Its range, what is unknown and the AWS command are in --json and --columns.
    """
    return advice(store.reader, store.range, price_book(), scope=store.context.scope)

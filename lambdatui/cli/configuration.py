"""``lambdatui configuration``."""

import click

from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.store_access import Opened
from lambdatui.views.configuration import ChangeView, SettingView, changes, configuration
from lambdatui.views.view import View


@listing_command("configuration", SettingView, ChangeView, example="lambdatui configuration --changes --range 7d")
@click.option("--changes", "changed", is_flag=True, help="What changed in the range, and from what to what.")
def command(store: Opened, listing: Listing, changed: bool) -> View[ChangeView] | View[SettingView]:
    """How functions are configured, with concurrency, event sources, aliases, versions and URLs; or what changed."""
    if changed:
        return changes(store.reader, store.range, scope=store.context.scope)
    return configuration(store.reader, store.range, scope=store.context.scope)

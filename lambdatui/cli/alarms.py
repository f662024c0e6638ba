"""``lambdatui alarms``."""

from lambdatui.cli.listing_command import listing_command
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.store_access import Opened
from lambdatui.views.alarms import AlarmsView, AlarmView, alarms


@listing_command("alarms", AlarmView, example="lambdatui alarms --filter alarm_state:ALARM")
def command(store: Opened, listing: Listing) -> AlarmsView:
    """Alarms, metric and composite, as they were when collected last; those in alarm first."""
    return alarms(store.reader, store.range, scope=store.context.scope)

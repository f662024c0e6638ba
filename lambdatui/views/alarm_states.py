"""CloudWatch alarms and the state they are in: what the alarms' screen shows."""

from dataclasses import dataclass

from collectors.store.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

ALARM_COLUMNS = columns("alarm", "alarm_state", "since", "function", "account", "region", "reason")


@dataclass(frozen=True, slots=True)
class AlarmView:
    """``alarm_state`` is CloudWatch's: ``OK``, ``ALARM`` or ``INSUFFICIENT_DATA``; ``function`` may be empty."""

    alarm: str
    alarm_state: str
    since: int | None
    function: str
    account: str | None
    region: str | None
    reason: str


@dataclass(frozen=True)
class AlarmsView(View[AlarmView]):
    """``collected`` is False where no collection has asked for alarms: then nothing is known."""

    collected: bool = False


def alarm_states(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> AlarmsView:
    """Those in alarm first. The store keeps no alarms yet, so nothing is known."""
    return AlarmsView(ALARM_COLUMNS, (), reader.newest_ms(), time_range)

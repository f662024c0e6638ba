"""Alarms as they stand, those that ring first."""

from dataclasses import dataclass

from collectors.model.account import Alarm
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.scope import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

ALARM_COLUMNS = columns(
    "alarm", "alarm_state", "since", "function", "condition", "alarm_kind", "account", "region", "changes", "reason"
)

_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}


@dataclass(frozen=True, slots=True)
class AlarmView:
    """One alarm. ``since`` is when it went into its state; ``changes`` how often it changed state in the range."""

    alarm: str
    alarm_state: str
    since: int | None
    function: str | None
    condition: str | None
    alarm_kind: str
    account: str | None
    region: str | None
    changes: int
    reason: str | None


@dataclass(frozen=True)
class AlarmsView(View[AlarmView]):
    """``collected`` is False where no collection has asked for alarms: then nothing is known."""

    collected: bool = False


@as_of_range
def alarms(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> AlarmsView:
    """All alarms that were there when they were collected last; narrowed to functions, those that watch one."""
    counts: dict[tuple[str, str, str], int] = {}
    for change in account_rows.alarm_changes(reader, time_range.from_ms, time_range.to_ms):
        if change.kind == "StateUpdate":
            key = change.account, change.region, change.name
            counts[key] = counts.get(key, 0) + 1
    rows = [
        AlarmView(
            one.name,
            one.state,
            one.state_since_ms,
            one.function or None,
            condition(one),
            one.kind,
            one.account or None,
            one.region or None,
            counts.get((one.account, one.region, one.name), 0),
            one.reason or None,
        )
        for one in account_rows.alarms(reader)
        if narrow is None or narrow.matches(one.account, one.region, one.function)
    ]
    asked = bool(rows) or account_rows.has_asked(reader, "cloudwatch:DescribeAlarms")
    return AlarmsView(ALARM_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range, collected=asked)


def condition(alarm: Alarm) -> str | None:
    """What an alarm waits for, such as ``Errors Sum >= 5 in 300 s``; a composite alarm's rule."""
    if alarm.rule:
        return alarm.rule
    if not alarm.metric:
        return None
    sign = _SIGNS.get(alarm.comparison, alarm.comparison)
    threshold = "" if alarm.threshold is None else f" {alarm.threshold:g}"
    within = f" in {alarm.period_s} s" if alarm.period_s else ""
    return f"{alarm.metric} {alarm.stat} {sign}{threshold}{within}".replace("  ", " ")

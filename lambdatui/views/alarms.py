"""Alarms as they stand, those that ring first."""

from dataclasses import dataclass
from typing import Annotated

from collectors.model.account import Alarm
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.tones import alarm_tone
from lambdatui.views.view import View, as_of_range

_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}


@dataclass(frozen=True, slots=True)
class AlarmView:
    """One alarm. ``since`` is when it went into its state; ``changes`` how often it changed state in the range."""

    alarm: Annotated[str, Column("Alarm", Kind.TEXT, 30, "The alarm's name.", tone="name"), OnScreen(0, 24), BRIEF]
    alarm_state: Annotated[
        str,
        Column("State", Kind.TEXT, 17, "ALARM, INSUFFICIENT_DATA or OK, as AWS says it.", tone=alarm_tone),
        OnScreen(),
        BRIEF,
    ]
    since: Annotated[int | None, shared.SINCE, OnScreen(2, 12), BRIEF]
    function: Annotated[str | None, shared.FUNCTION, OnScreen(3, 18), BRIEF]
    condition: Annotated[
        str | None,
        Column("Condition", Kind.TEXT, 40, "What the alarm waits for."),
        OnScreen(5, 28, after="region"),
        BRIEF,
    ]
    alarm_kind: Annotated[str, Column("Kind", Kind.TEXT, 9, "metric, or composite: an alarm over alarms.")]
    account: Annotated[str | None, shared.ACCOUNT]
    region: Annotated[str | None, shared.REGION, OnScreen(9), BRIEF]
    changes: Annotated[
        int, Column("Changes", Kind.COUNT, 7, "How often the alarm changed its state in the range."), OnScreen(7)
    ]
    reason: Annotated[str | None, shared.REASON, OnScreen(4, grows=True)]

    @property
    def trouble(self) -> str | None:
        """CloudWatch's state of it, where that is ``ALARM``."""
        return self.alarm_state if self.alarm_state == "ALARM" else None


ALARM_COLUMNS = columns_of(AlarmView)


@dataclass(frozen=True)
class AlarmsView(View[AlarmView]):
    """``collected`` is False where no collection has asked for alarms: then nothing is known."""

    collected: bool = False


@as_of_range
def alarms(reader: Reader, time_range: TimeRange, *, scope: Scope | None = None) -> AlarmsView:
    """All alarms that were there when they were collected last; narrowed to functions, those that watch one."""
    counts: dict[tuple[str, str, str], int] = {}
    for change in account_rows.alarm_changes(reader, time_range.from_ms, time_range.to_ms):
        if change.kind == "StateUpdate":
            key = change.account, change.region, change.name
            counts[key] = counts.get(key, 0) + 1
    rows = [
        AlarmView(
            alarm=alarm.name,
            alarm_state=alarm.state,
            since=alarm.state_since_ms,
            function=alarm.function or None,
            condition=condition(alarm),
            alarm_kind=alarm.kind,
            account=alarm.account or None,
            region=alarm.region or None,
            changes=counts.get((alarm.account, alarm.region, alarm.name), 0),
            reason=alarm.reason or None,
        )
        for alarm in account_rows.alarms(reader)
        if scope is None or scope.matches(alarm.account, alarm.region, alarm.function)
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

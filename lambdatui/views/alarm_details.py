"""An alarm in full: its state, what it waits for, why it rings, and how its state changed."""

from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from lambdatui.text.figures import count, instant
from lambdatui.views.alarms import AlarmView
from lambdatui.views.row_details import DetailField, RowDetails
from lambdatui.views.time_range import TimeRange

_CHANGES = 20


def alarm_parts(row: AlarmView, *, utc: bool) -> list[tuple[str, str]]:
    """State, condition, changes and reason, as labelled parts."""
    return [
        ("State", f"{row.alarm_state} since {instant(row.since, utc=utc)}"),
        ("Condition", row.condition or "-"),
        ("Changes in the range", count(row.changes)),
        ("Reason", row.reason or "-"),
    ]


def alarm_details(reader: Reader, time_range: TimeRange, row: AlarmView, *, utc: bool) -> RowDetails:
    """The alarm's parts, and its changes in the range, the newest first."""
    fields = [
        DetailField(label.lower().removesuffix(" in the range"), text,
                    "error" if label == "State" and row.alarm_state == "ALARM" else "")
        for label, text in alarm_parts(row, utc=utc)
    ]  # fmt: skip
    place = row.account or "", row.region or "", row.alarm
    changes = [
        change
        for change in account_rows.alarm_changes(reader, time_range.from_ms, time_range.to_ms)
        if (change.account, change.region, change.name) == place
    ]
    fields += [DetailField(instant(one.at_ms, utc=utc)[5:], one.summary or one.kind) for one in changes[:_CHANGES]]
    if len(changes) > _CHANGES:
        fields.append(DetailField("", f"and {len(changes) - _CHANGES:,} earlier changes"))
    return RowDetails(row.alarm, tuple(fields))

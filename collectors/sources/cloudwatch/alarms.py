"""The metric and composite alarms of one account and region, and their recent changes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from collectors.model.account import Alarm, AlarmChange
from collectors.model.records import Reject
from collectors.sources.cloudwatch.iso_times import iso_ms
from collectors.sources.cloudwatch.pages import pages

_TOKEN = "NextToken", "NextToken"
_BOTH = ["MetricAlarm", "CompositeAlarm"]  # composite alarms are listed only where they are asked for


def list_alarms(client: Any, account: str, region: str, rejects: list[Reject] | None = None) -> Iterator[Alarm]:
    """Every alarm of the region: those on AWS/Lambda name their function, others may watch what it depends on.

    One without a name is counted in ``rejects``.
    """
    for page in pages(
        client.describe_alarms, {"AlarmTypes": _BOTH}, _TOKEN,
        action="cloudwatch:DescribeAlarms", where=f"alarms in {region}",
    ):  # fmt: skip
        for kind, read in (("MetricAlarms", metric_alarm), ("CompositeAlarms", composite_alarm)):
            for alarm in page.get(kind) or ():
                if alarm.get("AlarmName"):
                    yield read(alarm, account, region)
                elif rejects is not None:
                    rejects.append(Reject("an alarm without a name", repr(alarm)[:2000], "DescribeAlarms"))


def history(
    client: Any, account: str, region: str, since_ms: int, now_ms: int, rejects: list[Reject] | None = None
) -> Iterator[AlarmChange]:
    """Changes of all alarms since ``since_ms`` (epoch ms); AWS keeps 30 days. Those without time or name go to
    ``rejects``.
    """
    asked = {
        "AlarmTypes": _BOTH,
        "StartDate": datetime.fromtimestamp(since_ms / 1000, UTC),
        "EndDate": datetime.fromtimestamp(now_ms / 1000, UTC),
        "ScanBy": "TimestampAscending",
    }
    for page in pages(
        client.describe_alarm_history, asked, _TOKEN,
        action="cloudwatch:DescribeAlarmHistory", where=f"alarm history in {region}",
    ):  # fmt: skip
        for change in page.get("AlarmHistoryItems") or ():
            at_ms = iso_ms(change.get("Timestamp"))
            if at_ms is not None and change.get("AlarmName"):
                yield AlarmChange(
                    account, region, change["AlarmName"], at_ms, change.get("HistoryItemType", ""),
                    change.get("HistorySummary", ""),
                )  # fmt: skip
            elif rejects is not None:
                rejects.append(Reject("a change of no alarm", repr(change)[:2000], "DescribeAlarmHistory"))


def metric_alarm(alarm: Any, account: str, region: str) -> Alarm:
    """A metric alarm of DescribeAlarms' answer; one over several metrics is named after the first of Lambda's."""
    metric, namespace, dimensions = alarm.get("MetricName"), alarm.get("Namespace"), alarm.get("Dimensions")
    stat, period_s = alarm.get("Statistic") or alarm.get("ExtendedStatistic"), alarm.get("Period")
    for query in alarm.get("Metrics") or ():
        asked = query.get("MetricStat") or {}
        inner = asked.get("Metric") or {}
        if metric is None or (namespace != "AWS/Lambda" and inner.get("Namespace") == "AWS/Lambda"):
            metric, namespace, dimensions = inner.get("MetricName"), inner.get("Namespace"), inner.get("Dimensions")
            stat, period_s = asked.get("Stat"), asked.get("Period")
    function = next((each.get("Value", "") for each in dimensions or () if each.get("Name") == "FunctionName"), "")
    return Alarm(
        account, region, alarm.get("AlarmName", ""), "metric", alarm.get("StateValue", ""),
        alarm.get("StateReason", ""),
        iso_ms(alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")),
        function=function,
        metric=f"{namespace} {metric}" if metric and namespace != "AWS/Lambda" else metric or "",
        stat=stat or "",
        period_s=period_s,
        comparison=alarm.get("ComparisonOperator", ""),
        threshold=alarm.get("Threshold"),
        actions_enabled=alarm.get("ActionsEnabled"),
    )  # fmt: skip


def composite_alarm(alarm: Any, account: str, region: str) -> Alarm:
    """A composite alarm of DescribeAlarms' answer, with its rule."""
    return Alarm(
        account, region, alarm.get("AlarmName", ""), "composite", alarm.get("StateValue", ""),
        alarm.get("StateReason", ""),
        iso_ms(alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")),
        rule=alarm.get("AlarmRule", ""),
        actions_enabled=alarm.get("ActionsEnabled"),
    )  # fmt: skip

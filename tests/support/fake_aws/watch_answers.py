"""What CloudWatch and CloudWatch Logs answer about a fleet."""

from typing import Any

from collectors.model.units import DAY_MS, FOREVER_MS
from tests.support.fake_aws.fleet import Fleet
from tests.support.fake_aws.lambda_answers import Missing
from tests.support.fake_aws.paging import TOKENS, paged, place

Answer = dict[str, Any]
POINTS_A_CHUNK = 60  # a longer series goes on at a later place, its status PartialData until its last chunk


def log_groups(fleet: Fleet, asked: Answer) -> Answer:
    prefix = asked.get("logGroupNamePrefix", "")
    found = [
        {
            "logGroupName": name, "creationTime": fleet.now_ms - 90 * DAY_MS, "retentionInDays": 30,
            "storedBytes": sum(len(each["message"]) for each in events), "logGroupClass": "STANDARD",
            "arn": f"arn:aws:logs:{fleet.region}:{fleet.account}:log-group:{name}:*",
        }
        for name, events in sorted(fleet.events.items())
        if name.startswith(prefix)
    ]  # fmt: skip
    return paged("logs:DescribeLogGroups", asked, "logGroups", found, 2 if fleet.functions < 10 else 5)


def log_events(fleet: Fleet, asked: Answer) -> Answer:
    """Pages of events; the first page of every other group is empty, as is normal."""
    group = asked.get("logGroupName") or str(asked.get("logGroupIdentifier", "")).rpartition(":log-group:")[2]
    if group not in fleet.events:
        raise Missing("The specified log group does not exist.")
    found = fleet.events_of(group, asked.get("startTime", 0), asked.get("endTime", FOREVER_MS))
    if "nextToken" not in asked and found and len(group) % 2:
        return {"events": [], "searchedLogStreams": [], "nextToken": "FilterLogEvents-0"}
    size = max(8, len(fleet.events[group]) // 3)
    return paged("logs:FilterLogEvents", asked, "events", found, size) | {"searchedLogStreams": []}


def metric_data(fleet: Fleet, asked: Answer) -> Answer:
    chunks: list[Answer] = []
    for query in asked["MetricDataQueries"]:
        chosen = query["MetricStat"]
        metric = chosen["Metric"]
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
        points = fleet.points(
            metric["Namespace"], metric["MetricName"], dimensions, chosen["Stat"], chosen["Period"] * 1000,
            int(asked["StartTime"] * 1000), int(asked["EndTime"] * 1000),
        )  # fmt: skip
        for at in range(0, max(1, len(points)), POINTS_A_CHUNK):
            some = points[at : at + POINTS_A_CHUNK]
            is_last = at + POINTS_A_CHUNK >= len(points)
            chunks.append(
                {
                    "Id": query["Id"], "Label": metric["MetricName"],
                    "Timestamps": [at_ms / 1000 for at_ms, _ in some], "Values": [value for _, value in some],
                    "StatusCode": "Complete" if is_last else "PartialData",
                }
            )  # fmt: skip
    size = max(3, -(-len(chunks) // 3))
    return paged("cloudwatch:GetMetricData", asked, "MetricDataResults", chunks, size) | {"Messages": []}


def alarms(fleet: Fleet, asked: Answer) -> Answer:
    """Metric alarms first, then composite ones, two a page."""
    metric = [
        {
            "AlarmName": f"errors of {name}", "AlarmArn": f"arn:aws:cloudwatch:::alarm:{name}", "StateValue": "OK",
            "StateReason": "fine", "StateTransitionedTimestamp": 1_795_900_000.0, "MetricName": "Errors",
            "Namespace": "AWS/Lambda", "Dimensions": [{"Name": "FunctionName", "Value": name}], "Statistic": "Sum",
            "Period": 60, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1.0, "ActionsEnabled": True,
        }
        for name in list(fleet.listed)[:4]
    ]  # fmt: skip
    composite = {
        "AlarmName": "shop", "AlarmRule": "ALARM(x)", "StateValue": "OK", "StateReason": "fine",
        "StateTransitionedTimestamp": 1_795_900_000.0, "ActionsEnabled": True,
    }  # fmt: skip
    by, told = TOKENS["cloudwatch"]
    at = place(asked.get(by))
    some = [*metric, composite][at : at + 2]
    more = {told: f"DescribeAlarms-{at + 2}"} if at + 2 < len(metric) + 1 else {}
    return {
        "MetricAlarms": [one for one in some if "MetricName" in one],
        "CompositeAlarms": [one for one in some if "AlarmRule" in one],
    } | more


def alarm_history(fleet: Fleet, asked: Answer) -> Answer:
    found = [
        {
            "AlarmName": f"errors of {name}", "AlarmType": "MetricAlarm", "HistoryItemType": "StateUpdate",
            "Timestamp": (fleet.now_ms - (number + 1) * 600_000) / 1000,
            "HistorySummary": "Alarm updated from ALARM to OK",
        }
        for number, name in enumerate([*fleet.listed, *fleet.listed][:5])
    ]  # fmt: skip
    return paged("cloudwatch:DescribeAlarmHistory", asked, "AlarmHistoryItems", found, 2)


ANSWERS = {
    "logs:DescribeLogGroups": log_groups,
    "logs:FilterLogEvents": log_events,
    "cloudwatch:GetMetricData": metric_data,
    "cloudwatch:DescribeAlarms": alarms,
    "cloudwatch:DescribeAlarmHistory": alarm_history,
}

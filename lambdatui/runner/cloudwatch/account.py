"""What a collection asks besides logs and metrics: the caller's account, tags of functions, schedules, alarms.

The runner has no alarms, no schedules of provisioned concurrency, and nothing that forwards logs: it says so.
"""

from lambdatui.runner.cloudwatch.operations import Answer, Question, operation
from lambdatui.runner.errors import ApiError
from lambdatui.runner.functions import ACCOUNT, arn_of

_TAGGED = 100


@operation("sts", "GetCallerIdentity")
def get_caller_identity(asked: Question) -> Answer:
    """AWS STS API Reference, "GetCallerIdentity": every caller is the root user of the runner's account."""
    return {"Arn": f"arn:aws:iam::{ACCOUNT}:root", "UserId": ACCOUNT, "Account": ACCOUNT}


@operation("tagging", "GetResources")
def get_resources(asked: Question) -> Answer:
    """Resource Groups Tagging API Reference, "GetResources". Of functions only."""
    kinds, arns = asked.texts("ResourceTypeFilters"), asked.texts("ResourceARNList")
    resources = []
    for name, function in sorted(asked.runner.functions.by_name.copy().items()):
        tags, arn = dict(function.part("tags")), arn_of(name)
        is_wanted = (not kinds or "lambda" in kinds or "lambda:function" in kinds) and (not arns or arn in arns)
        if tags and is_wanted and all(_has(tags, each) for each in asked.items("TagFilters")):
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            resources.append({"ResourceARN": arn, "Tags": pairs})
    token = asked.text("PaginationToken")
    if token and not token.isdecimal():
        raise ApiError(400, "PaginationTokenExpiredException", "The PaginationToken is not valid.")
    start = int(token or 0)
    end = start + asked.integer("ResourcesPerPage", _TAGGED, 1, _TAGGED)
    following = str(end) if end < len(resources) else ""
    return {"ResourceTagMappingList": resources[start:end], "PaginationToken": following}


def _has(tags: dict[str, str], wanted: object) -> bool:
    """Whether a resource has the key of a TagFilter, with one of its values where it names any."""
    if not isinstance(wanted, dict):
        return False
    key, values = wanted.get("Key"), wanted.get("Values") or []
    return key in tags and (not values or tags[key] in values)


@operation("application-autoscaling", "DescribeScheduledActions")
def describe_scheduled_actions(asked: Question) -> Answer:
    """Application Auto Scaling API Reference, "DescribeScheduledActions": there are none."""
    return {"ScheduledActions": []}


@operation("cloudwatch", "DescribeAlarms")
def describe_alarms(asked: Question) -> Answer:
    """CloudWatch API Reference, "DescribeAlarms": there are none."""
    return {"MetricAlarms": [], "CompositeAlarms": []}


@operation("cloudwatch", "DescribeAlarmsForMetric")
def describe_alarms_for_metric(asked: Question) -> Answer:
    """CloudWatch API Reference, "DescribeAlarmsForMetric": there are none."""
    return {"MetricAlarms": []}


@operation("cloudwatch", "DescribeAlarmHistory")
def describe_alarm_history(asked: Question) -> Answer:
    """CloudWatch API Reference, "DescribeAlarmHistory": there is none."""
    return {"AlarmHistoryItems": []}


@operation("logs", "DescribeSubscriptionFilters")
def describe_subscription_filters(asked: Question) -> Answer:
    """CloudWatch Logs API Reference, "DescribeSubscriptionFilters": there are none."""
    return {"subscriptionFilters": []}


@operation("logs", "DescribeMetricFilters")
def describe_metric_filters(asked: Question) -> Answer:
    """CloudWatch Logs API Reference, "DescribeMetricFilters": there are none."""
    return {"metricFilters": []}

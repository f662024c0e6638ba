"""The operations that this program may call at AWS. ``policy`` makes the IAM policy from the same list, so the two
cannot differ.

Nothing is imported here, so that the policy is printed without boto3.
"""

from dataclasses import dataclass

# What a collection can be asked for. The first is always needed.
FEATURES = {
    "functions": "the list of functions and the account they are in",
    "inventory": "state, concurrency, event sources, destinations, aliases, versions, URLs, permissions, schedules,"
    " tags",
    "metrics": "CloudWatch metrics of functions",
    "logs": "log groups and their events",
    "insights": "Logs Insights, for logs that are too many to fetch",
    "live-tail": "log lines as they are written",
    "alarms": "alarms, their state and history",
    "durable": "durable executions and their history",
    "costs": "what AWS billed, from Cost Explorer",
    "optimizer": "Compute Optimizer's recommendations",
    "prices": "fresh list prices, for 'prices refresh --profile'",
    "linked": "metrics and logs of accounts that are linked to this one (cross-account observability)",
    "organization": "the accounts of an organization, and a role in each",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """An operation that this program may call, the feature it serves, and the IAM actions and resources it needs.

    ``service`` is botocore's name, ``prefix`` IAM's where it differs; ``also`` are further actions that IAM checks, on
    any resource.
    """

    service: str
    operation: str
    feature: str
    resources: tuple[str, ...] = ("*",)
    prefix: str = ""
    also: tuple[str, ...] = ()

    @property
    def action(self) -> str:
        """The IAM action that allows it, such as ``lambda:ListFunctions``."""
        return f"{self.prefix or self.service}:{self.operation}"


# Service authorization reference: of these only log operations can usefully be narrowed to resources. A function may
# log to a group of any name; the policy names Lambda's default ones, and others where they are known.
LOG_GROUP = ":log-group:"
_LAMBDA_LOGS = (f"arn:aws:logs:*:*{LOG_GROUP}/aws/lambda/*",)
ROLE = "{role}"  # stands for the name of the role that is assumed in an organization's accounts

READINGS = (
    Reading("sts", "GetCallerIdentity", "functions"),
    Reading("lambda", "ListFunctions", "functions"),
    Reading("lambda", "GetAccountSettings", "inventory"),
    Reading("lambda", "GetFunctionConcurrency", "inventory"),
    Reading("lambda", "ListProvisionedConcurrencyConfigs", "inventory"),
    Reading("lambda", "ListEventSourceMappings", "inventory"),
    Reading("lambda", "ListFunctionEventInvokeConfigs", "inventory"),
    Reading("lambda", "ListAliases", "inventory"),
    Reading("lambda", "ListVersionsByFunction", "inventory"),
    Reading("lambda", "ListFunctionUrlConfigs", "inventory"),
    Reading("lambda", "GetFunctionConfiguration", "inventory"),
    Reading("lambda", "GetPolicy", "inventory"),
    Reading("lambda", "GetFunctionRecursionConfig", "inventory"),
    Reading("lambda", "GetRuntimeManagementConfig", "inventory"),
    Reading("lambda", "GetFunctionScalingConfig", "inventory"),
    Reading("lambda", "ListCapacityProviders", "inventory"),
    Reading("lambda", "ListFunctionVersionsByCapacityProvider", "inventory"),
    Reading("lambda", "ListCodeSigningConfigs", "inventory"),
    Reading("lambda", "ListFunctionsByCodeSigningConfig", "inventory"),
    Reading("logs", "DescribeSubscriptionFilters", "inventory"),
    Reading("application-autoscaling", "DescribeScheduledActions", "inventory"),
    Reading("resourcegroupstaggingapi", "GetResources", "inventory", prefix="tag"),
    Reading("lambda", "ListTags", "inventory"),
    Reading("cloudwatch", "GetMetricData", "metrics"),
    Reading("logs", "DescribeLogGroups", "logs"),
    Reading("logs", "FilterLogEvents", "logs", _LAMBDA_LOGS),
    Reading("logs", "StartQuery", "insights", _LAMBDA_LOGS),
    Reading("logs", "GetQueryResults", "insights"),
    Reading("logs", "StopQuery", "insights"),
    Reading("logs", "StartLiveTail", "live-tail", _LAMBDA_LOGS, also=("logs:StopLiveTail",)),
    Reading("cloudwatch", "DescribeAlarms", "alarms"),
    Reading("cloudwatch", "DescribeAlarmHistory", "alarms"),
    Reading("lambda", "ListDurableExecutionsByFunction", "durable"),
    Reading("lambda", "GetDurableExecutionHistory", "durable"),
    Reading("ce", "GetCostAndUsage", "costs"),
    Reading("compute-optimizer", "GetEnrollmentStatus", "optimizer"),
    Reading(
        "compute-optimizer",
        "GetLambdaFunctionRecommendations",
        "optimizer",
        also=("lambda:ListFunctions", "lambda:ListProvisionedConcurrencyConfigs"),
    ),
    Reading("pricing", "GetProducts", "prices"),
    Reading("oam", "ListSinks", "linked"),
    Reading("oam", "ListAttachedLinks", "linked"),
    Reading("cloudwatch", "ListMetrics", "linked"),
    Reading("organizations", "ListAccounts", "organization"),
    Reading("sts", "AssumeRole", "organization", (f"arn:aws:iam::*:role/{ROLE}",)),
)
ALLOWED = frozenset((one.service, one.operation) for one in READINGS)

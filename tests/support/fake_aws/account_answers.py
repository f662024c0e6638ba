"""What the services of an account answer: credentials, costs, recommendations, schedules, the organization."""

from datetime import date, timedelta
from typing import Any

from tests.support.fake_aws.fleet import Fleet
from tests.support.fake_aws.lambda_answers import arn
from tests.support.fake_aws.paging import paged

Answer = dict[str, Any]


def caller(fleet: Fleet, asked: Answer) -> Answer:
    return {"Account": fleet.account, "UserId": "AIDATEST", "Arn": f"arn:aws:iam::{fleet.account}:user/tests"}


def assume_role(fleet: Fleet, asked: Answer) -> Answer:
    """Keys of the account that the role is in."""
    account = asked["RoleArn"].split(":")[4]
    return {
        "Credentials": {
            "AccessKeyId": f"ASIA{account}", "SecretAccessKey": "testing", "SessionToken": "testing",
            "Expiration": "2099-01-01T00:00:00Z",
        },
        "AssumedRoleUser": {"AssumedRoleId": "AROA:tests", "Arn": asked["RoleArn"]},
    }  # fmt: skip


def schedules(fleet: Fleet, asked: Answer) -> Answer:
    found = [
        {
            "ScheduledActionName": f"morning-{number}", "ResourceId": f"function:{name}:live",
            "Schedule": "cron(0 8 * * ? *)", "ServiceNamespace": "lambda",
            "ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 9},
        }
        for number, name in enumerate(list(fleet.listed)[:3])
    ]  # fmt: skip
    name = "application-autoscaling:DescribeScheduledActions"
    return paged(name, asked, "ScheduledActions", found, 2)


def costs(fleet: Fleet, asked: Answer) -> Answer:
    """Three usage types on each day asked for, ten days a page."""
    first = date.fromisoformat(asked["TimePeriod"]["Start"])
    last = date.fromisoformat(asked["TimePeriod"]["End"])
    days = []
    for number in range((last - first).days):
        day = first + timedelta(days=number)
        groups = [
            {
                "Keys": [kind, "Usage"],
                "Metrics": {
                    name: {"Amount": f"{number + at}.25", "Unit": "USD"}
                    for name in ("UnblendedCost", "NetUnblendedCost", "AmortizedCost")
                }
                | {"UsageQuantity": {"Amount": f"{number * 100 + at}", "Unit": "Requests"}},
            }
            for at, kind in enumerate(("EUC1-Request", "EUC1-Lambda-GB-Second", "EUC1-Request-ARM"))
        ]
        span = {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()}
        days.append({"TimePeriod": span, "Groups": groups, "Estimated": number + 3 > (last - first).days, "Total": {}})
    named = {
        "GroupDefinitions": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}, {"Type": "DIMENSION", "Key": "RECORD_TYPE"}]
    }
    return paged("ce:GetCostAndUsage", asked, "ResultsByTime", days, 10) | named


def enrolment(fleet: Fleet, asked: Answer) -> Answer:
    return {"status": "Active", "memberAccountsEnrolled": False}


def recommendations(fleet: Fleet, asked: Answer) -> Answer:
    found = [
        {
            "functionArn": f"{arn(fleet, one.name)}:$LATEST", "functionVersion": "$LATEST", "finding": "NotOptimized",
            "findingReasonCodes": ["MemoryOverprovisioned"], "currentMemorySize": one.memory_mb,
            "lastRefreshTimestamp": 1_795_900_000.0,
            "memorySizeRecommendationOptions": [{"rank": 1, "memorySize": 128}],
        }
        for one in list(fleet.listed.values())[:5]
    ]  # fmt: skip
    name = "compute-optimizer:GetLambdaFunctionRecommendations"
    return paged(name, asked, "lambdaFunctionRecommendations", found, 1 if fleet.functions < 3 else 2)


def accounts(fleet: Fleet, asked: Answer) -> Answer:
    found = [
        {"Id": f"{111_111_111_110 + number}", "Name": f"team {number}", "Status": "ACTIVE", "State": "ACTIVE"}
        for number in range(5)
    ]
    return paged("organizations:ListAccounts", asked, "Accounts", found, 2)


ANSWERS = {
    "sts:GetCallerIdentity": caller,
    "sts:AssumeRole": assume_role,
    "application-autoscaling:DescribeScheduledActions": schedules,
    "ce:GetCostAndUsage": costs,
    "compute-optimizer:GetEnrollmentStatus": enrolment,
    "compute-optimizer:GetLambdaFunctionRecommendations": recommendations,
    "organizations:ListAccounts": accounts,
}

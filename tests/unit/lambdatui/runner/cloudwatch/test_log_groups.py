"""DescribeLogGroups, DescribeLogStreams and the listings beside them, as boto3 calls them."""

from typing import Any

import pytest

from tests.support.runner_server import refusal
from tests.unit.lambdatui.runner.cloudwatch.conftest import BEGIN_MS, Filled

ARN = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/"


@pytest.fixture(scope="module", autouse=True)
def _groups(cloud: Filled) -> None:
    for number in range(60):
        cloud.write(f"many-{number:02d}", "stream", [(number, "line")])
    for number in range(55):
        cloud.write("orders", f"2026/01/{number:02d}", [(1000 - number, "first"), (2000 - 2 * number, "last")])


def _names(answer: Any) -> list[str]:
    return [group["logGroupName"].removeprefix("/aws/lambda/") for group in answer["logGroups"]]


def test_groups_are_listed_by_prefix_pattern_or_name(cloud: Filled) -> None:
    ask = cloud["logs"].describe_log_groups
    assert _names(ask(logGroupNamePrefix="/aws/lambda/many-0")) == [f"many-0{number}" for number in range(10)]
    assert _names(ask(logGroupNamePattern="rder")) == ["orders"]
    assert _names(ask(logGroupIdentifiers=[f"{ARN}orders", "/aws/lambda/many-07"])) == ["many-07", "orders"]
    assert _names(ask(logGroupClass="INFREQUENT_ACCESS")) == []
    both = refusal(ask, logGroupNamePrefix="a", logGroupNamePattern="b")
    assert both[:2] == (400, "InvalidParameterException")


def test_groups_come_in_pages_of_fifty(cloud: Filled) -> None:
    pages = list(cloud["logs"].get_paginator("describe_log_groups").paginate())
    assert [len(page["logGroups"]) for page in pages] == [50, 11]
    assert refusal(cloud["logs"].describe_log_groups, nextToken="x")[1] == "InvalidParameterException"
    assert len(cloud["logs"].describe_log_groups(limit=5)["logGroups"]) == 5


def test_a_group_says_since_when_it_is_there_and_not_what_is_unknown(cloud: Filled) -> None:
    [group] = cloud["logs"].describe_log_groups(logGroupNamePrefix="/aws/lambda/orders")["logGroups"]
    assert group["arn"] == f"{ARN}orders:*"
    assert group["logGroupArn"] == f"{ARN}orders"
    assert group["creationTime"] == BEGIN_MS + 1000 - 54
    assert group["logGroupClass"] == "STANDARD"
    assert "storedBytes" not in group
    assert "retentionInDays" not in group


def test_the_newer_listing_takes_prefixes_between_bars(cloud: Filled) -> None:
    ask = cloud["logs"].list_log_groups
    assert _names(ask(logGroupNamePattern="^/aws/lambda/ord|many-03")) == ["many-03", "orders"]
    assert _names(ask(logGroupClass="DELIVERY")) == []
    assert ask(logGroupNamePattern="orders")["logGroups"][0]["logGroupArn"] == f"{ARN}orders"


def test_streams_are_listed_by_name_or_by_their_last_event(cloud: Filled) -> None:
    ask, group = cloud["logs"].describe_log_streams, "/aws/lambda/orders"
    pages = list(cloud["logs"].get_paginator("describe_log_streams").paginate(logGroupName=group))
    assert [len(page["logStreams"]) for page in pages] == [50, 5]
    last = ask(logGroupName=group, orderBy="LastEventTime", descending=True, limit=2)["logStreams"]
    assert [stream["logStreamName"] for stream in last] == ["2026/01/00", "2026/01/01"]
    [stream] = ask(logGroupName=group, logStreamNamePrefix="2026/01/07")["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (BEGIN_MS + 993, BEGIN_MS + 1986)
    assert stream["arn"] == f"{ARN}orders:log-stream:2026/01/07"
    assert stream["creationTime"] == stream["firstEventTimestamp"]


def test_what_cannot_be_asked_of_streams(cloud: Filled) -> None:
    ask = cloud["logs"].describe_log_streams
    absent = refusal(ask, logGroupName="/aws/lambda/none")
    assert absent == (400, "ResourceNotFoundException", "The specified log group does not exist.")
    ordered = refusal(ask, logGroupName="/aws/lambda/orders", orderBy="LastEventTime", logStreamNamePrefix="2")
    assert ordered == (
        400, "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.",
    )  # fmt: skip
    assert refusal(ask, logGroupName="/aws/lambda/orders", orderBy="Size")[1] == "InvalidParameterException"
    assert refusal(ask, logGroupName="/aws/lambda/orders", limit=50_000)[1] == "InvalidParameterException"


def test_groups_have_no_tags_filters_or_subscriptions(cloud: Filled) -> None:
    logs = cloud["logs"]
    assert logs.list_tags_for_resource(resourceArn=f"{ARN}orders")["tags"] == {}
    assert logs.list_tags_log_group(logGroupName="/aws/lambda/orders")["tags"] == {}
    assert refusal(logs.list_tags_for_resource, resourceArn=f"{ARN}none")[1] == "ResourceNotFoundException"
    assert logs.describe_subscription_filters(logGroupName="/aws/lambda/orders")["subscriptionFilters"] == []
    assert logs.describe_metric_filters()["metricFilters"] == []

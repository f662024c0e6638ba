"""StartLiveTail, as boto3 reads its stream of events."""

import asyncio
import sqlite3
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EventStreamError

from lambdatui.runner.cloudwatch import live_tail
from lambdatui.runner.log.reader import LogReader
from tests.support.runner_server import refusal, wait_for
from tests.unit.lambdatui.runner.cloudwatch.conftest import BEGIN_MS, Filled

ARN = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_tail, "EVERY_S", 0.05)


@pytest.fixture
def logs(cloud: Filled) -> Iterator[Any]:
    """The client of logs; AWS's has a host of its own for streams, which an endpoint does not."""
    url = f"http://{cloud.runner.host}:{cloud.runner.port}"
    config = Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
    client = boto3.client(
        "logs", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
        config=config,
    )  # fmt: skip
    yield client
    client.close()


def _updates(stream: Any) -> Iterator[dict[str, Any]]:
    for event in stream:
        if "sessionUpdate" in event:
            yield event["sessionUpdate"]


def _next(updates: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """The next update that has events."""
    return next(update for update in updates if update["sessionResults"])


def test_what_is_written_from_now_on_comes_in_updates(cloud: Filled, logs: Any) -> None:
    cloud.write("tail", "a", [(1, "before\n")])
    cloud.write("tail-2", "a", [(1, "before\n")])
    stream = logs.start_live_tail(logGroupIdentifiers=[f"{ARN}tail", f"{ARN}tail-2"])["responseStream"]
    events = iter(stream)
    start = next(events)["sessionStart"]
    assert start["logGroupIdentifiers"] == [f"{ARN}tail", f"{ARN}tail-2"]
    assert next(events)["sessionUpdate"]["sessionResults"] == []
    cloud.write("tail", "b", [(2, "after\n")])
    cloud.write("other", "b", [(2, "of another group\n")])
    update = _next(_updates(events))
    assert update["sessionMetadata"] == {"sampled": False}
    [result] = update["sessionResults"]
    assert result == {
        "logStreamName": "b", "logGroupIdentifier": "000000000000:/aws/lambda/tail", "message": "after\n",
        "timestamp": BEGIN_MS + 2, "ingestionTime": BEGIN_MS + 2,
    }  # fmt: skip
    cloud.write("tail-2", "c", [(3, "of the second\n")])
    assert [each["message"] for each in _next(_updates(events))["sessionResults"]] == ["of the second\n"]
    stream.close()
    tasks = asyncio.all_tasks
    wait_for(lambda: not any("Front._serve" in repr(task) for task in tasks(cloud.runner.loop)))  # it ended too


def test_patterns_and_streams_choose(cloud: Filled, logs: Any) -> None:
    cloud.write("choose", "2026/a", [(1, "before")])
    asked = {"logGroupIdentifiers": [f"{ARN}choose"]}
    by_pattern = logs.start_live_tail(**asked, logEventFilterPattern='ERROR "x y"')["responseStream"]
    by_name = logs.start_live_tail(**asked, logStreamNames=["2026/b"])["responseStream"]
    by_prefix = logs.start_live_tail(**asked, logStreamNamePrefixes=["2025", "2027"])["responseStream"]
    tails = [iter(each) for each in (by_pattern, by_name, by_prefix)]
    for each in tails:
        assert "sessionStart" in next(each)
    cloud.write("choose", "2026/a", [(2, "ERROR x y"), (3, "ERROR x")])
    cloud.write("choose", "2026/b", [(4, "named")])
    cloud.write("choose", "2027/c", [(5, "prefixed")])
    messages = [[result["message"] for result in _next(_updates(each))["sessionResults"]] for each in tails]
    assert messages == [["ERROR x y"], ["named"], ["prefixed"]]
    for stream in (by_pattern, by_name, by_prefix):
        stream.close()


def test_of_more_than_500_lines_in_an_update_the_newest_come(cloud: Filled, logs: Any) -> None:
    cloud.write("many", "a", [(0, "before")])
    stream = logs.start_live_tail(logGroupIdentifiers=[f"{ARN}many"])["responseStream"]
    events = iter(stream)
    next(events)
    cloud.write("many", "a", [(number, f"{number}") for number in range(1800)])
    update = _next(_updates(events))
    assert update["sessionMetadata"] == {"sampled": True}
    assert [result["message"] for result in update["sessionResults"]] == [f"{number}" for number in range(1300, 1800)]
    stream.close()


def test_a_session_ends_after_three_hours(cloud: Filled, logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_tail, "SESSION_S", 0.2)
    cloud.write("ends", "a", [(0, "before")])
    stream = logs.start_live_tail(logGroupIdentifiers=[f"{ARN}ends"])["responseStream"]
    with pytest.raises(EventStreamError, match="SessionTimeoutException"):
        list(stream)


def test_a_log_that_fails_ends_the_session(cloud: Filled, logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.write("fails", "a", [(0, "before")])
    stream = logs.start_live_tail(logGroupIdentifiers=[f"{ARN}fails"])["responseStream"]
    events = iter(stream)
    next(events)

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(LogReader, "opened", fail)
    with pytest.raises(EventStreamError, match="SessionStreamingException"):
        list(events)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"logGroupIdentifiers": [f"{ARN}none"]}, "ResourceNotFoundException"),
        ({"logGroupIdentifiers": [f"{ARN}bad"] * 11}, "InvalidParameterException"),
        ({"logGroupIdentifiers": [f"{ARN}bad"], "logEventFilterPattern": "{"}, "InvalidParameterException"),
        (
            {"logGroupIdentifiers": [f"{ARN}bad"], "logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]},
            "InvalidParameterException",
        ),
        ({"logGroupIdentifiers": [f"{ARN}bad", f"{ARN}tail"], "logStreamNames": ["a"]}, "InvalidParameterException"),
    ],
)
def test_what_cannot_be_tailed(cloud: Filled, logs: Any, asked: dict[str, Any], code: str) -> None:
    for group in ("bad", "tail"):
        cloud.write(group, "a", [(1, "one")])
    assert refusal(logs.start_live_tail, **asked)[1] == code

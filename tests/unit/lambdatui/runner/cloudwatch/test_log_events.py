"""FilterLogEvents and GetLogEvents, as boto3 calls them."""

import random
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.cloudwatch import log_events
from lambdatui.runner.log.catalog import BLOCK_ROWS
from lambdatui.runner.log.reader import EventSpan, LogReader
from lambdatui.runner.log.writer import Log
from tests.support.runner_server import refusal
from tests.unit.lambdatui.runner.cloudwatch.conftest import BEGIN_MS, Filled


def test_events_come_in_order_of_time_whatever_the_order_in_which_they_were_written(cloud: Filled) -> None:
    random.seed(4)
    events = [(number * 10, f"line {number}") for number in range(6000)]
    # Nearly in order, as environments write beside each other; and one block that came days late.
    near = sorted(events[:5000], key=lambda event: event[0] + random.randrange(3000))
    cloud.write("order", "a", near[:2500])
    cloud.write("other", "a", [(0, "not asked for")])
    cloud.write("order", "b", near[2500:])
    cloud.write("order", "a", random.sample(events[5000:], 1000))
    lines = [message for _, message in events]
    assert cloud.messages("order") == lines
    assert cloud.messages("order", PaginationConfig={"PageSize": 700}) == lines
    assert cloud.messages("order", startFromHead=False, PaginationConfig={"PageSize": 900}) == lines[::-1]
    middle = cloud.messages("order", startTime=BEGIN_MS + 1000, endTime=BEGIN_MS + 1020)
    assert middle == ["line 100", "line 101", "line 102"]  # the end is included


def test_events_of_one_moment_come_once_each_over_pages(cloud: Filled) -> None:
    cloud.write("moment", "a", [(5, f"{number:03d}") for number in range(300)])
    assert cloud.messages("moment", PaginationConfig={"PageSize": 7}) == [f"{number:03d}" for number in range(300)]


def test_an_event_says_its_stream_its_id_and_its_time(cloud: Filled) -> None:
    cloud.write("fields", "2026/01/01/[$LATEST]abc", [(7, "one\n")])
    [event] = cloud["logs"].filter_log_events(logGroupName="/aws/lambda/fields")["events"]
    assert event["logStreamName"] == "2026/01/01/[$LATEST]abc"
    assert (event["timestamp"], event["ingestionTime"], event["message"]) == (BEGIN_MS + 7, BEGIN_MS + 7, "one\n")
    assert len(event["eventId"]) == 56


def test_streams_are_chosen_by_name_or_prefix(cloud: Filled) -> None:
    for stream in ("2026/a", "2026/b", "2027/a"):
        cloud.write("streams", stream, [(1, stream)])
    assert cloud.messages("streams", logStreamNames=["2026/b", "2027/a"]) == ["2026/b", "2027/a"]
    assert cloud.messages("streams", logStreamNamePrefix="2026/") == ["2026/a", "2026/b"]
    ask, group = cloud["logs"].filter_log_events, "/aws/lambda/streams"
    missing = refusal(ask, logGroupName=group, logStreamNames=["2026/c"])
    assert missing == (400, "ResourceNotFoundException", "The specified log stream does not exist.")
    both = refusal(ask, logGroupName=group, logStreamNames=["2026/a"], logStreamNamePrefix="2")
    assert both[:2] == (400, "InvalidParameterException")


def test_a_page_has_a_megabyte_and_a_larger_event_comes_alone(cloud: Filled) -> None:
    cloud.write("large", "a", [(number, "x" * 300_000) for number in range(8)])
    cloud.write("large", "a", [(9, "y" * 1_048_576)])
    pages = list(cloud["logs"].get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/large"))
    assert [len(page["events"]) for page in pages] == [3, 3, 2, 1]


def test_a_search_that_finds_little_hands_over_what_it_has(cloud: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_events, "_SEARCHED_EVENTS", 100)
    cloud.write("search", "a", [(number, f"line {number}") for number in range(1000)])
    first = cloud["logs"].filter_log_events(logGroupName="/aws/lambda/search", filterPattern='"line 950"')
    assert first["events"] == []
    assert "nextToken" in first
    assert cloud.messages("search", filterPattern='"line 950"') == ["line 950"]


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ({"logGroupName": "/none"}, "ResourceNotFoundException", "The specified log group does not exist."),
        ({}, "InvalidParameterException", "neither"),
        (
            {"logGroupName": "/aws/lambda/bad", "logGroupIdentifier": "/aws/lambda/bad"},
            "InvalidParameterException",
            "both",
        ),
        ({"logGroupName": "/aws/lambda/bad", "nextToken": "Zg=="}, "InvalidParameterException", "nextToken is invalid"),
        ({"logGroupName": "/aws/lambda/bad", "nextToken": "é"}, "InvalidParameterException", "nextToken is invalid"),
        ({"logGroupName": "/aws/lambda/bad", "startTime": 5, "endTime": 4}, "InvalidParameterException", "End time"),
        (
            {"logGroupName": "/aws/lambda/bad", "filterPattern": "{ $.x ="},
            "InvalidParameterException",
            "filter pattern",
        ),
    ],
)
def test_what_cannot_be_asked(cloud: Filled, asked: dict[str, Any], code: str, message: str) -> None:
    cloud.write("bad", "a", [(1, "one")])
    status, refused, why = refusal(cloud["logs"].filter_log_events, **asked)
    assert (status, refused) == (400, code)
    assert message in why


def test_a_token_is_of_its_own_search_only(cloud: Filled) -> None:
    cloud.write("token", "a", [(number, "line") for number in range(3)])
    ask = cloud["logs"].filter_log_events
    token = ask(logGroupName="/aws/lambda/token", limit=1)["nextToken"]
    assert len(ask(logGroupName="/aws/lambda/token", nextToken=token)["events"]) == 2
    other = refusal(ask, logGroupName="/aws/lambda/token", nextToken=token, filterPattern="line")
    assert other == (400, "InvalidParameterException", "The specified nextToken is invalid.")


def test_a_group_is_named_by_its_arn_too(cloud: Filled) -> None:
    cloud.write("arn", "a", [(1, "one")])
    for form in ("", ":*"):
        identifier = f"arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/arn{form}"
        if form:
            answer = cloud.runner.ask(
                "POST", "/", {"logGroupIdentifier": identifier}, {"x-amz-target": "Logs_20140328.FilterLogEvents"}
            )[2]
        else:
            answer = cloud["logs"].filter_log_events(logGroupIdentifier=identifier)
        assert [event["message"] for event in answer["events"]] == ["one"]


# --- GetLogEvents


def _stream(cloud: Filled, group: str, **asked: Any) -> Any:
    return cloud["logs"].get_log_events(logGroupName=f"/aws/lambda/{group}", logStreamName="a", **asked)


def test_a_stream_is_read_forward_until_the_token_stays_the_same(cloud: Filled) -> None:
    cloud.write("forward", "a", [(number, f"{number}") for number in range(10)])
    cloud.write("forward", "b", [(number, "another stream") for number in range(10)])
    lines, token = [], None
    for _ in range(20):
        page = _stream(cloud, "forward", limit=4, startFromHead=True, **({"nextToken": token} if token else {}))
        lines += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert lines == [f"{number}" for number in range(10)]
    cloud.write("forward", "a", [(99, "later")])
    page = _stream(cloud, "forward", nextToken=token, startFromHead=True)
    assert [event["message"] for event in page["events"]] == ["later"]


def test_a_stream_is_read_from_its_end_by_default(cloud: Filled) -> None:
    cloud.write("backward", "a", [(number, f"{number}") for number in range(10)])
    page = _stream(cloud, "backward", limit=3)
    assert [event["message"] for event in page["events"]] == ["7", "8", "9"]
    assert _stream(cloud, "backward", nextToken=page["nextForwardToken"])["events"] == []
    back = _stream(cloud, "backward", limit=5, nextToken=page["nextBackwardToken"])
    assert [event["message"] for event in back["events"]] == ["2", "3", "4", "5", "6"]
    first = _stream(cloud, "backward", nextToken=back["nextBackwardToken"])
    assert [event["message"] for event in first["events"]] == ["0", "1"]
    end = _stream(cloud, "backward", nextToken=first["nextBackwardToken"])
    assert end["events"] == []
    assert end["nextBackwardToken"] == first["nextBackwardToken"]


def test_a_part_of_a_stream_ends_before_its_end_time(cloud: Filled) -> None:
    cloud.write("part", "a", [(number, f"{number}") for number in range(10)])
    page = _stream(cloud, "part", startTime=BEGIN_MS + 3, endTime=BEGIN_MS + 5)
    assert [event["message"] for event in page["events"]] == ["3", "4"]
    empty = _stream(cloud, "part", startTime=BEGIN_MS + 30)
    assert empty["events"] == []
    cloud.write("part", "a", [(31, "31")])
    later = _stream(cloud, "part", startTime=BEGIN_MS + 30, nextToken=empty["nextForwardToken"], startFromHead=True)
    assert [event["message"] for event in later["events"]] == ["31"]


def test_a_stream_that_is_not_there(cloud: Filled) -> None:
    cloud.write("absent", "a", [(1, "one")])
    ask = cloud["logs"].get_log_events
    stream = refusal(ask, logGroupName="/aws/lambda/absent", logStreamName="b")
    assert stream == (400, "ResourceNotFoundException", "The specified log stream does not exist.")
    token = refusal(ask, logGroupName="/aws/lambda/absent", logStreamName="a", nextToken="x")
    assert token == (400, "InvalidParameterException", "The specified nextToken is invalid.")


def test_a_page_reads_a_block_or_two_of_the_log(tmp_path: Path) -> None:
    with Log(tmp_path / "runner.db") as log:
        log.write([(number, f"{number}", "group", "a", "line") for number in range(20 * BLOCK_ROWS)])
    middle = 10 * BLOCK_ROWS
    with LogReader(tmp_path / "runner.db").opened() as opened:
        span = EventSpan("group", middle - 5, middle + 5)
        assert [event.timestamp_ms for event in opened.events(span)] == list(range(middle - 5, middle + 6))
        assert len(opened._blocks(span, None, 1)) <= 2

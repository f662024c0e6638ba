"""Servers that hang, trickle or compress: what it costs, and what is had beside them."""

import gzip
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from collectors.model.account import Alarms, Inventory
from collectors.model.units import HOUR_MS
from collectors.sources.base import Failed, ListedFunctions, MetricPoints, SourceFailed
from collectors.sources.cloudwatch.errors import reading
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource
from collectors.sources.cloudwatch.transport import Breaker
from tests.support.aws import ACCOUNT, REGION, OnlyCovered, listed, no_pause
from tests.support.misbehaving_server import IDENTITY, Answer, Asked, misbehaving

pytestmark = pytest.mark.usefixtures("aws_isolated")

NOW = 1_735_700_000_000
CALL_S = 2.0


def account(asked: Asked) -> dict[str, Any] | bytes:
    """An account of three functions, one of which runs, and an alarm."""
    name = f"{asked.service}:{asked.operation}"
    if name == "sts:GetCallerIdentity":
        return IDENTITY
    if name == "lambda:ListFunctions":
        return {"Functions": listed(["a", "b", "c"])}
    if name == "logs:DescribeLogGroups":
        return {"logGroups": [{"logGroupName": f"/aws/lambda/{each}"} for each in "abc"]}
    if name == "cloudwatch:GetMetricData":
        queries = asked.body["MetricDataQueries"]
        return {
            "MetricDataResults": [
                {"Id": query["Id"], "Timestamps": [NOW / 1000 - 600], "Values": [3.0], "StatusCode": "Complete"}
                for query in queries
            ]
        }
    if name == "logs:FilterLogEvents":
        return {"events": []}
    if asked.operation == "GetResources":
        return {"ResourceTagMappingList": []}
    if name == "cloudwatch:DescribeAlarms":
        return {"MetricAlarms": [{"AlarmName": "too many errors", "StateValue": "OK"}], "CompositeAlarms": []}
    return {}


def given(session: ReadOnlySession) -> list[Any]:
    source = CloudWatchSource(session, since_ms=NOW - HOUR_MS, now_ms=NOW, pause=no_pause)
    return list(source.items(OnlyCovered()))


def had(found: list[Any]) -> tuple[int, int, int, int]:
    """Functions, metric points but those of log groups, alarms, inventories of one function."""
    return (
        sum(len(part.functions) for part in found if isinstance(part, ListedFunctions)),
        sum(
            "IncomingBytes" not in point.metric
            for part in found
            if isinstance(part, MetricPoints)
            for point in part.points
        ),
        sum(len(part.alarms) for part in found if isinstance(part, Alarms)),
        sum(isinstance(part, Inventory) and part.functions is not None for part in found),
    )


def failures(found: list[Any]) -> list[str]:
    return [str(each) for each in found if isinstance(each, Failed)]


@pytest.mark.parametrize("hanging", ["FilterLogEvents", "logs", "GetAccountSettings", "DescribeScheduledActions"])
def test_what_hangs_costs_one_deadline_and_all_else_is_had(hanging: str) -> None:
    def answering(asked: Asked) -> Any:
        return None if hanging in (asked.operation, asked.service) else account(asked)

    with misbehaving(account) as server:
        whole = given(ReadOnlySession(region=REGION, endpoint_url=server.url, call_s=CALL_S))
    with misbehaving(answering) as server:
        session = ReadOnlySession(region=REGION, endpoint_url=server.url, call_s=CALL_S)
        found = given(session)
        hung = [asked for asked in server.asked if hanging in (asked.operation, asked.service)]
        assert len(hung) == 1  # so it has cost one deadline
        assert had(found) == had(whole)
        assert any("did not answer within 2 s" in each for each in failures(found))
        # The next collection tries again, and has it where the server has come to itself.
        server.answering = account
        session.begin()
        again = given(session)
        assert failures(again) == []


def test_a_body_that_trickles_is_ended_by_the_deadline() -> None:
    def answering(asked: Asked) -> Any:
        if asked.service != "logs":
            return account(asked)
        return Answer(b'{"logGroups": []}' + b" " * 10_000, trickle_s=0.05)

    with misbehaving(answering) as server:
        found = given(ReadOnlySession(region=REGION, endpoint_url=server.url, call_s=CALL_S))
        assert server.count("logs:DescribeLogGroups") == 1
    assert any("did not answer within 2 s" in each for each in failures(found))
    assert had(found)[2] == 1


def test_retries_and_their_answers_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each 500 comes after half a second: five of them, and not of each call, are more than the deadline."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("collectors.sources.cloudwatch.answers._LONGEST_PAUSE_S", 0.0)

    def answering(asked: Asked) -> Any:
        time.sleep(0.8)
        return Answer(b"{}", 500)

    with misbehaving(answering) as server:
        client = ReadOnlySession(region=REGION, endpoint_url=server.url, call_s=CALL_S).client("lambda")
        with pytest.raises(SourceFailed, match="did not answer within 2 s"), reading("lambda:ListFunctions", "x"):
            client.list_functions()
        assert 1 <= server.count("lambda:ListFunctions") <= 3


def test_one_request_that_hangs_among_many_is_not_the_end_of_its_service() -> None:
    def answering(asked: Asked) -> Any:
        return None if asked.operation == "ListAliases" and "/b/" in asked.path else account(asked)

    with misbehaving(answering) as server:
        found = given(ReadOnlySession(region=REGION, endpoint_url=server.url, call_s=CALL_S))
        assert server.count("lambda:ListAliases") == 3
        assert server.count("lambda:ListFunctionUrlConfigs") == 3
    assert any("did not answer" in each for each in failures(found))


def test_a_breaker_tries_no_more_what_hung() -> None:
    breaker = Breaker()
    breaker.answered("List")
    breaker.hung("List")
    assert not breaker.refuses("List")  # it had answered: that was one request
    assert not breaker.refuses("Get")
    breaker.hung("Get")
    assert breaker.open
    assert breaker.refuses("Other")
    breaker.reset()
    assert not breaker.refuses("Get")
    breaker.hung("Get")
    assert breaker.refuses("List")  # of a service that never answered


def test_a_live_tails_stream_is_not_ended_by_the_deadline() -> None:
    """Only its beginning is a call: what comes then may come for hours."""

    def answering(asked: Asked) -> Any:
        head = {"Content-Type": "application/vnd.amazon.eventstream"}
        return Answer(b"\0" * 40, headers=head, trickle_s=0.05)

    with misbehaving(answering) as server:
        client = ReadOnlySession(region=REGION, endpoint_url=server.url, call_s=CALL_S).client("logs")
        with pytest.raises(SourceFailed) as raised, reading("logs:StartLiveTail", "live tail"):
            client.start_live_tail(logGroupIdentifiers=[f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"])
        assert "did not answer" not in str(raised.value)


Encoding = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", lambda body: gzip.compress(body[:20]) + gzip.compress(body[20:])),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
        ("identity", bytes),
    ],
)
def test_compressed_answers_are_read(name: str, encode: Encoding) -> None:
    def answering(asked: Asked) -> Any:
        answer = account(asked)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Answer(encode(body), headers={"Content-Encoding": name})

    with misbehaving(account) as server:
        whole = given(ReadOnlySession(region=REGION, endpoint_url=server.url))
    with misbehaving(answering) as server:
        found = given(ReadOnlySession(region=REGION, endpoint_url=server.url))
    assert failures(found) == []
    assert had(found) == had(whole)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(gzip.compress(b'{"Functions": []}')[:-9], headers={"Content-Encoding": "gzip"}),
        Answer(b'{"Functions": []}', headers={"Content-Encoding": "gzip"}),
        Answer(b'{"Functions": []}', headers={"Content-Encoding": "br"}),
    ],
)
def test_what_is_not_compressed_as_it_says_is_told_after_it_was_tried_again(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("collectors.sources.cloudwatch.answers._LONGEST_PAUSE_S", 0.0)
    with misbehaving(lambda _: answer) as server:
        client = ReadOnlySession(region=REGION, endpoint_url=server.url).client("lambda")
        with pytest.raises(SourceFailed), reading("lambda:ListFunctions", "functions"):
            client.list_functions()
        assert server.count("lambda:ListFunctions") > 1

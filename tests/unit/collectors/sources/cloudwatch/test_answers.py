"""Answers that are cut, or are not AWS's, by protocol; and listings whose tokens repeat, go in circles or never end."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch import pages as listing
from collectors.sources.cloudwatch.answers import _WHY, FastFactory, UnreadableAnswer
from collectors.sources.cloudwatch.pages import Endless, pages
from tests.support.aws import canned_session
from tests.support.fake_aws import cbor

pytestmark = pytest.mark.usefixtures("aws_isolated")

QUERY = b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
REST_XML = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>"
METRICS = {"MetricDataResults": [{"Id": "m0", "Label": "x", "Timestamps": [], "Values": []}], "Messages": []}
FUNCTIONS = {"Functions": [{"FunctionName": "orders"}]}
BY_PROTOCOL = [
    ("json", "cloudwatch", "GetMetricData", json.dumps(METRICS).encode()),
    ("json", "logs", "DescribeLogGroups", b'{"logGroups": [{"logGroupName": "/aws/lambda/orders"}]}'),
    ("rest-json", "lambda", "ListFunctions", json.dumps(FUNCTIONS).encode()),
    ("smithy-rpc-v2-cbor", "cloudwatch", "GetMetricData", cbor.encode(METRICS)),
    ("query", "sts", "GetCallerIdentity", QUERY),
    ("rest-xml", "s3", "ListBuckets", REST_XML),
]  # fmt: skip
NAMES = [f"{protocol} {operation}" for protocol, _, operation, _ in BY_PROTOCOL]
PROTOCOLS = pytest.mark.parametrize(("protocol", "service", "operation", "body"), BY_PROTOCOL, ids=NAMES)


def parsed(
    protocol: str, service: str, operation: str, body: bytes, length: int | None = None, status: int = 200
) -> Any:
    headers = {} if length is None else {"content-length": str(length)}
    answer = {"body": body, "headers": headers, "status_code": status, "context": {"operation_name": operation}}
    return FastFactory().create_parser(protocol).parse(answer, output_shape(service, operation))


@cache
def output_shape(service: str, operation: str) -> Any:
    return ServiceModel(Loader().load_service_model(service, "service-2")).operation_model(operation).output_shape


@PROTOCOLS
def test_a_whole_answer_is_read_and_any_cut_of_it_is_not(
    protocol: str, service: str, operation: str, body: bytes
) -> None:
    assert _WHY not in parsed(protocol, service, operation, body, len(body))
    for length in range(len(body)):
        answer = parsed(protocol, service, operation, body[:length], len(body))
        assert f"it is cut: {length} of {len(body)} bytes came" in answer[_WHY]
        assert _WHY in parsed(protocol, service, operation, body[:length]), body[:length]  # though nobody says so


@PROTOCOLS
@pytest.mark.parametrize(
    "strange", [b"", b" ", b"null", b"[]", b"OK", b"<html><body>Log in</body></html>", b"\xff\x00"]
)
def test_what_is_not_aws_answer_is_not_read(
    protocol: str, service: str, operation: str, body: bytes, strange: bytes
) -> None:
    assert parsed(protocol, service, operation, strange)[_WHY]


@PROTOCOLS
@pytest.mark.parametrize("page", [b"", b"<html><body>Bad gateway</body></html>", b"upstream connect error", b"[1]"])
def test_an_error_that_nobody_can_read_is_its_status(
    protocol: str, service: str, operation: str, body: bytes, page: bytes
) -> None:
    assert parsed(protocol, service, operation, page, status=502)["Error"]["Code"] == "502"


@pytest.mark.parametrize(
    "odd",
    ['{"events": null}', '{"events": {}}', '{"events": "none"}', '{"error": "blocked"}', "{}",
     '{"searchedLogStreams": []}', '{"nextToken": "more"}'],
)  # fmt: skip
def test_a_list_that_is_none_is_asked_for_again(monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    session, aws = canned_session()
    answers = [odd.encode(), b'{"events": []}']
    aws.answers["logs:FilterLogEvents"] = lambda _: answers.pop(0)
    assert session.client("logs").filter_log_events(logGroupName="g")["events"] == []
    aws.answers["logs:FilterLogEvents"] = lambda _: odd.encode()
    with pytest.raises(SourceFailed, match="the answer to logs:FilterLogEvents cannot be read"):
        list(
            pages(session.client("logs").filter_log_events, {"logGroupName": "g"}, ("nextToken", "nextToken"),
                  action="logs:FilterLogEvents", where="here")
        )  # fmt: skip
    assert aws.count("logs:FilterLogEvents") == 2 + 5


@pytest.mark.parametrize(
    ("service", "operation", "method"),
    [
        ("lambda", "ListFunctions", "list_functions"),
        ("logs", "DescribeLogGroups", "describe_log_groups"),
        ("organizations", "ListAccounts", "list_accounts"),
    ],
)
def test_an_empty_object_is_no_end_of_a_listing(
    monkeypatch: pytest.MonkeyPatch, service: str, operation: str, method: str
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    session, aws = canned_session()
    aws.answers[f"{service}:{operation}"] = lambda _: b"{}"
    with pytest.raises(UnreadableAnswer, match=r"it has no (Functions|logGroups|Accounts)"):
        getattr(session.client(service), method)()


def test_what_begins_with_a_byte_order_mark_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    session, aws = canned_session()
    aws.answers["lambda:ListFunctions"] = lambda _: b'\xef\xbb\xbf{"Functions": [{"FunctionName": "orders"}]}'
    (function,) = session.client("lambda").list_functions()["Functions"]
    assert function["FunctionName"] == "orders"
    aws.answers["application-autoscaling:DescribeScheduledActions"] = lambda _: (
        b'\xef\xbb\xbf{"ScheduledActions": [{"ScheduledActionName": "morning"}]}'
    )
    client = session.client("application-autoscaling")
    (action,) = client.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"]
    assert action["ScheduledActionName"] == "morning"


# --- tokens -----------------------------------------------------------------------------------------------------------


def listed(answer: Callable[[str | None, int], tuple[list[int], str | None]], most: int = 10_000) -> Iterator[int]:
    """What a listing gives whose page is ``answer(token, number of the call)``."""
    calls = 0

    def ask(token: str | None = None) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        assert calls <= most
        items, following = answer(token, calls)
        return {"items": items} | ({"next": following} if following else {})

    for page in pages(ask, {}, ("token", "next"), action="x:List", where="things"):
        yield from page["items"]


@pytest.mark.parametrize("repeats", [1, 2, listing.REPEATS])
def test_a_token_that_is_repeated_is_asked_with_again(repeats: int) -> None:
    def answer(token: str | None, call: int) -> tuple[list[int], str | None]:
        if token is None:
            return [1], "a"
        return ([], "a") if call < 2 + repeats else ([2], None)

    assert list(listed(answer)) == [1, 2]


def test_one_token_may_lead_through_many_pages() -> None:
    """As with a cursor that the server keeps: each page is new."""
    assert list(listed(lambda token, call: ([call], "a" if call < 50 else None))) == list(range(1, 51))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda token, call: ([call] if call == 1 else [], "a"), "the same token came 11 times in a row"),
        (lambda token, call: ([7], "a"), "the same token came"),
        (lambda token, call: ([call], "a" if token != "a" else "b"), "an earlier token came again"),
        (lambda token, call: ([call], "abcd"[call % 4]), "an earlier token came again"),
        (lambda token, call: ([call] if call == 1 else [], str(call)), "20 in a row are empty"),
        (lambda token, call: ([7], str(call)), "they say the same again and again"),
        (lambda token, call: ([call], str(call)), "there are more than 5,000"),
    ],
)
def test_a_listing_without_an_end_is_told_and_what_was_had_is_had(answer: Any, why: str) -> None:
    had: list[int] = []
    with pytest.raises(Endless, match=f"things: its pages do not end: {why}"):
        had.extend(listed(answer))
    assert had[0] in (1, 7)


def test_empty_pages_between_others_are_normal() -> None:
    assert list(listed(lambda token, call: ([call] if call % 15 == 0 else [], str(call) if call < 90 else None))) == [
        15, 30, 45, 60, 75, 90
    ]  # fmt: skip

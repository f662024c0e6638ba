"""What calls functions by itself: queues and streams of a real server (moto), folders, schedules, HTTP in every shape."""

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdatui.runner import aws
from lambdatui.runner.triggers.event_filters import Filters
from lambdatui.runner.triggers.event_patterns import EventFilterError
from lambdatui.runner.triggers.folder import FolderEvents
from tests.support import needs
from tests.support.runner_server import Served, client, served
from tests.support.waiting import wait_for

pytestmark = needs.linux

ECHO = "def handler(e, c): return e"


@pytest.fixture
def runner(tmp_path: Path, moto: str) -> Iterator[Served]:
    aws.use_endpoint(moto)
    with served(tmp_path / "runner.db", time_scale=30) as one:
        yield one
    aws.use_endpoint(None)


def own(runner: Served, what: str, document: object) -> dict[str, Any]:
    connection = http.client.HTTPConnection(runner.host, runner.port, timeout=20)
    connection.request("POST", f"/_lambdatui/{what}", json.dumps(document))
    answer = connection.getresponse()
    found: dict[str, Any] = json.loads(answer.read())
    return found | {"status": answer.status}


def said(runner: Served, start: str) -> list[str]:
    return [one.strip() for one in runner.messages() if one.startswith(start)]


PARTIAL = """
import json
seen = []
def handler(event, context):
    failed = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        print("got", body["n"], record["attributes"]["ApproximateReceiveCount"], record["eventSourceARN"], flush=True)
        if body["n"] in (3, 5) and record["attributes"]["ApproximateReceiveCount"] == "1":
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
"""


def test_partial_batches_of_a_queue(runner: Served, moto: str) -> None:
    sqs = client("sqs", moto)
    url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for n in range(8):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"n": n}))
    runner.create("partial", PARTIAL)
    mapping = runner.client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="partial", BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    assert mapping["State"] == "Creating"
    wait_for(lambda: len(said(runner, "got ")) >= 10)

    def empty() -> bool:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return set(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()) == {"0"}

    wait_for(empty)
    got = [line.split()[1:3] for line in said(runner, "got ")]
    assert sorted(got) == sorted([[str(n), "1"] for n in range(8)] + [["3", "2"], ["5", "2"]])
    assert all(line.endswith(arn) for line in said(runner, "got "))
    listed = runner.client.list_event_source_mappings(FunctionName="partial")["EventSourceMappings"]
    assert [one["UUID"] for one in listed] == [mapping["UUID"]]
    assert runner.client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)["State"] == "Disabling"
    wait_for(lambda: runner.client.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Disabled")
    sqs.send_message(QueueUrl=url, MessageBody='{"n": 99}')
    time.sleep(0.3)
    assert not said(runner, "got 99")
    runner.client.delete_event_source_mapping(UUID=mapping["UUID"])
    with pytest.raises(runner.client.exceptions.ResourceNotFoundException):
        runner.client.get_event_source_mapping(UUID=mapping["UUID"])


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ("None", False), ("{}", False), ("{'batchItemFailures': []}", False), ("{'batchItemFailures': None}", False),
        ("{'batchItemFailures': [{'itemIdentifier': ''}]}", True), ("{'batchItemFailures': [{'x': 1}]}", True),
        ("{'batchItemFailures': [{'itemIdentifier': 'not in it'}]}", True), ("['x']", True), ("1 / 0", True),
    ],
)  # fmt: skip
def test_which_answers_fail_a_batch(runner: Served, answer: str, failed: bool) -> None:
    from lambdatui.runner.triggers.batches import failed_records

    runner.create("answers", f"def handler(e, c): return {answer}")
    done = runner.wait(runner.runner.invoke("answers", b"{}"))
    assert failed_records(done, {"a", "b"}, partial=True) == ({"a", "b"} if failed else set())


def test_filters_keep_records_from_the_function(runner: Served, moto: str) -> None:
    sqs = client("sqs", moto)
    url = sqs.create_queue(QueueName="filtered")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    runner.create("filtered", "import json\ndef handler(e, c):\n    for r in e['Records']: print('got', r['body'])")
    pattern = json.dumps({"body": {"kind": ["wanted"], "size": [{"numeric": [">", 5]}]}})
    runner.client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="filtered", FilterCriteria={"Filters": [{"Pattern": pattern}]}
    )
    for body in ({"kind": "other", "size": 9}, {"kind": "wanted", "size": 1}, {"kind": "wanted", "size": 9}):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    wait_for(lambda: set(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()) == {"0"})
    wait_for(lambda: said(runner, "got "))
    assert said(runner, "got ") == ['got {"kind": "wanted", "size": 9}']
    with pytest.raises(runner.client.exceptions.InvalidParameterValueException, match="filter pattern"):
        runner.client.create_event_source_mapping(
            EventSourceArn=arn, FunctionName="filtered", FilterCriteria={"Filters": [{"Pattern": '{"body": 1}'}]}
        )


def test_a_dynamodb_stream_is_read_in_order(runner: Served, moto: str) -> None:
    dynamodb = client("dynamodb", moto)
    table = dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    for n in range(5):
        dynamodb.put_item(TableName="things", Item={"id": {"S": f"i{n}"}, "b": {"B": b"\x00\x01"}})
    source = """
tries = 0
def handler(event, context):
    global tries
    tries += 1
    if tries == 1:
        raise RuntimeError("not yet")
    for r in event["Records"]:
        print("got", r["eventName"], r["dynamodb"]["NewImage"]["id"]["S"], r["dynamodb"]["NewImage"]["b"]["B"])
"""
    runner.create("stream", source)
    runner.client.create_event_source_mapping(
        EventSourceArn=table["LatestStreamArn"], FunctionName="stream", StartingPosition="TRIM_HORIZON", BatchSize=2
    )
    wait_for(lambda: len(said(runner, "got ")) >= 5)
    assert said(runner, "got ") == [f"got INSERT i{n} AAE=" for n in range(5)]
    assert (runner.metric("stream", "IteratorAge", "SampleCount") or 0) >= 3


def test_a_dead_letter_queue_by_its_url(runner: Served, moto: str) -> None:
    sqs = client("sqs", moto)
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    runner.create("fails", "def handler(e, c): raise ValueError('no')", DeadLetterConfig={"TargetArn": url})
    runner.client.put_function_event_invoke_config(FunctionName="fails", MaximumRetryAttempts=0)
    answer = runner.client.invoke(FunctionName="fails", InvocationType="Event", Payload=b'{"a": 1}')

    def received() -> list[dict[str, Any]]:
        got = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=1)
        found: list[dict[str, Any]] = got.get("Messages", [])
        return found

    [message] = wait_for(received)
    assert json.loads(message["Body"]) == {"a": 1}
    values = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert values == {
        "RequestID": answer["ResponseMetadata"]["RequestId"],
        "ErrorCode": "200",
        "ErrorMessage": "no",
    }


def test_a_folder_is_a_bucket(runner: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, look = threading.Event(), FolderEvents.look

    def noted(folder: FolderEvents) -> list[dict[str, Any]]:
        found = look(folder)
        looked.set()
        return found

    monkeypatch.setattr(FolderEvents, "look", noted)
    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "in").mkdir()
    (folder / "in" / "before.jpg").write_text("was there")
    source = "import json\ndef handler(e, c):\n    r = e['Records'][0]\n    print('got', r['eventName'], json.dumps(r['s3']))"
    runner.create("s3", source)
    trigger = {"function": "s3", "kind": "folder", "path": str(folder), "prefix": "in/", "suffix": ".jpg"}
    trigger_id = own(runner, "triggers/add", trigger)["id"]
    assert looked.wait(60)
    (folder / "in" / "a b.jpg").write_text("picture")
    (folder / "in" / "a.txt").write_text("no")
    (folder / "other.jpg").write_text("no")
    wait_for(lambda: said(runner, "got ObjectCreated:Put"))
    (folder / "in" / "a b.jpg").unlink()
    wait_for(lambda: said(runner, "got ObjectRemoved:Delete"))
    assert len(said(runner, "got ")) == 2
    thing = json.loads(said(runner, "got ObjectCreated")[0].split(" ", 2)[2])
    assert thing["bucket"] == {
        "name": "uploads",
        "ownerIdentity": {"principalId": "EXAMPLE"},
        "arn": "arn:aws:s3:::uploads",
    }
    assert (thing["object"]["key"], thing["object"]["size"]) == ("in/a+b.jpg", 7)
    assert own(runner, "triggers/remove", {"id": trigger_id})["removed"] is True


def test_schedules_and_events_of_ones_own(runner: Served) -> None:
    runner.create("scheduled", "def handler(e, c): print('got', e.get('source') or e['Records'][0]['Sns']['Message'])")
    assert (
        own(runner, "triggers/add", {"function": "scheduled", "kind": "schedule", "expression": "rate(1 x)"})["status"]
        == 400
    )
    own(runner, "triggers/add", {"function": "scheduled", "kind": "schedule", "expression": "rate(1 minute)"})
    wait_for(lambda: said(runner, "got aws.events"))  # after two seconds, thirty times faster
    from lambdatui.runner.triggers.custom_event import custom_event
    from lambdatui.runner.triggers.sns_notification import sns_event

    own(runner, "fire", {"function": "scheduled", "event": sns_event("hello", None)})
    own(runner, "fire", {"function": "scheduled", "event": custom_event("my.app", "Order", {"n": 1})})
    wait_for(lambda: said(runner, "got hello") and said(runner, "got my.app"))


# --- HTTP


def ask(port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def url_port(runner: Served, name: str, **settings: Any) -> int:
    url = runner.client.create_function_url_config(FunctionName=name, AuthType="NONE", **settings)["FunctionUrl"]
    return listening(int(url.rstrip("/").rpartition(":")[2]))


def listening(port: int) -> int:
    """The port, once it takes connections."""

    def taken() -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    wait_for(taken)
    return port


def test_a_function_url(runner: Served) -> None:
    runner.create("url", ECHO)
    port = url_port(runner, "url")
    headers = {"Cookie": "a=1; b=2", "Content-Type": "text/plain", "X-Two": "2"}
    answer, body = ask(port, "POST", "/some/path%20x?a=1&a=2&b=", b"hello", headers)
    event = json.loads(body)
    assert answer.status == 200
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "$default", "/some/path x")
    assert (event["rawQueryString"], event["queryStringParameters"]) == ("a=1&a=2&b=", {"a": "1,2", "b": ""})
    assert (event["cookies"], event["headers"]["x-two"]) == (["a=1", "b=2"], "2")
    assert (event["body"], event["isBase64Encoded"]) == ("hello", False)
    assert event["requestContext"]["http"]["method"] == "POST"
    _, body = ask(port, "POST", "/", b"\xff\x00", {"Content-Type": "image/png"})
    event = json.loads(body)
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"\xff\x00", True)
    runner.client.delete_function_url_config(FunctionName="url")
    answer, body = ask(port, "GET", "/")
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert json.loads(body)["Message"].startswith("Forbidden. For troubleshooting Function URL authorization issues")


ANSWERS = """
def handler(event, context):
    path = event.get("rawPath") or event["path"]
    if path == "/full":
        return {"statusCode": 201, "headers": {"X-A": "1", "Content-Type": "text/x"}, "cookies": ["c=1", "d=2"],
                "body": "aGk=", "isBase64Encoded": True}
    if path == "/throw":
        raise ValueError("x")
    if path == "/slow":
        import time; time.sleep(9)
    if path == "/odd":
        return {"statusCode": "many"}
    return "plain"
"""


def test_answers_and_errors_in_every_shape(runner: Served) -> None:
    runner.create("answers", ANSWERS, Timeout=1)
    port = url_port(runner, "answers", Cors={"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"]})
    answer, body = ask(port, "GET", "/full")
    assert (answer.status, body, answer.headers["x-a"], answer.headers["content-type"]) == (201, b"hi", "1", "text/x")
    assert answer.headers.get_all("set-cookie") == ["c=1", "d=2"]
    assert ask(port, "GET", "/")[1] == b"plain"
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    assert ask(port, "OPTIONS", "/", None, preflight)[0].headers["access-control-allow-methods"] == "GET"
    expected = {
        "url": {"/throw": 502, "/slow": 502, "/odd": 502, "/": 200},
        "http-api": {"/throw": 500, "/slow": 503, "/odd": 500, "/": 200, "/full": 201},
        "rest-api": {"/throw": 502, "/slow": 504, "/odd": 502, "/": 502, "/full": 502},  # format 1.0 has no cookies
        "alb": {"/throw": 502, "/slow": 502, "/odd": 502, "/": 502, "/full": 201},
    }
    ports = {"url": port}
    for kind in ("http-api", "rest-api", "alb"):
        trigger_id = own(runner, "triggers/add", {"function": "answers", "kind": kind})["id"]
        ports[kind] = listening(own(runner, "triggers/list", {})["triggers"][trigger_id]["port"])
    for kind, paths in expected.items():
        for path, status in paths.items():
            assert ask(ports[kind], "GET", path)[0].status == status, (kind, path)


def test_api_gateway_v1_and_load_balancers(runner: Served) -> None:
    runner.create("wrapped", "import json\ndef handler(e, c): return {'statusCode': 200, 'body': json.dumps(e)}")
    ports = {}
    for kind in ("rest-api", "alb"):
        trigger_id = own(runner, "triggers/add", {"function": "wrapped", "kind": kind})["id"]
        ports[kind] = listening(own(runner, "triggers/list", {})["triggers"][trigger_id]["port"])
    event = json.loads(ask(ports["rest-api"], "GET", "/a/b?x=1&x=2", None, {"x-custom": "y"})[1])
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/{proxy+}", "/a/b", "GET")
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert (event["pathParameters"], event["headers"]["x-custom"], event["body"]) == ({"proxy": "a/b"}, "y", None)
    event = json.loads(ask(ports["alb"], "POST", "/p?q=1", b"body", {"Content-Type": "text/plain"})[1])
    assert event["requestContext"]["elb"]["targetGroupArn"].startswith("arn:aws:elasticloadbalancing:")
    assert (event["path"], event["queryStringParameters"], event["body"]) == ("/p", {"q": "1"}, "body")


# --- filters


@pytest.mark.parametrize(
    ("pattern", "record", "passes"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {"a": ["z", "x"]}, True),
        ({"a": ["x"]}, {}, False),
        ({"a": [None]}, {"a": None}, True),
        ({"a": [1]}, {"a": "1"}, False),
        ({"a": [{"prefix": "ab"}]}, {"a": "abc"}, True),
        ({"a": [{"suffix": ".png"}]}, {"a": "x.jpg"}, False),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "y"}, True),
        ({"a": [{"numeric": [">", 1, "<=", 5]}]}, {"a": 5}, True),
        ({"a": [{"numeric": [">", 1, "<=", 5]}]}, {"a": 6}, False),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"exists": True}]}, {}, False),
        ({"a": [{"equals-ignore-case": "AB"}]}, {"a": "ab"}, True),
        ({"a": {"b": ["x"]}, "c": [1]}, {"a": {"b": "x"}, "c": 1}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
        ({"body": {"a": [1]}}, {"body": '{"a": 1}'}, True),
        ({"body": {"a": [1]}}, {"body": "not json"}, False),
    ],
)
def test_filter_rules(pattern: object, record: dict[str, Any], passes: bool) -> None:
    assert Filters({"Filters": [{"Pattern": json.dumps(pattern)}]}).passes(record) is passes


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_pattern_is_read_or_refused(pattern: object) -> None:
    try:
        filters = Filters({"Filters": [{"Pattern": json.dumps(pattern)}]})
    except EventFilterError:
        return
    filters.passes({"a": {"b": 1}})

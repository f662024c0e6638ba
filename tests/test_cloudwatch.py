"""CloudWatch through a real HTTP server: plain boto3 writes, our session reads, and can do nothing else."""

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from collectors.cloudwatch import log_events, metrics
from collectors.cloudwatch.errors import reading
from collectors.cloudwatch.functions import PAUSE_S, list_functions
from collectors.cloudwatch.log_events import LogGroup
from collectors.cloudwatch.session import ReadOnlySession, ReadOnlyViolation
from collectors.cloudwatch.source import CloudWatchSource
from collectors.model import FunctionKey
from collectors.source import Source, SourceFailed

REGION = "eu-central-1"
ACCOUNT = "123456789012"
MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    boto3.session.Session().client("s3", **plain(url))  # the server answers before a test begins
    yield url
    import requests

    requests.post(f"{url}/moto-api/reset", timeout=10)
    server.stop()


def plain(endpoint: str) -> Any:
    return {
        "endpoint_url": endpoint,
        "region_name": REGION,
        "aws_access_key_id": "testing",
        "aws_secret_access_key": "testing",
    }


def create(endpoint: str, name: str, **settings: Any) -> None:
    iam = boto3.client("iam", **plain(endpoint))
    try:
        role = iam.get_role(RoleName="role")["Role"]["Arn"]
    except ClientError:
        role = iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    boto3.client("lambda", **plain(endpoint)).create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
        MemorySize=512,
        Timeout=30,
        Architectures=["arm64"],
        **settings,
    )


def put_events(endpoint: str, group: str, stream: str, events: list[tuple[int, str]]) -> None:
    logs = boto3.client("logs", **plain(endpoint))
    with suppress(ClientError):  # it was made for another stream
        logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": time_ms, "message": message} for time_ms, message in events],
    )


def session(endpoint: str) -> ReadOnlySession:
    return ReadOnlySession(region=REGION, endpoint_url=endpoint)


def this_minute_ms() -> int:
    now_ms = time.time_ns() // 1_000_000
    return now_ms - now_ms % MINUTE_MS


def test_functions_come_without_their_environment(endpoint: str) -> None:
    create(endpoint, "checkout", Environment={"Variables": {"TOKEN": "s3cret"}})
    create(endpoint, "orders", EphemeralStorage={"Size": 1024})
    found = list(list_functions(session(endpoint).client("lambda"), REGION))
    checkout, orders = found
    assert checkout.key == FunctionKey("checkout", ACCOUNT, REGION)
    assert (checkout.runtime, checkout.arch, checkout.memory_mb, checkout.timeout_s) == ("python3.13", "arm64", 512, 30)
    assert (checkout.ephemeral_mb, orders.ephemeral_mb) == (512, 1024)
    assert checkout.log_group == "/aws/lambda/checkout"
    assert "s3cret" not in repr(found)


def test_pages_of_functions_are_read_slowly_enough_for_the_accounts_deployments(endpoint: str) -> None:
    client = session(endpoint).client("lambda")
    pages: list[dict[str, Any]] = [
        {
            "Functions": [
                {
                    "FunctionName": f"fn{number}",
                    "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn{number}",
                    "LoggingConfig": {"LogGroup": "/shared"},
                    "Environment": {"Variables": {"TOKEN": "s3cret"}},
                }
            ]
        }
        for number in range(3)
    ]
    pauses: list[float] = []
    with Stubber(client) as stub:
        for number, page in enumerate(pages):
            more = {"NextMarker": str(number)} if number < 2 else {}
            asked = {"Marker": str(number - 1)} if number else {}
            stub.add_response("list_functions", page | more, asked)
        found = list(list_functions(client, REGION, pauses.append))
    assert [one.key.name for one in found] == ["fn0", "fn1", "fn2"]
    assert {(one.log_group, one.runtime, one.memory_mb) for one in found} == {("/shared", None, None)}
    assert pauses[:2] == [PAUSE_S, PAUSE_S]
    assert "Environment" not in pages[0]["Functions"][0]


def test_a_source_gives_functions_events_and_metrics(endpoint: str) -> None:
    now_ms = this_minute_ms()
    create(endpoint, "checkout")
    put_events(
        endpoint,
        "/aws/lambda/checkout",
        "2025/01/01/[$LATEST]ab",
        [(now_ms - 50 * MINUTE_MS, "old\n"), (now_ms - 12 * MINUTE_MS, "overlap\n"), (now_ms - 2_000, "new\n")],
    )
    put_events(endpoint, "/aws/lambda/deleted", "2025/01/01/[$LATEST]cd", [(now_ms - 1_000, "gone\n")])
    put_events(endpoint, "/elsewhere", "stream", [(now_ms - 1_000, "not ours\n")])
    boto3.client("cloudwatch", **plain(endpoint)).put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "FunctionName", "Value": "checkout"}],
                "Timestamp": (now_ms - 3 * MINUTE_MS) / 1000,
                "Value": value,
            }
            for name, value in (("Invocations", 5.0), ("Errors", 1.0), ("ConcurrentExecutions", 3.0), ("Duration", 9.0))
        ],
    )
    source: Source = CloudWatchSource(session(endpoint), since_ms=now_ms - 10 * MINUTE_MS, now_ms=now_ms)
    assert (source.name, source.account, source.region) == (f"cloudwatch {REGION}", ACCOUNT, REGION)
    assert [one.key.name for one in source.functions()] == ["checkout"]

    events = [event for block in source.event_blocks() for event in block]
    assert [(event.function, event.message) for event in events] == [
        ("checkout", "overlap\n"),
        ("checkout", "new\n"),
        ("", "gone\n"),
    ]
    new = events[1]
    assert (new.timestamp_ms, new.log_group) == (now_ms - 2_000, "/aws/lambda/checkout")
    assert (new.log_stream, new.account, new.region) == ("2025/01/01/[$LATEST]ab", ACCOUNT, REGION)
    assert len({event.event_id for event in events}) == 3

    points = {point.metric: point for point in source.metrics() if point.value}
    assert {name: (point.stat, point.value) for name, point in points.items()} == {
        "Invocations": ("Sum", 5.0),
        "Errors": ("Sum", 1.0),
        "ConcurrentExecutions": ("Maximum", 3.0),
    }
    assert points["Invocations"].function == FunctionKey("checkout", ACCOUNT, REGION)
    assert (points["Errors"].period_s, points["Errors"].start_ms) == (60, now_ms - 3 * MINUTE_MS)


def test_many_pages_of_events_are_read_to_the_end(endpoint: str) -> None:
    now_ms = this_minute_ms()
    for part in range(3):
        events = [(now_ms - 60_000 + n, f"{part} {n}") for n in range(5_000)]
        put_events(endpoint, "/aws/lambda/busy", f"stream{part}", events)
    blocks = list(
        log_events.event_blocks(
            session(endpoint).client("logs"),
            LogGroup("/aws/lambda/busy", "busy"),
            since_ms=now_ms - 90_000,
            until_ms=now_ms,
            account=ACCOUNT,
            region=REGION,
        )
    )
    assert len(blocks) > 1
    assert len({event.event_id for block in blocks for event in block}) == 15_000


def test_empty_pages_are_not_the_end(endpoint: str) -> None:
    client = session(endpoint).client("logs")
    event = {"timestamp": 5, "message": "m", "logStreamName": "s", "eventId": "id", "ingestionTime": 6}
    asked = {"logGroupName": "g", "startTime": 0, "endTime": 10}
    with Stubber(client) as stub:
        stub.add_response("filter_log_events", {"events": [], "nextToken": "1"}, asked)
        stub.add_response("filter_log_events", {"nextToken": "2"}, asked | {"nextToken": "1"})
        stub.add_response("filter_log_events", {"events": [event]}, asked | {"nextToken": "2"})
        group = LogGroup("g", "fn")
        blocks = log_events.event_blocks(client, group, since_ms=1, until_ms=10, account="", region="")
        assert [[one.event_id for one in block] for block in blocks] == [["id"]]


def test_a_group_shared_by_functions_is_read_once_and_its_streams_name_the_function(endpoint: str) -> None:
    now_ms = this_minute_ms()
    client = session(endpoint).client("lambda")
    configuration = {"LoggingConfig": {"LogGroup": "/shared"}}
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    listed = [{"FunctionName": name, "FunctionArn": arn + name} | configuration for name in ("a", "b")]
    with Stubber(client) as stub:
        stub.add_response("list_functions", {"Functions": listed})
        functions = list(list_functions(client, REGION))
    put_events(endpoint, "/shared", "2025/01/01/b[$LATEST]ab", [(now_ms, "of b\n")])
    assert log_events.discover(session(endpoint).client("logs"), REGION, functions) == [LogGroup("/shared", "")]
    assert log_events.discover(session(endpoint).client("logs"), REGION, functions[:1]) == [LogGroup("/shared", "a")]


def test_one_group_that_cannot_be_read_does_not_keep_back_the_others(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = this_minute_ms()
    for name in ("a", "b", "c"):
        put_events(endpoint, f"/aws/lambda/{name}", "stream", [(now_ms, name)])
    found = log_events.discover(session(endpoint).client("logs"), REGION, [])
    groups = [LogGroup(one.name, "", "INFREQUENT_ACCESS" if one.name.endswith("a") else "STANDARD") for one in found]
    absent = LogGroup("/aws/lambda/absent", "")
    monkeypatch.setattr(log_events, "discover", lambda *_: [absent, *groups])
    source = CloudWatchSource(session(endpoint), since_ms=now_ms, now_ms=now_ms + 1)
    blocks = source.event_blocks()
    assert [[event.message for event in next(blocks)] for _ in range(2)] == [["b"], ["c"]]
    with pytest.raises(SourceFailed, match=r"log group /aws/lambda/a: .* log class INFREQUENT_ACCESS"):
        next(blocks)


def test_metrics_keep_to_cloudwatchs_limits(endpoint: str) -> None:
    client = session(endpoint).client("cloudwatch")
    sent: list[dict[str, Any]] = []
    client.meta.events.register("provide-client-params", lambda params, **_: sent.append(dict(params)))
    now_ms = this_minute_ms()
    functions = [FunctionKey(f"fn{number}", ACCOUNT, REGION) for number in range(600)]
    list(metrics.metric_points(client, functions, since_ms=now_ms - 60 * MINUTE_MS, now_ms=now_ms, region=REGION))
    sizes = [len(params["MetricDataQueries"]) for params in sent]
    assert sum(sizes) == 1200  # of idle functions only what says that they are idle
    assert max(sizes) == 500
    sent.clear()
    day_ms = 1440 * MINUTE_MS
    list(metrics.metric_points(client, functions, since_ms=now_ms - day_ms, now_ms=now_ms, region=REGION))
    assert max(len(params["MetricDataQueries"]) for params in sent) * 1441 <= metrics.POINTS_A_CALL


def test_metric_pages_are_joined_and_a_failed_metric_is_said(endpoint: str) -> None:
    client = session(endpoint).client("cloudwatch")
    key = FunctionKey("fn", ACCOUNT, REGION)

    def page(status: str, at: int, token: str | None = None) -> dict[str, Any]:
        times = [datetime.fromtimestamp(at, UTC)]
        result = {"Id": "m0", "Label": "x", "StatusCode": status, "Timestamps": times, "Values": [1.0]}
        return {"MetricDataResults": [result]} | ({"NextToken": token} if token else {})

    with Stubber(client) as stub:
        stub.add_response("get_metric_data", page("PartialData", 60, "more"))
        stub.add_response("get_metric_data", page("Complete", 120))
        stub.add_response("get_metric_data", page("Forbidden", 60))
        points = metrics.metric_points(client, [key], since_ms=60_000, now_ms=180_000, region=REGION)
        assert [next(points).start_ms for _ in range(2)] == [60_000, 120_000]
        with pytest.raises(SourceFailed, match="Forbidden for Errors of fn"):
            next(points)


@pytest.mark.parametrize(("days", "period"), [(1, 60), (15, 60), (16, 300), (63, 300), (64, 3600), (400, 3600)])
def test_the_period_is_the_finest_that_is_kept(days: int, period: int) -> None:
    assert metrics.period_s(0, days * 86_400_000) == period


def test_anything_that_does_not_only_read_is_stopped_before_it_is_sent() -> None:
    # Nothing listens on port 9: had a byte been sent, the error would be another one.
    closed = session("http://127.0.0.1:9")
    logs, functions = closed.client("logs"), closed.client("lambda")
    with pytest.raises(ReadOnlyViolation, match="logs:PutLogEvents"):
        logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": 1, "message": "m"}])
    with pytest.raises(ReadOnlyViolation, match="logs:DeleteLogGroup"):
        logs.delete_log_group(logGroupName="g")
    with pytest.raises(ReadOnlyViolation, match="lambda:Invoke"):
        functions.invoke(FunctionName="f")
    with pytest.raises(ReadOnlyViolation, match="lambda:GetFunction"):
        functions.get_function(FunctionName="f")
    with pytest.raises(ReadOnlyViolation, match="s3:"):
        closed.client("s3").list_buckets()
    with pytest.raises(ReadOnlyViolation):
        functions.generate_presigned_url("delete_function", Params={"FunctionName": "f"})


def test_every_modelled_operation_but_the_listed_ones_is_stopped() -> None:
    from collectors.cloudwatch.session import READINGS, _refuse

    listed = {(one.service, one.operation) for one in READINGS}
    passed = set()
    for service in ("lambda", "logs", "cloudwatch", "sts", "iam", "pricing"):
        model = session("http://127.0.0.1:9").client(service).meta.service_model
        for name in model.operation_names:
            try:
                _refuse(model.operation_model(name))
            except ReadOnlyViolation:
                continue
            passed.add((service, name))
    assert passed == listed


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ClientError({"Error": {"Code": "AccessDeniedException"}}, "X"),
            "denied logs:FilterLogEvents; allow logs:Filter",
        ),
        (ClientError({"Error": {"Code": "ExpiredTokenException"}}, "X"), "expired; log in again"),
        (ClientError({"Error": {"Code": "UnrecognizedClientException"}}, "X"), "does not accept the credentials"),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "X"), "throttled logs:FilterLogEvents"),
        (ClientError({"Error": {"Code": "Odd", "Message": "why"}}, "X"), "Odd.*why"),
        (NoCredentialsError(), "no complete AWS credentials; give --profile"),
        (EndpointConnectionError(endpoint_url="http://x"), "cannot be reached"),
    ],
)
def test_errors_say_what_it_means_and_what_to_do(error: Exception, said: str) -> None:
    with pytest.raises(SourceFailed, match=said) as raised, reading("logs:FilterLogEvents", "log group g"):
        raise error
    assert raised.value.what == "log group g"
    assert raised.value.what_to_do


def test_a_missing_profile_or_region_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match=r"absent.*--profile"):
        ReadOnlySession("absent", REGION)
    with pytest.raises(SourceFailed, match="no AWS region; give --region"):
        ReadOnlySession()
    with pytest.raises(SourceFailed, match="such as eu-central-1"):
        ReadOnlySession(region="not a region").client("logs")

"""AWS for tests: credentials that open nothing, a moto server, and canned answers sent through botocore's own events."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict

from collectors.ingest.store_answers import Claims, InStore
from collectors.model.units import MINUTE_MS
from collectors.sources.cloudwatch.session import ReadOnlySession

REGION = "eu-central-1"
ACCOUNT = "123456789012"
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
STREAM = "2025/01/01/[$LATEST]ab"


def isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No credentials but the test's, no configuration, no store but a named one; nothing waits before it is retried."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(folder / name))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "LAMBDATUI_DB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_, **__: True)  # after a throttle


@pytest.fixture
def aws_isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``isolate`` for a whole file: ``pytestmark = pytest.mark.usefixtures("aws_isolated")``."""
    isolate(monkeypatch, tmp_path)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One moto server for all tests of this process; ``endpoint`` empties it for each."""
    from moto.server import ThreadedMotoServer

    one = ThreadedMotoServer(port=0, verbose=False)
    one.start()
    host, port = one.get_host_and_port()
    yield f"http://{host}:{port}"
    one.stop()


@pytest.fixture
def endpoint(server: str) -> str:
    import requests

    requests.post(f"{server}/moto-api/reset", timeout=10)
    return server


def plain(endpoint: str, service: str) -> Any:
    """A client that may write."""
    return boto3.session.Session().client(service, endpoint_url=endpoint, **KEYS)  # type: ignore[call-overload]


def create_function(endpoint: str, name: str, **settings: Any) -> None:
    from botocore.exceptions import ClientError

    iam = plain(endpoint, "iam")
    try:
        role = iam.get_role(RoleName="role")["Role"]["Arn"]
    except ClientError:
        role = iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    asked = {"Runtime": "python3.13", "Handler": "app.handler", "MemorySize": 512, "Timeout": 30}
    plain(endpoint, "lambda").create_function(
        FunctionName=name, Role=role, Code={"ZipFile": code.getvalue()}, Architectures=["arm64"], **asked | settings
    )


def put_events(endpoint: str, group: str, stream: str, events: list[tuple[int, str]]) -> None:
    from contextlib import suppress

    from botocore.exceptions import ClientError

    logs = plain(endpoint, "logs")
    with suppress(ClientError):
        logs.create_log_group(logGroupName=group)
    with suppress(ClientError):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    for at in range(0, len(events), 10_000):
        some = [{"timestamp": time_ms, "message": message} for time_ms, message in events[at : at + 10_000]]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=some)


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


Answer = dict[str, Any] | tuple[int, dict[str, Any]] | bytes


class Canned:
    """Answers for a session's clients: ``answers['logs:FilterLogEvents'] = function of the request``.

    The request is the decoded body, or query and path for Lambda's REST calls. An answer is a JSON object, or one
    with an HTTP status for an error, or raw bytes. What has no answer gives an empty object, or an empty listing where
    AWS always gives a list. Requests and answers go
    through botocore's own serialiser and parsers: only the network is left out.
    """

    def __init__(self, session: ReadOnlySession) -> None:
        self.answers: dict[str, Callable[[dict[str, Any]], Answer]] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.headers: dict[str, str] = {"content-type": "application/json"}
        make = session._new

        def new(service: str, *, retries: bool = True) -> Any:
            client = make(service, retries=retries)
            client.meta.events.register_last("before-send", self._answer)
            return client

        session._new = new  # type: ignore[method-assign]
        self.answers["cloudwatch:GetMetricData"] = lambda asked: metric_answer(asked, [])
        self.answers["lambda:ListFunctions"] = lambda _: {"Functions": []}
        self.answers["logs:DescribeLogGroups"] = lambda _: {"logGroups": []}
        self.answers["logs:FilterLogEvents"] = lambda _: {"events": []}
        self.answers["resourcegroupstaggingapi:GetResources"] = lambda _: {"ResourceTagMappingList": []}
        self.answers["sts:GetCallerIdentity"] = lambda _: (
            f"<R><GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult></R>".encode()
        )

    def _answer(self, event_name: str, request: Any, **_: Any) -> AWSResponse:
        _, service_id, operation = event_name.split(".")
        service = {"cost-explorer": "ce", "cloudwatch-logs": "logs", "application-auto-scaling":
                   "application-autoscaling", "resource-groups-tagging-api": "resourcegroupstaggingapi"}.get(service_id, service_id)  # fmt: skip
        asked = self._asked(request)
        name = f"{service}:{operation}"
        self.requests.append((name, asked))
        answer = self.answers.get(name, lambda _: {})(asked)
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return AWSResponse(request.url, status, HeadersDict(self.headers), _Raw(raw))

    @staticmethod
    def _asked(request: Any) -> dict[str, Any]:
        address = urlsplit(request.url)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        decoded = json.loads(body) if body[:1] == b"{" else {}
        if body[:7] == b"Action=":  # STS
            decoded = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return {"path": unquote(address.path)} | query | decoded

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.requests)


def canned_session(**settings: Any) -> tuple[ReadOnlySession, Canned]:
    """A session that reaches no network, and its answers."""
    session = ReadOnlySession(region=REGION, endpoint_url="http://127.0.0.1:9", **settings)
    return session, Canned(session)


def error(code: str, message: str = "", status: int = 400) -> tuple[int, dict[str, Any]]:
    return status, {"__type": code, "message": message or code}


def metric_answer(asked: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    """GetMetricData's answer: of what is not ``found``, series without points, as CloudWatch gives them."""
    had = {one["Id"] for one in found}
    idle = [one["Id"] for one in asked["MetricDataQueries"] if one["Id"] not in had]
    return {"MetricDataResults": [*found, *({"Id": each, "Timestamps": [], "Values": []} for each in idle)]}


def listed(names: list[str], **settings: Any) -> list[dict[str, Any]]:
    """Functions as ListFunctions gives them."""
    return [
        {
            "FunctionName": name,
            "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            "Runtime": "python3.13",
            "MemorySize": 512,
            "Timeout": 30,
            "LastModified": "2025-01-01T00:00:00.000+0000",
            "Environment": {"Variables": {"TOKEN": "s3cret"}},
            **settings,
        }
        for name in names
    ]


def paged_functions(names: list[str], size: int = 50, **settings: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """ListFunctions over pages, as Lambda does it."""

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        at = int(asked.get("Marker", 0))
        more = {"NextMarker": str(at + size)} if at + size < len(names) else {}
        return {"Functions": listed(names[at : at + size], **settings)} | more

    return answer


def recent_ms(ago_ms: int = 30 * MINUTE_MS) -> int:
    """A full minute lately."""
    return (time.time_ns() // 1_000_000 - ago_ms) // MINUTE_MS * MINUTE_MS


def no_pause(_: float) -> None:
    """Waiting takes no time in tests."""


class OnlyCovered(InStore):
    """A store that has nothing but spans that are covered, for tests that read a source by itself."""

    def __init__(self, covered: Callable[[str], Sequence[tuple[int, int]]] = lambda _: ()) -> None:
        super().__init__(None, Claims())
        self._covered = covered

    def __call__(self, item: str, /) -> list[tuple[int, int]]:
        return list(self._covered(item))

"""A real runner for tests, on a thread of its own, and boto3's unmodified client to it."""

import asyncio
import http.client
import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdatui.runner.api.front import Front
from lambdatui.runner.environments.aws_access import AwsAccess
from lambdatui.runner.environments.fleet import Limits
from lambdatui.runner.http.server import Server
from lambdatui.runner.log.writer import Log
from lambdatui.runner.runtimes.python import this_runtime
from lambdatui.runner.service import Runner

ROLE = "arn:aws:iam::000000000000:role/test"


@dataclass
class Served:
    """A runner that serves; ``client`` is boto3's, which does not retry."""

    path: Path
    host: str
    port: int
    runner: Runner
    loop: asyncio.AbstractEventLoop
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        self.client = client("lambda", f"http://{self.host}:{self.port}")

    def wait(self, coroutine: Any) -> Any:
        """Run ``coroutine`` on the runner's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the runner's log, after all that was handed over is in it."""
        self.wait(self.runner.log.commit())
        return self.runner.log.read(query, values)

    def messages(self) -> list[str]:
        return [str(message) for (message,) in self.rows("SELECT message FROM log_events ORDER BY id")]

    def metric(self, function: str, metric: str, stat: str = "Sum") -> float | None:
        merge = "sum" if stat in ("Sum", "SampleCount") else "max"
        query = f"SELECT {merge}(value) FROM metrics WHERE function = ? AND metric = ? AND stat = ?"
        [(value,)] = self.rows(query, function, metric, stat)
        return value

    def ask(
        self, method: str, path: str, document: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """One request, without boto3: status, headers in lower case, and the JSON of the answer. Bytes go as they are."""
        body = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, json.loads(data) if data else None

    def create(self, name: str, source: str, **settings: Any) -> dict[str, Any]:
        """A Python function of one file, deployed as a ZIP."""
        given = {"Runtime": this_runtime(), "Handler": "app.handler", "Role": ROLE, **settings}
        code = {"ZipFile": zipped({"app.py": source})}
        return self.client.create_function(FunctionName=name, Code=code, **given)  # type: ignore[no-any-return]


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
    """Status, code and message of what boto3 raises."""
    try:
        call(**arguments)
    except ClientError as error:
        answer = error.response
        return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]
    raise AssertionError("it was not refused")


def wait_for(condition: Callable[[], Any], seconds: float = 40) -> Any:
    """What ``condition`` gives, once it is true."""
    for _ in range(int(seconds / 0.05)):
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("it did not come")


def client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=250, read_timeout=120),
    )


def zipped(files: dict[str, str | bytes], mode: int = 0o644) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return packed.getvalue()


@contextmanager
def served(path: Path, *, limits: Limits | None = None, time_scale: float = 1.0) -> Iterator[Served]:
    """Serve ``path`` until the block ends; every process that it started is gone then."""
    started: list[Served] = []
    ready = threading.Event()
    failed: list[BaseException] = []
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def run() -> None:
        with Log(path) as log:
            async with Runner(log, limits=limits, time_scale=time_scale) as runner:
                server = Server(Front(runner))
                host, port = await server.start()
                runner.host.aws = AwsAccess(f"http://{host}:{port}")
                await runner.begin()
                started.append(Served(path, host, port, runner, loop))
                ready.set()
                await ended.wait()
                server.close()

    def main() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(run())
        except BaseException as error:
            failed.append(error)
        finally:
            ready.set()
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=main)
    thread.start()
    ready.wait(30)
    try:
        if not started:
            raise failed[0]
        yield started[0]
    finally:
        if started:
            loop.call_soon_threadsafe(ended.set)
        thread.join(60)
    if failed:
        raise failed[0]

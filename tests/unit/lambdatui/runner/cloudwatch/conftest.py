"""A runner whose log the tests fill, and boto3's clients to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.runner_server import Served, client, served

BEGIN_MS = 1_790_000_000_000


@dataclass
class Filled:
    """A runner, and how to write to its log."""

    runner: Served
    written: int = 0
    clients: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = client(service, f"http://{self.runner.host}:{self.runner.port}")
        return self.clients[service]

    def write(self, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """Log events: milliseconds after ``BEGIN_MS``, and message."""
        rows = []
        for after_ms, message in events:
            self.written += 1
            time_ms = BEGIN_MS + after_ms
            rows.append((time_ms, f"{time_ms:014d}{self.written:042d}", f"/aws/lambda/{group}", stream, message))
        self.runner.loop.call_soon_threadsafe(self.runner.runner.log.write, rows)
        self.runner.wait(self.runner.runner.log.commit())

    def messages(self, group: str, **asked: Any) -> list[str]:
        """All that FilterLogEvents gives, page by page."""
        pages = self["logs"].get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{group}", **asked)
        return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A runner for the tests of a module, which write to groups of their own."""
    path: Path = tmp_path_factory.mktemp("cloudwatch") / "runner.db"
    with served(path) as runner:
        yield Filled(runner)

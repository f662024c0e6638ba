"""Log groups that answer as CloudWatch Logs does, through botocore and without a network."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from collectors.ingest.many_sources import collect_accounts
from collectors.ingest.results import Collected
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource
from tests.support.aws import Canned, canned_session, no_pause, paged_functions
from tests.support.printed_statements import report, request_id, start

NOW = 1_743_415_200_000 + 30 * MINUTE_MS
SINCE = NOW - 24 * HOUR_MS


def lines(number: int, at_ms: int) -> list[tuple[int, str]]:
    request = request_id(number)
    return [(at_ms, start(request)), (at_ms + 1, f"hello {number}\n"), (at_ms + 101, report(request))]


class Logs:
    """Log groups whose events FilterLogEvents gives in pages, some of them empty, as CloudWatch does."""

    def __init__(self, seed: int = 1, page: int = 7) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}
        self._page = page
        self._random = random.Random(seed)
        self.asked = 0

    def add(self, name: str, *invocations: tuple[int, int], stream: str = "2025/03/31/[$LATEST]ab") -> None:
        events = self.groups.setdefault(f"/aws/lambda/{name}", [])
        for number, at_ms in invocations:
            for place, (time, message) in enumerate(lines(number, at_ms)):
                events.append(
                    {
                        "timestamp": time,
                        "message": message,
                        "logStreamName": stream,
                        "eventId": f"{number:050d}{place:06d}",
                    }
                )
        events.sort(key=lambda event: event["timestamp"])

    def filter(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        events = [
            event
            for event in self.groups.get(asked["logGroupName"], ())
            if asked["startTime"] <= event["timestamp"] <= asked["endTime"]
        ]
        at = int(asked.get("nextToken", "0").split("-")[0])
        if self._random.random() < 0.3:
            return {"events": [], "nextToken": f"{at}-{self._random.random()}"}
        some = events[at : at + self._page]
        more = {"nextToken": f"{at + self._page}-{self._random.random()}"} if at + self._page < len(events) else {}
        return {"events": some} | more

    def describe(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "logGroups": [
                {"logGroupName": name} for name in self.groups if name.startswith(asked["logGroupNamePrefix"])
            ]
        }


def aws_with(logs: Logs, names: list[str]) -> tuple[ReadOnlySession, Canned]:
    session, aws = canned_session()
    aws.answers |= {
        "lambda:ListFunctions": paged_functions(names),
        "logs:DescribeLogGroups": logs.describe,
        "logs:FilterLogEvents": logs.filter,
    }
    return session, aws


def source(session: ReadOnlySession, now_ms: int = NOW, since_ms: int = SINCE, **settings: Any) -> CloudWatchSource:
    return CloudWatchSource(session, since_ms=since_ms, now_ms=now_ms, pause=no_pause, **{"logs": "events", **settings})


def collect(db: Path, *sources: Any, now_ms: int = NOW, **settings: Any) -> list[Collected]:
    openings: list[Callable[[], Any]] = [one if callable(one) else (lambda one=one: one) for one in sources]
    return collect_accounts(openings, db=db, now_ms=now_ms, **settings)


def fleet(logs: Logs, functions: int = 3, invocations: int = 40) -> list[str]:
    names = [f"fn{number}" for number in range(functions)]
    for place, name in enumerate(names):
        logs.add(name, *((place * 1_000 + n, NOW - (n + 1) * 20 * MINUTE_MS) for n in range(invocations)))
    return names

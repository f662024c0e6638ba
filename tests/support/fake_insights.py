"""A Logs Insights that really runs queries, over a fleet of made log events, with AWS's limits and faults by rule.

Time is made up: it passes with ``pause``. Limits as in the CloudWatch Logs quotas: 100 queries at once, ten started a
second, 50 groups by name, 10,000 rows a page, 100,000 an answer; queries of one log class only.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.model.units import HOUR_MS
from collectors.store.read.reader import Reader
from tests.support.aws import ACCOUNT, Answer, error, listed
from tests.support.insights_ql import Event, run

LONGEST_MS = 90_000  # of the invocations that are made
MOST_AT_ONCE, STARTS_A_SECOND, MOST_GROUPS, PAGE = 100, 10, 50, 10_000


@dataclass
class Sums:
    """What an hour of a function is made of: counted as its events are made, never read from them."""

    reports: int = 0
    billed_ms: int = 0
    billed_mb_ms: int = 0
    duration_us: int = 0
    init_us: int = 0
    cold_starts: int = 0
    errors: int = 0
    timeouts: int = 0
    out_of_memory: int = 0
    max_duration_us: int | None = None
    max_memory_mb: int | None = None
    memory_mb: int | None = None


@dataclass
class Group:
    """A log group: its class, its events by hour, and the bytes of each hour."""

    log_class: str = "STANDARD"
    events: dict[int, list[Event]] = field(default_factory=dict)
    hour_bytes: Counter[int] = field(default_factory=Counter)


class Fleet:
    """Log groups of made functions; ``sums`` has what was made, by function and hour."""

    def __init__(self, seed: int = 1) -> None:
        self.groups: dict[str, Group] = {}
        self.sums: dict[tuple[str, int], Sums] = {}
        self.group_of: dict[str, str] = {}
        self._random = random.Random(seed)
        self._requests = 0

    def add(
        self, name: str, hours: Iterable[int], invocations: int = 5, *, style: str = "text", memory_mb: int = 512,
        log_class: str = "STANDARD", group: str = "",
    ) -> None:  # fmt: skip
        """Invocations of a function in some hours; ``style`` is text, json, managed (JSON without billing) or both."""
        self.group_of[name] = group or f"/aws/lambda/{name}"
        place = self.groups.setdefault(self.group_of[name], Group(log_class))
        stream = f"2025/03/31/{name if group else ''}[$LATEST]{'ab' * 16}"
        for start_ms in hours:
            for number in range(invocations):
                of = style if style != "both" else ("text", "json")[number % 2]
                # Begun within the hour too, so that events and sums count it in the same.
                at_ms = start_ms + self._random.randrange(LONGEST_MS, HOUR_MS)
                self._invoke(place, self.sums.setdefault((name, start_ms), Sums()), stream, at_ms, of, memory_mb)

    def _invoke(self, group: Group, sums: Sums, stream: str, at_ms: int, style: str, memory_mb: int) -> None:
        self._requests += 1
        request = f"{self._requests:08x}-1111-4222-a333-{self._requests:012x}"
        duration_us = self._random.randrange(1, LONGEST_MS * 100) * 10
        billed_ms = -(-duration_us // 1000)
        used_mb = self._random.randrange(30, memory_mb)
        init_us = self._random.choice((0, 0, 0, self._random.randrange(1, 90_000) * 10))
        status = self._random.choice(("", "", "", "timeout", "error", "oom"))
        sums.reports += 1
        sums.duration_us += duration_us
        sums.max_duration_us = max(sums.max_duration_us or 0, duration_us)
        if style != "managed":
            sums.billed_ms += billed_ms
            sums.billed_mb_ms += billed_ms * memory_mb
            sums.init_us += init_us
            sums.cold_starts += bool(init_us)
            sums.max_memory_mb = max(sums.max_memory_mb or 0, used_mb)
            sums.memory_mb = memory_mb
        if style == "managed":
            status = ""
        sums.errors += bool(status)
        sums.timeouts += status == "timeout"
        sums.out_of_memory += status == "oom"
        make = _text if style == "text" else _json
        values = request, duration_us, billed_ms, memory_mb, used_mb, init_us, status
        for message in make(*values) if style != "managed" else _managed(request, duration_us):
            start_ms = at_ms // HOUR_MS * HOUR_MS
            group.events.setdefault(start_ms, []).append(Event(at_ms, stream, message))
            group.hour_bytes[start_ms] += len(message) + 26

    def events(self, asked: dict[str, Any]) -> Answer:
        """FilterLogEvents over the same events, in one page."""
        found = [
            {
                "timestamp": event.time_ms, "message": event.message, "logStreamName": event.stream,
                "eventId": f"{start_ms}-{number}-{asked['logGroupName']}",
            }
            for start_ms, events in sorted(self.groups[asked["logGroupName"]].events.items())
            for number, event in enumerate(events)
            if asked["startTime"] <= event.time_ms <= asked["endTime"]
        ]  # fmt: skip
        return {"events": sorted(found, key=lambda event: event["timestamp"])}


def _text(
    request: str, duration_us: int, billed_ms: int, memory_mb: int, used_mb: int, init_us: int, status: str
) -> list[str]:
    said = {"": "", "timeout": "\tStatus: timeout", "error": "\tStatus: error\tError Type: Runtime.ExitError",
            "oom": "\tStatus: error\tError Type: Runtime.OutOfMemory"}[status]  # fmt: skip
    init = f"\tInit Duration: {init_us / 1000:.2f} ms" if init_us else ""
    return [
        f"START RequestId: {request} Version: $LATEST\n",
        f"2025-03-31T10:00:00.000Z\t{request}\tINFO\tREPORT of orders, Duration: 5 ms\n",
        f"REPORT RequestId: {request}\tDuration: {duration_us / 1000:.2f} ms\tBilled Duration: {billed_ms} ms\t"
        f"Memory Size: {memory_mb} MB\tMax Memory Used: {used_mb} MB{init}{said}\t\n",
    ]


def _json(
    request: str, duration_us: int, billed_ms: int, memory_mb: int, used_mb: int, init_us: int, status: str
) -> list[str]:
    record: dict[str, Any] = {
        "requestId": request,
        "metrics": {
            "durationMs": duration_us / 1000, "billedDurationMs": billed_ms, "memorySizeMB": memory_mb,
            "maxMemoryUsedMB": used_mb,
        } | ({"initDurationMs": init_us / 1000} if init_us else {}),
        "status": {"": "success", "timeout": "timeout", "error": "failure", "oom": "error"}[status],
    }  # fmt: skip
    if status == "oom":
        record["errorType"] = "Runtime.OutOfMemory"
    return [
        json.dumps({"level": "INFO", "message": "REPORT of orders", "requestId": request}),
        json.dumps({"time": "2025-03-31T10:00:00.000Z", "type": "platform.report", "record": record}),
    ]


def _managed(request: str, duration_us: int) -> list[str]:
    record = {"requestId": request, "metrics": {"durationMs": duration_us / 1000}, "status": "success"}
    return [json.dumps({"time": "2025-03-31T10:00:00.000Z", "type": "platform.report", "record": record})]


@dataclass
class Query:
    asked: dict[str, Any]
    started_s: float
    rows: list[list[dict[str, str]]]
    statistics: dict[str, float]
    status: str = ""  # what it ends as; empty: Complete
    looks: int = 0


Rule = Callable[[dict[str, Any], int], str]


class FakeInsights:
    """StartQuery, GetQueryResults and StopQuery over a fleet. ``ends(asked, number)`` is what a query ends as.

    ``others`` are queries that other people run, ``took_s`` how long each takes. ``peak`` is how many of ours ran at
    once, ``refused`` by which error StartQuery was refused.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.queries: dict[str, Query] = {}
        self.now_s = 0.0
        self.took_s = 3.0
        self.others = 0
        self.ends: Rule = lambda asked, number: ""
        self.peak = 0
        self.refused: Counter[str] = Counter()
        self.scanned = 0
        self.page = PAGE
        self.deleted: set[str] = set()  # groups that are listed, and gone when a query asks for them
        self.run: Callable[[dict[str, Any]], tuple[list[dict[str, str]], int, int]] = self._run
        self._starts: list[float] = []

    def pause(self, seconds: float) -> None:
        self.now_s += seconds

    def answers(self) -> dict[str, Callable[[dict[str, Any]], Answer]]:
        return {"logs:StartQuery": self.start, "logs:GetQueryResults": self.results, "logs:StopQuery": self.stop}

    def asked(self, kind: str = "stats") -> list[tuple[int, tuple[str, ...]]]:
        """The hours and groups that were paid for, by what kind of query."""
        return [
            (query.asked["startTime"] * 1000, tuple(query.asked["logGroupNames"]))
            for query in self.queries.values()
            if kind in query.asked["queryString"]
        ]

    def start(self, asked: dict[str, Any]) -> Answer:
        self._starts = [at for at in self._starts if at > self.now_s - 1]
        names = asked["logGroupNames"]
        running = sum(self._ends_as(query) in ("Scheduled", "Running") for query in self.queries.values())
        if len(self._starts) >= STARTS_A_SECOND:
            return self._refuse("ThrottlingException")
        if running + self.others >= MOST_AT_ONCE:
            return self._refuse("LimitExceededException")
        missing = [name for name in names if name not in self.fleet.groups or name in self.deleted]
        if missing:
            return self._refuse("ResourceNotFoundException", f"Log group '{missing[0]}' does not exist")
        if len(names) > MOST_GROUPS or len({self.fleet.groups[name].log_class for name in names}) > 1:
            return self._refuse("InvalidParameterException")
        self._starts.append(self.now_s)
        rows, matched, scanned = self.run(asked)
        query_id = f"query-{len(self.queries) + 1:05d}"
        self.scanned += scanned
        self.queries[query_id] = Query(
            asked, self.now_s,
            [[{"field": name, "value": value} for name, value in row.items()] for row in rows[: 100_000]],
            {"bytesScanned": float(scanned), "recordsMatched": float(matched), "recordsScanned": float(matched * 3)},
            self.ends(asked, len(self.queries) + 1),
        )  # fmt: skip
        self.peak = max(self.peak, running + 1)
        return {"queryId": query_id}

    def _refuse(self, code: str, message: str = "") -> Answer:
        self.refused[code] += 1
        return error(code, message)

    def _run(self, asked: dict[str, Any]) -> tuple[list[dict[str, str]], int, int]:
        """Both ends are inclusive, in seconds."""
        low, high = asked["startTime"] * 1000, asked["endTime"] * 1000 + 999
        groups = {name: self.fleet.groups[name] for name in asked["logGroupNames"]}
        hours = range(low // HOUR_MS * HOUR_MS, high, HOUR_MS)
        scanned = sum(group.hour_bytes[hour] for group in groups.values() for hour in hours)
        if "pattern @message" in asked["queryString"]:
            return [{"@pattern": "failed <*>", "@sampleCount": "2", "@severityLabel": "ERROR"}], 2, scanned
        events = [
            (f"{ACCOUNT}:{name}", event)
            for name, group in groups.items()
            for hour in hours
            for event in group.events.get(hour, ())
            if low <= event.time_ms <= high
        ]
        rows, matched = run(asked["queryString"], events)
        return rows, matched, scanned

    def _ends_as(self, query: Query) -> str:
        if query.status == "Stopped":
            return "Cancelled"
        age_s = self.now_s - query.started_s
        if query.status == "Never" or age_s < self.took_s:
            return "Scheduled" if age_s < self.took_s / 3 else "Running"
        return query.status or "Complete"

    def results(self, asked: dict[str, Any]) -> Answer:
        query = self.queries.get(asked["queryId"])
        if query is None or query.status == "Gone":
            return error("ResourceNotFoundException", "Query does not exist")
        query.looks += 1
        status = self._ends_as(query)
        if status not in ("Complete", "Running"):
            return {"status": status, "results": [], "statistics": {"bytesScanned": 0.0}}
        if status == "Running":  # partial results, as the documentation says
            return {"status": status, "results": query.rows[: len(query.rows) // 2], "statistics": query.statistics}
        at = int(asked.get("nextToken", 0))
        more = {"nextToken": str(at + self.page)} if at + self.page < len(query.rows) else {}
        rows = query.rows[at : at + self.page]
        return {"status": status, "results": rows, "statistics": query.statistics} | more

    def stop(self, asked: dict[str, Any]) -> Answer:
        query = self.queries[asked["queryId"]]
        if self._ends_as(query) not in ("Scheduled", "Running"):
            return error("InvalidParameterException", "query is not running")
        query.status = "Stopped"
        return {"success": True}


def account_answers(fake: FakeInsights) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """An account whose log groups and functions are the fleet's."""

    def functions(asked: dict[str, Any]) -> dict[str, Any]:
        names = sorted({name for name, _ in fake.fleet.sums})
        groups = fake.fleet.group_of
        return {"Functions": [listed([name], LoggingConfig={"LogGroup": groups[name]})[0] for name in names]}

    def described(asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "logGroups": [
                {
                    "logGroupName": name, "logGroupClass": group.log_class,
                    "storedBytes": sum(group.hour_bytes.values()),
                }
                for name, group in sorted(fake.fleet.groups.items())
                if name.startswith(asked["logGroupNamePrefix"])
            ]
        }  # fmt: skip

    return {"lambda:ListFunctions": functions, "logs:DescribeLogGroups": described}


def stored(db: Path) -> dict[tuple[str, int], Sums]:
    """What the store has of each function and hour: its hour cells."""
    with Reader(db) as reader:
        rows = reader.select(
            "SELECT f.name, h.start_ms, h.reports, h.billed_ms, h.billed_mb_ms, h.duration_us, h.init_us, h.cold_starts,"
            " h.errors, h.timeouts, h.out_of_memory, h.max_duration_us, h.max_memory_mb, h.memory_mb"
            " FROM hour_cells h JOIN functions f ON f.id = h.function_id",
            (),
        )
    return {(name, start_ms): Sums(*figures) for name, start_ms, *figures in rows}

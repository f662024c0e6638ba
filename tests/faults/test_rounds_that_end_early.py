"""A round of a watch ends at its interval with what was had; what is not finished goes on in the next."""

import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.ingest.many_sources import UnfinishedSources, collect_accounts
from collectors.ingest.results import Collected
from collectors.model.account import CallCount, Covered
from collectors.model.records import LogEvent
from collectors.model.units import HOUR_MS
from collectors.sources.base import Item, LogEvents, Step, Stored
from collectors.store.read.account_rows import alarms
from collectors.store.read.reader import Reader
from lambdatui.cli.collect.request import CollectRequest
from lambdatui.cli.collect.rounds import Rounds
from lambdatui.settings.context import CommandContext
from tests.support.aws import isolate, listed
from tests.support.command_line import PROGRAM
from tests.support.misbehaving_server import IDENTITY, Asked, MisbehavingServer, misbehaving
from tests.support.printed_statements import T0, end, report, request_id, start

SLOW, FINE = "eu-west-1", "us-east-1"
FEATURES = ("functions", "metrics", "logs", "alarms")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)
    monkeypatch.setattr("collectors.sources.cloudwatch.transport.CALL_S", 4.0)


def account(asked: Asked) -> Any:
    at_s = time.time() - 1800
    if asked.operation == "GetCallerIdentity":
        return IDENTITY
    if asked.operation == "ListFunctions":
        return {"Functions": listed(["fn"])}
    if asked.operation == "DescribeLogGroups":
        return {"logGroups": [{"logGroupName": "/aws/lambda/fn"}]}
    if asked.operation == "FilterLogEvents":
        event = {"timestamp": int(at_s * 1000), "message": "hello", "logStreamName": "s", "eventId": asked.region}
        return {"events": [event]}
    if asked.operation == "DescribeAlarms":
        return {"MetricAlarms": [{"AlarmName": "alarm", "StateValue": "OK"}], "CompositeAlarms": []}
    if asked.operation == "GetMetricData":
        series = {"Timestamps": [at_s // 60 * 60], "Values": [1.0], "StatusCode": "Complete"}
        return {"MetricDataResults": [{"Id": query["Id"], **series} for query in asked.body["MetricDataQueries"]]}
    return {"AlarmHistoryItems": []} if asked.operation == "DescribeAlarmHistory" else {}


def collecting(tmp_path: Path, url: str) -> Rounds:
    asked = CollectRequest((), (SLOW, FINE), HOUR_MS, url, "events", FEATURES, False, 0, False)
    return Rounds(asked, CommandContext(tmp_path / "store.db"), None, quiet=True)


def until(condition: Callable[[], bool]) -> Callable[[], bool]:
    """A round that is over when something has come to be, a minute later at most."""
    end = time.monotonic() + 60
    return lambda: condition() or time.monotonic() >= end


def fine_ended(server: MisbehavingServer, watched: Rounds, turn: int) -> bool:
    """The region that answers was asked in this round, what it gave is kept, and only the one that hangs is read."""
    begun = sum(asked.operation == "ListFunctions" and asked.region == FINE for asked in server.asked) == turn
    reading = sum(thread.name.startswith("lambdatui-reader") for thread in threading.enumerate())
    return begun and reading == 1 and watched._going_on.out.empty()


def total(rounds: list[list[Collected]]) -> Counter[str]:
    return Counter(
        {
            call.operation: sum(each.requests for one in rounds for done in one for each in done.calls
                                if each.operation == call.operation)
            for one in rounds for done in one for call in done.calls
        }
    )  # fmt: skip


@pytest.mark.parametrize("hanging", ["DescribeLogGroups", "ListFunctions", "GetMetricData"])
def test_what_is_not_finished_goes_on_in_the_next_round(tmp_path: Path, hanging: str) -> None:
    def answering(asked: Asked) -> Any:
        return None if asked.operation == hanging and asked.region == SLOW else account(asked)

    with misbehaving(answering) as server:
        watched = collecting(tmp_path, server.url)
        rounds: list[list[Collected]] = []
        hangs = until(lambda: any(asked.operation == hanging and asked.region == SLOW for asked in server.asked))
        first = list(watched.once(over=hangs))
        rounds.append(first)
        assert first[0].unfinished
        assert [one.failures for one in first] == [[], []]
        # The second round: the other source begins again, this one is where it was until its deadline.
        second = list(watched.once(over=until(lambda: False)))
        rounds.append(second)
        assert [one.unfinished for one in second] == ["", ""]
        assert any("did not answer within 4 s" in failure for failure in second[0].failures)
        assert second[1].failures == []
        assert first[1].events + second[1].events == 1
        assert sum(asked.operation == hanging and asked.region == SLOW for asked in server.asked) == 1
        # The third finds all well.
        server.answering = account
        third = list(watched.once())
        rounds.append(third)
        assert [(one.failures, one.unfinished) for one in third] == [([], ""), ([], "")]
        # No call is counted twice, or not at all.
        sent = Counter(f"{asked.service}:{asked.operation}" for asked in server.asked)
        assert total(rounds) == sent
    with Reader(tmp_path / "store.db") as reader:
        assert len(reader.functions()) == 2
        assert {alarm.region for alarm in alarms(reader)} == {SLOW, FINE}


def test_a_source_that_never_ends_stands_in_no_others_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.sources.cloudwatch.transport.CALL_S", 600.0)

    def answering(asked: Asked) -> Any:
        return None if asked.region == SLOW else account(asked)

    with misbehaving(answering) as server:
        watched = collecting(tmp_path, server.url)
        for turn in (1, 2, 3):
            slow, fine = watched.once(over=until(lambda turn=turn: fine_ended(server, watched, turn)))  # type: ignore[misc]
            assert slow.unfinished
            assert fine.failures == [], [a.operation for a in server.asked]
        watched._going_on.stop()
        assert sum(asked.operation == "ListFunctions" for asked in server.asked) == 3
        assert sum(asked.region == SLOW for asked in server.asked) == 1


def test_a_watch_says_so_round_by_round(tmp_path: Path) -> None:
    """With the deadline as it is, 15 s: rounds of two seconds end before that."""

    def answering(asked: Asked) -> Any:
        return None if asked.service == "logs" and asked.region == SLOW else account(asked)

    db = tmp_path / "store.db"
    command = [
        *PROGRAM, "--db", str(db), "collect", "--region", SLOW,
        "--region", FINE, "--watch", "--every", "2s", "--logs", "events", "--json",
    ]  # fmt: skip
    with misbehaving(answering) as server:
        process = subprocess.Popen(
            [*command, "--endpoint-url", server.url], stdout=subprocess.PIPE, text=True, env=os.environ
        )
        assert process.stdout is not None
        try:
            told = [json.loads(process.stdout.readline())]
            while len(told) < 30 and not (len(told) >= 3 and any_unfinished(told) and alarms_of(db) == {SLOW, FINE}):
                told.append(json.loads(process.stdout.readline()))
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert any_unfinished(told)
    assert alarms_of(db) == {SLOW, FINE}


def any_unfinished(rounds: list[dict[str, Any]]) -> bool:
    return any(told["sources"][0]["unfinished"] for told in rounds)


def alarms_of(db: Path) -> set[str]:
    with Reader(db) as reader:
        return {alarm.region for alarm in alarms(reader)}


class Pausing:
    """A source that gives its items and then waits: it is not finished when its round ends."""

    def __init__(self, region: str, given: list[Item], go_on: threading.Event) -> None:
        self.name, self.account, self.region = region, "1", region
        self._given, self._go_on = given, go_on

    def items(self, stored: Stored) -> Iterator[Item]:
        yield from self._given
        yield Step("waiting")
        assert self._go_on.wait(60)

    def counts(self) -> list[CallCount]:
        return []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_was_read_when_a_round_ends_is_written_and_counted(tmp_path: Path, place: int) -> None:
    """Whichever source is saved first: one transaction holds the rows of the last one that gave any."""
    db, request, go_on, waiting = tmp_path / "store.db", request_id(1), threading.Event(), set[str]()
    texts = start(request), end(request), report(request)
    lines = [LogEvent(T0 + n, text, log_stream="s", event_id=f"{n}", function="fn") for n, text in enumerate(texts)]
    sources = [Pausing(f"idle-{n}", [], go_on) for n in range(2)]
    sources.insert(place, Pausing("with-events", [LogEvents(lines), Covered("an item", T0, T0 + 1000)], go_on))
    unfinished = UnfinishedSources()

    def progress(collected: Collected, step: Step) -> None:
        if step.what == "waiting":
            waiting.add(collected.region)

    first = collect_accounts(
        [lambda source=source: source for source in sources],  # type: ignore[misc]
        db=db, now_ms=T0 + 5000, progress=progress, going_on=unfinished, over=lambda: len(waiting) == 3,
    )  # fmt: skip
    go_on.set()
    unfinished.stop()
    assert [each.unfinished for each in first] == ["waiting"] * 3
    assert sum(each.events for each in first) == 3
    with Reader(db) as reader:
        assert reader.count_invocations(0, T0 + HOUR_MS) == 1

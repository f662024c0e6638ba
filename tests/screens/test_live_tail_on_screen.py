"""The live tail, from an event stream on loopback through botocore and a child process onto the screen."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from collectors.ingest.engine import collect, import_files
from collectors.model.clock import now_ms as clock_ms
from collectors.model.records import Function, FunctionKey
from collectors.parsing.fingerprint import fingerprint
from collectors.sources.runner_log import RunnerLog, RunnerSource
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write.writer import Writer
from lambdatui.app.application import LambdaTui
from lambdatui.views.collections import collections
from lambdatui.views.live import NoLiveTail, live_target, with_live
from lambdatui.views.logs import LogView
from lambdatui.views.time_range import TimeRange
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.state_line import StateLine
from pricing.call_prices import price
from tests.support import small_store
from tests.support.aws import isolate
from tests.support.command_line import PROGRAM
from tests.support.live_server import ACCOUNT, LiveServer, exception, live_server
from tests.support.runner_server import served
from tests.support.screens import log_of, small_app, until

SIZE = (120, 30)
RANGE = TimeRange(0, 1, "all")
NOW = small_store.T0 + 30 * small_store.MINUTE


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LiveServer]:
    isolate(monkeypatch, tmp_path)
    with live_server() as one:
        monkeypatch.setenv("AWS_ENDPOINT_URL", one.url)
        yield one


async def open_logs(pilot: Pilot[int]) -> None:
    """Of checkout, the function with an account and a region of its own."""
    await until(pilot, lambda: pilot.app.screen.query_one("Table").row is not None, "rows")  # type: ignore[attr-defined]
    await pilot.press("slash", *"checkout", "enter", "l")
    await until(pilot, lambda: bool(pilot.app.screen.query(LogPane)), "the logs")
    await until(pilot, lambda: "REPORT" in log_of(pilot.app), "stored lines")


async def test_lines_appear_live_and_are_not_shown_twice_when_they_are_collected(
    aws: LiveServer, db: Path, tmp_path: Path
) -> None:
    app = small_app(db, now_ms=lambda: NOW)
    async with app.run_test(size=SIZE) as pilot:
        await open_logs(pilot)
        await pilot.press("0")
        await until(pilot, lambda: "LIVE tail of checkout" in log_of(pilot.app), "live")
        at = NOW - 1_000
        aws.lines((at, "\x1b[2Jwatch \u202eme [bold]now[/]\n"), (at + 1, "again"), (at + 1, "again"))
        await until(pilot, lambda: "watch" in log_of(pilot.app), "the line")
        said = log_of(pilot.app)
        assert "watch �me [bold]now[/]" in said
        assert "\x1b" not in said
        assert said.count("again") == 2
        assert re.search(r"LIVE tail of checkout · 0:\d\d · \$0\.01 so far, \$0\.01 a minute · 3 lines", said)
        assert aws.asked[-1][1] == {
            "logGroupIdentifiers": [f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/checkout"]
        }
        events = [
            {"timestamp": at + offset, "message": text, "eventId": str(number), "logGroup": "/aws/lambda/checkout",
             "logStream": "2025/03/31/[$LATEST]ab", "owner": ACCOUNT}
            for number, (offset, text) in enumerate(((0, "\x1b[2Jwatch \u202eme [bold]now[/]\n"), (1, "again"),
                                                     (1, "again"), (2, "only collected")))
        ]  # fmt: skip
        (tmp_path / "more.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
        import_files([str(tmp_path / "more.jsonl")], db=db, defaults=FunctionKey("", ACCOUNT, "us-east-1"))
        app._look()
        await until(pilot, lambda: "only collected" in log_of(pilot.app), "what was collected")
        said = log_of(pilot.app)
        assert (said.count("watch"), said.count("again")) == (1, 2)
        await pilot.press("slash", *"!again", "enter")
        await until(pilot, lambda: "again" not in log_of(pilot.app).split("LIVE")[0], "the filter")
        aws.lines((NOW - 500, "again, but filtered"), (NOW - 500, "wanted"))
        await until(pilot, lambda: "wanted" in log_of(pilot.app), "another line")
        assert "but filtered" not in log_of(pilot.app)
        await pilot.press("0")
        await until(pilot, lambda: aws.open_streams == 0, "the end of the session")
        assert "the live tail has ended: $0.01" in log_of(pilot.app)
        assert "wanted" in log_of(pilot.app)
    for _ in range(100):  # the child ends by itself, and leaves what it cost
        with Reader(db) as reader:
            rows = [row for row in collections(reader, RANGE, price).rows if row.source == "live tail checkout"]
        if rows:
            break
        await asyncio.sleep(0.1)
    assert [(row.requests, str(row.cost_usd)) for row in rows] == [(2, "0.01000000000000000000000000000")]


async def test_a_reader_who_moved_up_is_left_in_peace_and_leaving_ends_the_session(aws: LiveServer, db: Path) -> None:
    async with small_app(db, now_ms=lambda: NOW).run_test(size=(80, 24)) as pilot:
        await open_logs(pilot)
        await pilot.press("0")
        await until(pilot, lambda: "LIVE" in log_of(pilot.app), "live")
        await pilot.press("g")
        top = log_of(pilot.app).split("\n")[0]
        aws.lines((NOW - 500, "newest of all"))
        await until(pilot, lambda: "1 below: G" in log_of(pilot.app), "the count of what waits")
        assert log_of(pilot.app).split("\n")[0] == top
        await pilot.press("G")
        await until(pilot, lambda: "newest of all" in log_of(pilot.app), "the line")
        await pilot.press("q")
        await until(pilot, lambda: aws.open_streams == 0, "the end of the session")


async def test_sampling_is_said_and_a_session_that_times_out_is_followed_by_polling(aws: LiveServer, db: Path) -> None:
    async with small_app(db, now_ms=lambda: NOW).run_test(size=SIZE) as pilot:
        await open_logs(pilot)
        await pilot.press("0")
        await until(pilot, lambda: "LIVE" in log_of(pilot.app), "live")
        at = NOW - 1_000
        aws.lines((at, "one of many"), sampled=True)
        await until(pilot, lambda: "SAMPLED: over 500 lines a second" in log_of(pilot.app), "sampling")
        aws.polled = [
            {"timestamp": at, "message": "one of many", "logStreamName": "2025/03/31/[$LATEST]ab", "eventId": "1"},
            {"timestamp": at + 5, "message": "polled", "logStreamName": "2025/03/31/[$LATEST]ab", "eventId": "2"},
        ]
        aws.updates.put(exception("SessionTimeoutException", "Session timed out"))
        await until(pilot, lambda: "POLLING checkout" in log_of(pilot.app), "polling")
        assert "as AWS ends each after 3 hours" in log_of(pilot.app)
        await until(pilot, lambda: "polled" in log_of(pilot.app), "a polled line")
        assert log_of(pilot.app).count("one of many") == 1


async def test_a_denied_session_names_the_action_and_polls(aws: LiveServer, db: Path) -> None:
    aws.denied = {"StartLiveTail"}
    app = small_app(db, now_ms=lambda: NOW)
    async with app.run_test(size=SIZE) as pilot:
        await open_logs(pilot)
        await pilot.press("0")
        await until(pilot, lambda: "POLLING" in log_of(pilot.app), "polling")
        assert "AWS denied logs:StartLiveTail; allow logs:StartLiveTail" in log_of(pilot.app).replace("\n", " ")
        assert "$" not in app.screen.query_one(StateLine).message
        aws.polled = [{"timestamp": NOW - 500, "message": "by polling", "logStreamName": "s", "eventId": "1"}]
        await until(pilot, lambda: "by polling" in log_of(pilot.app), "a polled line")
        assert any("logs:StartLiveTail" in one.notice for one in app.session.problems)


async def test_where_nothing_may_be_read_what_is_collected_is_followed(aws: LiveServer, db: Path) -> None:
    aws.denied = {"StartLiveTail", "FilterLogEvents"}
    async with small_app(db, now_ms=lambda: NOW).run_test(size=SIZE) as pilot:
        await open_logs(pilot)
        await pilot.press("0")
        await until(pilot, lambda: "What is collected is followed" in log_of(pilot.app), "the notice")
        assert "AWS denied logs:FilterLogEvents" in log_of(pilot.app)


async def test_marked_functions_are_tailed_together(aws: LiveServer, tmp_path: Path) -> None:
    """Two of one account and region; their names stand before their lines."""
    with writing(db := small_store.make(tmp_path / "s.db")) as connection:
        key = FunctionKey("orders", ACCOUNT, "us-east-1")
        Writer(connection, fingerprint).configure([Function(key, log_group="/own/orders")])
    async with small_app(db, now_ms=lambda: NOW).run_test(size=SIZE) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one("Table").row is not None, "rows")  # type: ignore[attr-defined]
        with Reader(db) as reader:
            ids = {row.function.key.name: row.id for row in reader.functions()}
        app: LambdaTui = pilot.app  # type: ignore[assignment]
        app.session.marked = [(ids["checkout"], "checkout"), (ids["orders"], "orders")]
        await pilot.press("0")
        await until(pilot, lambda: bool(app.screen.query(LogPane)), "the logs")
        await until(pilot, lambda: "LIVE tail of checkout, orders" in log_of(pilot.app), "live")
        assert sorted(aws.asked[-1][1]["logGroupIdentifiers"]) == [
            f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/checkout",
            f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/own/orders",
        ]
        aws.lines((NOW - 500, "from checkout"))
        await until(pilot, lambda: "checkout  from checkout" in log_of(pilot.app), "the line")


async def test_functions_of_many_regions_are_not_tailed_together(aws: LiveServer, db: Path) -> None:
    async with small_app(db, now_ms=lambda: NOW).run_test(size=SIZE) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one("Table").row is not None, "rows")  # type: ignore[attr-defined]
        app: LambdaTui = pilot.app  # type: ignore[assignment]
        app.navigator.go_to("logs")
        await until(pilot, lambda: bool(pilot.app.screen.query(LogPane)), "the logs")
        await pilot.press("0")
        await until(pilot, lambda: "one account and region" in log_of(pilot.app), "the notice")
        assert aws.asked == []


async def test_the_runners_lines_appear_without_any_collector(tmp_path: Path) -> None:
    """The runner's log is looked at itself: nothing is collected after the test's one collection."""
    with served(tmp_path / "runner.db") as runner:
        runner.create("hello", "def handler(event, context):\n    print('said', event['word'])\n")
        runner.client.invoke(FunctionName="hello", Payload=b'{"word": "once"}')
        runner.wait(runner.runner.log.commit())
        with RunnerLog(tmp_path / "runner.db") as log:
            collect(RunnerSource(log), db=tmp_path / "s.db")
        async with small_app(tmp_path / "s.db", now_ms=clock_ms).run_test(size=SIZE) as pilot:
            await until(pilot, lambda: pilot.app.screen.query_one("Table").row is not None, "rows")  # type: ignore[attr-defined]
            await pilot.press("0")
            await until(pilot, lambda: bool(pilot.app.screen.query(LogPane)), "the logs")
            await until(pilot, lambda: "LIVE tail of hello" in log_of(pilot.app), "live")
            await asyncio.to_thread(runner.client.invoke, FunctionName="hello", Payload=b'{"word": "twice"}')
            await until(pilot, lambda: "said twice" in log_of(pilot.app), "the line")
            assert "free: the runner's own log" in log_of(pilot.app)


def test_the_command_prints_lines_as_they_come_and_costs_on_stderr(aws: LiveServer, db: Path) -> None:
    command = [*PROGRAM, "--db", str(db), "--function", "checkout", "--utc", "logs", "--live"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        aws.lines((small_store.T0, "\x1b[31mred\n"))
        assert process.stdout.readline() == "2025-03-31 10:00:00.000  checkout  red\n"
        process.terminate()
        assert process.stderr is not None
        assert "live, $0.01 so far" in process.stderr.read()


def test_what_cannot_be_tailed_is_said(db: Path) -> None:
    with Reader(db) as reader:
        with pytest.raises(NoLiveTail, match="in 2"):
            live_target(reader)
        target = live_target(
            reader, function_ids=[row.id for row in reader.functions() if row.function.key.name == "resize"]
        )
    assert (target.account, target.region, target.functions) == (ACCOUNT, "eu-west-1", ["resize"])


def test_a_line_that_was_collected_and_one_that_was_not() -> None:
    def line(at: int, text: str) -> LogView:
        return LogView(1, at, "fn", None, text, "log")

    stored = [line(1, "a\n"), line(3, "b"), line(3, "b")]
    live = [line(3, "b"), line(3, "b"), line(3, "b"), line(2, "c"), line(0, "too old")]
    assert [(one.timestamp, one.message) for one in with_live(stored, live, more=True)] == [
        (1, "a\n"), (2, "c"), (3, "b"), (3, "b"), (3, "b")
    ]  # fmt: skip
    kept = with_live([], live, "!B o")
    assert [one.message for one in kept] == ["too old"]

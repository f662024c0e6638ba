"""A collection that the screens start, what it says, who writes the store, and the permissions that are missing."""

import json
import os
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot

from collectors.ingest.engine import collect
from collectors.ingest.many_sources import collect_accounts
from collectors.model.clock import now_ms as clock_ms
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.sources.cloudwatch.source import CloudWatchSource
from collectors.sources.runner_log import RunnerLog, RunnerSource
from collectors.store.connection import writing
from collectors.store.lock_holder import holder
from collectors.store.read.reader import Reader
from lambdatui.app.application import LambdaTui
from lambdatui.screens.collect import CollectScreen
from lambdatui.screens.dialogs.prompt import PickScreen
from lambdatui.screens.permissions import PermissionsScreen, StatementScreen
from lambdatui.views.collection_details import collected
from lambdatui.views.permissions import missing_permissions
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.fields import Fields
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.state_line import StateLine
from tests.support import small_store
from tests.support.aws import (
    ACCOUNT,
    REGION,
    canned_session,
    create_function,
    endpoint,
    error,
    listed,
    put_events,
    server,
)
from tests.support.runner_server import served
from tests.support.screens import small_app, until

pytestmark = pytest.mark.usefixtures("aws_isolated")

__all__ = ["endpoint", "server"]


def screen_of(app: LambdaTui) -> CollectScreen:
    assert isinstance(app.screen, CollectScreen)
    return app.screen


def said(app: LambdaTui) -> str:
    screen = screen_of(app)
    return "\n".join([screen.query_one(StateLine).message, screen.query_one(Notice).message])


async def start(pilot: Pilot[int], app: LambdaTui, letters: str) -> None:
    """From the first screen to a collection that runs."""
    await pilot.press("C")
    await until(pilot, lambda: isinstance(app.screen, CollectScreen) and app.screen.answer is not None, "Collect")
    await pilot.press("s")
    await until(pilot, lambda: isinstance(app.screen, PickScreen), "the choices")
    await pilot.press(*letters, "enter")


async def test_an_account_is_collected_from_the_screen(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    (tmp_path / "AWS_CONFIG_FILE").write_text(f"[profile prod]\nregion = {REGION}\n")
    keys = "aws_access_key_id = testing\naws_secret_access_key = testing\n"
    (tmp_path / "AWS_SHARED_CREDENTIALS_FILE").write_text(f"[prod]\n{keys}")
    create_function(endpoint, "orders")
    put_events(endpoint, "/aws/lambda/orders", "2025/01/01/[$LATEST]ab", [(clock_ms() - MINUTE_MS, "hello there")])
    app = small_app(small_store.make(tmp_path / "s.db"), now_ms=clock_ms)
    app.session.profile = "prod"
    async with app.run_test(size=(120, 30)) as pilot:
        await start(pilot, app, "once")
        await until(pilot, lambda: "COLLECTING (process" in said(app), "word that it runs", 60)
        await until(pilot, lambda: "collected: 1 function," in said(app), "the end", 120)
        assert app.session.collecting is None
        assert app.session.account_of("prod") == ACCOUNT
        assert app.session.profile_of(ACCOUNT) == "prod"
        screen_of(app).ask_rows()
        await until(pilot, lambda: screen_of(app).table.row_count == 2, "the ledger's new row")


async def test_a_collection_that_cannot_write_says_who_does(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "s.db")
    app = small_app(db)
    with writing(db):
        assert holder(db) == os.getpid()
        async with app.run_test(size=(120, 30)) as pilot:
            await start(pilot, app, "once")
            await until(pilot, lambda: f"is being written by process {os.getpid()}" in said(app), "the notice", 60)
            shown = str(screen_of(app).query_one("#bill", Fields).render())
            assert f"process {os.getpid()}, at this moment" in shown
    assert holder(db) is None
    assert holder(tmp_path / "none.db") is None


async def test_a_collection_for_ever_is_stopped_by_the_same_key_and_by_leaving(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_REGION", REGION)
    app = small_app(small_store.make(tmp_path / "s.db"), now_ms=clock_ms)
    async with app.run_test(size=(80, 24)) as pilot:
        await start(pilot, app, "every")
        await until(pilot, lambda: "last: " in said(app), "a first round", 120)
        await pilot.press("s")
        await until(pilot, lambda: "stopped: what was had is kept" in said(app), "the end", 60)
        await pilot.press("F")
        await start(pilot, app, "every")
        await until(pilot, lambda: "COLLECTING (process" in said(app), "word that it runs", 60)
        running = app.session.collecting
        assert running is not None
        assert running.child is not None
    for _ in range(200):
        if running.child._process.poll() is not None:
            break
        time.sleep(0.05)
    assert running.child._process.poll() is not None


async def test_the_runners_log_is_collected_from_the_screen(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db") as runner:
        runner.create("hello", "def handler(event, context):\n    print('hi')\n")
        runner.client.invoke(FunctionName="hello", Payload=b"{}")
        runner.wait(runner.runner.log.commit())
        with RunnerLog(tmp_path / "runner.db") as log:
            collect(RunnerSource(log), db=tmp_path / "s.db")
        runner.client.invoke(FunctionName="hello", Payload=b"{}")
        runner.wait(runner.runner.log.commit())
        app = small_app(tmp_path / "s.db", now_ms=clock_ms)
        async with app.run_test(size=(120, 30)) as pilot:
            await start(pilot, app, "runner")
            await until(pilot, lambda: "collected: 1 function," in said(app), "the end", 60)
    with Reader(tmp_path / "s.db") as reader:
        assert reader.info().invocations == 2


# --- permissions ------------------------------------------------------------------------------------------------------


def denied(operation: str, resource: str) -> tuple[int, dict[str, object]]:
    said = f"User: arn:aws:iam::{ACCOUNT}:user/me is not authorized to perform: {operation} on resource: {resource}"
    return error("AccessDeniedException", f"{said} because no identity-based policy allows the {operation} action")


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """A store whose collection was denied FilterLogEvents on two groups, and DescribeAlarms."""
    session, aws = canned_session()
    names = ["orders"]
    aws.answers["lambda:ListFunctions"] = lambda _: {
        "Functions": listed(names, LoggingConfig={"LogGroup": "/own/orders"})
    }
    aws.answers["logs:DescribeLogGroups"] = lambda asked: {
        "logGroups": [{"logGroupName": "/own/orders", "logGroupClass": "STANDARD", "storedBytes": 10}]
        if asked.get("logGroupNamePrefix") == "/own/orders"
        else []
    }
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/own/orders:*"
    aws.answers["logs:FilterLogEvents"] = lambda _: denied("logs:FilterLogEvents", group)
    aws.answers["cloudwatch:DescribeAlarms"] = lambda _: denied("cloudwatch:DescribeAlarms", "*")
    source = CloudWatchSource(
        session, since_ms=clock_ms() - HOUR_MS, now_ms=clock_ms(), logs="events", features=("logs", "alarms")
    )
    [done] = collect_accounts([lambda: source], db=tmp_path / "s.db", now_ms=clock_ms())
    assert [one.denied for one in done.denied] == ["cloudwatch:DescribeAlarms", "logs:FilterLogEvents"]
    return tmp_path / "s.db"


def test_what_is_missing_is_told_from_the_failures_themselves(lacking: Path) -> None:
    with Reader(lacking) as reader:
        alarms, logs = missing_permissions(reader)
        time_range = RangeChoice("24h").resolve(clock_ms(), None, None)
        [row] = collected(reader, time_range).rows
    assert (alarms.action, alarms.purpose) == ("cloudwatch:DescribeAlarms", "alarms, their state and history")
    assert (logs.action, logs.lacks) == ("logs:FilterLogEvents", "log group /own/orders")
    assert json.loads(alarms.statement) == {
        "Sid": "LambdatuiDescribeAlarms", "Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": "*"
    }  # fmt: skip
    assert json.loads(logs.statement)["Resource"] == [
        "arn:aws:logs:*:*:log-group:/aws/lambda/*",
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/own/orders:*",
    ]
    assert row.failures is not None
    assert row.failures.count("FilterLogEvents") == 2  # once, in what it means and what to do


def test_what_a_later_collection_had_is_missing_no_more(lacking: Path) -> None:
    session, aws = canned_session()
    aws.answers["lambda:ListFunctions"] = lambda _: {"Functions": []}
    source = CloudWatchSource(session, since_ms=clock_ms() - HOUR_MS, now_ms=clock_ms(), features=("logs", "alarms"))
    collect_accounts([lambda: source], db=lacking, now_ms=clock_ms())
    with Reader(lacking) as reader:
        assert missing_permissions(reader) == []


def test_a_source_of_which_nothing_may_be_read_lacks_that(tmp_path: Path) -> None:
    """Nothing is written but that; the collection has ended all the same."""
    session, aws = canned_session()
    aws.answers["lambda:ListFunctions"] = lambda _: denied("lambda:ListFunctions", "*")
    source = CloudWatchSource(session, since_ms=clock_ms() - HOUR_MS, now_ms=clock_ms(), features=("logs",))
    collect_accounts([lambda: source], db=tmp_path / "s.db", now_ms=clock_ms())
    with Reader(tmp_path / "s.db") as reader:
        [one] = missing_permissions(reader)
        [row] = collected(reader, RangeChoice("24h").resolve(clock_ms(), None, None)).rows
    assert (one.action, one.purpose) == ("lambda:ListFunctions", "the list of functions and the account they are in")
    assert row.took_s is not None


async def test_the_statement_is_shown_and_copied(lacking: Path) -> None:
    app = small_app(lacking, now_ms=clock_ms)
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CollectScreen) and app.screen.answer is not None, "Collect")
        shown = str(screen_of(app).query_one("#bill", Fields).render())
        assert "cloudwatch:DescribeAlarms, logs:FilterLogEvents: M shows what to allow" in shown
        await pilot.press("M")
        await until(
            pilot, lambda: isinstance(app.screen, PermissionsScreen) and app.screen.table.row_count == 2, "rows"
        )
        await pilot.press("c")
        assert json.loads(app.clipboard)["Action"] == "cloudwatch:DescribeAlarms"
        await pilot.press("j", "enter")
        assert isinstance(app.screen, StatementScreen)
        await pilot.press("c")
        assert json.loads(app.clipboard)["Action"] == "logs:FilterLogEvents"

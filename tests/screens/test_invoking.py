"""Invoking the local runner's functions from the screens; and that no function in AWS can be."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from collectors.ingest.engine import collect
from collectors.model.clock import now_ms as clock_ms
from collectors.sources.cloudwatch.allowed_calls import READINGS
from collectors.sources.cloudwatch.session import ReadOnlyViolation
from collectors.sources.runner_log import RunnerLog, RunnerSource
from lambdatui.app.application import LambdaTui
from lambdatui.commands.invoking import Invoke
from lambdatui.commands.palette import commands_of_screen
from lambdatui.processes.runner_client import problem_of
from lambdatui.runner.serving.lock import serving_lock
from lambdatui.screens.dialogs.invoke import InvokeScreen
from lambdatui.screens.function import FunctionScreen, LocalFunctionScreen
from lambdatui.screens.functions import FunctionsScreen
from lambdatui.screens.invocation import InvocationScreen
from tests.support import small_store
from tests.support.aws import canned_session, isolate
from tests.support.runner_server import Served, served
from tests.support.screens import app_on, screen_of, until

SOURCE = """
import json
def handler(event, context):
    print("got", json.dumps(event))
    if event.get("fail"):
        raise ValueError("\\x1b[2J[bold]no[/]")
    return {"said": event.get("word", "nothing"), "evil": "\\x1b]0;owned\\x07\\u202e"}
"""


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Served]:
    """A runner that serves its log, and a store that was filled from it."""
    path = tmp_path / "runner.db"
    with serving_lock(path) as tell, served(path) as one:
        tell(f"http://{one.host}:{one.port}", None)
        one.create("hello", SOURCE)
        one.client.invoke(FunctionName="hello", Payload=b"{}")
        gather(one)
        yield one


def gather(one: Served) -> None:
    one.wait(one.runner.log.commit())
    with RunnerLog(one.path) as log:
        collect(RunnerSource(log), db=one.path.with_name("s.db"))


def offered(app: LambdaTui) -> list[str]:
    """What the palette offers of the screen's own commands."""
    return [offer.title for offer in commands_of_screen(screen_of(app))]


def bound(app: LambdaTui) -> bool:
    return "I" in {key for key, one in app.screen.active_bindings.items() if "invoke" in one.binding.action}


def dialog(pilot: Pilot[int]) -> InvokeScreen:
    assert isinstance(pilot.app.screen, InvokeScreen)
    return pilot.app.screen


async def ready(pilot: Pilot[int], app: LambdaTui) -> None:
    await until(pilot, lambda: app.session.runner is not None, "the runner", 30)


async def test_a_payload_is_sent_and_enter_leads_to_the_new_invocation(runner: Served) -> None:
    app = app_on(runner.path.with_name("s.db"), now_ms=clock_ms)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        assert bound(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LocalFunctionScreen), "the function")
        assert bound(app)
        assert any(title.startswith("Invoke") for title in offered(app))
        await pilot.press("I")
        one = dialog(pilot)
        assert one.query_one(Input).value == "{}"
        one.query_one(Input).value = '{"word": '
        await pilot.press("enter")
        await until(pilot, lambda: "not sent: this is no JSON at character 9" in one.result_text, "the complaint")
        one.query_one(Input).value = '{"word": "hi"}'
        await pilot.press("enter")
        await until(pilot, lambda: "200 ok" in one.result_text, "the answer")
        assert '"said": "hi"' in one.result_text
        assert 'got {"word": "hi"}' in one.result_text
        assert "REPORT RequestId" in one.result_text
        assert "\x1b" not in one.result_text
        assert "\u202e" not in one.result_text
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, InvocationScreen), "the invocation")
        await until(pilot, lambda: app.screen.query_one("#empty").display, "word of what is to come")
        await asyncio.to_thread(gather, runner)
        app._look()
        await until(pilot, lambda: app.screen.answer is not None, "the collected invocation")  # type: ignore[attr-defined]
        assert any("hi" in line.text for line in app.screen.answer.lines)  # type: ignore[attr-defined]
        await pilot.press("escape", "I")
        assert dialog(pilot).query_one(Input).value == '{"word": "hi"}'  # remembered
        assert "payload" not in str(app.session.saved)


async def test_a_failing_function_an_event_and_a_pasted_payload(runner: Served) -> None:
    app = app_on(runner.path.with_name("s.db"), now_ms=clock_ms)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("I")
        one = dialog(pilot)
        field = one.query_one(Input)
        field.value = ""
        from textual import events

        field.post_message(events.Paste('{\n  "fail": true\n}'))
        await until(pilot, lambda: "fail" in field.value, "what was pasted")
        await pilot.press("enter")
        await until(pilot, lambda: "FAILED: ValueError" in one.result_text, "the failure")
        assert "\x1b" not in one.result_text
        assert "[bold]no[/]" in one.result_text
        await pilot.press("escape", "I", "f2", "enter")
        one = dialog(pilot)
        await until(pilot, lambda: "202 accepted" in one.result_text, "the acceptance")


async def test_a_runner_that_has_ended_is_said(runner: Served) -> None:
    app = app_on(runner.path.with_name("s.db"), now_ms=clock_ms)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        from dataclasses import replace

        assert app.session.runner is not None
        app.session.runner = replace(app.session.runner, url="http://127.0.0.1:9")
        await pilot.press("I", "enter")
        await until(pilot, lambda: "the runner does not answer" in dialog(pilot).result_text, "the notice")


async def test_functions_in_aws_have_no_key_that_invokes(runner: Served, tmp_path: Path) -> None:
    """The store holds both kinds: the runner's function, and two of an account."""
    db = runner.path.with_name("s.db")
    from collectors.ingest.engine import import_files
    from collectors.model.records import FunctionKey

    exported = small_store.write_events(tmp_path / "events.jsonl")
    import_files([str(exported)], db=db, defaults=FunctionKey(""))
    app = app_on(db, now_ms=clock_ms)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await pilot.press("6", "slash", *"checkout", "enter")
        await until(
            pilot, lambda: app.screen.table.row is not None and app.screen.table.row.function == "checkout", "it"
        )  # type: ignore[attr-defined]
        assert not bound(app)
        assert not any(title.startswith("Invoke") for title in offered(app))
        await pilot.press("I")
        assert isinstance(app.screen, FunctionsScreen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FunctionScreen), "the function")
        assert not isinstance(app.screen, LocalFunctionScreen)
        assert "I" not in app.screen._bindings.key_to_bindings
        assert not any(issubclass(command, Invoke) for command in app.screen.COMMANDS_HERE)
        app.screen.invoke()
        await pilot.pause()
        assert isinstance(app.screen, FunctionScreen)


def test_no_client_of_aws_can_invoke(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)
    session, aws = canned_session()
    assert not any("Invoke" in one.operation and one.service == "lambda" and not one.operation.startswith("List")
                   for one in READINGS)  # fmt: skip
    for call in ("invoke", "invoke_async", "invoke_with_response_stream"):
        arguments = {"FunctionName": "fn"} | ({"InvokeArgs": b"{}"} if call == "invoke_async" else {})
        with pytest.raises(ReadOnlyViolation):
            getattr(session.client("lambda"), call)(**arguments)
    assert aws.requests == []


@pytest.mark.parametrize(
    ("payload", "problem"), [("{}", ""), ("[1", "no JSON"), ('"' + "x" * 6_300_000 + '"', "Lambda takes")]
)
def test_what_cannot_be_sent(payload: str, problem: str) -> None:
    assert problem in problem_of(payload)
    assert bool(problem) == bool(problem_of(payload))

"""What the screens look like while something runs for them: a live tail, an invocation, a collection; and what they ask.

The processes behind them are replaced by what they would tell; test_live, test_invoking and test_collecting_here run
them.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from textual.pilot import Pilot

from collectors.store.connection import writing
from collectors.store.write import account as kept
from lambdatui.processes.collection import CollectionChoice, RunningCollection
from lambdatui.processes.live_tail import LIVE, POLLING, LiveTail, TailReport
from lambdatui.processes.runner_client import Invoked, LocalRunner
from lambdatui.screens.base.live_tail import LiveTailScreen, TailRead
from lambdatui.text.terminal import ANSI_DARK, DARK
from lambdatui.views.logs import LogView, kind_of
from lambdatui.views.scope import Scope
from screenshots import sample_log
from tests.support.screens import app_on, pressing

SIZES = ((80, 24), (120, 40))
NOTE = (
    "no live tail: AWS denied logs:StartLiveTail; allow logs:StartLiveTail: lambdatui iam-policy prints what is needed."
    " Asking every 2 s instead"
)
LINES = (
    "START RequestId: 9a6d02d5-1111-4000-8000-000000000001 Version: $LATEST",
    '{"level": "WARN", "message": "stock is low", "sku": "A-77", "left": 2}',
    "[ERROR] KeyError: 'currency'\rTraceback (most recent call last):\r\u00a0\u00a0File \"/var/task/app.py\", line 7",
    "\x1b[2J\x1b]0;owned\x07escape sequences show as nothing, \u202ebidi as a sign",
)
ANSWER = Invoked(
    200, "9a6d02d5-1111-4000-8000-000000000001", "ValueError",
    '{"errorType": "ValueError", "errorMessage": "\x1b[2J[bold]no[/]"}',
    "START RequestId: 9a6d02d5\n[ERROR] ValueError: no\nREPORT RequestId: 9a6d02d5 Duration: 2.10 ms\n", 12.3, False,
)  # fmt: skip


def told(way: str) -> Callable[..., None]:
    """In place of the thread that reads the child."""

    def tail(screen: LiveTailScreen, live: LiveTail, functions: list[int] | None, scope: Scope) -> None:
        live.functions = ["checkout-api"]
        at = sample_log.END_MS + 1_000
        lines = [LogView(1, at + n, "checkout-api", None, text, kind_of(text)) for n, text in enumerate(LINES)]
        cost = Decimal("0.03") if way == LIVE else Decimal(0)
        note = NOTE if way == POLLING else ""
        screen.post_message(TailRead(live, [TailReport(way, note, way == LIVE, cost), *lines]))

    return tail


def invoked(*_: object, **__: object) -> Invoked:
    return ANSWER


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine shows: no clock, no colours switched off, three profiles."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("lambdatui.processes.live_tail.clock", lambda seconds: "2:13")
    (tmp_path / "config").write_text(
        "[default]\nregion = eu-central-1\n[profile prod]\nsso_account_id = 111122223333\nregion = eu-west-1\n"
        "[profile audit]\nrole_arn = arn:aws:iam::444455556666:role/reader\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def lacking(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store after a collection that was denied two things."""
    db = tmp_path_factory.mktemp("lacking") / "shop.db"
    db.write_bytes(store.read_bytes())
    with writing(db) as connection:
        connection.execute(
            "INSERT INTO collections (id, source, started_ms, ended_ms) VALUES (99, 'collect cloudwatch prod', ?, ?)",
            (sample_log.END_MS + 7_000, sample_log.END_MS + 9_000),
        )
        for action, about in (
            ("cloudwatch:DescribeAlarms", "alarms in eu-central-1"),
            ("logs:FilterLogEvents", "log group /own/x\narn:aws:logs:eu-central-1:111122223333:log-group:/own/x:*"),
        ):
            kept.note(connection, 99, "denied", action, about)
            what = about.partition("\n")[0]
            kept.note(connection, 99, "failure", what, f"{what}: AWS denied {action}; allow {action}")
    return db


STATES = {
    "live": "j j j j l 0",
    "polling": "j j j j l 0",
    "invoking": "I enter",
    "profiles": "P",
    "collecting": "C",
    "permissions": "C M",
    "statement": "C M j enter",
}


@pytest.mark.parametrize("theme", [DARK, ANSI_DARK])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("state", STATES)
def test_state(
    snap_compare: Callable[..., bool],
    lacking: Path,
    state: str,
    size: tuple[int, int],
    theme: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LiveTailScreen, "_tail", told(POLLING if state == "polling" else LIVE))
    monkeypatch.setattr("lambdatui.screens.dialogs.invoke.invoke", invoked)
    monkeypatch.setattr("lambdatui.screens.functions.LOCAL_ACCOUNT", None)
    app = app_on(lacking, theme=theme)
    press = pressing(STATES[state])

    async def run(pilot: Pilot[int]) -> None:
        await pressing("")(pilot)
        if state == "invoking":
            app.session.runner = LocalRunner("http://127.0.0.1:9", None, frozenset(range(1, 100)))
        if state == "collecting":
            step = "cloudwatch prod: log events of /aws/lambda/checkout-api, 3 of 10, 1,234 events, $0.0150"
            app.session.collecting = RunningCollection(CollectionChoice("", ()), steps={"cloudwatch prod": step})
        await press(pilot)

    assert snap_compare(app, terminal_size=size, run_before=run)

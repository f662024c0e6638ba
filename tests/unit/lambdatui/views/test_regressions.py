"""Errors since a function's last deploy: new, regressed, gone or known; and the patterns of Logs Insights."""

from pathlib import Path

import pytest

from collectors.ingest.engine import collect
from collectors.model.account import Configured, ErrorPattern, Inventory
from collectors.model.units import MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.sources.runner_log import RunnerLog, RunnerSource
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.writer import Log
from lambdatui.views.error_trends import BY_DAYS, ErrorTrendView, error_trends
from lambdatui.views.runtimes import end_of
from lambdatui.views.time_range import TimeRange
from tests.support.printed_statements import DAY, GROUP, HOUR, T0, Event, end, imported, report, request_id, start

MINUTE = MINUTE_MS
DEPLOYED = T0 + 30 * HOUR
WHOLE = TimeRange(T0 + 24 * HOUR, T0 + 48 * HOUR, "the second day")


def invocation(number: int, at_ms: int, error: str = "") -> list[Event]:
    request = request_id(number)
    trace = f'[ERROR] {error}: it broke\nTraceback (most recent call last):\n  File "/var/task/app.py", line 7, in handler\n'
    said = [trace] if error else []
    return [Event(at_ms + at, text) for at, text in enumerate((start(request), *said, end(request), report(request)))]


def store(tmp_path: Path, failures: dict[str, list[int]], deploys: dict[int, str], every_ms: int = 10 * MINUTE) -> Path:
    """One good invocation each ``every_ms`` for two days, failures at minutes after T0, and code by deploy time."""
    events, number = [], 0
    for at in range(T0, T0 + 2 * DAY, every_ms):
        number += 1
        events += invocation(number, at)
    for offset, (error, minutes) in enumerate(failures.items()):
        for minute in minutes:
            number += 1
            events += invocation(number, T0 + minute * MINUTE + 30_000 + 1000 * offset, error)
    imported(tmp_path, sorted(events, key=lambda event: event.at_ms))
    with writing(tmp_path / "store.db") as connection:
        for at_ms, code in deploys.items():
            found = [Configured("", "", "fn", "function", "", {"code_sha256": code, "memory_mb": 128}, at_ms)]
            kept.keep_inventory(connection, Inventory("", "", ("function",), found), at_ms + HOUR)
    return tmp_path / "store.db"


def told(path: Path, span: TimeRange = WHOLE) -> dict[str, ErrorTrendView]:
    with Reader(path) as reader:
        return {row.error_type: row for row in error_trends(reader, span).rows}


def test_what_fails_since_a_deploy_is_told_from_what_failed_before(tmp_path: Path) -> None:
    hour = 60
    rows = told(
        store(
            tmp_path,
            {
                "New": [31 * hour],
                "Regressed": [2 * hour, 33 * hour],  # quiet for more than a day before the deploy
                "Risen": [25 * hour, *range(31 * hour, 31 * hour + 30)],
                "Known": [25 * hour, 26 * hour, 31 * hour],
                "Gone": [25 * hour, 26 * hour],
            },
            {T0 - DAY: "one", DEPLOYED: "two"},
        )
    )
    assert {name: row.novelty for name, row in rows.items()} == {
        "New": "new", "Regressed": "regressed", "Risen": "regressed", "Known": "known", "Gone": "gone"
    }  # fmt: skip
    assert {row.deployed_at for row in rows.values()} == {DEPLOYED}
    assert rows["New"].deploy == "code"
    # After: 18 hours with an invocation each ten minutes, 33 failures.
    assert rows["New"].evidence == "1 of 141 (0.7%) since the deploy, 0 of 149 (0%) in the 1d 00h before it"


def test_without_a_deploy_days_tell_and_it_is_said(tmp_path: Path) -> None:
    rows = told(store(tmp_path, {"Late": [31 * 60]}, {}))
    assert (rows["Late"].novelty, rows["Late"].deployed_at, rows["Late"].evidence) == ("new", None, BY_DAYS)


def test_a_deploy_before_all_data_tells_nothing(tmp_path: Path) -> None:
    (row,) = told(store(tmp_path, {"Late": [31 * 60]}, {T0 - DAY: "one"})).values()
    assert (row.novelty, row.deployed_at) == ("new", T0 - DAY)
    assert "nothing older" in row.evidence


def test_a_deploy_after_the_range_is_not_seen_from_it(tmp_path: Path) -> None:
    path = store(tmp_path, {"Early": [25 * 60]}, {DEPLOYED: "two"})
    (row,) = told(path, TimeRange(T0 + 24 * HOUR, T0 + 26 * HOUR, "before it")).values()
    assert row.deployed_at is None


@pytest.mark.parametrize(("settings", "counts"), [({"state": "Active"}, False), ({"memory_mb": 256}, True)])
def test_only_what_people_change_is_a_deploy(tmp_path: Path, settings: dict[str, object], counts: bool) -> None:
    path = store(tmp_path, {"Late": [31 * 60]}, {T0 - DAY: "one"})
    with writing(path) as connection:
        values = {"code_sha256": "one", "memory_mb": 128} | settings
        found = [Configured("", "", "fn", "function", "", values, DEPLOYED)]  # type: ignore[arg-type]
        kept.keep_inventory(connection, Inventory("", "", ("function",), found), DEPLOYED)
    (row,) = told(path).values()
    assert (row.deployed_at == DEPLOYED) is counts
    assert row.deploy == ("memory_mb 128 -> 256" if counts else "the last change before it was first looked at")


def test_a_runners_deployments_are_deploys(tmp_path: Path) -> None:
    path = store(tmp_path, {"Late": [31 * 60]}, {})
    deployment = Deployment("fn", str(tmp_path), "app.handler", "python3.13")
    with Log(tmp_path / "runner.db") as log:
        log.deployed(deployment, T0)
    with RunnerLog(tmp_path / "runner.db") as runner:
        collect(RunnerSource(runner), db=path)
    with Log(tmp_path / "runner.db") as log:
        log.deployed(deployment, DEPLOYED)
    with RunnerLog(tmp_path / "runner.db") as runner:
        assert runner.deployments() == {"fn": DEPLOYED}
        collect(RunnerSource(runner), db=path)
    with Reader(path) as reader:
        kinds = reader.select("SELECT kind, since_ms, until_ms FROM configuration ORDER BY since_ms")
    assert kinds == [("deployment", T0, DEPLOYED), ("deployment", DEPLOYED, None)]


def test_patterns_of_logs_insights_are_errors_of_their_function(tmp_path: Path) -> None:
    path = store(tmp_path, {"Late": [31 * 60]}, {})
    with writing(path) as connection:
        patterns = [
            ErrorPattern("", "", GROUP, T0 + 30 * HOUR, "Task timed out after <*> seconds", 40, "ERROR"),
            ErrorPattern("", "", GROUP, T0 + 31 * HOUR, "Task timed out after <*> seconds", 2, "ERROR"),
            ErrorPattern("", "", "/aws/lambda/other", T0 + 31 * HOUR, "not here", 7, "ERROR"),
        ]
        kept.keep(connection, Writer(connection, fingerprint).names, 1, patterns)
    row = told(path)["pattern"]
    assert (row.function, row.count, row.basis, row.message) == (
        "fn", 42, "insights", "Task timed out after <*> seconds"
    )  # fmt: skip
    assert (row.first_seen, row.last_seen, sum(row.trend)) == (T0 + 30 * HOUR, T0 + 31 * HOUR, 42)


def test_dates_of_runtimes_come_in_their_order() -> None:
    """Where AWS blocks both, updates are never blocked before creating is, and both only for what ends."""
    for name in ("python3.8", "python3.9", "nodejs18.x", "nodejs20.x", "ruby3.2", "dotnet6", "go1.x", "provided.al2"):
        end_ = end_of(name)
        assert end_ is not None
        assert end_.no_create is not None
        assert end_.no_update is not None
        assert end_.deprecated < end_.no_create < end_.no_update == "2027-03-03"
    assert end_of("cobol85") is None

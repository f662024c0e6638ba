"""What newly goes wrong in a watch is told once: alarms, groups of errors, sources, budgets."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from collectors.ingest.engine import import_files
from collectors.ingest.notifiers import JsonLines, NoNotifier, Notifications, notifier
from collectors.ingest.results import Collected
from collectors.ingest.watch_events import NewTrouble, WatchEvent
from collectors.model.account import Alarm, Alarms
from collectors.model.records import FunctionKey
from collectors.model.units import MINUTE_MS
from collectors.store.connection import writing
from collectors.store.write import account
from tests.support import small_store
from tests.support.printed_statements import T0, Event, end, report, request_id, start

NOW = T0 + MINUTE_MS


def ring(db: Path, *names: str) -> None:
    alarms = [Alarm("1", "r", name, "metric", "ALARM", "too many", NOW, function="fn") for name in names]
    calm = Alarm("1", "r", "calm", "metric", "OK", "", NOW)
    with writing(db) as connection:
        account.keep_alarms(connection, Alarms("1", "r", [*alarms, calm]))


def fail(db: Path, number: int, error: str) -> None:
    request = request_id(number)
    text = f'[ERROR] {error}: it broke\nTraceback (most recent call last):\n  File "/var/task/app.py", line 7, in handler\n'
    path = db.with_name(f"{number}.jsonl")
    lines = (start(request), text, end(request), report(request))
    path.write_text("".join(Event(T0 + number * 1000 + place, line).line() for place, line in enumerate(lines)))
    import_files([str(path)], db=db, defaults=FunctionKey(""))


def told(trouble: NewTrouble, *collected: Collected) -> list[tuple[str, str]]:
    return [(event.kind, event.name) for event in trouble.after_round(collected, NOW)]


def test_an_alarm_is_told_when_it_rings_and_again_when_it_rings_anew(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    ring(db, "old")
    trouble = NewTrouble(db)
    assert told(trouble) == []
    ring(db, "old", "new")
    [event] = trouble.after_round([], NOW)
    assert (event.kind, event.text, event.account, event.function) == ("alarm", "new is in alarm: too many", "1", "fn")
    assert told(trouble) == []
    ring(db, "old")
    assert told(trouble) == []
    ring(db, "old", "new")
    assert told(trouble) == [("alarm", "new")]


def test_a_group_of_errors_is_told_when_the_store_has_it_first(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    trouble = NewTrouble(db)
    fail(db, 1, "NewError")
    [event] = trouble.after_round([], NOW)
    assert (event.kind, event.name, event.text) == ("new error", "NewError", "fn: NewError: it broke")
    fail(db, 2, "NewError")
    assert told(trouble) == []
    fail(db, 3, "Other")
    assert told(trouble) == [("new error", "Other")]


def test_what_the_first_round_finds_in_a_new_store_is_no_news_but_an_alarm_is(tmp_path: Path) -> None:
    trouble = NewTrouble(tmp_path / "store.db")
    db = small_store.make(tmp_path / "store.db")
    ring(db, "rings")
    assert told(trouble) == [("alarm", "rings")]
    fail(db, 1, "NewError")
    assert told(trouble) == [("new error", "NewError")]


def test_a_source_is_told_of_once_until_it_has_been_well(tmp_path: Path) -> None:
    trouble = NewTrouble(small_store.make(tmp_path / "store.db"))
    bad = Collected("one", "1", "r", failures=["logs: denied; allow it", "logs: denied for b; allow it"])
    assert told(trouble, bad, Collected("two")) == [("source failed", "logs")]
    assert told(trouble, bad, Collected("two", over_budget="stopped before $1")) == [("budget reached", "two")]
    assert told(trouble, Collected("one"), Collected("two")) == []
    assert told(trouble, bad) == [("source failed", "logs")]


EVENT = WatchEvent("alarm", "a", "a is in alarm", NOW, "1", "r", "fn")


def test_json_lines_go_to_a_file_after_what_it_has_or_to_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "told.jsonl"
    for _ in range(2):
        notifier(f"json={path}").notify(EVENT)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [EVENT.as_dict()] * 2
    monkeypatch.setattr(sys, "stderr", err := io.StringIO())
    notifier("json").notify(EVENT)
    assert json.loads(err.getvalue())["kind"] == "alarm"
    with pytest.raises(NoNotifier, match="there is no notifier pigeon: there are json"):
        notifier("pigeon")


def test_who_cannot_be_told_is_said_and_the_others_are_told(tmp_path: Path) -> None:
    class Broken:
        def notify(self, event: Any, /) -> None:
            raise OSError("no network")

    db = small_store.make(tmp_path / "store.db")
    path = tmp_path / "told.jsonl"
    notifications = Notifications(db, [Broken(), JsonLines(str(path))])
    ring(db, "new")
    assert notifications.after_round([], NOW) == ["Broken could not be told of alarm new (OSError: no network)"]
    assert len(path.read_text().splitlines()) == 1
    db.unlink()
    [problem] = notifications.after_round([], NOW)
    assert problem.startswith("nothing can be told of this round")

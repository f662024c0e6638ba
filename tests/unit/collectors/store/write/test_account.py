"""What the store keeps of accounts: histories that grow, latest values that replace, spans that grow together."""

import fcntl
import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.account import (
    Alarm,
    AlarmChange,
    Alarms,
    BilledDay,
    CallCount,
    Choice,
    Configured,
    Covered,
    ErrorPattern,
    Inventory,
    LogGroupFacts,
    Recommendation,
)
from collectors.model.records import FunctionKey, MetricPoint
from collectors.model.units import MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.errors import StoreLocked
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from tests.support import released_stores
from tests.support.aws import ACCOUNT, REGION
from tests.support.command_line import rows, run

T0 = 1_743_415_200_000
EVER = (0, 4_000_000_000_000)


def inventory(functions: frozenset[str] | None = None, **memory: int) -> Inventory:
    found = [Configured(ACCOUNT, REGION, name, "function", "", {"memory_mb": size}) for name, size in memory.items()]
    return Inventory(ACCOUNT, REGION, ("function",), found, functions)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_a_change_of_memory_is_a_line_of_history(db: Path) -> None:
    with writing(db) as connection:
        for at, memory in enumerate((512, 512, 1024, 1024)):
            kept.keep_inventory(connection, inventory(fn=memory), T0 + at)
    with Reader(db) as reader:
        (change,) = account_rows.changes(reader, *EVER)
        assert (change.function, change.name, change.was, change.value, change.since_ms) == (
            "fn", "memory_mb", 512, 1024, T0 + 2
        )  # fmt: skip
        (now,) = account_rows.settings(reader)
        assert (now.value, now.since_ms) == (1024, T0 + 2)
    (told,) = rows(run("--db", db, "--range", "all", "configuration", "--changes", "--from", "2025-01-01", "--to",
                       "2026-01-01", "--json"))  # fmt: skip
    assert (told["function"], told["setting"], told["was"], told["became"]) == ("fn", "memory_mb", "512", "1024")


def test_a_change_counts_from_when_aws_says_it_was_made(db: Path) -> None:
    def at(memory: int, modified_ms: int) -> Inventory:
        one = Configured(ACCOUNT, REGION, "fn", "function", "", {"memory_mb": memory}, modified_ms)
        return Inventory(ACCOUNT, REGION, ("function",), [one])

    with writing(db) as connection:
        kept.keep_inventory(connection, at(512, T0), T0 + 50)
        kept.keep_inventory(connection, at(1024, T0 + 60), T0 + 99)
    with Reader(db) as reader:
        (change,) = account_rows.changes(reader, *EVER)
        assert change.since_ms == T0 + 60


def test_what_is_gone_has_an_end_and_functions_that_were_not_looked_at_stay(db: Path) -> None:
    with writing(db) as connection:
        kept.keep_inventory(connection, inventory(a=1, b=2, c=3), T0)
        kept.keep_inventory(connection, inventory(frozenset({"a"})), T0 + 1)
        kept.keep_inventory(connection, inventory(frozenset({"b"}), b=2), T0 + 2)
    with Reader(db) as reader:
        assert [row.function for row in account_rows.settings(reader)] == ["b", "c"]
        (gone,) = account_rows.changes(reader, *EVER)
        assert (gone.function, gone.was, gone.value) == ("a", 1, None)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=15))
def test_covered_spans_are_the_union_of_what_was_marked(marks: list[tuple[int, int]]) -> None:
    from collectors.store.migration import migrate

    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    for low, length in marks:
        kept.cover(connection, [Covered("x", low, low + length)])
    spans = kept.covered(connection, "x")
    connection.close()
    assert {at for low, high in spans for at in range(low, high)} == {
        at for low, length in marks for at in range(low, low + length)
    }
    assert all(one[1] < other[0] for one, other in pairwise(spans))


def alarm(name: str, state: str, **more: Any) -> Alarm:
    return Alarm(ACCOUNT, REGION, name, "metric", state, "because", T0, **more)


def test_alarms_are_those_that_are_there_and_the_ringing_ones_come_first(db: Path) -> None:
    errors = alarm("errors", "ALARM", function="fn", metric="Errors", stat="Sum", period_s=300,
                   comparison="GreaterThanOrEqualToThreshold", threshold=5.0)  # fmt: skip
    change = AlarmChange(ACCOUNT, REGION, "errors", T0, "StateUpdate", "OK to ALARM")
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        collection = writer.begin("test")
        kept.keep_alarms(connection, Alarms(ACCOUNT, REGION, [alarm("gone", "OK"), alarm("a", "OK")]))
        kept.keep_alarms(connection, Alarms(ACCOUNT, REGION, [alarm("a", "OK"), errors]))
        for _ in range(2):
            kept.keep(connection, writer.names, collection, [change])
    with Reader(db) as reader:
        assert len(account_rows.alarm_changes(reader, *EVER)) == 1
    found = rows(run("--db", db, "alarms", "--from", "2025-01-01", "--to", "2026-01-01", "--json"))
    assert [(one["alarm"], one["alarm_state"], one["changes"]) for one in found] == [
        ("errors", "ALARM", 1),
        ("a", "OK", 0),
    ]
    assert found[0]["condition"] == "Errors Sum >= 5 in 300 s"
    narrowed = rows(run("--db", db, "--function", "fn", "alarms", "--json"))
    assert [one["alarm"] for one in narrowed] == ["errors"]


def test_metrics_of_functions_and_of_accounts_are_shown(db: Path) -> None:
    key = FunctionKey("fn", ACCOUNT, REGION)
    account = FunctionKey("", ACCOUNT, REGION)
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        writer.measure(MetricPoint(key, "Errors", "Sum", 60, T0 + at * MINUTE_MS, 2.0) for at in range(3))
        writer.measure(MetricPoint(key, "Duration", "p95", 60, T0 + at * MINUTE_MS, 5.0 + at) for at in range(3))
        kept.keep_account_points(
            connection, [MetricPoint(account, "ClaimedAccountConcurrency", "Maximum", 60, T0, 9.0)]
        )
    found = rows(run("--db", db, "metrics", "--from", "2025-01-01", "--to", "2026-01-01", "--json"))
    assert [(one["function"], one["metric"], one["stat"], one["value"], one["points"]) for one in found] == [
        ("fn", "Duration", "p95", 7, 3), ("fn", "Errors", "Sum", 6, 3), (None, "ClaimedAccountConcurrency", "Maximum", 9, 1)
    ]  # fmt: skip
    assert [
        one["name"] for one in [{"name": row["function"]} for row in rows(run("--db", db, "functions", "--json"))]
    ] == ["fn"]


def test_a_collection_shows_what_its_calls_cost_and_how_logs_were_read(db: Path) -> None:
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        collection = writer.begin("collect cloudwatch prod")
        kept.keep_calls(
            connection, collection, "us-east-1",
            [CallCount("cloudwatch:GetMetricData", 3, 2_000), CallCount("logs:FilterLogEvents", 10, 0)],
        )  # fmt: skip
        kept.keep(connection, writer.names, collection, [Choice("/aws/lambda/x", "events", "few enough to fetch", 5)])
        kept.note(connection, collection, "failure", "alarms", "alarms: denied; allow it")
    (found,) = rows(run("--db", db, "collections", "--json"))
    assert (found["requests"], found["metrics_asked"], found["cost_usd"]) == (13, 2_000, "0.02")
    assert found["failures"] == "alarms: denied; allow it"
    assert found["log_ways"] == "/aws/lambda/x events: few enough to fetch"


def test_the_rest_is_read_back_as_it_was_kept(db: Path) -> None:
    day = BilledDay(ACCOUNT, T0, "AWS Lambda", "Request", "0.42", "USD", "2100000", "Requests", True)
    word = Recommendation(
        ACCOUNT, REGION, "fn", "$LATEST", "NotOptimized", "MemoryOverprovisioned", 1024, 512, "1.5", "USD", T0
    )
    pattern = ErrorPattern(ACCOUNT, REGION, "g", T0, "boom <*>", 3, "ERROR")
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        collection = writer.begin("test")
        for one in (day, word, pattern, LogGroupFacts(ACCOUNT, REGION, "g", "STANDARD", None, 5)):
            kept.keep(connection, writer.names, collection, [one])
    with Reader(db) as reader:
        assert account_rows.billed_days(reader, *EVER) == [day]
        assert account_rows.recommendations(reader) == [word]
        assert account_rows.error_patterns(reader, *EVER) == [pattern]


def test_a_store_of_an_older_version_is_brought_up_to_date_before_it_is_read(tmp_path: Path) -> None:
    db = released_stores.load(1, tmp_path / "old.db")
    found = rows(run("--db", db, "functions", "--at", "2025-03-31T12:00:00Z", "--json"))
    assert {one["function"] for one in found} == {"checkout", "resize"}
    assert rows(run("--db", db, "alarms", "--json")) == []


def test_an_older_store_that_is_being_written_says_so(tmp_path: Path) -> None:
    db = released_stores.load(1, tmp_path / "old.db")
    with Path(f"{db}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreLocked, match="older lambdatui"):
            Reader(db)

"""``--at T``: whatever is added at or after T, every view and command says at T what it said before."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from collectors.ingest.engine import import_files
from collectors.model.account import (
    Alarm,
    AlarmChange,
    Alarms,
    BilledDay,
    CallCount,
    Configured,
    Covered,
    ErrorPattern,
    Inventory,
    Recommendation,
)
from collectors.model.records import Function, FunctionKey, LogEvent, MetricPoint
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from tests.support import small_store
from tests.support.command_line import run
from tests.support.small_store import CHECKOUT, RESIZE, invocation_events, request_id

MINUTE, HOUR, DAY = MINUTE_MS, HOUR_MS, DAY_MS
NOON = 1_743_422_400_000  # 2025-03-31T12:00:00Z
ODD = NOON + 22 * MINUTE
LATER = FunctionKey("later", "111122223333", "us-east-1")
ACCOUNT, REGION = CHECKOUT.account, CHECKOUT.region


def fill(
    path: Path, begin: int, end: int, first: int, *, memory_mb: int, alarmed: bool, who: list[FunctionKey]
) -> None:
    """Of ``[begin, end)``: calls each 37 minutes with failures, metrics, loose lines, settings, alarms, a collection."""
    events: list[LogEvent] = []
    number = first
    for key in who:
        for at in range(begin, end - 2 * MINUTE, 37 * MINUTE):
            number += 1
            fault = "error" if number % 2 == 0 else ""
            events += invocation_events(key, number, at, duration_ms=40.0 + number % 90, fault=fault)
        alone = f"alone-{first}"
        events.append(LogEvent(begin + MINUTE, "a line of its own\n", f"/aws/lambda/{key.name}", alone,
                               f"{first:050d}", key.name, key.account, key.region))  # fmt: skip
    exported = small_store.write_events(path.with_suffix(".jsonl"), events)
    assert import_files([str(exported)], db=path, defaults=FunctionKey("")).rejected == 0
    exported.unlink()
    with writing(path) as connection:
        writer = Writer(connection, fingerprint)
        points = [
            MetricPoint(key, name, stat, 300, at, value + number % 7)
            for key in who
            for at in range(begin, end, 5 * MINUTE)
            for name, stat, value in (
                ("Throttles", "Sum", 1.0), ("Invocations", "Sum", 2.0), ("Errors", "Sum", 1.0),
                ("Duration", "Sum", 400.0), ("ConcurrentExecutions", "Maximum", 9.0),
            )
        ]  # fmt: skip
        writer.measure(points)
        kept.keep_account_points(connection, [
            MetricPoint(FunctionKey("", ACCOUNT, REGION), "ConcurrentExecutions", "Maximum", 300, at, 30.0 + number)
            for at in range(begin, end, 5 * MINUTE)
        ])  # fmt: skip
        found = [
            Configured(key.account, key.region, key.name, "function", "", {
                "memory_mb": memory_mb, "arch": "arm64" if memory_mb > 1024 else "x86_64", "timeout_s": memory_mb // 100,
                "code_sha256": str(memory_mb), "runtime": "python3.13", "ephemeral_mb": 2 * memory_mb,
            }, begin + MINUTE)
            for key in who
        ]  # fmt: skip
        if not alarmed:
            before = [dataclasses.replace(one, settings={**one.settings, "handler": "old.main"}) for one in found]
            for one in before:
                kept.keep_inventory(
                    connection, Inventory(one.account, one.region, ("function",), [one], frozenset({one.function})), begin
                )  # fmt: skip
            found = [dataclasses.replace(one, settings={**one.settings, "handler": "new.main"},
                                         modified_ms=end - 30 * MINUTE) for one in found]  # fmt: skip
        names = frozenset(key.name for key in who)
        for place in {(key.account, key.region) for key in who}:
            mine = [one for one in found if (one.account, one.region) == place]
            kept.keep_inventory(connection, Inventory(*place, ("function",), mine, names), begin + 2 * MINUTE)
            limits = [Configured(*place, "", "account", "", {"concurrency_limit": 900 + memory_mb})]
            kept.keep_inventory(connection, Inventory(*place, ("account",), limits), begin + 3 * MINUTE)
            reserved = [Configured(one.account, one.region, one.function, "concurrency", "", {"reserved": memory_mb // 8})
                        for one in mine]  # fmt: skip
            kept.keep_inventory(connection, Inventory(*place, ("concurrency",), reserved, names), begin + 3 * MINUTE)
        writer.configure([Function(key, "python3.13", "arm64", memory_mb, memory_mb // 100) for key in who])
        alarm = Alarm(ACCOUNT, REGION, "too many", "metric", "ALARM" if alarmed else "OK", "", begin + 4 * MINUTE,
                      CHECKOUT.name, "Errors", "Sum", 300, "GreaterThanThreshold", 5.0)  # fmt: skip
        new = Alarm(ACCOUNT, REGION, "made later", "metric", "OK", "fine", begin + 5 * MINUTE, CHECKOUT.name)
        kept.keep_alarms(connection, Alarms(ACCOUNT, REGION, [alarm, *([new] if alarmed else [])]))
        states = "from OK to ALARM" if alarmed else "from INSUFFICIENT_DATA to OK"
        changes = [
            AlarmChange(ACCOUNT, REGION, "too many", begin + 4 * MINUTE, "StateUpdate", f"Alarm updated {states}")
        ]
        if alarmed:
            created = 'Alarm "made later" created'
            changes.append(AlarmChange(ACCOUNT, REGION, "made later", begin + MINUTE, "ConfigurationUpdate", created))
        kept.keep(connection, writer.names, 1, changes)
        kept.keep(connection, writer.names, 1, [
            ErrorPattern(ACCOUNT, REGION, "/aws/lambda/checkout", begin // HOUR * HOUR + HOUR, "It broke <*>", 7, "ERROR")
        ])  # fmt: skip
        if begin % DAY == 0:
            kept.keep(connection, writer.names, 1, [
                BilledDay(ACCOUNT, begin, "AWS Lambda", "Lambda-GB-Second", "1.25", "USD", "75000", "seconds", False)
            ])  # fmt: skip
        kept.keep(connection, writer.names, 1, [
            Recommendation(ACCOUNT, REGION, "checkout" if not alarmed else "resize", "$LATEST", "NotOptimized",
                           "MemoryOverprovisioned", 1024, 512, "1.5", "USD", begin + 6 * MINUTE)
        ])  # fmt: skip
        kept.cover(connection, [Covered(f"metrics {ACCOUNT} {REGION}", begin + 1, end - 1)])
        collection = connection.execute(
            "INSERT INTO collections (source, started_ms, ended_ms, events) VALUES (?, ?, ?, ?) RETURNING id",
            ("collect cloudwatch", begin + 30 * MINUTE, begin + 31 * MINUTE, number),
        ).fetchone()[0]  # fmt: skip
        kept.keep_calls(connection, collection, REGION, [CallCount("cloudwatch:DescribeAlarms", 3, 3 + first)])
        connection.execute(
            "UPDATE collections SET started_ms = ?, ended_ms = ? WHERE source NOT LIKE 'collect%' AND started_ms > ?",
            (begin + 40 * MINUTE, begin + 41 * MINUTE, end),
        )


COMMANDS: list[tuple[str, ...]] = [
    ("functions",), ("function", "checkout"), ("invocations",), ("invocation", request_id(5)), ("logs",), ("errors",),
    ("throttles",), ("alarms",), ("metrics",), ("configuration",), ("configuration", "--changes"), ("collections",),
    ("advice",),
]  # fmt: skip
MONEY: list[tuple[str, ...]] = [("costs",), ("whatif",), ("cost-estimate",)]


@pytest.fixture(scope="module", params=[NOON, ODD], ids=["noon", "odd minute"])
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Any, Any]]:
    """What a command prints at T, before and after the store has more of T and later."""
    at: int = request.param
    early = tmp_path_factory.mktemp("at") / "early.db"
    both = [CHECKOUT, RESIZE]
    fill(early, at - 2 * DAY, at, 0, memory_mb=512, alarmed=False, who=both)
    late = early.with_name("late.db")
    copyfile(early, late)
    fill(late, at, at + DAY + HOUR, 500, memory_mb=2048, alarmed=True, who=[*both, LATER])

    def answers(*arguments: str, form: str = "--json") -> tuple[Any, Any]:
        found = []
        for path in (early, late):
            result = run(*arguments, form, "--db", path, "--at", str(at // 1000))
            assert result.exit_code == 0, result.stderr
            found.append(json.loads(result.stdout) if form == "--json" else result.stdout)
        return found[0], found[1]

    return answers


@pytest.mark.parametrize("span", ["1h", "24h", "7d", "mtd", "all"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_added_later_changes_what_is_said(said: Any, command: tuple[str, ...], span: str) -> None:
    before, after = said(*command, "--range", span)
    assert before["rows"], "an answer without rows compares nothing"
    assert before == after


def test_later_attempts_of_a_request_are_not_found(said: Any) -> None:
    """The second filling calls request 501 and on: before T there is none of them."""
    early, late = said("invocations", "--range", "all", "--filter", f"request_id:{request_id(502)}")
    assert early["rows"] == late["rows"] == []


def test_a_request_is_as_it_was_before_its_next_attempt(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "s.db")
    T0 = small_store.T0
    again = invocation_events(CHECKOUT, 5, T0 + 20 * MINUTE, duration_ms=33.0)
    exported = small_store.write_events(tmp_path / "again.jsonl", again)
    at = ("--at", str((T0 + 20 * MINUTE) // 1000), "--json", "--db", path)
    before = json.loads(run("invocation", request_id(5), *at).stdout)
    assert import_files([str(exported)], db=path, defaults=FunctionKey("")).invocations == 1
    assert json.loads(run("invocation", request_id(5), *at).stdout) == before
    assert len(json.loads(run("invocation", request_id(5), "--json", "--db", path).stdout)["attempts"]) == 2
    late = invocation_events(CHECKOUT, 900, T0 + 20 * MINUTE, duration_ms=33.0)
    assert import_files(
        [str(small_store.write_events(tmp_path / "late.jsonl", late))], db=path, defaults=FunctionKey("")
    ).invocations == 1  # fmt: skip
    assert run("invocation", request_id(900), *at).exit_code == 1


@pytest.mark.parametrize("command", MONEY, ids=" ".join)
def test_nor_what_it_costs(said: Any, command: tuple[str, ...]) -> None:
    before, after = said(*command, "--range", "24h")
    assert before == after

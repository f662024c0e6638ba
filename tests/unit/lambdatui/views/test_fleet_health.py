"""Why functions are in trouble, and which is the worst: by what it hurts, not by its rate alone."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.account import Configured, Inventory
from collectors.model.units import HOUR_S
from collectors.store.connection import writing
from collectors.store.write import account as kept
from lambdatui.views.fleet_health import health, severity, trouble_reasons
from tests.support import small_store
from tests.support.command_line import rows, run
from tests.support.small_store import T0


def row(name: str, invocations: int, errors: int, throttles: int | None = None, **more: Any) -> SimpleNamespace:
    rate = errors / invocations if invocations else None
    return SimpleNamespace(
        function=name, invocations=invocations, errors=errors, throttles=throttles, error_rate=rate,
        **{"timeouts": 0, "p95_ms": 17.0, "p99_ms": 19.0, "cold_ratio": 0.25} | more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ((13, 1_000), (1, 2)),
        ((13, 1_000), (1, 1)),
        ((60, 60), (100, 1_000_000)),
        ((3, 10), (3, 1_000)),
        ((2, 9), (1, 9)),
    ],
)
def test_the_worst_is_what_hurts_most(worse: tuple[int, int], better: tuple[int, int]) -> None:
    assert severity(*worse) > severity(*better)
    said = health([row("few", better[1], better[0]), row("many", worse[1], worse[0])], {})
    assert said.startswith("2 of 2 in trouble, worst many: errors")


def test_throttles_hurt_as_errors_do() -> None:
    said = health([row("one", 2, 1), row("rejected", 1_000, 0, 400)], {})
    assert said == "2 of 2 in trouble, worst rejected: throttled 400"


@given(failed=st.integers(1, 1_000), more=st.integers(1, 1_000), fine=st.integers(0, 100_000))
def test_more_failures_of_as_many_calls_hurt_more(failed: int, more: int, fine: int) -> None:
    asked = failed + more + fine
    assert severity(failed + more, asked) > severity(failed, asked) > 0 == severity(0, asked)


def test_each_reason_is_said() -> None:
    every = row("all", 1_000, 13, 40, timeouts=3, limit_used=0.95, freshness="stale 3h")
    assert trouble_reasons(every, {}) == [
        "errors 13 (1.3%)", "timeouts 3", "throttled 40", "concurrency 95% of limit", "stale 3h"
    ]  # fmt: skip
    assert trouble_reasons(row("slow", 10, 0), {"p95_ms": 16, "p99_ms": 20, "cold_ratio": 0.2}) == [
        "p95 17ms",
        "cold 25.0%",
    ]
    assert trouble_reasons(row("well", 10, 0, limit_used=0.5, freshness="3d old"), {}) == []
    assert trouble_reasons(row("allowed", 1_000, 13, 40), {"error_rate": 0.05, "throttles": 50}) == []


def test_functions_say_why(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "s.db", metrics=True)
    with writing(path) as connection:
        found = [Configured("111122223333", "us-east-1", "", "account", "", {"concurrency_limit": 9})]
        kept.keep_inventory(connection, Inventory("111122223333", "us-east-1", ("account",), found), T0)
    span = ("--from", str(T0 // 1000), "--to", str(T0 // 1000 + HOUR_S), "--db", path)
    found_rows = {one["function"]: one for one in rows(run("functions", "--json", *span))}
    assert "throttled 4" in found_rows["checkout"]["trouble"]
    assert "concurrency 100% of limit" in found_rows["checkout"]["trouble"]
    assert found_rows["checkout"]["limit_used"] == 1
    assert found_rows["resize"]["trouble"] is None
    assert found_rows["resize"]["limit_used"] is None
    assert "errors" in run("functions", *span).stdout.splitlines()[1]
    worst = rows(run("functions", "--json", "--sort", "trouble", "--reverse", *span))[0]
    assert worst["function"] == "checkout"

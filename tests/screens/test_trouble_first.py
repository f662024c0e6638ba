"""What is in trouble stands on top with its reason in words, on every screen, in the first frame and in scripts."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import HOUR_MS, MINUTE_MS
from lambdatui.text.terminal import UNICODE
from lambdatui.views.columns import TableColumn
from lambdatui.views.fleet_health import short_reasons, trouble_first, trouble_rank, trouble_reasons
from lambdatui.views.shared_columns import COUNT
from lambdatui.views.startup_view import startup_view
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.table import Table
from tests.support import usage_store
from tests.support.command_line import run
from tests.support.screens import KEYS, SHOP_NOW_MS, app_on, press, screen_of, settle, shown_lines, table_of
from tests.support.usage_store import Call

START = 1_780_000_000_000 // HOUR_MS * HOUR_MS
NOW = START + 10 * HOUR_MS


def names(table: Table) -> list[str]:
    return [table.row_at(at).function for at in range(table.row_count)]  # type: ignore[union-attr]


def ranks(table: Table) -> list[int]:
    return [trouble_rank(table.row_at(at)) for at in range(table.row_count)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_functions_in_trouble_come_first_with_their_reason(store: Path, size: tuple[int, int]) -> None:
    app = app_on(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        table = table_of(app)
        first = names(table)
        lines = dict(zip(first, shown_lines(table)[1:], strict=False))
        assert ranks(table) == sorted(ranks(table))
        assert {0, 2} <= set(ranks(table))
        for rank in (0, 2):
            costs = [row.cost_usd for row in map(table.row_at, range(table.row_count)) if trouble_rank(row) == rank]  # type: ignore[union-attr]
            assert costs == sorted(costs, reverse=True)
        assert "errors" in lines["checkout-api"]
        assert "%" in lines["checkout-api"]
        assert "errors" not in lines["auth-token"]
        await press(pilot, "X")
        assert "X puts trouble first" in screen_of(app).query_one(Notice).message
        plain = [row.cost_usd for row in map(table.row_at, range(table.row_count))]  # type: ignore[union-attr]
        assert plain == sorted(plain, reverse=True)
        assert names(table) != first
        await press(pilot, "X")
        assert names(table) == first


async def test_the_order_is_kept_for_the_next_run_and_for_each_screen(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "X")
    saved = app.session.saved
    again = app_on(store, saved=dict(saved), startup_view=startup_view(store, SHOP_NOW_MS, plain_order=True))
    async with again.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert ranks(table_of(again)) != sorted(ranks(table_of(again)))
        await press(pilot, KEYS["errors"])
        assert ranks(table_of(again)) == sorted(ranks(table_of(again)))


async def test_the_reason_stays_whatever_columns_are_hidden(store: Path) -> None:
    app = app_on(store, columns={"functions": ["function", "cost_usd", "runtime", "arch", "region", "memory_mb"]})
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for _ in range(4):
            assert [column.id for column in table_of(app).visible_columns][:2] == ["function", "trouble"]
            assert "errors" in shown_lines(table_of(app))[1]
            await press(pilot, "right")


@pytest.mark.parametrize("screen", ["errors", "throttles", "costs", "advice", "alarms", "patterns"])
async def test_every_table_puts_its_trouble_first(store: Path, screen: str) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, KEYS[screen])
        table, reason = table_of(app), screen_of(app).REASON
        assert ranks(table) == sorted(ranks(table))
        assert reason in [column.id for column in table.visible_columns]


@pytest.mark.parametrize("screen", ["invocations", "collect"])
async def test_events_stay_in_their_order(store: Path, screen: str) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, KEYS[screen])
        table = table_of(app)
        times = [row.started_at for row in map(table.row_at, range(min(50, table.row_count)))]  # type: ignore[union-attr]
        assert times == sorted(times, reverse=True)
        await press(pilot, "X")
        assert "stay in their order" in screen_of(app).query_one(Notice).message


def test_scripts_print_what_the_screen_shows(store: Path) -> None:
    common = ("--db", store, "--at", "2025-06-15T15:00:00Z", "functions")
    listed = json.loads(run(*common, "--json").stdout)["rows"]
    in_trouble = [bool(row["trouble"]) for row in listed]
    assert in_trouble == sorted(in_trouble, reverse=True)
    assert {True, False} == set(in_trouble)
    by_cost = json.loads(run(*common, "--json", "--sort", "cost_usd", "--reverse").stdout)["rows"]
    costs = [float(row["cost_usd"]) for row in by_cost]
    assert costs == sorted(costs, reverse=True)
    assert [row["function"] for row in by_cost] != [row["function"] for row in listed]
    assert run(*common, "--csv", "--columns", "function").stdout.split()[1:] == [row["function"] for row in listed]


def fleet(tmp_path: Path, *, metrics: bool) -> Path:
    """30 functions, each dearer than the next; some cheap ones fail, and of one every request is throttled."""
    keys = [FunctionKey(f"f{number:02}", "111122223333", "eu-west-1") for number in range(30)]
    calls = [
        Call(key, START + 9 * HOUR_MS + number * MINUTE_MS + turn, billed_ms=(40 - number) * 100,
             failed=number in (9, 25, 28) and turn == 0)
        for number, key in enumerate(keys[:29])
        for turn in range(3)
    ]  # fmt: skip
    points = [
        MetricPoint(keys[number], name, "Sum", 60, at, value)
        for number, name, at, value in (
            (29, "Throttles", START + 9 * HOUR_MS, 44.0),
            (20, "Throttles", START + 9 * HOUR_MS, 5.0),
            (21, "Throttles", START + 1 * HOUR_MS, 7.0),  # the same day, before the last hour
        )
    ]
    return usage_store.make(
        tmp_path / "fleet.db", [Function(key, memory_mb=1024) for key in keys], calls, points if metrics else ()
    )


@pytest.mark.parametrize("metrics", [False, True])
@pytest.mark.parametrize("in_sight", [1, 2, 3, 5, 12, 28, 40])
@pytest.mark.parametrize("plain", [False, True])
def test_the_first_frame_has_the_rows_that_come_first(
    tmp_path: Path, metrics: bool, in_sight: int, plain: bool
) -> None:
    path = fleet(tmp_path, metrics=metrics)
    now_ms = START + 9 * HOUR_MS + 59 * MINUTE_MS
    every = startup_view(path, now_ms, "1h", plain_order=plain)
    few = startup_view(path, now_ms, "1h", in_sight, plain_order=plain)
    asked = [row.function for row in every.rows]
    assert [row.function for row in few.rows] == asked[: len(few.rows)]
    assert len(few.rows) == (every.count if few.whole else in_sight)
    assert [row.trouble for row in few.rows] == [row.trouble for row in every.rows[: len(few.rows)]]
    if not plain:
        assert asked[:3] == (["f09", "f20", "f25"] if metrics else ["f09", "f25", "f28"])


def row(**facts: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"trouble": None, **facts})


def test_an_overdue_collection_comes_after_trouble_of_the_functions_own() -> None:
    rows = [row(trouble="stale 3h", at=0), row(at=1), row(trouble="throttled 4; stale 3h", at=2), row(trouble="", at=3)]
    assert [one.at for one in trouble_first(rows)] == [2, 0, 1, 3]


@pytest.mark.parametrize(
    ("reasons", "width", "text"),
    [
        ("errors 13 (1.3%)", 14, "errors 1.3%"),
        ("errors 1 (33.3%); timeouts 7", 14, "errors 33.3%"),
        ("errors 1 (33.3%); timeouts 7", 15, "errors 33.3% +1"),
        ("errors 1,234 (12.3%); timeouts 3; throttled 44", 40, "errors 1,234 (12.3%); timeouts 3 +1"),
        ("throttled 44", 14, "throttled 44"),
        ("throttled 12,345", 14, "throttled 12k"),
        ("throttled 999,999", 14, "throttled 1M"),
        ("concurrency 95% of limit", 14, "limit 95%"),
        ("errors 5 (<0.1%)", 14, "errors <0.1%"),
    ],
)
def test_reasons_in_few_cells(reasons: str, width: int, text: str) -> None:
    assert short_reasons(reasons, width) == text


@given(
    errors=st.integers(0, 10**9), invocations=st.integers(1, 10**10), timeouts=st.integers(0, 10**9),
    throttles=st.none() | st.integers(0, 10**9), used=st.none() | st.floats(0, 9), width=st.integers(14, 60),
)  # fmt: skip
def test_a_reason_is_never_cut_to_nothing(
    errors: int, invocations: int, timeouts: int, throttles: int | None, used: float | None, width: int
) -> None:
    facts = row(
        errors=errors, invocations=invocations + errors, error_rate=errors / (invocations + errors), timeouts=timeouts,
        throttles=throttles, limit_used=used, freshness=None,
    )  # fmt: skip
    reasons = trouble_reasons(facts, {})
    if reasons:
        text = short_reasons("; ".join(reasons), width)
        assert len(text) <= width
        word = {"concurrency": "limit"}.get(reasons[0].split()[0], reasons[0].split()[0])
        assert text.startswith((word, reasons[0].split()[0]))
        assert any(sign.isdigit() for sign in text)


async def test_a_table_without_trouble_keeps_the_order_of_its_rows(store: Path) -> None:
    table = Table(
        [TableColumn(COUNT)], UNICODE, utc=True, key_of=id, in_trouble=lambda _: False, rank=lambda _: 2,
        sort=None,
    )  # fmt: skip
    assert table._in_order([3, 1, 2], table.source) == [3, 1, 2]  # type: ignore[arg-type]


async def test_trends_may_share_a_scale(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        table = table_of(app)

        def heights() -> dict[str, str]:
            at = [column.id for column in table.visible_columns].index("trend")
            rows = range(table.row_count)
            return {table.row_at(row).function: table._cells(row)[at + 1] for row in rows}  # type: ignore[union-attr]

        own = heights()
        assert all("█" in drawn or "⣿" in drawn for drawn in own.values())
        await press(pilot, "t")
        shared = heights()
        assert "one scale for all rows" in screen_of(app).query_one(Notice).message
        assert "Trend =" in shown_lines(table)[0]
        assert [name for name, drawn in shared.items() if "█" in drawn] == ["auth-token"]
        assert set(shared["thumbnail-cleanup"]) <= set("▁⡀ ")
        assert app.session.saved["functions.scale"] == "one"
        await press(pilot, "t")
        assert heights() == own
        await press(pilot, KEYS["costs"], "t")
        assert "no Trend" in screen_of(app).query_one(Notice).message


async def test_a_family_of_errors_is_drawn_on_the_shared_scale_too(store: Path) -> None:
    app = app_on(store, saved={"errors.scale": "one"})
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, KEYS["errors"])
        assert "Trend =" in shown_lines(table_of(app))[0]

"""Ten questions of an operator, each answered in the keys that ``docs/stories.md`` lists, on the demo's thirty days."""

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from collectors.ingest.engine import collect
from collectors.store.read.reader import Reader
from lambdatui.views.time_range import RangeChoice
from tests.support.demo_days import BUDGET_USD, CALENDAR, NOW_MS, OneLineEach, demo_days
from tests.support.places import ROOT
from tests.support.screens import app_on, header_of, keys_of, log_of, press, settle, until

pytestmark = pytest.mark.xdist_group("ten-stories")  # one process makes the store, not each


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_days(tmp_path_factory.mktemp("days") / "demo.db")


@asynccontextmanager
async def screens(store: Path, columns: int = 120, lines: int = 40) -> AsyncIterator[Pilot[int]]:
    """The first screen, over the last 24 hours, as the program opens."""
    app = app_on(
        store, now_ms=lambda: NOW_MS, choice=RangeChoice("24h"), thresholds={"budget_usd": BUDGET_USD}
    )  # fmt: skip
    async with app.run_test(size=(columns, lines)) as pilot:
        await settle(pilot)
        yield pilot


def painted(pilot: Pilot[int]) -> str:
    """All that the terminal shows."""
    return "\n".join(strip.text.rstrip() for strip in pilot.app.screen._compositor.render_strips())


async def test_1_which_function_fails_most_since_the_deploy_to_the_trace(days: Path) -> None:
    async with screens(days) as pilot:
        await press(pilot, "E")
        first_row = next(line for line in painted(pilot).splitlines() if line.startswith("!"))
        assert "new" in first_row
        assert "payments" in first_row
        await press(pilot, "enter")
        shown = painted(pilot)
        assert "[ERROR] ProviderTimeout: no answer for order" in shown
        assert "Traceback (most recent call last):" in shown
        assert "raise ProviderTimeout(" in shown


async def test_2_an_order_id_in_all_logs_of_the_day_to_its_invocation(days: Path) -> None:
    with Reader(days) as reader:
        (payments,) = (row.id for row in reader.functions() if row.function.key.name == "payments")
        (paid,) = reader.invocations(0, CALENDAR.end_ms, [payments], limit=1)
        words = "".join(line.text for line in reader.lines(paid)).split("order ")[1]
    order = "".join(letter for letter in words[:9] if letter.isdigit())
    async with screens(days) as pilot:
        await press(pilot, "colon", *keys_of(order), "enter")
        assert f"filter: {order}" in header_of(pilot.app)
        assert f"order {order}" in log_of(pilot.app).replace("\n", " ").replace("  ", "")
        await press(pilot, "enter")
        assert "payments" in header_of(pilot.app)
        shown = painted(pilot)
        assert "START RequestId: " in shown
        assert "REPORT RequestId: " in shown


async def test_3_this_month_its_end_and_who_grew(days: Path) -> None:
    for size in ((120, 40), (80, 24)):
        async with screens(days, *size) as pilot:
            assert "month $14.81 · end $21.75" in header_of(pilot.app)
            await press(pilot, "dollar_sign", "3")
            shown = painted(pilot)
            for word in ("total ", "month end ", "change ", "budget "):
                assert word in shown, word
            grew = next(line for line in shown.splitlines() if "grew " in line)
            assert "weekly-reinde" in grew


async def test_4_throttled_last_night_limit_minute_and_culprit(days: Path) -> None:
    async with screens(days) as pilot:
        await press(pilot, "T")
        row = next(line for line in painted(pilot).splitlines() if "shop-api" in line)
        assert "monthly-report took" in row
        assert "of 200" in row
        assert "02:49" in row


async def test_6_a_tail_of_three_functions(days: Path, tmp_path: Path) -> None:
    store = tmp_path / "demo.db"
    store.write_bytes(days.read_bytes())
    async with screens(store) as pilot:
        await press(pilot, "space", "space", "space", "l", "0")
        heading = header_of(pilot.app)
        assert "3 marked" in heading
        marked = heading.split("3 marked: ")[1].split(" ·")[0].split(", ")
        collect(OneLineEach([*marked, "greeter"], "came live to"), db=store)
        await until(pilot, lambda: f"came live to {marked[0]}" in log_of(pilot.app), "the new lines")
        assert all(f"came live to {name}" in log_of(pilot.app) for name in marked)
        assert "came live to greeter" not in log_of(pilot.app)


async def test_7_today_against_last_week_the_fleet(days: Path) -> None:
    async with screens(days) as pilot:
        await press(pilot, "equals_sign", "w")
        assert "all functions with the same weekdays a week before" in header_of(pilot.app)
        rows = {line.strip("! ").split("  ")[0]: line for line in painted(pilot).splitlines()}
        assert "+" in rows["invocations"]
        assert rows["errors"].startswith("!")
        assert rows["throttles"].startswith("!")
        assert "monthly-report" in rows


async def test_8_one_teams_functions_everywhere(days: Path) -> None:
    async with screens(days) as pilot:
        await press(pilot, "slash", *keys_of("tag.team:finance"), "enter")
        assert "3 functions" in header_of(pilot.app)
        for key, other in (("E", "greeter"), ("T", "shop-api"), ("dollar_sign", "shop-api")):
            await press(pilot, key)
            assert "tag.team:finance" in header_of(pilot.app)
            shown = painted(pilot)
            assert "monthly-report" in shown
            assert other not in shown


async def test_9_the_trace_in_the_clipboard(days: Path) -> None:
    async with screens(days) as pilot:
        await press(pilot, "E", "enter")
        await press(pilot, "c")
        copied = pilot.app.clipboard
        assert "[ERROR] ProviderTimeout" in copied
        assert "raise ProviderTimeout(" in copied


async def test_10_the_finance_table_as_csv(days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with screens(days) as pilot:
        await press(pilot, "dollar_sign")
        await press(pilot, "S")
        (path,) = tmp_path.glob("*.csv")
        rows = list(csv.DictReader(path.open()))
        assert {"shop-api", "payments"} <= {row["function"] for row in rows}
        assert sum(float(row["amount"]) for row in rows if row["amount"]) > 0


async def test_5_who_suffers_from_cold_starts_and_what_to_change(days: Path) -> None:
    for size, keys in (((120, 40), ("A",)), ((80, 24), ("A", "G"))):
        async with screens(days, *size) as pilot:
            await press(pilot, *keys)
            row = next(line for line in painted(pilot).splitlines() if "cold starts" in line)
            assert "greeter" in row
            assert "load less at import" in row


def test_the_page_lists_all_ten() -> None:
    page = (ROOT / "docs" / "stories.md").read_text()
    stories = [line.split(". ")[0] for line in page.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert stories == [f"| {number}" for number in range(1, 11)]

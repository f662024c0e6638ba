"""The screens of money, driven by keys: the table as a file, and what stands above it."""

import csv
import json
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write.writer import Writer
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.screens.dialogs.prompt import PromptScreen
from lambdatui.views.cost_groups import cost_groups
from lambdatui.views.cost_words import passing
from lambdatui.views.time_range import TimeRange
from lambdatui.widgets.fields import Fields
from lambdatui.widgets.notice import Notice
from pricing.pricebook import PriceBook
from tests.support.command_line import rows, run
from tests.support.screens import app_on, press, settle, small_app, table_of
from tests.support.small_store import CHECKOUT, RESIZE, T0, invocation_events, write_events
from tests.support.usage_store import Call, make, point


async def test_two_keys_write_the_finance_table(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "S")
        (written,) = tmp_path.glob("*.csv")
        shown = [row.function for row in table_of(app)._shown.rows]  # type: ignore[union-attr]
        assert [row["function"] for row in csv.DictReader(written.open())] == shown
        assert str(written) in app.screen.query_one(Notice).message.replace("\n", "")
        content = written.read_bytes()
        await press(pilot, "S")
        assert sorted(path.name for path in tmp_path.glob("*.csv")) == sorted((written.name, f"{written.stem}-2.csv"))
        assert written.read_bytes() == content


async def test_the_groups_and_the_bill_are_written_as_they_are_shown(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "b", "slash", *"video", "enter", "S")
        (written,) = tmp_path.glob("costs-by-function-*.csv")
        assert [row["group"] for row in csv.DictReader(written.open())] == ["video-transcode"]


async def test_another_name_or_form_is_asked_for(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "ctrl+s")
        assert isinstance(app.screen, PromptScreen)
        await press(pilot, "ctrl+u", "a", "full_stop", *"json", "enter")
        assert len(json.loads((tmp_path / "a.json").read_text())["rows"]) > 1
        assert not list(tmp_path.glob("*.csv"))


async def test_a_folder_that_cannot_be_written_to(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    app = app_on(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "S")
        assert "nothing was written" in app.screen.query_one(Notice).message


# What stands above the lines
def key(region: str) -> FunctionKey:
    return FunctionKey(f"pay-{region}", "111122223333", region)


def used(path: Path, *regions: str, points: Iterable[MetricPoint] = (), billed_ms: int = 300) -> Path:
    """A function in each region, five calls on each of twenty days."""
    keys = [key(region) for region in regions]
    calls = [
        Call(one, T0 - day * DAY_MS + number * MINUTE_MS, billed_ms=billed_ms)
        for one in keys for day in range(20) for number in range(5)
    ]  # fmt: skip
    return make(path / "s.db", [Function(one, arch="arm64", memory_mb=1024) for one in keys], calls, points)


async def fields(db: Path, *keys: str, **changes: Any) -> list[str]:
    """The lines above the table of costs, after keys."""
    app = small_app(db, **changes)
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "5", "dollar_sign", *keys)
        return [line.rstrip() for line in app.screen.query_one("#bill", Fields).render().plain.split("\n")]


def field(lines: list[str], label: str) -> str:
    """A field's value; fields lie beside each other, at least three spaces apart."""
    found = (re.search(rf"(?:^|  ) *{label} +(\S.*?)(?: {{3,}}|$)", line) for line in lines)
    return next(match[1] for match in found if match)


async def test_nothing_to_pay_is_not_nothing_used(tmp_path: Path) -> None:
    lines = await fields(used(tmp_path, "us-east-1"))
    assert field(lines, "total") == "$0.00  (list price $0.0004200)"


async def test_currencies_stand_beside_each_other(tmp_path: Path) -> None:
    lines = await fields(used(tmp_path, "us-east-1", "cn-north-1"))
    assert field(lines, "total") == "0.00 CNY, $0.00  (list price 0.002860 CNY, $0.0004200)"
    ends = [line for line in lines if "month end" in line]
    assert len(ends) == 2
    assert "0.00 CNY" in ends[0]
    assert "$0.00" in ends[1]


async def test_without_a_price_nothing_is_free(tmp_path: Path) -> None:
    lines = await fields(used(tmp_path, "nowhere-1"))
    assert field(lines, "total") == "n/a: no public price"
    assert field(lines, "month end").startswith("n/a")
    assert "$" not in "".join(lines)


async def test_logs_have_a_figure_of_their_own_or_none(tmp_path: Path) -> None:
    gib = 1_000_000_000.0
    came = [point(key("us-east-1"), "IncomingBytes", T0 - day * DAY_MS, 4 * gib) for day in range(3)]
    path = used(tmp_path, "us-east-1", points=came)
    assert field(await fields(path), "logs") == "$3.50 of it, CloudWatch's"
    (tmp_path / "none").mkdir()
    assert field(await fields(used(tmp_path / "none", "us-east-1")), "logs") == "n/a: not collected"


async def test_who_is_not_counted_among_the_logs_is_said(tmp_path: Path) -> None:
    came = [point(key("us-east-1"), "IncomingBytes", T0, 9e9)]
    path = used(tmp_path, "us-east-1", "us-west-2", points=came)
    assert field(await fields(path), "logs").endswith("of it, CloudWatch's; 1 of 2 known")
    with Reader(path) as reader:
        groups = cost_groups(reader, TimeRange(T0 - 20 * DAY_MS, T0 + DAY_MS, "March"), PriceBook.load(), "region")
    by_region = {row.group: row for row in groups.rows}
    east, west = by_region["us-east-1"], by_region["us-west-2"]
    assert east.logs_amount
    assert (east.lambda_amount or 0) + east.logs_amount == east.amount
    assert west.logs_amount is None
    assert west.lambda_amount == west.amount


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (0.0005, "passed $0.0005000 on 25 Mar 2025"),
        (5.0, "$5.00: will not be passed"),
        (None, "none (thresholds.budget_usd)"),
    ],
)
async def test_when_a_budget_is_passed(tmp_path: Path, budget: float | None, said: str) -> None:
    came = [point(key("us-east-1"), "IncomingBytes", T0 - 6 * DAY_MS, 6e9)]
    thresholds = {} if budget is None else {"budget_usd": budget}
    lines = await fields(used(tmp_path, "us-east-1", points=came), thresholds=thresholds)
    assert field(lines, "budget") == said


@pytest.mark.parametrize(
    ("day", "said"), [(24, "will pass $50.00 on 24 Nov 2025"), (3, "passes $50.00 on 3 Nov 2025"), (2, "passed $50.00 on 2 Nov 2025")]
)  # fmt: skip
def test_a_day_to_come_is_said_otherwise_than_one_that_is_over(day: int, said: str) -> None:
    assert passing("$50.00", date(2025, 11, day), date(2025, 11, 3)) == said


# What to change
def cold(path: Path) -> Path:
    """Thirty calls of one function, each with an init, beside thirty warm ones of another."""
    events = [
        event
        for number in range(30)
        for one, init_ms in ((CHECKOUT, 800.0), (RESIZE, None))
        for event in invocation_events(
            one, 100 * (init_ms is None) + number, T0 + number * MINUTE_MS, duration_ms=90.0, init_ms=init_ms
        )
    ]
    db = path / "cold.db"
    import_files([str(write_events(path / "cold.jsonl", events))], db=db, defaults=FunctionKey(""))
    with writing(db) as connection:
        Writer(connection, fingerprint).configure([Function(CHECKOUT, runtime="python3.13", memory_mb=1024)])
    return db


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_who_suffers_from_cold_starts_and_what_to_change(tmp_path: Path, size: tuple[int, int]) -> None:
    command = (
        "aws lambda update-function-configuration --function-name checkout --snap-start ApplyOn=PublishedVersions"
        " --region us-east-1"
    )
    app = small_app(cold(tmp_path))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "A")
        shown = [strip.text for strip in app.screen._compositor.render_strips()]
        line = next(text for text in shown if "cold starts" in text)
        assert "checkout" in line
        assert "SnapStart; load less at import" in line
        kinds = [row.kind for row in table_of(app)._shown.rows]  # type: ignore[union-attr]
        table_of(app).move(kinds.index("cold starts"))
        await press(pilot, "c")
        assert app.clipboard == command
        await press(pilot, "enter")
        assert isinstance(app.screen, DetailsScreen)
        assert command in app.screen.text


async def test_commands_are_for_the_profile_that_was_chosen(tmp_path: Path) -> None:
    app = small_app(cold(tmp_path))
    app.session.profile = "prod eu"
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "A")
        commands = [row.command for row in table_of(app)._shown.rows if row.command]  # type: ignore[union-attr]
        assert commands
        assert all(command.endswith(" --profile 'prod eu'") for command in commands)


def test_scripts_have_what_to_do_and_the_command(tmp_path: Path) -> None:
    db = cold(tmp_path)
    told = rows(run("--db", db, "--from", "2025-03-31", "--to", "2025-04-01", "advice", "--json"))
    (row,) = (each for each in told if each["kind"] == "cold starts")
    assert row["do"] == "SnapStart; load less at import"
    assert row["command"].startswith("aws lambda update-function-configuration --function-name checkout --snap-start")
    assert "--profile" not in row["command"]
    text = run("--db", db, "--from", "2025-03-31", "--to", "2025-04-01", "advice", "--csv").stdout
    assert [each["do"] for each in csv.DictReader(text.splitlines()) if each["kind"] == "cold starts"] == [row["do"]]


# What grew
def growing(path: Path) -> Path:
    """March beside February: one function twice as busy from the first on, one as before, one new."""
    first = T0 // DAY_MS * DAY_MS - 30 * DAY_MS
    busy, steady, new = (FunctionKey(name, "111122223333", "us-east-1") for name in ("busy", "steady", "new"))
    calls = [
        Call(one, first + day * DAY_MS + hour * HOUR_MS, billed_ms=100_000)
        for day in range(-31, 31)
        for hour in range(0, 24, 4)
        for one, times in ((busy, 1 + (day >= 0)), (steady, 1), (new, day >= 12))
        for _ in range(times)
        if first + day * DAY_MS + hour * HOUR_MS < T0
    ]
    return make(path / "g.db", [Function(one, arch="x86_64", memory_mb=1024) for one in (busy, steady, new)], calls)


async def test_two_keys_tell_the_month_its_end_and_who_grew(tmp_path: Path) -> None:
    app = small_app(growing(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "5", "dollar_sign")
        shown = "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())
    assert "month to date" in shown
    assert "month end $" in shown
    assert re.search(r"change +\+\d+\.\d% from \$", shown)
    assert re.search(r"grew +busy \+\$", shown)


def test_the_command_tells_what_grew_as_the_screen_does(tmp_path: Path) -> None:
    db = growing(tmp_path)
    span = ("--db", db, "--range", "mtd", "--at", "2025-03-15T10:00")
    told = json.loads(run(*span, "costs", "--json").stdout)
    grown = {each["function"]: each for each in told["growth"]["functions"]}
    assert list(grown) == ["busy", "new", "steady"]
    assert float(grown["busy"]["now"]) == pytest.approx(2 * float(grown["busy"]["before"]), rel=0.05)
    assert (float(grown["new"]["before"]), float(grown["steady"]["added"])) == (0, pytest.approx(0, abs=0.001))
    sums = [sum(float(each[side]) for each in grown.values()) for side in ("now", "before")]
    assert told["growth"]["change"] == pytest.approx(sums[0] / sums[1] - 1)
    assert float(told["list_totals"]["USD"]) == pytest.approx(sums[0], rel=0.02)
    assert told["logs"] == {"totals": {}, "functions_known": 0, "functions": 3}
    text = run(*span, "costs").stdout
    assert re.search(r"(?m)^change +\+\d+\.\d% from \$", text)
    assert re.search(r"(?m)^grew +busy \+\$\S+, new \+\$", text)
    assert re.search(r"(?m)^logs +n/a: not collected", text)


def test_where_the_range_before_was_not_collected_nothing_grew_or_fell(tmp_path: Path) -> None:
    db = used(tmp_path, "us-east-1")
    told = json.loads(run("--db", db, "--range", "mtd", "--at", str(T0 // 1000 + 60), "costs", "--json").stdout)
    assert told["growth"] == {"change": None, "now": None, "before": None, "not_compared": 1, "functions": []}

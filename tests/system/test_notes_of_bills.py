"""What a bill says of itself: how old its prices are, which book is in use, and what it leaves out."""

import asyncio
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lambdatui.screens.costs import CostsScreen
from lambdatui.widgets.fields import Fields
from lambdatui.widgets.notice import Notice
from pricing.inspection import days_too_old
from pricing.outside import OUTSIDE
from pricing.own_price import OwnTerms
from tests.screens.test_screens_and_flows import settle, small_app
from tests.support import small_store
from tests.support.command_line import run

FIGURES = ("cost-estimate", "--requests", "3M", "--duration-ms", "120", "--memory-mb", "1536")  # as of 2026-09-19
ISSUE = ("API Gateway", "NAT", "transfer", "X-Ray", "S3", "Step Functions", "credits", "tax", "support")


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_store.make(tmp_path_factory.mktemp("said") / "small.db")


@pytest.mark.parametrize(
    ("on", "days"), [("2026-12-18", None), ("2026-12-19", 91), ("2027-09-19", 365), ("2025-01-01", None)]
)
def test_prices_are_too_old_after_ninety_days(on: str, days: int | None) -> None:
    assert days_too_old("2026-09-19", date.fromisoformat(on)) == days
    assert days_too_old(None, date.fromisoformat(on)) is None


@pytest.mark.parametrize("form", [(), ("--markdown",), ("--explain",)])
def test_old_prices_are_said_on_the_bill(form: tuple[str, ...]) -> None:
    """By the command's own now: the 90th day is fine, the 91st is not."""
    fresh = run("--at", "2026-12-18T12:00:00Z", *FIGURES, *form)
    assert "days old" not in fresh.stdout
    old = run("--at", "2026-12-19T12:00:00Z", *FIGURES, *form)
    assert "Prices are of 2026-09-19, 91 days old" in old.stdout
    assert all(len(line) <= 80 for line in old.stdout.splitlines()) or form


def test_old_prices_are_a_field_of_json(db: Path) -> None:
    assert json.loads(run("--at", "2027-01-01T12:00:00Z", *FIGURES, "--json").stdout)["prices_too_old_days"] == 104
    assert json.loads(run("--at", "2026-10-01T12:00:00Z", *FIGURES, "--json").stdout)["prices_too_old_days"] is None
    ranged = ("--from", "2025-03-01", "--to", "2026-12-31", "--json", "--db", db)
    assert json.loads(run("costs", *ranged).stdout)["prices_too_old_days"] == 238  # Ireland's are of 2026-05-07
    assert "days old" not in run("costs", "--from", "2025-03-01", "--to", "2026-06-01", "--db", db).stdout
    assert "238 days old" in run("costs", *ranged[:4], "--db", db).stdout


def test_what_is_outside_a_figure_is_said_once(db: Path) -> None:
    text = run("costs", "--from", "2025-03-01", "--to", "2025-04-01", "--db", db).stdout
    for name in ISSUE:
        assert text.count(name) == 1, name
    for command in (("costs", "--range", "all", "--db", db), FIGURES):
        assert json.loads(run(*command, "--json").stdout)["outside"] == list(OUTSIDE)
    assert len(OUTSIDE) == len(ISSUE)
    assert all(any(name in one for one in OUTSIDE) for name in ISSUE)


def test_the_screen_says_that_other_prices_were_meant(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMBDATUI_PRICES", str(tmp_path / "none.json"))

    async def look() -> None:
        app = small_app(db)
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            assert "which is not there" in app.screen.query_one(Notice).message
            app.push_screen(CostsScreen(app.session))
            await settle(pilot)
            shown = app.screen.query_one("#bill", Fields).render().plain
            assert "not those meant: ! says why" in shown
            for name in ISSUE:
                assert shown.count(name) == 1, name
            assert [one.where for one in app.session.problems] == ["prices"]

    asyncio.run(look())


def test_the_screen_shows_your_price_and_holds_the_budget_by_it(db: Path) -> None:
    """$0.00001 within the free tier is nothing; a commitment of 1 USD an hour is March's 744."""

    async def look() -> None:
        app = small_app(db, own_terms=OwnTerms(commitment=Decimal(1)), thresholds={"budget_usd": 700.0})
        async with app.run_test(size=(140, 40)) as pilot:
            await settle(pilot)
            app.push_screen(CostsScreen(app.session))
            await settle(pilot)
            shown = app.screen.query_one("#bill", Fields).render().plain
            assert "month $744.00 (list price, a Savings Plan of 1 USD an hour)" in shown
            assert "$700.00, the projection is above it" in shown

    asyncio.run(look())

"""Cost Explorer is asked by RECORD_TYPE, once an account and UTC day; what it said is kept by kind of line."""

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.model.account import BilledDay
from collectors.model.units import DAY_MS, MINUTE_MS
from collectors.store.migration import migrate
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.views.reconcile import collected_actuals, reconciled
from lambdatui.views.time_range import TimeRange
from pricing.pricebook import PriceBook
from tests.support import small_store
from tests.support.aws import ACCOUNT
from tests.support.canned_logs import NOW, Logs, aws_with, collect, fleet, source
from tests.support.checkout_settings import keep_records
from tests.support.command_line import run
from tests.support.screens import header_of, press, settle, small_app
from tests.support.small_store import CHECKOUT, T0

pytestmark = pytest.mark.usefixtures("aws_isolated")

TODAY = T0 // DAY_MS * DAY_MS
EVER = (0, 1 << 60)


def amounts(cost: str, net: str, amortized: str, quantity: str) -> dict[str, Any]:
    named = {"UnblendedCost": cost, "NetUnblendedCost": net, "AmortizedCost": amortized, "UsageQuantity": quantity}
    return {name: {"Amount": amount, "Unit": "USD"} for name, amount in named.items()}


def asked_costs(questions: list[dict[str, Any]]) -> Any:
    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        questions.append(asked)
        groups = [
            {"Keys": ["Request", "Usage"], "Metrics": amounts("0.42", "0.40", "0.42", "2100000")},
            {"Keys": ["Request", "Credit"], "Metrics": amounts("-0.2", "-0.2", "-0.2", "0")},
        ]
        period = {"Start": "2025-03-31", "End": "2025-04-01"}
        return {"ResultsByTime": [{"TimePeriod": period, "Groups": groups, "Estimated": True}]}

    return answer


def test_an_account_is_asked_once_a_day_whatever_the_regions_and_rounds(tmp_path: Path) -> None:
    logs, questions = Logs(), list[dict[str, Any]]()
    names = fleet(logs)
    first, aws = aws_with(logs, names)
    second, other = aws_with(logs, names)
    for one in (aws, other):
        one.answers["ce:GetCostAndUsage"] = asked_costs(questions)
    db, features = tmp_path / "s.db", ("functions", "costs")
    done = collect(db, source(first, features=features), source(second, features=features))
    assert [one.failures for one in done] == [[], []]
    assert len(questions) == 1
    assert [one["Key"] for one in questions[0]["GroupBy"]] == ["USAGE_TYPE", "RECORD_TYPE"]
    assert {"UnblendedCost", "NetUnblendedCost", "AmortizedCost", "UsageQuantity"} == set(questions[0]["Metrics"])
    collect(db, source(first, now_ms=NOW + MINUTE_MS, features=features), now_ms=NOW + MINUTE_MS)
    assert len(questions) == 1
    tomorrow = NOW + DAY_MS
    collect(db, source(first, now_ms=tomorrow, features=features), now_ms=tomorrow)
    assert len(questions) == 2
    with Reader(db) as reader:
        days = account_rows.billed_days(reader, *EVER)
    told = [(day.account, day.record_type, day.amount, day.net_amount, day.amortized_amount) for day in days]
    assert told == [(ACCOUNT, "Credit", "-0.2", "-0.2", "-0.2"), (ACCOUNT, "Usage", "0.42", "0.40", "0.42")]


def test_a_failed_question_is_asked_again(tmp_path: Path) -> None:
    logs, questions = Logs(), list[dict[str, Any]]()
    session, aws = aws_with(logs, fleet(logs))

    def denied(_: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("no answer")

    aws.answers["ce:GetCostAndUsage"] = denied
    (failed,) = collect(tmp_path / "s.db", source(session, features=("functions", "costs")))
    assert any("what AWS billed" in failure for failure in failed.failures)
    aws.answers["ce:GetCostAndUsage"] = asked_costs(questions)
    collect(tmp_path / "s.db", source(session, features=("functions", "costs")))
    assert len(questions) == 1


def billed(record_type: str, amount: str, quantity: str, asked_ms: int | None, day_ms: int = TODAY) -> BilledDay:
    return BilledDay(
        CHECKOUT.account, day_ms, "AWS Lambda", "Request", amount, "USD", quantity, "", estimated=False,
        record_type=record_type, net_amount=amount, amortized_amount=amount, asked_ms=asked_ms,
    )  # fmt: skip


def test_a_later_answer_replaces_all_that_was_said_of_its_days(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "s.db")
    keep_records(db, billed("", "0.5", "6", None), billed("", "0.7", "7", None, TODAY - DAY_MS))
    keep_records(db, billed("Usage", "0.6", "6", 1), billed("Credit", "-0.1", "0", 1))
    keep_records(db, billed("Usage", "0.6", "6", 2))
    with Reader(db) as reader:
        found = account_rows.billed_days(reader, *EVER)
    assert [(one.day_ms, one.record_type, one.amount) for one in found] == [
        (TODAY - DAY_MS, "", "0.7"), (TODAY, "Usage", "0.6"),
    ]  # fmt: skip


def test_the_collected_bill_tells_credits_from_usage(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "s.db")
    keep_records(
        db, billed("Usage", "0.0000012", "6", 1), billed("Credit", "-0.0000012", "0", 1), billed("Tax", "1", "0", 1)
    )
    span = TimeRange(TODAY, TODAY + DAY_MS, "a day")
    with Reader(db) as reader:
        view = reconciled(reader, collected_actuals(reader, span), PriceBook.load(), free_tier=False)
    told = {row.dimension: (row.aws_amount, row.verdict) for row in view.rows if row.day and not row.region}
    assert told == {"credit": (Decimal("-0.0000012"), "credit"), "tax": (Decimal(1), "tax")}
    (usage,) = (row for row in view.rows if row.day and row.dimension == "requests" and row.region == "us-east-1")
    assert (usage.aws_amount, usage.reason) == (Decimal("0.0000012"), "agrees")
    assert view.rows[-1].dimension == "total"
    assert "credits: 1 line" in view.rows[-1].reason
    asked = ("--db", db, "--from", "2025-03-31", "--to", "2025-03-31", "costs", "reconcile", "--no-free-tier")
    text = run(*asked).stdout
    assert "paid $1.00" in text
    assert "tax: 1 line" in text


def test_an_older_stores_bill_is_kept() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, 3)
    old = ("1", TODAY, "AWS Lambda", "Request", "0.5", "USD", "6", "", 1)
    connection.execute("INSERT INTO billed_days VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", old)
    migrate(connection, 4)
    assert connection.execute("SELECT * FROM billed_days").fetchall() == [(*old, "", None, None, None)]


async def test_the_screen_shows_the_four_numbers_and_what_is_said(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "s.db")
    keep_records(db, billed("Usage", "0.0000012", "6", 1), billed("Credit", "-0.5", "0", 1))
    app = small_app(db)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "5", "dollar_sign", "B")
        assert "AWS -$0.50, list" in header_of(app)
        assert "list $0.0000012" in header_of(app)
        await press(pilot, "slash", *"total", "enter", "enter")
        assert isinstance(app.screen, DetailsScreen)
        assert "list $0.000001200, net $0.000001200" in app.screen.text
        assert "credits: 1 line, -$0.50" in app.screen.text

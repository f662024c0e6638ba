"""The shared exports of one known month, each told as its README says; skipped where they are not on this machine."""

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs
from tests.support.command_line import run
from tests.support.places import SHARED

BILLING = SHARED / "billing"
pytestmark = needs.file(BILLING)

# What was paid (README), and words that must stand among what is said.
EXPECTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "plain_cur1.csv": ("46.50", ("111111111111: agrees (31 days)",)),
    "ce_daily.json": ("46.50", ("agrees (31 days)",)),
    "sp_cur2.csv": ("40.92", ("usage agrees", "a Savings Plan covers it, 12% below list", "Savings Plan negation: 31")),
    "focus_sp.csv": ("40.92", ("usage agrees", "a Savings Plan covers it, 12% below list")),
    "edp_cur2.csv": ("41.85", ("usage agrees", "EDP discount 10%: 31 lines")),
    "credit_cur2.csv": ("4.99", ("usage agrees", "credits: 31 lines", "refunds: 1 line", "tax: 1 line")),
    "payer_cur2.csv": ("93.00", ("111111111111: agrees", "account 333333333333 was not collected")),
    "ce_monthly.json": ("46.50", ("agrees (1 month)",)),
    "ce_record.json": ("31.00", ("usage agrees (31 days)", "credits: 31 lines", "tax: 31 lines")),
    "ce_net.json": ("41.85", ("usage cannot be compared by dimension", "net is 10% below list")),
    "ce_console.csv": ("46.50", ("agrees (31 days)", "S3 is not Lambda's")),
    "cur_semicolon.csv": ("46.50", ("111111111111: agrees (31 days)",)),
    "focus_eur.csv": ("42.78", ("quantities agree; amounts are EUR and not compared with USD without a rate",)),
    "late_cur2.csv": ("49.50", ("2 of 31 days differ: more usage on AWS's bill", "2026-10-30 to 2026-10-31")),
}
SUMS = {
    "credit_cur2.csv": {"credit": "-46.50", "refund": "-5.00", "tax": "9.99"},
    "ce_record.json": {"credit": "-46.50", "tax": "31.00"},
    "edp_cur2.csv": {"edp_discount": "-4.65"},
    "payer_cur2.csv": {"not collected": "46.50"},
    "late_cur2.csv": {"more on AWS's bill": "3.00"},
}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("billing")
    log = shutil.copyfile(BILLING / "usage.runner.db", folder / "usage.runner.db")
    done = run("--db", folder / "s.db", "collect", "--source", log)
    assert done.exit_code == 0, done.output
    return folder / "s.db"


def told(db: Path, name: str, *more: str) -> dict[str, Any]:
    result = run("--db", db, "costs", "reconcile", BILLING / name, "--no-free-tier", "--json", *more)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def cents(amount: str | None) -> Decimal:
    assert amount is not None
    return Decimal(amount).quantize(Decimal("0.01"))


@pytest.mark.parametrize("name", EXPECTED)
def test_every_export_is_told_as_its_readme_says(db: Path, name: str) -> None:
    paid, words = EXPECTED[name]
    found = told(db, name)
    said = "\n".join(one["text"] for one in found["findings"])
    assert cents(found["amounts"]["paid"]) == Decimal(paid)
    for word in words:
        assert word in said
    assert "late data" not in said
    sums = {one["kind"]: one["amount"] for one in found["findings"]}
    assert {kind: str(cents(sums[kind])) for kind in SUMS.get(name, {})} == SUMS.get(name, {})
    (whole,) = (row for row in found["rows"] if row["dimension"] == "total")
    by_day = [row for row in found["rows"] if row["day"]]
    assert cents(str(sum(Decimal(row["aws_amount"] or 0) for row in by_day))) == cents(whole["aws_amount"])


def test_text_and_csv_say_the_same(db: Path) -> None:
    for name in ("sp_cur2.csv", "focus_sp.csv"):
        table = run("--db", db, "costs", "reconcile", BILLING / name, "--no-free-tier").stdout
        assert "list $46.50, net $46.50, effective $40.92, paid $40.92" in table
        assert "a Savings Plan covers it, 12% below list" in table
    csv = run("--db", db, "costs", "reconcile", BILLING / "edp_cur2.csv", "--no-free-tier", "--csv").stdout
    assert "EDP discount 10%" in csv.splitlines()[-1]


def test_a_savings_plan_is_told_in_the_same_figures_by_cur_and_focus(db: Path) -> None:
    one, other = (told(db, name)["amounts"] for name in ("sp_cur2.csv", "focus_sp.csv"))
    assert one == other


def test_euros_are_compared_with_a_rate(db: Path) -> None:
    found = told(db, "focus_eur.csv", "--per-usd", "0.92")
    assert any("agrees (31 days)" in one["text"] for one in found["findings"])
    assert cents(found["amounts"]["computed"]) == Decimal("42.78")


def test_months_are_summed_and_at_hides_what_is_later(db: Path) -> None:
    found = told(db, "plain_cur1.csv", "--by", "month")
    assert {row["day"] for row in found["rows"]} == {"2026-10", ""}
    half = run("--db", db, "--at", "2026-10-16", "costs", "reconcile", BILLING / "plain_cur1.csv", "--json")
    assert "later than the time of this view" in half.stdout
    assert {row["day"] for row in json.loads(half.stdout)["rows"] if row["day"] > "2026-10-16"} == set()

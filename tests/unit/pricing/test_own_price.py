"""Your price beside list price: discount, private rates, a Savings Plan commitment, credits; from options and file."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.units import MB_MS_PER_GB_SECOND
from lambdatui.settings.config_file import ConfigError
from lambdatui.settings.own_terms import configured
from pricing.bill import bill, totals_of
from pricing.list_price import list_prices
from pricing.own_price import OwnBook, OwnTerms, PrivateRate, own_price, settle
from pricing.pricebook import PriceBook
from pricing.usage import Usage
from tests.support.command_line import run

BOOK = PriceBook.load()
MONTH = Decimal(730)
# 2,000,000 requests and 1,000,000 GB-s: $0.40 + $16.6667 = $17.0667 at list price, before the free tier.
USED = Usage(function="f", region="us-east-1", arch="x86_64", requests=2_000_000, billed_ms=10**9,
             billed_mb_ms=10**6 * MB_MS_PER_GB_SECOND)  # fmt: skip
FIGURES = ("cost-estimate", "--requests", "2M", "--duration-ms", "500", "--memory-mb", "1024", "--no-free-tier")


def paid(terms: OwnTerms, *usages: Usage) -> dict[str, Decimal]:
    listed = bill(usages, BOOK, free_tier=False)
    own = bill(usages, OwnBook(BOOK, terms), free_tier=False)
    return own_price(terms, own, listed, BOOK, MONTH).totals


# Golden numbers, by hand
@pytest.mark.parametrize(
    ("terms", "total"),
    [
        (OwnTerms(), "17.0667"),
        (OwnTerms(Decimal("0.1")), "15.36003"),
        # 2,000,000 x 0.0000001 + 16.6667
        (OwnTerms(rates=(PrivateRate("requests", Decimal("0.0000001")),)), "16.8667"),
        # A private rate is not discounted again: 0.2 + 16.6667 x 0.9.
        (OwnTerms(Decimal("0.1"), (PrivateRate("requests", Decimal("0.0000001")),)), "15.20003"),
        # 0.01 x 730 = 7.30 pay for 7.30 / 0.88 of list price: 17.0667 - 8.295454545455 + 7.30.
        (OwnTerms(commitment=Decimal("0.01")), "16.071245454545"),
        # 0.03 x 730 = 21.90 are paid though 14.666696 would do: 0.40 + 21.90.
        (OwnTerms(commitment=Decimal("0.03")), "22.3"),
        (OwnTerms(credits=Decimal("10")), "7.0667"),
        (OwnTerms(credits=Decimal("200")), "0"),
        (OwnTerms(Decimal("0.1"), credits=Decimal("5")), "10.36003"),
    ],
)
def test_golden(terms: OwnTerms, total: str) -> None:
    assert paid(terms, USED)["USD"] == Decimal(total)


def test_what_a_commitment_leaves_unused_is_told() -> None:
    terms = OwnTerms(commitment=Decimal("0.03"))
    found = settle(terms, MONTH, Decimal("17.0667"), Decimal("16.6667"), Decimal("14.666696"))
    assert (found.commitment, found.unused, found.on_demand) == (Decimal("21.90"), Decimal("7.233304"), Decimal("0.4"))


def test_provisioned_concurrency_is_covered_and_requests_are_not() -> None:
    """1,000 GB-s configured and 100 that ran: (0.0041667 + 0.00097222) x 0.88 at plan rates, requests beside it."""
    usage = Usage(region="us-east-1", arch="x86_64", provisioned_mb_ms=1000 * MB_MS_PER_GB_SECOND, provisioned_requests=1000,
                  provisioned_billed_ms=100_000, provisioned_billed_mb_ms=100 * MB_MS_PER_GB_SECOND)  # fmt: skip
    found = paid(OwnTerms(commitment=Decimal("0.00001")), usage)  # 0.0073 are committed, 0.0045222 are used
    assert found["USD"] == Decimal("0.0073") + Decimal("0.0002")


def test_yuan_have_the_discount_and_nothing_of_what_is_in_dollars() -> None:
    china = Usage(region="cn-north-1", arch="x86_64", requests=1_000_000)
    found = paid(OwnTerms(Decimal("0.1"), commitment=Decimal(1), credits=Decimal(1000)), china)
    assert found == {"CNY": Decimal("1.36") * Decimal("0.9"), "USD": Decimal(0)}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"region": "eu-west-1", "arch": "arm64"}, "4"),
        ({"region": "eu-west-1"}, "3"),
        ({"arch": "arm64"}, "2"),
        ({}, "1"),
    ],
)
def test_the_most_particular_private_rate_is_taken(where: dict[str, str], expected: str) -> None:
    terms = OwnTerms(rates=(
        PrivateRate("duration", Decimal(1)), PrivateRate("duration", Decimal(2), arch="arm64"),
        PrivateRate("duration", Decimal(3), "eu-west-1"), PrivateRate("duration", Decimal(4), "eu-west-1", "arm64"),
    ))  # fmt: skip
    place = {"region": "us-east-1", "arch": "x86_64"} | where
    usage = Usage(billed_ms=1000, billed_mb_ms=MB_MS_PER_GB_SECOND, **place)  # type: ignore[arg-type]
    assert bill([usage], OwnBook(BOOK, terms), free_tier=False).total == Decimal(expected)


def test_what_has_no_public_price_may_have_a_private_one() -> None:
    usage = Usage(region="sa-east-1", metered=(("logs_standard", 10**9), ("logs_storage", 10**9 * 720)))
    assert len(bill([usage], BOOK, free_tier=False).unpriced) == 2
    terms = OwnTerms(rates=(PrivateRate("logs_standard", Decimal("0.7")), PrivateRate("logs_storage", Decimal("0.04"))))
    found = bill([usage], OwnBook(BOOK, terms), free_tier=False)
    assert (found.total, found.unpriced) == (Decimal("0.74"), ())


@given(
    st.integers(0, 10**8), st.integers(0, 10**7), st.sampled_from(["us-east-1", "eu-west-1", "us-gov-west-1"]),
    st.sampled_from(["x86_64", "arm64"]), st.integers(0, 100), st.integers(0, 10**12),
)  # fmt: skip
@settings(max_examples=60)
def test_a_discount_takes_its_part_of_every_bill(
    requests: int, gb_seconds: int, region: str, arch: str, per_cent: int, stored: int
) -> None:
    usage = Usage(region=region, arch=arch, requests=requests, billed_ms=gb_seconds * 1000,
                  billed_mb_ms=gb_seconds * MB_MS_PER_GB_SECOND, ephemeral_mb=1024, metered=(("streaming", stored),))  # fmt: skip
    less = OwnBook(BOOK, OwnTerms(Decimal(per_cent) / 100))
    whole, part = bill([usage], BOOK), bill([usage], less)
    assert [line.quantity for line in whole.lines] == [line.quantity for line in part.lines]
    for before, after in zip(whole.lines, part.lines, strict=True):
        if before.amount is not None and after.amount is not None:
            assert Fraction(after.amount) == Fraction(before.amount) * (100 - per_cent) / 100
    assert totals_of([usage], {0}, less) == (part.totals or None if part.unpriced and not part.totals else part.totals)
    assert list_prices([usage], less) == list_prices([usage], OwnBook(less, OwnTerms()))


@given(st.decimals(0, 1000, places=2), st.decimals(0, 10, places=3), st.integers(50, 99))
def test_a_plan_that_is_used_up_saves_and_an_unused_one_is_paid(used: Decimal, commitment: Decimal, rate: int) -> None:
    at_plan = used * rate / 100
    found = settle(OwnTerms(commitment=commitment), MONTH, used, used, at_plan)
    assert found.total >= found.commitment
    assert found.total >= at_plan - Decimal("1e-9")
    assert (found.total <= used + Decimal("1e-9")) == (found.unused <= used - at_plan + Decimal("1e-9"))


# Options
def test_list_and_yours_stand_side_by_side() -> None:
    shown = run(*FIGURES, "--discount", "10").stdout
    assert "list price  $17.07\nyour price  $15.36\n" in shown
    assert "Your price: list less 10%." in shown
    found = json.loads(run(*FIGURES, "--discount", "10%", "--json").stdout)
    assert (found["total"], found["basis_of_prices"]) == ("17.0667", "list price")
    yours = found["your_price"]
    assert (yours["basis"], yours["total"]) == ("list less 10%", "15.36003")
    assert [line["amount"] for line in yours["lines"]] == ["0.36", "15.00003"]
    assert {line["price"] for line in yours["lines"]} == {"list less 10%"}


@pytest.mark.parametrize(("given", "basis"), [("7.5", "7.5"), ("7.50%", "7.5"), ("100", "100"), ("0.5%", "0.5")])
def test_a_discount_is_said_as_it_was_given(given: str, basis: str) -> None:
    found = json.loads(run(*FIGURES, "--discount", given, "--json").stdout)["your_price"]
    assert found["basis"] == f"list less {basis}%"
    assert {line["price"] for line in found["lines"]} == {f"list less {basis}%"}


def test_gates_go_by_your_price_and_say_so() -> None:
    assert run(*FIGURES, "--fail-over", "16").exit_code == 4
    within = run(*FIGURES, "--fail-over", "16", "--discount", "10", "--json")
    assert within.exit_code == 0
    gate = json.loads(within.stdout)["gates"]["limit"]
    assert (gate["known"], gate["basis"]) == ("15.36003", "your price: list less 10%")
    over = run(*FIGURES, "--fail-over", "15", "--discount", "10")
    assert over.exit_code == 4
    assert "your price: list less 10%" in over.stderr
    assert "list price" in run(*FIGURES, "--fail-over", "15").stderr


def test_what_ifs_are_at_your_rates(db: Path) -> None:
    found = json.loads(run(*FIGURES, "--discount", "10", "--compare", "arm64", "--json").stdout)["compare"][0]
    listed = json.loads(run(*FIGURES, "--compare", "arm64", "--json").stdout)["compare"][0]
    for name in ("total", "difference"):
        assert Decimal(found[name]) == Decimal(listed[name]) * Decimal("0.9")
    assert (found["basis"], listed["basis"]) == ("your rates", "list price")
    assert "What-ifs are at your rates" in run(*FIGURES, "--discount", "10", "--compare", "arm64").stdout
    span = ("--from", "2025-03-31T10:00:00Z", "--to", "2025-03-31T11:00:00Z", "--no-free-tier", "--json", "--db", db)
    stored = ("cost-estimate", *span, "--compare", "memory=2048")
    yours = json.loads(run(*stored, "--discount", "10").stdout)["compare"][0]
    assert Decimal(yours["total"]) == Decimal(json.loads(run(*stored).stdout)["compare"][0]["total"]) * Decimal("0.9")


def test_a_commitment_and_credits_are_shown_as_what_they_are() -> None:
    shown = run(*FIGURES, "--commitment", "0.03", "--credits", "2").stdout
    assert "Savings Plan commitment, $7.23 of it unused" in shown
    assert "credits used" in shown
    assert "$20.30" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    found = json.loads(run(*FIGURES, "--credits", "2", "--json").stdout)
    assert "credits" not in found["outside"]
    assert found["your_price"]["total"] == "15.0667"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--discount", "110"), "100"),
        (("--discount", "-1"), "negative"),
        (("--private-rate", "requsts=1"), "did you mean requests"),
        (("--private-rate", "requests"), "write it like"),
        (("--private-rate", "requests=cheap"), "must be a number"),
        (("--private-rate", "requests=-1"), "0 or more"),
        (("--private-rate", "requests.arm64=1"), "leave out .arm64"),
        (("--private-rate", "duration.mips=1"), "no architecture"),
        (("--private-rate", "requests@eu-west-9=1"), "did you mean eu-west"),
        (("--commitment", "1", "--savings-plan", "0.5"), "give one of them"),
    ],
)
def test_terms_that_cannot_be(option: tuple[str, ...], said: str) -> None:
    result = run(*FIGURES, *option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


# The configuration
CONFIG = """
[pricing]
discount = 10
savings-plan = 0.5
credits = "20"
[pricing.rates]
requests = 0.0000001
duration.arm64 = "0.00001"
[pricing.rates.eu-west-1]
duration = 0.0000166667
"""


def test_the_file_says_the_same_as_the_options(tmp_path: Path, db: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[pricing]\ndiscount = 10\n")
    for command in (FIGURES, ("costs", "--no-free-tier", "--range", "all", "--db", db)):
        by_file = json.loads(run("--config", file, *command, "--json").stdout)["your_price"]
        by_option = json.loads(run(*command, "--discount", "10", "--json").stdout)["your_price"]
        assert by_file == by_option
    assert json.loads(run("--config", file, *FIGURES, "--discount", "50", "--json").stdout)["your_price"]["total"] == (
        "8.53335"
    )
    file.write_text(CONFIG)
    assert run("--config", file, "config", "check").exit_code == 0


def test_a_file_of_terms() -> None:
    import tomllib

    found = configured(tomllib.loads(CONFIG)["pricing"])
    assert found == OwnTerms(
        Decimal("0.1"),
        (
            PrivateRate("requests", Decimal("0.0000001")),
            PrivateRate("duration", Decimal("0.00001"), "", "arm64"),
            PrivateRate("duration", Decimal("0.0000166667"), "eu-west-1"),
        ),
        Decimal("0.5"),
        Decimal(20),
    )
    assert found.basis == "list less 10%, private rates, a Savings Plan of 0.5 USD an hour, credits of 20 USD"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"discuont": 1}, "discuont"),
        ({"discount": 101}, "0 to 100"),
        ({"discount": True}, "must be a number"),
        ({"credits": "many"}, "must be a number"),
        ({"savings_plan": float("nan")}, "0 or more"),
        ({"rates": 3}, "must be a table"),
        ({"rates": {"eu-west-9": {"requests": 1}}}, "did you mean"),
        ({"rates": {"requets": 1}}, "did you mean requests"),
        ({"rates": {"eu-west-1": {"requets": 1}}}, "did you mean requests"),
        ({"rates": {"requests": [1]}}, "must be a number"),
    ],
)
def test_bad_terms_name_their_key(table: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        configured(table)


# The store
def test_the_store_at_your_price(db: Path) -> None:
    span = ("--from", "2025-03-31T10:00:00Z", "--to", "2025-03-31T11:00:00Z", "--no-free-tier", "--json", "--db", db)
    ask: Callable[..., Any] = lambda *more: json.loads(run("costs", *span, *more).stdout)  # noqa: E731
    listed, tenth = ask(), ask("--discount", "10")
    assert Decimal(tenth["your_price"]["total"]) == Decimal(listed["total"]) * Decimal("0.9")
    ahead = Decimal(tenth["your_price"]["projection"]["p50"])
    assert abs(ahead - Decimal(listed["projection"]["p50"]) * Decimal("0.9")) < Decimal("1e-15")
    # An hour of a commitment of 2 USD, and March's 744 of them: the usage is far below both.
    plan = ask("--commitment", "2")["your_price"]
    requests = sum(Decimal(line["amount"]) for line in listed["lines"] if line["dimension"] == "requests")
    assert Decimal(plan["total"]) == 2 + requests
    assert plan["commitment"] == "2"
    assert 1488 < Decimal(plan["projection"]["p50"]) < Decimal("1488.01")
    part = ask("--commitment", "2", "--function", "checkout")["your_price"]
    assert (part["commitment"], part["basis"]) == (None, "list price")  # it is for all of them


def test_a_budget_of_the_store_goes_by_your_price(db: Path) -> None:
    span = ("--from", "2025-03-31T10:00:00Z", "--to", "2025-03-31T11:00:00Z", "--no-free-tier", "--db", db)
    for command in ("costs", "cost-estimate"):
        month = Decimal(json.loads(run(command, *span, "--json").stdout)["projection"]["p50"])
        limit = f"{month * Decimal('0.95'):f}"
        assert run(command, *span, "--budget", limit).exit_code == 4
        yours = run(command, *span, "--budget", limit, "--discount", "10")
        assert yours.exit_code == 0, yours.stderr
        assert "not passed this month" in yours.stdout
        assert "Your price: list less 10%." in yours.stdout

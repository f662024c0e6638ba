"""The bundled price book: complete, exact, dated, and honest about what it does not know."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from pricing.inspection import findings, old_regions
from pricing.pricebook import ARCHITECTURES, BUNDLED, PriceBook, PriceBookError, UnknownRegion
from tests.support import needs
from tests.support.places import SHARED

COLLECTED = SHARED / "pricing" / "lambda_prices.json"
BOOK = PriceBook.load()
needs_shared = needs.file(COLLECTED)


def test_every_region_has_a_date_a_source_and_exact_rates() -> None:
    assert len(BOOK.codes) == 38
    for code in BOOK.codes:
        prices = BOOK.region(code)
        assert prices.as_of >= "2025-01-01"
        assert prices.sources
        assert set(prices.sources) <= set(BOOK.sources)
        assert isinstance(prices.requests, Decimal)
        assert 0 < prices.requests < Decimal("0.000002")


def test_no_number_in_the_book_is_a_float() -> None:
    def refuse(text: str) -> float:
        raise AssertionError(f"{text} is a binary float")

    json.loads(BUNDLED.read_text(), parse_float=refuse)


@pytest.mark.parametrize("code", [code for code in BOOK.codes if not code.startswith("cn-")])
def test_both_architectures_have_three_falling_tiers(code: str) -> None:
    for arch in ARCHITECTURES:
        tiers = BOOK.region(code).durations[arch]
        rates = [tier.rate for tier in tiers]
        assert len(tiers) == 3
        assert rates == sorted(rates, reverse=True)
    assert [tier.above_gb_seconds for tier in BOOK.region(code).durations["arm64"]] == [
        0,
        7_500_000_000,
        18_750_000_000,
    ]
    assert [tier.above_gb_seconds for tier in BOOK.region(code).durations["x86_64"]] == [
        0,
        6_000_000_000,
        15_000_000_000,
    ]


def test_request_rates_are_not_those_of_lambda_at_edge() -> None:
    assert not [code for code in BOOK.codes if BOOK.region(code).requests == Decimal("0.0000006")]


def test_provisioned_concurrency_on_arm_is_looked_up_not_derived() -> None:
    gov = BOOK.region("us-gov-west-1").provisioned
    assert gov["arm64"].configured == Decimal("0.0000033334")
    assert gov["x86_64"].configured * Decimal("0.8") == Decimal("0.00000421832")


def test_china_has_its_own_currency_and_free_tier() -> None:
    beijing = BOOK.region("cn-north-1")
    assert (beijing.currency, beijing.partition.code) == ("CNY", "aws-cn")
    assert beijing.partition.free_tier is not None
    assert beijing.partition is not BOOK.region("us-east-1").partition


def test_what_has_no_public_price_is_none_with_a_reason() -> None:
    ningxia = BOOK.region("cn-northwest-1")
    assert "x86_64" not in ningxia.durations
    assert "Ningxia" in ningxia.why_not("duration", "x86_64")
    assert BOOK.region("us-gov-east-1").partition.free_tier is None


@pytest.mark.parametrize(
    ("code", "suggestion"), [("eu-west-9", "eu-west-1"), ("us-eats-1", "us-east-1"), ("US-EAST-2", "us-east-2")]
)
def test_an_unknown_region_suggests_the_nearest(code: str, suggestion: str) -> None:
    with pytest.raises(UnknownRegion) as caught:
        BOOK.region(code)
    assert caught.value.suggestion == suggestion
    assert suggestion in str(caught.value)


def test_a_sovereign_region_is_not_priced_rather_than_unknown() -> None:
    with pytest.raises(UnknownRegion, match="no public rates"):
        BOOK.region("eusc-de-east-1")


def test_the_book_is_as_old_as_its_oldest_region() -> None:
    assert BOOK.as_of == min(BOOK.region(code).as_of for code in BOOK.codes)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "regions": {}}'])
def test_a_broken_book_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(PriceBookError):
        PriceBook.load(path)


def test_a_region_that_lacks_a_rate_is_refused_by_name(tmp_path: Path) -> None:
    document = json.loads(BUNDLED.read_text())
    del document["regions"]["eu-west-1"]["requests"]
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(document))
    with pytest.raises(PriceBookError, match="eu-west-1"):
        PriceBook.load(path).region("eu-west-1")


def test_inspection_reports_gaps_and_odd_rates() -> None:
    found = findings(BOOK)
    assert any(one.kind == "gap" and one.region == "cn-northwest-1" for one in found)
    assert any(one.kind == "odd" and one.region == "us-gov-west-1" and "arm64" in one.what for one in found)
    assert not [one for one in found if one.region == "us-east-1"]


def test_inspection_finds_the_request_price_of_another_product(tmp_path: Path) -> None:
    document = json.loads(BUNDLED.read_text())
    document["regions"]["eu-west-2"]["requests"] = "0.0000006"
    assert any(one.region == "eu-west-2" and "requests" in one.what for one in findings(PriceBook(document)))


def test_old_prices_are_named() -> None:
    assert "us-east-1" not in old_regions(BOOK, "2026-11-23", days=90)
    assert "eu-west-1" in old_regions(BOOK, "2026-11-23", days=90)
    assert not old_regions(BOOK, "2026-05-08", days=90)


@needs_shared
def test_the_book_agrees_with_the_collected_prices() -> None:
    collected = json.loads(COLLECTED.read_text())["regions"]
    assert set(collected) <= set(BOOK.codes)
    for code, region in collected.items():
        prices = BOOK.region(code)
        assert prices.requests == Decimal(region["requests"]["price"])
        assert prices.ephemeral_storage == Decimal(region["ephemeral_storage"]["price"])
        for arch in ARCHITECTURES:
            rates = [Decimal(tier["price"]) for tier in region[f"duration_{arch}"]["tiers"]]
            assert [tier.rate for tier in prices.durations[arch]] == rates
            provisioned = region["provisioned_concurrency"][arch]
            assert prices.provisioned[arch].configured == Decimal(provisioned["configured"])
            assert prices.provisioned[arch].duration == Decimal(provisioned["duration"])

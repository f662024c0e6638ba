"""Bills against AWS's published arithmetic, against exactness, and against the traps others fell into."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.units import MB_MS_PER_GB_SECOND
from pricing.bill import Bill, bill, totals_of
from pricing.free_tier import share
from pricing.list_price import list_prices
from pricing.pricebook import PriceBook
from pricing.tiers import amounts
from pricing.usage import Usage, billed_gb_seconds, billed_ms_of, provisioned_mb_ms
from pricing.workload import Workload
from tests.support.work import calls

BOOK = PriceBook.load()
CENT = Decimal("0.01")
MILLION, BILLION = 10**6, 10**9


def cents(amount: Decimal | None) -> str:
    assert amount is not None
    return str(amount.quantize(CENT, ROUND_HALF_UP))


def by_dimension(found: Bill) -> dict[str, Decimal]:
    """Dimension (with its tier where one was crossed) to amount."""
    sums: dict[str, Decimal] = {}
    for line in found.lines:
        assert line.amount is not None
        name = f"{line.dimension}{line.tier}" if line.tier and line.tier > 1 else line.dimension
        sums[name] = sums.get(name, Decimal(0)) + line.amount
    return sums


def demand(requests: int, ms: int, memory_mb: int, **more: Any) -> Usage:
    billed = requests * ms
    basics = {"region": "us-east-1", "arch": "x86_64", "memory_mb": memory_mb}
    return Usage(requests=requests, billed_ms=billed, billed_mb_ms=billed * memory_mb, **{**basics, **more})


# Figures that AWS has published on its Lambda pricing page, unless said otherwise.
def test_published_three_million_requests_at_1536_mb() -> None:
    found = bill([demand(3 * MILLION, 120, 1536)], BOOK)
    assert {name: cents(amount) for name, amount in by_dimension(found).items()} == {
        "requests": "0.40",
        "duration": "2.33",
    }
    assert cents(found.total) == "2.73"


def test_published_telemetry_without_free_tier() -> None:
    found = bill([demand(7_440_000, 2000, 1024)], BOOK, free_tier=False)
    assert {name: cents(amount) for name, amount in by_dimension(found).items()} == {
        "requests": "1.49",
        "duration": "248.00",
    }
    assert cents(found.total) == "249.49"


def test_published_ephemeral_storage_is_not_weighted_by_memory() -> None:
    found = bill([demand(6 * MILLION, 280, 4096, ephemeral_mb=2048)], BOOK)
    (storage,) = (line for line in found.lines if line.dimension == "ephemeral_storage")
    assert storage.quantity == 2_520_000
    assert storage.free == 0
    assert {name: cents(amount) for name, amount in by_dimension(found).items()} == {
        "requests": "1.00",
        "duration": "105.33",
        "ephemeral_storage": "0.08",
    }
    assert cents(found.total) == "106.41"


def test_published_launch_on_provisioned_concurrency() -> None:
    launch = Workload(
        requests=3 * MILLION, duration_ms=Decimal(120), memory_mb=1536, provisioned=100, provisioned_hours=Decimal(8),
        provisioned_requests=500_000, provisioned_duration_ms=Decimal(100),
    )  # fmt: skip
    amounts_of = by_dimension(bill([launch.usage()], BOOK))
    assert cents(amounts_of["provisioned_concurrency"]) == "18.00"
    assert cents(amounts_of["provisioned_duration"]) == "0.73"
    assert cents(amounts_of["duration"]) == "0.83"
    assert cents(amounts_of["requests"] + amounts_of["provisioned_requests"]) == "0.40"


def test_published_sale_that_runs_on_provisioned_concurrency_alone() -> None:
    sale = Workload(
        requests=2 * MILLION, duration_ms=Decimal(280), memory_mb=4096, provisioned=7, provisioned_hours=Decimal(24)
    )
    found = bill([sale.usage()], BOOK)
    assert {name: cents(amount) for name, amount in by_dimension(found).items()} == {
        "provisioned_concurrency": "10.08",
        "provisioned_duration": "21.78",
        "provisioned_requests": "0.40",
    }
    assert found.free_tier[0].requests_used == 0
    assert cents(found.total) == "32.26"


def test_published_compute_and_requests_of_the_streaming_example() -> None:
    found = bill([demand(3 * MILLION, 500, 1536)], BOOK)
    assert {name: cents(amount) for name, amount in by_dimension(found).items()} == {
        "requests": "0.40",
        "duration": "30.83",
    }


def test_published_compute_and_requests_of_the_durable_example_on_arm() -> None:
    steps = Usage(
        region="us-east-1", arch="arm64", requests=2 * MILLION, billed_ms=32 * BILLION, billed_mb_ms=32 * BILLION * 1024
    )
    assert {name: cents(amount) for name, amount in by_dimension(bill([steps], BOOK)).items()} == {
        "requests": "0.20",
        "duration": "421.34",
    }


def test_published_queue_example_at_thirty_million_invocations() -> None:
    found = bill([demand(30 * MILLION, 1000, 1024)], BOOK, free_tier=False)
    assert {name: cents(amount) for name, amount in by_dimension(found).items()} == {
        "requests": "6.00",
        "duration": "500.00",
    }


def test_three_tiers_on_x86() -> None:
    found = bill([demand(15 * BILLION, 2048, 2048)], BOOK, free_tier=False)
    assert {name: cents(amount) for name, amount in by_dimension(found).items()} == {
        "requests": "3000.00",
        "duration": "100000.20",
        "duration2": "135000.00",
        "duration3": "619203.10",
    }


def test_three_tiers_on_arm_at_their_own_boundaries() -> None:
    found = bill([demand(18_250_000_000, 2048, 2048, arch="arm64")], BOOK, free_tier=False)
    lines = [line for line in found.lines if line.dimension == "duration"]
    assert [line.quantity for line in lines] == [7_500_000_000, 11_250_000_000, 56_002_000_000]
    assert [cents(line.amount) for line in lines] == ["100000.50", "135001.13", "597356.53"]


def test_init_is_billed_with_the_duration_and_rounded_up_once() -> None:
    assert billed_ms_of(Decimal("250.06"), Decimal("100.77")) == 351
    assert billed_ms_of(Decimal("250.06")) == 251


def test_provisioned_time_is_rounded_up_to_five_minutes() -> None:
    assert provisioned_mb_ms(2, 1024, 1) == 2 * 1024 * 300_000
    assert provisioned_mb_ms(2, 1024, 300_000) == 2 * 1024 * 300_000
    assert provisioned_mb_ms(2, 1024, 300_001) == 2 * 1024 * 600_000


def test_billed_gb_seconds_are_exact() -> None:
    assert billed_gb_seconds(1, 1) == Decimal(1) / Decimal(MB_MS_PER_GB_SECOND)
    assert billed_gb_seconds(1000, 1536) == Decimal("1.5")


# Traps
def test_provisioned_arm_in_govcloud_has_its_own_rate() -> None:
    usage = Usage(region="us-gov-west-1", arch="arm64", provisioned_mb_ms=MB_MS_PER_GB_SECOND * MILLION)
    assert bill([usage], BOOK).total == Decimal("3.3334")


def test_china_is_billed_in_yuan_with_a_free_tier_of_its_own() -> None:
    usages = [demand(1_500_000, 1, 128), demand(1_500_000, 1, 128, region="cn-north-1")]
    found = bill(usages, BOOK)
    assert found.totals == {"USD": Decimal("0.1"), "CNY": Decimal("0.68")}
    assert [(one.partition, one.requests_used) for one in found.free_tier] == [("aws", MILLION), ("aws-cn", MILLION)]
    with pytest.raises(ValueError, match="CNY and USD"):
        _ = found.total


def test_what_has_no_price_is_not_zero() -> None:
    found = bill([demand(2 * MILLION, 100, 1024, region="cn-northwest-1")], BOOK, free_tier=False)
    duration = next(line for line in found.lines if line.dimension == "duration")
    assert duration.amount is None
    assert duration.rate is None
    assert duration.quantity == 200_000
    assert "not priced" in duration.basis
    assert found.unpriced == (duration,)
    assert found.total == Decimal("2.72")


@pytest.mark.parametrize("region", ["eusc-de-east-1", "us-iso-east-1", "mars-north-1"])
def test_a_region_without_public_prices_makes_unpriced_lines(region: str) -> None:
    found = bill([demand(MILLION, 100, 1024, region=region)], BOOK)
    assert found.total is None
    assert found.prices_as_of is None
    assert [line.amount for line in found.lines] == [None, None]


def test_what_is_unknown_is_assumed_and_said() -> None:
    (line,) = bill([Usage(requests=5)], BOOK).lines
    assert (line.region, line.arch) == ("us-east-1", "x86_64")
    assert "assumed us-east-1" in line.basis
    assert "assumed x86_64" in line.basis


def test_no_free_tier_is_confirmed_for_govcloud() -> None:
    found = bill([demand(MILLION, 1, 128, region="us-gov-east-1")], BOOK)
    assert found.free_tier[0].requests is None
    assert found.lines[0].amount == Decimal("0.2")


def test_requests_and_gb_seconds_run_out_separately() -> None:
    found = bill([demand(20_000, 30_000, 128)], BOOK)
    assert found.total == 0
    assert (found.free_tier[0].requests_used, found.free_tier[0].gb_seconds_used) == (20_000, Decimal(75_000))


def test_one_free_tier_for_all_accounts_regions_and_architectures() -> None:
    usages = [
        demand(MILLION, 100, 1024, account="1", region="us-east-1"),
        demand(MILLION, 300, 1024, account="2", region="eu-west-1", arch="arm64"),
    ]
    found = bill(usages, BOOK)
    duration = [line for line in found.lines if line.dimension == "duration"]
    assert [line.free for line in duration] == [100_000, 300_000]
    assert [line.free for line in found.lines if line.dimension == "requests"] == [500_000, 500_000]
    assert "free tier allocated pro rata" in found.lines[0].basis
    assert "pro rata" not in duration[0].basis  # all of it was free: nothing had to be allocated


def test_tiers_count_per_region_and_architecture_over_all_accounts() -> None:
    half = demand(5 * BILLION, 1000, 1024)  # 5 billion GB-s: two of them cross the first boundary together
    together = bill([half, half], BOOK, free_tier=False)
    assert {line.tier for line in together.lines} == {None, 1, 2}
    assert bill([half, replace(half, account="2")], BOOK, free_tier=False).total == together.total
    changes: tuple[dict[str, Any], ...] = ({"region": "eu-west-1"}, {"arch": "arm64"})
    for change in changes:
        apart = bill([half, replace(half, **change)], BOOK, free_tier=False)
        assert {line.tier for line in apart.lines} == {None, 1}
    first = [line for line in together.lines if line.dimension == "duration" and line.usage == 0]
    assert [line.quantity for line in first] == [3 * BILLION, 2 * BILLION]


def test_two_accounts_of_an_organization_reach_the_second_tier_together() -> None:
    """7,999,600,000 billable GB-s: 6,000,000,000 x 0.0000166667 + 1,999,600,000 x 0.000015 = 100,000.20 + 29,994."""
    two = [Usage(function=name, account=name, region="us-east-1", arch="x86_64", billed_ms=4 * BILLION * 1000,
                 billed_mb_ms=4 * BILLION * MB_MS_PER_GB_SECOND) for name in ("1", "2")]  # fmt: skip
    month = Decimal("129994.20")
    assert bill(two, BOOK).total == month
    assert totals_of(two, {0, 1}, BOOK) == {"USD": month}
    halves = [totals_of(two, {at}, BOOK) for at in (0, 1)]
    assert halves == [{"USD": month / 2}, {"USD": month / 2}]
    assert sum(bill(two, BOOK).by_function().values()) == month
    # Before the free tier: 6,000,000,000 x 0.0000166667 + 2,000,000,000 x 0.000015, each its half.
    assert list_prices(two, BOOK) == [Decimal("65000.10"), Decimal("65000.10")]
    apart = [two[0], replace(two[1], region="us-west-2")]
    assert list_prices(apart, BOOK) == [4 * BILLION * Decimal("0.0000166667")] * 2


def test_a_formula_is_its_lines_arithmetic() -> None:
    line = bill([demand(3 * MILLION, 120, 1536)], BOOK).lines[1]
    assert line.formula == "(540000 - 400000) GB-s x 0.0000166667"


def test_usage_is_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        Usage(requests=-1)


def test_five_hundred_functions_are_billed_at_once() -> None:
    """Four times the functions are four times the work, of some 40 calls each: 5 ms in all (benchmarks/)."""

    def billing(count: int) -> int:
        usages = [demand(1000 + i, 100, 512, function=f"f{i}", region=BOOK.codes[i % 36]) for i in range(count)]
        return calls(lambda: bill(usages, BOOK))

    assert billing(500) < 4.5 * billing(125)


# Properties
usages_of_a_month = st.lists(
    st.builds(
        Usage,
        function=st.sampled_from(["a", "b", "c", "d"]),
        account=st.sampled_from(["", "1"]),
        region=st.sampled_from(["", "us-east-1", "eu-central-2", "us-gov-west-1"]),
        arch=st.sampled_from([None, "x86_64", "arm64"]),
        requests=st.integers(0, 10**10),
        billed_ms=st.integers(0, 10**13),
        billed_mb_ms=st.integers(0, 10**17),
        ephemeral_mb=st.one_of(st.none(), st.integers(512, 10_240)),
        provisioned_mb_ms=st.integers(0, 10**14),
        provisioned_requests=st.integers(0, 10**8),
        provisioned_billed_mb_ms=st.integers(0, 10**14),
    ),
    max_size=8,
)


def exact(amounts_: Iterable[Decimal | None]) -> Fraction:
    return sum((Fraction(amount) for amount in amounts_ if amount is not None), Fraction(0))


@given(usages_of_a_month, st.booleans())
def test_functions_sum_to_the_total_to_the_last_digit(usages: list[Usage], free_tier: bool) -> None:
    found = bill(usages, BOOK, free_tier=free_tier)
    total = found.total
    assert total is not None
    assert exact(line.amount for line in found.lines) == Fraction(total)
    assert exact(found.by_function().values()) == Fraction(total)
    for line in found.lines:
        assert line.rate is not None
        assert line.amount is not None
        assert line.quantity == line.free + line.billable
        assert Fraction(line.amount) == Fraction(line.billable) * Fraction(line.rate)


@given(usages_of_a_month, st.booleans())
def test_no_quantity_is_lost_on_the_way_to_the_lines(usages: list[Usage], free_tier: bool) -> None:
    found = bill(usages, BOOK, free_tier=free_tier)
    used = exact(line.quantity for line in found.lines if line.dimension == "duration")
    assert used == Fraction(sum(usage.billed_mb_ms for usage in usages), MB_MS_PER_GB_SECOND)
    asked = exact(line.quantity for line in found.lines if line.dimension == "requests")
    assert asked == sum(usage.requests for usage in usages)


@given(usages_of_a_month)
def test_the_free_tier_is_never_more_than_was_used_or_allowed(usages: list[Usage]) -> None:
    found = bill(usages, BOOK)
    for use in found.free_tier:
        assert use.requests_used <= (use.requests or 0)
        assert use.gb_seconds_used <= (use.gb_seconds or 0)
    assert all(0 <= line.free <= line.quantity for line in found.lines)
    free = sum(one.requests_used for one in found.free_tier)
    assert exact(line.free for line in found.lines if line.dimension == "requests") == free


@given(st.integers(0, 10**17), st.integers(0, 10**15), st.sampled_from(["x86_64", "arm64"]), st.booleans())
def test_more_usage_never_costs_less(mb_ms: int, more: int, arch: str, free_tier: bool) -> None:
    def cost(used: int) -> Decimal:
        total = bill([Usage(region="eu-south-1", arch=arch, billed_mb_ms=used)], BOOK, free_tier=free_tier).total
        assert total is not None
        return total

    assert cost(mb_ms) <= cost(mb_ms + more)


@given(usages_of_a_month)
def test_the_free_tier_never_makes_a_bill_dearer(usages: list[Usage]) -> None:
    with_it, without = bill(usages, BOOK).total, bill(usages, BOOK, free_tier=False).total
    assert with_it is not None
    assert without is not None
    assert with_it <= without


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
@pytest.mark.parametrize("boundary", [1, 2])
def test_the_price_is_continuous_at_a_tiers_boundary(arch: str, boundary: int) -> None:
    at = BOOK.region("us-east-1").durations[arch][boundary].above_gb_seconds * MB_MS_PER_GB_SECOND
    totals = [
        bill([Usage(region="us-east-1", arch=arch, billed_mb_ms=at + step)], BOOK, free_tier=False).total
        for step in (-1, 0, 1)
    ]
    assert totals[0] is not None
    assert totals[2] is not None
    assert totals[0] < totals[2]
    assert totals[2] - totals[0] < Decimal("0.0000000001")


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20), st.data())
def test_shares_are_whole_complete_and_never_too_large(weights: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(weights)))
    shares = share(amount, weights)
    assert sum(shares) == (amount if sum(weights) else 0)
    assert all(0 <= part <= weight for part, weight in zip(shares, weights, strict=True))


@given(st.integers(0, 10**18))
def test_tier_amounts_sum_to_the_whole(mb_ms: int) -> None:
    assert sum(amounts(mb_ms, BOOK.region("us-east-1").durations["x86_64"])) == mb_ms

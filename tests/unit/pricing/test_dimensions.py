"""Every other billed dimension: its rules, its tiers, and that nothing of it is lost or free by mistake."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.units import HOUR_MS, HOUR_S, MB_MS_PER_GB_SECOND, MINUTE_MS
from pricing.bill import Bill, bill, totals_of
from pricing.dimensions import (
    DIMENSIONS,
    async_chunks,
    poller_seconds,
    rate_of,
    snapstart_cache_mb_ms,
    streamed_beyond_free,
)
from pricing.list_price import list_prices
from pricing.pricebook import PriceBook
from pricing.usage import Usage
from pricing.workload import Workload

BOOK = PriceBook.load()
KB, MB, GB, GIB, HOUR_MS = 1024, 1024**2, 10**9, 2**30, HOUR_MS


def one_line(name: str, amount: int, region: str = "us-east-1", **more: str) -> Bill:
    return bill([Usage(region=region, metered=((name, amount),), **more)], BOOK, free_tier=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "chunks"), [(0, 0), (256 * KB, 0), (256 * KB + 1, 1), (320 * KB, 1), (320 * KB + 1, 2), (1024 * KB, 12)]
)
def test_a_large_event_is_more_than_one_request(size: int, chunks: int) -> None:
    assert async_chunks(size) == chunks


def test_chunks_are_requests_and_draw_on_the_free_tier() -> None:
    found = bill([Usage(region="us-east-1", requests=900_000, event_chunks=300_000)], BOOK)
    assert (found.lines[0].quantity, found.lines[0].free) == (1_200_000, 1_000_000)
    assert found.total == Decimal("0.04")


def test_chunks_of_events_on_provisioned_concurrency_are_requests_without_a_free_tier() -> None:
    """10 of 30 events run on it, each of 384 KB: three requests each, and as many on demand."""
    month = Workload(requests=30, duration_ms=Decimal(100), event_kb=384, provisioned=1, provisioned_requests=10)
    usage = month.usage()
    assert (usage.event_chunks, usage.provisioned_requests) == (40, 30)
    quantities = {line.dimension: (line.quantity, line.free) for line in bill([usage], BOOK).lines}
    assert quantities["requests"] == (60, 60)
    assert quantities["provisioned_requests"] == (30, 0)
    every = bill([usage], BOOK, free_tier=False)
    assert list_prices([usage], BOOK) == [every.total]
    assert totals_of([usage], {0}, BOOK, free_tier=False) == every.totals


def test_storage_is_of_what_runs_on_demand_in_every_place() -> None:
    """20 of 30 calls of 100 ms with 1,024 MB: (1,024 - 512) / 1,024 x 2 s. AWS's calculator counts so too."""
    month = Workload(requests=30, duration_ms=Decimal(100), ephemeral_mb=1024, provisioned=1, provisioned_requests=10)
    usage = month.usage()
    every = bill([usage], BOOK, free_tier=False)
    assert [line.quantity for line in every.lines if line.dimension == "ephemeral_storage"] == [1]
    assert list_prices([usage], BOOK) == [every.total]
    assert totals_of([usage], {0}, BOOK, free_tier=False) == every.totals


def test_what_is_free_of_logs_and_was_not_ingested_is_left_for_storage() -> None:
    """5 GB a month for both: 2 GB are ingested, so 3 of 10 GB-months are free. 7 x 0.03."""
    usage = Usage(region="us-east-1", metered=(("logs_standard", 2 * GB), ("logs_storage", 10 * GB * 720)))
    found = bill([usage], BOOK)
    assert found.total == Decimal("0.21")
    assert (found.free_tier[0].log_used, found.free_tier[0].log_bytes) == (5 * GB, 5 * GB)
    full = replace(usage, metered=(("logs_standard", 6 * GB), ("logs_storage", 10 * GB * 720)))
    assert bill([full], BOOK).total == Decimal("0.5") + Decimal("0.3")
    assert bill([usage], BOOK, free_tier=False).total == 1 + Decimal("0.3")


@pytest.mark.parametrize("region", BOOK.codes)
def test_logs_of_every_region_are_priced_or_say_that_they_are_not(region: str) -> None:
    """Storage and classes too: the rate of one region never stands in for another's."""
    for name in ("logs_standard", "logs_infrequent_access", "logs_delivery", "logs_storage"):
        (line,) = bill([Usage(region=region, metered=((name, GB * 720),))], BOOK, free_tier=False).lines
        known = {"logs_standard": {"us-east-1": "360", "eu-west-1": "410.4", "eu-central-1": "453.6",
                                   "ap-northeast-1": "547.2"}}.get(name, {"us-east-1": "180"})  # fmt: skip
        expected = "0.03" if name == "logs_storage" and region == "us-east-1" else known.get(region)
        assert line.amount == (None if expected is None else Decimal(expected))
        assert ("not priced: no logs" in line.basis) == (line.amount is None)


def test_the_first_six_mb_of_a_response_and_the_first_100_gib_are_free() -> None:
    assert (streamed_beyond_free(6 * MB), streamed_beyond_free(6 * MB + 5)) == (0, 5)
    found = bill([Usage(region="us-east-1", metered=(("streaming", 150 * GIB),))], BOOK)
    assert found.total == 50 * Decimal("0.008")
    assert (found.free_tier[0].streamed_used, found.free_tier[0].streamed_bytes) == (100 * GIB, 100 * GIB)


def test_a_snapshot_is_kept_three_hours_at_least_and_free_for_java() -> None:
    assert snapstart_cache_mb_ms(1024, 1) == 1024 * 3 * HOUR_MS
    assert snapstart_cache_mb_ms(1024, 4 * HOUR_MS) == 1024 * 4 * HOUR_MS
    assert snapstart_cache_mb_ms(1024, 4 * HOUR_MS, java=True) == 0


def test_pollers_run_a_minute_at_least() -> None:
    assert poller_seconds(2, 1) == 120
    assert poller_seconds(2, 61_001) == 124
    assert poller_seconds(0, 100) == 0
    assert one_line("sqs_pollers", HOUR_S).total == Decimal("0.00925")


def test_neither_free_tier_nor_tiers_for_lambda_at_edge() -> None:
    found = bill(
        [Usage(region="us-east-1", metered=(("edge_requests", 10**6), ("edge_duration", MB_MS_PER_GB_SECOND * 10**6)))],
        BOOK,
    )
    assert found.total == Decimal("0.6") + Decimal("50.01")
    assert found.free_tier[0].requests_used == 0


def test_tenant_environments_have_a_price_for_each_architecture() -> None:
    assert one_line("tenant_isolation", 1024 * 10**6).total == Decimal("166.667")
    assert one_line("tenant_isolation", 1024 * 10**6, arch="arm64").total == Decimal("133.333")


def test_managed_instances_pay_ec2_and_a_fee_on_its_on_demand_price() -> None:
    usage = Usage(region="us-east-1", instance_seconds=7200, instance_rate=Decimal("0.10"))
    assert [line.amount for line in bill([usage], BOOK).lines] == [Decimal("0.2"), Decimal("0.03")]
    saved = replace(usage, instance_paid_rate=Decimal("0.04"))
    assert [line.amount for line in bill([saved], BOOK).lines] == [Decimal("0.08"), Decimal("0.03")]
    unknown = bill([replace(usage, instance_rate=None)], BOOK)
    assert unknown.total is None
    assert "not given" in unknown.lines[0].basis


def test_log_tiers_count_for_an_account_and_region_and_class_together() -> None:
    half = Usage(region="us-east-1", metered=(("logs_standard", 7_500 * GB),))
    together = bill([half, half], BOOK, free_tier=False)
    assert together.total == 10_000 * Decimal("0.5") + 5_000 * Decimal("0.25")
    apart = bill([half, replace(half, account="2")], BOOK, free_tier=False)
    assert apart.total == 15_000 * Decimal("0.5")
    free = bill([replace(half, metered=(("logs_standard", 6 * GB),))], BOOK)
    assert free.total == Decimal("0.5")
    assert one_line("logs_infrequent_access", MINUTE_MS * GB).total == 2500 + 3000 + 1500 + 500


def test_a_log_tier_without_a_known_rate_is_not_priced() -> None:
    found = one_line("logs_standard", 12_000 * GB, "eu-west-1")
    assert [(line.tier, line.amount) for line in found.lines] == [(1, Decimal(5700)), (2, None)]
    assert one_line("logs_standard", GB, "sa-east-1").total is None


@pytest.mark.parametrize(
    ("name", "region"),
    [("microvm_vcpu", "eu-west-1"), ("snapstart_cache", "us-gov-west-1"), ("sqs_pollers", "us-gov-west-1"),
     ("durable_written", "cn-north-1"), ("edge_requests", "cn-north-1")],
)  # fmt: skip
def test_what_has_no_public_rate_is_not_priced_and_says_why(name: str, region: str) -> None:
    (line,) = one_line(name, 10**9, region).lines
    assert line.amount is None
    assert "not priced" in line.basis


def test_an_unknown_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="no billed dimension"):
        Usage(metered=(("gpu_seconds", 1),))


def test_a_savings_plan_lowers_duration_and_provisioned_concurrency_only() -> None:
    usage = Usage(region="us-east-1", arch="x86_64", requests=10**6, billed_mb_ms=MB_MS_PER_GB_SECOND * 10**6,
                  provisioned_mb_ms=MB_MS_PER_GB_SECOND * 10**6)  # fmt: skip
    full, saved = bill([usage], BOOK, free_tier=False), bill([usage], BOOK, free_tier=False, savings_plan=Decimal(1))
    assert full.total is not None
    assert saved.total == Decimal("0.2") + (full.total - Decimal("0.2")) * Decimal("0.88")
    assert all("Savings Plan" in line.basis for line in saved.lines if line.dimension != "requests")
    taipei = bill([replace(usage, region="ap-east-2")], BOOK, free_tier=False, savings_plan=Decimal(1))
    assert any("no Savings Plan rate known" in line.basis for line in taipei.lines)


def test_every_dimension_has_a_rate_in_virginia() -> None:
    prices = BOOK.region("us-east-1")
    for dimension in DIMENSIONS.values():
        if dimension.id not in ("logs_standard", "logs_infrequent_access", "logs_delivery"):
            assert rate_of(dimension, prices, "arm64"), dimension.id


# Properties
_PRICED = [name for name in DIMENSIONS if not name.startswith("microvm")]
months = st.lists(
    st.builds(
        Usage,
        function=st.sampled_from(["a", "b", "c"]),
        account=st.sampled_from(["1", "2"]),
        region=st.just("us-east-1"),
        arch=st.sampled_from(["x86_64", "arm64"]),
        requests=st.integers(0, 10**9),
        billed_mb_ms=st.integers(0, 10**16),
        event_chunks=st.integers(0, 10**6),
        metered=st.dictionaries(st.sampled_from(_PRICED), st.integers(0, 10**17), max_size=6).map(
            lambda found: tuple(found.items())
        ),
        instance_seconds=st.integers(0, 10**6),
        instance_rate=st.just(Decimal("0.1632")),
    ),
    max_size=6,
)


@given(months, st.booleans(), st.sampled_from(["0", "0.37", "1"]))
@settings(max_examples=80)
def test_attribution_is_exact_in_every_dimension(usages: list[Usage], free_tier: bool, plan: str) -> None:
    found = bill(usages, BOOK, free_tier=free_tier, savings_plan=Decimal(plan))
    assert found.total is not None
    assert sum((Fraction(amount) for amount in found.by_function().values()), Fraction(0)) == Fraction(found.total)
    parts = [found.of({at}).total for at in range(len(usages))]
    assert sum((Fraction(part) for part in parts if part), Fraction(0)) == Fraction(found.total)
    for line in found.lines:
        assert line.amount is not None
        assert line.rate is not None
        assert line.amount >= 0
        assert Fraction(line.quantity) == Fraction(line.free) + Fraction(line.billable)
        assert Fraction(line.amount) == Fraction(line.billable) * Fraction(line.rate)


@given(months, st.integers(0, 5), st.sampled_from(_PRICED), st.integers(0, 10**15))
@settings(max_examples=80)
def test_a_bill_grows_with_every_dimension(usages: list[Usage], which: int, name: str, more: int) -> None:
    if not usages:
        return
    at = which % len(usages)
    amounts = dict(usages[at].metered)
    grown = replace(usages[at], metered=tuple((amounts | {name: amounts.get(name, 0) + more}).items()))
    before, after = bill(usages, BOOK).total, bill([*usages[:at], grown, *usages[at + 1 :]], BOOK).total
    assert before is not None
    assert after is not None
    assert before <= after


@given(months)
@settings(max_examples=60)
def test_splitting_a_usage_in_two_costs_the_same(usages: list[Usage]) -> None:
    """Half and half of each usage, such as two halves of a month, are one usage. Hours are rounded at 1e-12."""
    halves = []
    for one in usages:
        first = replace(
            one, requests=one.requests // 3, billed_mb_ms=one.billed_mb_ms // 3, event_chunks=one.event_chunks // 3,
            metered=tuple((name, amount // 3) for name, amount in one.metered), instance_seconds=0,
        )  # fmt: skip
        rest = tuple((name, amount - amount // 3) for name, amount in one.metered)
        second = replace(
            one, requests=one.requests - first.requests, billed_mb_ms=one.billed_mb_ms - first.billed_mb_ms,
            event_chunks=one.event_chunks - first.event_chunks, metered=rest,
        )  # fmt: skip
        halves += [first, second]
    whole, split = bill(usages, BOOK, free_tier=False).total, bill(halves, BOOK, free_tier=False).total
    assert whole is not None
    assert split is not None
    assert abs(whole - split) <= Decimal("1e-10")

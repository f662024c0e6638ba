"""What would be cheaper: each change's dollars are the difference of two bills, and its words have its figures."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.units import HOUR_MS, HOUR_S, MB_MS_PER_GB_SECOND
from pricing.bill import bill
from pricing.pricebook import PriceBook
from pricing.recommendations import (
    FunctionMonth,
    Measured,
    SuggestedChange,
    provisioned_break_even,
    recommendations,
)
from pricing.usage import EXACT, Usage
from tests.support import command_line
from tests.support.printed_statements import T0, Event, imported, report, request_id, start

BOOK = PriceBook.load()
MONTH_MS = 730 * HOUR_MS


def month(**more: Any) -> FunctionMonth:
    """Ten million requests of 200 ms at 1,024 MB."""
    billed_ms = 10**7 * 200
    usage = Usage(function="f", region="us-east-1", arch="x86_64", requests=10**7, billed_ms=billed_ms,
                  billed_mb_ms=billed_ms * 1024)  # fmt: skip
    return FunctionMonth(**{"usage": usage, "memory_mb": 1024, "duration_ms": 200.0, "runtime": "python3.13", **more})


def named(one: FunctionMonth, words: str) -> SuggestedChange | None:
    return next((saving for saving in recommendations(one, BOOK) if words in saving.change), None)


def found(one: FunctionMonth, words: str) -> SuggestedChange:
    saving = named(one, words)
    assert saving is not None, [saving.change for saving in recommendations(one, BOOK)]
    return saving


def test_arm64_is_a_range_and_its_lower_end_is_claimed() -> None:
    one = found(month(), "arm64")
    usage = month().usage
    assert one.now == bill([usage], BOOK, free_tier=False).total
    assert one.middle == 2_000_000 * (Decimal("0.0000166667") - Decimal("0.0000133334"))
    # 2,000,000 GB-s at 1.1775 times the duration: what was measured at worst saves 5.8%
    assert one.saves == one.low == 2_000_000 * (Decimal("0.0000166667") - Decimal("0.0000133334") * Decimal("1.1775"))
    assert one.high == 2_000_000 * (Decimal("0.0000166667") - Decimal("0.0000133334") * Decimal("0.93"))
    assert one.then == one.now - one.low
    assert named(month(usage=replace(usage, arch="arm64")), "arm64") is None


def test_arm64_is_not_proposed_where_it_cannot_be_told() -> None:
    assert named(month(usage=replace(month().usage, arch=None)), "arm64") is None
    assert named(month(runtime="go1.x"), "arm64") is None
    for one in (found(month(layers=True), "arm64"), found(month(runtime=None), "arm64")):
        assert (one.saves, one.then, one.middle) == (None, None, None)
        assert one.unknown


def test_memory_claims_nothing_where_the_range_of_durations_is_wide() -> None:
    one = found(month(max_memory_mb=300), "MB instead of")
    assert one.change == "384 MB instead of 1024"  # 300 x 1.25 = 375, up to the next 64
    assert one.saves is None
    assert one.low is not None
    assert one.high is not None
    assert one.low < 0 < one.high
    assert named(month(max_memory_mb=900), "MB instead of") is None


def test_memory_of_short_calls_is_a_saving() -> None:
    """A call of 1 ms is within the quota of 256 MB: it is not slower."""
    usage = Usage(function="f", region="us-east-1", arch="x86_64", requests=10**9, billed_ms=2 * 10**9,
                  billed_mb_ms=2 * 10**9 * 1024)  # fmt: skip
    one = found(month(usage=usage, duration_ms=1.5, max_memory_mb=150), "MB instead of")
    assert one.memory_mb == 192
    assert one.saves is not None
    assert one.saves > 0
    requests = 10**9 * Decimal("0.0000002")
    assert one.then is not None
    assert one.then > requests  # requests are not scaled with memory


def test_its_own_history_says_more_than_a_curve() -> None:
    own = Measured(512, 1.0, 1.05, 1.1, "its own 900 calls at 512 MB")
    one = found(month(max_memory_mb=300, measured=(own,)), "512 MB instead")
    assert one.slower == (1.0, 1.05, 1.1)
    # half the memory for at most 1.1 times as long
    assert one.saves == Decimal("0.0000166667") * (2_000_000 - 1_100_000)
    assert one.high == Decimal("0.0000166667") * 1_000_000
    assert "its own 900 calls" in one.arithmetic


def test_more_memory_where_it_costs_no_more_and_is_faster() -> None:
    own = Measured(2048, 0.40, 0.42, 0.45, "its own 900 calls at 2048 MB")
    one = found(month(max_memory_mb=900, measured=(own,)), "2048 MB instead of 1024")
    assert one.saves == Decimal("0.0000166667") * (2_000_000 - 1_800_000)
    even = Measured(2048, 0.48, 0.49, 0.5, "its own 900 calls at 2048 MB")
    assert found(month(max_memory_mb=900, measured=(even,)), "2048 MB").low == 0
    dear = Measured(2048, 0.48, 0.6, 0.7, "its own 900 calls at 2048 MB")
    assert named(month(max_memory_mb=900, measured=(dear,)), "2048 MB") is None


def test_memory_is_never_below_what_was_used_with_a_margin() -> None:
    own = Measured(256, 0.5, 0.5, 0.5, "its own 900 calls at 256 MB")
    one = named(month(max_memory_mb=300, measured=(own,)), "MB instead")
    assert one is None or (one.memory_mb or 0) >= 384


def test_provisioned_concurrency_breaks_even_at_sixty_per_cent() -> None:
    prices = BOOK.region("us-east-1")
    even = provisioned_break_even(prices, "x86_64")
    assert even == Decimal("0.6000")
    rates, tier = prices.provisioned["x86_64"], prices.durations["x86_64"][0]
    assert abs(rates.configured + rates.duration * even - tier.rate * even) < Decimal("1e-9")
    assert provisioned_break_even(BOOK.region("cn-north-1"), "x86_64") is None


@pytest.mark.parametrize(("busy", "advised"), [("0", True), ("0.5", True), ("0.59", True), ("0.61", False)])
def test_provisioned_concurrency_off_below_its_break_even(busy: str, advised: bool) -> None:
    stands = 2 * 1024 * MONTH_MS
    works = int(stands * Decimal(busy))
    usage = Usage(function="f", region="us-east-1", arch="x86_64", provisioned_mb_ms=stands,
                  provisioned_billed_mb_ms=works, provisioned_billed_ms=works // 1024)  # fmt: skip
    one = named(month(usage=usage), "no provisioned")
    assert (one is not None) == advised
    if one is not None:
        assert one.confidence == "high"
        assert ("idle" in one.change) == (busy == "0")


def test_provisioned_concurrency_on_where_it_is_always_busy() -> None:
    billed = int(2.5 * MONTH_MS)
    usage = Usage(function="f", region="us-east-1", arch="x86_64", requests=billed // 200, billed_ms=billed,
                  billed_mb_ms=billed * 1024)  # fmt: skip
    one = found(month(usage=usage), "2 provisioned environments")
    always = Decimal(2 * MONTH_MS) / 1000
    saved = always * (Decimal("0.0000166667") - Decimal("0.0000041667") - Decimal("0.0000097222"))
    assert abs(one.saves - saved) < Decimal("0.0001")
    assert named(month(), "environments") is None


def test_waste_is_what_it_was_billed() -> None:
    timeouts = found(month(timeouts=1000, timeout_s=30), "timeout")
    # What a call that ends well takes is not known: all of it is the most, not what is claimed.
    assert (timeouts.low, timeouts.high, timeouts.saves) == (0, 30_000 * Decimal("0.0000166667"), None)
    retries = found(month(failures=300_000, retried=200_000), "tried again")
    assert retries.saves == retries.low == 200_000 * Decimal("0.0000002")  # the requests go in any case
    assert retries.high == retries.now * Decimal("0.02")
    init = found(month(cold_starts=10_000, init_ms=5_000_000), "no init")
    assert (init.low, init.high, init.saves) == (0, 5_000 * Decimal("0.0000166667"), None)
    assert f"{init.high / init.now:.1%} of the bill" in init.arithmetic
    assert all(one.unknown for one in (timeouts, retries, init))


def test_snapstart_costs_a_cache_but_not_for_java() -> None:
    python = found(month(runtime="python3.13", cold_starts=100, init_ms=50_000), "SnapStart")
    assert python.saves < 0
    java = found(month(runtime="java21", cold_starts=100, init_ms=500_000), "SnapStart")
    assert java.saves == 500 * Decimal("0.0000166667")
    assert named(month(runtime="nodejs22.x", cold_starts=100, init_ms=50_000), "SnapStart") is None


def test_stale_versions_cost_their_cache() -> None:
    stale = found(month(runtime="python3.13", snapstart_versions=3, snapstart_used=1), "stale")
    assert stale.saves == 2 * 730 * HOUR_S * Decimal("0.0000015046")
    assert named(month(runtime="java21", snapstart_versions=3, snapstart_used=1), "stale") is None


def test_logs_are_cheaper_in_another_class_and_for_a_shorter_time() -> None:
    usage = replace(month().usage, metered=(("logs_standard", 100 * 10**9), ("logs_storage", 50 * 10**9 * 720)))
    assert found(month(usage=usage), "Infrequent").saves == 25
    # 30 days bring in up to 100 GB: nothing of the 50 GB is sure to go, at most all of it does.
    one = found(month(usage=usage), "retention of 30 days")
    assert (one.saves, one.low, one.high) == (None, 0, Decimal("1.5"))
    old = replace(usage, metered=(("logs_standard", 10 * 10**9), ("logs_storage", 50 * 10**9 * 720)))
    assert found(month(usage=old), "retention of 30 days").saves == 40 * Decimal("0.03")
    for days, said in ((None, True), (90, True), (30, False), (7, False)):
        assert (named(month(usage=old, retention_days=days), "retention") is not None) == said


def test_logs_dearer_than_the_function_are_said_with_both_sums() -> None:
    usage = replace(month().usage, metered=(("logs_standard", 1_920 * 10**9),))
    one = found(month(usage=usage), "fewer log lines")
    function = 2_000_000 * Decimal("0.0000166667") + 2
    assert (one.now, one.low, one.high, one.saves) == (function + 960, 0, 960, None)
    assert f"960.00 USD for 1,920 GB of logs beside {function:,.2f} USD for the function itself" in one.arithmetic
    few = replace(usage, metered=(("logs_standard", 60 * 10**9),))
    assert named(month(usage=few), "fewer log lines") is None


def test_tiers_count_over_the_organisation() -> None:
    """6 billion GB-s of x86_64 in us-east-1 are at the first rate, the next at the second: others fill the first."""
    usage = month().usage
    rest = Usage(region="us-east-1", arch="x86_64", billed_mb_ms=12 * 10**9 * MB_MS_PER_GB_SECOND)
    alone, beside = found(month(), "arm64").now, found(month(rest=(rest,)), "arm64").now
    both = bill([usage, rest], BOOK, free_tier=False, inside=[0])
    assert beside == both.total
    assert beside < alone


def test_what_was_used_at_other_settings_is_paid_and_not_changed() -> None:
    before = Usage(function="f", region="us-east-1", arch="arm64", requests=10, billed_mb_ms=1_024_000_000)
    one, alone = found(month(beside=(before,)), "arm64"), found(month(), "arm64")
    assert one.now == alone.now + 10 * Decimal("0.0000002") + 1000 * Decimal("0.0000133334")
    assert (one.low, one.high) == (alone.low, alone.high)


def test_a_savings_plan_discounts_duration_and_not_requests() -> None:
    one = found(month(), "Savings Plan")
    assert one.saves == 2_000_000 * Decimal("0.0000166667") * Decimal("0.12")
    assert named(month(usage=replace(month().usage, region="ap-east-2")), "Savings Plan") is None


def test_a_region_without_prices_has_no_advice() -> None:
    assert recommendations(month(usage=replace(month().usage, region="eusc-de-east-1")), BOOK) == ()


@given(
    st.integers(0, 10**9), st.integers(0, 10**12), st.sampled_from([128, 512, 10_240]), st.integers(0, 10_240),
    st.integers(0, 10**6), st.sampled_from(["us-east-1", "cn-northwest-1", "ap-east-2", ""]),
)  # fmt: skip
@settings(max_examples=80)
def test_no_change_makes_a_bill_negative(
    requests: int, billed_ms: int, memory: int, used: int, timeouts: int, region: str
) -> None:
    usage = Usage(region=region, requests=requests, billed_ms=billed_ms, billed_mb_ms=billed_ms * memory)
    one = month(usage=usage, memory_mb=memory, max_memory_mb=used, timeouts=timeouts, timeout_s=3, cold_starts=5,
                init_ms=min(billed_ms, 900), failures=timeouts, retried=timeouts, runtime="python3.13")  # fmt: skip
    for saving in recommendations(one, BOOK):
        assert saving.then is None or saving.then >= 0
        assert saving.saves is None or saving.saves == EXACT.subtract(saving.now, saving.then or 0)


def test_the_command_lists_changes_with_their_arithmetic(tmp_path: Path) -> None:
    events = [
        Event(T0 + 1000 * at, text)
        for at in range(20)
        for text in (
            start(request_id(at)),
            report(request_id(at), 1000.0, "Init Duration: 400.00 ms\t", memory_mb=1024),
        )
    ]
    imported(tmp_path, events)
    arguments = ["--db", str(tmp_path / "store.db"), "whatif", "--range", "all", "--json"]
    result = command_line.run(*arguments)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["rows"]
    changes = {row["change"]: row for row in rows}
    assert "128 MB instead of 1024" in changes
    told = [row for row in rows if row["saves_usd"] is not None]
    assert all(Decimal(row["saves_usd"]) == Decimal(row["now_usd"]) - Decimal(row["then_usd"]) for row in told)
    assert {row["basis"] for row in rows} == {"a month at list price, before the free tier"}

"""The month's projection: what it takes for known, what it leaves open, and how wide it says it is."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.units import DAY_MS, MINUTE_MS
from pricing.bill import bill
from pricing.pricebook import PriceBook
from pricing.projection import Projection, hour_shares, project
from pricing.usage import Usage
from tests.support.months import MONTH, epoch_ms

BOOK = PriceBook.load()


def day_of(requests: int, **more: Any) -> Usage:
    return Usage(**{"function": "f", "region": "us-east-1", "arch": "arm64", "requests": requests,
                    "billed_ms": requests * 100, "billed_mb_ms": requests * 102_400, **more})  # fmt: skip


def days(first: date, requests: list[int], **more: Any) -> list[tuple[date, Usage]]:
    return [(first + timedelta(days=at), day_of(count, **more)) for at, count in enumerate(requests)]


def requests(usages: tuple[Usage, ...] | None) -> int:
    assert usages is not None
    return sum(usage.requests for usage in usages)


def test_an_even_month_goes_on_evenly() -> None:
    found = project(days(MONTH, [1000] * 10), epoch_ms(date(2026, 10, 11)), MONTH)
    assert requests(found.p50) == 31_000
    assert found.p50[0].billed_mb_ms == 31_000 * 102_400
    assert found.days_seen == 10
    assert requests(found.p10) == requests(found.p90) == 31_000  # ten equal days show no spread


def test_today_counts_for_what_it_was_and_for_its_hours_to_come() -> None:
    history = [*days(MONTH, [2400] * 10), (date(2026, 10, 11), day_of(600))]
    found = project(history, epoch_ms(date(2026, 10, 11), hour=6), MONTH)
    assert requests(found.p50) == 24_000 + 600 + 18 * 100 + 20 * 2400


def test_days_before_the_first_data_are_not_zeros() -> None:
    found = project(days(date(2026, 10, 21), [500] * 5), epoch_ms(date(2026, 10, 26)), MONTH)
    assert requests(found.p50) == 2500 + 6 * 500


def test_days_without_a_call_after_the_first_data_are_zeros() -> None:
    history = [(date(2026, 10, 1), day_of(1000)), (date(2026, 10, 9), day_of(1000))]
    found = project(history, epoch_ms(date(2026, 10, 11)), MONTH)
    assert 2000 + 21 * 100 < requests(found.p50) < 2000 + 21 * 250  # 200 a day, not 1000


def test_a_new_function_does_not_borrow_days_from_the_others() -> None:
    history = days(MONTH, [1000] * 10) + days(date(2026, 10, 10), [10], function="new")
    found = project(history, epoch_ms(date(2026, 10, 11)), MONTH)
    assert {usage.function: usage.requests for usage in found.p50} == {"f": 31_000, "new": 10 + 21 * 10}


def test_the_month_before_helps_the_rate_but_is_not_billed_again() -> None:
    found = project(days(date(2026, 9, 20), [100] * 11), epoch_ms(MONTH), MONTH)
    assert requests(found.p50) == 3100
    assert found.p10 is not None


def test_a_level_shift_is_noticed_and_what_was_before_it_counts_no_more() -> None:
    history = days(date(2026, 10, 1), [9000] * 7 + [100] * 14)
    found = project(history, epoch_ms(date(2026, 10, 22)), MONTH)
    assert requests(found.p50) == 63_000 + 1400 + 10 * 100
    assert found.shifted == 14
    assert "jumped 14 days ago" in found.method


def test_a_single_busy_day_is_no_level_shift() -> None:
    found = project(days(MONTH, [100] * 15 + [9000] + [100] * 4), epoch_ms(date(2026, 10, 21)), MONTH)
    assert found.shifted is None


def test_no_interval_without_a_whole_day() -> None:
    found = project(days(MONTH, [30]), epoch_ms(MONTH, hour=6), MONTH)
    assert (found.p10, found.p90) == (None, None)
    assert found.days_seen == 0
    assert "no interval" in found.method
    assert requests(found.p50) > 0


def test_on_the_first_day_its_hours_make_the_rate() -> None:
    found = project([(MONTH, day_of(60))], epoch_ms(MONTH, hour=6), MONTH)
    assert requests(found.p50) == 60 * 4 * 31


def test_a_first_day_seen_in_part_is_weighted_by_that_part() -> None:
    since = epoch_ms(MONTH, hour=18)
    history = [(MONTH, day_of(600)), (date(2026, 10, 2), day_of(2400))]
    found = project(history, epoch_ms(date(2026, 10, 3)), MONTH, since_ms=since)
    assert requests(found.p50) == 3000 + 29 * 2400
    assert found.days_seen == 1


def test_the_first_minutes_count_as_an_hour() -> None:
    begin = epoch_ms(date(2026, 10, 31), hour=10)
    found = project([(date(2026, 10, 31), day_of(60))], begin + MINUTE_MS, MONTH, since_ms=begin)
    assert 60 < requests(found.p50) <= 60 + 14 * 60


def test_a_store_whose_first_rows_were_pruned_does_not_lose_their_days() -> None:
    history = days(MONTH, [100] * 10)
    found = project(history, epoch_ms(date(2026, 10, 11)), MONTH, since_ms=epoch_ms(date(2026, 10, 8)))
    assert requests(found.p50) == 3100


def test_a_month_that_is_over_is_what_it_was() -> None:
    found = project(days(MONTH, [7] * 31), epoch_ms(date(2026, 11, 1)), MONTH)
    assert requests(found.p10) == requests(found.p50) == requests(found.p90) == 217
    assert found.days_left == 0
    assert "over" in found.method


def test_nothing_seen_is_nothing_projected() -> None:
    found = project([], epoch_ms(date(2026, 10, 11)), MONTH)
    assert found == Projection(None, (), None, "no usage seen", 0, 21.0)


def test_december_ends_with_the_year() -> None:
    month = date(2026, 12, 1)
    assert requests(project(days(month, [10] * 10), epoch_ms(date(2026, 12, 11)), month).p50) == 310


def test_a_short_history_is_less_sure_than_a_long_one() -> None:
    def width(count: int) -> float:
        history = days(date(2026, 10, 15) - timedelta(days=count), [90, 110] * (count // 2))
        found = project(history, epoch_ms(date(2026, 10, 15)), MONTH)
        return (requests(found.p90) - requests(found.p10)) / requests(found.p50)

    assert width(2) > width(4) > width(8) > width(14) > 0


def test_two_equal_days_prove_no_certainty() -> None:
    found = project(days(MONTH, [100, 100]), epoch_ms(date(2026, 10, 3)), MONTH)
    assert requests(found.p10) < requests(found.p50) < requests(found.p90)


def test_usage_is_projected_then_priced() -> None:
    history = days(MONTH, [100_000] * 10, billed_mb_ms=0, billed_ms=0)
    found = project(history, epoch_ms(date(2026, 10, 11)), MONTH)
    assert bill([usage for _, usage in history], BOOK).total == 0
    total = bill(found.p50, BOOK).total
    assert total is not None
    assert f"{total:.2f}" == "0.42"  # 3.1 M requests less the free million: no multiple of the ten days' zero


histories = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["f", "g"]), st.integers(0, 10**9)), min_size=1, max_size=60
)


@given(histories, st.integers(0, 31 * DAY_MS))
def test_the_estimate_lies_in_its_interval_and_above_what_was_used(
    rows: list[tuple[int, str, int]], at_ms: int
) -> None:
    now = epoch_ms(MONTH) + at_ms
    history = [
        (day, day_of(count, function=name))
        for back, name, count in rows
        if epoch_ms(day := date(2026, 10, 31) - timedelta(days=back)) <= now
    ]
    used = sum(usage.requests for day, usage in history if day >= MONTH)
    found = project(history, now, MONTH)
    assert requests(found.p50) >= used
    if found.p10 is not None:
        assert used <= requests(found.p10) <= requests(found.p50) <= requests(found.p90)


def test_the_hours_of_a_usual_day_say_how_much_of_today_is_gone() -> None:
    nights = hour_shares({hour: (1 if hour < 6 else 13) for hour in range(24)})  # the first six hours are a fortieth
    history = [*days(MONTH, [2400] * 10), (date(2026, 10, 11), day_of(60))]
    found = project(history, epoch_ms(date(2026, 10, 11), hour=6), MONTH, hours=nights)
    assert requests(found.p50) == 24_000 + 2400 + 20 * 2400
    assert sum(hour_shares({})) == pytest.approx(1)


def test_what_stands_configured_goes_on_and_has_no_spread() -> None:
    history = [
        (MONTH + timedelta(days=at), day_of(10 * at, provisioned_mb_ms=(5 if at < 4 else 7) * DAY_MS,
                                            metered=(("snapstart_cache", 100), ("streaming", at))))
        for at in range(10)
    ]  # fmt: skip
    found = project(history, epoch_ms(date(2026, 10, 11)), MONTH)
    for usages in (found.p10, found.p50, found.p90):
        assert usages is not None
        assert usages[0].provisioned_mb_ms == (4 * 5 + 6 * 7 + 21 * 7) * DAY_MS
        assert dict(usages[0].metered)["snapstart_cache"] == 31 * 100
    assert found.p10 is not None
    assert found.p90 is not None
    assert dict(found.p10[0].metered)["streaming"] < dict(found.p90[0].metered)["streaming"]


def test_weekends_are_projected_as_weekends() -> None:
    week = [100, 100, 100, 100, 100, 10, 10]  # 2026-08-03 is a Monday
    history = days(date(2026, 8, 3), week * 9)  # to 2026-10-04, a Sunday
    found = project(history, epoch_ms(date(2026, 10, 5)), MONTH)
    truth = sum(week[(MONTH + timedelta(days=at)).weekday()] for at in range(31))
    assert abs(requests(found.p50) - truth) < 0.1 * truth
    steps = [after - before for (_, before), (_, after) in zip(found.path, found.path[1:], strict=False)]
    assert steps[4] < steps[3] / 2  # Saturday the 10th against Friday the 9th
    assert "weekdays" in found.method


def test_noise_is_not_taken_for_weekdays() -> None:
    noise = [97, 104, 99, 108, 92, 101, 95, 103, 98, 107, 93, 105, 96, 102, 106, 94, 100, 91, 109, 97, 104]
    assert "weekdays" not in project(days(MONTH, noise), epoch_ms(date(2026, 10, 22)), MONTH).method


def test_the_path_of_the_month_ends_with_the_projection() -> None:
    found = project(days(MONTH, [100, 150, 90] * 3), epoch_ms(date(2026, 10, 10), hour=12), MONTH)
    assert found.path[0][0] == date(2026, 10, 10)
    assert found.path[-1] == (date(2026, 10, 31), pytest.approx(1))
    assert found.by(date(2026, 10, 31)) == found.p50
    assert requests(found.by(date(2026, 10, 9))) == requests(found.seen)
    shares = [share for _, share in found.path]
    assert shares == sorted(shares)


def test_an_interval_can_be_for_some_functions_alone() -> None:
    history = [*days(MONTH, [1000] * 10), *days(MONTH, [10, 90] * 5, function="wild")]
    now = epoch_ms(date(2026, 10, 11))
    calm, wild = (project(history, now, MONTH, spread_of={(name, "", "us-east-1")}) for name in ("f", "wild"))
    assert requests(calm.p10) == requests(calm.p90)
    assert requests(wild.p10) < requests(wild.p50) < requests(wild.p90)

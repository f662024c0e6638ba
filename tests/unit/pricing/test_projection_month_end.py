"""The month's end of made functions, whose right value is known: weekdays, batches, odd days, shifts, growth, stops."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from pricing.projection import Projection, project
from pricing.usage import Usage
from tests.support.month_end_series import BY_NAME, KINDS, SEPTEMBER, Kind
from tests.support.months import epoch_ms

SEEDS = 12


def foretold(days: Sequence[int], first: date, today: date, name: str = "f") -> Projection:
    daily = [(first + timedelta(days=at), Usage(name, requests=count)) for at, count in enumerate(days) if count]
    return project(daily, epoch_ms(today), today)


def total(usages: Sequence[Usage] | None) -> int:
    assert usages is not None
    return sum(usage.requests for usage in usages)


def drawn(kind: Kind, today: date, seed: int) -> tuple[Projection, int]:
    """What is foretold and what the month came to."""
    known, left = kind.draw(seed, today)
    found = foretold(known, kind.first, today)
    return found, total(found.seen) + sum(left)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_the_middle_is_right_whatever_day_it_is(kind: Kind) -> None:
    """The mean error over the seeds, in part of the month; an error that is always on one side is the model's."""
    for today in kind.todays:
        pairs = [drawn(kind, today, seed) for seed in range(SEEDS)]
        truth = sum(truth for _, truth in pairs)
        said = sum(total(found.p50) for found, _ in pairs)
        assert abs(said - truth) <= kind.bias * max(truth, SEEDS), f"{today}: {said / max(1, truth):.1%} of the truth"


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_the_interval_holds_four_months_of_five(kind: Kind) -> None:
    held = [
        total(found.p10) - 1 <= truth <= total(found.p90) + 1
        for today in kind.todays for seed in range(SEEDS) for found, truth in (drawn(kind, today, seed),)
    ]  # fmt: skip
    assert sum(held) / len(held) >= kind.held


def test_over_all_kinds_the_interval_is_neither_narrow_nor_wide() -> None:
    """Kinds in which something is still to come; what has stopped is held by an interval of no width."""
    held = [
        total(found.p10) - 1 <= truth <= total(found.p90) + 1
        for kind in KINDS if "stop" not in kind.name
        for today in kind.todays for seed in range(4) for found, truth in (drawn(kind, today, seed),)
    ]  # fmt: skip
    assert 0.75 <= sum(held) / len(held) <= 0.93


@pytest.mark.parametrize("day", range(9, 32))
def test_a_stop_is_never_forgotten(day: int) -> None:
    kind = BY_NAME["stopped on the 6th"]
    known, _ = kind.draw(1, date(2026, 10, day))
    found = foretold(known, kind.first, date(2026, 10, day))
    assert total(found.p50) == total(found.p90) == total(found.seen)
    assert "jumped" in found.method


def test_each_kind_says_why() -> None:
    for name, today, words in (
        ("weekdays", 12, "weekdays"),
        ("first of the month", 10, "a batch on the 1st of the month"),
        ("month's end", 10, "a batch on the last day of the month"),
        ("every two weeks", 10, "a batch every 14 days"),
        ("the 15th", 21, "a batch on the 15th of the month"),
        ("one day of ten times", 12, "1 odd day left out"),
        ("steady growth", 21, "growing by"),
        ("halved on the 20th", 13, "jumped 23 days ago"),
        ("doubled on the 6th", 28, "jumped 22 days ago"),
    ):
        kind = BY_NAME[name]
        assert words in drawn(kind, date(2026, 10, today), 3)[0].method, name


def test_steady_days_are_nothing_but_a_level() -> None:
    method = foretold([1000, 1010, 990, 1005, 995, 1002] * 14, date(2026, 7, 20), date(2026, 10, 12)).method
    assert not any(word in method for word in ("jumped", "growing", "batch", "odd", "weekdays"))


@pytest.mark.parametrize(("hour", "so_far"), [(6, 90_000), (12, 90_000), (23, 90_000)])
def test_a_batch_that_has_run_today_does_not_run_again(hour: int, so_far: int) -> None:
    kind = BY_NAME["first of the month, alone"]
    today = date(2026, 10, 1)
    known, _ = kind.draw(5, today)
    daily = [(kind.first + timedelta(days=at), Usage("f", requests=count)) for at, count in enumerate(known) if count]
    found = project([*daily, (today, Usage("f", requests=so_far))], epoch_ms(today, hour), today)
    assert so_far <= total(found.p50) <= 1.25 * so_far


def test_a_function_one_day_old_has_a_wide_interval_and_says_so() -> None:
    found = foretold([1000], date(2026, 10, 12), date(2026, 10, 13))
    assert total(found.p50) == 20_000
    assert total(found.p10) < 12_000 < 35_000 < total(found.p90)
    assert "1 whole day" in found.method
    assert "wide" in found.method


@pytest.mark.parametrize(("today", "days"), [(date(2026, 2, 10), 28), (date(2028, 2, 10), 29), (date(2026, 9, 10), 30),
                                             (date(2026, 10, 1), 31), (date(2026, 12, 31), 31)])  # fmt: skip
def test_a_month_has_its_own_length(today: date, days: int) -> None:
    first = today - timedelta(days=60)
    assert total(foretold([500] * 60, first, today).p50) == 500 * days


def test_a_fleet_is_the_sum_of_its_functions() -> None:
    today, kinds = (
        date(2026, 10, 21),
        [BY_NAME[name] for name in ("steady", "stopped on the 6th", "Mondays", "the 15th")],
    )
    daily, alone = [], 0
    for kind in kinds:
        known, _ = kind.draw(2, today)
        alone += total(foretold(known, kind.first, today, kind.name).p50)
        daily += [(kind.first + timedelta(days=at), Usage(kind.name, requests=count))
                  for at, count in enumerate(known) if count]  # fmt: skip
    assert total(project(daily, epoch_ms(today), today).p50) == alone


def test_a_first_day_seen_in_part_does_not_lower_the_level() -> None:
    found = foretold([100] + [1000] * 5, SEPTEMBER, SEPTEMBER + timedelta(days=6))
    assert total(found.p50) == 100 + 29 * 1000

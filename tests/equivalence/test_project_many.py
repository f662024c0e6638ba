"""Hundreds of functions at once get what each gets alone: projections, list prices, totals of bills."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors.model.units import DAY_MS, HOUR_MS, HOUR_S
from pricing.bill import bill, totals_of
from pricing.forecast_model import Model
from pricing.list_price import InvocationPrice, list_prices
from pricing.project_many import DayTable, months_of_table, project_table
from pricing.projection import QUANTITIES, project
from pricing.series_forecast import forecast
from pricing.usage import Usage
from tests.support.months import MONTH, epoch_ms
from tests.support.usages import BOOK, USAGES

EPOCH = date(1970, 1, 1).toordinal()
COUNTS = st.one_of(st.just(0), st.integers(0, 50), st.integers(0, 10**7))
SERIES = st.lists(st.lists(st.none() | COUNTS, min_size=1, max_size=70), min_size=1, max_size=6)


def levels(draws: list[list[int | None]], days: int) -> list[list[int | None]]:
    return [[*([None] * (days - len(one))), *one] for one in draws]


def table_of(series: list[list[int | None]], first: date) -> tuple[DayTable, list[Usage], list[tuple[date, Usage]]]:
    """Functions whose days end together; None is a day of which nothing is known."""
    days = max(map(len, series))
    amounts = np.zeros((len(QUANTITIES), days, len(series)), np.int64)
    seen = np.zeros((days, len(series)), np.bool_)
    of = [Usage(f"fn-{at}", "", "us-east-1", "arm64") for at in range(len(series))]
    daily = []
    for at, counts in enumerate(levels(series, days)):
        for day, count in enumerate(counts):
            if count is not None:
                used = count, count * 37, count * 37 * (128 << at % 3) if at != 2 else 0
                amounts[:3, day, at] = used
                seen[day, at] = True
                usage = Usage(f"fn-{at}", "", "us-east-1", "arm64", *used)
                daily.append((first + timedelta(days=day), usage))
    return DayTable(first.toordinal() - EPOCH, amounts, seen), of, daily


def known(series: list[list[int | None]]) -> list[list[int | None]]:
    return [one for one in series if any(count is not None for count in one)] or [[1]]


@example([[0, None, None, None, None, 1, None], [1, None, None, None, None, None, None]], 0, False, None)
@given(SERIES, st.integers(0, 24 * HOUR_S), st.booleans(), st.sampled_from((None, 0, 7 * HOUR_MS)))
@settings(max_examples=150)
def test_a_table_is_projected_as_its_functions_are(
    series: list[list[int | None]], second: int, even: bool, since: int | None
) -> None:
    series = known(series)
    days = max(map(len, series))
    first = date(2026, 10, 17) - timedelta(days=days - 1)
    table, of, daily = table_of(series, first)
    now = epoch_ms(date(2026, 10, 17)) + second * 1000
    hours = None if even else tuple((1 + hour % 5) / 69 for hour in range(24))
    since_ms = None if since is None else int(table.begins().min()) * DAY_MS + since
    alone = project(daily, now, MONTH, since_ms=since_ms, hours=hours, spread_of={("fn-0", "", "us-east-1")})
    inside = np.array([one.function == "fn-0" for one in of])
    together = project_table(table, of, now, MONTH, since_ms=since_ms, hours=hours, spread_of=inside)
    assert together.method == alone.method
    assert (together.days_seen, together.days_left, together.shifted) == (
        alone.days_seen, alone.days_left, alone.shifted,
    )  # fmt: skip
    assert together.path == alone.path

    def by_name(usages: tuple[Usage, ...] | None) -> dict[str, tuple[int, int, int]] | None:
        if usages is None:
            return None
        return {one.function: (one.requests, one.billed_ms, one.billed_mb_ms) for one in usages}

    assert by_name(together.seen) == by_name(alone.seen)
    for found, expected in ((by_name(together.p10), by_name(alone.p10)), (by_name(together.p50), by_name(alone.p50)),
                            (by_name(together.p90), by_name(alone.p90))):  # fmt: skip
        assert (found is None) == (expected is None)
        for name, figures in (expected or {}).items():  # a square may differ in its last binary digit
            assert found is not None
            assert found[name] == pytest.approx(figures, rel=1e-12, abs=1)


def test_a_month_that_is_over_has_nothing_to_come() -> None:
    table, of, daily = table_of([[5, 6, 7], [None, 2, 3]], date(2026, 9, 29))
    now = epoch_ms(date(2026, 11, 1))
    assert project_table(table, of, now, MONTH) == project(daily, now, MONTH)
    assert months_of_table(table, now, MONTH)[0].tolist() == [7, 3]


def test_days_without_usage_at_the_end_are_zeros() -> None:
    """Of a fleet that has been quiet for some days; unlike days before the first, which are unknown."""
    weekly = [[100 + 3 * at - 40 * (at % 7 > 4) for at in range(24)], [50 + at for at in range(24)]]
    table, of, daily = table_of(weekly, date(2026, 9, 20))  # the last of them is 2026-10-13
    now = epoch_ms(date(2026, 10, 17)) + 5 * HOUR_MS
    together, alone = project_table(table, of, now, MONTH), project(daily, now, MONTH)
    assert [one.requests for one in together.p50] == [one.requests for one in alone.p50]
    assert together.method == alone.method


@pytest.mark.parametrize("hour", [0, 9])
def test_the_months_of_a_table_are_its_projection(hour: int) -> None:
    table, of, _ = table_of([[100 + at for at in range(40)], [5000] * 20 + [0] * 20, [7, 8]], date(2026, 9, 3))
    now = epoch_ms(date(2026, 10, 13), hour)
    months = months_of_table(table, now, MONTH)
    assert months[0].tolist() == [one.requests for one in project_table(table, of, now, MONTH).p50]


def test_one_model_for_all_knows_younger_functions_apart() -> None:
    table, _, daily = table_of([[100 + at for at in range(12)], [7]], MONTH)
    now = epoch_ms(date(2026, 10, 13))
    old, new = months_of_table(table, now, MONTH)[0].tolist()
    alone = project([one for one in daily if one[1].function == "fn-0"], now, MONTH)
    assert abs(old - alone.p50[0].requests) <= 20 * 31
    assert new == 7 + 19 * 7


@given(st.lists(st.lists(COUNTS, min_size=40, max_size=40), min_size=1, max_size=5), st.integers(20_000, 20_400),
       st.integers(1, 31), st.integers(0, 30), st.integers(4, 30), st.sampled_from(("", "jumps", "grows", "batch")))  # fmt: skip
@settings(max_examples=150)
def test_columns_are_weighed_as_single_series_are(
    series: list[list[int]], first: int, ahead: int, month: int, jump: int, kind: str
) -> None:
    steady = [1000 + 3 * at - 400 * ((first + at) % 7 > 4) for at in range(40)]
    if kind == "jumps":
        series[0] = [*steady[:-jump], *(9 * count for count in steady[-jump:])]
    elif kind == "grows":
        series[0] = [count + 50 * at for at, count in enumerate(steady)]
    elif kind == "batch":
        series[0] = [count * (20 if at in (jump, jump - 14) else 1) for at, count in enumerate(steady)]
    model = Model.fit(np.array(series, np.float64).T, first, ahead, month)
    found = model.weights([[step] for step in range(ahead)])
    for column, one in enumerate(series):
        expected = forecast(tuple(map(float, one)), first, ahead, month)
        shift = int(model.since[column])
        assert (40 - shift if shift else None) == expected.shifted
        assert bool(model.once()[column]) == expected.once
        assert found[:, :, column] == pytest.approx(np.array(expected.weights), rel=1e-9, abs=1e-12)


@given(USAGES, st.booleans(), st.data())
@settings(max_examples=200)
def test_totals_without_lines_are_those_of_the_lines(usages: list[Usage], free: bool, data: st.DataObject) -> None:
    inside = set(data.draw(st.lists(st.integers(0, max(0, len(usages) - 1)), max_size=6))) if usages else set()
    whole = bill(usages, BOOK, free_tier=free).of(inside)
    found = totals_of(usages, inside, BOOK, free_tier=free)
    if found is None:
        assert whole.lines
        assert not whole.totals
    else:
        assert {currency: amount for currency, amount in found.items() if amount} == {
            currency: amount for currency, amount in whole.totals.items() if amount
        }


@given(USAGES)
@settings(max_examples=200)
def test_list_prices_are_those_of_a_bill(usages: list[Usage]) -> None:
    lines = bill(usages, BOOK, free_tier=False).lines
    for at, found in enumerate(list_prices(usages, BOOK)):
        mine = [line for line in lines if line.usage == at]
        if not mine or any(line.amount is None or line.currency != "USD" for line in mine):
            assert found is None
        else:
            assert found == sum((line.amount for line in mine if line.amount is not None), Decimal(0))


@given(st.integers(1, 900_000), st.integers(128, 10_240), st.sampled_from((None, 512, 600, 10_240)),
       st.sampled_from(("us-east-1", "cn-north-1", "nowhere-1", "")),
       st.sampled_from(("arm64", "x86_64", None)))  # fmt: skip
def test_an_invocation_costs_what_its_bill_says(
    billed_ms: int, memory_mb: int, ephemeral_mb: int | None, region: str, arch: str | None
) -> None:
    usage = Usage(region=region, arch=arch, requests=1, billed_ms=billed_ms, billed_mb_ms=billed_ms * memory_mb,
                  ephemeral_mb=ephemeral_mb)  # fmt: skip
    one = bill([usage], BOOK, free_tier=False)
    expected = None if one.unpriced or one.currency != "USD" else one.total
    assert InvocationPrice(BOOK, region, arch, ephemeral_mb).of(billed_ms, memory_mb) == expected

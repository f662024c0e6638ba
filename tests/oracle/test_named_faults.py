"""The faults that issue 12 names, each as a world of one's own: smaller than chance would find, and with its figures."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from collectors.model.units import HOUR_S, MB_MS_PER_GB_SECOND, MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.views.cost_groups import cost_groups
from lambdatui.views.costs import costs
from lambdatui.views.error_trends import error_trends
from lambdatui.views.functions import functions
from tests.oracle import sayings
from tests.oracle.judge import Judge
from tests.oracle.named_worlds import OCTOBER, A, B, call, fn, metered, settings
from tests.oracle.sayings import BOOK, span_of
from tests.oracle.store import stored
from tests.oracle.worlds import DAY, HOUR, MINUTE, NOVEMBER, Fn, Line, Point, World
from tests.support.command_line import run


def check(world: World, low: int, high: int, *said: object) -> None:
    with stored(world) as path, Reader(path) as reader:
        found = [line for saying in said for line in saying(reader, Judge(world, low, high))]  # type: ignore[operator]
    assert not found, "\n".join(found)


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_function_known_by_metrics_alone_has_a_cost() -> None:
    """29 days, 24,000 a day: 696,000 invocations of 250 ms at 1,024 MB."""
    points = tuple(point for day in range(29) for point in metered(0, OCTOBER + day * DAY, 24_000, 250.0))
    world = World((fn("metered"),), points=points)
    check(world, OCTOBER, NOVEMBER, sayings.of_functions, sayings.of_costs, sayings.of_function_costs, sayings.of_days)
    with stored(world) as path, Reader(path) as reader:
        view = costs(reader, span_of(OCTOBER, NOVEMBER), BOOK, free_tier=False)
        assert view.total == pytest.approx(Decimal("0.1392") + 174_000 * Decimal("0.0000166667"))
        assert {line.basis.partition(";")[0] for line in view.rows} == {"estimated"}
        said = run("--db", path, "--from", iso(OCTOBER), "--to", iso(NOVEMBER), "costs")
        assert "the store is empty" not in said.stderr


def test_coverage_is_one_number() -> None:
    """One function with its REPORTs, one of which CloudWatch counted twelve times as many."""
    world = World(
        (fn("logged"), fn("cut")),
        (*(call(0, at, NOVEMBER - DAY + at * MINUTE) for at in range(1, 9)), call(1, 20, NOVEMBER - DAY)),
        metered(1, NOVEMBER - DAY, 12, 100.0),
    )
    check(world, OCTOBER, NOVEMBER, sayings.of_functions, sayings.of_costs, sayings.of_errors)
    with stored(world) as path:
        asked = "--db", path, "--from", iso(OCTOBER), "--to", iso(NOVEMBER)
        said = [
            json.loads(run(*asked, command, "--json").stdout)["coverage"]
            for command in ("functions", "costs", "errors")
        ]
    assert said == [pytest.approx(9 / 20)] * 3


def test_a_duration_that_nobody_knows_is_not_nothing() -> None:
    world = World((fn("metered"), Fn("stranger", A, "us-east-1")), (), metered(0, NOVEMBER - DAY, 9, None)
                  + metered(1, NOVEMBER - DAY, 7, 30.0))  # fmt: skip
    check(world, OCTOBER, NOVEMBER, sayings.of_costs, sayings.of_function_costs)


def test_the_past_is_priced_as_it_was_configured() -> None:
    """x86_64 with 10 GB of /tmp until mid-October, then arm64 with 512 MB."""
    moved = fn("moved", settings(OCTOBER - DAY, 2048, "x86_64", 10_240), settings(OCTOBER + 15 * DAY, 1024, "arm64"))
    calls = tuple(
        call(0, day, OCTOBER + day * DAY + 5000, memory_mb=2048 if day < 15 else 1024) for day in range(1, 31)
    )
    check(World((moved,), calls), OCTOBER, NOVEMBER, sayings.of_costs, sayings.of_function_costs, sayings.of_days,
          sayings.of_month)  # fmt: skip


def test_nothing_after_the_moment_counts() -> None:
    """Noon of the 31st: the afternoon is as much as all of the month before it."""
    calls = tuple(call(0, day, OCTOBER + day * DAY + 5000) for day in range(1, 31))
    later = tuple(call(0, 100 + at, NOVEMBER - 6 * HOUR + at * MINUTE) for at in range(30))
    world, noon = World((fn("late"),), calls + later), NOVEMBER - 12 * HOUR
    check(world, OCTOBER, noon, sayings.of_costs, sayings.of_days, sayings.of_month, sayings.of_trends)
    with stored(world) as path, Reader(path) as reader:
        span = span_of(OCTOBER, noon)
        days = cost_groups(reader, span, BOOK, "day").rows
        assert sum(row.amount or 0 for row in days) == costs(reader, span, BOOK, free_tier=False).total
        end = costs(reader, span, BOOK, free_tier=False).projection
    with stored(world.before(noon)) as path, Reader(path) as reader:
        right = costs(reader, span, BOOK, free_tier=False).projection
    assert end is not None
    assert right is not None
    assert (end.p10, end.p50, end.p90) == (right.p10, right.p50, right.p90)


def test_edge_has_prices_of_its_own_and_no_free_tier() -> None:
    edge = fn("us-east-1.headers", settings(OCTOBER - DAY, 128), region="eu-west-1")
    namesake = fn("headers", region="eu-west-1")
    world = World((edge, namesake), tuple(
        call(at, 10 * at + number, NOVEMBER - DAY + number * HOUR, memory_mb=128 if at == 0 else 1024)
        for at in range(2) for number in range(1, 6)
    ))  # fmt: skip
    check(world, OCTOBER, NOVEMBER, sayings.of_functions, sayings.of_costs, sayings.of_function_costs)
    with stored(world) as path, Reader(path) as reader:
        view = costs(reader, span_of(OCTOBER, NOVEMBER), BOOK)
    right = 5 * Fraction("0.0000006") + Fraction(5 * 120 * 128, MB_MS_PER_GB_SECOND) * Fraction("0.00005001")
    assert Fraction(view.total or 0) == right


@pytest.mark.parametrize("accounts", [(A, A), (A, B)])
def test_duration_tiers_count_over_the_organisation(accounts: tuple[str, str]) -> None:
    """Twice 4 billion GB-s, less the free 400,000: $129,994.20, in whichever accounts."""
    fns = tuple(
        fn(f"busy-{at}", settings(OCTOBER - DAY, 10_240), account=account) for at, account in enumerate(accounts)
    )
    # 1,000 invocations of 400 s at 10 GB are 4 million GB-s: a thousand times that in an hour, only CloudWatch counts.
    points = tuple(point for at in range(2) for point in metered(at, NOVEMBER - DAY, 1_000_000, 400_000.0))
    world = World(fns, (), points)
    check(world, OCTOBER, NOVEMBER, sayings.of_costs, sayings.of_function_costs, sayings.of_groups)
    with stored(world) as path, Reader(path) as reader:
        view = costs(reader, span_of(OCTOBER, NOVEMBER), BOOK)
    durations = [line.amount for line in view.rows if line.dimension == "duration"]
    assert sum(durations) == pytest.approx(Decimal("129994.20"), abs=Decimal("0.1"))  # type: ignore[arg-type]


def test_the_free_tier_is_the_organisation_s() -> None:
    fns = tuple(fn(f"half-{at}", account=account) for at, account in enumerate((A, B)))
    world = World(fns, (), tuple(point for at in range(2) for point in metered(at, NOVEMBER - DAY, 900_000, 100.0)))
    check(world, OCTOBER, NOVEMBER, sayings.of_costs, sayings.of_groups)


def test_two_currencies_are_two_totals() -> None:
    world = World((fn("here"), fn("there", region="cn-north-1")),
                  tuple(call(at, 1 + at, NOVEMBER - DAY + at) for at in range(2)))  # fmt: skip
    check(world, OCTOBER, NOVEMBER, sayings.of_costs, sayings.of_days, sayings.of_groups)
    with stored(world) as path, Reader(path) as reader:
        view = costs(reader, span_of(OCTOBER, NOVEMBER), BOOK, free_tier=False)
    assert set(view.totals) == {"USD", "CNY"}
    rows = view.rows
    assert {line.currency for line in rows} == {"USD", "CNY"}


@pytest.mark.parametrize("days", [7, 30])
def test_a_trend_goes_evenly_where_the_calls_do(days: int) -> None:
    """A call an hour: no part is empty, and none holds days of another."""
    begin = NOVEMBER - days * DAY
    calls = tuple(call(0, at + 1, begin + at * HOUR + 1000) for at in range(days * 24))
    with stored(World((fn("steady"),), calls)) as path, Reader(path) as reader:
        for steps in (8, 10, 24):
            (row,) = functions(reader, span_of(begin, NOVEMBER), trend_steps=steps).rows
            assert row.trend is not None
            assert sum(row.trend) == row.invocations == days * 24
            *whole, last = row.trend
            assert max(whole) - min(whole) <= 1, row.trend
            assert 0 < last <= max(whole) + 1, row.trend


def test_an_error_is_known_back_or_new() -> None:
    """Of the day before; of a week before; of today only. Nothing tells of a deploy."""
    day = NOVEMBER + 3 * DAY
    calls = (
        call(0, 1, day - 10 * DAY),
        call(0, 2, day - 7 * DAY, "KeyError"), call(0, 3, day + 2 * HOUR, "KeyError"),
        call(0, 4, day - 9 * HOUR, "ValueError"), call(0, 5, day + 3 * HOUR, "ValueError"),
        call(0, 6, day + 4 * HOUR, "OSError"),
        *(call(0, 10 + at, day - at * DAY + MINUTE_MS, "RuntimeError") for at in range(5)),
    )  # fmt: skip
    world = World((Fn("failing", A, "us-east-1", (), settings(0)),), tuple(sorted(calls, key=lambda one: one.start_ms)))
    with stored(world) as path, Reader(path) as reader:
        for span in (span_of(day, day + DAY), span_of(day - 8 * HOUR, day + DAY)):
            said = {row.error_type: row.novelty for row in error_trends(reader, span).rows}
            assert said == {"KeyError": "back", "ValueError": "known", "OSError": "new", "RuntimeError": "known"}


@pytest.mark.parametrize("asked", [("--range", "all"), ()])
def test_lines_after_the_last_invocation_are_shown(asked: tuple[str, ...]) -> None:
    lines = (Line(0, NOVEMBER - HOUR, "before all"), Line(0, NOVEMBER + 3 * HOUR, "behind all"))
    with stored(World((fn("talking"),), (call(0, 1, NOVEMBER),), (), (), lines)) as path:
        said = run("--db", path, *asked, "logs").stdout
    assert "behind all" in said
    assert "before all" in said


@pytest.mark.parametrize("asked", [("--range", "all"), ()])
def test_a_store_of_lines_only_is_not_empty(asked: tuple[str, ...]) -> None:
    lines = (Line(0, NOVEMBER, "only this"), Line(0, NOVEMBER + 3 * HOUR, "and that"))
    with stored(World((fn("talking"),), lines=lines)) as path:
        said = run("--db", path, *asked, "logs")
        assert "only this" in said.stdout
        assert "and that" in said.stdout
        assert "empty" not in run("--db", path, *asked, "functions").stderr


def test_a_metric_that_was_read_at_two_periods_counts_once() -> None:
    """By the minute while it was young, by the hour later: also where the range cuts the hour."""
    hour = NOVEMBER - DAY
    points = tuple(Point(0, "Invocations", "Sum", 60, hour + at * MINUTE, 2.0) for at in range(0, 60, 5))
    points += (Point(0, "Invocations", "Sum", HOUR_S, hour, 24.0),)
    world = World((fn("twice"),), points=points)
    check(world, hour, hour + 30 * MINUTE, sayings.of_functions, sayings.of_throttles)
    check(world, hour, hour + HOUR, sayings.of_functions, sayings.of_throttles)

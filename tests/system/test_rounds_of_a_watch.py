"""Round after round of a watch: what is asked is what can have news, and nothing that came is missed."""

from pathlib import Path

import pytest

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.sources.cloudwatch.unread_logs import missing_since, to_read_since
from collectors.store.read.reader import Reader
from tests.support.account_over_time import T0, World, collect, fleet
from tests.support.printed_statements import EVER

pytestmark = pytest.mark.usefixtures("aws_isolated")

EVERY = [5_000, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS]
NAMES = ["5s", "1m", "5m", "1h", "1d"]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def had(db: Path) -> dict[str, int]:
    """REPORTs in the store by function."""
    with Reader(db) as reader:
        names = {row.id: row.function.key.name for row in reader.functions()}
        return {names[total.function_id]: total.reports for total in reader.totals(*EVER)}


def ran(world: World) -> dict[str, int]:
    return {name: len(all_ran) for name, all_ran in world.ran.items()}


@pytest.mark.parametrize("every_ms", EVERY, ids=NAMES)
def test_each_round_asks_for_what_has_news_and_no_more(db: Path, every_ms: int) -> None:
    world = fleet(100)
    first = collect(world, db)
    assert (first.calls["logs:FilterLogEvents"], first.calls["logs:DescribeLogGroups"]) == (100, 2)
    now_ms = T0
    for turn in range(3):
        now_ms += every_ms
        active = world.functions[turn * 10 : turn * 10 + 10]
        for place, name in enumerate(active):
            world.invoke(name, now_ms - 1 - every_ms * (place + 1) // 11)
        busy = collect(world, db, now_ms=now_ms)
        assert sorted(busy.groups) == [f"/aws/lambda/{name}" for name in active]
        assert busy.of_logs == 12
    assert had(db) == ran(world)
    for _ in range(3):
        now_ms += every_ms
        quiet = collect(world, db, now_ms=now_ms)
        assert (quiet.groups, quiet.of_logs, quiet.done.failures) == ([], 2, [])
    woken = world.functions[77]
    now_ms += every_ms
    world.invoke(woken, now_ms - 500)
    assert collect(world, db, now_ms=now_ms).groups == [f"/aws/lambda/{woken}"]
    assert had(db) == ran(world)


@pytest.mark.parametrize("every_ms", EVERY, ids=NAMES)
def test_functions_that_never_ran_are_not_asked_for_their_events(db: Path, every_ms: int) -> None:
    world = World(T0, [f"fn{number:03d}" for number in range(100)])
    world.ever = set(world.functions)
    for name in world.functions[:10]:
        world.invoke(name, T0 - 10 * MINUTE_MS)
    for turn in range(3):
        now_ms = T0 + turn * every_ms
        for name in world.functions[:10]:
            world.invoke(name, now_ms - 700)
        assert collect(world, db, now_ms=now_ms).of_logs == 12
    assert had(db) == ran(world)


def test_metrics_of_a_round_are_of_bins_that_can_have_news(db: Path) -> None:
    world = fleet(100)
    first = collect(world, db)
    # Invocations and throttles of all, three of the account; of those that ran nine more, and the bytes of their groups.
    of_active = 10
    assert first.metrics == 2 * 100 + 3 + of_active * 100
    world.invoke("fn007", T0 + 10_000)
    second = collect(world, db, now_ms=T0 + MINUTE_MS)
    assert (second.metrics, second.calls["cloudwatch:GetMetricData"]) == (2 * 100 + 3 + of_active, 3)
    # It is told again while its bin can change, but there is nothing more to be read.
    third = collect(world, db, now_ms=T0 + 2 * MINUTE_MS)
    assert (third.metrics, third.groups) == (2 * 100 + 3 + of_active - 1, [])
    later = collect(world, db, now_ms=T0 + 30 * MINUTE_MS)
    last = collect(world, db, now_ms=T0 + 60 * MINUTE_MS)
    assert (later.metrics, last.metrics) == (2 * 100 + 3 + of_active - 1, 2 * 100 + 3)


def of_metrics(world: World, name: str) -> list[tuple[str, float]]:
    """Of each time that a metric of that name was asked for: the function, and from when on."""
    assert world.reached is not None
    return [
        (query["MetricStat"]["Metric"]["Dimensions"][0]["Value"], asked["StartTime"] * 1000)
        for operation, asked in world.reached[1].requests if operation == "cloudwatch:GetMetricData"
        for query in asked["MetricDataQueries"] if query["MetricStat"]["Metric"]["MetricName"] == name
    ]  # fmt: skip


def test_metrics_of_provisioned_concurrency_are_asked_where_there_is_any_once_it_is_known(db: Path) -> None:
    """It is known when a function is looked at, which is after its other metrics: nothing of before is missed."""
    world = fleet(6)
    world.provisioned = {"fn001", "fn004"}
    world.reserved = {"fn001", "fn002", "fn003"}
    first = collect(world, db, details=3)
    since_ms = T0 - DAY_MS
    assert of_metrics(world, "ProvisionedConcurrencyUtilization") == [("fn001", since_ms)]
    assert first.done.failures == []
    for turn in (1, 2):
        for name in world.functions:
            world.invoke(name, T0 + turn * MINUTE_MS - 1_000)
        collect(world, db, now_ms=T0 + turn * MINUTE_MS, details=3)
        asked = of_metrics(world, "ProvisionedConcurrencyUtilization")
        assert [name for name, _ in asked] == ["fn001", "fn004"]
        # fn004 was looked at in the second round: from where metrics begin then, as for those that nobody knew of.
        assert (asked[1][1] <= since_ms + MINUTE_MS) == (turn == 1)
        assert asked[0][1] > T0 - 4 * HOUR_MS


@pytest.mark.parametrize(
    ("every_ms", "late_ms"),
    [(MINUTE_MS, 30_000), (MINUTE_MS, 19 * MINUTE_MS), (5 * MINUTE_MS, 6 * MINUTE_MS), (10 * MINUTE_MS, 170 * MINUTE_MS),
     (HOUR_MS, 30_000), (HOUR_MS, 100 * MINUTE_MS)],
)  # fmt: skip
def test_invocations_that_metrics_count_late_are_read_when_they_do(db: Path, every_ms: int, late_ms: int) -> None:
    world = fleet(5)
    collect(world, db)
    world.invoke("fn002", T0 + 20_000, metrics_late_ms=late_ms)
    reads, now_ms = 0, T0
    while now_ms < T0 + late_ms + 20 * MINUTE_MS:
        now_ms += every_ms
        reads += len(collect(world, db, now_ms=now_ms).groups)
    assert had(db) == ran(world)
    assert reads == 1


@pytest.mark.parametrize("lasted_ms", [90_000, 10 * MINUTE_MS, 15 * MINUTE_MS])
def test_an_invocation_under_way_is_had_when_it_ends(db: Path, lasted_ms: int) -> None:
    world = fleet(5)
    world.invoke("fn002", T0 - 10_000, lasted_ms=lasted_ms)
    now_ms, groups = T0, []
    for _ in range(20):
        groups.append(collect(world, db, now_ms=now_ms).groups)
        now_ms += MINUTE_MS
    assert had(db) == ran(world)
    assert sum("/aws/lambda/fn002" in each for each in groups) == 2


def test_lines_that_come_after_the_metrics_are_looked_for_again(db: Path) -> None:
    world = fleet(5)
    collect(world, db)
    world.invoke("fn002", T0 + 50_000, lines_late_ms=3 * MINUTE_MS)
    found = [collect(world, db, now_ms=T0 + turn * MINUTE_MS).groups for turn in range(1, 8)]
    assert [len(each) for each in found] == [1, 1, 1, 1, 0, 0, 0]
    assert had(db) == ran(world)


@pytest.mark.parametrize("every_ms", [MINUTE_MS, 10 * MINUTE_MS, HOUR_MS])
def test_a_function_that_logs_no_reports_is_not_read_for_ever(db: Path, every_ms: int) -> None:
    world = fleet(5, times=1)
    world.unreported = {"fn002"}
    collect(world, db)
    world.invoke("fn002", T0 + 50_000)
    reads = [len(collect(world, db, now_ms=T0 + turn * every_ms).groups) for turn in range(1, 31)]
    assert reads[0] == 1
    assert sum(reads) <= 20 * MINUTE_MS // every_ms + 2
    assert reads[-5:] == [0] * 5
    with Reader(db) as reader:
        assert reader.count_invocations(*EVER) == 6


def test_a_new_function_is_read_whole(db: Path) -> None:
    world = fleet(10)
    collect(world, db)
    world.functions.append("new")
    world.invoke("new", T0 - 3 * HOUR_MS)  # before it was seen first
    world.invoke("new", T0 + 5_000)
    assert collect(world, db, now_ms=T0 + MINUTE_MS).groups == ["/aws/lambda/new"]
    assert collect(world, db, now_ms=T0 + 2 * MINUTE_MS).groups == []
    assert had(db) == ran(world)


@pytest.mark.parametrize(
    ("every_ms", "span_ms", "logs"),
    [(HOUR_MS, HOUR_MS, "auto"), (3 * HOUR_MS, DAY_MS, "auto"), (6 * HOUR_MS, HOUR_MS, "events")],
)
def test_groups_of_deleted_functions_are_asked_once_a_day(db: Path, every_ms: int, span_ms: int, logs: str) -> None:
    world = fleet(4, times=1)
    collect(world, db, since_ms=span_ms, logs=logs)
    world.gone = {"fn001"}
    world.invoke("fn001", T0 + 1_000)  # the last one before it was deleted
    reads = []
    for turn in range(1, 2 * DAY_MS // every_ms + 1):
        round_ = collect(world, db, now_ms=T0 + turn * every_ms, since_ms=span_ms, logs=logs)
        reads += [turn * every_ms for name in round_.groups if name == "/aws/lambda/fn001"]
    # A day after it was read last, which was at T0 or, as far as metrics were settled, shortly before.
    assert len(reads) == 2
    assert reads[0] <= DAY_MS
    assert reads[1] - reads[0] == DAY_MS
    assert had(db) == ran(world)


def test_a_group_without_a_function_from_the_start_is_read_once_and_then_daily(db: Path) -> None:
    world = World(T0, ["here", "gone"], gone={"gone"})
    world.invoke("gone", T0 - 2 * HOUR_MS)
    assert collect(world, db).groups == ["/aws/lambda/gone"]
    assert collect(world, db, now_ms=T0 + HOUR_MS).groups == []
    assert collect(world, db, now_ms=T0 + DAY_MS).groups == ["/aws/lambda/gone"]


def test_groups_of_replicas_are_of_no_deleted_function(db: Path) -> None:
    world = World(T0, ["here"], ran={}, ever={"us-east-1.edge"})
    assert [collect(world, db, now_ms=T0 + turn * MINUTE_MS).groups for turn in range(2)] == [
        ["/aws/lambda/us-east-1.edge"]
    ] * 2


def test_a_group_of_several_functions_is_read_when_one_of_them_ran(db: Path) -> None:
    world = World(T0, ["a", "b", "c"], {"a": "/shared", "b": "/shared"})
    for name in world.functions:
        world.invoke(name, T0 - HOUR_MS)
    assert collect(world, db).groups == ["/aws/lambda/c", "/shared"]
    assert collect(world, db, now_ms=T0 + MINUTE_MS).groups == []
    world.invoke("b", T0 + 2 * MINUTE_MS - 1_000)
    assert collect(world, db, now_ms=T0 + 2 * MINUTE_MS).groups == ["/shared"]
    assert collect(world, db, now_ms=T0 + 3 * MINUTE_MS).groups == []
    assert had(db) == ran(world)


@pytest.mark.parametrize("every_ms", EVERY, ids=NAMES)
def test_without_metrics_every_group_is_read_once_a_round(db: Path, every_ms: int) -> None:
    world = fleet(10)
    for turn in range(3):
        done = collect(world, db, now_ms=T0 + turn * every_ms, features=("functions", "logs"))
        assert (sorted(done.groups), done.metrics) == ([f"/aws/lambda/{name}" for name in world.functions], 0)


def test_a_round_without_metrics_between_others_loses_nothing(db: Path) -> None:
    world = fleet(10)
    collect(world, db)
    world.invoke("fn003", T0 + 10 * MINUTE_MS)
    collect(world, db, now_ms=T0 + 30 * MINUTE_MS, features=("functions", "metrics"))
    world.invoke("fn004", T0 + 40 * MINUTE_MS)
    later = collect(world, db, now_ms=T0 + 90 * MINUTE_MS)
    assert had(db) == ran(world)
    assert {"/aws/lambda/fn003", "/aws/lambda/fn004"} <= set(later.groups)
    assert collect(world, db, now_ms=T0 + 91 * MINUTE_MS).groups == []


@pytest.mark.parametrize("after", [1, 4, 7, 9, 11, 14, 18, 23, 30])
def test_a_round_that_was_killed_costs_no_idle_group_a_call(db: Path, after: int) -> None:
    world = fleet(30)
    collect(world, db)
    now_ms = T0 + HOUR_MS
    for name in world.functions[:5]:
        world.invoke(name, now_ms - 10 * MINUTE_MS)
    asked = iter(range(1_000))
    collect(world, db, now_ms=now_ms, stopped=lambda: next(asked) >= after)
    again = collect(world, db, now_ms=now_ms + MINUTE_MS)
    assert set(again.groups) <= {f"/aws/lambda/{name}" for name in world.functions[:5]}
    assert had(db) == ran(world)
    assert collect(world, db, now_ms=now_ms + 2 * MINUTE_MS).groups == []


def test_what_cannot_come_any_more_is_not_looked_for() -> None:
    invoked, m = {0: 1.0, 60 * MINUTE_MS: 2.0}, MINUTE_MS
    assert to_read_since(invoked, (), (), 60 * m) == 60 * m  # it began just before
    assert to_read_since(invoked, (), (), 80 * m) == 60 * m
    assert to_read_since(invoked, (), (), 81 * m) is None
    assert to_read_since(invoked, (), (0,), 81 * m) == 0  # counted since it was read
    assert to_read_since(invoked, ((0, 1), (60 * m, 2)), (0,), 81 * m) is None
    assert to_read_since(invoked, ((0, 1), (60 * m, 1)), (0,), 81 * m) == 60 * m


def test_what_is_missing_is_told_from_the_bin_where_it_begins() -> None:
    m = MINUTE_MS
    assert missing_since({}, ()) is None
    assert missing_since({m: 2.0}, ()) == m
    assert missing_since({m: 2.0}, ((m, 2),)) is None
    assert missing_since({m: 2.0, 3 * m: 1.0}, ((m, 2),)) == 3 * m
    assert missing_since({m: 2.0, 3 * m: 1.0}, ((3 * m, 1),)) == m
    assert missing_since({m: 3.0, 3 * m: 1.0}, ((m, 2), (3 * m, 1))) == m
    assert missing_since({m: 1.0, 2 * m: 1.0}, ((2 * m, 2),)) is None  # begun at the end of a minute
    assert missing_since({m: 1.0}, ((0, 5),)) == m  # what came before is not what is missing
    assert missing_since({0: 120.0, 60 * m: 60.0}, ((m, 60), (59 * m, 60), (61 * m, 59))) == 60 * m  # an hour's bins

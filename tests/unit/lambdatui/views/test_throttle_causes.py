"""Why requests were rejected: the limit that was reached, and who held the concurrency at that minute."""

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.account import Configured, Inventory
from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.read.throttled_spans import throttled_spans, worst_throttled
from collectors.store.write import account as kept
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.views.concurrency import concurrency
from lambdatui.views.scope import Scope
from lambdatui.views.throttle_causes import ThrottleCause, ThrottleCauses, most_at_one_moment, worst_causes
from lambdatui.views.throttle_details import throttle_parts
from lambdatui.views.throttle_words import cell_words, sentence
from lambdatui.views.time_range import TimeRange
from tests.support.command_line import rows, run
from tests.support.row_checksums import resum
from tests.support.screens import press, settle, small_app
from tests.support.small_store import T0
from tests.support.usage_store import Call, make, point

ACCOUNT, REGION = "111122223333", "us-east-1"
REPORT, ETL, API = (FunctionKey(name, ACCOUNT, REGION) for name in ("report-job", "etl", "api"))
NIGHT = T0 + 14 * MINUTE_MS
HOUR = TimeRange(T0, T0 + HOUR_MS, "an hour")


def held(key: FunctionKey, at_once: float, at_ms: int = NIGHT) -> MetricPoint:
    return point(key, "ConcurrentExecutions", at_ms, at_once, "Maximum")


def rejected(key: FunctionKey, number: float, at_ms: int = NIGHT) -> MetricPoint:
    return point(key, "Throttles", at_ms, number)


def account_points(path: Path, at_ms: int = NIGHT, **peaks: float) -> None:
    of_all = FunctionKey("", ACCOUNT, REGION)
    with writing(path) as connection:
        kept.keep_account_points(
            connection, [MetricPoint(of_all, name, "Maximum", 60, at_ms, peak) for name, peak in peaks.items()]
        )


def limit(path: Path, most: int, since_ms: int = T0 - DAY_MS) -> None:
    found = [Configured(ACCOUNT, REGION, "", "account", "", {"concurrency_limit": most})]
    with writing(path) as connection:
        kept.keep_inventory(connection, Inventory(ACCOUNT, REGION, ("account",), found), since_ms)


def reserve(path: Path, since_ms: int = T0 - DAY_MS, **reserves: int) -> None:
    found = [
        Configured(ACCOUNT, REGION, name, "concurrency", "", {"reserved": most}) for name, most in reserves.items()
    ]
    names = frozenset(("report-job", "etl", "api"))
    with writing(path) as connection:
        kept.keep_inventory(connection, Inventory(ACCOUNT, REGION, ("concurrency",), found, names), since_ms)


def store(path: Path, *points: MetricPoint, calls: Iterable[Call] = ()) -> Path:
    return make(path / "s.db", [Function(key) for key in (REPORT, ETL, API)], calls, points)


def cause(path: Path, name: str = "api", span: TimeRange = HOUR) -> ThrottleCause:
    with Reader(path) as reader:
        ids = {row.function.key.name: row.id for row in reader.functions()}
        return worst_causes(reader, span.from_ms, span.to_ms, [ids[name]])[ids[name]]


def test_the_accounts_limit_and_who_took_it_at_that_minute(tmp_path: Path) -> None:
    path = store(
        tmp_path, rejected(API, 3, T0), rejected(API, 40), held(REPORT, 640), held(ETL, 210), held(API, 150),
        held(ETL, 900, NIGHT + MINUTE_MS),
    )  # fmt: skip
    limit(path, 1000)
    account_points(path, ConcurrentExecutions=1000, ClaimedAccountConcurrency=1000)
    found = cause(path)
    assert (found.start_ms, found.throttles, found.limited_by, found.limit, found.held) == (
        NIGHT, 40, "account", 1000, 1000,
    )  # fmt: skip
    assert found.culprit is not None
    assert (found.culprit.function, found.share, found.basis) == ("report-job", 0.64, "metric")
    assert cell_words(found) == "report-job took 640 of 1,000 (64%)"
    assert sentence(found) == (
        "account limit 1,000 reached 2025-03-31 10:14 UTC: report-job took 640 (64%), etl took 210 (21%), "
        "api took 150 (15%)"
    )


def test_a_function_that_fills_its_own_reserve_is_its_own_culprit(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 40), held(API, 5), held(REPORT, 640))
    limit(path, 1000)
    reserve(path, api=5)
    account_points(path, ClaimedAccountConcurrency=1000)
    found = cause(path)
    assert (found.limited_by, found.limit, found.held, cell_words(found)) == (
        "reserved", 5, 5, "own reserve full: 5 of 5",
    )  # fmt: skip
    assert sentence(found) == "reserved concurrency 5 reached 2025-03-31 10:14 UTC: the function itself ran 5 at once"


def test_a_function_that_is_switched_off(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 40))
    reserve(path, api=0)
    assert cell_words(cause(path)) == "own reserve is 0: switched off"
    assert "every request is rejected" in sentence(cause(path))


def test_what_others_reserve_is_taken_from_the_account(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 40), held(REPORT, 10), held(API, 200))
    limit(path, 1000)
    reserve(path, **{"report-job": 800})
    account_points(path, UnreservedConcurrentExecutions=200, ConcurrentExecutions=210)
    assert cell_words(cause(path)) == "report-job reserves 800 of 1,000 (80%)"


def test_the_reserve_of_then_counts_not_that_of_now(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 40), held(API, 5))
    reserve(path, api=5)
    reserve(path, since_ms=NIGHT + MINUTE_MS, api=50)
    assert (cause(path).limit, cause(path).limited_by) == (5, "reserved")


@pytest.mark.parametrize(
    ("ran", "words", "reason"),
    [
        (40, "not known: 40 of 1,000 ran", "a burst that is shorter than a minute does not show"),
        (999, "not known: 999 of 1,000 ran", "were below the account's limit of 1,000"),
    ],
)
def test_below_every_limit_nobody_is_blamed(tmp_path: Path, ran: int, words: str, reason: str) -> None:
    path = store(tmp_path, rejected(API, 40), held(API, ran))
    limit(path, 1000)
    account_points(path, ConcurrentExecutions=ran)
    found = cause(path)
    assert (found.limited_by, found.culprit, cell_words(found)) == (None, None, words)
    assert reason in sentence(found)


def test_a_large_function_may_have_met_the_scaling_rate(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 40), held(API, 1400))
    limit(path, 3000)
    account_points(path, ConcurrentExecutions=1400)
    assert "perhaps the scaling rate: 1,000 new environments" in sentence(cause(path))


def test_too_many_short_requests(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 12_000), held(API, 9), point(API, "Invocations", NIGHT, 60_001.0))
    limit(path, 100)
    account_points(path, ConcurrentExecutions=9)
    found = cause(path)
    assert (found.limited_by, found.culprit, cell_words(found)) == (
        "request rate", None, "1,200 requests/s, at most 1,000",
    )  # fmt: skip
    assert "10 for each of its 100" in sentence(found)


def test_without_a_limit_nothing_is_claimed(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 40), held(API, 5), held(REPORT, 640))
    found = cause(path)
    assert (found.limited_by, found.culprit, cell_words(found)) == (None, None, "not known: no limit was collected")
    assert sentence(found).endswith("no limit was collected; 5 of it ran at once")


def test_with_a_limit_alone_nothing_tells_what_ran(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 40))
    limit(path, 1000)
    assert cell_words(cause(path)) == "not known: limit 1,000"
    assert "nothing tells how much ran" in sentence(cause(path))


def test_who_is_not_known_may_have_held_more(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 40), held(REPORT, 100))
    limit(path, 1000)
    account_points(path, ClaimedAccountConcurrency=1000)
    found = cause(path)
    assert (found.limited_by, found.culprit, found.unexplained) == ("account", None, 900)
    assert cell_words(found) == "account limit full, by whom is not known"
    assert sentence(found).endswith("report-job took 100 (10%), 900 is of functions that are not known here")


def test_many_small_functions_are_no_strangers(tmp_path: Path) -> None:
    keys = [FunctionKey(f"small-{number:02}", ACCOUNT, REGION) for number in range(60)]
    path = make(
        tmp_path / "s.db",
        [Function(key) for key in (API, *keys)],
        (),
        [rejected(API, 4), *(held(key, 5) for key in keys)],
    )
    limit(path, 300)
    account_points(path, ClaimedAccountConcurrency=300)
    found = cause(path)
    assert found.culprit is not None
    assert (found.culprit.function, found.culprit.concurrency, found.unexplained, found.others) == (
        "small-00",
        5,
        0,
        40,
    )
    assert "57 other functions less each" in sentence(found)


def test_peaks_add_up_where_the_accounts_own_metric_is_missing(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 40), held(REPORT, 640), held(ETL, 360))
    limit(path, 1000)
    found = cause(path)
    assert (found.limited_by, found.basis, found.held) == ("account", "estimated", 1000)
    assert found.culprit is not None
    assert found.culprit.function == "report-job"


# By logs alone
def test_invocations_that_overlap_tell_who_ran_where_metrics_do_not(tmp_path: Path) -> None:
    calls = [
        *(Call(REPORT, NIGHT - 30_000 + number * 1000, billed_ms=120_000) for number in range(6)),
        *(Call(ETL, NIGHT + 20_000 + number * 10, billed_ms=15_000) for number in range(3)),
        Call(ETL, NIGHT + 50_000, billed_ms=15_000),
    ]
    path = store(tmp_path, rejected(API, 40), calls=calls)
    limit(path, 9)
    found = cause(path)
    assert (found.limited_by, found.held, found.basis) == ("account", 9, "estimated")
    assert cell_words(found) == "report-job took about 6 of 9 (67%)"


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(-50, 120), st.integers(1, 90)), max_size=40),
)
def test_most_at_one_moment_is_what_counting_every_moment_finds(drawn: list[tuple[int, int, int]]) -> None:
    running = [(each, float(begin), float(begin + length)) for each, begin, length in drawn]
    counts = [
        [each for each, begin, end in running if begin <= moment < end] for moment in range(100)
    ]  # every millisecond of the span
    most = max(counts, key=len)
    found = most_at_one_moment(running, 0, 100)
    assert sum(found.values()) == len(most)
    assert found == {each: most.count(each) for each in set(most)}


@given(st.lists(st.tuples(st.sampled_from((REPORT, ETL)), st.integers(0, 59_999), st.integers(1, 60_000)), min_size=1,
                max_size=12))  # fmt: skip
def test_the_culprit_by_logs_is_found_by_brute_force(tmp_path_factory: pytest.TempPathFactory, drawn: list) -> None:  # type: ignore[type-arg]
    calls = [Call(key, NIGHT + offset, billed_ms=length) for key, offset, length in drawn]
    path = store(tmp_path_factory.mktemp("s"), rejected(API, 4), calls=calls)
    limit(path, 1)
    starts = [call.at_ms for call in calls]
    alive = {
        at: [call.key.name for call in calls if call.at_ms <= at < call.at_ms + (call.billed_ms or 0)] for at in starts
    }
    most = max(len(names) for names in alive.values())
    found = cause(path)
    assert found.held == most
    assert found.culprit is not None
    possible = {(name, names.count(name)) for names in alive.values() if len(names) == most for name in names}
    assert (found.culprit.function, found.culprit.concurrency) in possible


# Which minute
@given(st.dictionaries(st.integers(0, 3 * 24 * 60 - 1), st.integers(0, 9), max_size=30), st.integers(0, 2000), st.integers(1, 4320))  # fmt: skip
def test_the_worst_minute_is_the_one_that_reading_every_point_finds(
    tmp_path_factory: pytest.TempPathFactory, points: dict[int, int], first: int, length: int
) -> None:
    day = T0 // DAY_MS * DAY_MS
    path = store(
        tmp_path_factory.mktemp("s"), *(rejected(API, count, day + at * MINUTE_MS) for at, count in points.items())
    )
    grain = 24 * 60 if length > 14 * 24 * 60 else 60 if length > 6 * 60 else 1
    begin = first // grain * grain
    inside = {at: count for at, count in points.items() if begin <= at < first + length and count}
    with Reader(path) as reader:
        (function_id,) = (row.id for row in reader.functions() if row.function.key == API)
        span = day + first * MINUTE_MS, day + (first + length) * MINUTE_MS
        found = worst_throttled(reader, *span, [function_id])
        every = [each.start_ms for each in throttled_spans(reader, day, day + 3 * DAY_MS, function_id)]
    assert every == [day + at * MINUTE_MS for at in sorted(points, reverse=True) if points[at]]
    if not inside:
        assert found == {}
    else:
        worst = max(inside, key=lambda at: (inside[at], at))
        assert (found[function_id].throttles, found[function_id].start_ms) == (inside[worst], day + worst * MINUTE_MS)


def test_an_hour_whose_points_were_deleted_is_one_period(tmp_path: Path) -> None:
    path = store(tmp_path, rejected(API, 4), rejected(API, 6, NIGHT + MINUTE_MS), held(REPORT, 9))
    limit(path, 9)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM metrics")
        resum(connection)
        connection.commit()
    with Reader(path) as reader:
        (function_id,) = (row.id for row in reader.functions() if row.function.key == API)
        (span,) = throttled_spans(reader, T0, T0 + HOUR_MS, function_id)
        found = ThrottleCauses(reader).of(span)
    assert (found.start_ms, found.period_s, found.throttles) == (T0, 3600, 10)
    assert "10:00 UTC (60 min)" in sentence(found)
    assert found.holders[0].function == "report-job"


# Where it is shown
def test_rows_scripts_and_at(tmp_path: Path) -> None:
    path = store(
        tmp_path, rejected(API, 40), held(REPORT, 640), held(ETL, 360), rejected(ETL, 50, NIGHT + 5 * MINUTE_MS)
    )
    limit(path, 1000)
    account_points(path, ConcurrentExecutions=1000)
    with Reader(path) as reader:
        view = concurrency(reader, HOUR, scope=Scope(functions=("api",)))
    (row,) = view.headroom
    assert (row.worst, row.culprit, row.culprit_share, row.throttled_by) == (NIGHT, "report-job", 0.64, "account")
    span = ("--from", str(T0 // 1000), "--to", str(T0 // 1000 + 3600), "--db", path)
    told = {each["function"]: each for each in rows(run("throttles", "--json", *span))}
    assert told["api"]["cause"] == "report-job took 640 of 1,000 (64%)"
    assert (told["all functions"]["culprit"], told["report-job"]["cause"]) == ("report-job", None)
    assert told["etl"]["cause"] == "not known: limit 1,000"
    text = run("throttles", *span).stdout
    assert "report-job took 640 of 1,000 (64%)" in text
    before = rows(run("throttles", "--json", "--range", "1h", "--at", str(NIGHT // 1000), "--db", path))
    assert {each["cause"] for each in before} == {None}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_one_key_tells_limit_minute_and_culprit(tmp_path: Path, size: tuple[int, int]) -> None:
    path = store(tmp_path, rejected(API, 40), held(REPORT, 640), held(ETL, 360))
    limit(path, 1000)
    account_points(path, ConcurrentExecutions=1000)
    app = small_app(path)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "T")
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
    assert "31 Mar 10:14" in shown
    assert "report-job took 640 of 1,000 (64%)" in shown


async def test_the_accounts_row_lists_when_its_limit_was_reached(tmp_path: Path) -> None:
    later = NIGHT + 20 * MINUTE_MS
    minutes = [NIGHT, NIGHT + MINUTE_MS, NIGHT + 3 * MINUTE_MS, later]
    path = store(
        tmp_path, *(rejected(API, 10 + number, at) for number, at in enumerate(minutes)),
        *(held(REPORT, 640, at) for at in minutes), *(held(ETL, 360, at) for at in minutes),
        rejected(ETL, 99, NIGHT + 10 * MINUTE_MS), held(ETL, 5, NIGHT + 10 * MINUTE_MS),
    )  # fmt: skip
    limit(path, 1000)
    for at in minutes:
        account_points(path, at, ConcurrentExecutions=1000)
    app = small_app(path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "T", "slash", *"all", "enter", "enter")
        assert isinstance(app.screen, DetailsScreen)
        text = app.screen.text
    newest, first = (line for line in text.splitlines() if line.startswith("2025"))
    assert newest.startswith("2025-03-31 10:34 to 10:35 UTC, 13 rejected: account limit 1,000 reached 2025-03-31 10:34")
    assert first.startswith("2025-03-31 10:14 to 10:18 UTC, 33 rejected: account limit 1,000 reached 2025-03-31 10:17")
    assert "report-job took 640 (64%)" in first


async def test_what_a_reserve_rejected_is_not_called_nothing(tmp_path: Path) -> None:
    """The account's row counts what was rejected for any reason, and says apart what its own limit rejected."""
    path = store(tmp_path, rejected(API, 12), held(API, 5))
    limit(path, 1000)
    reserve(path, api=5)
    app = small_app(path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "T", "slash", *"all", "enter", "enter")
        assert isinstance(app.screen, DetailsScreen)
        text = app.screen.text
    assert "Rejected by this limit" in text
    assert "Rejected for any reason" in text
    assert "Rejected\n" not in text


def test_without_metrics_nothing_is_said_to_be_rejected_or_not() -> None:
    assert throttle_parts([], utc=True, is_known=False) == [("Rejected", "not known: no metrics in this range")]
    assert throttle_parts([], utc=True) == [("Rejected", "nothing in this range, as far as metrics tell")]

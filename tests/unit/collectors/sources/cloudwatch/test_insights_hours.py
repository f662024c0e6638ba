"""A fleet summed by Logs Insights hour by hour: every query runs in a fake that has AWS's limits and faults."""

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectors.ingest.many_sources import collect_accounts
from collectors.ingest.results import Collected
from collectors.model.account import HourAggregate
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.sources.base import BudgetReached, Step
from collectors.sources.cloudwatch import insights_queries
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource
from collectors.store.integrity.checking import check
from collectors.store.read.reader import Reader
from collectors.store.write.account import covered
from lambdatui.views.costs import costs
from lambdatui.views.functions import functions
from lambdatui.views.time_range import TimeRange
from pricing.pricebook import PriceBook
from tests.support.aws import ACCOUNT, REGION, Canned, canned_session, error
from tests.support.fake_insights import FakeInsights, Fleet, Sums, account_answers, stored

pytestmark = pytest.mark.usefixtures("aws_isolated")

T0 = 1_743_415_200_000  # 2025-03-31T10:00:00Z
HOURS = [T0 - 3 * HOUR_MS, T0 - 2 * HOUR_MS, T0 - HOUR_MS]
NOW = T0 + 20 * MINUTE_MS
BOOK = PriceBook.load()
STYLES = ("text", "json", "both", "managed")


def fleet_of(functions: int, hours: list[int] = HOURS, invocations: int = 5) -> Fleet:
    fleet = Fleet()
    for number in range(functions):
        fleet.add(f"fn-{number:04d}", hours, invocations, style=STYLES[number % 4], memory_mb=128 << number % 4)
    return fleet


def aws_of(fake: FakeInsights, **settings: Any) -> tuple[ReadOnlySession, Canned]:
    session, aws = canned_session(**settings)
    aws.answers |= account_answers(fake) | fake.answers()
    return session, aws


def collect(
    db: Path, fake: FakeInsights, session: ReadOnlySession, *, now_ms: int = NOW, hours: int = 3, **more: Any
) -> Collected:
    session.calls.reset()
    source = CloudWatchSource(
        session, since_ms=T0 - hours * HOUR_MS, now_ms=now_ms, logs="insights", features=("logs",), pause=fake.pause
    )
    return collect_accounts([lambda: source], db=db, now_ms=now_ms, **more)[0]


def spans(db: Path, group: str, kind: str = "insights") -> list[tuple[int, int]]:
    with sqlite3.connect(db) as connection:
        return covered(connection, f"{kind} {ACCOUNT} {REGION} {group}")


def asked_once(fake: FakeInsights, groups: int, hours: int) -> None:
    """Every hour of every group was paid for, and none twice."""
    counts = Counter((start_ms, name) for start_ms, names in fake.asked() for name in names)
    assert (len(counts), set(counts.values())) == (groups * hours, {1})


# --- exactly, once ----------------------------------------------------------------------------------------------------


def test_every_hour_is_asked_once_and_its_sums_are_what_was_made(tmp_path: Path) -> None:
    """Text, JSON, both in one hour, and managed instances; a shared group; one of the other log class."""
    fleet = fleet_of(130)
    for name in ("shared-a", "shared-b"):
        fleet.add(name, HOURS, group="/apps/shared")
    fleet.add("rare", HOURS, log_class="INFREQUENT_ACCESS")
    fake = FakeInsights(fleet)
    session, _ = aws_of(fake)
    db = tmp_path / "store.db"
    done = collect(db, fake, session)
    assert (done.failures, done.rejected, stored(db) == fleet.sums) == ([], 0, True)
    assert set(Counter(start for start, _ in fake.asked()).values()) == {4}  # 131 groups, and 1
    asked_once(fake, 132, 3)
    assert {count.operation: count.units for count in done.calls}["logs:StartQuery"] == fake.scanned
    again = collect(db, fake, session)
    assert ({call.operation for call in again.calls} & {"logs:StartQuery", "logs:GetQueryResults"}) == set()
    assert (again.failures, stored(db) == fleet.sums, check(db)) == ([], True, [])


def test_an_hour_is_asked_when_its_late_events_have_come(tmp_path: Path) -> None:
    fleet = fleet_of(3, [T0 - HOUR_MS])
    fake = FakeInsights(fleet)
    session, _ = aws_of(fake)
    collect(tmp_path / "store.db", fake, session, now_ms=T0 + 15 * MINUTE_MS - 1, hours=1)
    assert fake.asked() == []
    collect(tmp_path / "store.db", fake, session, now_ms=T0 + 15 * MINUTE_MS, hours=1)
    asked_once(fake, 3, 1)


def test_the_newest_hours_come_first(tmp_path: Path) -> None:
    fake = FakeInsights(fleet_of(60))
    collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    starts = [start_ms for start_ms, _ in fake.asked()]
    assert starts == sorted(starts, reverse=True)


def test_hours_that_were_read_event_by_event_are_not_paid_for(tmp_path: Path) -> None:
    fleet = fleet_of(2)
    fake = FakeInsights(fleet)
    session, aws = aws_of(fake)
    aws.answers["logs:FilterLogEvents"] = lambda _: {"events": []}
    db = tmp_path / "store.db"
    source = CloudWatchSource(
        session, since_ms=HOURS[0], now_ms=HOURS[2], logs="events", features=("logs",), pause=fake.pause
    )
    collect_accounts([lambda: source], db=db, now_ms=HOURS[2])
    collect(db, fake, session)
    assert {start_ms for start_ms, _ in fake.asked()} == {HOURS[2]}


def test_answers_of_many_pages_are_whole(tmp_path: Path) -> None:
    fleet = fleet_of(20, HOURS[:1], invocations=30)
    fake = FakeInsights(fleet)
    fake.page = 7
    done = collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    assert (done.failures, stored(tmp_path / "store.db") == fleet.sums) == ([], True)


# --- limits -----------------------------------------------------------------------------------------------------------


def test_never_more_at_once_than_its_share_and_never_faster_than_the_quota(tmp_path: Path) -> None:
    fleet = fleet_of(400, invocations=1)
    fake = FakeInsights(fleet)
    fake.took_s = 60.0
    done = collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    assert (done.failures, fake.refused, fake.peak) == ([], Counter(), insights_queries.AT_ONCE)
    assert stored(tmp_path / "store.db") == fleet.sums


def test_where_others_fill_the_quota_it_waits_with_fewer(tmp_path: Path) -> None:
    fleet = fleet_of(400, invocations=1)
    fake = FakeInsights(fleet)
    fake.others, fake.took_s = 97, 20.0
    done = collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    assert (done.failures, stored(tmp_path / "store.db") == fleet.sums) == ([], True)
    assert fake.peak + fake.others <= 100
    assert 0 < fake.refused["LimitExceededException"] < 40
    asked_once(fake, 400, 3)


def test_without_room_for_one_the_rest_is_left_to_the_next_collection(tmp_path: Path) -> None:
    fleet = fleet_of(60)
    fake = FakeInsights(fleet)
    fake.others = 100
    session, _ = aws_of(fake)
    done = collect(tmp_path / "store.db", fake, session)
    assert ("throttled logs:StartQuery" in done.failures[0], fake.asked()) == (True, [])
    assert fake.now_s < 900
    assert {count.operation: count.units for count in done.calls}["logs:StartQuery"] == 0
    fake.others = 0
    assert collect(tmp_path / "store.db", fake, session).failures == []
    asked_once(fake, 60, 3)


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Failed", "Timeout", "Gone"])
def test_a_query_that_fails_once_is_had_all_the_same(tmp_path: Path, status: str) -> None:
    """Failed: once more. Timed out: in halves. Its id is gone: anew."""
    fleet = fleet_of(120)
    fake = FakeInsights(fleet)
    fake.ends = lambda asked, number: status if number == 2 else ""
    done = collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    assert (done.failures, stored(tmp_path / "store.db") == fleet.sums) == ([], True)
    assert len(fake.asked()) == 9 + (2 if status == "Timeout" else 1)


@pytest.mark.parametrize("status", ["Failed", "Timeout", "Cancelled", "Unknown", "Never", "Gone"])
def test_one_that_always_fails_is_told_and_the_others_are_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    fleet = fleet_of(120)
    fake = FakeInsights(fleet)
    monkeypatch.setattr(insights_queries, "LONGEST_S", 60.0)
    bad = "/aws/lambda/fn-0007"
    fake.ends = lambda asked, number: status if bad in asked["logGroupNames"] else ""
    session, _ = aws_of(fake)
    db = tmp_path / "store.db"
    done = collect(db, fake, session)
    assert len(done.failures) == 1
    assert "Logs Insights over" in done.failures[0]
    assert spans(db, bad) == []
    have = stored(db)
    assert all(have.get(key, sums) == sums for key, sums in fleet.sums.items())
    assert {name for name, _ in fleet.sums} - {name for name, _ in have} <= {f"fn-{n:04d}" for n in range(50)}
    fake.ends = lambda asked, number: ""
    assert (collect(db, fake, session).failures, stored(db) == fleet.sums, check(db)) == ([], True, [])


def test_a_group_that_was_deleted_meanwhile_costs_no_other(tmp_path: Path) -> None:
    fleet = fleet_of(120)
    fake = FakeInsights(fleet)
    gone = "fn-0033"
    fake.deleted = {f"/aws/lambda/{gone}"}
    done = collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    assert len(done.failures) == 1
    assert "did not find it" in done.failures[0]
    assert stored(tmp_path / "store.db") == {key: sums for key, sums in fleet.sums.items() if key[0] != gone}
    asked_once(fake, 119, 3)


def test_where_queries_are_denied_a_few_are_tried_and_it_is_told(tmp_path: Path) -> None:
    fake = FakeInsights(fleet_of(300, HOURS[:1], invocations=1))
    session, aws = aws_of(fake)
    aws.answers["logs:StartQuery"] = lambda _: error(
        "AccessDeniedException", "User is not authorized to perform: logs:StartQuery"
    )
    done = collect(tmp_path / "store.db", fake, session)
    assert ([one.denied for one in done.denied], aws.count("logs:StartQuery") < 10) == (["logs:StartQuery"], True)


def test_looks_that_are_throttled_or_fail_leave_the_query_alone(tmp_path: Path) -> None:
    fleet = fleet_of(60)
    fake = FakeInsights(fleet)
    session, aws = aws_of(fake)
    faults = random.Random(1)

    def sometimes(asked: dict[str, Any]) -> Any:
        fault = faults.choice(("", "", "throttled", "failed"))
        if fault == "throttled":
            return error("ThrottlingException")
        return error("ServiceUnavailableException", status=503) if fault else fake.results(asked)

    aws.answers["logs:GetQueryResults"] = sometimes
    done = collect(tmp_path / "store.db", fake, session)
    assert (done.failures, stored(tmp_path / "store.db") == fleet.sums) == ([], True)
    asked_once(fake, 60, 3)


def test_an_answer_that_was_cut_is_told_kept_and_not_marked(tmp_path: Path) -> None:
    """A page's token is lost: fewer REPORTs come than the query matched. It is not paid for again either."""
    fleet = fleet_of(20, HOURS[:1], invocations=30)
    fake = FakeInsights(fleet)
    fake.page = 50
    session, aws = aws_of(fake)

    def cut(asked: dict[str, Any]) -> Any:
        answer = fake.results(asked)
        return {name: value for name, value in answer.items() if name != "nextToken"}  # type: ignore[union-attr]

    aws.answers["logs:GetQueryResults"] = cut
    db = tmp_path / "store.db"
    done = collect(db, fake, session)
    assert len(done.failures) == 1
    assert "the answer was cut: it has 56 of 600 REPORTs" in done.failures[0]
    assert sum(sums.reports for sums in stored(db).values()) == 56  # in 50 rows
    assert spans(db, "/aws/lambda/fn-0000") == [(HOURS[1], T0)]  # the hours without an event were answered in full
    collect(db, fake, session)
    asked_once(fake, 20, 3)


def test_an_answer_with_as_many_rows_as_there_may_be_is_asked_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.sources.cloudwatch.insights_hours.MOST_ROWS", 100)
    fleet = fleet_of(20, HOURS[:1], invocations=12)
    fake = FakeInsights(fleet)
    done = collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    assert (done.failures, stored(tmp_path / "store.db") == fleet.sums) == ([], True)
    assert len([names for start_ms, names in fake.asked() if start_ms == HOURS[0]]) > 2


def test_a_shared_groups_functions_are_counted_among_the_rows_that_an_answer_may_have(tmp_path: Path) -> None:
    fleet = Fleet()
    for group in range(4):
        for number in range(40):
            fleet.add(f"fn-{group}-{number:02d}", HOURS[:1], 1, group=f"/apps/{group}")
    fake = FakeInsights(fleet)
    collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    assert stored(tmp_path / "store.db") == fleet.sums
    assert [names for start_ms, names in fake.asked() if start_ms == HOURS[0]] == [
        ("/apps/0", "/apps/1"), ("/apps/2", "/apps/3"),
    ]  # fmt: skip


# --- error patterns ---------------------------------------------------------------------------------------------------


def test_patterns_are_asked_of_few_groups_of_the_standard_class_and_within_their_share(tmp_path: Path) -> None:
    fleet = fleet_of(60, HOURS[:1], invocations=30)
    fleet.add("rare", HOURS[:1], 30, log_class="INFREQUENT_ACCESS")
    fake = FakeInsights(fleet)
    done = collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    asked = [names for _, names in fake.asked("pattern @message")]
    assert done.failures == []
    assert 0 < len(asked) <= 10  # two queries of standard groups, five of each
    assert ("/aws/lambda/rare",) not in asked
    with sqlite3.connect(tmp_path / "store.db") as connection:
        found = connection.execute("SELECT DISTINCT log_group FROM error_patterns").fetchall()
    assert sorted(found) == sorted(asked)


# --- money ------------------------------------------------------------------------------------------------------------


def test_what_it_may_scan_is_said_before_and_a_budget_stops_before_a_query_too_many(tmp_path: Path) -> None:
    fleet = fleet_of(150)
    whole = sum(sum(group.hour_bytes.values()) for group in fleet.groups.values())
    allowed = whole * 4
    spent = 0

    def limit_of(region: str) -> Callable[[str, int], None]:
        def limit(operation: str, units: int) -> None:
            nonlocal spent
            if spent + units > allowed:
                raise BudgetReached("the budget")
            spent += units

        return limit

    fake = FakeInsights(fleet)
    session, _ = aws_of(fake, limit_of=limit_of)
    steps: list[Step] = []
    db = tmp_path / "store.db"
    done = collect(db, fake, session, progress=lambda _, step: steps.append(step))
    first = next(step for step in steps if step.operation == "logs:StartQuery")
    assert (done.over_budget, 0 < len(fake.asked()) < 9) == ("the budget", True)
    assert first.units > whole
    assert first == next(step for step in steps if step.what == "Logs Insights")
    # What was paid for was had, and counts as what it scanned.
    have = stored(db)
    assert len(have) == sum(len(names) for _, names in fake.asked())
    assert all(fleet.sums[key] == sums for key, sums in have.items())
    assert spent == fake.scanned <= allowed


def test_an_answer_that_does_not_say_what_it_scanned_costs_what_was_estimated(tmp_path: Path) -> None:
    fake = FakeInsights(fleet_of(2, HOURS[:1]))
    session, aws = aws_of(fake)

    def silent(asked: dict[str, Any]) -> Any:
        answer = fake.results(asked)
        return {name: value for name, value in answer.items() if name != "statistics"}  # type: ignore[union-attr]

    aws.answers["logs:GetQueryResults"] = silent
    steps: list[Step] = []
    done = collect(tmp_path / "store.db", fake, session, hours=3, progress=lambda _, step: steps.append(step))
    units = {count.operation: count.units for count in done.calls}["logs:StartQuery"]
    assert fake.scanned < units <= next(step for step in steps if step.operation).units


# --- killed -----------------------------------------------------------------------------------------------------------


def test_wherever_it_is_killed_the_next_collection_has_every_hour_once(tmp_path: Path) -> None:
    """What is committed at each call to AWS is what a kill then leaves: from each of them it is collected again."""
    fleet = fleet_of(110, invocations=2)
    fake = FakeInsights(fleet)
    session, aws = aws_of(fake)
    db = tmp_path / "store.db"
    left: list[tuple[Path, int]] = []

    def snapshot(answer: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
        def called(asked: dict[str, Any]) -> Any:
            if db.exists():
                to = tmp_path / f"killed-{len(left)}.db"
                with sqlite3.connect(db) as one, sqlite3.connect(to) as other:
                    one.backup(other)
                left.append((to, len(fake.queries)))
            return answer(asked)

        return called

    for operation in ("logs:StartQuery", "logs:GetQueryResults"):
        aws.answers[operation] = snapshot(aws.answers[operation])
    assert collect(db, fake, session).failures == []
    queries = fake.queries
    for killed, started in random.Random(1).sample(left, 5):
        after = FakeInsights(fleet)
        after.queries = dict(list(queries.items())[:started])
        after.now_s = 1e6
        done = collect(killed, after, aws_of(after)[0])
        assert (done.failures, stored(killed) == fleet.sums, check(killed)) == ([], True, [])
        counts = Counter((start_ms, names) for start_ms, names in after.asked())
        # Started, and not written down yet: what the reader may be ahead of the writer.
        assert sum(counts.values()) - len(counts) <= 6
        with sqlite3.connect(killed) as connection:
            assert connection.execute("SELECT count(*) FROM collection_notes WHERE kind = 'query'").fetchone() == (0,)


def test_a_round_that_ends_leaves_its_queries_running_and_the_next_takes_them_up(tmp_path: Path) -> None:
    fleet = fleet_of(120)
    fake = FakeInsights(fleet)
    fake.took_s = 1e9
    session, aws = aws_of(fake)
    db = tmp_path / "store.db"

    def ended() -> bool:
        with sqlite3.connect(db) as connection:
            return connection.execute("SELECT count(*) FROM collection_notes WHERE kind = 'query'").fetchone() == (9,)

    collect(db, fake, session, stopped=ended)
    assert aws.count("logs:StopQuery") == 0
    fake.took_s = 0
    assert (collect(db, fake, session).failures, stored(db) == fleet.sums) == ([], True)
    asked_once(fake, 120, 3)


# --- money and what is shown ------------------------------------------------------------------------------------------


def test_sums_cost_what_their_events_cost_to_the_cent_and_say_their_basis(tmp_path: Path) -> None:
    fleet = fleet_of(12, invocations=20)
    by_sums, by_events = tmp_path / "sums.db", tmp_path / "events.db"
    fake = FakeInsights(fleet)
    session, aws = aws_of(fake)
    collect(by_sums, fake, session)
    aws.answers["logs:FilterLogEvents"] = fleet.events
    source = CloudWatchSource(
        session, since_ms=HOURS[0], now_ms=T0, logs="events", features=("logs",), pause=fake.pause
    )
    collect_accounts([lambda: source], db=by_events, now_ms=T0)
    of_sums, of_events = figures(by_sums), figures(by_events)
    assert of_sums["functions"] == of_events["functions"]
    assert of_sums["bill"] == of_events["bill"]
    assert of_sums["whole"] == of_events["whole"] > 0
    assert (of_sums["bases"], of_events["bases"]) == ({"insights"}, {"billed"})


def figures(db: Path) -> dict[str, Any]:
    """What the views say of the three hours: of each function, of each line of the bill."""
    span = TimeRange(HOURS[0], T0, "three hours")
    with Reader(db) as reader:
        shown = functions(reader, span, BOOK).rows
        bill = costs(reader, span, BOOK, free_tier=False).rows
    return {
        "functions": [
            (row.function, row.invocations, row.errors, row.timeouts, row.cold_starts, row.p50_ms, row.p99_ms, row.max_ms,
             row.avg_ms, row.billed_ms, row.gb_seconds, row.max_memory_mb, row.cost_usd)
            for row in sorted(shown, key=lambda row: row.function)
        ],
        "bases": {row.basis for row in shown},
        "bill": sorted(
            (line.dimension, line.function, line.arch, line.quantity, line.amount)
            for line in bill
            if line.amount is not None and "log" not in line.dimension
        ),
        "whole": sum(line.amount for line in bill if line.amount is not None and "log" not in line.dimension),
    }  # fmt: skip


# --- the store, and what is told --------------------------------------------------------------------------------------


def test_the_store_grows_by_functions_and_hours_not_by_rounds(tmp_path: Path) -> None:
    fleet = fleet_of(100)
    fake = FakeInsights(fleet)
    session, _ = aws_of(fake)
    db = tmp_path / "store.db"
    tables = ("insights_cells", "hour_cells", "day_cells", "covered", "log_groups", "collection_notes")

    def rows() -> list[int]:
        with sqlite3.connect(db) as connection:
            return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]

    collect(db, fake, session)
    first = rows()
    assert first[:2] == [300, 300]
    for _ in range(5):
        collect(db, fake, session)
    assert rows() == first


def test_functions_that_ran_and_have_no_report_are_told(tmp_path: Path) -> None:
    fleet = fleet_of(4)
    silent, hidden = "fn-0001", "fn-0003"
    for name in (silent, hidden):
        fleet.groups[f"/aws/lambda/{name}"].events.clear()
    fake = FakeInsights(fleet)
    session, aws = aws_of(fake)
    functions = aws.answers["lambda:ListFunctions"]

    def with_levels(asked: dict[str, Any]) -> Any:
        answer: Any = functions(asked)
        for one in answer["Functions"]:
            if one["FunctionName"] == hidden:
                one["LoggingConfig"] = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
        return answer

    def points(asked: dict[str, Any]) -> dict[str, Any]:
        at = HOURS[1] / 1000 + 600
        return {
            "MetricDataResults": [
                {"Id": one["Id"], "StatusCode": "Complete", "Timestamps": [at], "Values": [5.0]}
                for one in asked["MetricDataQueries"]
            ]
        }

    aws.answers |= {"lambda:ListFunctions": with_levels, "cloudwatch:GetMetricData": points}
    source = CloudWatchSource(
        session, since_ms=HOURS[0], now_ms=NOW, logs="insights", features=("metrics", "logs"), pause=fake.pause
    )
    (done,) = collect_accounts([lambda: source], db=tmp_path / "store.db", now_ms=NOW)
    assert len(done.failures) == 1
    assert f"invocations of {silent}, and their logs have no REPORT" in done.failures[0]


@pytest.mark.parametrize(("log_class", "way"), [("DELIVERY", "metrics"), ("INFREQUENT_ACCESS", "insights")])
def test_the_log_class_says_what_can_be_asked(tmp_path: Path, log_class: str, way: str) -> None:
    fleet = Fleet()
    fleet.add("fn", HOURS, log_class=log_class)
    fake = FakeInsights(fleet)
    done = collect(tmp_path / "store.db", fake, aws_of(fake)[0])
    assert (done.choices, done.failures) == ({way: 1}, [])
    assert (len(fake.asked()) > 0) is (way == "insights")


def test_hours_of_the_record_are_what_the_fake_made() -> None:
    """The fake's own sums are of the same kind as the record's: what one has and the other has not is named here."""
    import dataclasses

    made = {each.name for each in dataclasses.fields(Sums)}
    kept = {each.name for each in dataclasses.fields(HourAggregate)}
    assert made <= kept
    assert kept - made == {"account", "region", "function", "start_ms", "last_ms", "latency"}

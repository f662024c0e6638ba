"""Durable executions: listed once, histories read once, those that go on asked again, and what is said of them."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.ingest.many_sources import collect_accounts
from collectors.model.account import Covered
from collectors.model.durable import DurableExecution, DurableHistory, OpenExecution
from collectors.model.units import DAY_MS, HOUR_MS, HOUR_S, MINUTE_MS
from collectors.sources.base import DurableExecutions, Failed, Rejects
from collectors.sources.cloudwatch import durable as reading
from collectors.sources.cloudwatch.allowed_calls import ALLOWED
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.durable import DurableReading
from collectors.sources.cloudwatch.durable_events import event_of
from collectors.sources.cloudwatch.session import ReadOnlyViolation
from collectors.sources.cloudwatch.source import CloudWatchSource
from collectors.store.connection import writing
from collectors.store.integrity.checking import check
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write import durable as stored
from collectors.store.write.deletions import Deleted
from collectors.store.write.prune import Ends, prune
from tests.support import command_line
from tests.support.aws import ACCOUNT, REGION, canned_session, error, listed, no_pause

pytestmark = pytest.mark.usefixtures("aws_isolated")

FREE = TokenBucket(1e9, pause=no_pause)
T0 = 1_743_415_200_000  # 2025-03-31T10:00:00Z
MINUTE, HOUR, DAY = MINUTE_MS, HOUR_MS, DAY_MS


def arn(name: str, function: str = "fn") -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}:7/durable-execution/{name}/id-{name}"


def at(ms: int) -> float:
    """As the REST-JSON protocol sends a time."""
    return ms / 1000


class Durable:
    """Executions and their histories as Lambda gives them, in pages of any size."""

    def __init__(self, aws: Any, size: int = 2) -> None:
        self.aws = aws
        self.size = size
        self.executions: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        aws.answers |= {
            "lambda:ListDurableExecutionsByFunction": self._list,
            "lambda:GetDurableExecutionHistory": self._history,
            "lambda:ListFunctions": lambda _: {
                "Functions": listed(["fn"], DurableConfig={"ExecutionTimeout": HOUR_S, "RetentionPeriodInDays": 30})
                + listed(["plain"])
            },
        }

    def add(self, name: str, started_ms: int, *events: tuple[int, str, dict[str, Any]], **more: Any) -> None:
        self.executions[arn(name)] = {
            "DurableExecutionArn": arn(name), "DurableExecutionName": name, "Status": "RUNNING",
            "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn:7", "StartTimestamp": at(started_ms), **more,
        }  # fmt: skip
        self.events[arn(name)] = []
        self.go_on(name, *events)

    def go_on(self, name: str, *events: tuple[int, str, dict[str, Any]], **more: Any) -> None:
        history = self.events[arn(name)]
        for at_ms, kind, told in events:
            own = {key: told[key] for key in ("Id", "Name", "ParentId", "SubType") if key in told}
            about = {key: value for key, value in told.items() if key not in own}
            history.append(
                {"EventId": len(history) + 1, "EventType": kind, "EventTimestamp": at(at_ms), **own,
                 f"{kind}Details": about}
            )  # fmt: skip
        self.executions[arn(name)] |= more

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        def seconds(name: str) -> float | None:
            return datetime.fromisoformat(asked[name]).timestamp() if name in asked else None

        low, high = seconds("StartedAfter"), seconds("StartedBefore")
        found = [
            one
            for one in self.executions.values()
            if (low is None or one["StartTimestamp"] > low)
            and (high is None or one["StartTimestamp"] < high)
            and ("Statuses" not in asked or one["Status"] in ("RUNNING", "PAUSING", "PAUSED"))
        ]
        found.sort(key=lambda one: one["StartTimestamp"], reverse=asked.get("ReverseOrder") != "true")
        return self._page("DurableExecutions", found, asked)

    def _history(self, asked: dict[str, Any]) -> Any:
        name = asked["path"].split("/durable-executions/")[1].removesuffix("/history")
        if name not in self.events:
            return 404, {"__type": "ResourceNotFoundException", "Message": "none"}
        events = self.events[name][:: -1 if asked.get("ReverseOrder") == "true" else 1]
        return self._page("Events", events, asked)

    def _page(self, name: str, things: list[Any], asked: dict[str, Any]) -> dict[str, Any]:
        begin = int(asked.get("Marker", 0))
        more = {"NextMarker": str(begin + self.size)} if begin + self.size < len(things) else {}
        return {name: things[begin : begin + self.size]} | more


def ok(payload: str) -> dict[str, Any]:
    return {"Result": {"Payload": payload, "Truncated": False}, "RetryDetails": {"CurrentAttempt": 1}}


def fails(attempt: int, delay_s: int | None) -> dict[str, Any]:
    retry = {"CurrentAttempt": attempt} | ({} if delay_s is None else {"NextAttemptDelaySeconds": delay_s})
    said = {
        "ErrorType": "Refused",
        "ErrorMessage": f"no card {attempt}",
        "ErrorData": "s3cret",
        "StackTrace": ["s3cret"],
    }
    return {"Error": {"Payload": said, "Truncated": False}, "RetryDetails": retry}


STARTED = ("ExecutionStarted", {"Input": {"Payload": '{"s3cret": 1}'}, "ExecutionTimeout": HOUR_S})


def shopping(durable: Durable, name: str = "order-1", begin: int = T0) -> None:
    """A step that fails twice and succeeds, a wait, and the end."""
    charge = {"Id": "s1", "Name": "charge", "SubType": "Step"}
    durable.add(
        name, begin,
        (begin, *STARTED),
        (begin + 1_000, "StepStarted", charge),
        (begin + 2_000, "StepFailed", charge | fails(1, 5)),
        (begin + 8_000, "StepFailed", charge | fails(2, 10)),
        (begin + 20_000, "StepSucceeded", charge | ok("s3cret s3cret")),
        (begin + 21_000, "WaitStarted", {"Id": "w1", "Name": "pause", "Duration": 600,
                                         "ScheduledEndTimestamp": at(begin + 621_000)}),
        (begin + 22_000, "InvocationCompleted", {"StartTimestamp": at(begin), "EndTimestamp": at(begin + 22_000),
                                                 "RequestId": "r-1"}),
    )  # fmt: skip


def ends(durable: Durable, name: str = "order-1", begin: int = T0) -> None:
    durable.go_on(
        name,
        (begin + 621_000, "WaitSucceeded", {"Id": "w1", "Name": "pause", "Duration": 600}),
        (begin + 630_000, "ExecutionSucceeded", {"Result": {"Payload": "s3cret"}}),
        Status="SUCCEEDED", EndTimestamp=at(begin + 630_000),
    )  # fmt: skip


def collect(db: Path, session: Any, now_ms: int, **settings: Any) -> Any:
    settings = {"features": ("functions", "durable")} | settings
    source = CloudWatchSource(session, since_ms=now_ms - DAY, now_ms=now_ms, pause=no_pause, **settings)
    (done,) = collect_accounts([lambda: source], db=db, now_ms=now_ms)
    return done


def held(db: Path) -> tuple[list[Any], list[Any]]:
    with sqlite3.connect(db) as connection:
        return (
            connection.execute(
                "SELECT name, status, started_ms, ended_ms, history, last_event FROM durable_executions ORDER BY arn"
            ).fetchall(),
            connection.execute(
                "SELECT name, event_id, type FROM durable_events e JOIN durable_executions x ON x.id = e.execution_id"
                " ORDER BY x.arn, event_id".replace("SELECT name", "SELECT x.name").replace(", type", ", e.type")
            ).fetchall(),
        )


def asked(aws: Any, operation: str) -> list[dict[str, Any]]:
    return [one for name, one in aws.requests if name == f"lambda:{operation}"]


# --- collecting -------------------------------------------------------------------------------------------------------


def test_an_execution_is_followed_to_its_end_and_then_asked_no_more(tmp_path: Path) -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable)
    db = tmp_path / "store.db"
    assert collect(db, session, T0 + 5 * MINUTE).failures == []
    executions, events = held(db)
    assert executions == [("order-1", "RUNNING", T0, None, "partial", 7)]
    assert len(events) == 7
    # Nobody asked for the function that has none.
    assert {one["path"].split("/")[3] for one in asked(aws, "ListDurableExecutionsByFunction")} == {"fn"}
    ends(durable)
    aws.requests.clear()
    assert collect(db, session, T0 + 12 * MINUTE).failures == []
    executions, events = held(db)
    assert executions == [("order-1", "SUCCEEDED", T0, T0 + 630_000, "whole", 9)]
    assert [number for _, number, _ in events] == list(range(1, 10))
    # From the newest back to those that are known: two pages of two, not five.
    assert len(asked(aws, "GetDurableExecutionHistory")) == 2
    aws.requests.clear()
    assert collect(db, session, T0 + 13 * MINUTE).failures == []
    assert asked(aws, "GetDurableExecutionHistory") == []
    assert held(db) == (executions, events)
    assert check(db) == []
    assert b"s3cret" not in db.read_bytes()


def test_many_executions_over_many_pages_are_had_over_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HISTORIES_A_ROUND", 10)
    monkeypatch.setattr(reading, "PAGES_A_ROUND", 3)
    session, aws = canned_session()
    durable = Durable(aws, size=4)
    for number in range(25):
        durable.add(f"o-{number:02}", T0 + number * 20 * MINUTE, (T0 + number * 20 * MINUTE, *STARTED))
        ends_at = T0 + number * 20 * MINUTE + 1
        durable.go_on(
            f"o-{number:02}", (ends_at, "ExecutionFailed", {"Error": {"Payload": {"ErrorType": "E"}}}),
            Status="FAILED", EndTimestamp=at(ends_at),
        )  # fmt: skip
    db = tmp_path / "store.db"
    now_ms = T0 + 10 * HOUR
    rounds = 0
    while not (counts := [one[4] for one in held(db)[0]] if db.exists() else []) or None in counts or len(counts) < 25:
        collect(db, session, now_ms + rounds * MINUTE)
        rounds += 1
        assert rounds < 10
    assert {one[4] for one in held(db)[0]} == {"whole"}
    assert len(held(db)[1]) == 50
    assert len(asked(aws, "GetDurableExecutionHistory")) == 25  # each once
    whole = held(db)
    aws.requests.clear()
    collect(db, session, now_ms + rounds * MINUTE)
    assert (held(db), asked(aws, "GetDurableExecutionHistory")) == (whole, [])


@pytest.mark.parametrize("fails_at", [1, 2, 3, 5, 8, 13])
def test_a_round_that_is_cut_anywhere_is_made_whole_by_the_next(tmp_path: Path, fails_at: int) -> None:
    """Stores are compared with one that nothing disturbed."""
    stores = {}
    for cut in (None, fails_at):
        session, aws = canned_session()
        durable = Durable(aws)
        for number in range(3):
            shopping(durable, f"order-{number}", T0 + number * MINUTE)
        ends(durable, "order-1", T0 + MINUTE)
        calls = 0

        def cutting(answer: Callable[[Any], Any], cut: int | None = cut) -> Callable[[Any], Any]:
            def asked(request: Any) -> Any:
                nonlocal calls
                calls += 1
                return error("InvalidParameterValueException") if calls == cut else answer(request)

            return asked

        for name in ("lambda:ListDurableExecutionsByFunction", "lambda:GetDurableExecutionHistory"):
            aws.answers[name] = cutting(aws.answers[name])
        db = tmp_path / f"{cut}.db"
        done = collect(db, session, T0 + 12 * MINUTE)
        assert bool(done.failures) == (cut is not None)
        assert collect(db, session, T0 + 13 * MINUTE).failures == []
        stores[cut] = held(db)
    assert stores[None] == stores[fails_at]
    assert len(stores[None][1]) == 7 + 9 + 7


def test_one_that_began_long_ago_and_goes_on_is_found(tmp_path: Path) -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable, "old", T0 - 90 * DAY)
    db = tmp_path / "store.db"
    collect(db, session, T0)
    assert [one[:2] for one in held(db)[0]] == [("old", "RUNNING")]


def test_what_is_quiet_is_asked_once_a_day() -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable)
    known = OpenExecution(arn("order-1"), "fn", "RUNNING", None, 7, T0 + 5 * MINUTE)

    def calls(now_ms: int, *, quiet: bool) -> tuple[int, int]:
        aws.requests.clear()
        one = DurableReading(session.client("lambda"), ACCOUNT, REGION, FREE, now_ms, lambda _, since_ms: quiet)
        list(one.items(["fn"], lambda item: [(0, T0 + 5 * MINUTE)], T0 - DAY, [known]))
        return len(asked(aws, "ListDurableExecutionsByFunction")), len(asked(aws, "GetDurableExecutionHistory"))

    assert calls(T0 + 10 * MINUTE, quiet=True) == (0, 0)
    assert calls(T0 + 10 * MINUTE, quiet=False) == (1, 1)
    assert calls(T0 + 2 * DAY, quiet=True) == (2, 1)  # those that began, and those that go on


def test_quiet_is_what_has_not_run_since_it_was_asked_last(tmp_path: Path) -> None:
    """What began while a listing failed is listed by the next round, though nothing has run since."""
    session, aws = canned_session()
    durable = Durable(aws)
    ran: list[int] = [T0]

    def points(request: dict[str, Any]) -> dict[str, Any]:
        low, high = request["StartTime"] * 1000, request["EndTime"] * 1000
        found = [at_ms for at_ms in ran if low <= at_ms < high]
        return {
            "MetricDataResults": [
                {"Id": one["Id"], "StatusCode": "Complete", "Timestamps": [at(each) for each in found],
                 "Values": [1.0] * len(found)}
                for one in request["MetricDataQueries"]
            ]
        }  # fmt: skip

    aws.answers["cloudwatch:GetMetricData"] = points
    features, db = ("functions", "metrics", "durable"), tmp_path / "store.db"
    collect(db, session, T0 + MINUTE, features=features)
    ran.append(T0 + 60 * MINUTE)
    shopping(durable, "order-1", T0 + 60 * MINUTE)
    listing = aws.answers["lambda:ListDurableExecutionsByFunction"]
    aws.answers["lambda:ListDurableExecutionsByFunction"] = lambda _: error("InvalidParameterValueException")
    assert len(collect(db, session, T0 + 61 * MINUTE, features=features).failures) == 1
    aws.answers["lambda:ListDurableExecutionsByFunction"] = listing
    collect(db, session, T0 + 100 * MINUTE, features=features)  # the metrics of now tell of nothing that ran
    assert [one[0] for one in held(db)[0]] == ["order-1"]
    aws.requests.clear()
    collect(db, session, T0 + 101 * MINUTE, features=features)
    assert asked(aws, "ListDurableExecutionsByFunction") == asked(aws, "GetDurableExecutionHistory") == []


def test_what_is_denied_is_told_once_and_the_list_is_had(tmp_path: Path) -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    for number in range(4):
        shopping(durable, f"order-{number}", T0 + number)
    said = "User: x is not authorized to perform: lambda:GetDurableExecutionHistory on resource: *"
    answer = aws.answers["lambda:GetDurableExecutionHistory"]
    aws.answers["lambda:GetDurableExecutionHistory"] = lambda _: (
        403, {"__type": "AccessDeniedException", "Message": said}
    )  # fmt: skip
    db = tmp_path / "store.db"
    done = collect(db, session, T0 + 5 * MINUTE)
    assert len(done.failures) == 1
    assert [one.denied for one in done.denied] == ["lambda:GetDurableExecutionHistory"]
    assert aws.count("lambda:GetDurableExecutionHistory") == 1
    assert {one[4] for one in held(db)[0]} == {None}
    aws.answers["lambda:GetDurableExecutionHistory"] = answer
    assert collect(db, session, T0 + 6 * MINUTE).failures == []
    assert {one[4] for one in held(db)[0]} == {"partial"}


def test_histories_that_fail_stand_in_the_way_of_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HISTORIES_A_ROUND", 2)
    session, aws = canned_session()
    durable = Durable(aws)
    for number in range(6):
        shopping(durable, f"order-{number}", T0 + number * MINUTE)
    answer = aws.answers["lambda:GetDurableExecutionHistory"]

    def failing(request: dict[str, Any]) -> Any:
        broken = any(f"id-order-{number}" in request["path"] for number in (3, 4, 5))
        return error("InvalidParameterValueException") if broken else answer(request)

    aws.answers["lambda:GetDurableExecutionHistory"] = failing
    db = tmp_path / "store.db"
    for number in range(4):
        collect(db, session, T0 + (10 + number) * MINUTE)
    assert {one[0] for one in held(db)[0] if one[4] == "partial"} == {"order-0", "order-1", "order-2"}


def test_who_may_not_decrypt_sees_what_happened_all_the_same(tmp_path: Path) -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable)
    answer = aws.answers["lambda:GetDurableExecutionHistory"]

    def without_key(request: dict[str, Any]) -> Any:
        if request["IncludeExecutionData"] == "true":
            return error("KMSAccessDeniedException", status=502)
        return answer(request)

    aws.answers["lambda:GetDurableExecutionHistory"] = without_key
    db = tmp_path / "store.db"
    assert collect(db, session, T0 + 5 * MINUTE).failures == []
    assert len(held(db)[1]) == 7


def test_a_history_that_aws_keeps_no_more_is_gone_and_not_asked_again(tmp_path: Path) -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable)
    durable.events.clear()
    db = tmp_path / "store.db"
    assert collect(db, session, T0 + 5 * MINUTE).failures == []
    assert held(db)[0] == [("order-1", "RUNNING", T0, None, "gone", None)]
    aws.requests.clear()
    collect(db, session, T0 + 6 * MINUTE)
    assert asked(aws, "GetDurableExecutionHistory") == []


def test_one_that_is_listed_as_ended_waits_for_the_event_that_ends_it(tmp_path: Path) -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable)
    durable.go_on("order-1", Status="STOPPED", EndTimestamp=at(T0 + MINUTE))
    db = tmp_path / "store.db"
    collect(db, session, T0 + 5 * MINUTE)
    assert held(db)[0] == [("order-1", "STOPPED", T0, T0 + MINUTE, "partial", 7)]
    # Long after, there will be no more.
    collect(db, session, T0 + 2 * HOUR)
    assert held(db)[0] == [("order-1", "STOPPED", T0, T0 + MINUTE, "whole", 7)]


def test_paused_and_resumed_are_told_by_events(tmp_path: Path) -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable)
    db = tmp_path / "store.db"
    pause = {"PauseRequestTimestamp": at(T0 + MINUTE), "ExecutionTimeoutPaused": True}
    for kind, about, status in (
        ("ExecutionPaused", pause, "PAUSED"),
        ("ExecutionResumed", {"ResumeRequestTimestamp": at(T0 + 2 * MINUTE)}, "RUNNING"),
    ):
        durable.go_on("order-1", (T0 + MINUTE, kind, about))
        collect(db, session, T0 + 5 * MINUTE)
        assert held(db)[0][0][1] == status


@pytest.mark.parametrize(
    "odd",
    [None, 7, "x", {}, {"EventId": "1", "EventType": "StepStarted", "EventTimestamp": datetime(2025, 1, 1, tzinfo=UTC)},
     {"EventId": 1, "EventType": "StepStarted", "EventTimestamp": None}, {"EventId": 1, "EventType": None}],
)  # fmt: skip
def test_an_odd_event_is_no_event(odd: Any) -> None:
    assert event_of(odd) is None


@pytest.mark.parametrize("about", [None, 7, {}, {"Error": None, "RetryDetails": None, "Result": 7, "Duration": "x"}])
def test_an_event_whose_details_are_odd_is_had_without_them(about: Any) -> None:
    told = {"EventId": 1, "EventType": "StepFailed", "EventTimestamp": datetime(2025, 1, 1, tzinfo=UTC),
            "StepFailedDetails": about}  # fmt: skip
    one = event_of(told)
    assert one is not None
    assert (one.type, one.attempt, one.payload_bytes, one.error_type, one.duration_s) == (
        "StepFailed", None, None, None, None,
    )  # fmt: skip


def test_odd_events_and_executions_are_counted_and_left_out() -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable)
    durable.events[arn("order-1")].insert(2, {"EventType": "StepStarted"})
    durable.executions["odd"] = {"StartTimestamp": at(T0), "Status": "RUNNING"}
    one = DurableReading(session.client("lambda"), ACCOUNT, REGION, FREE, T0 + 5 * MINUTE)
    given = list(one.items(["fn"], lambda _: [], T0 - DAY))
    (history,) = [each for each in given if isinstance(each, DurableHistory)]
    assert len(history.events) == 7
    rejects = {each.reason for some in given if isinstance(some, Rejects) for each in some.rejects}
    assert rejects == {
        "a durable event without number, type or time", "a durable execution without ARN, start or status"
    }  # fmt: skip
    found = {each.arn for some in given if isinstance(some, DurableExecutions) for each in some.executions}
    assert found == {arn("order-1")}
    assert all(each.to_ms <= T0 + 5 * MINUTE for each in given if isinstance(each, Covered))
    assert not [each for each in given if isinstance(each, Failed)]


def test_nothing_that_goes_on_with_an_execution_may_be_called() -> None:
    assert {operation for _, operation in ALLOWED if "Durable" in operation} == {
        "ListDurableExecutionsByFunction", "GetDurableExecutionHistory"
    }  # fmt: skip
    session, aws = canned_session()
    with pytest.raises(ReadOnlyViolation):
        session.client("lambda").checkpoint_durable_execution(
            DurableExecutionArn=arn("order-1"), CheckpointToken="t", Updates=[]
        )
    with pytest.raises(ReadOnlyViolation):
        session.client("lambda").send_durable_execution_callback_success(CallbackId="c")
    assert aws.requests == []


# --- the store --------------------------------------------------------------------------------------------------------

ONE = DurableExecution(ACCOUNT, REGION, "fn", "7", arn("a"), "a", "RUNNING", T0, None, T0 + MINUTE)


def test_an_older_answer_takes_nothing_back(tmp_path: Path) -> None:
    with writing(tmp_path / "store.db") as connection:
        kept.keep_durable(connection, [replace(ONE, status="SUCCEEDED", ended_ms=T0 + 1)])
        kept.keep_durable(connection, [replace(ONE, asked_ms=T0)])
        kept.keep_durable(connection, [replace(ONE, asked_ms=T0 + 2 * MINUTE)])
        kept.keep_durable(connection, DurableHistory(arn("a"), (), "partial", T0 + 2 * MINUTE, "RUNNING"))
        kept.keep_durable(connection, DurableHistory(arn("never listed"), (), "whole", T0))
    assert held(tmp_path / "store.db")[0] == [("a", "SUCCEEDED", T0, T0 + 1, "partial", None)]


def test_old_executions_go_with_the_rows_and_those_that_go_on_stay(tmp_path: Path) -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable, "ended")
    ends(durable, "ended")
    shopping(durable, "going")
    db = tmp_path / "store.db"
    collect(db, session, T0 + HOUR)
    deleted = Deleted()
    with writing(db) as connection:
        assert prune(connection, Ends(rows_ms=T0 + DAY), deleted)
    assert deleted.others == 10
    assert [one[0] for one in held(db)[0]] == ["going"]
    assert len(held(db)[1]) == 7
    assert check(db) == []


def test_the_past_knows_nothing_of_what_came_later(tmp_path: Path) -> None:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable)
    ends(durable)
    db = tmp_path / "store.db"
    collect(db, session, T0 + HOUR)
    with Reader(db) as reader:
        with reader.until(T0 + 10_000):
            (one,) = stored.executions(reader, 0)
        assert (one.status, one.ended_ms, one.events, one.retries, one.steps) == ("RUNNING", None, 4, 2, 0)
        with reader.until(T0):
            assert stored.executions(reader, 0) == []
        (one,) = stored.executions(reader, 0)
    assert (one.status, one.events, one.steps, one.waits, one.waiting) == ("SUCCEEDED", 9, 1, 1, 0)


# --- the command ------------------------------------------------------------------------------------------------------


def run(db: Path, *arguments: str) -> Any:
    return command_line.run("--db", db, "--range", "all", "durable", *arguments)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    session, aws = canned_session()
    durable = Durable(aws)
    shopping(durable)
    shopping(durable, "order-2", T0 + MINUTE)
    ends(durable, "order-2", T0 + MINUTE)
    durable.add("bad", T0 + 2 * MINUTE, (T0 + 2 * MINUTE, *STARTED))
    boom = {"Error": {"Payload": {"ErrorType": "Boom", "ErrorMessage": "no \x1b[2Jcard"}}}
    durable.go_on(
        "bad", (T0 + 2 * MINUTE + 500, "ExecutionFailed", boom), Status="FAILED", EndTimestamp=at(T0 + 2 * MINUTE + 500)
    )
    durable.add("unread", T0 + 3 * MINUTE)
    del durable.events[arn("unread")]
    collect(tmp_path / "store.db", session, T0 + 13 * MINUTE)
    return tmp_path / "store.db"


def test_the_command_lists_what_ran(filled: Path) -> None:
    rows = {one["execution"]: one for one in json.loads(run(filled, "--json").stdout)["rows"]}
    assert list(rows) == ["unread", "bad", "order-2", "order-1"]
    one = rows["order-1"]
    assert (one["execution_status"], one["steps"], one["retries"], one["waits"], one["waiting"]) == (
        "RUNNING",
        1,
        2,
        1,
        1,
    )
    assert (one["ended_at"], one["version"]) == (None, "7")
    assert one["age_ms"] > 13 * MINUTE  # it goes on until now
    assert (rows["order-2"]["age_ms"], rows["order-2"]["waiting"]) == (630_000, 0)
    assert (rows["bad"]["error_type"], rows["bad"]["retries"]) == ("Boom", 0)
    # Nothing was read of it: that is not "none".
    assert (rows["unread"]["steps"], rows["unread"]["retries"], rows["unread"]["waits"]) == (None, None, None)
    assert run(filled, "--csv").stdout.splitlines()[0].startswith("execution,function,execution_status,")
    text = run(filled)
    assert "order-1" in text.stdout
    assert "\x1b" not in text.stdout
    assert [one["execution"] for one in json.loads(run(filled, "--json", "--filter", "retries>0").stdout)["rows"]] == [
        "order-2", "order-1"
    ]  # fmt: skip


@pytest.mark.parametrize("wanted", ["order-2", "id-order-2", arn("order-2")])
def test_the_command_tells_what_happened_in_one(filled: Path, wanted: str) -> None:
    told = json.loads(run(filled, wanted, "--json").stdout)
    assert told["execution"]["execution_arn"] == arn("order-2")
    events = [(one["event"], one["operation"], one["attempt"], one["retry_s"]) for one in told["rows"]]
    assert events[2:5] == [
        ("StepFailed", "charge", 1, 5), ("StepFailed", "charge", 2, 10), ("StepSucceeded", "charge", 1, None)
    ]  # fmt: skip
    assert (told["rows"][2]["error_type"], told["rows"][2]["message"]) == ("Refused", "no card 1")
    assert told["rows"][4]["payload_bytes"] == len("s3cret s3cret")
    assert (told["rows"][5]["waits_s"], told["rows"][6]["request_id"]) == (600, "r-1")
    assert "s3cret" not in json.dumps(told)
    text = run(filled, wanted)
    assert "StepFailed" in text.stdout
    assert "SUCCEEDED" in text.stdout


def test_what_is_not_there_or_not_clear_is_said(filled: Path, tmp_path: Path) -> None:
    none = run(filled, "nothing")
    assert (none.exit_code, "no durable execution 'nothing'" in none.output) == (1, True)
    several = run(filled, "order")
    assert (several.exit_code, "2 executions begin with 'order'" in several.output) == (1, True)
    assert run(filled, "ba").exit_code == 0
    with writing(tmp_path / "empty.db"):
        pass
    assert "no collection has asked" in run(tmp_path / "empty.db").output

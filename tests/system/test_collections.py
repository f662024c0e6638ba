"""Collections as a whole: from canned AWS answers through threads, parser and writer into a store."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.model.account import CallCount
from collectors.model.records import LogEvent
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.sources.base import BudgetReached, Failed, Item, LogEvents, SourceFailed, Step
from collectors.sources.cloudwatch.source import ALWAYS
from collectors.store.connection import writing
from collectors.store.errors import StoreLocked
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from tests.support.aws import ACCOUNT, REGION, canned_session, error, metric_answer, paged_functions
from tests.support.canned_logs import NOW, SINCE, Logs, aws_with, collect, fleet, lines, source
from tests.support.printed_statements import DAY, EVER, differences, everything

pytestmark = pytest.mark.usefixtures("aws_isolated")

SPANS = [EVER, (NOW - DAY, NOW)]


def test_a_collection_and_the_same_again(tmp_path: Path) -> None:
    logs = Logs()
    session, aws = aws_with(logs, fleet(logs))
    db = tmp_path / "store.db"
    (first,) = collect(db, source(session))
    assert (first.failures, first.functions, first.invocations, first.events) == ([], 3, 120, 360)
    assert first.choices == {"events": 3}
    asked = aws.count("logs:FilterLogEvents")
    (again,) = collect(db, source(session))
    assert (again.invocations, again.errors) == (0, 0)
    # What is covered is not asked for again, but for the last minutes.
    assert aws.count("logs:FilterLogEvents") - asked < 20
    with Reader(db) as reader:
        newest, oldest = account_rows.collections(reader)
        assert {count.operation for count in oldest.calls} >= {"logs:FilterLogEvents", "cloudwatch:GetMetricData"}
        assert (oldest.events, newest.invocations) == (360, 0)
    assert "s3cret" not in db.read_bytes().decode("latin-1")


def test_in_parts_in_any_order_and_with_overlaps_it_is_the_same_store(tmp_path: Path) -> None:
    logs = Logs()
    names = fleet(logs)
    clean, parts = tmp_path / "clean.db", tmp_path / "parts.db"
    collect(clean, source(aws_with(logs, names)[0]))
    session, _ = aws_with(logs, names)
    collect(parts, source(session, NOW - 6 * HOUR_MS, NOW - 9 * HOUR_MS, newest_first=True))
    collect(parts, source(session, NOW - 7 * HOUR_MS + 99, SINCE, newest_first=True))
    collect(parts, source(session, newest_first=True))
    assert differences(everything(clean, SPANS), everything(parts, SPANS)) == {}


def test_late_events_of_the_overlap_are_found_and_counted_once(tmp_path: Path) -> None:
    logs = Logs()
    names = fleet(logs)
    session, _ = aws_with(logs, names)
    collect(tmp_path / "late.db", source(session))
    logs.add("fn0", (9_999, NOW - 2 * MINUTE_MS))
    later = NOW + 5 * MINUTE_MS
    (second,) = collect(tmp_path / "late.db", source(session, later), now_ms=later)
    assert (second.invocations, second.events - second.duplicates >= 3) == (1, True)
    clean = tmp_path / "clean.db"
    collect(clean, source(aws_with(logs, names)[0], later), now_ms=later)
    assert differences(everything(clean, SPANS), everything(tmp_path / "late.db", SPANS)) == {}


def test_a_failure_halfway_marks_only_what_was_had(tmp_path: Path) -> None:
    logs = Logs()
    names = fleet(logs)
    session, aws = aws_with(logs, names)
    calls = iter(range(10_000))
    aws.answers["logs:FilterLogEvents"] = lambda asked: (
        error("AccessDeniedException", "no") if next(calls) == 9 else logs.filter(asked)
    )
    db = tmp_path / "store.db"
    (first,) = collect(db, source(session))
    assert len(first.failures) == 1
    assert "allow logs:FilterLogEvents" in first.failures[0]
    assert 0 < first.invocations < 120
    (second,) = collect(db, source(session))
    assert second.failures == []
    clean = tmp_path / "clean.db"
    collect(clean, source(aws_with(logs, names)[0]))
    assert differences(everything(clean, SPANS), everything(db, SPANS)) == {}


def test_one_group_that_is_denied_does_not_keep_back_the_others(tmp_path: Path) -> None:
    logs = Logs()
    session, aws = aws_with(logs, fleet(logs))
    aws.answers["logs:FilterLogEvents"] = lambda asked: (
        error("AccessDeniedException", "no") if asked["logGroupName"].endswith("fn1") else logs.filter(asked)
    )
    (done,) = collect(tmp_path / "store.db", source(session))
    assert done.invocations == 80
    assert [failure.split(":")[0] for failure in done.failures] == ["log group /aws/lambda/fn1"]


@pytest.mark.parametrize(
    "code", ["ExpiredTokenException", "AccessDenied", "ThrottlingException", "UnrecognizedClientException"]
)
def test_a_source_that_fails_is_told_and_the_other_goes_on(
    tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    logs = Logs()
    fine, _ = aws_with(logs, fleet(logs, 1))
    broken, aws = canned_session()
    refused = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    aws.answers["sts:GetCallerIdentity"] = lambda _: (400, refused.encode())  # type: ignore[return-value]
    good, bad = collect(tmp_path / "store.db", source(fine), lambda: source(broken))
    assert (good.failures, good.invocations) == ([], 40)
    assert (len(bad.failures), bad.functions) == (1, 0)
    with Reader(tmp_path / "store.db") as reader:
        notes = [note for row in account_rows.collections(reader) for note in row.notes if note[0] == "failure"]
    assert len(notes) == 1


def test_the_same_account_and_region_is_read_once(tmp_path: Path) -> None:
    logs = Logs()
    names = fleet(logs)
    one, other = source(aws_with(logs, names)[0]), source(aws_with(logs, names)[0])
    other.name = "cloudwatch again"
    done = collect(tmp_path / "store.db", one, other)
    assert sorted(each.invocations for each in done) == [0, 120]
    assert sum("same account and region" in str(each.failures) for each in done) == 1


def test_a_budget_keeps_what_was_had(tmp_path: Path) -> None:
    logs = Logs()
    session, aws = aws_with(logs, fleet(logs))

    def limit(operation: str, units: int) -> None:
        raise BudgetReached(f"stopped before {operation}")

    session.calls._limit = limit
    (done,) = collect(tmp_path / "store.db", source(session))
    assert done.over_budget == "stopped before cloudwatch:GetMetricData"
    assert (done.functions, done.failures, aws.count("cloudwatch:GetMetricData")) == (3, [], 0)


def test_a_second_collector_says_who_holds_the_lock_or_waits(tmp_path: Path) -> None:
    logs = Logs()
    db = tmp_path / "store.db"
    one = source(aws_with(logs, fleet(logs))[0])
    with writing(db), pytest.raises(StoreLocked, match="being written by process"):
        collect(db, one)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with writing(db):
            held.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    threading.Timer(0.3, done.set).start()
    (waited,) = collect(db, one, wait=True)
    holder.join()
    assert waited.invocations == 120


class Counting:
    """A source of our own: events without end, and a step for each block."""

    def __init__(self, blocks: int) -> None:
        self.name, self.account, self.region = "counting", ACCOUNT, REGION
        self._blocks = blocks

    def items(self, stored: Callable[[str], Sequence[tuple[int, int]]]) -> Iterator[Item]:
        for number in range(self._blocks):
            yield Step("counting", number, self._blocks)
            yield LogEvents(
                [
                    LogEvent(time, text, "/aws/lambda/fn", "s", f"{number}-{place}", "fn", ACCOUNT, REGION)
                    for place, (time, text) in enumerate(lines(number, NOW + number * 200))
                ]
            )
        yield Failed(SourceFailed("the end", "it is one", "nothing"))

    def counts(self) -> list[CallCount]:
        return []


def test_progress_says_what_is_read_and_how_much_is_left(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    (done,) = collect(
        tmp_path / "store.db", Counting(50), progress=lambda _, step: seen.append((step.what, step.done, step.total))
    )
    assert ("counting", 49, 50) in seen
    assert (done.invocations, done.failures) == (50, ["the end: it is one; nothing"])


def test_stopping_keeps_what_was_had(tmp_path: Path) -> None:
    asked = iter(range(10_000))
    (done,) = collect(tmp_path / "store.db", Counting(5_000), stopped=lambda: next(asked) > 300)
    assert 0 <= done.invocations < 5_000
    with Reader(tmp_path / "store.db") as reader:
        assert reader.count_invocations(*EVER) == done.invocations


def test_an_unforeseen_fault_is_told_and_not_hidden(tmp_path: Path) -> None:
    class Broken(Counting):
        def items(self, stored: Callable[[str], Sequence[tuple[int, int]]]) -> Iterator[Item]:
            raise ZeroDivisionError
            yield

    [done] = collect(tmp_path / "store.db", Broken(1))
    assert len(done.failures) == 1
    assert "ZeroDivisionError" in done.failures[0]
    assert "report it" in done.failures[0]


def test_auto_reads_events_sums_and_nothing_as_it_should(tmp_path: Path) -> None:
    """One function idle, one small, one whose logs are too many: each is read in its own way, once."""
    logs = Logs()
    logs.add("small", (1, NOW - HOUR_MS))
    logs.add("idle", (2, NOW - HOUR_MS))
    logs.add("huge", (3, NOW - HOUR_MS))
    session, aws = aws_with(logs, ["huge", "idle", "small"])

    def points(asked: dict[str, Any]) -> dict[str, Any]:
        def value(query: str) -> float:
            return 1e13 if "IncomingBytes" in query and "huge" in query else 5.0

        ran = [one for one in asked["MetricDataQueries"] if "idle" not in str(one)]
        return metric_answer(
            asked, [{"Id": one["Id"], "Timestamps": [asked["StartTime"]], "Values": [value(str(one))]} for one in ran]
        )

    def rows(asked: dict[str, Any]) -> dict[str, Any]:
        found = [{"field": "@log", "value": f"{ACCOUNT}:/aws/lambda/huge"}, {"field": "n", "value": "7"},
                 {"field": "bucket", "value": "500"}]  # fmt: skip
        return {"status": "Complete", "results": [found], "statistics": {"bytesScanned": 1e9}}

    aws.answers |= {
        "cloudwatch:GetMetricData": points,
        "logs:StartQuery": lambda asked: {"queryId": str(asked["startTime"])},
        "logs:GetQueryResults": rows,
    }
    db = tmp_path / "store.db"
    steps: list[Step] = []
    auto = source(session, logs="auto", since_ms=NOW - 4 * HOUR_MS)
    (done,) = collect(db, auto, progress=lambda _, step: steps.append(step))
    assert done.failures == []
    assert {step.units for step in steps if step.operation == "logs:StartQuery"} == {
        12_000_000_000_000
    }  # a fifth of it for patterns of errors
    assert done.choices == {"events": 1, "idle": 1, "insights": 1}
    read = {asked["logGroupName"] for name, asked in aws.requests if name == "logs:FilterLogEvents"}
    assert read == {"/aws/lambda/small"}
    assert aws.count("logs:StartQuery") == 3  # the closed hours of four
    (again,) = collect(db, source(session, logs="auto", since_ms=NOW - 4 * HOUR_MS))
    assert (again.failures, aws.count("logs:StartQuery")) == ([], 3)
    with Reader(db) as reader:
        names = {row.id: row.function.key.name for row in reader.functions()}
        counted = {names[total.function_id]: total.invocations for total in reader.totals(*EVER)}
    assert counted == {"small": 1, "huge": 21}


def test_logs_that_were_not_asked_for_before_are_read_though_nothing_runs_now(tmp_path: Path) -> None:
    logs = Logs()
    names = fleet(logs)
    session, _ = aws_with(logs, names)
    db = tmp_path / "store.db"
    collect(db, source(session, logs="none"))
    later = NOW + 5 * MINUTE_MS
    (done,) = collect(db, source(session, later, logs="auto"), now_ms=later)
    assert (done.choices, done.invocations) == ({"events": 3}, 120)
    later += 5 * MINUTE_MS
    (done,) = collect(db, source(session, later, logs="auto"), now_ms=later)
    assert done.choices == {"idle": 3}


def test_what_belongs_to_functions_is_kept_and_looked_at_once_a_day(tmp_path: Path) -> None:
    session, aws = canned_session()
    aws.answers |= {
        "lambda:ListFunctions": paged_functions(["a", "b"]),
        "lambda:GetFunctionConcurrency": lambda _: {"ReservedConcurrentExecutions": 7},
    }
    db = tmp_path / "store.db"
    collect(db, source(session, logs="none"))
    assert aws.count("lambda:GetFunctionConcurrency") == 2
    collect(db, source(session, logs="none", now_ms=NOW + HOUR_MS), now_ms=NOW + HOUR_MS)
    assert aws.count("lambda:GetFunctionConcurrency") == 2
    with Reader(db) as reader:
        assert {row.function.reserved_concurrency for row in reader.functions()} == {7}
    aws.answers["lambda:GetFunctionConcurrency"] = lambda _: {}
    collect(db, source(session, logs="none", now_ms=NOW + 25 * HOUR_MS), now_ms=NOW + 25 * HOUR_MS)
    assert aws.count("lambda:GetFunctionConcurrency") == 4
    with Reader(db) as reader:
        assert {row.function.reserved_concurrency for row in reader.functions()} == {None}
        gone = [change for change in account_rows.changes(reader, *EVER) if change.kind == "concurrency"]
    assert [(change.was, change.value) for change in gone] == [(7, None)] * 2


def test_the_calls_for_a_fleet_are_counted_exactly(tmp_path: Path) -> None:
    """1,200 functions over 24 hours: 24 pages of functions, and metrics in as few calls as the points allow."""
    names = [f"fn{number:04d}" for number in range(1_200)]
    session, aws = canned_session()
    aws.answers["lambda:ListFunctions"] = paged_functions(names)

    def points(asked: dict[str, Any]) -> dict[str, Any]:
        ran = [one for one in asked["MetricDataQueries"] if "fn00" in str(one)]
        return metric_answer(
            asked, [{"Id": one["Id"], "Timestamps": [asked["StartTime"]], "Values": [1.0]} for one in ran]
        )

    aws.answers["cloudwatch:GetMetricData"] = points
    features = tuple(each for each in ALWAYS if each != "inventory")
    (done,) = collect(tmp_path / "store.db", source(session, features=features, logs="none"))
    assert done.failures == []
    calls = {count.operation: (count.requests, count.units) for count in done.calls}
    assert calls["lambda:ListFunctions"] == (24, 0)
    # 1,441 points of a minute: 69 queries a call. 2,403 of all functions, then 9 of each of the 100 active ones.
    at_once = 100_800 // 1_441
    assert calls["cloudwatch:GetMetricData"] == (-(-2_403 // at_once) + -(-900 // at_once), 3_303)
    # Three hours are 181 points: there the 500 queries of a call are what counts.
    session.calls.reset()
    (done,) = collect(
        tmp_path / "hours.db", source(session, since_ms=NOW - 3 * HOUR_MS, features=features, logs="none")
    )
    calls = {count.operation: (count.requests, count.units) for count in done.calls}
    assert calls["cloudwatch:GetMetricData"] == (5 + 2, 3_303)


def test_what_aws_billed_is_kept_and_every_page_counted(tmp_path: Path) -> None:
    session, aws = canned_session()

    def page(asked: dict[str, Any]) -> dict[str, Any]:
        group = {
            "Keys": ["EUC1-Request", "Usage"],
            "Metrics": {
                "UnblendedCost": {"Amount": "0.42", "Unit": "USD"},
                "UsageQuantity": {"Amount": "2100000", "Unit": "Requests"},
            },
        }
        day = "2025-03-30" if "NextPageToken" in asked else "2025-03-31"
        more = {} if "NextPageToken" in asked else {"NextPageToken": "t"}
        period = {"Start": day, "End": "2025-04-01"}
        return {"ResultsByTime": [{"TimePeriod": period, "Groups": [group], "Estimated": True}]} | more

    aws.answers |= {
        "ce:GetCostAndUsage": page,
        "compute-optimizer:GetEnrollmentStatus": lambda _: {"status": "Active"},
        "compute-optimizer:GetLambdaFunctionRecommendations": lambda _: {
            "lambdaFunctionRecommendations": [
                {
                    "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn:$LATEST", "functionVersion": "$LATEST",
                    "currentMemorySize": 1024, "finding": "NotOptimized",
                    "findingReasonCodes": ["MemoryOverprovisioned"],
                    "memorySizeRecommendationOptions": [
                        {"rank": 2, "memorySize": 700},
                        {
                            "rank": 1, "memorySize": 512,
                            "savingsOpportunity": {"estimatedMonthlySavings": {"currency": "USD", "value": 1.5}},
                        },
                    ],
                }
            ]
        },
    }  # fmt: skip
    (done,) = collect(tmp_path / "store.db", source(session, features=("functions", "costs", "optimizer")))
    assert done.failures == []
    assert [each.units for each in done.calls if each.operation == "ce:GetCostAndUsage"] == [2]
    with Reader(tmp_path / "store.db") as reader:
        days = account_rows.billed_days(reader, *EVER)
        (word,) = account_rows.recommendations(reader)
    assert [(day.usage_type, day.amount, day.estimated) for day in days] == [("EUC1-Request", "0.42", True)] * 2
    assert (word.function, word.memory_mb, word.recommended_mb, word.saving) == ("fn", 1024, 512, "1.5")


def test_nothing_secret_is_kept(tmp_path: Path) -> None:
    logs = Logs()
    session, _ = aws_with(logs, fleet(logs))
    db = tmp_path / "store.db"
    collect(db, source(session))
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert b"s3cret" not in content
        assert b"testing" not in content  # the access key

"""AWS's answers cut, strange, in circles and refused: nothing is lost, and nothing is wrong without a word.

After every fault the store is compared with that of an undisturbed collection: after the disturbed one it is equal, or
a failure is told, what is had is right, and what was not had does not count as read; after a clean one it is equal.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from collectors.model.units import MINUTE_MS
from collectors.store.connection import writing
from tests.support.aws import isolate
from tests.support.fake_aws import faults
from tests.support.fake_aws.collecting import collect
from tests.support.fake_aws.fleet import Fleet
from tests.support.fake_aws.server import FakeAws, Fault, fake_aws
from tests.support.fake_aws.stores import content, covered, differences

BROKEN = {
    "cut": faults.truncated(),
    "nothing of it": faults.truncated(0.0),
    "cut chunks": faults.truncated_chunks(),
    "half the JSON": faults.half_json(),
    "all JSON but its end": faults.half_json(0.95),
    "HTML": faults.html(),
    "HTML 503": faults.html(503),
    "empty": faults.empty(),
    "a list": faults.body(b"[]"),
    "null": faults.body(b"null"),
    "other JSON": faults.body(b'{"message": "blocked by policy"}'),
    "reset": faults.reset(),
    "500": faults.failing(),
    "throttled": faults.throttled(),
}
STAYING = ("cut", "half the JSON", "HTML 503", "empty", "reset", "throttled")
HARMLESS = {"reordered": faults.reordered(), "doubled": faults.doubled()}
UNENDING = {
    "a token for ever": faults.repeated_token(),
    "a token and its page for ever": faults.repeated_token(emptied=False),
    "two tokens in turns": faults.alternating_tokens(),
    "empty pages for ever": faults.endless(),
    "one page for ever": faults.endless(empty=False),
}
FIRST = ("sts:GetCallerIdentity", "lambda:ListFunctions")  # without these there is nothing to collect
EACH = {  # every operation that a collection makes, and what of the store comes from it
    "sts:GetCallerIdentity": (),
    "lambda:ListFunctions": (),
    "lambda:GetAccountSettings": ("configuration",),
    "lambda:ListEventSourceMappings": ("configuration",),
    "application-autoscaling:DescribeScheduledActions": ("configuration",),
    "cloudwatch:GetMetricData": ("metrics", "metrics of accounts"),
    "logs:DescribeLogGroups": ("log groups", "invocations", "lines", "minutes", "metrics", "functions"),
    "logs:FilterLogEvents": ("invocations", "lines", "minutes", "functions"),
    "cloudwatch:DescribeAlarms": ("alarms", "alarm history"),
    "cloudwatch:DescribeAlarmHistory": ("alarm history",),
    "ce:GetCostAndUsage": ("billed days",),
    "compute-optimizer:GetEnrollmentStatus": ("recommendations",),
    "compute-optimizer:GetLambdaFunctionRecommendations": ("recommendations",),
    "lambda:GetFunctionConcurrency": ("configuration", "functions"),
    "lambda:ListProvisionedConcurrencyConfigs": ("configuration", "functions"),
    "lambda:ListFunctionEventInvokeConfigs": ("configuration", "functions"),
    "lambda:ListAliases": ("configuration", "functions"),
    "lambda:ListVersionsByFunction": ("configuration", "functions"),
    "lambda:ListFunctionUrlConfigs": ("configuration", "functions"),
    "lambda:GetPolicy": ("configuration", "functions"),
    "lambda:GetFunctionConfiguration": ("configuration", "functions"),
    "lambda:GetRuntimeManagementConfig": ("configuration", "functions"),
    "lambda:GetFunctionRecursionConfig": ("configuration", "functions"),
    "lambda:ListCodeSigningConfigs": ("configuration", "functions"),
    "resourcegroupstaggingapi:GetResources": ("configuration",),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, and no looking for garbage among the few records of these collections."""
    isolate(monkeypatch, tmp_path)
    off = SimpleNamespace(isenabled=lambda: False, disable=lambda: None, enable=lambda: None, collect=lambda: 0)
    monkeypatch.setattr("collectors.ingest.many_sources.gc", off)


class Undisturbed:
    """The server, a store that has nothing yet, and what an undisturbed collection comes to."""

    def __init__(self, aws: FakeAws, folder: Path) -> None:
        self.aws = aws
        self.empty = folder / "empty.db"
        with writing(self.empty):
            pass
        self.collect(good := self.store(folder / "good.db"))
        self.content, self.covered, self.operations = content(good), covered(good), set(aws.calls)

    def store(self, db: Path) -> Path:
        shutil.copy(self.empty, db)
        return db

    def collect(self, db: Path) -> Any:
        """A collection, and what it called."""
        self.aws.forget_counts()
        return collect(self.aws, db, details=1_000)

    def differs(self, db: Path) -> dict[str, Any]:
        return differences(self.content, content(db))

    def assert_nothing_wrong(self, db: Path) -> None:
        """What is had is part of what there is, as far as it goes: an invocation may be there without all its events,
        and a function without its reserved concurrency."""
        told = content(db)
        del told["minutes"]  # sums of what is there
        told["configuration"] = [row for row in told["configuration"] if row[3] != "denied"]  # what is not known
        columns = {"functions": 9, "invocations": 5}
        for kind, rows in told.items():
            right = [row[: columns.get(kind)] for row in self.content[kind]]
            assert [row for row in rows if row[: columns.get(kind)] not in right] == [], kind

    def assert_made_good(self, db: Path) -> None:
        """The same again without a fault: all is had."""
        self.aws.clear()
        done = self.collect(db)
        assert done.failures == []
        assert self.differs(db) == {}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    folder = tmp_path_factory.mktemp("faults")
    fleet = Fleet(functions=2, invocations=20, deleted=1, idle_every=2, shared=0, hours=2)
    with pytest.MonkeyPatch.context() as patch, fake_aws(fleet) as aws:
        isolate(patch, folder)
        yield Undisturbed(aws, folder)


@pytest.fixture
def clean(undisturbed: Undisturbed, quick: None) -> Undisturbed:
    undisturbed.aws.clear()
    return undisturbed


@pytest.fixture
def db(undisturbed: Undisturbed, tmp_path: Path) -> Path:
    return undisturbed.store(tmp_path / "store.db")


def test_all_that_is_called_is_disturbed_here(clean: Undisturbed) -> None:
    assert clean.operations == set(EACH)


@pytest.mark.parametrize("kind", [*BROKEN, "gone on"])
def test_an_answer_broken_now_and_then_is_asked_for_again(clean: Undisturbed, db: Path, kind: str) -> None:
    """The first and the third call of every operation at once."""
    fault = BROKEN.get(kind, faults.repeated_token())
    rules = [clean.aws.rule(operation, fault, {1, 3}) for operation in EACH]
    done = clean.collect(db)
    assert done.failures == []
    assert clean.differs(db) == {}
    assert covered(db) == clean.covered
    assert all(rule.struck for rule in rules)


@pytest.mark.parametrize("kind", HARMLESS)
def test_an_odd_order_changes_nothing(clean: Undisturbed, db: Path, kind: str) -> None:
    clean.aws.rule("*", HARMLESS[kind])
    assert clean.collect(db).failures == []
    assert clean.differs(db) == {}


@pytest.mark.parametrize("kind", [*STAYING, *UNENDING])
def test_what_stays_broken_is_told_and_made_good_later(clean: Undisturbed, db: Path, kind: str) -> None:
    """All operations at once, but for those without which there is nothing to collect."""
    for operation in EACH:
        if operation not in (*FIRST, "logs:DescribeLogGroups"):
            clean.aws.rule(operation, BROKEN.get(kind) or UNENDING[kind])
    done = clean.collect(db)
    assert done.failures
    clean.assert_nothing_wrong(db)
    items = covered(db)
    broken = [item for item in items if item.startswith(("metrics ", "details ", "once "))]
    assert broken == []
    groups = {
        each.request["logGroupName"]
        for each in clean.aws.asked
        if each.operation == "FilterLogEvents" and (kind in BROKEN or "nextToken" in each.request)
    }
    assert groups
    assert not any(item.startswith("events ") and item.split()[-1] in groups for item in items)
    clean.assert_made_good(db)


@pytest.mark.parametrize("operation", EACH)
def test_one_thing_that_is_broken_leaves_the_others(clean: Undisturbed, db: Path, operation: str) -> None:
    clean.aws.rule(operation, faults.half_json())
    done = clean.collect(db)
    (first, *_) = done.failures
    assert f":{operation.partition(':')[2]}" in first
    clean.assert_nothing_wrong(db)
    if operation not in FIRST:
        assert set(clean.differs(db)) <= set(EACH[operation])
    clean.assert_made_good(db)


@pytest.mark.parametrize("kind", UNENDING)
def test_functions_that_were_listed_before_an_unending_listing_are_collected(
    clean: Undisturbed, db: Path, kind: str
) -> None:
    clean.aws.rule("lambda:ListFunctions", UNENDING[kind])
    done = clean.collect(db)
    assert "functions in eu-central-1: its pages do not end" in done.failures[0]
    assert (done.functions > 0, clean.aws.calls["lambda:ListFunctions"] < 60) == (True, True)
    clean.assert_nothing_wrong(db)
    assert not any(item.startswith("metrics ") for item in covered(db))
    clean.assert_made_good(db)


def of_function(name: str, metric: str = "Invocations") -> Fault:
    return faults.absent_series(faults.of_metric(metric, name))


UNANSWERED = {
    "no series at all": faults.absent_series(),
    "not one function's": of_function("checkout-00"),
    "not an idle function's": of_function("orders-01"),
    "not its throttles": of_function("checkout-00", "Throttles"),
    "not its durations": of_function("checkout-00", "Duration"),
    "PartialData": faults.unanswered("PartialData"),
    "InternalError": faults.unanswered("InternalError"),
    "Forbidden": faults.unanswered("Forbidden"),
}


@pytest.mark.parametrize("kind", UNANSWERED)
def test_a_series_that_is_not_answered_is_not_idle(clean: Undisturbed, db: Path, kind: str) -> None:
    clean.aws.rule("cloudwatch:GetMetricData", UNANSWERED[kind])
    done = clean.collect(db)
    assert any("CloudWatch answered" in failure for failure in done.failures)
    clean.assert_nothing_wrong(db)
    assert set(clean.differs(db)) <= {"metrics", "metrics of accounts"}  # logs are read without their word
    assert not any(item.startswith("metrics ") for item in covered(db))
    clean.assert_made_good(db)


@pytest.mark.parametrize("kind", ["no series at all", "PartialData", "InternalError"])
def test_a_series_that_is_not_answered_once_is_asked_for_again(clean: Undisturbed, db: Path, kind: str) -> None:
    clean.aws.rule("cloudwatch:GetMetricData", UNANSWERED[kind], {1, 5})
    done = clean.collect(db)
    assert (done.failures, clean.differs(db)) == ([], {})


@pytest.mark.parametrize("late_minutes", [5, 25, 60, 150])
def test_metrics_and_events_that_come_late_are_had_with_the_next_collection(tmp_path: Path, late_minutes: int) -> None:
    """They are hidden from one collection, and there a minute later."""
    fleet = Fleet(functions=3, invocations=24, deleted=0, idle_every=0, shared=0, hours=4, settled_ms=MINUTE_MS)
    with fake_aws(fleet) as aws:
        collect(aws, tmp_path / "good.db")
        since_ms = fleet.now_ms - late_minutes * MINUTE_MS
        fleet.hidden_metrics_ms = dict.fromkeys(fleet.listed, since_ms)
        collect(aws, tmp_path / "late.db")
        assert late_minutes < 20 or differences(content(tmp_path / "good.db"), content(tmp_path / "late.db"))
        fleet.hidden_metrics_ms = {}
        done = collect(aws, tmp_path / "late.db", now_ms=fleet.now_ms + MINUTE_MS)
    assert done.failures == []
    assert differences(content(tmp_path / "good.db"), content(tmp_path / "late.db")) == {}


def test_a_listed_log_group_that_is_not_there_is_told(clean: Undisturbed, db: Path) -> None:
    group = "/aws/lambda/checkout-00"
    clean.aws.rule("logs:FilterLogEvents", faults.missing(), when=lambda asked: asked["logGroupName"] == group)
    done = clean.collect(db)
    (failure,) = done.failures
    assert f"log group {group}: it was listed, and is not there" in failure
    assert not any(item.endswith(group) for item in covered(db))
    clean.assert_made_good(db)


def test_the_whole_fleet_is_had_though_every_fifth_answer_is_broken(tmp_path: Path) -> None:
    """20 functions, 4,112 events, 1,028 invocations: exact, whatever broke."""
    kinds: list[Callable[..., Any]] = list(BROKEN.values())
    with fake_aws(Fleet()) as aws:
        collect(aws, tmp_path / "good.db")
        for number, fault in enumerate(kinds):
            aws.rule("*", fault, range(3 + 5 * number, 100_000, 5 * len(kinds)))
        done = collect(aws, tmp_path / "store.db")
    assert (done.failures, done.functions, done.events, done.invocations) == ([], 20, 4_112, 1_028)
    assert differences(content(tmp_path / "good.db"), content(tmp_path / "store.db")) == {}

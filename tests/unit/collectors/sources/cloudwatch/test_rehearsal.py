"""A dry run's figures beside what the collection after it asked and spent: the same code counts both."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.ingest.store_answers import stored_in
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.sources.cloudwatch.rehearsal import Estimate, estimate
from collectors.sources.cloudwatch.source import ALWAYS, CloudWatchSource
from lambdatui.cli.spending import cost_of
from tests.support.account_over_time import T0, World, collect, fleet
from tests.support.aws import ACCOUNT, REGION, no_pause

pytestmark = pytest.mark.usefixtures("aws_isolated")

EVERYTHING = (*ALWAYS, "costs", "optimizer")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def mapping(name: str, number: int, source: str, **settings: Any) -> dict[str, Any]:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return {"UUID": f"u-{number}", "FunctionArn": arn, "EventSourceArn": source, **settings}


def of_all_kinds(count: int = 100) -> World:
    """Functions that all ran; some with reserved, some with provisioned concurrency, event sources and streams."""
    world = fleet(count, times=1)
    world.reserved = set(world.functions[: count // 2])
    world.provisioned = set(world.functions[count // 4 : count // 2 + 1])
    for number, name in enumerate(world.functions[:: max(1, count // 20)]):
        counted = {"MetricsConfig": {"Metrics": ["EventCount"]}} if number % 2 else {}
        kinds = ("arn:aws:kinesis:r:1:stream/s", "arn:aws:sqs:r:1:q", "arn:aws:dynamodb:r:1:table/t/stream/s")
        world.mappings.append(mapping(name, number, kinds[number % 3], **counted))
    for name in world.functions[: count // 10]:
        world.settings[name] = {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:r:1:dlq"}}
    return world


def rehearse(world: World, db: Path, *, since_ms: int = DAY_MS, **settings: Any) -> Estimate:
    session, aws = world.reached or world.session()
    world.reached = session, aws
    aws.requests.clear()
    asked: dict[str, Any] = {"logs": "auto", "details": 0, **settings}

    source = CloudWatchSource(session, since_ms=world.now_ms - since_ms, now_ms=world.now_ms, pause=no_pause, **asked)
    with stored_in(db) as idle, stored_in(db) as busy:
        found = estimate(source, idle, busy)
    sent = {name for name, _ in aws.requests}
    assert not sent & {"cloudwatch:GetMetricData", "logs:FilterLogEvents", "logs:StartQuery", "ce:GetCostAndUsage"}
    return found


def asked(world: World, db: Path, **settings: Any) -> tuple[dict[str, tuple[int, int]], Decimal]:
    """What a collection asks, requests and units by operation, and what that costs."""

    done = collect(world, db, **settings).done
    assert done.failures == []
    return {one.operation: (one.requests, one.units) for one in done.calls}, cost_of(done.calls, REGION)


def most(found: Estimate) -> tuple[dict[str, tuple[int, int]], Decimal]:
    return {one.operation: (one.requests, one.units) for one in found.at_most}, cost_of(found.at_most, REGION)


def least(found: Estimate) -> tuple[dict[str, tuple[int, int]], Decimal]:
    return {one.operation: (one.requests, one.units) for one in found.at_least}, cost_of(found.at_least, REGION)


def with_optimizer(world: World) -> World:
    world.reached = world.session()
    world.reached[1].answers["compute-optimizer:GetEnrollmentStatus"] = lambda _: {"status": "Active"}
    return world


@pytest.mark.parametrize("details", [0, 16, 100])
@pytest.mark.parametrize("features", [ALWAYS, EVERYTHING, ("functions", "metrics"), ("functions", "logs", "costs")])
def test_a_fleet_that_is_all_active_is_foretold_to_the_call_and_the_cent(
    db: Path, features: tuple[str, ...], details: int
) -> None:
    world = with_optimizer(of_all_kinds())
    foretold = rehearse(world, db, features=features, details=details)
    assert (foretold.failures, foretold.functions) == ([], 100)
    assert most(foretold) == asked(world, db, features=features, details=details)


@pytest.mark.parametrize("count", [1, 20, 501])
def test_any_number_of_functions_is_foretold(db: Path, count: int) -> None:
    world = of_all_kinds(count)
    assert most(rehearse(world, db, details=3)) == asked(world, db, details=3)


def test_a_fleet_that_is_idle_is_foretold(db: Path) -> None:
    world = of_all_kinds(30)
    world.ever, world.ran = set(world.functions), {}
    foretold = rehearse(world, db, features=ALWAYS, details=5)
    assert least(foretold) == asked(world, db, features=ALWAYS, details=5)
    assert most(foretold)[1] > least(foretold)[1]


def test_what_is_spent_lies_between_what_is_foretold(db: Path) -> None:
    world = of_all_kinds(60)
    world.ran = {name: world.ran[name] for name in world.functions[40:50]}
    world.ever = set(world.functions)
    foretold = rehearse(world, db, details=60)
    calls, spent = asked(world, db, details=60)
    assert least(foretold)[1] < spent < most(foretold)[1]
    low, high = least(foretold)[0], most(foretold)[0]
    assert all(low.get(name, (0, 0))[0] <= count <= high[name][0] for name, (count, _) in calls.items())


def test_later_rounds_are_foretold_from_what_the_store_has(db: Path) -> None:
    world = with_optimizer(of_all_kinds(40))
    asked(world, db, features=EVERYTHING, details=16)
    for turn in range(1, 4):
        world.now_ms = T0 + turn * HOUR_MS
        for name in world.functions:
            world.invoke(name, world.now_ms - MINUTE_MS)
        foretold = rehearse(world, db, features=EVERYTHING, details=16)
        assert most(foretold) == asked(world, db, features=EVERYTHING, details=16)
        assert most(foretold)[0].get("ce:GetCostAndUsage") is None  # asked already today
    world.now_ms += 5 * MINUTE_MS
    quiet = rehearse(world, db, features=EVERYTHING, details=16)
    assert least(quiet)[0].get("logs:FilterLogEvents") is None


def test_reserved_concurrency_is_not_provisioned(db: Path) -> None:
    world = fleet(20, times=1)
    plain = most(rehearse(world, db, details=20))
    world.reserved = set(world.functions)
    reserved = most(rehearse(world, db, details=20))
    assert reserved[1] == plain[1]
    world.provisioned = {"fn003"}
    assert most(rehearse(world, db, details=20))[1] == plain[1] + 4 * Decimal("0.00001")


def test_what_cannot_be_learned_beforehand_is_told(db: Path) -> None:
    world = of_all_kinds(5)
    world.reached = world.session()
    refused = (403, {"__type": "AccessDeniedException", "Message": "no"})
    world.reached[1].answers["lambda:ListEventSourceMappings"] = lambda _: refused
    (failed,) = rehearse(world, db).failures
    assert "lambda:ListEventSourceMappings" in str(failed)


def test_logs_too_many_to_fetch_are_foretold_as_bytes(db: Path) -> None:
    world = fleet(2, times=1)
    world.reached = world.session()
    big = 10 << 40
    world.reached[1].answers["logs:DescribeLogGroups"] = lambda _: {
        "logGroups": [{"logGroupName": f"/aws/lambda/{name}", "storedBytes": size}
                      for name, size in zip(world.functions, (5_000_000, big), strict=True)]
    }  # fmt: skip
    calls, cost = most(rehearse(world, db, since_ms=4 * HOUR_MS))
    scanned = -(-big * 100 // 15)  # stored compressed, scanned as it came
    assert calls["logs:StartQuery"] == (3, scanned // 3 * 3)
    assert calls["logs:FilterLogEvents"][0] == 5
    assert cost > 50

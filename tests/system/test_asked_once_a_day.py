"""What changes once a day is asked once an account and UTC day: what AWS billed, Compute Optimizer's word."""

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from collectors.ingest.many_sources import collect_accounts
from collectors.ingest.results import Collected
from collectors.model.account import Recommendation
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from tests.support.account_over_time import T0
from tests.support.aws import ACCOUNT, Canned, error, no_pause

pytestmark = pytest.mark.usefixtures("aws_isolated")

REGIONS = ("eu-central-1", "us-east-1", "ap-south-1")
FEATURES = ("functions", "costs", "optimizer")
STATUS, COSTS = "compute-optimizer:GetEnrollmentStatus", "ce:GetCostAndUsage"
WORDS = "compute-optimizer:GetLambdaFunctionRecommendations"


class Regions:
    """An account's regions, of which each has one function and one recommendation."""

    def __init__(self, *regions: str) -> None:
        self.reached = {region: self._reach(region) for region in regions}

    def _reach(self, region: str) -> tuple[ReadOnlySession, Canned]:
        session = ReadOnlySession(region=region, endpoint_url="http://127.0.0.1:9")
        aws = Canned(session)
        word = {"functionArn": f"arn:aws:lambda:{region}:{ACCOUNT}:function:fn:$LATEST", "finding": "Optimized"}
        aws.answers |= {
            COSTS: lambda _: {"ResultsByTime": []},
            STATUS: lambda _: {"status": "Active"},
            WORDS: lambda _: {"lambdaFunctionRecommendations": [word]},
        }
        return session, aws

    def collect(self, db: Path, now_ms: int = T0, features: tuple[str, ...] = FEATURES) -> list[Collected]:
        sources = [
            CloudWatchSource(session, since_ms=now_ms - DAY_MS, now_ms=now_ms, features=features, pause=no_pause)
            for session, _ in self.reached.values()
        ]
        return collect_accounts([lambda one=one: one for one in sources], db=db, now_ms=now_ms)  # type: ignore[misc]

    def count(self, operation: str) -> dict[str, int]:
        return {region: aws.count(operation) for region, (_, aws) in self.reached.items()}


def recommended(db: Path) -> list[Recommendation]:
    with Reader(db) as reader:
        return account_rows.recommendations(reader)


def test_costs_are_an_accounts_and_recommendations_a_regions(tmp_path: Path) -> None:
    db, regions = tmp_path / "s.db", Regions(*REGIONS)
    for turn in range(4):
        done = regions.collect(db, T0 + turn * HOUR_MS)
        assert [one.failures for one in done] == [[], [], []]
    assert sum(regions.count(COSTS).values()) == 1
    assert regions.count(STATUS) == regions.count(WORDS) == dict.fromkeys(REGIONS, 1)
    assert sorted(one.region for one in recommended(db)) == sorted(REGIONS)
    # Another process, with sessions of its own, knows it from the store.
    others = Regions(*REGIONS)
    others.collect(db, T0 + 5 * HOUR_MS)
    assert sum(sum(others.count(name).values()) for name in (COSTS, STATUS, WORDS)) == 0
    others.collect(db, T0 + DAY_MS)
    assert sum(others.count(COSTS).values()) == 1
    assert others.count(WORDS) == dict.fromkeys(REGIONS, 1)


def test_the_day_is_that_of_utc(tmp_path: Path) -> None:
    db, regions = tmp_path / "s.db", Regions(REGIONS[0])
    midnight = (T0 // DAY_MS + 1) * DAY_MS
    for now_ms in (midnight - MINUTE_MS, midnight - 1, midnight, midnight + MINUTE_MS):
        regions.collect(db, now_ms)
    assert (regions.count(COSTS), regions.count(WORDS)) == ({REGIONS[0]: 2}, {REGIONS[0]: 2})


@pytest.mark.parametrize("broken", ["sts:GetCallerIdentity", "lambda:ListFunctions"])
def test_a_region_that_fails_first_leaves_them_to_the_others(tmp_path: Path, broken: str) -> None:
    db, regions = tmp_path / "s.db", Regions(*REGIONS)
    first = regions.reached[REGIONS[0]][1]
    fine = first.answers.get(broken, lambda _: {})
    refused = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
    answer: Any = (403, refused) if broken.startswith("sts") else error("AccessDeniedException", "no", 403)
    first.answers[broken] = lambda _: answer
    done = regions.collect(db)
    assert [len(one.failures) for one in done] == [1, 0, 0]
    assert sum(regions.count(COSTS).values()) == 1
    assert regions.count(WORDS) == {REGIONS[0]: 0, REGIONS[1]: 1, REGIONS[2]: 1}
    first.answers[broken] = fine
    regions.collect(db, T0 + MINUTE_MS)
    assert sum(regions.count(COSTS).values()) == 1
    assert regions.count(WORDS) == dict.fromkeys(REGIONS, 1)


def test_what_failed_is_asked_again_and_an_account_without_recommendations_is_told(tmp_path: Path) -> None:
    db, regions = tmp_path / "s.db", Regions(REGIONS[0])
    aws = regions.reached[REGIONS[0]][1]
    fine = dict(aws.answers)
    aws.answers[COSTS] = lambda _: error("AccessDeniedException", "no")
    aws.answers[STATUS] = lambda _: {"status": "Inactive"}
    (done,) = regions.collect(db)
    assert [failure.split(":")[0] for failure in done.failures] == [
        f"costs of {ACCOUNT}", f"Compute Optimizer in {REGIONS[0]}"
    ]  # fmt: skip
    aws.answers |= fine
    (done,) = regions.collect(db, T0 + MINUTE_MS)
    assert (done.failures, regions.count(WORDS)) == ([], {REGIONS[0]: 1})
    assert regions.count(COSTS) == {REGIONS[0]: 2}
    regions.collect(db, T0 + 2 * MINUTE_MS)
    assert regions.count(COSTS) == {REGIONS[0]: 2}


def test_that_it_was_paid_for_is_kept_with_the_answer(tmp_path: Path) -> None:
    """A kill in the next moment does not make it be paid for again."""
    db, regions = tmp_path / "s.db", Regions(REGIONS[0])
    reached, go_on = threading.Event(), threading.Event()

    def waits(_: dict[str, Any]) -> dict[str, Any]:
        reached.set()
        go_on.wait(60)
        return {"status": "Active"}

    regions.reached[REGIONS[0]][1].answers[STATUS] = waits
    thread = threading.Thread(target=regions.collect, args=(db,))
    thread.start()
    try:
        assert reached.wait(60)
        marks: list[Any] = []
        for _ in range(3_000):
            with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as connection:
                marks = connection.execute("SELECT item FROM covered WHERE item LIKE 'once costs %'").fetchall()
            if marks:
                break
            time.sleep(0.02)
        assert len(marks) == 1
    finally:
        go_on.set()
        thread.join()

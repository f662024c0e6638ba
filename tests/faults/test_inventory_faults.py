"""What an account of 2026 has, under faults: a clean run later, the store is as if nothing had disturbed it."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.model.units import DAY_MS, MINUTE_MS
from collectors.store.integrity.checking import check
from tests.support.aws import isolate
from tests.support.fake_aws import faults
from tests.support.fake_aws.collecting import collect
from tests.support.fake_aws.fleet import Fleet
from tests.support.fake_aws.lambda_answers import arn, configuration
from tests.support.fake_aws.server import FakeAws, fake_aws
from tests.support.fake_aws.stores import content, differences

pytestmark = pytest.mark.usefixtures("aws_isolated")

SMALL = {"functions": 3, "invocations": 6, "deleted": 0, "shared": 0, "hours": 1}
FEATURES = ("functions", "inventory", "durable")


def provider(fleet: Fleet) -> str:
    return f"arn:aws:lambda:{fleet.region}:{fleet.account}:capacity-provider:pool"


def execution(fleet: Fleet, name: str, number: int) -> dict[str, Any]:
    return {
        "DurableExecutionArn": f"{arn(fleet, name)}:7/durable-execution/order-{number}/id-{number}",
        "DurableExecutionName": f"order-{number}", "FunctionArn": arn(fleet, name), "Status": "SUCCEEDED",
        "StartTimestamp": (fleet.now_ms - 1_800_000 + number) / 1000, "EndTimestamp": (fleet.now_ms - MINUTE_MS) / 1000,
    }  # fmt: skip


def history(fleet: Fleet) -> list[dict[str, Any]]:
    kinds = ("ExecutionStarted", "StepStarted", "StepSucceeded", "ExecutionSucceeded")
    return [
        {"EventId": number, "EventType": kind, "EventTimestamp": (fleet.now_ms - 1_800_000 + number) / 1000, "Id": "s"}
        for number, kind in enumerate(kinds, 1)
    ]


def paged(name: str, things: list[Any], asked: dict[str, Any], size: int = 2) -> dict[str, Any]:
    begin = int(asked.get("Marker", 0))
    more = {"NextMarker": str(begin + size)} if begin + size < len(things) else {}
    return {name: things[begin : begin + size]} | more


def functions(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    managed = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": provider(fleet)}}
    more = {"CapacityProviderConfig": managed, "DurableConfig": {"ExecutionTimeout": 60}}
    return paged("Functions", [configuration(fleet, one) | more for one in fleet.listed.values()], asked)


def status(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    said = {"FunctionName": asked["FunctionName"], "State": "Active", "LastUpdateStatus": "Successful"}
    return said | {"Environment": {"Variables": {"TOKEN": "s3cret"}}}


def policy(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    one = {"Sid": "s3", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:Invoke"}
    return {"Policy": json.dumps({"Statement": [one]})}


ANSWERS = {
    "lambda:ListFunctions": functions,
    "lambda:GetFunctionConfiguration": status,
    "lambda:GetPolicy": policy,
    "lambda:GetFunctionRecursionConfig": lambda fleet, asked: {"RecursiveLoop": "Terminate"},
    "lambda:GetRuntimeManagementConfig": lambda fleet, asked: {"UpdateRuntimeOn": "Auto"},
    "lambda:GetFunctionScalingConfig": lambda fleet, asked: {
        "RequestedFunctionScalingConfig": {"MinExecutionEnvironments": 1}
    },
    "lambda:ListCodeSigningConfigs": lambda fleet, asked: paged(
        "CodeSigningConfigs", [{"CodeSigningConfigArn": f"arn:aws:lambda:r:1:code-signing-config:csc-{n}"} for n in (1, 2, 3)],
        asked,
    ),
    "lambda:ListFunctionsByCodeSigningConfig": lambda fleet, asked: paged(
        "FunctionArns", [arn(fleet, name) for name in fleet.listed], asked
    ),
    "lambda:ListCapacityProviders": lambda fleet, asked: {
        "CapacityProviders": [{"CapacityProviderArn": provider(fleet), "State": "Active"}]
    },
    "lambda:ListFunctionVersionsByCapacityProvider": lambda fleet, asked: paged(
        "FunctionVersions", [{"FunctionArn": f"{arn(fleet, name)}:7", "State": "Active"} for name in fleet.listed], asked
    ),
    "lambda:ListDurableExecutionsByFunction": lambda fleet, asked: paged(
        "DurableExecutions", [execution(fleet, asked["FunctionName"], number) for number in range(3)], asked
    ),
    "lambda:GetDurableExecutionHistory": lambda fleet, asked: paged("Events", history(fleet), asked),
}  # fmt: skip
NEW = sorted(set(ANSWERS) - {"lambda:ListFunctions"})


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with fake_aws(Fleet(**SMALL)) as server:
        server.answers |= ANSWERS
        yield server


def told(db: Path) -> dict[str, list[Any]]:
    """What the store holds of all this, in names and not in its own ids."""
    with sqlite3.connect(db) as connection:
        durable = connection.execute(
            "SELECT x.arn, x.status, x.history, e.event_id, e.type FROM durable_executions x"
            " LEFT JOIN durable_events e ON e.execution_id = x.id ORDER BY 1, 4"
        ).fetchall()
    return content(db) | {"durable": durable}


def twice(aws: FakeAws, db: Path) -> list[str]:
    """A collection, and a clean one a day later; what failed in the first."""
    now_ms = aws.fleet.now_ms
    done = collect(aws, db, features=FEATURES)
    aws.clear()
    again = collect(aws, db, now_ms=now_ms + DAY_MS, hours=25, features=FEATURES)
    assert again.failures == []
    return done.failures


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    db = tmp_path_factory.mktemp("undisturbed") / "store.db"
    with pytest.MonkeyPatch.context() as patched, fake_aws(Fleet(**SMALL)) as aws:
        isolate(patched, db.parent)
        aws.answers |= ANSWERS
        assert twice(aws, db) == []
    return told(db)


def test_the_undisturbed_store_holds_all_of_it(undisturbed: dict[str, list[Any]]) -> None:
    kinds = {row[3] for row in undisturbed["configuration"]}
    assert kinds >= {
        "status", "permission", "recursion", "runtime", "scaling", "code signing", "capacity provider", "managed version"
    }  # fmt: skip
    assert "denied" not in kinds
    assert len(undisturbed["durable"]) == 3 * 3 * 4
    assert {row[2] for row in undisturbed["durable"]} == {"whole"}
    assert "s3cret" not in repr(undisturbed)


@pytest.mark.parametrize("fault", [faults.truncated(), faults.denied(), faults.with_nulls()],
                         ids=["truncated", "denied", "nulls"])  # fmt: skip
@pytest.mark.parametrize("operation", NEW)
def test_a_fault_costs_its_answer_and_a_clean_run_makes_it_whole(
    operation: str, fault: faults.Fault, aws: FakeAws, tmp_path: Path, undisturbed: dict[str, list[Any]]
) -> None:
    aws.rule(operation, fault, calls={1})
    twice(aws, tmp_path / "store.db")
    assert differences(told(tmp_path / "store.db"), undisturbed) == {}
    assert check(tmp_path / "store.db") == []

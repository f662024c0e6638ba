"""What ``--json`` prints is written down in docs/schemas, and only grows."""

import copy
from typing import Any

import jsonschema
import pytest

from tests.support import json_schemas
from tests.support.json_schemas import Schema, lost, made, printed, written

pytestmark = pytest.mark.xdist_group("json-schemas")


@pytest.fixture(scope="module")
def now() -> dict[str, Schema]:
    return made()


def test_nothing_that_was_printed_is_gone_or_of_another_type(now: dict[str, Schema]) -> None:
    before = written()
    assert sorted(before) == sorted(now)
    assert [f"{name}: {loss}" for name in before for loss in lost(before[name], now[name])] == []


def test_the_schemas_are_up_to_date(now: dict[str, Schema]) -> None:
    assert written() == now, "run python -m tests.support.json_schemas"


def test_every_answer_is_as_its_schema_says() -> None:
    schemas = written()
    for name, answers in printed().items():
        for answer in answers:
            jsonschema.validate(answer, schemas[name])


def test_a_schema_notices_what_would_break_a_script() -> None:
    before = written()["functions"]

    def changed(change: Any) -> list[str]:
        after = copy.deepcopy(before)
        change(after["properties"]["rows"]["items"])
        return list(lost(before, after))

    def drop(row: Schema) -> None:
        del row["properties"]["errors"]
        row["required"].remove("errors")

    def optional(row: Schema) -> None:
        row["required"].remove("errors")

    def retype(row: Schema) -> None:
        row["properties"]["cost_usd"]["type"] = ["null", "number"]

    def unknown(row: Schema) -> None:
        row["properties"]["function"]["type"] = ["null", "string"]

    def grow(row: Schema) -> None:
        row["properties"]["new"] = {"type": ["number"]}
        row["required"].append("new")

    assert changed(drop) == [".rows[].errors is not always there", ".rows[].errors is gone"]
    assert changed(optional) == [".rows[].errors is not always there"]
    assert changed(retype) == [".rows[].cost_usd may be number now"]
    assert changed(unknown) == changed(grow) == []


def test_every_command_that_prints_json_has_a_schema() -> None:
    without = {
        "collect",
        "costs reconcile",
        "demo",
        "runner list",
        "runner runtimes",
        "runner replay",
    }  # of AWS's answers and bills, and of a runner
    assert json_schemas.commands_with_json() - without == set(json_schemas.COMMAND_LINES)

"""Lambda@Edge logs as /aws/lambda/us-east-1.NAME: a function of its own, at prices of its own, beside its namesake."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import Function, FunctionKey
from collectors.model.units import HOUR_MS
from collectors.parsing.function_names import function_key
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write.writer import Writer
from lambdatui.views.invocations import invocations
from lambdatui.views.startup_view import startup_view
from lambdatui.views.time_range import RangeChoice, TimeRange
from pricing.pricebook import PriceBook
from tests.support import small_store
from tests.support.command_line import rows, run
from tests.support.small_store import CHECKOUT, MINUTE, T0, invocation_events

BOOK = PriceBook.load()
EDGE = replace(CHECKOUT, name="us-east-1.checkout")


@pytest.mark.parametrize(
    "group",
    ["/aws/lambda/us-east-1.viewer", "111122223333:/aws/lambda/us-east-1.viewer",
     "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/us-east-1.viewer:*"],
)  # fmt: skip
def test_a_replica_keeps_its_name(group: str) -> None:
    found = function_key((group, "2025/03/31/[1]00112233445566778899aabbccddeeff", ""), "111122223333", "eu-west-1",
                         FunctionKey(""))  # fmt: skip
    assert found == FunctionKey("us-east-1.viewer", "111122223333", "eu-west-1")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """One call of 1 s at 1,024 MB of each, of which the groups tell apart; the inventory knows the namesake."""
    events = []
    for number, key in ((1, EDGE), (2, CHECKOUT)):
        for event in invocation_events(key, number, T0 + number * MINUTE, duration_ms=1000.0):
            event.function = ""
            events.append(event)
    exported = small_store.write_events(tmp_path / "edge.jsonl", events)
    assert import_files([str(exported)], db=tmp_path / "s.db", defaults=FunctionKey("")).invocations == 2
    with writing(tmp_path / "s.db") as connection:
        writer = Writer(connection, lambda *_: "")
        writer.configure([Function(CHECKOUT, "python3.13", "arm64", 1024, 30)])
    return tmp_path / "s.db"


def test_it_costs_what_edge_costs_and_its_namesake_what_it_is_configured_to(store: Path) -> None:
    listed = {row["function"]: row for row in rows(run("functions", "--json", "--range", "all", "--db", store))}
    assert listed.keys() == {"checkout", "us-east-1.checkout"}
    assert Decimal(listed["us-east-1.checkout"]["cost_usd"]) == Decimal("0.0000006") + Decimal("0.00005001")
    assert Decimal(listed["checkout"]["cost_usd"]) == Decimal("0.0000002") + Decimal("0.0000133334")
    assert (listed["checkout"]["arch"], listed["us-east-1.checkout"]["arch"]) == ("arm64", None)


def test_one_call_of_it_costs_the_same(store: Path) -> None:
    with Reader(store) as reader:
        found = invocations(reader, TimeRange(T0, T0 + HOUR_MS, "an hour"), BOOK).rows
    assert {row.function: row.cost_usd for row in found}["us-east-1.checkout"] == Decimal("0.00005061")


def test_what_only_lines_tell_of_was_not_called_0_times(tmp_path: Path) -> None:
    """Neither in rows nor on the first frame; its figures are unknown."""
    alone = [replace_message(one, "alone\n") for one in invocation_events(EDGE, 3, T0, duration_ms=1.0)[1:2]]
    called = invocation_events(CHECKOUT, 4, T0 + MINUTE, duration_ms=1.0)
    exported = small_store.write_events(tmp_path / "lines.jsonl", [*alone, *called])
    import_files([str(exported)], db=tmp_path / "s.db", defaults=FunctionKey(""))
    listed = {
        row["function"]: row for row in rows(run("functions", "--json", "--range", "all", "--db", tmp_path / "s.db"))
    }
    assert [listed[EDGE.name][name] for name in ("invocations", "errors", "timeouts", "cold_starts")] == [None] * 4
    assert listed["checkout"]["invocations"] == 1
    first = {row.function: row for row in startup_view(tmp_path / "s.db", T0 + 5 * MINUTE, RangeChoice("all")).rows}
    assert (first[EDGE.name].invocations, first[EDGE.name].errors, first["checkout"].invocations) == (None, None, 1)


def replace_message(event: small_store.LogEvent, message: str) -> small_store.LogEvent:
    event.message = message
    return event

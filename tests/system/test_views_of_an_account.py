"""What a collection kept of an account, on the screens that show it: alarms, the ledger, configuration, advice."""

import time
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.model.account import Alarm, Alarms, CallCount, Configured, Inventory, LogGroupFacts
from collectors.model.records import Function, FunctionKey
from collectors.model.units import MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.views.advice import advice
from lambdatui.views.alarms import alarms
from lambdatui.views.collection_details import collected
from lambdatui.views.concurrency import concurrency
from lambdatui.views.function_settings import function_settings
from lambdatui.views.overview import overview
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import RangeChoice, TimeRange
from pricing.pricebook import PriceBook
from tests.support.aws import ACCOUNT, REGION
from tests.support.printed_statements import T0

RANGE = RangeChoice("24h").resolve(now_ms=T0 + 1000, newest_ms=None, oldest_ms=None)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    key = FunctionKey("pay", ACCOUNT, REGION)

    def told(kind: str, item: str, **settings: object) -> Configured:
        return Configured(ACCOUNT, REGION, "pay", kind, item, settings)  # type: ignore[arg-type]

    with writing(tmp_path / "s.db") as connection:
        writer = Writer(connection, fingerprint)
        identity = writer.begin("cloudwatch")
        writer.configure([Function(key, log_group="/aws/lambda/pay")])
        kinds = ("function", "alias", "event source")
        for memory_mb, at in ((512, T0), (1024, T0 + 5)):
            found = [
                told("function", "", memory_mb=memory_mb, dead_letter="arn:aws:sqs:eu-west-1:1:dead"),
                told("alias", "live", version="7"),
                told("event source", "uuid", source="arn:aws:sqs:eu-west-1:1:orders"),
            ]
            kept.keep_inventory(connection, Inventory(ACCOUNT, REGION, kinds, found), at)
        group = LogGroupFacts(ACCOUNT, REGION, "/aws/lambda/pay", "STANDARD", None, 9)
        kept.keep(connection, writer.names, identity, [group])
        limit = Configured(ACCOUNT, REGION, "", "account", "", {"concurrency_limit": 1000})
        kept.keep_inventory(connection, Inventory(ACCOUNT, REGION, ("account",), [limit]), T0)
        alarm = Alarm(ACCOUNT, REGION, "pay-errors", "metric", "ALARM", "too many", T0, "pay", "Errors", "Sum", 300,
                      "GreaterThanThreshold", 5.0)  # fmt: skip
        kept.keep_alarms(connection, Alarms(ACCOUNT, REGION, [alarm]))
        kept.keep_calls(connection, identity, REGION, [CallCount("cloudwatch:GetMetricData", 3, 1500)])
        writer.flush()
    return Reader(tmp_path / "s.db")


def test_alarms_are_those_that_were_collected(reader: Reader) -> None:
    view = alarms(reader, RANGE)
    (row,) = view.rows
    assert view.collected
    assert (row.alarm, row.alarm_state, row.condition) == ("pay-errors", "ALARM", "Errors Sum > 5 in 300 s")


def test_the_ledger_tells_calls_and_their_price(reader: Reader) -> None:
    (row,) = collected(reader, RANGE).rows
    assert (row.requests, str(row.cost_usd)) == (3, "0.01500")


def test_configuration_has_queues_sources_aliases_and_its_history(reader: Reader) -> None:
    view = function_settings(reader, RANGE)
    (row,) = view.rows
    assert view.collected
    assert (row.dlq, row.sources, row.aliases, row.retention_days) == (
        "arn:aws:sqs:eu-west-1:1:dead", "arn:aws:sqs:eu-west-1:1:orders", "live 7", None
    )  # fmt: skip
    assert [(change.setting, change.before, change.after) for change in row.history] == [
        ("function memory_mb", "512", "1024")
    ]


def test_a_log_that_is_kept_for_ever_is_advised_about(reader: Reader) -> None:
    (row,) = advice(reader, RANGE).rows
    assert (row.kind, row.function) == ("log retention", "pay")


def test_the_limit_of_the_account_is_the_functions_limit(reader: Reader) -> None:
    rows = {row.function: row for row in concurrency(reader, RANGE).rows}
    assert {(row.limit, row.limited_by) for row in rows.values()} == {(1000, "account")}
    assert set(rows) == {"all functions", "pay"}


def test_the_header_tells_what_collecting_cost_this_month(reader: Reader) -> None:
    now = TimeRange(T0, time.time_ns() // 1_000_000 + MINUTE_MS, "until now")  # the ledger's time is the clock's
    assert overview(reader, now, PriceBook.load(), scope=Scope()).collecting_usd == Decimal("0.015")

"""Logs Insights: a query's life, and its sums in the rollups. No fake runs a query: pandas does its arithmetic here."""

import contextlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from botocore.parsers import ResponseParserError

from collectors.ingest.engine import import_files
from collectors.model.account import HourAggregate
from collectors.model.records import FunctionKey
from collectors.model.units import HOUR_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.sources.cloudwatch import insights
from collectors.sources.cloudwatch.insights import HourSums
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.store.connection import writing
from collectors.store.integrity.checking import check
from collectors.store.read.account_rows import summed_by_insights
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from tests.support import needs
from tests.support.aws import ACCOUNT, REGION, canned_session
from tests.support.places import SHARED
from tests.support.printed_statements import EVER

pytestmark = pytest.mark.usefixtures("aws_isolated")

T0 = 1_743_415_200_000
GROUP = LogGroup("/aws/lambda/fn", ("fn",))


def sums_of(rows: list[dict[str, str]], groups: list[LogGroup], start_ms: int = T0) -> HourSums:
    sums = HourSums(groups, ACCOUNT, REGION, start_ms)
    sums.add(rows)
    return sums


def test_only_closed_hours_are_asked_for() -> None:
    settled = insights.SETTLED_MS
    assert insights.closed_hours(T0 + 1, T0 + 3 * HOUR_MS + settled) == [T0 + HOUR_MS, T0 + 2 * HOUR_MS]
    assert insights.closed_hours(T0, T0 + HOUR_MS + settled - 1) == []


@pytest.mark.parametrize(
    "fields",
    [{"n": 1}, {"log": "1:/aws/lambda/fn", "n": "many"}, {"log": "1:/aws/lambda/fn", "n": 1, "billed_ms": -5},
     {"log": "1:/aws/lambda/fn", "n": "inf"}, {"log": "1:/aws/lambda/fn"}, {"log": "1:/aws/lambda/fn", "n": "1e300"},
     {"log": "1:/aws/lambda/fn", "n": 1, "bucket": "1e9"}, {"log": "1:/aws/lambda/fn", "n": 1, "last": "2025-13-45 99:00:00"},
     {}],
)  # fmt: skip
def test_rows_that_make_no_sense_are_counted(fields: dict[str, Any]) -> None:
    fine = {"@log": "1:/aws/lambda/fn", "n": "2"}
    bad = {"@log" if name == "log" else name: str(value) for name, value in fields.items()}
    sums = sums_of([bad, fine], [GROUP])
    (hour,) = sums.aggregates()
    assert (hour.reports, len(sums.rejects), sums.rows) == (2, 1, 2)


def test_a_shared_groups_rows_are_of_the_functions_that_their_streams_name() -> None:
    shared = LogGroup("/shared", ("a", "b"))
    rows = [{"@log": "1:/shared", "fn": name, "n": "1"} for name in ("a", "b")]
    orphan = [{"@log": "1:/aws/lambda/gone", "n": "1"}]
    found = sums_of(rows + orphan, [shared]).aggregates()
    assert [hour.function for hour in found] == ["a", "b", "gone"]


@pytest.mark.parametrize(
    "results", [None, "x", 5, {}, [None], ["x"], [5], [{}], [[None]], [["x"]], [[{"field": "n"}]]], ids=str
)
def test_results_of_the_wrong_kind_are_rows_that_make_no_sense(monkeypatch: pytest.MonkeyPatch, results: Any) -> None:
    monkeypatch.setattr("collectors.sources.cloudwatch.answers.TRIES", 1)
    one, aws = canned_session()
    aws.answers["logs:GetQueryResults"] = lambda _: {"status": "Complete", "results": results, "statistics": "none"}
    answer: Any = {}
    with contextlib.suppress(ResponseParserError):  # what cannot be read is a failure, and no empty answer
        answer = one.client("logs").get_query_results(queryId="q")
    sums = sums_of(insights.rows_of(answer), [GROUP])
    assert (sums.aggregates(), sums.reports, len(sums.rejects)) == ([], 0, sums.rows)
    assert insights.statistic(answer, "bytesScanned") is None


def test_a_duration_of_nothing_has_a_bucket_though_its_logarithm_is_no_number() -> None:
    rows = [{"@log": "1:/aws/lambda/fn", "n": "2", "max_ms": "0.0", "bucket": "-Infinity"}]
    (hour,) = sums_of(rows, [GROUP]).aggregates()
    assert hour.latency == {0: 2}


# --- in the store -----------------------------------------------------------------------------------------------------


def hour_of(reports: int = 10, start_ms: int = T0, **figures: Any) -> HourAggregate:
    given: dict[str, Any] = {
        "errors": 1, "timeouts": 1, "out_of_memory": 0, "cold_starts": 2, "billed_ms": 1_000, "billed_mb_ms": 128_000,
        "duration_us": 900_000, "init_us": 0, "max_duration_us": 200_000, "max_memory_mb": 60, "memory_mb": 128,
        "last_ms": start_ms + 5, "latency": {580: reports},
    }  # fmt: skip
    return HourAggregate(ACCOUNT, REGION, "fn", start_ms, reports, **given | figures)


def keep(db: Path, hours: list[HourAggregate]) -> None:
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        kept.keep(connection, writer.names, writer.begin("test"), hours)


def test_hours_stand_in_the_rollups_once_however_often_they_are_given(tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    for _ in range(2):
        keep(db, [hour_of(), hour_of(20, T0 + HOUR_MS)])
    with Reader(db) as reader:
        (total,) = reader.totals(*EVER)
        assert (total.invocations, total.reports, total.billed_ms, total.cold_starts) == (30, 30, 2_000, 4)
        assert reader.quantiles(*EVER)[total.function_id].count == 30
        assert reader.newest_ms() == T0 + HOUR_MS + 5
        assert reader.oldest_ms() == T0
        assert summed_by_insights(reader, T0, T0 + 1) == {total.function_id}
        assert summed_by_insights(reader, T0 + 3 * HOUR_MS, T0 + 4 * HOUR_MS) == set()
        assert [day.invocations for day in reader.daily_usage(*EVER)] == [30]
    assert check(db) == []


def test_an_hour_whose_events_are_fetched_too_counts_once(tmp_path: Path) -> None:
    from tests.support import small_store

    db = small_store.make(tmp_path / "store.db")
    key = small_store.CHECKOUT

    def reports() -> int:
        with Reader(db) as reader:
            ids = {row.id for row in reader.functions() if row.function.key == key}
            return next(total.reports for total in reader.totals(*EVER) if total.function_id in ids)

    assert reports() == 6
    few = HourAggregate(key.account, key.region, key.name, small_store.T0, 4, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0)
    keep(db, [few])
    assert reports() == 6  # the rows saw more
    keep(db, [HourAggregate(key.account, key.region, key.name, small_store.T0, 9, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 5)])
    assert reports() == 9
    assert check(db) == []


STREAM = SHARED / "logs" / "stream_python313.jsonl"


@needs.file(STREAM)
def test_the_queries_arithmetic_done_by_pandas_equals_the_stores_rollups(tmp_path: Path) -> None:
    """The rows that TEXT_QUERY asks for, made by pandas from 12 days of real events, give the rollups of the events."""
    events = pd.DataFrame([json.loads(line) for line in STREAM.read_text().splitlines()])
    message, groups = events["message"], "/aws/lambda/" + events["function"]
    moments = pd.to_datetime(events["timestamp"], utc=True, format="ISO8601")
    time = (moments - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(milliseconds=1)
    is_report = message.str.startswith("REPORT RequestId: ")
    found = (
        message[is_report]
        .str.extract(
            r"Duration: (?P<duration>[\d.]+) ms\tBilled Duration: (?P<billed>\d+) ms\tMemory Size: (?P<memory>\d+) MB"
            r"\tMax Memory Used: (?P<used>\d+) MB"
        )
        .astype(float)
    )
    found["init"] = message[is_report].str.extract(r"Init Duration: ([\d.]+) ms")[0].astype(float)
    found["text"], found["group"], found["at"] = message[is_report], groups[is_report], time[is_report].astype("int64")
    found["hour"] = found["at"] // HOUR_MS * HOUR_MS
    found["bucket"] = (found["duration"] * 1000).map(
        lambda value: math.ceil(math.log(max(value, 1)) / math.log(1.02) - 1e-9)
    )
    hours: list[HourAggregate] = []
    for hour, in_hour in found.groupby("hour"):
        rows = [_row(str(group), int(bucket), some) for (group, bucket), some in in_hour.groupby(["group", "bucket"])]
        of = [LogGroup(name, (name.removeprefix("/aws/lambda/"),)) for name in in_hour["group"].unique()]
        sums = sums_of(rows, of, int(hour))  # type: ignore[call-overload]
        assert sums.rejects == []
        hours += sums.aggregates()
    keep(tmp_path / "insights.db", hours)
    import_files([str(STREAM)], db=tmp_path / "events.db", defaults=FunctionKey(""))
    assert _figures(tmp_path / "insights.db") == _figures(tmp_path / "events.db")


def _row(group: str, bucket: int, some: pd.DataFrame) -> dict[str, str]:
    figures = {
        "n": len(some), "billed_ms": some["billed"].sum(),
        "billed_mb_ms": (some["billed"] * some["memory"] * 1_000_000).sum() / 1_000_000,
        "duration_ms": some["duration"].sum(), "max_ms": some["duration"].max(), "init_ms": some["init"].sum(),
        "inits": some["init"].notna().sum(), "timeouts": some["text"].str.contains("Status: timeout").sum(),
        "failures": some["text"].str.contains("Status: error").sum(),
        "oom": some["text"].str.contains("Runtime.OutOfMemory", regex=False).sum(), "max_mb": some["used"].max(),
        "memory_mb": some["memory"].max(), "last": some["at"].max(), "bucket": bucket,
    }  # fmt: skip
    return {"@log": f"{ACCOUNT}:{group}"} | {name: repr(float(value)) for name, value in figures.items()}


def _figures(db: Path) -> dict[str, Any]:
    """Sums of each function over all time: an hour's edge cuts START from REPORT, so hours alone may differ by one."""
    with Reader(db) as reader:
        names = {row.id: row.function.key.name for row in reader.functions()}
        spread: Callable[[int], Any] = reader.quantiles(*EVER).get
        return {
            names[one.function_id]: (
                one.reports, one.billed_ms, one.billed_mb_ms, one.cold_starts, one.duration_us, one.max_duration_us,
                one.max_memory_mb, one.init_us, spread(one.function_id),
            )
            for one in reader.totals(*EVER)
            if one.reports
        }  # fmt: skip


ROWS = SHARED / "workload" / "fixtures_insights_get_query_results.json"


@needs.file(ROWS)
def test_recorded_rows_of_the_real_service_are_read() -> None:
    one, aws = canned_session()
    aws.answers["logs:GetQueryResults"] = lambda _: ROWS.read_bytes()
    answer = one.client("logs").get_query_results(queryId="q")
    found = insights.rows_of(answer)
    assert (answer["status"], insights.statistic(answer, "bytesScanned")) == ("Complete", None)
    reports = [each for each in found if each.get("@type") == "REPORT"]
    assert len(found) == 50
    assert reports
    for each in reports:
        assert insights.number(each["@memorySize"]) == 1.28e8
        assert (insights.number(each["@timestamp"]) or 0) > 1.7e12

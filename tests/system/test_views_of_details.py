"""The read models behind the newer screens: figures counted by hand on a small store."""

from pathlib import Path

import pytest

from collectors.model.records import Function
from collectors.model.units import DAY_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.read.series import invocations_by_step, metric_by_step
from collectors.store.rollups.equal_parts import parts_of
from collectors.store.write.writer import Writer
from lambdatui.text.figures import bar, sparkline
from lambdatui.views.advice import advice
from lambdatui.views.collection_details import collected
from lambdatui.views.concurrency import concurrency, saturation_ms
from lambdatui.views.cost_changes import changes
from lambdatui.views.cost_groups import cost_groups, line_to
from lambdatui.views.error_trends import error_trends
from lambdatui.views.fleet_health import health, in_trouble
from lambdatui.views.log_search import log_search
from lambdatui.views.phases import phases
from lambdatui.views.time_range import TimeRange, instant_ms
from pricing.pricebook import PriceBook
from tests.support import small_store
from tests.support.row_types import COLUMNS, REGISTRY
from tests.support.small_store import CHECKOUT, MINUTE, T0

HOUR = TimeRange(T0, T0 + 60 * MINUTE, "the hour")
BOOK = PriceBook.load()


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(small_store.make(tmp_path / "s.db", metrics=True))


def test_invocations_by_step_are_those_of_the_hour(reader: Reader) -> None:
    found = invocations_by_step(reader, parts_of(HOUR.from_ms, HOUR.to_ms, 6))
    ids = {row.function.key.name: row.id for row in reader.functions()}
    assert found == {ids["checkout"]: (5, 1, 0, 0, 0, 0), ids["resize"]: (1, 0, 1, 0, 0, 0)}


def test_a_metric_by_step_has_no_zeros_for_gaps(reader: Reader) -> None:
    (row,) = (row for row in reader.functions() if row.function.key == CHECKOUT)
    span = HOUR.from_ms, HOUR.to_ms, 5 * MINUTE, [row.id]
    assert metric_by_step(reader, "Throttles", *span, peak=False) == {row.id: {T0 + 5 * MINUTE: 4.0}}
    assert metric_by_step(reader, "Errors", HOUR.to_ms, HOUR.to_ms + DAY_MS, DAY_MS, [row.id], peak=True) == {}


def test_headroom_is_of_the_limit_that_applies(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "s.db", metrics=True)
    with Reader(path) as reader:
        view = concurrency(reader, HOUR, account_limits={("111122223333", "us-east-1"): 12})
        by_name = {row.function: row for row in view.rows}
        assert (by_name["checkout"].limit, by_name["checkout"].limited_by, by_name["checkout"].headroom) == (
            12,
            "account",
            0.25,
        )
        assert (by_name["resize"].limit, by_name["resize"].limited_by, by_name["resize"].headroom) == (
            None,
            "unknown",
            None,
        )
    with writing(path) as connection:
        Writer(connection, fingerprint).configure([Function(CHECKOUT, reserved_concurrency=9)])
    with Reader(path) as reader:
        (row,) = (row for row in concurrency(reader, HOUR).rows if row.function == "checkout")
        assert (row.limited_by, row.limit, row.headroom) == ("reserved", 9, 0.0)


@pytest.mark.parametrize(
    ("peaks", "limit", "days_from_now"),
    [
        ([10, 20, 30, 40], 100, 6), ([10, 20, 30], 100, None), ([40, 30, 20, 10], 100, None), ([5, 5, 5, 5], 100, None),
        ([10, 20, 30, 100], 100, 0), ([1, 1, 1, 1.001], 1000, None),
    ],
)  # fmt: skip
def test_saturation_is_where_the_line_through_the_peaks_meets_the_limit(
    peaks: list[float], limit: int, days_from_now: int | None
) -> None:
    today = T0 // DAY_MS * DAY_MS
    by_day = {today + (number - len(peaks)) * DAY_MS: peak for number, peak in enumerate(peaks)}
    expected = None if days_from_now is None else today + (days_from_now - 1 if days_from_now else 0) * DAY_MS
    assert saturation_ms(by_day, limit, today) == expected


def test_errors_are_new_back_or_known(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "s.db")
    with Reader(path) as reader:
        whole = error_trends(reader, HOUR)
        assert {row.novelty for row in whole.rows} == {""}  # nothing is older: nothing can be told
        assert (
            sum(sum(part or 0 for part in row.trend) for row in whole.rows) == sum(row.count for row in whole.rows) == 2
        )
        late = error_trends(reader, TimeRange(T0 + 4 * MINUTE, T0 + 60 * MINUTE, "late"))
        assert {row.novelty for row in late.rows} == {"new"}


def test_advice_has_its_evidence_and_the_statement_that_would_help(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    small_store.make(path)
    denied = small_store.invocation_events(CHECKOUT, 77, T0 + 30 * MINUTE, duration_ms=5.0)
    denied[1].message = (
        "[ERROR] ClientError: An error occurred (AccessDeniedException) when calling the PutItem operation: User: "
        "arn:aws:sts::111122223333:assumed-role/r/checkout is not authorized to perform: dynamodb:PutItem on resource: "
        "arn:aws:dynamodb:us-east-1:111122223333:table/orders because no identity-based policy allows it"
    )
    import json

    from msgspec.structs import asdict

    from collectors.ingest.engine import import_files
    from collectors.model.records import FunctionKey

    names = {"timestamp_ms": "timestamp", "log_group": "logGroup", "log_stream": "logStream", "event_id": "eventId"}
    lines = [json.dumps({names.get(name, name): value for name, value in asdict(one).items()}) for one in denied]
    (tmp_path / "d.jsonl").write_text("\n".join(lines) + "\n")
    import_files([str(tmp_path / "d.jsonl")], db=path, defaults=FunctionKey(""))
    with Reader(path) as reader:
        found = {row.kind: row for row in advice(reader, HOUR, BOOK).rows}
    assert '"Action": "dynamodb:PutItem"' in found["permission"].more
    assert '"Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"' in found["permission"].more
    assert "1 of 7 ran into the timeout of 3 s" in found["timeout"].found
    assert next(iter(found)) == "permission"


def test_groups_of_costs_sum_to_the_bill_and_days_to_the_month(reader: Reader) -> None:
    month = TimeRange(instant_ms("2025-03-01"), T0 + 60 * MINUTE, "month to date")
    totals = [
        sum(row.amount or 0 for row in cost_groups(reader, month, BOOK, by).rows)
        for by in ("function", "dimension", "region")
    ]
    assert totals[0] == totals[1] == totals[2] == 0  # all of it is free
    days = cost_groups(reader, month, BOOK, "day")
    assert [row.group for row in days.rows] == ["2025-03-31"]
    assert float(days.rows[0].amount or 0) == pytest.approx(days.so_far[-1] or 0)
    assert len(days.days) == 31
    assert line_to((1.0, 2.0, None, None), 1, 4.0) == (None, 2.0, 3.0, 4.0)


def test_a_search_counts_what_it_looked_at(reader: Reader) -> None:
    every = log_search(reader, HOUR)
    assert (every.searched, every.stored, every.more) == (len(every.rows), len(every.rows), False)
    some = log_search(reader, HOUR, where='HELLO !"from 3"')
    assert [row.message.strip() for row in some.rows] == [f"hello from {number}" for number in (1, 2, 4, 5, 7, 6)]
    assert some.searched == every.searched
    few = log_search(reader, HOUR, limit=3)
    assert (len(few.rows), few.more, few.rows[-1].message) == (3, True, every.rows[-1].message)


def test_phases_are_init_then_the_handler_then_what_else_was_billed(reader: Reader) -> None:
    from lambdatui.views.invocations import invocations

    cold = next(row for row in invocations(reader, HOUR, limit=50).rows if row.cold_start)
    found = phases(cold)
    assert [(phase.name, phase.start_ms, phase.length_ms) for phase in found] == [
        ("init", 0.0, 250.0),
        ("invoke", 250.0, 100.0),
    ]
    assert sum(phase.length_ms for phase in found if phase.billed) == cold.billed_ms


def test_what_was_collected_is_the_ledger(reader: Reader) -> None:
    view = collected(reader, HOUR)
    assert (view.rows[0].invocations, view.rows[0].rejected, view.functions) == (8, 0, 2)
    assert view.rows[0].took_s is not None


@pytest.mark.parametrize("text", ["", "arm", "memory=", "memory=1x", "memory=-5", "region=", "timeout=3"])
def test_what_is_no_change_is_said(text: str) -> None:
    if not text:
        assert changes(text) == []
        return
    with pytest.raises(ValueError, match="is no change"):
        changes(text)


def test_changes_are_read_and_joined() -> None:
    found = changes("arm64, memory=1gb+region=eu-west-1")
    assert [one.changes for one in found] == [(("arch", "arm64"),), (("memory_mb", 1024), ("region", "eu-west-1"))]


def test_health_is_one_line(reader: Reader) -> None:
    from lambdatui.views.functions import functions

    rows = functions(reader, HOUR, BOOK).rows
    assert health(rows, {}).startswith("1 of 2 in trouble, worst checkout")
    assert health(rows, {"error_rate": 1.0, "throttles": 99}) == "all 2 well"
    assert health([], {}) == ""
    assert [in_trouble(row, {"error_rate": 1, "throttles": 9, "p95_ms": 55}) for row in rows].count(True) == 2


def test_sparklines_and_gauges_say_something_in_every_cell() -> None:
    assert sparkline((0, 1, 50, 100)) == " ▁▅█"
    assert sparkline((0, 1, 50, 100), ascii=True).isascii()
    assert (bar(0.001, 5), bar(1.7, 5), bar(0, 5), bar(0.5, 4, ascii=True)) == ("█░░░░", "█████", "░░░░░", "##..")


def test_a_columns_id_has_one_meaning() -> None:
    assert len(COLUMNS) == len(REGISTRY)

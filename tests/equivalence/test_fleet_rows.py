"""The rows of a whole fleet are those of its functions one by one: the same money, to the last digit."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from collectors.ingest.engine import import_files
from collectors.model.records import Function, FunctionKey, LogEvent
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.read.rows import SpanUsage
from collectors.store.write.writer import Writer
from lambdatui.views.costs import costs
from lambdatui.views.functions import functions
from lambdatui.views.logs import kind_of, logs
from lambdatui.views.money import month_usages
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange, day_of
from pricing.allocation import Allocation
from pricing.bill import bill, totals_of
from pricing.line_items import LineItem, lines_of
from pricing.projection import QUANTITIES, hour_shares, project
from pricing.usage import EXACT, Usage
from pricing.usage_table import UsageTable, column
from tests.support.small_store import invocation_events
from tests.support.usages import BOOK, USAGES

NOON = 1_743_422_400_000  # 2025-03-31T12:00:00Z
MONTH = TimeRange(NOON - NOON % DAY_MS - 30 * DAY_MS, NOON, "March")
DAY = TimeRange(NOON - DAY_MS, NOON, "last 24h")
TWO_MONTHS = TimeRange(MONTH.from_ms - 4 * DAY_MS, NOON, "since February")
SPANS = (MONTH, DAY, TWO_MONTHS)
PLACES = (
    ("111122223333", "us-east-1"),
    ("111122223333", "eu-west-1"),
    ("", "cn-north-1"),
    ("444455556666", "nowhere-1"),
)
FLEET = [
    Function(
        FunctionKey(f"fn-{at}", *PLACES[at % 4]),
        arch=("arm64", "x86_64", None)[at % 3],
        ephemeral_mb=(None, 512, 2048)[at % 3],
    )
    for at in range(11)
]


def events() -> Iterator[LogEvent]:
    """Some invocations a day of each function, more of some on weekdays; each was first seen on a day of its own."""
    number = 0
    for at, function in enumerate(FLEET):
        for day in range(38 - 3 * at):
            for each in range(1 + at % 3 + 2 * (day % 7 > 1)):
                start = NOON - day * DAY_MS - each * HOUR_MS - at * MINUTE_MS - 1000
                number += 1
                yield from invocation_events(function.key, number, start, duration_ms=90_000.0 * (1 + each))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    path = tmp_path_factory.mktemp("fleet") / "fleet.db"
    names = {"timestamp_ms": "timestamp", "log_group": "logGroup", "log_stream": "logStream", "event_id": "eventId"}
    exported = path.with_suffix(".jsonl")
    with exported.open("w") as file:
        for event in events():
            file.write(json.dumps({names.get(name, name): value for name, value in asdict(event).items()}) + "\n")
    assert import_files([str(exported)], db=path, defaults=FunctionKey("")).rejected == 0
    with writing(path) as connection:
        Writer(connection, fingerprint).configure(FLEET)
    with Reader(path) as reader:
        yield reader


def usage_of(function: Function, used: SpanUsage) -> Usage:
    key = function.key
    return Usage(key.name, key.account, key.region, function.arch, used.invocations, used.billed_ms, used.billed_mb_ms,
                 ephemeral_mb=function.ephemeral_mb)  # fmt: skip


def in_usd(usage: Usage) -> Decimal | None:
    lines = bill([usage], BOOK, free_tier=False).lines
    if not lines or any(line.amount is None or line.currency != "USD" for line in lines):
        return None
    return sum((line.amount for line in lines if line.amount is not None), Decimal(0))


@pytest.mark.parametrize("span", SPANS)
def test_each_function_costs_what_it_costs_alone(fleet: Reader, span: TimeRange) -> None:
    of = {row.id: row.function for row in fleet.functions()}
    used = {one.function_id: usage_of(of[one.function_id], one) for one in fleet.usage(span.from_ms, span.to_ms)}
    months = month_usages(fleet, span, of)
    view = functions(fleet, span, BOOK)
    assert len(view.rows) == len(FLEET)
    assert len({row.cost_usd for row in view.rows}) > 4
    for row in view.rows:
        assert row.cost_usd == in_usd(used[row.function_id])
        assert row.projected_usd == in_usd(months[row.function_id])
    order = [(-(row.cost_usd or 0), -row.invocations, row.function) for row in view.rows]
    assert order == sorted(order)


@pytest.mark.parametrize("scope", [Scope(), Scope(functions=("fn-1*", "fn-2")), Scope(regions=("eu-*",))])
@pytest.mark.parametrize("free_tier", [True, False])
def test_the_bill_of_a_month_is_that_of_its_usages(fleet: Reader, scope: Scope, free_tier: bool) -> None:
    of = {row.id: row.function for row in fleet.functions()}
    chosen = {row.id for row in scope.chosen(fleet.functions())}
    used = fleet.usage(MONTH.from_ms, MONTH.to_ms)
    inside = {at for at, one in enumerate(used) if one.function_id in chosen}
    expected = bill([usage_of(of[one.function_id], one) for one in used], BOOK, free_tier=free_tier).of(inside)
    view = costs(fleet, MONTH, BOOK, scope=scope, free_tier=free_tier)
    assert sorted(map(repr, view.rows)) == sorted(map(repr, expected.lines))
    assert (view.totals, view.free_tier) == (expected.totals, expected.free_tier)
    order = [
        (line.amount is not None, -(line.amount or 0), -(line.list_amount or 0), line.function) for line in view.rows
    ]
    assert order == sorted(order)
    assert any(line.free for line in view.rows) is (free_tier and scope.regions != ("cn-*",))


def test_two_months_are_two_bills_in_one(fleet: Reader) -> None:
    before = TimeRange(TWO_MONTHS.from_ms, MONTH.from_ms, "February")
    parts = [line for span in (before, MONTH) for line in costs(fleet, span, BOOK, free_tier=False).rows]
    view = costs(fleet, TWO_MONTHS, BOOK, free_tier=False)
    for line in view.rows:
        same = [one for one in parts if one[:5] == line[:5]]
        assert line.quantity == sum(one.quantity for one in same)
        if line.amount is not None:
            assert line.amount == sum(one.amount for one in same if one.amount is not None)
    assert len(view.rows) == len({line[:5] for line in parts})


@pytest.mark.parametrize("scope", [Scope(), Scope(functions=("fn-1*", "fn-2"))])
def test_the_month_is_projected_as_its_functions_are(fleet: Reader, scope: Scope) -> None:
    of = {row.id: row.function for row in fleet.functions()}
    keys = [row.function.key for row in scope.chosen(fleet.functions())]
    chosen = {(key.name, key.account, key.region) for key in keys}
    now = NOON - 9 * DAY_MS - 3 * HOUR_MS
    today = now // DAY_MS * DAY_MS
    daily = [
        (day_of(one.day_ms), usage_of(of[one.function_id], SpanUsage(one.function_id, *list_of(one))))
        for one in fleet.daily_usage(MONTH.from_ms - 10 * DAY_MS, now)
    ]
    plain = project(
        daily, now, day_of(MONTH.from_ms), since_ms=fleet.oldest_ms(), spread_of=chosen,
        hours=hour_shares(fleet.invocations_by_hour(today - 7 * DAY_MS, today)),
    )  # fmt: skip
    view = costs(fleet, TimeRange(now - 4 * HOUR_MS, now, "last 4h"), BOOK, scope=scope, free_tier=False)
    found = view.projection
    assert found is not None
    assert (found.days_seen, found.method) == (plain.days_seen, plain.method)
    amounts = found.p10, found.p50, found.p90
    assert len(set(amounts)) == 3
    for amount, used in zip(amounts, (plain.p10, plain.p50, plain.p90), strict=True):
        inside = {at for at, one in enumerate(used or ()) if (one.function, one.account, one.region) in chosen}
        expected = (totals_of(used or (), inside, BOOK, free_tier=False) or {}).get(view.currency)
        assert amount == pytest.approx(expected, abs=Decimal("0.0001"))  # a millisecond may be rounded the other way


def list_of(one: object) -> tuple[int, ...]:
    return tuple(getattr(one, name) for name in ("invocations", "reports", "billed_ms", "billed_mb_ms"))


@given(USAGES, st.booleans(), st.data())
@settings(max_examples=200)
def test_lines_made_at_once_are_those_made_one_by_one(usages: list[Usage], free: bool, data: st.DataObject) -> None:
    whole = bill(usages, BOOK, free_tier=free)
    allotted = Allocation.of(UsageTable.of(usages), BOOK, free)
    plain = [line for at in range(len(usages)) for line in lines_of(allotted.priced(at))]
    assert list(map(repr, whole.lines)) == list(map(repr, plain))
    inside = set(data.draw(st.lists(st.integers(0, max(0, len(usages) - 1)), max_size=6))) if usages else set()
    assert bill(usages, BOOK, free_tier=free, inside=inside) == whole.of(inside)
    assert all(
        isinstance(line, LineItem) and line.billable == EXACT.subtract(line.quantity, line.free) for line in whole.lines
    )


@given(USAGES, USAGES)
@settings(max_examples=100)
def test_columns_are_the_usages_they_are_made_of(usages: list[Usage], more: list[Usage]) -> None:
    both = UsageTable.of(usages).and_more(more)
    assert both == [*usages, *more]
    assert UsageTable(both.terms, both.requests, both.billed_ms, both.billed_mb_ms, both.special) == [*usages, *more]
    assert both[:2] == [*usages, *more][:2]
    for quantity in QUANTITIES:
        assert list(column(both, quantity)) == [getattr(one, quantity) for one in (*usages, *more)]


LINES = st.lists(
    st.sampled_from(("ERROR", "Error: ", "[ERROR]", "fatal", "Task timed out after", "panic: ", "ok", "\t", "REPORT ", '"level": "critical"'))
    | st.text(max_size=5),
    max_size=6,
).map("".join)  # fmt: skip


@given(LINES)
def test_a_line_is_of_the_same_kind_whatever_letters_are_beside(text: str) -> None:
    assert kind_of(text) == kind_of(f"{text} é")


def test_lines_are_searched_once_while_nothing_is_stored(fleet: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    first = logs(fleet, DAY, newest_first=True)
    assert first.rows

    def search(*_: object, **__: object) -> None:
        raise AssertionError("searched again")

    monkeypatch.setattr(Reader, "search", search)
    assert logs(fleet, DAY, newest_first=True) == first
    with pytest.raises(AssertionError):
        logs(fleet, DAY)
    fleet.forget()
    with pytest.raises(AssertionError):
        logs(fleet, DAY, newest_first=True)


def test_large_lines_are_not_kept(fleet: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdatui.views.logs._KEPT_CHARACTERS", 100)
    fleet.forget()
    first = logs(fleet, DAY)
    searched: list[object] = []
    search = Reader.search
    monkeypatch.setattr(Reader, "search", lambda *args, **more: searched.append(args) or search(*args, **more))
    assert logs(fleet, DAY) == first
    assert searched

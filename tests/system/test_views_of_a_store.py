"""Views over a real store: figures that can be counted by hand, ranges, filters, order."""

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.records import Status
from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.read.reader import Reader
from lambdatui.views import filters
from lambdatui.views.columns import UnknownColumn, column_named
from lambdatui.views.errors import errors
from lambdatui.views.function import function
from lambdatui.views.functions import FUNCTION_COLUMNS, functions
from lambdatui.views.invocation import AmbiguousRequest, find, invocation
from lambdatui.views.invocations import INVOCATION_COLUMNS, STORE_ORDER, invocations
from lambdatui.views.logs import kind_of, logs
from lambdatui.views.scope import Scope
from lambdatui.views.startup_view import startup_view
from lambdatui.views.throttles import throttles
from lambdatui.views.time_range import RangeChoice, RangeError, TimeRange, instant_ms
from pricing.pricebook import PriceBook
from tests.support import small_store
from tests.support.row_types import COLUMNS
from tests.support.small_store import MINUTE, T0, request_id

RANGE = RangeChoice(at="2025-03-31T11:00:00Z").resolve(0)
BOOK = PriceBook.load()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_store.make(tmp_path_factory.mktemp("store") / "small.db")


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    with Reader(path) as opened:
        yield opened


@pytest.fixture
def metered(tmp_path: Path) -> Iterator[Reader]:
    with Reader(small_store.make(tmp_path / "metered.db", metrics=True)) as opened:
        yield opened


def test_functions_count_what_the_logs_say(reader: Reader) -> None:
    view = functions(reader, RANGE, BOOK)
    checkout, resize = view.rows
    assert (checkout.function, checkout.region, checkout.arch, checkout.timeout_s) == (
        "checkout", "us-east-1", "arm64", 3,
    )  # fmt: skip
    assert (checkout.invocations, checkout.errors, checkout.timeouts, checkout.cold_starts) == (6, 2, 1, 1)
    assert (checkout.error_rate, checkout.cold_ratio) == (pytest.approx(1 / 3), pytest.approx(1 / 6))
    # 350 + 200 + 300 + 400 + 20 + 3000 ms at 1,024 MB
    assert (checkout.billed_ms, checkout.gb_seconds) == (4270, pytest.approx(4.27))
    assert checkout.cost_usd == Decimal("4.27") * Decimal("0.0000133334") + 6 * Decimal("0.0000002")
    assert (checkout.max_ms, checkout.avg_ms) == (3000.0, 670.0)
    assert checkout.p50_ms == pytest.approx(200, rel=0.01)
    assert checkout.p99_ms == 3000.0
    assert (checkout.throttles, checkout.basis, checkout.coverage) == (None, "billed", 1.0)
    assert checkout.last_seen == T0 + 10 * MINUTE
    assert (resize.invocations, resize.errors, resize.arch, resize.timeout_s) == (2, 0, None, None)
    assert (view.invocations, view.errors, view.coverage) == (8, 2, 1.0)
    assert view.cost_usd == checkout.cost_usd + (resize.cost_usd or 0)


def test_without_prices_or_calls_nothing_is_known(reader: Reader) -> None:
    assert {row.cost_usd for row in functions(reader, RANGE).rows} == {None}
    quiet = functions(reader, RangeChoice(at="2025-01-02").resolve(0), BOOK)
    assert [(row.invocations, row.p50_ms, row.cost_usd, row.coverage) for row in quiet.rows] == [
        (None, None, None, None)  # before all that is known nothing tells that there was no call
    ] * 2
    assert (quiet.coverage, quiet.basis, quiet.cost_usd) == (None, None, None)


def test_the_month_is_projected_from_its_rate(reader: Reader) -> None:
    (checkout, _) = functions(reader, RangeChoice(at="2025-03-31T12:00:00Z").resolve(0), BOOK).rows
    # Two hours of data have been seen, and twelve hours are left.
    assert checkout.cost_usd is not None
    assert checkout.projected_usd is not None
    assert float(checkout.projected_usd / checkout.cost_usd) == pytest.approx(7.0, rel=0.01)


def test_metrics_count_where_they_saw_more(metered: Reader) -> None:
    (checkout, resize) = functions(metered, RANGE, BOOK).rows
    assert (checkout.invocations, checkout.errors, checkout.throttles, checkout.coverage) == (12, 3, 4, 0.5)
    assert (resize.invocations, resize.throttles) == (2, None)
    view = throttles(metered, RANGE)
    assert view.collected
    assert [(row.function, row.throttles, row.throttle_rate, row.concurrency) for row in view.rows] == [
        ("checkout", 4, 0.25, 9), ("resize", None, None, None),
    ]  # fmt: skip


def test_narrowing_takes_globs_and_all_kinds_must_match(reader: Reader) -> None:
    def names(scope: Scope) -> list[str]:
        return [row.function for row in functions(reader, RANGE, scope=scope).rows]

    assert names(Scope(functions=("re*", "nothing"))) == ["resize"]
    assert names(Scope(regions=("*-1",), functions=("check?ut",))) == ["checkout"]
    assert names(Scope(regions=("eu-*",), functions=("checkout",))) == []
    nobody = Scope(accounts=("999*",))
    assert list(invocations(reader, RANGE, scope=nobody).rows) == []
    assert list(logs(reader, RANGE, scope=nobody).rows) == []
    assert list(errors(reader, RANGE, scope=nobody).rows) == []


def test_one_function_and_its_chart(reader: Reader) -> None:
    hour = TimeRange(T0, T0 + HOUR_MS, "an hour")
    (row,) = [one for one in reader.functions() if one.function.key.name == "checkout"]
    detail = function(reader, hour, row.id, BOOK, chart_columns=30)
    assert detail is not None
    assert (detail.step_ms, len(detail.series)) == (2 * MINUTE, 30)
    assert [step.invocations for step in detail.series[:6]] == [1, 2, 2, 0, 0, 1]
    assert detail.series[3].p50_ms is None
    assert sum((step.cost_usd for step in detail.series if step.cost_usd), Decimal(0)) == detail.rows[0].cost_usd
    assert function(reader, hour, 99) is None


def test_invocations_page_filter_and_order(reader: Reader) -> None:
    view = invocations(reader, RANGE, BOOK, limit=3)
    assert [row.request_id for row in view.rows] == [request_id(number) for number in (8, 6, 7)]
    assert (view.total, view.more) == (8, True)
    rest = invocations(reader, RANGE, limit=10, offset=3)
    assert [row.status for row in rest.rows] == ["error", "ok", "ok", "ok", "ok"]
    assert not rest.more
    slow = invocations(reader, RANGE, where=filters.parse("duration_ms>=200", INVOCATION_COLUMNS), limit=2)
    assert [row.duration_ms for row in slow.rows] == [3000.0, 400.0]
    assert slow.more
    failed = invocations(reader, RANGE, statuses=[Status.ERROR, Status.TIMEOUT])
    assert [row.error_type for row in failed.rows] == ["Sandbox.Timedout", "ValueError"]
    assert all(row.failed for row in failed.rows)


@pytest.mark.parametrize("order", STORE_ORDER)
def test_every_order_lists_every_invocation_once(reader: Reader, order: str) -> None:
    for ascending in (False, True):
        rows = invocations(reader, RANGE, order=order, ascending=ascending, limit=50).rows
        assert len({row.key for row in rows}) == 8
        known = [getattr(row, order) for row in rows if getattr(row, order) is not None]
        if order != "status":
            assert known == sorted(known, reverse=not ascending)


def test_one_invocation_with_its_lines_trace_and_bill(reader: Reader) -> None:
    found = find(reader, request_id(5), BOOK)
    assert found is not None
    assert found.trace is not None
    assert "Traceback" in found.trace.text
    assert [line.kind for line in found.lines] == ["platform", "log", "error", "platform", "platform"]
    assert [line.dimension for line in found.bill.lines] == ["requests", "duration"] if found.bill else False
    assert found.invocation.cost_usd == Decimal("0.0000002") + Decimal("0.02") * Decimal("0.0000133334")
    assert [one.attempt for one in found.attempts] == [1]
    assert invocation(reader, found.invocation.key) is not None
    cold = find(reader, request_id(1))
    assert cold is not None
    assert (cold.invocation.cold_start, cold.invocation.init_ms, cold.trace) == (True, 250.0, None)
    assert find(reader, "ffffffff-0000-4000-8000-000000000000") is None
    assert find(reader, "00000005") is not None  # failed ones are also found by a beginning
    with pytest.raises(AmbiguousRequest):
        find(_Twice(), "00000005")  # type: ignore[arg-type]


class _Twice:
    """Answers with two requests of one beginning."""

    def find_invocations(self, request: str) -> list[object]:
        class Row:
            def __init__(self, name: str) -> None:
                self.request_id = name

        return [Row(f"{request}-a"), Row(f"{request}-b")]


def test_errors_logs_and_glance(reader: Reader, path: Path) -> None:
    assert [(row.error_type, row.count, row.invocations) for row in errors(reader, RANGE).rows] == [
        ("Sandbox.Timedout", 1, 6), ("ValueError", 1, 6),
    ]  # fmt: skip
    assert [row.message.strip() for row in logs(reader, RANGE, contains="HELLO", limit=2).rows] == [
        "hello from 1", "hello from 2",
    ]  # fmt: skip
    newest = logs(reader, RANGE, contains="hello", limit=2, newest_first=True)
    assert ([row.message.strip() for row in newest.rows], newest.more) == (["hello from 6", "hello from 7"], True)
    seen = startup_view(path, T0 + HOUR_MS)
    assert [(row.function, row.invocations, row.avg_ms) for row in seen.rows] == [
        ("checkout", 6, 670.0), ("resize", 2, 55.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("START RequestId: 1 Version: $LATEST", "platform"),
        ("REPORT RequestId: 1\tDuration: 1 ms\tStatus: timeout", "error"),
        ('{"time":"2025-03-31T10:00:00.000Z","type":"platform.report","record":{}}', "platform"),
        ("[ERROR] ValueError: x", "error"),
        ('{"level": "error", "msg": "x"}', "error"),
        ("no errors found", "log"),
        ("all is well", "log"),
    ],
)
def test_kinds_of_lines(text: str, kind: str) -> None:
    assert kind_of(text) == kind


# --- ranges -----------------------------------------------------------------------------------------------------------

NOW = instant_ms("2025-04-10T12:34:30Z")


@pytest.mark.parametrize(
    ("choice", "start", "end", "label"),
    [
        (RangeChoice("1h"), "2025-04-10T11:35Z", "2025-04-10T12:35Z", "last 1h"),
        # Longer ranges begin where the rollups do: at a full hour, or at midnight.
        (RangeChoice("24h"), "2025-04-09T12:00Z", "2025-04-10T12:35Z", "last 24h"),
        (RangeChoice("30d"), "2025-03-11T00:00Z", "2025-04-10T12:35Z", "last 30d"),
        (RangeChoice("mtd"), "2025-04-01T00:00Z", "2025-04-10T12:35Z", "month to date"),
        (RangeChoice("1h", at="2025-04-01"), "2025-04-01T23:00Z", "2025-04-02T00:00Z",
         "last 1h, to 2025-04-02 00:00 UTC"),
        (RangeChoice(start="2025-04-01", end="2025-04-01"), "2025-04-01T00:00Z", "2025-04-02T00:00Z",
         "2025-04-01 00:00 UTC to 2025-04-02 00:00 UTC"),
        (RangeChoice(start="1743500000"), "2025-04-01T09:00Z", "2025-04-10T12:35Z",
         "2025-04-01 09:00 UTC to 2025-04-10 12:35 UTC"),
        (RangeChoice("mtd", at="2025-04-01T00:00Z"), "2025-03-01T00:00Z", "2025-04-01T00:00Z",
         "month to date, to 2025-04-01 00:00 UTC"),
    ],
)  # fmt: skip
def test_ranges(choice: RangeChoice, start: str, end: str, label: str) -> None:
    found = choice.resolve(NOW)
    assert (found.from_ms, found.to_ms, found.label) == (instant_ms(start), instant_ms(end), label)


def test_a_store_with_old_data_ends_where_its_data_ends() -> None:
    old = instant_ms("2025-03-31T10:22:10Z")
    found = RangeChoice().resolve(NOW, newest_ms=old)
    assert found.label == "last 24h of data, to 2025-03-31 10:22 UTC"
    assert found.to_ms == instant_ms("2025-03-31T10:23Z")
    assert RangeChoice(at="2025-04-10").resolve(NOW, newest_ms=old).to_ms == instant_ms("2025-04-11")
    assert RangeChoice(start="2025-04-09").resolve(NOW, newest_ms=old).from_ms == instant_ms("2025-04-09")
    assert RangeChoice("30d").resolve(NOW, newest_ms=old).label == "last 30d"
    everything = RangeChoice("all").resolve(NOW, newest_ms=old, oldest_ms=old - HOUR_MS)
    assert everything.from_ms <= old - HOUR_MS
    assert (everything.to_ms, everything.label) == (found.to_ms, "all data, to 2025-03-31 10:22 UTC")
    ahead = RangeChoice("all").resolve(NOW, newest_ms=NOW + HOUR_MS, oldest_ms=old)
    assert (ahead.to_ms > NOW + HOUR_MS, ahead.label) == (True, "all data")


@pytest.mark.parametrize("wrong", ["soon", "2025-13-01", "1e99", "-5", "99999999999999999"])
def test_times_that_are_none(wrong: str) -> None:
    with pytest.raises(RangeError):
        RangeChoice(at=wrong).resolve(NOW)


def test_ranges_that_are_none() -> None:
    with pytest.raises(RangeError, match="1h, 24h, 7d"):
        RangeChoice("fortnight").resolve(NOW)
    with pytest.raises(RangeError, match="empty"):
        RangeChoice(start="2025-04-02", end="2025-04-01T00:00Z").resolve(NOW)


@given(
    st.integers(T0 // MINUTE, T0 // MINUTE + 10_000),
    st.integers(1, 100 * 24 * 60),
    st.integers(1, 300),
)
def test_chart_steps_fit_and_stepping_is_undone(end: int, minutes: int, columns: int) -> None:
    span = RangeChoice(start=str((end - minutes) * 60), end=str(end * 60)).resolve(NOW)
    step = span.step_ms(columns)
    assert step % MINUTE == 0
    assert span.columns(step) <= max(columns, 2)
    back = span.back()
    assert (back.forward().from_ms, back.forward().to_ms) == (span.from_ms, span.to_ms)
    assert span.from_ms - back.from_ms >= MINUTE
    grain = DAY_MS if span.span_ms > 14 * DAY_MS else HOUR_MS if span.span_ms > 6 * HOUR_MS else MINUTE
    assert back.from_ms % grain == 0
    assert span.forward(span.to_ms) == span


# --- filters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("", ["checkout", "resize"]),
        ("CHECK", ["checkout"]),
        ("!check", ["resize"]),
        ("us-east", ["checkout"]),
        ("errors>0", ["checkout"]),
        ("errors:0", ["resize"]),
        ("errors!=0", ["checkout"]),
        ("p95_ms>=1s", ["checkout"]),
        ("max-ms<1m", ["checkout", "resize"]),
        ("error_rate>30%", ["checkout"]),
        ("memory_mb:1G", ["checkout", "resize"]),
        ("region:eu-*", ["resize"]),
        ("region=us-east-1 errors>1", ["checkout"]),
        ("errors>0 !checkout", []),
        ("arch:-", ["resize"]),
        ("!arch:-", ["checkout"]),
        ("throttles<5", []),
        ("!throttles<5", ["checkout", "resize"]),
        ("last_seen>2025-03-31T10:15", ["resize"]),
        ("invocations<0.003k", ["resize"]),
        ("cost_usd>$0.00001", ["checkout"]),
        ('"errors>0"', []),
        ('function:"check out"', []),
    ],
)
def test_filters(reader: Reader, expression: str, names: list[str]) -> None:
    rows = functions(reader, RANGE, BOOK).rows
    assert [row.function for row in filters.parse(expression, FUNCTION_COLUMNS).apply(rows)] == names


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("eror_rate>1", "no column 'eror_rate'; did you mean error_rate?"),
        ("errors>many", "'many' is no figure"),
        ("errors>", "needs a value"),
        ("function>x", "holds words"),
        ("cold_start:maybe", "yes or no"),
        ("last_seen>noon", "no time"),
        ("https://example.com", "quote it"),
    ],
)
def test_filters_that_are_none(expression: str, message: str) -> None:
    with pytest.raises(filters.FilterError) as error:
        filters.parse(expression, (*FUNCTION_COLUMNS, COLUMNS["cold_start"]))
    assert message in str(error.value)


@given(st.text(max_size=40))
def test_any_filter_is_read_or_refused_in_words(expression: str) -> None:
    with contextlib.suppress(filters.FilterError):
        assert filters.parse(expression, FUNCTION_COLUMNS).expression == expression


def test_unknown_comes_last_in_both_directions(reader: Reader) -> None:
    rows = functions(reader, RANGE, BOOK).rows
    arch = COLUMNS["arch"]
    for reverse in (False, True):
        assert [row.function for row in filters.sort_rows(rows, arch, reverse=reverse)] == ["checkout", "resize"]
    assert column_named("P95-MS", FUNCTION_COLUMNS).id == "p95_ms"
    with pytest.raises(UnknownColumn, match="did you mean cost_usd"):
        column_named("cost", FUNCTION_COLUMNS)


def test_rows_have_a_field_for_every_column(reader: Reader) -> None:
    for view in (
        functions(reader, RANGE), invocations(reader, RANGE), errors(reader, RANGE), throttles(reader, RANGE),
        logs(reader, RANGE),
    ):  # fmt: skip
        for column in view.columns:
            assert all(hasattr(row, column.id) for row in view.rows)
    assert all(column.help.endswith(".") and column.width >= 3 for column in COLUMNS.values())

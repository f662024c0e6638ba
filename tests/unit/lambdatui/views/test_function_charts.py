"""A function's charts: what is not known is a gap, nothing invoked costs nothing, and deploys are marked."""

from pathlib import Path

from collectors.store.read.reader import Reader
from lambdatui.views.function import function
from lambdatui.views.function_charts import ChartView, function_charts
from lambdatui.views.time_range import TimeRange
from pricing.pricebook import PriceBook
from tests.support.small_store import CHECKOUT, MINUTE, T0, make
from tests.support.usage_store import set_at

BOOK = PriceBook.load()


def charts_of(path: Path, span: TimeRange) -> dict[str, ChartView]:
    with Reader(path) as reader:
        (row,) = [row for row in reader.functions() if row.function.key == CHECKOUT]
        detail = function(reader, span, row.id, BOOK, chart_columns=40)
        assert detail is not None
        return {chart.title: chart for chart in function_charts(reader, span, detail, 5)}


def test_what_was_not_collected_is_a_gap_and_nothing_invoked_cost_nothing(tmp_path: Path) -> None:
    charts = charts_of(make(tmp_path / "s.db"), TimeRange(T0 - 5 * MINUTE, T0 + 30 * MINUTE, "around"))
    invoked, cost = charts["Invocations"].curves[0].values, charts["Cost"].curves[0].values
    assert invoked[:7] == (None,) * 5 + (1, 0)
    assert invoked[-7:] == (None,) * 7  # the newest invocation of the store began 22 minutes after the first
    assert [value is None for value in cost] == [value is None for value in invoked]
    assert cost[6] == 0
    assert all(value for value, calls in zip(cost, invoked, strict=True) if calls)
    assert charts["Cost"].known_ms == T0 + 22 * MINUTE + 1


def test_errors_and_cold_starts_are_parts_of_the_invocations(tmp_path: Path) -> None:
    charts = charts_of(make(tmp_path / "s.db"), TimeRange(T0, T0 + 20 * MINUTE, "twenty minutes"))
    calls, errors = charts["Invocations"].curves
    whole, cold = charts["Cold starts"].curves
    assert calls == whole
    assert (errors.marked, cold.marked) == (True, True)
    assert errors.sign != cold.sign
    assert [step for step, value in enumerate(errors.values) if value] == [5, 10]
    assert cold.values[0] == 1


def test_deploys_in_the_range_are_marked_on_every_chart(tmp_path: Path) -> None:
    path = make(tmp_path / "s.db")
    set_at(path, CHECKOUT, T0 - 90 * MINUTE, memory_mb=1024)
    set_at(path, CHECKOUT, T0 + 7 * MINUTE, memory_mb=2048)
    charts = charts_of(path, TimeRange(T0, T0 + 20 * MINUTE, "twenty minutes"))
    assert {chart.marks for chart in charts.values()} == {(T0 + 7 * MINUTE,)}

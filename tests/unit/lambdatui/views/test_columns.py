"""A field's declaration is the one place that knows its column: all else derives from it."""

import json
from typing import Annotated

import pytest

from lambdatui.cli.output.listing import Listing
from lambdatui.cli.output.rows import arranged, print_rows
from lambdatui.screens.functions import FunctionsScreen
from lambdatui.views.columns import (
    BRIEF,
    EXTRA,
    Column,
    InComparison,
    Kind,
    OnScreen,
    UnknownColumn,
    column_named,
    columns_of,
    compared_columns,
    extra_columns,
    table_columns,
)  # fmt: skip
from lambdatui.views.costs import CostLineColumns
from lambdatui.views.export import csv_text, envelope
from lambdatui.views.filters import parse
from lambdatui.views.functions import FunctionView
from lambdatui.views.metrics import MetricView
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View
from lambdatui.widgets.layout import cell, tone
from pricing.bill import LineItem
from tests.support.row_types import COLUMNS, REGISTRY, row_types

P42 = Column("p42", Kind.MS, 8, "42nd percentile of the duration.", tone=lambda value: "error" if value > 1e3 else "")


class WithP42(FunctionView, frozen=True, gc=False, kw_only=True):
    """A row type with one field more."""

    p42_ms: Annotated[float | None, P42, OnScreen(3, after="p50_ms"), BRIEF, InComparison(after="p50_ms")] = None


def row(function: str, p42_ms: float | None) -> WithP42:
    names = dict.fromkeys(FunctionView.__struct_fields__)
    return WithP42(**(names | {"function_id": 1, "function": function, "reports": 0}), p42_ms=p42_ms)  # type: ignore[arg-type]


def view() -> View[WithP42]:
    return View(columns_of(WithP42), [row("checkout", 1_234.5), row("resize", None)], 0, TimeRange(0, 1, "a while"))


def test_one_declaration_reaches_json_csv_filters_and_sorting() -> None:
    shown = view()
    document = json.loads(json.dumps(envelope(shown, shown.rows, shown.columns)))
    assert [each["p42_ms"] for each in document["rows"]] == [1234.5, None]
    assert list(document["rows"][0])[-1] == "p42_ms"
    header, first, second = csv_text(shown.columns, shown.rows).splitlines()
    assert (header.split(",")[-1], first.split(",")[-1], second.split(",")[-1]) == ("p42_ms", "1234.5", "")
    assert [each.function for each in parse("p42_ms>1s", shown.columns).apply(shown.rows)] == ["checkout"]
    assert column_named("P42-ms", shown.columns).id == "p42_ms"
    with pytest.raises(UnknownColumn, match="did you mean p42_ms"):
        column_named("p42", shown.columns)
    reverse = Listing(sort="p42_ms", reverse=True)
    assert [each.function for each in arranged(shown, reverse)] == ["checkout", "resize"]


def test_one_declaration_reaches_the_text_table(capsys: pytest.CaptureFixture[str]) -> None:
    shown = view()
    print_rows(shown, shown.rows, Listing(), utc=True)
    title, first, second = capsys.readouterr().out.splitlines()
    assert title.endswith("p42")
    assert first.endswith(" 1.23s")
    assert second.endswith("-")
    assert "account" not in title.lower()  # is not brief
    print_rows(shown, shown.rows, Listing(columns="p42_ms,function"), utc=True)
    assert capsys.readouterr().out.splitlines()[1].split() == ["1.23s", "checkout"]


def test_one_declaration_reaches_the_screen_and_its_filter() -> None:
    class Screen(FunctionsScreen):
        ROW = WithP42

    ids = [each.column.id for each in Screen.COLUMNS]
    assert ids[ids.index("p50_ms") + 1] == "p42_ms"
    assert len(ids) == len(FunctionsScreen.COLUMNS) + 1
    assert Screen.FILTERED[-1].help == "42nd percentile of the duration."
    column = Screen.FILTERED[-1]
    assert cell(column, 1_234.5, column.width, utc=True, more="…") == "   1.23s"
    assert (tone(column, row("checkout", 1_234.5)), tone(column, row("checkout", None))) == ("error", "quiet")


def test_one_declaration_reaches_comparisons() -> None:
    ids = [column.id for column, _ in compared_columns(WithP42)]
    assert ids[ids.index("p42_ms") - 1] == "p50_ms"
    assert {column.id: worse for column, worse in compared_columns(FunctionView)}["errors"]


def test_a_column_is_exported_in_the_order_of_the_fields_and_extra_ones_on_request() -> None:
    ids = [column.id for column in columns_of(FunctionView)]
    assert ids == [name for name in FunctionView.__struct_fields__ if name in ids]
    assert not {"tags", "tags_at", "trend"}.intersection(ids)
    assert [column.id for column in extra_columns(FunctionView, "tags", "tags_at")] == ["tags", "tags_at"]


def test_the_keys_of_metrics_stay_in_their_order() -> None:
    assert [column.id for column in columns_of(MetricView)] == [
        "function", "account", "region", "namespace", "metric", "dimensions", "unit", "stat", "value", "peak", "points",
        "last_point",
    ]  # fmt: skip


def test_a_place_after_nothing_is_an_error() -> None:
    class Nowhere:
        here: Annotated[int, P42, OnScreen(after="gone")]

    class Circle:
        one: Annotated[int, P42, OnScreen(after="other")]
        other: Annotated[int, P42, OnScreen(after="one")]

    for wrong in (Nowhere, Circle):
        with pytest.raises(ValueError, match="stand after columns that are not there"):
            table_columns(wrong)


def test_the_first_place_and_chains_of_places() -> None:
    class Chain:
        last: Annotated[int, P42, OnScreen(after="middle")]
        middle: Annotated[int, P42, OnScreen(after="first")]
        own: Annotated[int, P42, OnScreen()]
        first: Annotated[int, P42, OnScreen(after="")]
        never: Annotated[int, P42]
        extra: Annotated[int, P42, EXTRA]

    assert [each.column.id for each in table_columns(Chain)] == ["first", "middle", "last", "own"]
    assert [column.id for column in columns_of(Chain)] == ["last", "middle", "own", "first", "never"]


@pytest.mark.parametrize("declared", row_types(), ids=lambda declared: declared.__name__)
def test_every_row_type_can_be_laid_out_and_says_what_its_columns_mean(declared: type) -> None:
    columns = columns_of(declared)
    assert columns
    assert {each.column.id for each in table_columns(declared)} <= {
        *(column.id for column in columns), *(name for name in getattr(declared, "__annotations__", {})),
        *(name for base in declared.__mro__ for name in getattr(base, "__annotations__", {})),
    }  # fmt: skip
    for column in columns:
        assert column.help.endswith("."), column
        assert column.title, column


def test_an_id_means_the_same_in_every_row() -> None:
    assert len(COLUMNS) == len(REGISTRY)


def test_the_columns_of_a_bills_line_are_fields_of_it() -> None:
    assert {column.id for column in columns_of(CostLineColumns)} <= {*LineItem.__slots__, *dir(LineItem)}

"""Figures of log lines, beside what DuckDB makes of the same lines."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.units import MINUTE_MS
from lambdatui.views.line_conditions import LineQueryError
from lambdatui.views.line_query import parse as parse_query
from lambdatui.views.line_stats import parse, stats_of
from lambdatui.views.logs import LogView
from tests.support.figures import same

many = settings(max_examples=60)
SQL = {
    "count": "count(*)", "count(.ms)": "count({ms_text})", "count_distinct(.route)": "count(DISTINCT {route})",
    "sum(.ms)": "sum({ms})", "avg(.ms)": "avg({ms})", "min(.ms)": "min({ms})", "max(.ms)": "max({ms})",
    **{f"p{share}(.ms)": f"quantile_cont({{ms}}, {share / 100})" for share in (50, 90, 95, 99)},
}  # fmt: skip
FIELDS = {
    "route": "m->>'$.route'", "ms_text": "m->>'$.ms'", "ms": "TRY_CAST(m->>'$.ms' AS DOUBLE)", "id": "m->>'$.order.id'",
    "id_figure": "TRY_CAST(m->>'$.order.id' AS DOUBLE)", "level": "m->>'$.level'",
}  # fmt: skip

routes = st.sampled_from(["/", "/api/carts", "/API", "äö", "a b", ""])
figures = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
line_values = st.fixed_dictionaries(
    {},
    optional={
        "route": routes | st.none() | st.integers(0, 3),
        "ms": figures | figures.map(str) | st.none() | st.sampled_from(["soon", "", "12 ms"]),
        "order": st.fixed_dictionaries({}, optional={"id": st.integers(40, 44) | st.sampled_from(["42", "x"])}),
        "level": st.sampled_from(["INFO", "ERROR"]),
    },
)
lines_made = st.lists(st.tuples(st.integers(0, 600_000), line_values), max_size=30)


def views(lines: Sequence[tuple[int, dict[str, Any]]]) -> list[LogView]:
    return [LogView(1, at, "fn", None, json.dumps(found), "log") for at, found in lines]


def asked_of_duckdb(lines: Sequence[tuple[int, dict[str, Any]]], select: str, rest: str = "") -> list[tuple[Any, ...]]:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB comes with the bench extra: it judges these figures")
    connection = duckdb.connect()
    connection.execute("CREATE OR REPLACE TEMP TABLE lines (at_ms BIGINT, m JSON)")
    if lines:
        connection.executemany("INSERT INTO lines VALUES (?, ?)", [(at, json.dumps(found)) for at, found in lines])
    sql = f"SELECT {select} FROM lines {rest}".format(**FIELDS)
    found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    return found


def compare(ours: Sequence[tuple[Any, ...]], theirs: Sequence[tuple[Any, ...]]) -> None:
    ordered = [sorted(rows, key=lambda row: repr(row[:2])) for rows in (ours, theirs)]
    assert len(ordered[0]) == len(ordered[1]), ordered
    for one, other in zip(*ordered, strict=True):
        assert all(map(same, one, other)), (one, other)


@many
@given(lines_made)
def test_every_figure_is_what_duckdb_says(lines: list[tuple[int, dict[str, Any]]]) -> None:
    ours = stats_of(parse(", ".join(SQL)), views(lines))
    compare([tuple(vars(row).values()) for row in ours], asked_of_duckdb(lines, ", ".join(SQL.values())))


@many
@given(lines_made, st.sampled_from([MINUTE_MS, 7_000]))
def test_groups_and_spans_of_time_are_duckdb_s(lines: list[tuple[int, dict[str, Any]]], width_ms: int) -> None:
    ours = stats_of(parse(f"{', '.join(SQL)} by .route, {width_ms // 1000}s"), views(lines))
    keys = f"{{route}} AS route_key, at_ms // {width_ms} * {width_ms} AS span"
    theirs = asked_of_duckdb(lines, f"{keys}, {', '.join(SQL.values())}", "GROUP BY route_key, span")
    compare([tuple(vars(row).values()) for row in ours], theirs)


CONDITIONS = {
    ".order.id:42": "{id} = '42' OR {id_figure} = 42",
    ".ms>500": "{ms} > 500",
    ".ms<=-10.5": "{ms} <= -10.5",
    ".ms!=12": "{ms_text} IS NOT NULL AND {ms_text} <> '12' AND coalesce({ms} <> 12, true)",
    "!.route:*": "{route} IS NULL",
    ".route:/api*": "lower({route}) LIKE '/api%'",
    "level:ERROR": "{level} = 'ERROR'",
    "level:ERROR OR .ms>=0 .route:/": "{level} = 'ERROR' OR ({ms} >= 0 AND {route} = '/')",
    "!(level:ERROR .order.id:42)": "NOT (coalesce({level} = 'ERROR', false)"
    " AND coalesce({id} = '42' OR {id_figure} = 42, false))",
}


@many
@given(lines_made, st.sampled_from(sorted(CONDITIONS)))
def test_a_question_finds_what_duckdb_finds(lines: list[tuple[int, dict[str, Any]]], question: str) -> None:
    query = parse_query(question)
    ours = [line.timestamp for line in views(lines) if query.matches(line)]
    theirs = asked_of_duckdb(lines, "at_ms", f"WHERE {CONDITIONS[question]}")
    assert sorted(ours) == sorted(at for (at,) in theirs)


def test_order_is_of_time_or_of_the_first_figure() -> None:
    lines = views([(70_000, {"r": "a", "ms": 1}), (10, {"r": "b", "ms": 2}), (20, {"r": "b"}), (30, {"ms": 9})])
    by_route = stats_of(parse("count, max(.ms) by .r"), lines)
    assert [tuple(vars(row).values()) for row in by_route] == [("b", 2, 2.0), ("a", 1, 1.0), (None, 1, 9.0)]
    by_time = stats_of(parse("max(.ms) by 1m"), lines)
    assert [tuple(vars(row).values()) for row in by_time] == [(0, 9.0), (MINUTE_MS, 1.0)]
    assert [vars(row) for row in stats_of(parse("count, avg(.ms)"), [])] == [{"count": 0, "avg(.ms)": None}]
    assert stats_of(parse("count by .r"), []) == []


def test_what_has_no_figure_is_null_and_what_is_no_number_is_left_out() -> None:
    lines = views([(1, {"ms": "soon"}), (2, {"ms": True}), (3, {"ms": [1]}), (4, {"ms": "1e999"})])
    (row,) = stats_of(parse("count(.ms), sum(.ms), p99(.ms)"), lines)
    assert list(vars(row).values()) == [4, None, None]


@pytest.mark.parametrize(
    ("typed", "at", "said"),
    [
        ("", 0, "is missing"), ("p95", 3, "needs a field"), ("count, p97(.ms)", 7, "did you mean p99?"),
        ("p95(.ms", 7, ") is missing"), ("count by route", 9, ".route"), ("count, by .a", 6, "missing"),
        ("count by", 6, "comma"), ("count by ", 9, "after by"), ("count by .a, 0m", 13, "longer than nothing"),
        ("avg(.a b)", 6, "ends here"), ("count by .a[", 12, "name is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_at_its_place(typed: str, at: int, said: str) -> None:
    with pytest.raises(LineQueryError) as caught:
        parse(typed)
    assert said in str(caught.value)
    assert caught.value.position == at

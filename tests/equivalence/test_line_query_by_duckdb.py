"""Random questions and figures over random, ill-behaved JSON lines: what DuckDB says of the same lines."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdatui.views.line_query import parse as parse_query
from lambdatui.views.line_stats import FIGURES, parse, stats_of
from lambdatui.views.logs import LogView
from tests.support.figures import same

many = settings(max_examples=120)

# Values as they are written, not as a library would write them: figures of all spellings, texts that look like some.
figures = st.sampled_from(
    [
        "0",
        "-0",
        "7",
        "42",
        "42.0",
        "4.2e1",
        "-1",
        "500.5",
        "1E3",
        "1e-7",
        "0.00001",
        "12345678901234567890",
        "1e16",
        "1e400",
    ]
) | st.integers(-(10**4), 10**4).map(str)
strings = st.sampled_from(
    ["", " ", "42", " 42 ", "4.2e1", "+7", "0007", "7\u00a0", "soon", "true", "null", "a b", 'say "x"', "back\\slash", "äöü",
     "ÄÖÜ", "日本", "\U0001f600", "/api/carts", "/API/carts", "x\ny", "(a)", "a,b", "{}", "level"]
)  # fmt: skip
escaped = strings.map(json.dumps) | strings.map(lambda text: json.dumps(text, ensure_ascii=False))
scalars = figures | escaped | st.sampled_from(["true", "false", "null"])
values = scalars | st.sampled_from(["[]", '["zz"]', '["zz", {"x": 1}]', "{}", '{"q": [1.50, null]}'])
NAMES = ("x", "y", "o", "level")
members = st.tuples(
    st.sampled_from(['"x"', '"y"', '"x"', '"\\u0078"', '"Y"', '"o.x"']), st.sampled_from([":", ": ", " :\t"]), values
).map("".join)
nested = st.lists(members, max_size=3).map(lambda inner: '"o": {' + ", ".join(inner) + "}")
levels = st.sampled_from(['"level": "ERROR"', '"level":"info"', '"level":"ERROR","level":"info"'])
objects = st.lists(members | nested | levels, max_size=6).map(lambda inner: "{" + ", ".join(inner) + "}")
lines_made = st.lists(
    st.tuples(st.integers(0, 600_000), st.sampled_from(["", "", "prefix\t", "a: "]), objects), max_size=12
)

PATHS = {".x": "$.x", ".y": "$.y", ".o.y": "$.o.y", ".o.q": "$.o.q", '."o.x"': '$."o.x"'}


def text_sql(path: str) -> str:
    return f"(m->>'{PATHS[path]}')"


def figure_sql(path: str) -> str:
    figure = f"TRY_CAST({text_sql(path)} AS DOUBLE)"
    return f"CASE WHEN isfinite({figure}) THEN {figure} END"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def compared(path: str, operator: str, number: float) -> tuple[str, str]:
    return f"{path}{operator}{number}", f"coalesce({figure_sql(path)} {operator} {number}, false)"


def equal(path: str, text: str, negated: bool) -> tuple[str, str]:
    """A quoted text is compared as text, as it stands, whatever the case."""
    same = f"lower({text_sql(path)}) = lower({literal(text)})"
    if negated:
        return f"{path}!={quoted(text)}", f"coalesce(NOT {same}, false)"
    return f"{path}:{quoted(text)}", f"coalesce({same}, false)"


def figure_equal(path: str, number: int, negated: bool) -> tuple[str, str]:
    same = f"({text_sql(path)} = '{number}' OR coalesce({figure_sql(path)} = {number}, false))"
    if negated:
        return f"{path}!={number}", f"coalesce({text_sql(path)} IS NOT NULL AND NOT {same}, false)"
    return f"{path}={number}", f"coalesce({same}, false)"


paths = st.sampled_from(sorted(PATHS))
leaves = (
    st.builds(compared, paths, st.sampled_from([">", ">=", "<", "<="]), st.sampled_from([0, 7, 42, 500.5, -1, 1e19]))
    | st.builds(equal, paths, strings, st.booleans())
    | st.builds(figure_equal, paths, st.sampled_from([0, 7, 42, -1, 1000]), st.booleans())
    | paths.map(lambda path: (f"{path}:*", f"{text_sql(path)} IS NOT NULL"))
    | st.just(("level:ERROR", "coalesce(m->>'$.level' = 'ERROR', false)"))
    | strings.filter(str.strip).map(lambda text: (quoted(text), f"contains(lower(line), lower({literal(text)}))"))
)
asked = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} OR {two[1][0]})", f"({two[0][1]} OR {two[1][1]})"))
        | st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} {two[1][0]})", f"({two[0][1]} AND {two[1][1]})"))
        | st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} AND {two[1][0]})", f"({two[0][1]} AND {two[1][1]})"))
        | inner.map(lambda one: (f"!{one[0]}", f"NOT ({one[1]})"))
    ),
    max_leaves=5,
)
Lines = Sequence[tuple[int, str, str]]


def views(lines: Lines) -> list[LogView]:
    return [LogView(1, at, "fn", None, prefix + found, "log") for at, prefix, found in lines]


@pytest.fixture(scope="module")
def duckdb() -> Any:
    module = pytest.importorskip("duckdb", reason="DuckDB comes with the bench extra: it judges these answers")
    connection = module.connect()
    connection.execute("CREATE TABLE lines (number BIGINT, at_ms BIGINT, line VARCHAR, m JSON)")
    return connection


def told(duckdb: Any, lines: Lines, select: str, rest: str = "") -> list[tuple[Any, ...]]:
    duckdb.execute("DELETE FROM lines")
    if lines:
        rows = [(number, at, prefix + found, found) for number, (at, prefix, found) in enumerate(lines)]
        duckdb.executemany("INSERT INTO lines VALUES (?, ?, ?, ?)", rows)
    answer: list[tuple[Any, ...]] = duckdb.execute(f"SELECT {select} FROM lines {rest}").fetchall()
    return answer


@many
@given(lines=lines_made, question=asked)
def test_a_question_finds_what_duckdb_finds(duckdb: Any, lines: Lines, question: tuple[str, str]) -> None:
    query = parse_query(question[0])
    ours = [number for number, line in enumerate(views(lines)) if query.matches(line)]
    assert ours == sorted(number for (number,) in told(duckdb, lines, "number", f"WHERE {question[1]}"))
    for number in ours:  # what a search looks for first is there
        text = views(lines)[number].message.lower()
        assert all(any(one in text for one in need) for need in query.needs)


def figure(name: str, path: str) -> tuple[str, str]:
    value, text = figure_sql(path), text_sql(path)
    sql = {"count": f"count({text})", "count_distinct": f"count(DISTINCT {text})"}
    if name.startswith("p"):
        sql[name] = f"quantile_cont({value}, {int(name[1:]) / 100})"
    return f"{name}({path})", sql.get(name, f"{name}({value})")


keys_asked = st.lists(paths.map(lambda path: (path, text_sql(path))), max_size=3, unique=True)
spans_asked = st.lists(st.sampled_from([("1m", "at_ms // 60000 * 60000"), ("7s", "at_ms // 7000 * 7000")]), max_size=1)


@many
@given(
    lines=lines_made,
    asked_figures=st.lists(st.builds(figure, st.sampled_from(FIGURES), paths), min_size=1, max_size=4, unique=True),
    keys=st.tuples(keys_asked, spans_asked).map(lambda two: [*two[0], *two[1]]),
)
def test_figures_by_any_keys_are_duckdb_s(
    duckdb: Any, lines: Lines, asked_figures: list[tuple[str, str]], keys: list[tuple[str, str]]
) -> None:
    by = f" by {', '.join(key for key, _ in keys)}" if keys else ""
    ours = stats_of(parse(f"count, {', '.join(name for name, _ in asked_figures)}{by}"), views(lines))
    select = ", ".join([*(sql for _, sql in keys), "count(*)", *(sql for _, sql in asked_figures)])
    group = f"GROUP BY {', '.join(str(at + 1) for at in range(len(keys)))}" if keys else ""
    theirs = told(duckdb, lines, select, group)
    ordered = [sorted(rows, key=lambda row: repr(row[: len(keys) + 1])) for rows in
               ([tuple(vars(row).values()) for row in ours], theirs)]  # fmt: skip
    assert len(ordered[0]) == len(ordered[1]), ordered
    for one, other in zip(*ordered, strict=True):
        assert all(map(same, one, other)), (one, other)

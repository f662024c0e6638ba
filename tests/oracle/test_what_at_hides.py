"""``--at T`` and ``--to T`` hide what happens at T and later from every figure: a store that never had it says the same."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.store.read.reader import Reader
from lambdatui.views.advice import advice
from lambdatui.views.cost_groups import cost_groups
from lambdatui.views.costs import costs
from lambdatui.views.error_trends import error_trends
from lambdatui.views.function import function
from lambdatui.views.functions import functions
from lambdatui.views.overview import overview
from lambdatui.views.scope import Scope
from lambdatui.views.throttles import throttles
from lambdatui.views.time_range import TimeRange
from tests.oracle import sayings
from tests.oracle.examples import modest
from tests.oracle.sayings import BOOK, STEPS, key_of
from tests.oracle.store import stored
from tests.oracle.worlds import HOUR, MINUTE, World, moments, worlds
from tests.support.command_line import run

Figures = dict[Any, Any]


def of_functions(reader: Reader, span: TimeRange) -> Figures:
    view = functions(reader, span, BOOK, trend_steps=STEPS)
    rows = {key_of(row): _figures(row) for row in view.rows if row.invocations}
    return {**rows, "sums": (view.invocations, view.errors, view.cost_usd, view.projected_usd, view.coverage)}


def _figures(row: Any) -> Figures:
    """Without what is of the store and not of the range: ids, ages, and the configuration as it is now."""
    left_out = {"function_id", "freshness", "data_until", "arch", "memory_mb", "runtime", "timeout_s"}
    return {name: getattr(row, name) for name in row.__struct_fields__ if name not in left_out}


def of_charts(reader: Reader, span: TimeRange) -> Figures:
    found = {}
    for row in reader.functions():
        detail = function(reader, span, row.id, BOOK)
        if detail is None:
            continue  # nothing was known of it then
        called = [step for step in detail.series if step.invocations or step.errors]
        found[row.function.key.name] = [(one.start_ms, one.invocations, one.errors, one.max_ms) for one in called]
    return {name: steps for name, steps in found.items() if steps}


def of_costs(reader: Reader, span: TimeRange) -> Figures:
    found: Figures = {}
    for free in (True, False):
        view = costs(reader, span, BOOK, free_tier=free)
        lines = sorted((key_of(line), line.dimension, line.arch, line.basis, line.quantity, str(line.amount))
                       for line in view.rows)  # fmt: skip
        end = view.projection
        found[free] = lines, view.totals, view.coverage, end and (end.p10, end.p50, end.p90, end.days_seen)
    return found


def of_days(reader: Reader, span: TimeRange) -> Figures:
    view = cost_groups(reader, span, BOOK, "day")
    return {"rows": [(row.group, row.amount, row.requests) for row in view.rows], "month": view.so_far,
            "end": view.projection and view.projection.p50}  # fmt: skip


def of_errors(reader: Reader, span: TimeRange) -> Figures:
    rows = error_trends(reader, span).rows
    names = {row.id: row.function.key for row in reader.functions()}
    return {(names[row.function_id], row.fingerprint): (row.count, row.first_seen, row.last_seen, row.invocations,
            row.trend, row.sample_request_id) for row in rows}  # fmt: skip


def of_throttles(reader: Reader, span: TimeRange) -> Figures:
    rows = throttles(reader, span).rows
    return {key_of(row): _figures(row) for row in rows if row.invocations or row.throttles}


def of_header(reader: Reader, span: TimeRange) -> Figures:
    one = overview(reader, span, BOOK, scope=Scope())
    return {"header": replace(one, collecting_usd=None)}


def of_advice(reader: Reader, span: TimeRange) -> Figures:
    return {(row.function, row.kind, row.found): row.saves_usd for row in advice(reader, span, BOOK).rows}


VIEWS = (of_functions, of_charts, of_costs, of_days, of_errors, of_throttles, of_header, of_advice)


@st.composite
def looked_back(draw: st.DrawFn) -> tuple[World, int, int]:
    """A world, a moment, and how far back from there."""
    world = draw(worlds())
    back = draw(st.sampled_from((HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR)))
    return world, back, draw(moments(world))


@pytest.mark.parametrize("figures", VIEWS)
@modest(10)
@given(looked_back())
def test_what_comes_later_changes_nothing(
    figures: Callable[[Reader, TimeRange], Figures], looked: tuple[World, int, int]
) -> None:
    world, back, at = looked
    grain = MINUTE if back == HOUR else HOUR if back <= 14 * 24 * HOUR else 24 * HOUR
    span = sayings.span_of((at - back) // grain * grain, at)
    with stored(world) as whole, stored(world.before(at)) as then:
        with Reader(whole) as reader:
            said = figures(reader, span)
        with Reader(then) as reader:
            right = figures(reader, span)
    for name in sorted({*said, *right}, key=str):
        assert said.get(name) == right.get(name), name


@pytest.mark.parametrize("command", ["functions", "costs", "errors", "throttles"])
def test_a_moment_within_a_minute_hides_the_rest_of_it(command: str) -> None:
    """``--at 10:30:20``: a call at 10:30:40 has not happened yet."""
    from tests.oracle.worlds import NOVEMBER, Call, Fn

    fn = Fn("checkout", "111122223333", "us-east-1")
    calls = tuple(
        Call(0, number, NOVEMBER + seconds * 1000, 128, 50_000, None, 70, "ValueError", report=True)
        for number, seconds in ((1, 600), (2, 1810), (3, 1840))
    )
    world = World((fn,), calls)
    at = datetime.fromtimestamp((NOVEMBER + 1820 * 1000) / 1000, UTC).isoformat()
    answers = []
    for one in (world, world.before(NOVEMBER + 1820 * 1000)):
        with stored(one) as path:
            answers.append(json.loads(run("--db", path, "--at", at, "--range", "1h", command, "--json").stdout))
    for answer in answers:
        for left_out in ("as_of", "projection"):
            answer.pop(left_out, None)
        for row in answer.get("rows", ()):
            for left_out in ("freshness", "data_until", "projected_usd"):
                row.pop(left_out, None)
    assert answers[0] == answers[1]

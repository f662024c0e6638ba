"""Metrics that log lines carry (EMF): counted once, rolled up, bounded, told where invalid, listed and charted."""

import json
import math
import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.ingest import engine
from collectors.ingest.many_sources import collect_accounts
from collectors.model.account import CallCount
from collectors.model.records import LogEvent
from collectors.model.units import MINUTE_MS
from collectors.sources.base import LogEvents
from collectors.store.read.reader import Reader
from collectors.store.rollups.emf_cells import bucket_of, value_of
from collectors.store.write import emf_series
from lambdatui.screens.dialogs.prompt import PickScreen
from lambdatui.screens.function import FunctionScreen
from lambdatui.views.function import function
from lambdatui.views.function_charts import ChartView, function_charts
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.chart import Chart
from tests.support import small_store
from tests.support.command_line import rows, run
from tests.support.emf import EVER, Series, by_series, emf, listed
from tests.support.invocation_logs import HOUR, T0, bring_in, invocation, write
from tests.support.released_stores import set_back
from tests.support.screens import app_on, press, settle

MINUTE, DAY = MINUTE_MS, 24 * HOUR


def store_of(folder: Path, events: list[dict[str, Any]], name: str = "a") -> Path:
    bring_in(folder / f"{name}.db", write(folder / f"{name}.jsonl", events))
    return folder / f"{name}.db"


def told(db: Path, *options: str) -> str:
    return run("--db", db, "metrics", *EVER, *options).stderr


def cells(db: Path) -> list[tuple[Any, ...]]:
    """All that is kept of values, without the store's own numbers."""
    connection = sqlite3.connect(db)
    try:
        return sorted(
            row
            for table in ("emf_minutes", "emf_hours", "emf_days")
            for row in connection.execute(
                f"SELECT '{table}', f.name, s.namespace, s.metric, s.unit, s.dimensions, s.folded, c.start_ms, c.samples,"
                " round(c.total, 6), c.lowest, c.highest, c.minutes, c.peak_samples, c.buckets"
                f" FROM {table} c JOIN emf_series s ON s.id = c.series_id JOIN functions f ON f.id = s.function_id"
            )
        )
    finally:
        connection.close()


# Listing ------------------------------------------------------------------------------------------------------------


def test_they_are_listed_beside_cloudwatchs_with_every_statistic(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "small.db", metrics=True)
    at = small_store.T0 + 30 * MINUTE
    events = invocation(
        900, emf(at, {"took": [10, 20, 30]}, "Milliseconds", service="pay"), at_ms=at, function="checkout"
    )
    bring_in(db, write(tmp_path / "more.jsonl", events))
    found = rows(run("--db", db, "metrics", "--range", "all", "--json"))
    own = [one for one in found if one["namespace"] == "Shop"]
    assert {one["namespace"] for one in found} == {"AWS/Lambda", "Shop"}
    assert [(one["stat"], one["value"]) for one in own if not one["stat"].startswith("p")] == [
        ("SampleCount", 3), ("Sum", 60), ("Average", 20), ("Minimum", 10), ("Maximum", 30)
    ]  # fmt: skip
    percentiles = {one["stat"]: one["value"] for one in own if one["stat"].startswith("p")}
    assert percentiles == {"p50": pytest.approx(20, rel=0.01), "p95": 30, "p99": 30}
    assert {(one["function"], one["metric"], one["dimensions"], one["unit"], one["points"]) for one in own} == {
        ("checkout", "took", "service=pay", "Milliseconds", 1)
    }
    assert own[0]["last_point"] == "2025-03-31T10:30:00Z"
    header, *lines = run(
        "--db", db, "metrics", "--range", "all", "--filter", "namespace:Shop stat:Sum", "--csv"
    ).stdout.splitlines()
    assert dict(zip(header.split(","), lines[0].split(","), strict=True))["value"] == "60"
    assert "Shop" in run("--db", db, "metrics", "--range", "all").stdout


def test_each_set_of_dimensions_and_each_unit_is_a_series(tmp_path: Path) -> None:
    said = [
        emf(T0, {"n": 1}, sets=[["env"], ["env", "service"], []], env="prod", service="pay"),
        emf(T0, {"n": 5}, "Bytes", sets=[["env"]], env="prod"),
        emf(T0, {"n": 7}, sets=[["env"]], env="a, b=c"),
    ]
    db = store_of(tmp_path, invocation(1, *said))
    assert by_series(listed(db), "Sum") == {
        ("Shop", "n", "env=prod", "Count"): 1, ("Shop", "n", "env=prod, service=pay", "Count"): 1,
        ("Shop", "n", "", "Count"): 1, ("Shop", "n", "env=prod", "Bytes"): 5, ("Shop", "n", 'env="a, b=c"', "Count"): 7,
    }  # fmt: skip
    # CloudWatch bills a metric by its name and dimensions, whatever its unit.
    assert "4 custom metrics (EMF), 4 metric-hours" in told(db)


def test_ranges_functions_and_a_moment_of_before_narrow_them(tmp_path: Path) -> None:
    events = [
        event
        for hour in range(5)
        for event in invocation(
            hour, emf(T0 + hour * HOUR, {"n": 1}), at_ms=T0 + hour * HOUR, function=f"fn-{hour % 2}"
        )
    ]  # fmt: skip
    db = store_of(tmp_path, events)
    assert sum(one["value"] for one in listed(db, "--filter", "stat:Sum")) == 5
    assert sum(one["value"] for one in listed(db, "--filter", "stat:Sum", "--function", "fn-1")) == 2
    until = run("--db", db, "metrics", "--range", "6h", "--at", str(T0 + 2 * HOUR), "--filter", "stat:Sum", "--json")
    assert sum(one["value"] for one in rows(until)) == 2
    assert rows(run("--db", db, "metrics", "--range", "1h", "--at", str(T0), "--json")) == []


def test_a_value_counts_at_its_own_time_and_is_not_there_before(tmp_path: Path) -> None:
    db = store_of(tmp_path, invocation(1, emf(T0 + HOUR, {"ahead": 1}), emf(T0 - DAY, {"behind": 1})))
    at_end = run("--db", db, "metrics", "--range", "2d", "--at", str(T0 + 5 * MINUTE), "--filter", "stat:Sum", "--json")
    assert [one["metric"] for one in rows(at_end)] == ["behind"]


# Counting -----------------------------------------------------------------------------------------------------------


def test_a_second_import_adds_nothing_and_parts_in_any_order_come_to_the_same(tmp_path: Path) -> None:
    events = [
        event
        for number in range(60)
        for event in invocation(
            number, emf(T0 + number * 1000, {"n": [number, 0.25], "m": -number}, service=f"s{number % 3}"), "text\n"
        )
    ]
    once, parts = tmp_path / "once.db", tmp_path / "parts.db"
    path = write(tmp_path / "all.jsonl", events)
    bring_in(once, path)
    before = cells(once)
    assert before
    bring_in(once, path)
    assert cells(once) == before
    pieces = [events[low : low + 37] for low in range(0, len(events), 37)]
    for at, piece in enumerate([*reversed(pieces), pieces[1], pieces[0]]):
        bring_in(parts, write(tmp_path / f"{at}.jsonl", piece))
    assert cells(parts) == before
    assert run("--db", parts, "db", "check").exit_code == 0


def test_a_line_that_moves_from_before_an_invocation_into_it_is_counted_once(tmp_path: Path) -> None:
    whole = invocation(1, "hello\n")
    early = whole[0] | {"timestamp": T0, "message": emf(T0, {"Init": 3}), "eventId": f"{T0 * 10**25:056d}"}
    start = whole[0] | {"timestamp": T0, "message": "INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: a\n",
                        "eventId": f"{T0 * 10**25 - 1:056d}"}  # fmt: skip
    db = tmp_path / "a.db"
    bring_in(db, write(tmp_path / "1.jsonl", [start, early]))
    assert by_series(listed(db), "Sum") == {("Shop", "Init", "", "Count"): 3}
    bring_in(db, write(tmp_path / "2.jsonl", [start, early, *whole]))
    assert by_series(listed(db), "Sum") == {("Shop", "Init", "", "Count"): 3}
    assert by_series(listed(db), "SampleCount") == {("Shop", "Init", "", "Count"): 1}


def test_the_same_text_twice_in_a_millisecond_is_two_values(tmp_path: Path) -> None:
    begin, *rest = invocation(1)
    same = begin | {"message": emf(T0, {"n": 1}), "timestamp": T0 + 1001}
    twins = [same | {"eventId": f"{T0 * 10**25 + 1001 + at:056d}"} for at in range(2)]
    db = store_of(tmp_path, [begin, *twins, *rest])
    assert by_series(listed(db), "Sum") == {("Shop", "n", "", "Count"): 2}


VALUES = st.one_of(
    st.integers(-1000, 1000), st.floats(-1e6, 1e6, allow_nan=False), st.lists(st.integers(0, 9), min_size=1, max_size=5)
)
SAID = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from(["x", "y", ""]),
    st.sampled_from(["Count", "Seconds"]),
    VALUES,
    st.integers(0, 3 * DAY),
)


@given(st.lists(SAID, max_size=25), st.integers(0, 3 * DAY), st.integers(MINUTE, 3 * DAY))
@settings(max_examples=20)
def test_every_range_agrees_with_a_sum_by_hand(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str, str, Any, int]], begin: int, length: int
) -> None:
    folder = tmp_path_factory.mktemp("emf")
    events: list[dict[str, Any]] = []
    for number, (name, env, unit, values, after) in enumerate(sorted(said, key=lambda one: one[4])):
        members = {"env": env} if env else {}
        text = emf(T0 + after, {name: values}, unit, **members)
        events += invocation(number, text, at_ms=T0 + after)
    db = store_of(folder, events)
    with Reader(db) as reader:
        span = RangeChoice(start=str(T0 + begin), end=str(T0 + begin + length)).resolve(T0)
        assert reader.functions() or not said
    whole: dict[Series, list[float]] = defaultdict(list)
    for name, env, unit, values, after in said:
        if span.from_ms <= T0 + after < span.to_ms:
            key = ("Shop", name, f"env={env}" if env else "", unit)
            whole[key] += values if isinstance(values, list) else [values]
    found = rows(run("--db", db, "metrics", "--from", str(span.from_ms), "--to", str(span.to_ms), "--json"))
    for stat, of in (("Sum", math.fsum), ("SampleCount", len), ("Minimum", min), ("Maximum", max)):
        told_of = by_series(found, stat)
        assert told_of.keys() == whole.keys()
        for key, values in whole.items():
            assert math.isclose(told_of[key], of(values), rel_tol=1e-9, abs_tol=1e-6), (stat, key)
    for stat, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        for key, value in by_series(found, stat).items():
            right = sorted(whole[key])[max(1, math.ceil(len(whole[key]) * share)) - 1]
            assert abs(value - right) <= 0.0101 * abs(right) + 1e-9, (stat, key)
    assert run("--db", db, "db", "check").exit_code == 0


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-(2.0**360), max_value=2.0**360), st.floats(-1e9, 1e9)
)
def test_a_bucket_is_within_one_per_cent_and_in_order(value: float, other: float) -> None:
    if abs(value) > 1e-100:
        assert abs(value_of(bucket_of(value)) - value) <= 0.01 * abs(value)
    assert 0 <= bucket_of(value) < 65_536
    assert (bucket_of(value) <= bucket_of(other)) or value >= other


def test_pruning_keeps_what_was_counted(tmp_path: Path) -> None:
    events = [event for number in range(20) for event in invocation(number, emf(T0 + number * 1000, {"n": 1}))]
    db = store_of(tmp_path, events)
    assert run("--db", db, "db", "prune", "--before", str(T0 + DAY)).exit_code == 0
    bring_in(db, write(tmp_path / "again.jsonl", events))
    assert by_series(listed(db), "Sum") == {("Shop", "n", "", "Count"): 20}


def test_lines_outside_invocations_that_were_pruned_are_not_counted_again(tmp_path: Path) -> None:
    begin, *_ = invocation(1)
    alone = begin | {"message": emf(T0, {"n": 1}), "timestamp": T0}
    path = write(tmp_path / "a.jsonl", [alone, *invocation(2, at_ms=T0 + 2 * DAY)])
    db = tmp_path / "a.db"
    for _ in range(2):
        bring_in(db, path)
        assert by_series(listed(db), "Sum") == {("Shop", "n", "", "Count"): 1}
        assert run("--db", db, "db", "prune", "--before", str(T0 + DAY)).exit_code == 0
    bring_in(db, path)
    assert by_series(listed(db), "SampleCount") == {("Shop", "n", "", "Count"): 1}


def test_a_large_import_whose_writer_is_a_process_of_its_own_counts_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [
        event for number in range(30) for event in invocation(number, emf(T0, {"n": number}), emf(T0, {"n": "x"}))
    ]
    here = store_of(tmp_path, events, "here")
    monkeypatch.setattr(engine, "ALONE_BYTES", 0)
    beside = store_of(tmp_path, events, "beside")
    assert cells(beside) == cells(here) != []
    assert "30 metrics in log lines are invalid EMF" in told(beside)


def test_a_collection_counts_them_and_an_import_of_the_same_lines_adds_nothing(tmp_path: Path) -> None:
    events = [event for number in range(6) for event in invocation(number, emf(T0, {"n": number}))]

    class Account:
        name, account, region = "an account", "", ""

        def items(self, stored: object) -> Iterator[LogEvents]:
            yield LogEvents([
                LogEvent(int(one["timestamp"]), str(one["message"]), str(one["logGroup"]), str(one["logStreamName"]),
                         str(one["eventId"]), "shop")
                for one in events
            ])  # fmt: skip

        def counts(self) -> list[CallCount]:
            return []

    db = tmp_path / "a.db"
    (done,) = collect_accounts([Account], db=db, now_ms=T0 + HOUR)
    assert done.failures == []
    before = cells(db)
    bring_in(db, write(tmp_path / "a.jsonl", events))
    assert cells(db) == before
    assert by_series(listed(db), "Sum") == {("Shop", "n", "", "Count"): 15}


def test_lines_of_an_older_store_are_looked_through_when_metrics_are_asked_for(tmp_path: Path) -> None:
    events = [event for number in range(40) for event in invocation(number, emf(T0, {"n": 2}, env="x"), "more\n")]
    db = store_of(tmp_path, events)
    right = cells(db)
    set_back(db, 7)
    bring_in(db, write(tmp_path / "new.jsonl", [*events[:7], *invocation(500, emf(T0, {"n": 1}, env="x"))]))
    assert [row[8] for row in cells(db)] == [1, 1, 1]
    assert by_series(listed(db), "Sum") == {("Shop", "n", "env=x", "Count"): 81}
    assert len(cells(db)) == len(right)
    assert "older" not in told(db)


def test_without_lines_it_is_said_that_their_metrics_are_unknown(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", invocation(1, emf(T0, {"n": 1})))
    bring_in(tmp_path / "a.db", path, keep_lines=False)
    assert listed(tmp_path / "a.db") == []
    assert "4 events came without lines: metrics in them are not known" in told(tmp_path / "a.db")


def test_lambda_insights_metrics_are_those_of_the_function_they_name(tmp_path: Path) -> None:
    document = json.loads(
        emf(T0, {"memory_utilization": 46}, "Percent", sets=[["function_name"]], function_name="shop")
    )
    document["_aws"]["CloudWatchMetrics"][0]["Namespace"] = "LambdaInsights"
    line = {"logGroup": "/aws/lambda-insights", "logStreamName": "s", "timestamp": T0, "message": json.dumps(document),
            "eventId": f"{7:056d}"}  # fmt: skip
    db = store_of(tmp_path, [line, *invocation(1)])
    assert {(one["function"], one["dimensions"]) for one in listed(db)} == {("shop", "function_name=shop")}


# Bounds and faults --------------------------------------------------------------------------------------------------


def test_a_dimension_that_is_new_each_time_is_left_out_and_the_view_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emf_series, "MOST_SERIES", 10)
    dice = random.Random(3)
    numbers = list(range(40))
    events = [
        event
        for number in numbers
        for event in invocation(
            number,
            emf(
                T0 + number * 1000, {"n": number}, sets=[["env", "id"], ["env"]], env=f"e{number % 2}", id=f"r-{number}"
            ),
        )
    ]
    dice.shuffle(numbers)
    db = store_of(tmp_path, events)
    expected = {
        ("Shop", "n", f"{extra}", "Count"): sum(range(parity, 40, 2))
        for parity in (0, 1)
        for extra in (f"env=e{parity}", f"env=e{parity}, id=*")
    }
    assert by_series(listed(db), "Sum") == expected
    said = told(db)
    assert "dimension id has too many values to keep apart: Shop n is counted without it" in said
    assert "at least 4 custom metrics" in said
    # In two stores that were filled in other pieces, and again, it is the same.
    other = tmp_path / "other.db"
    for at, low in enumerate(range(0, len(events), 24)):
        bring_in(other, write(tmp_path / f"{at}.jsonl", events[low : low + 24]))
    bring_in(other, str(tmp_path / "a.jsonl"))
    assert cells(other) == cells(db)
    assert run("--db", other, "db", "check").exit_code == 0


def test_two_dimensions_that_are_new_each_time_are_both_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emf_series, "MOST_SERIES", 10)
    events = [
        event
        for number in range(25)
        for event in invocation(number, emf(T0, {"n": 1}, a=f"a{number}", b=f"b{number}", env="x"))
    ]
    assert by_series(listed(store_of(tmp_path, events)), "Sum") == {("Shop", "n", "a=*, b=*, env=x", "Count"): 25}


def test_names_without_end_are_not_kept_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emf_series, "MOST_GROUPS", 5)
    db = store_of(tmp_path, [e for number in range(9) for e in invocation(number, emf(T0, {f"n{number}": 1}))])
    assert len(by_series(listed(db), "Sum")) == 5
    assert "4 metrics in log lines are invalid EMF: more than" in told(db)


def test_a_function_with_very_many_series_gets_few_in_a_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emf_series, "MOST_OF_FUNCTION", 30)
    events = [
        event for number in range(120) for event in invocation(number, emf(T0, {f"n{number % 6}": 1}, id=f"r{number}"))
    ]
    found = by_series(listed(store_of(tmp_path, events)), "Sum")
    assert sum(found.values()) == 120
    assert len(found) < 60


def test_invalid_metrics_are_rejects_with_their_reason_once(tmp_path: Path) -> None:
    said = [
        emf(T0, {"n": "5"}), emf(T0, {"n": 1, "m": None}), emf(T0 - 30 * DAY, {"n": 1}),
        emf(T0, {"n": 1}, sets=[["service"]]), emf(T0, {"n": 1})[:-3], "\x1b]0;owned\x07" + emf(T0, {"\x1b[2J": "x"}),
    ]  # fmt: skip
    path = write(tmp_path / "a.jsonl", invocation(1, *said))
    db = tmp_path / "a.db"
    first = json.loads(run("--db", db, "import", path, "--json").stdout)
    again = json.loads(run("--db", db, "import", path, "--json").stdout)
    assert (first["rejected"], again["rejected"]) == (6, 0)
    assert by_series(listed(db), "Sum") == {("Shop", "n", "", "Count"): 1}
    stderr = told(db)
    assert "6 metrics in log lines are invalid EMF" in stderr
    assert "a metric's value is neither a number nor a list of numbers (2)" in stderr
    info = json.loads(run("--db", db, "db", "info", "--json").stdout)
    reasons = {one["reason"]: one["sample"] for one in info["rejects"]}
    assert reasons["EMF: a dimension is not among the line's members"].startswith("service: {")
    assert len(reasons) == 5
    (ledger,) = [one for one in rows(run("--db", db, "collections", "--json")) if one["rejected"]]
    assert ledger["rejected"] == 6
    assert "\x1b" not in run("--db", db, "db", "info").stdout
    assert told(db, "--from", str(T0 + 2 * DAY)).count("invalid EMF") == 0


def test_hostile_names_are_shown_without_what_a_terminal_obeys(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07=cmd|' /C calc'!A0 \x1b[31m\u202egnp.exe"
    db = store_of(tmp_path, invocation(1, emf(T0, {evil: 1}, **{f"{evil}2": evil})))
    for options in ((), ("--csv",)):
        shown = run("--db", db, "metrics", *EVER, *options).stdout
        assert "\x1b" not in shown or options
    whole = listed(db)
    assert {one["metric"] for one in whole} == {evil}
    for record in run("--db", db, "metrics", *EVER, "--csv", "--columns", "dimensions").stdout.splitlines()[1:]:
        assert not record.startswith(("=", '"='))


# Charts -------------------------------------------------------------------------------------------------------------


def charts_of(db: Path, **choice: str) -> dict[str, ChartView]:
    with Reader(db) as reader:
        span = RangeChoice(**choice).resolve(T0 + HOUR)
        detail = function(reader, span, reader.functions()[0].id)
        assert detail is not None
        return {one.title: one for one in function_charts(reader, span, detail, None)}


def test_a_function_charts_its_metrics_step_by_step_and_gaps_are_unknown(tmp_path: Path) -> None:
    said = {0: [4, 6], 3: [1], 7: [0]}
    events = [
        event
        for at, values in said.items()
        for event in invocation(
            at, emf(T0 + at * MINUTE, {"took": values}, "Seconds", service="pay"), emf(T0 + at * MINUTE, {"n": values}),
            at_ms=T0 + at * MINUTE,
        )
    ]  # fmt: skip
    found = charts_of(store_of(tmp_path, events), start=str(T0), end=str(T0 + 10 * MINUTE))
    counts, took = found["n, Shop"], found["took p95, service=pay, Shop"]
    assert counts.curves[0].values == (10, None, None, 1, None, None, None, 0, None, None)
    assert took.unit == "ms"
    assert {one.name: one.values[0] for one in took.curves} == {
        "p95": 6000, "p50": pytest.approx(4000, rel=0.01), "p99": 6000
    }  # fmt: skip
    assert "Invocations" in found


async def test_a_chart_is_chosen_from_a_list_and_stays_when_the_range_changes(tmp_path: Path) -> None:
    events = [
        event
        for number in range(30)
        for event in invocation(
            number, emf(T0 + number * MINUTE, {"queued": -number}, "None"), at_ms=T0 + number * MINUTE
        )
    ]
    db = store_of(tmp_path, events)
    app = app_on(db, now_ms=lambda: T0 + 30 * MINUTE)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        assert isinstance(app.screen, FunctionScreen)
        await press(pilot, "V")
        assert isinstance(app.screen, PickScreen)
        await pilot.press(*"queued", "enter")
        await settle(pilot)
        assert isinstance(app.screen, FunctionScreen)
        first = app.screen.query(Chart).first()
        assert first.title == "queued p95, Shop"
        assert "\n-25 " in first.render().plain  # a round figure of the scale
        await press(pilot, "full_stop")
        assert "p50 -24.9" in first.render().plain  # the median of the last half an hour
        await press(pilot, "3")
        assert app.screen.query(Chart).first().title == "queued p95, Shop"


def test_a_metric_that_is_only_zero_is_drawn_and_no_value_is_not(tmp_path: Path) -> None:
    db = store_of(tmp_path, invocation(1, emf(T0 + 1000, {"retries": 0})))
    (chart,) = [
        one for title, one in charts_of(db, start=str(T0), end=str(T0 + 5 * MINUTE)).items() if "retries" in title
    ]
    assert chart.measured
    assert chart.curves[0].values == (0, None, None, None, None)
    assert "retries, Shop" not in charts_of(db, start=str(T0 + HOUR), end=str(T0 + 2 * HOUR))

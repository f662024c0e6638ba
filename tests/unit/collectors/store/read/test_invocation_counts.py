"""Invocations and errors are counted hour by hour from the source that saw more, whatever the span is cut into."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.records import Function, FunctionKey
from collectors.model.units import DAY_MS, HOUR_MS, HOUR_S, MINUTE_MS
from collectors.store.read.invocation_counts import counted, counted_by
from collectors.store.read.reader import Reader
from collectors.store.rollups import dirty_packs
from tests.support import usage_store
from tests.support.usage_store import Call, point

DAY = 1_743_379_200_000  # 2025-03-31
KEYS = [FunctionKey(name, "111122223333", "us-east-1") for name in ("mail", "pay", "sync")]
PAY = KEYS[1]
Points = list[tuple[int, str, int, int, float]]  # function, metric, minute, period in s, value
Calls = list[tuple[int, int, bool]]  # function, minute, whether it failed
EVER = (DAY - DAY_MS, DAY + 3 * DAY_MS)


def store(path: Path, calls: Calls, points: Points) -> Path:
    return usage_store.make(
        path,
        [Function(key, arch="arm64", memory_mb=512) for key in KEYS],
        [Call(KEYS[of], DAY + minute * MINUTE_MS, failed=failed) for of, minute, failed in calls],
        [point(KEYS[of], metric, DAY + minute * MINUTE_MS, value, period_s=period_s)
         for of, metric, minute, period_s, value in points],
    )  # fmt: skip


def by_name(reader: Reader, found: dict[int, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    names = {row.id: row.function.key.name for row in reader.functions()}
    return {names[each]: counts for each, counts in found.items()}


def test_each_hour_counts_what_saw_more_of_it(tmp_path: Path) -> None:
    """Hour 0: logs 3 of 2; hour 1: metrics 7 of 1, two of them errors; hour 2: metrics alone, 4 with unknown errors."""
    calls = [(1, 0, True), (1, 1, False), (1, 2, False), (1, 61, True)]
    points: Points = [
        (1, "Invocations", 0, 300, 2.0), (1, "Errors", 0, 300, 0.0), (1, "Invocations", 60, 300, 7.0),
        (1, "Errors", 60, 300, 2.0), (1, "Invocations", 120, HOUR_S, 4.0),
    ]  # fmt: skip
    with Reader(store(tmp_path / "s.db", calls, points)) as reader:
        assert by_name(reader, counted(reader, DAY, DAY + DAY_MS)) == {"pay": (3 + 7 + 4, 1 + 2)}
        (parts,) = counted_by(reader, [DAY + hour * HOUR_MS for hour in range(5)]).values()
    assert parts == ((3, 1), (7, 2), (4, 0), (0, 0))


def test_points_of_several_periods_count_once(tmp_path: Path) -> None:
    """An hour read by the minute, and again at 5 minutes and at an hour: its minutes count, cut or not."""
    points: Points = [(1, "Invocations", minute, 60, 1.0) for minute in range(10)]
    points += [(1, "Invocations", 0, 300, 5.0), (1, "Invocations", 5, 300, 5.0), (1, "Invocations", 0, HOUR_S, 10.0)]
    with Reader(store(tmp_path / "s.db", [], points)) as reader:
        (one,) = counted(reader, DAY, DAY + HOUR_MS).values()
        (cut,) = counted(reader, DAY + 2 * MINUTE_MS, DAY + 6 * MINUTE_MS).values()
        assert (one, cut) == ((10, 0), (4, 0))
        assert list(reader.metric_totals("Invocations", DAY, DAY + 6 * MINUTE_MS).values()) == [6.0]


def test_nothing_known_is_absent(tmp_path: Path) -> None:
    with Reader(store(tmp_path / "s.db", [], [(0, "Throttles", 5, 60, 2.0)])) as reader:
        assert counted(reader, *EVER) == {}


def slow(calls: Calls, points: Points, low: int, high: int) -> dict[str, tuple[int, int]]:
    """The definition, hour by hour, from the rows themselves."""
    found: dict[str, tuple[int, int]] = {}
    for of, key in enumerate(KEYS):
        total, any_known = [0, 0], False
        for hour in range(-48, 120):
            first = DAY + hour * HOUR_MS
            inside = [
                (minute, failed) for one, minute, failed in calls
                if one == of and first <= DAY + minute * MINUTE_MS < first + HOUR_MS
                and low <= DAY + minute * MINUTE_MS < high
            ]  # fmt: skip
            sums: dict[str, float | None] = {}
            for metric in ("Invocations", "Errors"):
                mine = {(m, p): v for o, name, m, p, v in points
                        if o == of and name == metric and first <= DAY + m * MINUTE_MS < first + HOUR_MS}  # fmt: skip
                finest = min((p for _, p in mine), default=0)
                values = [v for (m, p), v in mine.items() if p == finest and low <= DAY + m * MINUTE_MS < high]
                sums[metric] = sum(values) if values else None
            asked, failures = sums["Invocations"], sums["Errors"]
            failed = sum(failed for _, failed in inside)
            if inside or asked is not None:
                any_known = True
                more = asked is not None and asked > len(inside)
                total[0] += round(asked or 0) if more else len(inside)
                total[1] += round(failures) if more and failures is not None else failed
        if any_known:
            found[key.name] = (total[0], total[1])
    return found


MINUTES = st.integers(-30 * 60, 60 * 60)


@given(
    calls=st.lists(st.tuples(st.integers(0, 2), MINUTES, st.booleans()), max_size=8),
    points=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["Invocations", "Errors"]), MINUTES,
                  st.sampled_from([60, 300, HOUR_S]), st.integers(0, 4).map(float)),
        max_size=10,
    ),
    ends=st.lists(st.integers(-40 * 60, 70 * 60), min_size=2, max_size=4, unique=True).map(sorted),
)  # fmt: skip
@settings(max_examples=40)
def test_any_part_of_a_span_is_counted_by_its_hours(
    tmp_path_factory: pytest.TempPathFactory, calls: Calls, points: Points, ends: list[int]
) -> None:  # fmt: skip
    aligned: Points = [
        (of, name, minute * 60 // period * period // 60, period, value) for of, name, minute, period, value in points
    ]
    aligned = [one for at, one in enumerate(aligned) if all(one[:4] != other[:4] for other in aligned[:at])]
    path = store(tmp_path_factory.mktemp("counted") / "s.db", calls, aligned)
    borders = [DAY + end * MINUTE_MS for end in ends]
    with Reader(path) as reader:
        found = counted_by(reader, borders)
        names = {row.id: row.function.key.name for row in reader.functions()}
        assert {names[each] for each in found} == slow(calls, aligned, borders[0], borders[-1]).keys()
        for part, (low, high) in enumerate(pairwise(borders)):
            wanted = slow(calls, aligned, low, high)
            for function_id, counts in found.items():
                assert counts[part] == wanted.get(names[function_id], (0, 0)), (names[function_id], low, high)


@given(
    calls=st.lists(st.tuples(st.integers(0, 2), MINUTES, st.booleans()), max_size=8),
    points=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["Invocations", "Errors"]), MINUTES.map(lambda at: at // 60 * 60),
                  st.just(HOUR_S), st.integers(0, 4).map(float)),
        max_size=10, unique_by=lambda one: one[:3],
    ),
    ends=st.lists(st.integers(-40 * 60, 70 * 60), min_size=2, max_size=4, unique=True).map(sorted),
)  # fmt: skip
@settings(max_examples=40)
def test_a_fleet_is_counted_as_some_of_its_functions_are(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, calls: Calls, points: Points,
    ends: list[int],
) -> None:  # fmt: skip
    """By packs, and by rows: whole days are compared as such in both."""
    borders = [DAY + end * MINUTE_MS for end in ends]
    with Reader(store(tmp_path_factory.mktemp("counted") / "s.db", calls, points)) as reader:
        monkeypatch.setattr(dirty_packs, "PACK_THRESHOLD", 2)
        whole, (first, *_) = counted_by(reader, borders), [row.id for row in reader.functions()]
        some = counted_by(reader, borders, [first])
    assert whole.get(first) == some.get(first)


def test_a_fleet_compares_whole_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks put an invocation into the hour beside: it counts once, and both ends are compared by the hour."""
    calls = [(1, 59, False), (1, 200, False), (1, 2900, False)]
    points: Points = [(1, "Invocations", 60, 60, 1.0), (1, "Invocations", 200, 60, 1.0)]
    monkeypatch.setattr(dirty_packs, "PACK_THRESHOLD", 0)
    with Reader(store(tmp_path / "s.db", calls, points)) as reader:
        (one,) = counted(reader, DAY, DAY + DAY_MS).values()
        (cut,) = counted(reader, DAY, DAY + DAY_MS - HOUR_MS).values()
    assert (one, cut) == ((2, 0), (3, 0))

"""The judge notices each fault that issue 12 names, where its fix is taken back.

A fault is put in by a wrong rule: either into the views' answer (columns that are swapped), or into the judge. What
views that are right differ from is what views with that rule would have differed from the judge that is right: that
such worlds and such comparisons tell the two apart is what these tests show. ``test_fixes_taken_back.py`` patches the
code itself.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.oracle import bill, judge, sayings
from tests.oracle.judge import Judge, Piece
from tests.oracle.named_worlds import (
    BUSY,
    EDGE,
    LATE,
    METERED,
    MONEY,
    MOVED,
    OCTOBER,
    OCTOBER_SPAN,
    VARIED,
    call,
    fn,
    problems,
)
from tests.oracle.worlds import DAY, HOUR, MINUTE, NOVEMBER, World

Wrong = Callable[[pytest.MonkeyPatch], None]


def configured_as_today(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Judge, "settings", lambda self, one, at_ms: one.now)


def metrics_cost_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Judge, "_estimated", lambda self, at, low, high: [])


def missing_reports_took_no_time(patch: pytest.MonkeyPatch) -> None:
    right = Judge._estimated
    patch.setattr(Judge, "_estimated", lambda self, at, low, high: [
        replace(one, billed_ms=0, mb_ms=0) for one in right(self, at, low, high)])  # fmt: skip


def days_are_whole(patch: pytest.MonkeyPatch) -> None:
    """What was used goes on to the end of the range's last day."""
    made, used = Judge.__init__, Judge.usages

    def known_longer(self: Judge, world: World, low: int, high: int) -> None:
        made(self, world, low, high)
        self.known = world.before(_whole(high))

    def used_longer(self: Judge, low: int | None = None, high: int | None = None) -> list[Piece]:
        return used(self, low, _whole(self.to_ms if high is None else high))

    patch.setattr(Judge, "__init__", known_longer)
    patch.setattr(Judge, "usages", used_longer)


def _whole(at_ms: int) -> int:
    return -(-at_ms // DAY) * DAY


def coverage_is_of_logs(patch: pytest.MonkeyPatch) -> None:
    def of_logs(self: Judge, fns: Any) -> float | None:
        clips = [self.clip(at, *hour) for at in fns for hour in self.hours(self.from_ms, self.to_ms)]
        logs = sum(one.logs for one in clips)
        return sum(one.reports for one in clips) / logs if logs else None

    patch.setattr(Judge, "coverage", of_logs)


def tiers_of_an_account(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bill, "tiered_with", lambda one: (one.key[1], one.key[2], one.arch))


def free_tier_of_an_account(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bill, "purse", lambda one: one.key[1])


def edge_is_lambda(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Piece, "edge", property(lambda self: False))


def logs_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judge.Counted, "counted", property(lambda self: self.logs))


def parts_are_late(patch: pytest.MonkeyPatch) -> None:
    """A trend of which every call stands a part too late."""
    patch.setattr(sayings, "_of_parts", _late(sayings._of_parts))


def _late(right: Any) -> Any:
    def moved(what: str, row: Any, *more: Any) -> Any:
        trend = (0, *row.trend[:-2], (row.trend[-2] or 0) + (row.trend[-1] or 0))
        yield from right(what, msgspec.structs.replace(row, trend=trend), *more)

    return moved


FAULTS: dict[str, tuple[Wrong, World, tuple[int, int], tuple[Any, ...]]] = {
    "the past priced as configured today": (configured_as_today, MOVED, OCTOBER_SPAN, MONEY),
    "functions known by metrics cost nothing": (metrics_cost_nothing, METERED, OCTOBER_SPAN, MONEY),
    "missing REPORTs took no time": (missing_reports_took_no_time, METERED, OCTOBER_SPAN, MONEY),
    "only logs are counted": (logs_only, METERED, OCTOBER_SPAN, (sayings.of_functions,)),
    "coverage of logs only": (coverage_is_of_logs, METERED, OCTOBER_SPAN, (sayings.of_functions, sayings.of_errors)),
    "days are whole": (days_are_whole, LATE, (OCTOBER, NOVEMBER - 8 * HOUR), (sayings.of_days,)),
    "tiers count in an account": (tiers_of_an_account, BUSY, OCTOBER_SPAN, (sayings.of_costs,)),
    "a free tier for each account": (free_tier_of_an_account, BUSY, OCTOBER_SPAN, (sayings.of_costs,)),
    "Edge as Lambda": (edge_is_lambda, EDGE, OCTOBER_SPAN, (sayings.of_costs,)),
    "steps are wrong": (parts_are_late, LATE, (NOVEMBER - DAY, NOVEMBER), (sayings.of_trends,)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_judge_notices(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong, world, span, said = FAULTS[name]
    assert problems(world, *span, said) == []
    wrong(monkeypatch)
    for saying in said:
        assert problems(world, *span, (saying,)), saying.__name__


SWAPPED = [
    ("invocations", "errors"), ("errors", "timeouts"), ("timeouts", "cold_starts"), ("throttles", "cold_starts"),
    ("p50_ms", "p95_ms"), ("p99_ms", "avg_ms"), ("max_ms", "avg_ms"), ("error_rate", "cold_ratio"),
    ("billed_ms", "invocations"), ("gb_seconds", "avg_ms"), ("coverage", "error_rate"), ("max_memory_mb", "errors"),
    ("coverage", "cold_ratio"), ("max_memory_mb", "memory_mb"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SWAPPED)
def test_two_columns_of_functions_that_are_swapped_are_noticed(
    one: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:

    right = sayings.functions

    def swapped(*given: Any, **more: Any) -> Any:
        view = right(*given, **more)
        rows = [
            msgspec.structs.replace(row, **{one: getattr(row, other), other: getattr(row, one)}) for row in view.rows
        ]
        return replace(view, rows=rows)

    span = NOVEMBER - DAY, NOVEMBER
    assert problems(VARIED, *span, (sayings.of_functions,)) == []
    monkeypatch.setattr(sayings, "functions", swapped)
    assert problems(VARIED, *span, (sayings.of_functions,))


@pytest.mark.parametrize(
    ("one", "other"), [("count", "invocations"), ("first_seen", "last_seen"), ("function", "error_type")]
)
def test_two_columns_of_errors_that_are_swapped_are_noticed(
    one: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:

    right = sayings.error_trends

    def swapped(*given: Any, **more: Any) -> Any:
        view = right(*given, **more)
        rows = [
            msgspec.structs.replace(row, **{one: getattr(row, other), other: getattr(row, one)}) for row in view.rows
        ]
        return replace(view, rows=rows)

    world = World((fn("failing"),), tuple(call(0, at, NOVEMBER - HOUR + at * MINUTE, "ValueError" if at % 3 else "ok")
                                          for at in range(1, 9)))  # fmt: skip
    span = NOVEMBER - DAY, NOVEMBER
    assert problems(world, *span, (sayings.of_errors,)) == []
    monkeypatch.setattr(sayings, "error_trends", swapped)
    assert problems(world, *span, (sayings.of_errors,))


@pytest.mark.parametrize(("one", "other"), [("quantity", "amount"), ("function", "region"), ("function", "dimension")])
def test_two_columns_of_costs_that_are_swapped_are_noticed(
    one: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = sayings.costs

    def swapped(*given: Any, **more: Any) -> Any:
        view = right(*given, **more)
        return replace(
            view, rows=[row._replace(**{one: getattr(row, other), other: getattr(row, one)}) for row in view.rows]
        )

    span, world = (NOVEMBER - DAY, NOVEMBER), replace(VARIED, calls=VARIED.calls[:-1])
    assert problems(world, *span, (sayings.of_costs,)) == []
    monkeypatch.setattr(sayings, "costs", swapped)
    assert problems(world, *span, (sayings.of_costs,))

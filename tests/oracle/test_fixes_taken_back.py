"""Fixes of issue 12 taken back in the code itself, one at a time: the judge notices each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

import lambdatui.views.cost_groups as cost_groups_module
import lambdatui.views.costs as costs_module
import lambdatui.views.errors as errors_module
import lambdatui.views.functions as functions_module
import lambdatui.views.money as money_module
import lambdatui.views.throttles as throttles_module
import lambdatui.views.time_range as time_range_module
import lambdatui.views.usage as usage_module
from collectors.store.read import count_sources as counted_module
from collectors.store.read.reader import Reader
from collectors.store.rollups.equal_parts import EqualParts
from lambdatui.views.estimates import HourlyEstimates
from lambdatui.views.functions import functions
from lambdatui.views.settings_of_time import SettingsOfTime
from lambdatui.views.time_range import RangeChoice
from lambdatui.views.usage import Ledger
from pricing.bill import Bill, bill
from tests.oracle import sayings
from tests.oracle.judge import Judge
from tests.oracle.named_worlds import (
    BUSY,
    EDGE,
    LATE,
    METERED,
    MONEY,
    MOVED,
    OCTOBER,
    OCTOBER_SPAN,
    A,
    call,
    fn,
    metered,
    problems,
    settings,
)
from tests.oracle.sayings import BOOK
from tests.oracle.worlds import DAY, HOUR, NOVEMBER, Fn, Line, World

TWO_MONEYS = World(
    (fn("dollars"), fn("yuan", region="cn-north-1")),
    (*(call(0, at, NOVEMBER - DAY + at) for at in range(1, 4)), call(1, 9, NOVEMBER - DAY), call(1, 10, NOVEMBER - 3 * DAY)),
)  # fmt: skip
CHANGED = World(  # within the range's last minute
    (fn("changed", settings(OCTOBER - DAY, 1024, "x86_64"), settings(NOVEMBER - 40_000, 1024, "arm64")),),
    tuple(call(0, at, NOVEMBER - DAY + at * HOUR) for at in range(1, 9)),
)
SILENT = World((fn("silent"), fn("called")), (call(1, 1, NOVEMBER - HOUR),), lines=(Line(0, NOVEMBER - HOUR, "alone"),))
IMPORTED = World(  # no configuration is known of it: its REPORTs tell its memory, and how long it took
    (Fn("imported", A, "us-east-1"),), (call(0, 1, NOVEMBER - HOUR), call(0, 2, NOVEMBER - HOUR + 9, report=False)),
)  # fmt: skip
EARLIER = World(  # that a REPORT is missing is long ago; what tells how long it took comes within the range
    (fn("earlier"),), (call(0, 1, OCTOBER + 5 * DAY, report=False), call(0, 2, OCTOBER + 25 * DAY)),
)  # fmt: skip
MEAN = World(  # of one hour nobody knows the Duration
    (fn("mean"),), (), metered(0, NOVEMBER - DAY, 100, 100.0) + metered(0, NOVEMBER - DAY + HOUR, 900, None),
)  # fmt: skip
MOMENT = World((fn("at"),), tuple(call(0, at, NOVEMBER - HOUR + at * 1000) for at in (10, 50)))


def settings_are_todays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SettingsOfTime, "value", lambda self, each, name, at_ms: (
        rows[-1].value if (rows := self._rows.get(each, {}).get(name)) else getattr(self.functions[each], name)))  # fmt: skip
    patch.setattr(SettingsOfTime, "cuts", lambda self, each, low, high: [])


def estimates_are_none(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HourlyEstimates, "_estimate", lambda self, each, hour, day: None)


def estimates_cost_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HourlyEstimates, "_duration_ms", lambda self, each, hour, day, missing: 0)


def days_are_whole(patch: pytest.MonkeyPatch) -> None:
    def whole(self: Ledger) -> Iterator[tuple[int, int, int, int, int]]:
        for row in self.reader.days(self.from_ms // DAY * DAY, -(-self.to_ms // DAY) * DAY):
            yield row[0], row[1], row[3], row[4], row[5]

    patch.setattr(Ledger, "plain_days", whole)


def _by_account(usages: Sequence[Any], book: Any, *, free_tier: bool, inside: Any = None) -> Bill:
    every, bills = list(usages), []
    for account in dict.fromkeys(one.account for one in every):
        bills.append(bill([one for one in every if one.account == account], book, free_tier=free_tier))
    return replace(bills[0], lines=tuple(line for one in bills for line in one.lines))


def tiers_of_an_account(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(usage_module, "bill", lambda *given, free_tier, inside: (
        bill if free_tier else _by_account)(*given, free_tier=free_tier, inside=inside))  # fmt: skip


def free_tier_of_an_account(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(usage_module, "bill", lambda *given, free_tier, inside: (
        _by_account if free_tier else bill)(*given, free_tier=free_tier, inside=inside))  # fmt: skip


def edge_is_lambda(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(usage_module, "is_edge", lambda function: False)


def edge_calls_are_lambda(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(money_module, "is_edge", lambda function: False)


def _of_logs(reader: Reader, low: int, high: int, ids: Any = None, **_: Any) -> dict[int, tuple[int, int]]:
    return {one.function_id: (one.invocations, one.errors) for one in reader.totals(low, high, ids)}


def coverage_of_errors_is_of_logs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(errors_module, "counted", _of_logs)


def throttles_count_logs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(throttles_module, "counted", _of_logs)


def only_logs_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(counted_module, "larger", lambda logged, failed, metered, failures: (logged or 0, failed or 0))


def parts_hold_whole_days(patch: pytest.MonkeyPatch) -> None:
    right = functions_module.counted_by_step

    def whole(reader: Reader, parts: EqualParts) -> dict[int, tuple[int, ...]]:
        found = {}
        for each, counts in right(reader, parts).items():
            of_days = [0] * parts.number
            for start, count in zip(parts.starts, counts, strict=True):
                of_days[parts.place(start // DAY * DAY)] += count
            found[each] = tuple(of_days)
        return found

    patch.setattr(functions_module, "counted_by_step", whole)


def currencies_are_summed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Bill, "totals", property(lambda self: {
        self.currency: sum((line.amount for line in self.lines if line.amount is not None), Decimal(0))}))  # fmt: skip


def days_name_no_currency(patch: pytest.MonkeyPatch) -> None:
    right = cost_groups_module.grouped
    patch.setattr(cost_groups_module, "grouped", lambda lines, key, *, mixed=None, **more: right(lines, key, **more))


def the_last_minute_counts_for_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ledger, "plain_terms", lambda self, ids: [
        self.settings.terms(each, self.to_ms - 1, "billed") for each in ids])  # fmt: skip


def what_lines_alone_tell_is_0(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(functions_module, "uncounted", lambda select, ids, low, high: set())


def memory_is_configured_or_unknown(patch: pytest.MonkeyPatch) -> None:
    right = HourlyEstimates._mb_ms
    patch.setattr(
        HourlyEstimates, "_mb_ms", lambda self, each, hour, day, total_ms: right(self, each, hour, [], total_ms)
    )
    patch.setattr(HourlyEstimates, "_of_month", lambda self, each, month_ms: None)


def what_came_before_knows_no_more(patch: pytest.MonkeyPatch) -> None:
    right = costs_module.used_before
    patch.setattr(costs_module, "used_before", lambda reader, low, high, known_ms: right(reader, low, high, high))


def a_mean_is_of_all_hours(patch: pytest.MonkeyPatch) -> None:
    right = HourlyEstimates._duration_ms

    def wrong(self: HourlyEstimates, each: int, hour: Any, day: list[Any], missing: int) -> int | None:
        for one in day:
            one.duration_ms = one.duration_ms or 0.0
        hour.duration_ms = hour.duration_ms or None
        return right(self, each, hour, [one for one in day if one is not hour] + [replace(hour, duration_ms=0.0)]
                     if hour.duration_ms is None else day, missing)  # fmt: skip

    patch.setattr(HourlyEstimates, "_duration_ms", wrong)


Fault = tuple[Callable[[pytest.MonkeyPatch], None], World, tuple[int, int], tuple[Any, ...]]
LATE_OCTOBER = NOVEMBER - 10 * DAY, NOVEMBER
FAULTS: dict[str, Fault] = {
    "settings of today": (settings_are_todays, MOVED, OCTOBER_SPAN, (*MONEY, sayings.of_invocations)),
    "no estimates": (estimates_are_none, METERED, OCTOBER_SPAN, MONEY),
    "estimates of 0 ms": (estimates_cost_nothing, METERED, OCTOBER_SPAN, MONEY),
    "days are whole": (days_are_whole, LATE, (OCTOBER, NOVEMBER - 8 * HOUR), (sayings.of_days,)),
    "tiers of an account": (tiers_of_an_account, BUSY, OCTOBER_SPAN, (sayings.of_costs,)),
    "a free tier for each account": (free_tier_of_an_account, BUSY, OCTOBER_SPAN, (sayings.of_costs,)),
    "Edge as Lambda": (edge_is_lambda, EDGE, OCTOBER_SPAN, MONEY),
    "an invocation of Edge as of Lambda": (edge_calls_are_lambda, EDGE, OCTOBER_SPAN, (sayings.of_invocations,)),
    "only logs count": (only_logs_count, METERED, OCTOBER_SPAN, (sayings.of_functions, sayings.of_costs)),
    "coverage by logs": (coverage_of_errors_is_of_logs, METERED, OCTOBER_SPAN, (sayings.of_errors,)),
    "throttles beside logs": (throttles_count_logs, METERED, OCTOBER_SPAN, (sayings.of_throttles,)),
    "parts uneven": (parts_hold_whole_days, LATE, (NOVEMBER - 3 * DAY, NOVEMBER), (sayings.of_trends,)),
    "currencies summed": (currencies_are_summed, TWO_MONEYS, OCTOBER_SPAN, (sayings.of_costs,)),
    "a day's currency unsaid": (days_name_no_currency, TWO_MONEYS, OCTOBER_SPAN, (sayings.of_days,)),
    "the last minute's setting": (the_last_minute_counts_for_all, CHANGED, (OCTOBER, NOVEMBER), MONEY),
    "lines alone are 0 calls": (what_lines_alone_tell_is_0, SILENT, OCTOBER_SPAN, (sayings.of_functions,)),
    "memory of no REPORT": (memory_is_configured_or_unknown, IMPORTED, OCTOBER_SPAN, (sayings.of_costs,)),
    "the month before knows less": (what_came_before_knows_no_more, EARLIER, LATE_OCTOBER, (sayings.of_costs,)),
    "a mean of unknown hours": (a_mean_is_of_all_hours, MEAN, OCTOBER_SPAN, MONEY),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_the_judge_notices_a_fix_taken_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take_back, world, span, said = FAULTS[name]
    assert problems(world, *span, said) == []
    take_back(monkeypatch)
    for saying in said:
        assert problems(world, *span, (saying,)), saying.__name__


def of_a_moment(reader: Reader, judge: Judge) -> Iterator[str]:
    """``--at`` within a minute: nothing that happened at that moment or later."""
    at = datetime.fromtimestamp(judge.to_ms / 1000, UTC).isoformat()
    view = functions(reader, RangeChoice("1h", at=at).resolve(judge.to_ms + DAY), BOOK)
    if (view.invocations or 0) > (happened := judge.counted(0)[0]):
        yield f"{view.invocations} invocations by then, right are at most {happened}"


def test_the_judge_notices_what_at_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = NOVEMBER - HOUR, NOVEMBER - HOUR + 30_000
    assert problems(MOMENT, *moment, (of_a_moment,)) == []
    monkeypatch.setattr(time_range_module, "_hiding", time_range_module.ceil_minute)
    assert problems(MOMENT, *moment, (of_a_moment,))

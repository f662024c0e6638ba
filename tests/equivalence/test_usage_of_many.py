"""Many functions looked at together have what each of them has by itself: the same days, to the last digit."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.views import estimates, usage
from lambdatui.views.costs import costs
from lambdatui.views.functions import functions
from lambdatui.views.time_range import TimeRange
from pricing.pricebook import PriceBook
from tests.support.usage_store import Call, make, point, set_at

BOOK = PriceBook.load()
NOON = 1_743_422_400_000  # 2025-03-31T12:00:00Z
MIDNIGHT = NOON - NOON % DAY_MS
FEW, FLEET = 12, 55
SPANS = (
    (NOON - 60 * MINUTE_MS, NOON),
    (NOON - 25 * HOUR_MS - 7 * MINUTE_MS, NOON - 3 * MINUTE_MS),
    (MIDNIGHT - 3 * DAY_MS, MIDNIGHT),
    (MIDNIGHT - 40 * DAY_MS, NOON),
    (MIDNIGHT - 2 * DAY_MS + 90 * MINUTE_MS, NOON - 17 * MINUTE_MS),
)


def key(at: int) -> FunctionKey:
    return FunctionKey(f"us-east-1.f{at:02}" if at % 11 == 5 else f"f{at:02}", "111122223333", "eu-west-1")


def calls(count: int) -> Iterator[Call]:
    """On some days, some without a REPORT; two functions have none at all."""
    for at in range(count):
        for day in range(0, 40, 1 + at % 5):
            for hour in range(0 if at % 6 == 4 else 1 + at % 3):
                at_ms = MIDNIGHT - day * DAY_MS + hour * HOUR_MS + (at * 7 % 60) * MINUTE_MS
                billed = None if (at + day + hour) % 4 == 0 else 90 + 7 * at + day
                yield Call(key(at), at_ms, billed, memory_mb=512 if at % 2 else 1024)


def points(count: int) -> Iterator[MetricPoint]:
    """More than the logs saw, of some functions with a Duration, in sums, averages or medians."""
    for at in range(count):
        for day in range(0, 40, 1 + at % 3):
            for hour in (0, 1, 5, 11):
                start = MIDNIGHT - day * DAY_MS + hour * HOUR_MS + (at % 12) * 5 * MINUTE_MS
                if at % 5:
                    yield point(key(at), "Invocations", start, float(3 + at % 4), period_s=300)
                kind = at % 8
                if kind in (1, 2, 3) and (hour != 5 or kind == 1):
                    yield point(key(at), "Duration", start, 311.7 * (3 + at % 4) + day, period_s=300)
                if kind == 3:
                    yield point(key(at), "Duration", start, float(2 + at % 3), "SampleCount", period_s=300)
                if kind in (4, 5):
                    yield point(key(at), "Duration", start, 123.4 + hour, "Average" if kind == 4 else "p50", 300)


@pytest.fixture(scope="module", params=[FEW, FLEET])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    count = request.param
    known = [
        Function(key(at), arch=("arm64", "x86_64", None)[at % 3], memory_mb=(256, 1769, None)[at % 7 % 3],
                 ephemeral_mb=(None, 2048)[at % 2])
        for at in range(count)
    ]  # fmt: skip
    path = make(tmp_path_factory.mktemp("many") / "many.db", known, calls(count), points(count))
    set_at(path, key(1), MIDNIGHT - 60 * DAY_MS, memory_mb=128, arch="x86_64")
    set_at(path, key(1), MIDNIGHT - 9 * DAY_MS - 1, memory_mb=2048, arch="x86_64")
    set_at(path, key(2), MIDNIGHT - 60 * DAY_MS, memory_mb=512, arch="arm64")
    set_at(path, key(2), MIDNIGHT - 2 * DAY_MS + 100 * MINUTE_MS, memory_mb=512, arch="x86_64")
    return path


def said(path: Path, span: tuple[int, int]) -> tuple[object, ...]:
    with Reader(path) as reader:
        over = TimeRange(*span, "a while")
        ledger = usage.Ledger(reader, *span)
        by_day: dict[object, list[int]] = defaultdict(lambda: [0] * 4)
        for row in ledger.day_rows():
            for at, amount in enumerate(row[3:]):
                by_day[row[:3]][at] += amount
        bill = costs(reader, over, BOOK)
        # Of lines alike, which comes first tells nothing.
        lines = sorted(bill.lines, key=lambda line: tuple(map(str, line[:14])))
        return (
            ledger.looked_at, dict(by_day), functions(reader, over, BOOK).rows, [line[:13] for line in lines],
            bill.totals, bill.projection, bill.free_tier, bill.missing,
        )  # fmt: skip


@pytest.mark.parametrize("span", SPANS)
def test_many_functions_have_what_each_has_by_itself(
    store: Path, span: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "are_many", lambda *_: True)
    together = said(store, span)
    monkeypatch.setattr(estimates, "are_many", lambda *_: False)
    one_by_one = said(store, span)
    assert together[0]
    for ours, theirs in zip(together, one_by_one, strict=True):
        assert ours == theirs

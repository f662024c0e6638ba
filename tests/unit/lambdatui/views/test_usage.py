"""Money of usage at the settings of its time, completed by estimates, cut at "now": figures computed by hand."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import DAY_MS, HOUR_MS, HOUR_S, MB_MS_PER_GB_SECOND, MINUTE_MS
from collectors.store.read.reader import Reader
from collectors.store.rollups import dirty_packs
from lambdatui.views.advice import advice
from lambdatui.views.cost_groups import cost_groups
from lambdatui.views.costs import CostsView, costs
from lambdatui.views.functions import functions
from lambdatui.views.money import month_usages
from lambdatui.views.overview import overview
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.whatif import compared_months
from pricing.pricebook import PriceBook
from pricing.whatif import WhatIf
from tests.support import usage_store
from tests.support.usage_store import Call, point, set_at

BOOK = PriceBook.load()
PAY = FunctionKey("pay", "111122223333", "us-east-1")
MAIL = FunctionKey("mail", "111122223333", "us-east-1")
EDGE = FunctionKey("us-east-1.viewer", "111122223333", "us-east-1")
CHINA = FunctionKey("zahlung", "444455556666", "cn-north-1")
REQUEST, X86, ARM = Decimal("0.0000002"), Decimal("0.0000166667"), Decimal("0.0000133334")
STORAGE = Decimal("0.0000000309")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


MARCH, APRIL = at("2025-03-01"), at("2025-04-01")
NOON = at("2025-03-20T12:00")
MONTH = TimeRange(MARCH, APRIL, "March")


def function(key: FunctionKey, **more: object) -> Function:
    return Function(key, **{"arch": "x86_64", "memory_mb": 1024, "ephemeral_mb": 512} | more)  # type: ignore[arg-type]


def store(
    path: Path, keys: Iterable[FunctionKey], calls: Iterable[Call] = (), points: Iterable[MetricPoint] = ()
) -> Path:
    return usage_store.make(path, [function(key) for key in keys], calls, points)


def bill(db: Path, span: TimeRange = MONTH, *, free_tier: bool = False, scope: Scope | None = None) -> CostsView:
    with Reader(db) as reader:
        return costs(reader, span, BOOK, free_tier=free_tier, scope=scope or Scope())


def said(view: CostsView) -> dict[tuple[str, str, str, str], tuple[Decimal, Decimal | None]]:
    return {(one.function, one.dimension, one.arch, one.basis): (one.quantity, one.amount) for one in view.rows}


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """Two calls before and one after 2025-03-15T10:30:30, when pay went to arm64 and from 10,240 to 512 MB of /tmp."""
    change = at("2025-03-15T10:30:30")
    calls = [
        Call(PAY, at("2025-03-02T05:00"), 1000, 2048), Call(PAY, at("2025-03-15T10:30:10"), 3000, 2048),
        Call(PAY, at("2025-03-15T10:31"), 7000, 512), Call(PAY, at("2025-02-27T01:00"), 11_000, 2048),
    ]  # fmt: skip
    path = store(tmp_path / "s.db", [PAY], calls)
    set_at(path, PAY, at("2025-01-01"), arch="x86_64", ephemeral_mb=10_240, memory_mb=2048)
    set_at(path, PAY, change, arch="arm64", ephemeral_mb=512, memory_mb=512)
    usage_store.make(path, [function(PAY, arch="arm64", memory_mb=512)])
    return path


OLD = 2 * REQUEST + 4 * 2 * X86 + 4 * Decimal("9.5") * STORAGE
NEW = REQUEST + Decimal("3.5") * ARM


def test_a_month_with_a_move_has_two_segments(moved: Path) -> None:
    view = bill(moved)
    assert said(view) == {
        ("pay", "requests", "x86_64", "billed"): (2, 2 * REQUEST),
        ("pay", "requests", "arm64", "billed"): (1, REQUEST),
        ("pay", "duration", "x86_64", "billed"): (8, 8 * X86),
        ("pay", "duration", "arm64", "billed"): (Decimal("3.5"), Decimal("3.5") * ARM),
        ("pay", "ephemeral_storage", "x86_64", "billed"): (38, 38 * STORAGE),
    }
    assert view.total == OLD + NEW
    assert (view.basis, view.coverage, view.missing) == ("billed", 1.0, ())


def test_every_view_prices_the_move_alike(moved: Path) -> None:
    with Reader(moved) as reader:
        view = functions(reader, MONTH, BOOK)
        days = cost_groups(reader, MONTH, BOOK, "day")
        ended = costs(reader, MONTH, BOOK, free_tier=False).projection
        before = costs(reader, TimeRange(at("2025-02-01"), MARCH, "February"), BOOK, free_tier=False)
        header = overview(reader, MONTH, BOOK, scope=Scope())
    assert (view.cost_usd, view.projected_usd) == (OLD + NEW, OLD + NEW)
    assert sum(one.amount or 0 for one in days.rows) == OLD + NEW
    assert ended is not None
    assert (ended.p50, ended.basis) == (OLD + NEW, "before the free tier")
    assert before.total == REQUEST + 22 * X86 + 11 * Decimal("9.5") * STORAGE
    assert header.month_to_date is not None


def test_what_comes_after_now_is_not_known(moved: Path) -> None:
    """Before the move at 10:30:30 nothing of arm64 is known, nor of the call after it."""
    view = bill(moved, TimeRange(MARCH, at("2025-03-15T10:30"), "before"))
    assert {one.arch for one in view.rows} == {"x86_64"}
    assert view.total == REQUEST + 2 * X86 + Decimal("9.5") * STORAGE


def test_today_is_cut_at_now(tmp_path: Path) -> None:
    """Calls of 1 s in each hour of the 20th; now is noon: 12 of them, in the range, by day, and in the projection."""
    calls = [Call(PAY, at("2025-03-20") + hour * HOUR_MS + MINUTE_MS, 1000) for hour in range(24)]
    calls += [Call(PAY, at("2025-03-19") + hour * HOUR_MS, 1000) for hour in range(24)]
    whole = store(tmp_path / "whole.db", [PAY], calls)
    known = store(tmp_path / "known.db", [PAY], [one for one in calls if one.at_ms < NOON])
    span = TimeRange(MARCH, NOON, "March until noon")
    one = REQUEST + X86
    found = []
    for path in (whole, known):
        with Reader(path) as reader:
            days = cost_groups(reader, span, BOOK, "day")
            view, rows = costs(reader, span, BOOK, free_tier=False), functions(reader, span, BOOK)
            projection = view.projection
            assert projection is not None
            found.append(
                (view.total, projection.p50, rows.projected_usd, [(row.group, row.amount) for row in days.rows])
            )
    assert found[0] == found[1]
    assert found[0][0] == 36 * one
    assert found[0][3] == [("2025-03-20", 12 * one), ("2025-03-19", 24 * one)]
    assert found[0][1] == found[0][2]  # Costs before the free tier, and Functions


def test_the_month_is_one_in_every_view(tmp_path: Path) -> None:
    calls = [Call(key, MARCH + day * DAY_MS + hour * HOUR_MS, 1000 + 10 * day) for day in range(20) for hour in (3, 9, 15)
             for key in (PAY, MAIL)]  # fmt: skip
    db = store(tmp_path / "s.db", [PAY, MAIL], calls)
    span = TimeRange(NOON - DAY_MS, NOON, "last 24h")
    with Reader(db) as reader:
        by_day = cost_groups(reader, span, BOOK, "day").projection
        by_function = functions(reader, span, BOOK)
        before = costs(reader, span, BOOK, free_tier=False).projection
        header = overview(reader, span, BOOK, scope=Scope())
        after = costs(reader, span, BOOK).projection
        alone = functions(reader, span, BOOK, scope=Scope(functions=("pay",)))
        usages = month_usages(reader, span, {row.id: row.function for row in reader.functions()})
    assert by_day is not None
    assert before is not None
    assert after is not None
    assert by_day.p50 == before.p50 == by_function.projected_usd
    assert header.projected == after.p50
    assert (before.basis, after.basis) == ("before the free tier", "after the free tier")
    assert alone.projected_usd == next(row.projected_usd for row in by_function.rows if row.function == "pay")
    assert (
        sum(one.requests * REQUEST + Decimal(one.billed_mb_ms) / MB_MS_PER_GB_SECOND * X86 for one in usages.values())
        == before.p50
    )


def test_metrics_alone_are_an_estimate(tmp_path: Path) -> None:
    """696,000 invocations of 200 ms at 1,024 MB: 139,200 GB-s, beside another function that was billed."""
    first = at("2025-03-05T07:00")
    points = [point(PAY, "Invocations", first + hour * HOUR_MS, 69_600.0, period_s=HOUR_S) for hour in range(10)]
    points += [point(PAY, "Duration", first + hour * HOUR_MS, 13_920_000.0, period_s=HOUR_S) for hour in range(10)]
    db = store(tmp_path / "s.db", [PAY, MAIL], [Call(MAIL, first, 500)], points)
    view = bill(db)
    assert said(view)["pay", "requests", "x86_64", "estimated"] == (696_000, 696_000 * REQUEST)
    assert said(view)["pay", "duration", "x86_64", "estimated"] == (139_200, 139_200 * X86)
    assert (view.basis, view.missing) == ("estimated", ())
    assert view.coverage == pytest.approx(1 / 696_001)
    with Reader(db) as reader:
        rows = {row.function: row for row in functions(reader, MONTH, BOOK).rows}
    pay = rows["pay"]
    assert (pay.basis, pay.coverage, pay.gb_seconds, pay.billed_ms) == ("estimated", 0.0, 139_200.0, None)
    assert pay.cost_usd == 696_000 * REQUEST + 139_200 * X86
    assert (rows["mail"].basis, rows["mail"].coverage) == ("billed", 1.0)


def test_only_metrics_and_no_invocation_at_all(tmp_path: Path) -> None:
    db = store(tmp_path / "s.db", [PAY], [], [
        point(PAY, "Invocations", NOON, 10.0), point(PAY, "Duration", NOON, 1000.0),
    ])  # fmt: skip
    view = bill(db)
    assert view.total == 10 * REQUEST + 1 * X86
    assert view.coverage == 0.0
    assert view.projection is not None
    assert view.projection.p50 == view.total


def test_missing_reports_are_completed_in_a_line_of_their_own(tmp_path: Path) -> None:
    """Hour 12: logs 3 with 2 REPORTs of 400 ms, metrics 5 of 100 ms each: 3 are missing, 300 ms of them."""
    calls = [Call(PAY, NOON, 400), Call(PAY, NOON + MINUTE_MS, 400), Call(PAY, NOON + 2 * MINUTE_MS, None)]
    points = [point(PAY, "Invocations", NOON, 5.0, period_s=300), point(PAY, "Duration", NOON, 500.0, period_s=300)]
    db = store(tmp_path / "s.db", [PAY], calls, points)
    view = bill(db)
    assert said(view) == {
        ("pay", "requests", "x86_64", "billed"): (2, 2 * REQUEST),
        ("pay", "duration", "x86_64", "billed"): (Decimal("0.8"), Decimal("0.8") * X86),
        ("pay", "requests", "x86_64", "estimated"): (3, 3 * REQUEST),
        ("pay", "duration", "x86_64", "estimated"): (Decimal("0.3"), Decimal("0.3") * X86),
    }
    with Reader(db) as reader:
        (row,) = functions(reader, MONTH, BOOK).rows
    assert (row.basis, row.coverage, row.cost_usd) == ("billed+estimated", 0.4, view.total)
    assert view.coverage == 0.4


@pytest.mark.parametrize(
    ("more", "mean_ms"),
    [
        ([("Duration", "Average", NOON, 130.0)], 130),
        ([("Duration", "Average", NOON, 130.0), ("Duration", "p50", NOON, 90.0)], 130),
        ([("Duration", "Sum", NOON - HOUR_MS, 80.0), ("Invocations", "Sum", NOON - HOUR_MS, 2.0)], 40),
        ([("Duration", "p50", NOON, 90.0)], 90),
    ],
)
def test_a_mean_is_the_first_that_is_known(
    tmp_path: Path, more: list[tuple[str, str, int, float]], mean_ms: float
) -> None:
    """Four invocations at noon, of which only so much is known."""
    points = [
        point(PAY, "Invocations", NOON, 4.0),
        *(point(PAY, one, when, value, stat) for one, stat, when, value in more),
    ]
    view = bill(store(tmp_path / "s.db", [PAY], [], points), TimeRange(NOON, NOON + HOUR_MS, "noon"))
    quantity, _ = said(view)["pay", "duration", "x86_64", "estimated"]
    assert quantity * 1000 == int(4 * mean_ms + 0.5)


@pytest.mark.parametrize("when", [NOON - 2 * HOUR_MS, at("2025-03-03T01:00")])
def test_reports_of_the_day_or_of_the_month_tell_a_mean(tmp_path: Path, when: int) -> None:
    calls = [Call(PAY, when, 200), Call(PAY, when + MINUTE_MS, 401)]
    db = store(tmp_path / "s.db", [PAY], calls, [point(PAY, "Invocations", NOON, 3.0)])
    quantity, _ = said(bill(db))["pay", "duration", "x86_64", "estimated"]
    assert quantity * 1000 == 902  # 3 x 300.5 rounded half up


def test_no_duration_known_is_a_line_without_an_amount(tmp_path: Path) -> None:
    db = store(tmp_path / "s.db", [PAY], [], [point(PAY, "Invocations", NOON, 7.0)])
    view = bill(db)
    line = next(one for one in view.rows if one.dimension == "duration")
    assert (line.quantity, line.unit, line.amount) == (7, "invocation", None)
    assert view.missing == ("duration: no duration or memory known (pay)",)
    with Reader(db) as reader:
        (row,) = functions(reader, MONTH, BOOK).rows
        days = cost_groups(reader, MONTH, BOOK, "day")
    assert (row.cost_usd, row.projected_usd, row.coverage) == (None, None, 0.0)
    assert days.missing == view.missing
    assert days.rows[0].amount is None


def test_memory_of_an_estimate_is_that_of_its_time(tmp_path: Path) -> None:
    points = [point(PAY, name, when, value) for when in (NOON, NOON + 2 * HOUR_MS)
              for name, value in (("Invocations", 1.0), ("Duration", 1000.0))]  # fmt: skip
    db = store(tmp_path / "s.db", [PAY], [], points)
    set_at(db, PAY, NOON - DAY_MS, memory_mb=512)
    set_at(db, PAY, NOON + HOUR_MS, memory_mb=2048)
    quantity, _ = said(bill(db))["pay", "duration", "x86_64", "estimated"]
    assert quantity == Decimal("2.5")


def test_edge_is_priced_as_such_and_takes_no_free_tier(tmp_path: Path) -> None:
    calls = [Call(EDGE, NOON + each * MINUTE_MS, 5000, 128) for each in range(3)] + [Call(PAY, NOON, 1000)]
    db = store(tmp_path / "s.db", [PAY, EDGE], calls)
    view = bill(db, free_tier=True)
    edge = 3 * Decimal("0.0000006") + Decimal(15) / 8 * Decimal("0.00005001")
    assert view.total == edge
    assert [use.requests_used for use in view.free_tier] == [1]
    assert {one.dimension for one in view.rows if one.function == EDGE.name} == {"edge_requests", "edge_duration"}
    with Reader(db) as reader:
        rows = {row.function: row.cost_usd for row in functions(reader, MONTH, BOOK).rows}
        days = cost_groups(reader, MONTH, BOOK, "day")
    assert rows == {EDGE.name: edge, "pay": REQUEST + X86}
    assert sum(one.amount or 0 for one in days.rows) == edge + REQUEST + X86
    assert view.projection is not None
    assert view.projection.p50 == edge


def test_two_currencies_have_two_totals_and_two_projections(tmp_path: Path) -> None:
    db = store(tmp_path / "s.db", [PAY, CHINA], [Call(PAY, NOON, 1000), Call(CHINA, NOON, 2000)])
    view = bill(db)
    assert view.totals.keys() == {"USD", "CNY"}
    assert view.totals["USD"] == REQUEST + X86
    assert {currency: one.p50 for currency, one in view.projections.items()} == dict(view.totals)
    with Reader(db) as reader:
        table = functions(reader, MONTH, BOOK)
    assert table.cost_usd == view.totals["USD"]


@pytest.mark.parametrize("fleet", [False, True])
def test_every_grouping_has_the_same_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fleet: bool) -> None:
    """By line, function, dimension, region, day; with estimates, a move and Lambda@Edge; cut within an hour."""
    calls = [Call(key, MARCH + day * DAY_MS + 7 * day * MINUTE_MS, 100 * day + 7, 256, failed=day % 3 == 0)
             for day in range(20) for key in (PAY, MAIL, EDGE)]  # fmt: skip
    points = [point(PAY, name, MARCH + day * DAY_MS + 5 * HOUR_MS, value) for day in range(20)
              for name, value in (("Invocations", 3.0), ("Duration", 1000.0 + day))]  # fmt: skip
    db = store(tmp_path / "s.db", [PAY, MAIL, EDGE], calls, points)
    set_at(db, MAIL, at("2025-02-01"), arch="x86_64", ephemeral_mb=2048)
    set_at(db, MAIL, at("2025-03-08T10:00"), arch="arm64", ephemeral_mb=512)
    monkeypatch.setattr(dirty_packs, "PACK_THRESHOLD", 0 if fleet else 50)
    for span in (TimeRange(MARCH, NOON, ""), TimeRange(NOON - 5 * DAY_MS, NOON - 17 * MINUTE_MS, "")):
        with Reader(db) as reader:
            view = costs(reader, span, BOOK, free_tier=False)
            rows = functions(reader, span, BOOK)
            days = cost_groups(reader, span, BOOK, "day")
            base, (same,) = compared_months(reader, span, BOOK, [WhatIf("same", ())])
        assert view.total == rows.cost_usd == sum(one.amount or 0 for one in days.rows)
        assert view.projection is not None
        assert base.total == same.bill.total == view.projection.p50
        assert sum(row.coverage or 0 for row in rows.rows) > 1


def test_advice_says_the_same_dollars_a_month(moved: Path) -> None:
    with Reader(moved) as reader:
        assert advice(reader, MONTH, BOOK).coverage == 1.0

"""What the views say, set beside what the judge says: each function yields a line for every figure that differs."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from collectors.model.units import MB_MS_PER_GB_SECOND
from collectors.store.read.reader import Reader
from lambdatui.views.cost_groups import cost_groups
from lambdatui.views.costs import costs
from lambdatui.views.error_trends import error_trends
from lambdatui.views.errors import errors
from lambdatui.views.fleet_series import fleet_series
from lambdatui.views.function import function
from lambdatui.views.functions import functions
from lambdatui.views.invocations import invocations
from lambdatui.views.overview import overview
from lambdatui.views.scope import Scope
from lambdatui.views.startup_view import startup_view
from lambdatui.views.throttles import throttles
from lambdatui.views.time_range import RangeChoice, TimeRange
from pricing.pricebook import PriceBook
from tests.oracle import bill as oracle
from tests.oracle.judge import ESTIMATED, Judge, Key
from tests.oracle.store import request_id
from tests.oracle.worlds import DAY, HOUR, MINUTE, TIMEOUT

BOOK = PriceBook.load()
STEPS = 8
Problems = Iterator[str]


def near(said: Any, right: Any, *, rel: float = 1e-9, least: float = 1e-15) -> bool:
    """Whether two figures are the same; None is no figure, and never 0."""
    if said is None or right is None:
        return said is None and right is None
    return math.isclose(float(said), float(right), rel_tol=rel, abs_tol=least)


def differs(what: str, said: Any, right: Any, **tolerance: float) -> Problems:
    same = near(said, right, **tolerance) if isinstance(right, float | Fraction | int | Decimal) else said == right
    if not same:
        shown = float(right) if isinstance(right, Fraction) else right
        yield f"{what}: said {said}, right is {shown}"


def span_of(from_ms: int, to_ms: int) -> TimeRange:
    """The range as people ask for it: what comes at its end or later is hidden."""
    start, end = (datetime.fromtimestamp(at_ms / 1000, UTC).isoformat() for at_ms in (from_ms, to_ms))
    span = RangeChoice(start=start, end=end).resolve(to_ms + DAY)
    assert (span.from_ms, span.to_ms) == (from_ms, to_ms)
    return span


def _span(judge: Judge) -> TimeRange:
    return span_of(judge.from_ms, judge.to_ms)


def key_of(row: Any) -> Key:
    return row.function, row.account or "", row.region or ""


# Functions


def of_functions(reader: Reader, judge: Judge) -> Problems:
    """Counts, rates, latencies and coverage of each function, and their sums."""
    view = functions(reader, _span(judge), BOOK)
    rows = {key_of(row): row for row in view.rows}
    fns = range(len(judge.known.functions))
    for at in fns:
        key = judge.known.functions[at].key
        invoked, failed, reports = judge.counted(at)
        if key not in rows:
            if invoked:
                yield f"{key}: no row, {invoked} invocations"
            continue
        yield from _of_row(str(key), rows[key], judge, at, invoked, failed, reports)
    strangers = {key for key, row in rows.items() if row.invocations} - {one.key for one in judge.known.functions}
    if strangers:
        yield f"functions that are none: {sorted(strangers)}"
    yield from differs("functions coverage", view.coverage, judge.coverage(fns))
    told = any(judge.tells(at) for at in fns)
    yield from differs(
        "functions invocations", view.invocations, sum(judge.counted(at)[0] for at in fns) if told else None
    )
    yield from differs("functions errors", view.errors, sum(judge.counted(at)[1] for at in fns) if told else None)


def _of_row(what: str, row: Any, judge: Judge, at: int, invoked: int, failed: int, reports: int) -> Problems:
    colds, latencies = judge.colds(at), judge.latencies_us(at)
    if not judge.tells(at):
        for name in ("invocations", "errors", "timeouts", "cold_starts"):
            yield from differs(f"{what} {name}", getattr(row, name), None)
        return
    yield from differs(f"{what} invocations", row.invocations, invoked)
    yield from differs(f"{what} errors", row.errors, failed)
    yield from differs(f"{what} error_rate", row.error_rate, failed / invoked if invoked else None)
    yield from differs(f"{what} timeouts", row.timeouts, judge.timeouts(at))
    yield from differs(f"{what} throttles", row.throttles, judge.throttles(at))
    yield from differs(f"{what} cold_starts", row.cold_starts, colds)
    yield from differs(f"{what} cold_ratio", row.cold_ratio, colds / reports if reports else None)
    yield from differs(f"{what} coverage", row.coverage, min(1.0, reports / invoked) if invoked else None)
    if latencies:
        mean_ms = sum(latencies) / len(latencies) / 1000
        yield from differs(f"{what} max_ms", row.max_ms, latencies[-1] / 1000)
        yield from differs(f"{what} avg_ms", row.avg_ms, mean_ms, least=0.0006)
        for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)):
            right = latencies[max(1, math.ceil(len(latencies) * share)) - 1] / 1000
            yield from differs(f"{what} {name}", getattr(row, name), right, rel=0.0101, least=0.0011)
    calls = [one.start_ms for one in judge.known.calls if one.fn == at and one.start_ms >= judge.from_ms]
    if calls and not judge.known.summed and not judge.known.points:
        yield from differs(f"{what} last_seen", row.last_seen, max(calls))
        used = [one.max_memory_mb for one in judge.calls(at, judge.from_ms, judge.to_ms) if one.report]
        yield from differs(f"{what} max_memory_mb", row.max_memory_mb, max(used, default=None))
    yield from _of_usage(what, row, judge)


def of_fleet(reader: Reader, judge: Judge) -> Problems:
    """The band above the functions: all of them together, step by step too; and their money."""
    series = fleet_series(reader, _span(judge), BOOK, steps=STEPS)
    fns = range(len(judge.known.functions))
    told = any(judge.tells(at) for at in fns)
    invoked = sum(judge.counted(at)[0] for at in fns) if told else None
    failed = sum(judge.counted(at)[1] for at in fns) if told else None
    yield from differs("fleet invocations", series.now.invocations, invoked)
    yield from differs("fleet errors", series.now.errors, failed)
    yield from differs("fleet invocations, steps", sum(one or 0 for one in series.invocations), invoked or 0)
    yield from differs("fleet errors, steps", sum(one or 0 for one in series.errors), failed or 0)
    rejected = [one for at in fns if (one := judge.throttles(at)) is not None]
    yield from differs("fleet throttles", series.now.throttles, sum(rejected) if rejected else None)
    latencies = sorted(one for at in fns for one in judge.latencies_us(at))
    right = latencies[max(1, math.ceil(len(latencies) * 0.95)) - 1] / 1000 if latencies else None
    yield from differs("fleet p95_ms", series.now.p95_ms, right, rel=0.0101, least=0.0011)
    charges = oracle.charges(judge, free_tier=False)
    dark = {key for key, _ in oracle.unpriced(charges)}
    right_usd = oracle.by(charges, lambda one: (one.piece.key, one.currency))
    usd = [amount for (key, currency), amount in right_usd.items() if currency == "USD" and key not in dark]
    yield from differs("fleet cost_usd", series.now.cost_usd or 0, sum(usd), rel=1e-9)


def _of_usage(what: str, row: Any, judge: Judge) -> Problems:
    """``billed_ms`` and GB-seconds are what REPORTs say, or that completed by the estimate: nothing between."""
    mine = [one for one in judge.usages() if str(one.key) == what]
    told = [one for one in mine if one.basis != ESTIMATED]
    both = [sum(one.billed_ms or 0 for one in some) for some in (told, mine)]
    if (row.billed_ms is not None or told) and row.billed_ms not in both:
        yield f"{what} billed_ms: said {row.billed_ms}, right is one of {both}"
    gb_s = [sum(one.mb_ms or 0 for one in some) / MB_MS_PER_GB_SECOND for some in (told, mine)]
    if (row.gb_seconds is not None or told) and not any(near(row.gb_seconds, one, least=1e-9) for one in gb_s):
        yield f"{what} gb_seconds: said {row.gb_seconds}, right is one of {gb_s}"


def of_function_costs(reader: Reader, judge: Judge) -> Problems:
    """List price of each function, tiers counted, and that its own screen says the same."""
    view = functions(reader, _span(judge), BOOK)
    charges = oracle.charges(judge, free_tier=False)
    right = oracle.by(charges, lambda one: (one.piece.key, one.currency))
    dark = {key for key, _ in oracle.unpriced(charges)}
    for row in view.rows:
        key = key_of(row)
        if not key[2].startswith("cn-"):
            yield from _of_cost(f"{key} cost_usd", row.cost_usd, right.get((key, "USD")), key in dark)
        alone = function(reader, _span(judge), row.function_id, BOOK)
        assert alone is not None
        for name in ("invocations", "errors", "timeouts", "cold_starts", "p95_ms", "gb_seconds", "cost_usd",
                     "coverage", "basis"):  # fmt: skip
            if name == "cost_usd":
                yield from differs(f"{key} {name} on its own screen", alone.rows[0].cost_usd, row.cost_usd)
            else:
                yield from differs(f"{key} {name} on its own screen", getattr(alone.rows[0], name), getattr(row, name))


def _of_cost(what: str, said: Any, right: Fraction | None, dark: bool) -> Problems:
    """Where a part is not known, the sum may be unknown, or of what is known, but never 0 for it."""
    if dark and said is None:
        return
    if not right and not said and not dark:
        return
    yield from differs(what, said, right)


def of_invocations(reader: Reader, judge: Judge) -> Problems:
    """Every invocation of the range, and what each cost at the settings of its time."""
    view = invocations(reader, _span(judge), BOOK)
    said = {row.request_id: row for row in view.rows}
    calls = {request_id(one.number): one for one in judge.known.calls if one.start_ms >= judge.from_ms}
    yield from differs("invocations", sorted(said), sorted(calls))
    for name in said.keys() & calls.keys():
        call, row = calls[name], said[name]
        yield from differs(f"invocation {call.number} started_at", row.started_at, call.start_ms)
        yield from differs(
            f"invocation {call.number} billed_ms", row.billed_ms, call.billed_ms if call.report else None
        )
        priced = oracle.alone(judge.of_call(call)) if call.report else []
        known = priced and all(one.amount is not None and one.currency == "USD" for one in priced)
        right = sum((one.amount or 0 for one in priced), Fraction(0)) if known else None
        yield from differs(f"invocation {call.number} cost_usd", row.cost_usd, right)
    yield from differs("invocations coverage", view.coverage, judge.coverage(range(len(judge.known.functions))))


FIRST = ("invocations", "errors", "error_rate", "timeouts", "throttles", "cold_starts", "cold_ratio", "avg_ms",
         "gb_seconds", "last_seen", "memory_mb")  # fmt: skip


def of_first_frame(reader: Reader, judge: Judge) -> Problems:
    """What stands there before anything else is read is what the functions' screen says, or is not known yet."""
    start, end = (datetime.fromtimestamp(at_ms / 1000, UTC).isoformat() for at_ms in (judge.from_ms, judge.to_ms))
    first = {
        row.function_id: row
        for row in startup_view(reader.info().path, judge.to_ms + DAY, RangeChoice(start=start, end=end)).rows
    }
    for row in functions(reader, _span(judge), BOOK).rows:
        for name in FIRST:
            said = getattr(first[row.function_id], name)
            if said is not None:
                yield from differs(f"{key_of(row)} {name} on the first frame", said, getattr(row, name))


# Money


def of_costs(reader: Reader, judge: Judge) -> Problems:
    """Lines by function, architecture and dimension, what of them is estimated, unpriced lines, totals, coverage."""
    charges = oracle.charges(judge, free_tier=False)
    view = costs(reader, _span(judge), BOOK, free_tier=False)
    yield from _of_totals("list price", view.totals, oracle.totals(charges))
    yield from _of_lines(view.rows, charges)
    dark = {(key, dimension.removeprefix("edge_")) for key, dimension in oracle.unpriced(charges)}
    said = {(key_of(line), line.dimension.removeprefix("edge_")) for line in view.rows if line.amount is None}
    for key, dimension in sorted(dark - said):
        yield f"{key} {dimension}: its price or duration is unknown, and no line says so"
    for key, dimension in sorted(said - dark):
        yield f"{key} {dimension}: said to have no price"
    fns = range(len(judge.known.functions))
    yield from differs("costs coverage", view.coverage, judge.coverage(fns))
    with_free = costs(reader, _span(judge), BOOK)
    yield from _of_totals("after the free tier", with_free.totals,
                          oracle.totals(oracle.charges(judge, free_tier=True)), least=5e-6)  # fmt: skip
    if judge.from_ms % HOUR == 0:  # parts of an hour can be more than the hour: metrics saw one, logs the other
        for use in with_free.free_tier:
            if use.requests:
                yield from _of_free_tier(use.currency, use, judge)


def _of_free_tier(currency: str, use: Any, judge: Judge) -> Problems:
    from tests.oracle.judge import month_start

    month = Judge(judge.known, month_start(judge.to_ms - 1), judge.to_ms)
    mine = [one for one in month.usages() if not one.edge and oracle.rates.CURRENCY[one.key[2]] == currency]
    asked, used = sum(one.requests for one in mine), sum(one.mb_ms or 0 for one in mine)
    yield from differs(f"free requests in {currency}", use.requests_used, min(asked, oracle.rates.FREE_REQUESTS))
    yield from differs(f"free GB-s in {currency}", use.gb_seconds_used,
                       Fraction(min(used, oracle.rates.FREE_MB_MS), oracle.rates.GB_SECOND))  # fmt: skip


def _of_totals(what: str, said: Any, right: dict[str, Fraction], **tolerance: float) -> Problems:
    for currency in sorted({*said, *right}):
        yield from differs(f"{what}, total in {currency}", said.get(currency, 0), right.get(currency, Fraction(0)),
                           **tolerance)  # fmt: skip


def _of_lines(lines: Iterable[Any], charges: list[oracle.Charge]) -> Problems:
    said: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0])
    for line in lines:
        if line.amount is not None:
            arch = "" if line.dimension.startswith("edge") else line.arch
            key = key_of(line), line.dimension, arch, line.basis.startswith(ESTIMATED)
            said[key][0] += line.quantity
            said[key][1] += line.amount
    right: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0])
    for one in charges:
        if one.amount is not None and one.quantity is not None:
            arch = "" if one.dimension.startswith("edge") else one.piece.arch or oracle.DEFAULT_ARCH
            key = one.piece.key, one.dimension, arch, one.piece.basis == ESTIMATED
            right[key][0] += one.quantity
            right[key][1] += one.amount
    for key in sorted({*said, *right}):
        name = f"{key[0]} {key[1]} {key[2]}{' estimated' if key[3] else ''}"
        yield from differs(f"{name}, quantity", said[key][0], Fraction(right[key][0]))
        yield from differs(f"{name}, amount", said[key][1], Fraction(right[key][1]))


def of_groups(reader: Reader, judge: Judge) -> Problems:
    """Every grouping sums to the bill's total; each group is what the judge says."""
    charges = oracle.charges(judge, free_tier=True)
    if oracle.unpriced(charges):
        return  # a group with an unknown part has no sum
    keys = {
        "function": lambda one: one.piece.key[0],
        "region": lambda one: one.piece.key[2],
        "dimension": lambda one: one.dimension,
    }
    view = costs(reader, _span(judge), BOOK)
    for name, key in keys.items():
        rows = cost_groups(reader, _span(judge), BOOK, name).rows
        sums = _by_currency(rows, view.currency)
        yield from _of_totals(f"by {name}", sums, {cur: Fraction(sum_) for cur, sum_ in view.totals.items()})
        said: dict[str, float] = defaultdict(float)
        for row in rows:
            said[row.group] += float(row.amount or 0)
        mixed = len({one.currency for one in charges}) > 1
        right = oracle.by(charges, lambda one: f"{key(one)} ({one.currency})" if mixed else key(one))  # noqa: B023
        for group in sorted({*said, *map(str, right)}):
            yield from differs(f"by {name}, {group}", said.get(group, 0), right.get(group, Fraction(0)), least=2e-5)


def _by_currency(rows: Iterable[Any], one: str) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for row in rows:
        currency = row.group[-4:-1] if row.group.endswith(("(USD)", "(CNY)")) else one
        sums[currency] += Fraction(row.amount or 0)
    return sums


def of_days(reader: Reader, judge: Judge, *, tiers: bool = False) -> Problems:
    """Days sum to the bill at list price, and each is what was used of it within the range."""
    charges = oracle.charges(judge, free_tier=False)
    if oracle.unpriced(charges):
        return
    view = costs(reader, _span(judge), BOOK, free_tier=False)
    rows = cost_groups(reader, _span(judge), BOOK, "day").rows
    sums = _by_currency(rows, view.currency)
    yield from _of_totals("by day", sums, {cur: Fraction(sum_) for cur, sum_ in view.totals.items()})
    yield from _of_totals("by day, by the judge", sums, oracle.totals(charges))
    mixed = len({one.currency for one in charges}) > 1
    if mixed and not all(row.group.endswith(("(USD)", "(CNY)")) for row in rows):
        yield f"by day, two currencies are not told apart: {[row.group for row in rows]}"
    shares: dict[str, float] = defaultdict(float)
    for row in rows:
        shares[row.group[-4:-1] if mixed else ""] += row.share or 0.0
    for currency, share in shares.items():
        if oracle.totals(charges).get(currency or charges[0].currency):
            yield from differs(f"by day, shares {currency}".strip(), share, 1.0, rel=1e-6)
    if tiers:
        return
    said: dict[str, Fraction] = defaultdict(Fraction)
    for row in rows:
        said[row.group[:10]] += Fraction(row.amount or 0)
    right = oracle.by(charges, lambda one: _day(one.day_ms))
    for day in sorted({*said, *map(str, right)}):
        yield from differs(f"on {day}", said.get(day, 0), right.get(day, Fraction(0)))
    asked = {_day(one.day_ms): 0 for one in charges}
    for one in charges:
        if one.dimension in (oracle.REQUESTS, oracle.EDGE_REQUESTS):
            asked[_day(one.day_ms)] += one.piece.requests
    of_rows: dict[str, int] = defaultdict(int)
    for row in rows:
        of_rows[row.group[:10]] += row.requests
    for day, count in sorted(asked.items()):
        yield from differs(f"requests on {day}", of_rows[day], count)


def _day(day_ms: int) -> str:
    import time

    return time.strftime("%Y-%m-%d", time.gmtime(day_ms / 1000))


def of_month(reader: Reader, judge: Judge) -> Problems:
    """The month's end is never less than the month so far, and one figure wherever it is shown."""
    from tests.oracle.judge import month_end, month_start

    span = _span(judge)
    month = Judge(judge.known, month_start(judge.to_ms - 1), judge.to_ms)
    so_far = {free: oracle.charges(month, free_tier=free) for free in (True, False)}
    if any(map(oracle.unpriced, so_far.values())):
        return
    seen = overview(reader, span, BOOK, scope=Scope())
    after, before = (costs(reader, span, BOOK, free_tier=free) for free in (True, False))
    currency = after.currency
    right = oracle.totals(so_far[True])
    if right and seen.currency in right:
        yield from differs("header, month to date", seen.month_to_date, right[seen.currency], least=5e-6)
    for name, view, free in (("after", after, True), ("before", before, False)):
        one, had = view.projection, float(oracle.totals(so_far[free]).get(view.currency, 0))
        if one is None or one.p50 is None:
            if had:
                yield f"{name} the free tier: no end of the month is known, {had} is spent"
            continue
        known = [each for each in (one.p10, one.p50, one.p90) if each is not None]
        if known != sorted(known):
            yield f"{name} the free tier: the interval is out of order: {known}"
        if min(map(float, known)) < had * (1 - 1e-9) - 5e-6:
            yield f"{name} the free tier: the month ends at {known}, {had} is spent"
        if judge.to_ms == month_end(judge.to_ms - 1):
            yield from differs(f"{name} the free tier: the month is over", one.p50, had, least=5e-6)
    if seen.currency == currency and after.projection is not None:
        yield from differs("header, end of month", seen.projected, after.projection.p50)
    ends = [one.projection.p50 for one in (after, before) if one.projection is not None]
    days = cost_groups(reader, span, BOOK, "day").projection
    if days is not None and not any(near(days.p50, end) for end in ends):
        yield f"by day ends at {days.p50}, the bill at {ends} after and before the free tier"
    rows = functions(reader, span, BOOK).rows
    projected = [row.projected_usd for row in rows if row.projected_usd is not None]
    if currency == "USD" and before.projection is not None and not any(row.region.startswith("cn-") for row in rows):
        yield from differs("functions' ends of month in sum", sum(projected) if projected else 0,
                           before.projection.p50 or 0)  # fmt: skip


# Trends, errors and throttles


def of_trends(reader: Reader, judge: Judge) -> Problems:
    """The parts sum to the row's count, and no part holds what lies clearly outside it."""
    view = functions(reader, _span(judge), trend_steps=STEPS)
    at_of = {one.key: at for at, one in enumerate(judge.known.functions)}
    for row in view.rows:
        key = key_of(row)
        if row.trend is None:
            if row.invocations:
                yield f"{key}: no trend of {row.invocations} invocations"
            continue
        yield from differs(f"{key} trend {row.trend} in sum", sum(part or 0 for part in row.trend), row.invocations)
        if key in at_of:
            yield from _of_parts(f"{key} trend", row, view, judge, lambda low, high, at=at_of[key]:
                                 judge.counted(at, low, high)[0])  # type: ignore[misc]  # fmt: skip


def _of_parts(what: str, row: Any, view: Any, judge: Judge, count: Any) -> Problems:
    """Equal parts but for the last, and up to each border at least what happened before its hour, at most with it.

    Where all are logs' and the range is short, minutes stand for hours.
    """
    told = getattr(view, "trend_parts", None)
    ends = [judge.from_ms + (judge.to_ms - judge.from_ms) * at // len(row.trend) for at in range(1, len(row.trend) + 1)]
    if told is not None:
        ends = [*told.starts[1:], told.to_ms]
        sizes = [end - start for start, end in zip(told.starts, ends, strict=True)]
        if told.starts[0] != judge.from_ms or ends[-1] != judge.to_ms or len(ends) != len(row.trend):
            yield f"{what}: the parts {told} are not the range's"
        if len({*sizes[:-1]}) > 1 or sizes[-1] > sizes[0] or told.unfinished != (sizes[-1] < sizes[0]):
            yield f"{what}: the parts {told} are not equal, or the last is not marked"
    long = judge.to_ms - judge.from_ms > 6 * HOUR
    grain = HOUR if long or judge.known.points or judge.known.summed else MINUTE
    so_far = 0
    for at, (part, border) in enumerate(zip(row.trend, ends, strict=True), 1):
        so_far += part or 0
        low = max(judge.from_ms, border // grain * grain)
        high = min(judge.to_ms, -(-border // grain) * grain)
        least, most = count(judge.from_ms, low), count(judge.from_ms, high)
        if not least <= so_far <= most:
            yield f"{what}: {so_far} up to part {at}, right is {least} to {most}: {row.trend}"
            return


def of_errors(reader: Reader, judge: Judge) -> Problems:
    """Groups: how often, since when, last when; out of how many; how they went."""
    view = error_trends(reader, _span(judge))
    right, ever = judge.errors(), Judge(judge.known, 0, judge.to_ms).errors()
    said = {}
    for row in view.rows:
        kind = row.error_type if row.error_type in ("ValueError", "KeyError", "RuntimeError", "OSError") else TIMEOUT
        said[_name_of(reader, row.function_id), kind] = row
    for key in sorted({*said, *right}):
        if key not in right or key not in said:
            yield f"error {key}: {'said, and there is none' if key not in right else 'not said'}"
            continue
        row, times = said[key], right[key]
        yield from differs(f"error {key} count", row.count, len(times))
        yield from differs(f"error {key} last_seen", row.last_seen, times[-1])
        yield from differs(f"error {key} first_seen", row.first_seen, ever[key][0])
        at = next(at for at, fn in enumerate(judge.known.functions) if fn.key == key[0])
        yield from differs(f"error {key} invocations", row.invocations, judge.counted(at)[0])
        yield from differs(f"error {key} trend {row.trend} in sum", sum(part or 0 for part in row.trend), row.count)
        yield from _of_parts(f"error {key} trend", row, view, judge, lambda low, high, times=times:
                             sum(low <= one < high for one in times))  # type: ignore[misc]  # fmt: skip
    yield from differs("errors coverage", view.coverage, judge.coverage(range(len(judge.known.functions))))
    yield from differs("errors, with and without trends", [one.count for one in errors(reader, _span(judge)).rows],
                       [one.count for one in view.rows])  # fmt: skip


def _name_of(reader: Reader, function_id: int) -> Key:
    found = next(row.function.key for row in reader.functions() if row.id == function_id)
    return found.name, found.account, found.region


def of_throttles(reader: Reader, judge: Judge) -> Problems:
    """Rejected requests and the peak of concurrency; None where no metric tells."""
    view = throttles(reader, _span(judge))
    at_of = {one.key: at for at, one in enumerate(judge.known.functions)}
    for row in view.rows:
        at = at_of.get(key_of(row))
        if at is None:
            continue
        rejected, invoked = judge.throttles(at), judge.counted(at)[0]
        yield from differs(f"{key_of(row)} throttles", row.throttles, rejected)
        yield from differs(f"{key_of(row)} invocations beside throttles", row.invocations,
                           invoked if judge.tells(at) else None)  # fmt: skip
        asked = invoked + (rejected or 0)
        rate = rejected / asked if rejected is not None and asked else None
        yield from differs(f"{key_of(row)} throttle_rate", row.throttle_rate, rate)
        yield from differs(f"{key_of(row)} concurrency", row.concurrency, judge.peak(at))
        points = judge.metric(at, "Throttles", "Sum", judge.from_ms, judge.to_ms) or {}
        last = max((start for start, value in points.items() if value), default=None)
        if (last is None) != (row.last_throttle is None) or (
            last is not None and not last // DAY * DAY <= row.last_throttle <= last
        ):
            yield f"{key_of(row)} last_throttle: said {row.last_throttle}, right is {last}"


SMALL = (
    of_functions, of_fleet, of_function_costs, of_costs, of_days, of_month,
    of_invocations, of_trends, of_errors, of_throttles, of_first_frame,
)  # fmt: skip

LARGE = (of_functions, of_costs, of_groups, of_month)

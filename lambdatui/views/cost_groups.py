"""A range's costs by function, dimension, region or day, and the month as a curve."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from collectors.model import Function
from collectors.store.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.configured_usage import Configured, split
from lambdatui.views.costs import ProjectedCost, costs
from lambdatui.views.log_costs import LogLines
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import DAY_MS, TimeRange, day_of, month_start_ms
from lambdatui.views.view import BILLED, ESTIMATED, View
from pricing.bill import REQUESTS, LineItem, bill
from pricing.usage import Usage

if TYPE_CHECKING:
    from collectors.store.rows import DayUsage
    from pricing.pricebook import PriceBook

GROUPINGS = ("function", "dimension", "region", "day")
GROUP_COLUMNS = columns("group", "amount", "share", "requests", "gb_seconds", "lines")


@dataclass(frozen=True, slots=True)
class CostGroup:
    """``amount`` is None where a line of it has no public price; ``share`` is of the priced lines of one currency."""

    group: str
    amount: Decimal | None
    share: float | None
    requests: int
    gb_seconds: float
    lines: int
    arithmetic: tuple[str, ...] = ()


@dataclass(frozen=True)
class CostGroups(View[CostGroup]):
    """``days`` and ``so_far`` are the month's curve at list price, summed up; ``projection`` is where it ends."""

    days: tuple[int, ...] = ()
    so_far: tuple[float | None, ...] = ()
    projection: ProjectedCost | None = None


def cost_groups(
    reader: Reader, time_range: TimeRange, book: "PriceBook", by: str, *, narrow: Narrow | None = None
) -> CostGroups:
    """``by`` is one of ``GROUPINGS``; days are at list price, since a free tier is a month's and not a day's."""
    chosen = narrow or Narrow()
    if by == "day":
        return _days(reader, time_range, book, chosen)
    key: dict[str, Callable[[LineItem], str]] = {
        "function": lambda line: line.function,
        "dimension": lambda line: line.dimension,
        "region": lambda line: line.region,
    }
    view = costs(reader, time_range, book, narrow=chosen)
    return CostGroups(GROUP_COLUMNS, grouped(view.rows, key[by]), view.as_of, time_range, view.coverage, view.basis)


def grouped(lines: Sequence[LineItem], key: Callable[[LineItem], str]) -> list[CostGroup]:
    """Dearest first. Amounts of several currencies are never summed: each has a group of its own."""
    together: dict[tuple[str, str], list[LineItem]] = {}
    mixed = len({line.currency for line in lines if line.amount is not None}) > 1
    for line in lines:
        together.setdefault((key(line), line.currency if mixed else ""), []).append(line)
    totals: dict[str, Decimal] = {}
    for (_, currency), members in together.items():
        totals[currency] = totals.get(currency, Decimal(0)) + sum(
            (one.amount or Decimal(0) for one in members), Decimal(0)
        )
    rows = [
        _group(f"{name} ({currency})" if currency else name, members, totals[currency])
        for (name, currency), members in together.items()
    ]
    return sorted(rows, key=lambda row: (row.amount is not None, -(row.amount or 0), row.group))


def _group(name: str, lines: Sequence[LineItem], total: Decimal) -> CostGroup:
    known = [line.amount for line in lines if line.amount is not None]
    amount = sum(known, Decimal(0)) if len(known) == len(lines) else None
    return CostGroup(
        name,
        amount,
        float(amount / total) if amount is not None and total else None,
        int(sum(line.quantity for line in lines if line.dimension == REQUESTS)),
        float(sum(line.quantity for line in lines if line.dimension == "duration")),
        len(lines),
        tuple(f"{line.function} {line.dimension}: {line.formula}" for line in lines),
    )


def _days(reader: Reader, time_range: TimeRange, book: "PriceBook", narrow: Narrow) -> CostGroups:
    stored = reader.functions()
    functions = {row.id: row.function for row in narrow.chosen(stored)}
    month = month_start_ms(time_range.to_ms - 1)
    begin = min(month, time_range.from_ms)
    standing = Configured(reader, stored)
    provisioned: dict[int, dict[int, float]] = {}  # of each month, as its bill has them
    by_day: dict[int, list[Usage]] = {}
    for one in reader.daily_usage(begin, time_range.to_ms, list(functions)):
        of = month_start_ms(one.day_ms)
        if of not in provisioned:
            provisioned[of] = standing.shares(of, min(time_range.to_ms, month_start_ms(of + 32 * DAY_MS)))
        usage = split(_usage(functions, one), provisioned[of].get(one.function_id))
        by_day.setdefault(one.day_ms, []).append(usage)
    for day, usage in standing.days(begin, time_range.to_ms, functions):
        by_day.setdefault(day, []).append(usage)
    for day, usage in LogLines(reader, functions, narrow).by_day(begin, time_range.to_ms):
        by_day.setdefault(day, []).append(usage)
    bills = {day: bill(usages, book, free_tier=False) for day, usages in by_day.items()}
    rows = []
    for day in sorted(bills, reverse=True):
        if day >= time_range.from_ms // DAY_MS * DAY_MS:
            rows += grouped(bills[day].lines, partial(_named, day_of(day).isoformat()))
    total = sum((row.amount for row in rows if row.amount is not None), Decimal(0))
    shares = [
        replace(row, share=float(row.amount / total) if total and row.amount is not None else None) for row in rows
    ]
    days = tuple(range(month, month_start_ms(month + 32 * DAY_MS), DAY_MS))
    amounts = {day: found.totals.get("USD", Decimal(0)) for day, found in bills.items()}
    return CostGroups(
        GROUP_COLUMNS,
        shares,
        reader.as_of_ms(time_range.to_ms),
        time_range,
        basis=_basis(usage.basis for usages in by_day.values() for usage in usages) if rows else None,
        days=days,
        so_far=_summed_up(days, amounts, time_range.to_ms),
        projection=costs(reader, time_range, book, free_tier=False, narrow=narrow).projection,
    )


def _basis(of: Iterable[str]) -> str:
    return ESTIMATED if ESTIMATED in of else BILLED


def _named(name: str, _: LineItem) -> str:
    return name


def _usage(functions: Mapping[int, Function], day: "DayUsage") -> Usage:
    function = functions[day.function_id]
    key = function.key
    return Usage(
        key.name, key.account, key.region, function.arch, day.invocations, day.billed_ms, day.billed_mb_ms,
        ephemeral_mb=function.ephemeral_mb,
    )  # fmt: skip


def _summed_up(days: Sequence[int], amounts: Mapping[int, Decimal], to_ms: int) -> tuple[float | None, ...]:
    so_far, curve = Decimal(0), []
    for day in days:
        so_far += amounts.get(day, Decimal(0))
        curve.append(float(so_far) if day < to_ms else None)
    return tuple(curve)


def line_to(so_far: tuple[float | None, ...], last: int, end: float) -> tuple[float | None, ...]:
    """From the last known value straight to the month's end; None before."""
    begin, steps = so_far[last] or 0.0, max(1, len(so_far) - 1 - last)
    return tuple(None if at < last else begin + (end - begin) * (at - last) / steps for at in range(len(so_far)))

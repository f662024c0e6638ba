"""A range's costs by function, dimension, region, day or tag, and the month as a curve."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from functools import partial
from typing import TYPE_CHECKING, Annotated

from collectors.model.account import TAGS_LISTED
from collectors.model.units import DAY_MS
from collectors.store.read import tag_rows
from collectors.store.read.reader import Reader
from collectors.store.spans import whole_from
from lambdatui.views import shared_columns as shared
from lambdatui.views.change import UNCOMPARED, RelativeChange, summed
from lambdatui.views.columns import Column, Kind, OnScreen, columns_of
from lambdatui.views.costs import LOG_DIMENSIONS, ProjectedCost, costs
from lambdatui.views.growth import Growth, cost_of
from lambdatui.views.log_costs import LogLines, Where
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange, day_of, month_start_ms
from lambdatui.views.usage import days, left_out, unknown_line, usages
from lambdatui.views.view import View, coverage_of, weakest_basis
from pricing.bill import DURATION, REQUESTS, Bill, LineItem, bill
from pricing.dimensions import EDGE_DURATION, EDGE_REQUESTS, LOGS_STORAGE
from pricing.usage import DEFAULT_REGION, EXACT, Usage

if TYPE_CHECKING:
    from collectors.store.read.rows import FunctionRow
    from pricing.pricebook import PriceBook

GROUPINGS = ("function", "dimension", "region", "day")
BY_TAG = "tag."
"""Begins a grouping by the values of a tag, which is named after it."""
NO_TAG, UNKNOWN_TAG, NO_FUNCTION, NOT_PRICED = "(no tag)", "(unknown)", "(not by function)", "(not priced)"


@dataclass(frozen=True, slots=True)
class CostGroup:
    """``amount`` is None where a line of it has no public price; ``share`` is of the priced lines of one currency.

    ``requests`` and ``gb_seconds`` are None where no line of the group bills them, as in a group of log storage.
    """

    group: Annotated[str, shared.GROUP, OnScreen(grows=True, most=44)]
    amount: Annotated[Decimal | None, shared.PRICED_AMOUNT, OnScreen()]
    share: Annotated[float | None, shared.SHARE, OnScreen(1)]
    requests: Annotated[int | None, shared.REQUESTS, OnScreen(2)]
    gb_seconds: Annotated[float | None, shared.GB_SECONDS, OnScreen(3)]
    lines: Annotated[int, Column("Lines", Kind.COUNT, 5, "Lines of the bill."), OnScreen(6)]
    cost_change: Annotated[RelativeChange | None, shared.COST_CHANGE, OnScreen(1, after="amount")] = None
    cost_week: Annotated[RelativeChange | None, shared.COST_WEEK, OnScreen(2, after="cost_change")] = None
    lambda_amount: Annotated[
        Decimal | None,
        Column("Lambda", Kind.USD, 10, "What of the amount is Lambda's."),
        OnScreen(4, after="cost_week"),
    ] = None
    logs_amount: Annotated[
        Decimal | None,
        Column(
            "Logs", Kind.USD, 10, "What of the amount CloudWatch Logs bills; unknown where nobody counted what came in."
        ),
        OnScreen(4, after="lambda_amount"),
    ] = None
    arithmetic: tuple[str, ...] = ()
    currency: str = "USD"

    @property
    def trouble(self) -> str | None:
        """That a line of it has no price."""
        return "no price" if self.amount is None else None


GROUP_COLUMNS = columns_of(CostGroup)


@dataclass(frozen=True)
class CostGroups(View[CostGroup]):
    """``days`` and ``so_far`` are the month's curve at list price in ``currency``, summed; ``projection`` is its end.

    ``missing`` says what the amounts leave out. A day that holds the range's beginning or end is cut there.
    """

    days: tuple[int, ...] = ()
    so_far: tuple[float | None, ...] = ()
    projection: ProjectedCost | None = None
    missing: tuple[str, ...] = ()
    currency: str = "USD"


def cost_groups(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook",
    by: str,
    *,
    scope: Scope | None = None,
    free_tier: bool = True,
) -> CostGroups:
    """``by`` is one of ``GROUPINGS``, or ``tag.`` and a key; days are at list price, since a free tier is a month's.

    Tags are those of the reader's time, not those that functions had when the costs came about.
    """
    chosen = scope or Scope()
    if by == "day":
        return _days(reader, time_range, book, chosen)
    key: dict[str, Callable[[LineItem], str]] = {
        "function": lambda line: line.function,
        "dimension": lambda line: line.dimension,
        "region": lambda line: line.region,
    }
    of = _tag_of(reader, by.removeprefix(BY_TAG)) if by.startswith(BY_TAG) else key[by]
    view = costs(reader, time_range, book, scope=chosen, free_tier=free_tier)
    metered = _places(reader, view.metered_logs)
    return CostGroups(
        GROUP_COLUMNS, grouped(view.rows, of, metered=metered), view.as_of, time_range, view.coverage, view.basis,
        projection=view.projection, missing=view.missing, currency=view.currency,
    )  # fmt: skip


def with_group_growth(groups: CostGroups, grown: Growth, reader: Reader, by: str) -> CostGroups:
    """The groups with how their list price changed, their functions' logs included where those are known.

    Days and dimensions are no functions, and nothing is said of them; nor of what is billed in another currency.
    """
    names = _names_of(reader, by)
    before: dict[str, list[RelativeChange]] = {}
    week: dict[str, list[RelativeChange]] = {}
    for row in reader.functions() if names is not None else ():
        name = names(row) if names is not None else ""
        for changes, pairs in ((before, grown.before), (week, grown.week)):
            if row.id in pairs:
                changes.setdefault(name, []).append(cost_of(pairs[row.id]))
    rows = [
        replace(
            group, cost_change=_group_change(group, before), cost_week=_group_change(group, week)
        )
        for group in groups.rows
    ]  # fmt: skip
    return replace(groups, rows=rows)


def with_changes_of(groups: CostGroups, earlier: CostGroups) -> CostGroups:
    """The groups with the changes of an earlier answer to the same question, until they are computed anew."""
    known = {group.group: (group.cost_change, group.cost_week) for group in earlier.rows}
    nothing = (None, None)
    rows = [
        replace(group, cost_change=change, cost_week=week)
        for group in groups.rows
        for change, week in (known.get(group.group, nothing),)
    ]
    return replace(groups, rows=rows)


def _group_change(group: CostGroup, changes: Mapping[str, Sequence[RelativeChange]]) -> RelativeChange:
    if group.currency != "USD":
        return UNCOMPARED
    return summed(changes.get(group.group.removesuffix(" (USD)"), ()))


def _names_of(reader: Reader, by: str) -> "Callable[[FunctionRow], str] | None":
    """The group of a function's lines; None where lines are not grouped by what their function is."""
    if by.startswith(BY_TAG):
        tags = tag_names(reader, by.removeprefix(BY_TAG))
        return lambda row: tags.get((row.function.key.name, row.function.key.account, row.function.key.region), NO_TAG)
    if by == "function":
        return lambda row: row.function.key.name
    return (lambda row: row.function.key.region or DEFAULT_REGION) if by == "region" else None


def _tag_of(reader: Reader, tag: str) -> Callable[[LineItem], str]:
    """What a line is summed under: its function's value of the tag, or why it has none.

    Lines without a price are a group of their own: one of them would leave its team without an amount, and the sums of
    the others are the total.
    """
    names = tag_names(reader, tag)

    def of(line: LineItem) -> str:
        if line.amount is None:
            return NOT_PRICED
        return names.get((line.function, line.account, line.region), NO_FUNCTION)

    return of


def tag_names(reader: Reader, tag: str) -> dict[tuple[str, str, str], str]:
    """The group of each function, by its name, account and region: its value of the tag, or why it has none."""
    known = tag_rows.values_of(reader, [tag])
    values, listed = known[tag], known[TAGS_LISTED]
    names: dict[tuple[str, str, str], str] = {}
    for row in reader.functions():
        key = row.function.key
        value = values.get(row.id)
        without = NO_TAG if row.id in listed else UNKNOWN_TAG
        names[key.name, key.account, key.region] = without if value is None else _named_value(value)
    return names


def _named_value(value: str) -> str:
    """A tag's value as a group's name; quoted where it could be taken for nothing, or for the name of another."""
    return json.dumps(value, ensure_ascii=False) if not value.strip() or value[0] in '("' else value


def _places(reader: Reader, function_ids: Collection[int]) -> frozenset[Where]:
    keys = [row.function.key for row in reader.functions() if row.id in function_ids]
    return frozenset((key.name, key.account, key.region) for key in keys)


def grouped(
    lines: Sequence[LineItem],
    key: Callable[[LineItem], str],
    *,
    mixed: bool | None = None,
    metered: Collection[Where] = (),
) -> list[CostGroup]:
    """Dearest first. Amounts of several currencies are never summed: each has a group of its own.

    ``mixed`` says that the bill that these lines are of has several: then all groups name theirs. ``metered`` are the
    functions of whose logs it is known how much came in.
    """
    together: dict[tuple[str, str], list[LineItem]] = {}
    mixed = _mixed(lines) if mixed is None else mixed
    for line in lines:
        together.setdefault((key(line), line.currency if mixed else ""), []).append(line)
    totals: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for (_, currency), members in together.items():
            totals[currency] = totals.get(currency, Decimal(0)) + sum(
                (one.amount or Decimal(0) for one in members), Decimal(0)
            )
        rows = [
            _group(f"{name} ({currency})" if currency else name, members, totals[currency], metered)
            for (name, currency), members in together.items()
        ]
    return sorted(rows, key=lambda row: (row.amount is not None, -(row.amount or 0), row.group))


def _mixed(lines: Iterable[LineItem]) -> bool:
    return len({line.currency for line in lines if line.amount is not None}) > 1


def _sum(lines: Iterable[LineItem]) -> Decimal | None:
    """The sum of all amounts; None where one is not known."""
    amounts = [line.amount for line in lines]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _quantity(lines: Iterable[LineItem]) -> Decimal | None:
    """The sum of what the lines bill; None where there is no line."""
    quantities = [line.quantity for line in lines]
    return sum(quantities, Decimal(0)) if quantities else None


def _group(name: str, lines: Sequence[LineItem], total: Decimal, metered: Collection[Where]) -> CostGroup:
    amount = _sum(lines)
    logs = [line for line in lines if line.dimension in LOG_DIMENSIONS]
    own = [line for line in lines if line.dimension not in LOG_DIMENSIONS]
    # Without such a line nothing came in, if somebody counted; what is stored alone tells nothing of that.
    counted = any((line.function, line.account, line.region) in metered for line in lines)
    counted = counted or any(line.dimension != LOGS_STORAGE for line in logs)
    requests = _quantity(line for line in lines if line.dimension in (REQUESTS, EDGE_REQUESTS))
    gb_seconds = _quantity(
        line for line in lines if line.dimension in (DURATION, EDGE_DURATION) and line.unit == "GB-s"
    )
    return CostGroup(
        group=name,
        amount=amount,
        share=float(amount / total) if amount is not None and total else None,
        requests=None if requests is None else int(requests),
        gb_seconds=None if gb_seconds is None else float(gb_seconds),
        lines=len(lines),
        lambda_amount=_sum(own),
        logs_amount=_sum(logs) if counted else None,
        arithmetic=tuple(f"{line.function} {line.dimension}: {line.formula}" for line in lines),
        currency=next((line.currency for line in lines if line.amount is not None), lines[0].currency),
    )


def _days(reader: Reader, time_range: TimeRange, book: "PriceBook", scope: Scope) -> CostGroups:
    chosen = {row.id for row in scope.chosen(reader.functions())}
    month = month_start_ms(time_range.to_ms - 1)
    from_ms = whole_from(time_range.from_ms, time_range.to_ms)
    logs = LogLines(reader, chosen, scope)

    def billed_from(begin_ms: int) -> dict[int, Bill]:
        by_day = days(reader, begin_ms, time_range.to_ms)
        return _bills(by_day, chosen, book, logs.by_day(begin_ms, time_range.to_ms))

    bills = billed_from(from_ms)
    so_far = bills if from_ms == month else billed_from(month)
    lines = [line for one in bills.values() for line in one.lines]
    metered = _places(reader, logs.metered(from_ms, time_range.to_ms))
    mixed, rows = _mixed(lines), []
    for day in sorted(bills, reverse=True):
        rows += grouped(bills[day].lines, partial(_named, day_of(day).isoformat()), mixed=mixed, metered=metered)
    whole = usages(reader, from_ms, time_range.to_ms)
    view = costs(reader, time_range, book, free_tier=False, scope=scope)
    every_day = tuple(range(month, month_start_ms(month + 32 * DAY_MS), DAY_MS))
    amounts = {day: found.totals.get(view.currency, Decimal(0)) for day, found in so_far.items()}
    return CostGroups(
        GROUP_COLUMNS,
        _shared(rows),
        reader.as_of_ms(time_range.to_ms),
        time_range,
        coverage=coverage_of(*whole.coverage(chosen)),
        basis=weakest_basis({line.basis.partition(";")[0] for line in lines}) if rows else None,
        days=every_day,
        so_far=_summed_up(every_day, amounts, time_range.to_ms),
        projection=view.projection,
        missing=left_out(lines),
        currency=view.currency,
    )


def _shared(rows: Sequence[CostGroup]) -> list[CostGroup]:
    """The groups, each with its share of the sum of all groups in its currency."""
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[row.currency] = totals.get(row.currency, Decimal(0)) + (row.amount or 0)
    return [
        replace(row, share=float(row.amount / totals[row.currency]))
        if row.amount is not None and totals[row.currency]
        else replace(row, share=None)
        for row in rows
    ]


def _bills(
    by_day: Mapping[int, Sequence[tuple[int, Usage, int]]],
    chosen: Collection[int],
    book: "PriceBook",
    logs: Iterable[tuple[int, Usage]],
) -> dict[int, Bill]:
    """Each day's bill at list price, with a line for each duration that is not known."""
    bills = {}
    ingested: dict[int, list[tuple[Usage, int]]] = {}
    for day, usage in logs:
        ingested.setdefault(day, []).append((usage, 0))
    for day in sorted({*by_day, *ingested}):
        rows = by_day.get(day, ())
        inside = [(usage, unknown) for function_id, usage, unknown in rows if function_id in chosen]
        inside += ingested.get(day, [])
        if inside:
            priced = bill([usage for usage, _ in inside], book, free_tier=False)
            more = [unknown_line(usage, unknown, at, book) for at, (usage, unknown) in enumerate(inside) if unknown]
            bills[day] = replace(priced, lines=(*priced.lines, *more))
    return bills


def _named(name: str, _: LineItem) -> str:
    return name


def _summed_up(days: Sequence[int], amounts: Mapping[int, Decimal], to_ms: int) -> tuple[float | None, ...]:
    so_far, curve = Decimal(0), []
    for day in days:
        so_far += amounts.get(day, Decimal(0))
        curve.append(float(so_far) if day < to_ms else None)
    return tuple(curve)


def line_to(so_far: tuple[float | None, ...], last: int, end: float) -> tuple[float | None, ...]:
    """A straight line from the last known value to the month's end; None at earlier points."""
    begin, steps = so_far[last] or 0.0, max(1, len(so_far) - 1 - last)
    return tuple(None if at < last else begin + (end - begin) * (at - last) / steps for at in range(len(so_far)))

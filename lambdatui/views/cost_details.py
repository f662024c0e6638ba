"""A line of the bill in full: what was used, its arithmetic, and what it cost on each day."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS
from collectors.store.read.freshness import known_spans
from lambdatui.text.figures import counted, exact, money, rate
from lambdatui.views.function_charts import ChartView, CurveView
from lambdatui.views.function_details import only
from lambdatui.views.log_costs import LogLines
from lambdatui.views.row_details import DetailField, RowDetails
from lambdatui.views.time_range import TimeRange, month_start_ms
from lambdatui.views.usage import days
from pricing.bill import bill
from pricing.dimensions import LOGS

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import FunctionRow
    from pricing.line_items import LineItem
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage


def cost_line_parts(line: "LineItem", prices_as_of: str | None) -> list[tuple[str, str]]:
    """Quantity, free tier, arithmetic, price and basis of a line, as labelled parts."""
    amount = "not priced" if line.amount is None else rate(line.amount, line.currency)
    return [
        ("Used", f"{exact(line.quantity)} {line.unit}"),
        ("Covered by the free tier", f"{exact(line.free)} {line.unit}"),
        ("Arithmetic", f"{line.formula} = {amount}"),
        ("Price", f"{line.region}, {line.arch}, list price as of {prices_as_of or '-'}"),
        ("Basis", line.basis),
    ]


def cost_line_details(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", line: "LineItem", prices_as_of: str | None
) -> RowDetails:
    """The line's parts, and a chart of its days: those of the range, and of the month that holds the range's end."""
    month = TimeRange(
        min(time_range.from_ms // DAY_MS * DAY_MS, month_start_ms(time_range.to_ms - 1)), time_range.to_ms, "by day"
    )
    amounts = line_days(reader, month, book, line)
    labels = {"Covered by the free tier": "free tier"}
    fields = [
        DetailField(labels.get(label, label.lower()), text, "warning" if label == "Arithmetic" else "")
        for label, text in cost_line_parts(line, prices_as_of)
    ]
    known = [amount for amount in amounts.values() if amount is not None]
    if known:
        total, most = (money(amount, line.currency) for amount in (sum(known, Decimal(0)), max(known)))
        fields.append(DetailField("days", f"{total} in {counted(len(known), 'day')} at list price, {most} at most"))
    chart = ChartView(
        "By day, at list price", "usd", tuple(amounts),
        (CurveView("cost", tuple(None if each is None else float(each) for each in amounts.values()), "good"),),
        unfinished=bool(time_range.to_ms % DAY_MS),
    )  # fmt: skip
    return RowDetails(f"{line.function} {line.dimension}".strip(), tuple(fields), (chart,) if known else ())


def line_days(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", line: "LineItem"
) -> dict[int, Decimal | None]:
    """What the line's dimension cost its function on each UTC day (epoch ms) of a range, before any free tier.

    None is a day of which nothing was collected, or that has no price.
    """
    place = line.function, line.account, line.region
    row = next((stored for stored in reader.functions() if _place(stored) == place), None)
    known = known_spans(reader, [row]).get(row.id, []) if row is not None else []
    used: dict[int, list[Usage]] = {}
    for day_ms, usage in _usages(reader, time_range, row, line):
        if (usage.function, usage.account, usage.region) == place:
            used.setdefault(day_ms, []).append(usage)
    amounts: dict[int, Decimal | None] = {}
    billed = False
    for day_ms in range(time_range.from_ms // DAY_MS * DAY_MS, time_range.to_ms, DAY_MS):
        was_known = any(low < day_ms + DAY_MS and high > day_ms for low, high in known)
        amounts[day_ms] = Decimal(0) if was_known else None
        if day_ms in used:
            lines = [item for item in bill(used[day_ms], book, free_tier=False).lines if _alike(item, line)]
            billed = billed or bool(lines)
            priced = [item.amount for item in lines if item.amount is not None]
            amounts[day_ms] = sum(priced, Decimal(0)) if len(priced) == len(lines) else None
    return amounts if billed else dict.fromkeys(amounts)  # what is not billed by days is no zero on them


def _usages(
    reader: "Reader", time_range: TimeRange, row: "FunctionRow | None", line: "LineItem"
) -> "Iterator[tuple[int, Usage]]":
    span = time_range.from_ms, time_range.to_ms
    if line.dimension in LOGS and row is not None:
        yield from LogLines(reader, {row.id}, only(row)).by_day(*span)
    else:
        yield from ((day_ms, usage) for day_ms, rows in days(reader, *span).items() for _, usage, _ in rows)


def _place(row: "FunctionRow") -> tuple[str, str, str]:
    key = row.function.key
    return key.name, key.account, key.region


def _alike(item: "LineItem", other: "LineItem") -> bool:
    return (item.dimension, item.arch, item.currency) == (other.dimension, other.arch, other.currency)

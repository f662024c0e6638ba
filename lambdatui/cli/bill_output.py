"""A bill on stdout: a text table, Markdown, CSV or JSON.

Text and Markdown are for people: each amount is rounded to the cent, below a cent to four significant digits, and so
is the total of the unrounded amounts. CSV and JSON carry exact decimals.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from lambdatui import text
from pricing.bill import Bill, LineItem
from pricing.free_tier import ALLOCATION, FreeTierUse
from pricing.recommendations import BASIS
from pricing.whatif import Compared

if TYPE_CHECKING:
    from lambdatui.views.costs import ProjectedCost
    from pricing.workload import Workload

LINE_FIELDS = (
    "dimension", "function", "account", "region", "arch", "quantity", "unit", "free", "billable", "rate", "amount",
    "currency", "tier", "basis",
)  # fmt: skip
NOT_PRICED = "not priced"
_CENT = Decimal("0.01")
_GAP = "  "
_CELLS = 80


@dataclass(frozen=True, slots=True)
class Statement:
    """What one command prints: a bill, what-ifs beside it, and the projection where there is one.

    ``month`` is what what-ifs of recorded usage are compared with: the whole month before the free tier.
    ``as_of`` is the ISO time of the newest usage, None for figures that were never used.
    """

    bill: Bill
    compared: Sequence[Compared] = ()
    projection: "ProjectedCost | None" = None
    as_of: str | None = None
    recorded: bool = False
    workloads: "Sequence[Workload]" = ()
    month: Bill | None = None

    @property
    def total(self) -> Decimal | None:
        """None where nothing has a price, where there are several currencies, and where no usage was recorded."""
        if len(self.bill.totals) > 1 or (self.recorded and not self.bill.lines):
            return None
        return self.bill.total


def amount_text(amount: Decimal | None) -> str:
    """``1,234.57``; below a cent four significant digits, ``0.0005834``; None is ``not priced``."""
    if amount is None:
        return NOT_PRICED
    if amount == 0 or abs(amount) >= _CENT:
        return f"{amount.quantize(_CENT, ROUND_HALF_UP):,f}"
    rounded = amount.quantize(Decimal(1).scaleb(amount.adjusted() - 3), ROUND_HALF_UP)
    return f"{rounded:f}" if abs(rounded) < _CENT else amount_text(rounded)


def quantity_text(quantity: Decimal) -> str:
    """``2,520,000``; parts of a unit with up to four decimals, below one with four significant digits."""
    if quantity == quantity.to_integral_value():
        return f"{quantity:,.0f}"
    places = 4 if abs(quantity) >= 1 else 3 - quantity.adjusted()
    whole, _, part = f"{quantity:,.{places}f}".partition(".")
    return f"{whole}.{part.rstrip('0')}" if part.strip("0") else whole


def as_json(statement: Statement) -> str:
    """The contract's object: ``lines``, ``total``, ``free_tier``, ``projection``, ``prices_as_of``."""
    bill = statement.bill
    document: dict[str, Any] = {
        "lines": [_line_json(line) for line in bill.lines],
        "total": _decimal(statement.total),
        "currency": bill.currency,
        "free_tier": _free_tier_json(bill.free_tier),
        "projection": _projection_json(statement.projection),
        "prices_as_of": bill.prices_as_of,
    }
    if statement.projection is not None:
        document["milestones"] = _milestones_json(statement.projection)
    if len(bill.totals) > 1:
        document["totals"] = {currency: text.decimal_text(amount) for currency, amount in bill.totals.items()}
    if statement.recorded:
        document["as_of"] = statement.as_of
    if statement.compared:
        if statement.month is not None:
            document["compare_basis"] = BASIS
            document["compare_now"] = _decimal(statement.month.totals.get(statement.month.currency))
        document["compare"] = [_compared_json(one) for one in statement.compared]
    return json.dumps(document, ensure_ascii=False, indent=2)


def _line_json(line: LineItem) -> dict[str, Any]:
    row: dict[str, Any] = {name: _value(getattr(line, name)) for name in LINE_FIELDS}
    row["formula"] = line.formula
    return row


def _value(value: object) -> Any:
    return text.decimal_text(value) if isinstance(value, Decimal) else None if value == "" else value


def _decimal(amount: Decimal | None) -> str | None:
    return None if amount is None else text.decimal_text(amount)


def _free_tier_json(uses: Sequence[FreeTierUse]) -> dict[str, Any]:
    """The first partition's allowance, and the others where usage lies in several."""
    if not uses:
        return {"applied": False}
    found = [
        {
            "applied": use.requests is not None,
            "partition": use.partition,
            "requests": use.requests,
            "requests_used": use.requests_used,
            "gb_seconds": use.gb_seconds,
            "gb_seconds_used": text.decimal_text(use.gb_seconds_used),
            "allocation": ALLOCATION,
        }
        for use in uses
    ]
    return {**found[0], "others": found[1:]} if found[1:] else found[0]


def _projection_json(projection: "ProjectedCost | None") -> dict[str, Any] | None:
    if projection is None:
        return None
    return {
        "p10": _decimal(projection.p10),
        "p50": _decimal(projection.p50),
        "p90": _decimal(projection.p90),
        "method": projection.method,
        "days_seen": projection.days_seen,
    }


def _milestones_json(projection: "ProjectedCost") -> dict[str, Any]:
    """When the free tier runs out, and when the budget is passed; null is "not this month"."""
    return {
        "free_tier": [
            {
                "partition": one.partition,
                "what": one.what,
                "runs_out_on": one.day.isoformat() if one.day else None,
                "projected": one.projected,
            }
            for one in projection.run_outs
        ],
        "budget": _decimal(projection.budget),
        "budget_passed_on": projection.budget_day.isoformat() if projection.budget_day else None,
    }


def _compared_json(one: Compared) -> dict[str, Any]:
    return {
        "label": one.label,
        "total": _decimal(one.bill.total if len(one.bill.totals) <= 1 else None),
        "currency": one.bill.currency,
        "difference": _decimal(one.difference),
        "lines": [_line_json(line) for line in one.bill.lines],
    }


def as_csv(statement: Statement) -> str:
    """One row a line, exact; with what-ifs, a first column that names them (empty: the month as it is)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    named = bool(statement.compared)
    writer.writerow([*(["what_if"] if named else []), *LINE_FIELDS])
    bills = [("", statement.bill), *((one.label, one.bill) for one in statement.compared)]
    for label, bill in bills:
        for line in bill.lines:
            cells = [getattr(line, name) for name in LINE_FIELDS]
            writer.writerow(text.csv_cell(cell) for cell in ([label, *cells] if named else cells))
    return buffer.getvalue()


def as_text(statement: Statement) -> str:
    """Aligned tables, 80 cells wide: each line's arithmetic and the total, the what-ifs, and the projection."""
    return "\n".join(_aligned(rows) for rows in tables(statement, _formulas_table))


def as_markdown(statement: Statement) -> str:
    return "\n".join(_markdown(rows) for rows in tables(statement, _lines_table))


def as_explanation(statement: Statement) -> str:
    """The arithmetic step by step, then the tables of what is compared with it."""
    from lambdatui.cli.explanation import explanation

    more = [_aligned(rows) for rows in tables(statement, _formulas_table)[1:]]
    return "\n".join([explanation(statement.bill, statement.workloads), *more])


_Table = list[list[str]]


def tables(statement: Statement, lines: "Callable[[Iterable[LineItem], Statement], _Table]") -> list[_Table]:
    """The tables for people, each with a header row. Recorded usage is shown in sums, what-ifs beside it."""
    bill = statement.bill
    found = [lines(_summed(bill.lines) if statement.recorded else bill.lines, statement)]
    if statement.recorded and len({line.function for line in bill.lines}) > 1:
        found.append(_functions_table(bill))
    if statement.compared:
        found.append(_compared_table(statement.month or bill, statement.compared))
    if statement.projection is not None:
        found.append(_projection_table(statement.projection, bill.currency))
        said = [statement.projection.method, *milestones_text(statement.projection)]
        found.append([["Projection"], *([one] for one in said)])
    return found


def _formulas_table(lines: Iterable[LineItem], statement: Statement) -> _Table:
    """What is charged, its arithmetic, and what that comes to. Region and architecture only where they differ."""
    shown = list(lines)
    named = any(line.function for line in shown)
    where = len({(line.region, line.arch) for line in shown}) > 1
    rows = [["Function"] * named + ["Dimension"] + ["Where"] * where + ["Arithmetic", "Amount"]]
    for line in shown:
        tier = f" tier {line.tier}" if line.tier and line.tier > 1 else ""
        place = [text.plain(f"{line.region} {_SHORT_ARCH.get(line.arch, line.arch)}")] * where
        amount = "-" if line.amount is None else f"{amount_text(line.amount)} {line.currency}"
        name = [_cut(text.plain(line.function), 20)] * named
        rows.append([*name, line.dimension.replace("_", " ") + tier, *place, _formula(line), amount])
    rows = _fitted(rows)
    totals: Mapping[str, Decimal | None] = statement.bill.totals or {"USD": statement.total}
    for currency, total in totals.items():
        label = "-" if total is None else f"{amount_text(total)} {currency}"
        rows.append(["total", *[""] * (len(rows[0]) - 2), label])
    return rows


def _fitted(rows: _Table) -> _Table:
    """Formulas that would not fit 80 cells go on in a second line, before the factor that is the rate."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = _CELLS - sum(widths) + widths[-2] - len(_GAP) * (len(widths) - 1)
    fitted: _Table = []
    for row in rows:
        first, times, rate = row[-2].partition(" x ")
        if len(row[-2]) > room and times:
            fitted += [[*row[:-2], first, ""], [*[""] * (len(row) - 2), f"  x {rate}", row[-1]]]
        else:
            fitted.append(row)
    return fitted


_SHORT_ARCH = {"x86_64": "x86", "arm64": "arm"}


def _formula(line: LineItem) -> str:
    quantity = quantity_text(line.quantity)
    units = f"({quantity} - {quantity_text(line.free)} free)" if line.free else quantity
    unit = "" if line.unit == "request" else f" {line.unit}"
    return f"{units}{unit} x {NOT_PRICED if line.rate is None else text.decimal_text(line.rate)}"


def _cut(name: str, cells: int) -> str:
    return name if len(name) <= cells else f"{name[: cells - 1]}…"


def _lines_table(lines: Iterable[LineItem], statement: Statement) -> _Table:
    shown = list(lines)
    named = any(line.function for line in shown)
    header = ["Function"] * named + ["Dimension", "Region", "Arch", "Quantity", "Free", "Billable", "Unit", "Rate"]
    rows = [[*header, "Amount"]]
    for line in shown:
        tier = f" tier {line.tier}" if line.tier and line.tier > 1 else ""
        rate = NOT_PRICED if line.rate is None else text.decimal_text(line.rate)
        rows.append(
            [text.plain(line.function)] * named
            + [line.dimension.replace("_", " ") + tier, text.plain(line.region), text.plain(line.arch)]
            + [quantity_text(amount) for amount in (line.quantity, line.free, line.billable)]
            + [line.unit, rate, "-" if line.amount is None else f"{amount_text(line.amount)} {line.currency}"]
        )
    width = len(rows[0]) - 2
    totals: Mapping[str, Decimal | None] = statement.bill.totals or {"USD": statement.total}
    for currency, total in totals.items():
        label = "-" if total is None else f"{amount_text(total)} {currency}"
        rows.append(["total", *[""] * width, label])
    return rows


def _summed(lines: Iterable[LineItem]) -> list[LineItem]:
    """Lines of all functions that share region, architecture and rate, as one."""
    sums: dict[tuple[object, ...], LineItem] = {}
    for line in lines:
        key = (line.dimension, line.region, line.arch, line.tier, line.rate)
        one = sums.get(key)
        amount = line.amount if one is None or one.amount is None or line.amount is None else one.amount + line.amount
        sums[key] = line._replace(
            function="",
            quantity=line.quantity + (one.quantity if one else 0),
            free=line.free + (one.free if one else 0),
            billable=line.billable + (one.billable if one else 0),
            amount=amount,
        )
    return list(sums.values())


def _functions_table(bill: Bill, most: int = 10) -> list[list[str]]:
    costs = sorted(bill.by_function().items(), key=lambda item: (-item[1], item[0]))
    rows = [["Function", "Region", "Amount"]]
    rows += [[text.plain(key[0]), text.plain(key[2]), f"{amount_text(cost)} {key[3]}"] for key, cost in costs[:most]]
    if costs[most:]:
        rows.append([f"and {len(costs) - most} more, which cost less", "", ""])
    return rows


def _compared_table(base: Bill, compared: Sequence[Compared]) -> list[list[str]]:
    """The functions down, the what-ifs across; or, with one function, the what-ifs down."""
    names = list(dict.fromkeys(line.function for line in base.lines))
    if len(names) > 1:
        bills = [("as it is", base), *((text.plain(one.label), one.bill) for one in compared)]
        rows = [["Function", *(label for label, _ in bills)]]
        for name in names:
            rows.append([text.plain(name), *(_part(bill, name) for _, bill in bills)])
        return [*rows, ["total", *(_total_text(bill) for _, bill in bills)]]
    rows = [["What if", "Total", "Difference", "Per cent"], ["as it is", _total_text(base), "", ""]]
    for one in compared:
        ratio = "" if one.ratio is None else f"{one.ratio * 100:+.1f}%"
        difference = (
            "-" if one.difference is None else f"{'+' if one.difference > 0 else ''}{amount_text(one.difference)}"
        )
        rows.append([text.plain(one.label), _total_text(one.bill), difference, ratio])
    return rows


def _part(bill: Bill, function: str) -> str:
    lines = [line for line in bill.lines if line.function == function]
    return _total_text(Bill(tuple(lines), (), None)) if lines else "-"


def _total_text(bill: Bill) -> str:
    """``2.73 USD``; with ``+`` where something in it has no public price."""
    sums = " ".join(f"{amount_text(amount)} {currency}" for currency, amount in bill.totals.items())
    if not sums:
        return NOT_PRICED if bill.lines else f"0.00 {bill.currency}"
    return f"{sums} + {NOT_PRICED}" if bill.unpriced else sums


def _projection_table(projection: "ProjectedCost", currency: str) -> list[list[str]]:
    def shown(amount: Decimal | None) -> str:
        return "-" if amount is None else f"{amount_text(amount)} {currency}"

    return [
        ["Whole month", "p10", "p50", "p90"],
        ["projected", shown(projection.p10), shown(projection.p50), shown(projection.p90)],
    ]


def milestones_text(projection: "ProjectedCost") -> list[str]:
    """When the free tier runs out, and when the budget is passed, in a sentence each."""
    said = []
    for one in projection.run_outs:
        what = {"requests": "requests", "gb_seconds": "GB-seconds"}[one.what]
        where = "" if one.partition == "aws" else f" ({one.partition})"
        until = "last the month" if one.day is None else f"run out on {one.day}"
        verb = until if one.day is None or one.projected else f"ran out on {one.day}"
        said.append(f"free {what}{where} {verb}")
    if projection.budget is not None:
        day = projection.budget_day
        budget = amount_text(projection.budget)
        said.append(f"at this rate {budget} is {f'passed on {day}' if day else 'not passed this month'}")
    return said


_WORDS = (
    "Function",
    "Dimension",
    "Where",
    "Arithmetic",
    "Region",
    "Arch",
    "Unit",
    "What if",
    "Whole month",
    "Projection",
)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = [name in _WORDS for name in rows[0]]
    lines = (
        _GAP.join(
            cell.ljust(width) if words else cell.rjust(width)
            for cell, width, words in zip(row, widths, left, strict=True)
        ).rstrip()
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    escaped = [[_escaped(cell) for cell in row] for row in rows]
    rule = [":---" if name in _WORDS else "---:" for name in rows[0]]
    return "".join(f"| {' | '.join(row)} |\n" for row in [escaped[0], rule, *escaped[1:]])


def _escaped(cell: str) -> str:
    """A function may be named like Markdown or HTML; a name is shown, never obeyed."""
    for mark in ("\\", "|", "`", "*", "[", "]", "<", ">", "!"):
        cell = cell.replace(mark, f"\\{mark}")
    return cell

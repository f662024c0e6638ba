"""A bill on stdout: a text table, Markdown, CSV or JSON.

Text and Markdown are for people: each amount is rounded to the cent, below a cent to four significant digits, and so
is the total of the unrounded amounts. CSV and JSON carry exact decimals.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from lambdatui.cli.output.bill_explanation import explanation
from lambdatui.cli.output.statement import LINE_FIELDS, Statement
from lambdatui.cli.output.terminal_table import fitting_table
from lambdatui.text import figures
from lambdatui.text.plain import csv_cell, plain
from lambdatui.text.table import GAP, cells, cut, markdown_table
from pricing.bill import Bill, LineItem
from pricing.whatif import Compared

if TYPE_CHECKING:
    from lambdatui.views.costs import ProjectedCost
    from pricing.own_price import OwnPrice

NOT_PRICED = "not priced"
_CELLS = 80


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
            writer.writerow(csv_cell(cell) for cell in ([label, *cells] if named else cells))
    return buffer.getvalue()


def notes(statement: Statement) -> list[str]:
    """What a bill says of itself below its figures: how old its prices are, where that is too old."""
    days, sentences = statement.old_prices, []
    if statement.own is not None:
        sentences.append(own_basis_text(statement.own))
    if statement.own is not None and statement.compared:
        sentences.append("What-ifs are at your rates, before commitment and credits.")
    if days is not None:
        sentences.append(old_prices_text(statement.bill.prices_as_of, days))
    return sentences


def old_prices_text(as_of: str | None, days: int) -> str:
    """How old the prices are, and what gets newer ones."""
    return f"Prices are of {as_of}, {days} days old: 'lambdatui prices refresh' gets newer ones."


def as_text(statement: Statement) -> str:
    """Aligned tables, 80 cells wide: each line's arithmetic and the total, the what-ifs, and the projection."""
    found = [_aligned(rows) for rows in tables(statement, _formulas_table)]
    return "\n".join([*found, *_wrapped(notes(statement))])


def as_markdown(statement: Statement) -> str:
    """The tables for people as Markdown, each line of the bill with its region and rate."""
    found = [_markdown(rows) for rows in tables(statement, _lines_table)]
    return "\n".join([*found, *(f"{note}\n" for note in notes(statement))])


def _wrapped(notes: Iterable[str]) -> list[str]:
    import textwrap

    return ["".join(f"{line}\n" for line in textwrap.wrap(note, _CELLS)) for note in notes]


def as_explanation(statement: Statement) -> str:
    """The arithmetic step by step, then the tables of what is compared with it."""
    more = [_aligned(rows) for rows in tables(statement, _formulas_table)[1:]]
    return "\n".join([explanation(statement.bill, statement.workloads), *more, *_wrapped(notes(statement))])


_Table = list[list[str]]


def tables(statement: Statement, lines: "Callable[[Iterable[LineItem], Statement], _Table]") -> list[_Table]:
    """The tables for people, each with a header row. Recorded usage is shown in sums, what-ifs beside it."""
    bill = statement.bill
    parts = [lines(_summed(bill.lines) if statement.recorded else bill.lines, statement)]
    if statement.recorded and len({line.function for line in bill.lines}) > 1:
        parts.append(_functions_table(bill))
    if statement.compared:
        compared_with = statement.own.bill if statement.own else bill
        parts.append(_compared_table(statement.month or compared_with, statement.compared))
    if statement.own is not None:
        parts.append(_own_table(statement, statement.own))
    if statement.projection is not None and statement.milestones is not None:
        parts.append(_projection_table(statement.projection, bill.currency))
        parts[-1] += [_projection_table(projected, code)[1] for code, projected in statement.other_projections.items()]
        if statement.own_projection is not None:
            parts[-1].append(["at your price", *_projection_table(statement.own_projection, bill.currency)[1][1:]])
        said = [statement.projection.method, *milestones_text(statement.milestones, bill.currency)]
        parts.append([["Projection"], *([sentence] for sentence in said)])
    return parts


def own_rows(own: "OwnPrice", listed: Mapping[str, Decimal]) -> _Table:
    """What is paid, and what makes it differ from the list price's total: words and amounts."""
    rows = [["list price", figures.money(amount, currency)] for currency, amount in listed.items()]
    if own.settled is not None and own.terms.commitment:
        used = own.settled
        rows.append(["on demand at your rates", figures.money(used.on_demand, "USD")])
        unused = f", {figures.money(used.unused)} of it unused" if used.unused else ""
        rows.append([f"Savings Plan commitment{unused}", figures.money(used.commitment, "USD")])
    if own.settled is not None and own.terms.credits:
        rows.append(["credits used", figures.money(-own.settled.credits)])
    return [*rows, *(["your price", figures.money(amount, currency)] for currency, amount in own.totals.items())]


def own_basis_text(own: "OwnPrice") -> str:
    """By which of your terms your price comes about, in a sentence."""
    return f"Your price: {own.basis}."


def _own_table(statement: Statement, own: "OwnPrice") -> _Table:
    return [["Price", "Amount"], *own_rows(own, statement.bill.totals)]


def _formulas_table(lines: Iterable[LineItem], statement: Statement) -> _Table:
    """What is charged, its arithmetic, and what that comes to. Region and architecture only where they differ."""
    shown = list(lines)
    named = any(line.function for line in shown)
    where = len({(line.region, line.arch) for line in shown}) > 1
    rows = [["Function"] * named + ["Dimension"] + ["Where"] * where + ["Arithmetic", "Amount"]]
    for line in shown:
        tier = f" tier {line.tier}" if line.tier and line.tier > 1 else ""
        place = [plain(f"{line.region} {_SHORT_ARCH.get(line.arch, line.arch)}")] * where
        amount = figures.money(line.amount, line.currency)
        name = [cut(plain(line.function), 20)] * named
        rows.append([*name, line.dimension.replace("_", " ") + tier, *place, _formula(line), amount])
    totals: Mapping[str, Decimal | None] = statement.bill.totals or {"USD": statement.total}
    for currency, total in totals.items():
        rows.append(["total", *[""] * (len(rows[0]) - 2), figures.money(total, currency)])
    return _fitted(rows)


def _fitted(rows: _Table) -> _Table:
    """Formulas too long for 80 cells, continued on a second line before the factor that is the rate."""
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    room = _CELLS - sum(widths) + widths[-2] - len(GAP) * (len(widths) - 1)
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
    quantity = figures.quantity(line.quantity)
    units = f"({quantity} - {figures.quantity(line.free)} free)" if line.free else quantity
    unit = "" if line.unit == "request" else f" {line.unit}"
    return f"{units}{unit} x {NOT_PRICED if line.rate is None else figures.decimal_text(line.rate)}"


def _lines_table(lines: Iterable[LineItem], statement: Statement) -> _Table:
    shown = list(lines)
    named = any(line.function for line in shown)
    header = ["Function"] * named + ["Dimension", "Region", "Arch", "Quantity", "Free", "Billable", "Unit", "Rate"]
    rows = [[*header, "Amount"]]
    for line in shown:
        tier = f" tier {line.tier}" if line.tier and line.tier > 1 else ""
        rate = NOT_PRICED if line.rate is None else figures.decimal_text(line.rate)
        rows.append(
            [plain(line.function)] * named
            + [line.dimension.replace("_", " ") + tier, plain(line.region), plain(line.arch)]
            + [figures.quantity(amount) for amount in (line.quantity, line.free, line.billable)]
            + [line.unit, rate, figures.money(line.amount, line.currency)]
        )
    width = len(rows[0]) - 2
    totals: Mapping[str, Decimal | None] = statement.bill.totals or {"USD": statement.total}
    for currency, total in totals.items():
        rows.append(["total", *[""] * width, figures.money(total, currency)])
    return rows


def _summed(lines: Iterable[LineItem]) -> list[LineItem]:
    """Lines of functions that share region, architecture and rate, summed into one."""
    sums: dict[tuple[object, ...], LineItem] = {}
    for line in lines:
        key = (line.dimension, line.region, line.arch, line.unit, line.tier, line.rate)
        before = sums.get(key)
        amount = (
            line.amount
            if before is None or before.amount is None or line.amount is None
            else before.amount + line.amount
        )
        sums[key] = line._replace(
            function="",
            quantity=line.quantity + (before.quantity if before else 0),
            free=line.free + (before.free if before else 0),
            billable=line.billable + (before.billable if before else 0),
            amount=amount,
        )
    return list(sums.values())


def _functions_table(bill: Bill, most: int = 10) -> list[list[str]]:
    costs = sorted(bill.by_function().items(), key=lambda item: (-item[1], item[0]))
    rows = [["Function", "Region", "Amount"]]
    rows += [[plain(key[0]), plain(key[2]), figures.money(cost, key[3])] for key, cost in costs[:most]]
    if costs[most:]:
        rows.append([f"and {len(costs) - most:,} more, which cost less", "", ""])
    return rows


def _compared_table(base: Bill, compared: Sequence[Compared]) -> list[list[str]]:
    """The functions down, the what-ifs across; or, with one function, the what-ifs down."""
    names = list(dict.fromkeys(line.function for line in base.lines))
    if len(names) > 1:
        bills = [("as it is", base), *((plain(one.label), one.bill) for one in compared)]
        rows = [["Function", *(label for label, _ in bills)]]
        for name in names:
            rows.append([plain(name), *(_part(bill, name) for _, bill in bills)])
        return [*rows, ["total", *(_total_text(bill) for _, bill in bills)]]
    rows = [["What if", "Total", "Difference", "Per cent"], ["as it is", _total_text(base), "", ""]]
    for change in compared:
        ratio = "" if change.ratio is None else figures.change(change.ratio)
        sign = "+" if change.difference is not None and change.difference > 0 else ""
        difference = f"{sign}{figures.money(change.difference, base.currency)}"
        rows.append([plain(change.label), _total_text(change.bill), difference, ratio])
    return rows


def _part(bill: Bill, function: str) -> str:
    lines = [line for line in bill.lines if line.function == function]
    return _total_text(Bill(tuple(lines), (), None)) if lines else "-"


def _total_text(bill: Bill) -> str:
    """``$2.73``; with ``+`` where something in it has no public price."""
    sums = " ".join(figures.money(amount, currency) for currency, amount in bill.totals.items())
    if not sums:
        return NOT_PRICED if bill.lines else figures.money(Decimal(0), bill.currency)
    return f"{sums} + {NOT_PRICED}" if bill.unpriced else sums


def _projection_table(projection: "ProjectedCost", currency: str) -> list[list[str]]:
    amounts = (projection.p10, projection.p50, projection.p90)
    return [
        ["Whole month", "p10", "p50", "p90"],
        ["projected", *(figures.money(amount, currency) for amount in amounts)],
    ]


def milestones_text(projection: "ProjectedCost", currency: str) -> list[str]:
    """When the free tier runs out, and when the budget of that currency is passed, in a sentence each."""
    sentences = []
    for run_out in projection.run_outs:
        what = {"requests": "requests", "gb_seconds": "GB-seconds"}[run_out.what]
        where = "" if run_out.partition == "aws" else f" ({run_out.partition})"
        until = "last the month" if run_out.day is None else f"run out on {run_out.day}"
        verb = until if run_out.day is None or run_out.projected else f"ran out on {run_out.day}"
        sentences.append(f"free {what}{where} {verb}")
    if projection.budget is not None:
        day = projection.budget_day
        budget = figures.money(projection.budget, currency)
        sentences.append(f"at this rate {budget} is {f'passed on {day}' if day else 'not passed this month'}")
    return sentences


_WORDS = (
    "Function",
    "Dimension",
    "Where",
    "Arithmetic",
    "Region",
    "Arch",
    "Unit",
    "What if",
    "Price",
    "Whole month",
    "Projection",
)


def _right(rows: Sequence[Sequence[str]]) -> list[int]:
    return [at for at, name in enumerate(rows[0]) if name not in _WORDS]


_NEEDS = {"Dimension": 0, "Amount": 0, "Function": 1, "Quantity": 2, "Unit": 2, "Arithmetic": 1, "Rate": 3,
          "Billable": 4, "Free": 5, "Region": 6, "Where": 6, "Arch": 7}  # fmt: skip
"""Which columns of a bill a narrow terminal leaves out first: those of the highest number."""


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    right, header = _right(rows), rows[0]
    words = [place for place in range(len(header)) if place not in right] if len(header) > 1 else []
    needs = [_NEEDS.get(title, place) for place, title in enumerate(header)]
    return fitting_table(rows, right=right, cuttable=words, needs=needs)[0]


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return markdown_table(rows, right=_right(rows))

"""The CSV that Cost Explorer's console gives: a row a day or month, a column a service, usage type, account or region.

Its words follow the console's language, so only its form is looked at: the first cell of most rows is a date, and the
header's cells end with a currency in brackets. A row of totals has no date; a column of totals is the sum of the rest.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from pricing.actuals import Actual, Export, NotAnExport, is_lambda
from pricing.export_rows import next_month
from pricing.export_values import NotAValue, Style, currency_of
from pricing.line_kinds import MIXED, UNKNOWN, kind_of
from pricing.usage_types import EVERYTHING, dimension_of, is_free_tier, is_lambdas, region_of

_ZERO = Decimal(0)
_HEAD = re.compile(r"(.*?)\s*\(([^()]*)\)\s*")
_DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def is_console(table: Sequence[Sequence[str]]) -> bool:
    """Whether a table has the console's form: brackets with a currency in its header, dates below or across."""
    if len(table) < 2:
        return False
    head = table[0]
    down = any(_DATE.match(row[0].strip()) for row in table[1:4] if row)
    across = any(_DATE.match(cell.strip()) for cell in head[1:3])
    priced = any((found := _HEAD.fullmatch(cell)) is not None and currency_of(found[2]) for cell in head[1:])
    return (down and priced) or (across and not down)


def export_of_console(table: Sequence[Sequence[str]], *, comma_likely: bool = False) -> Export:
    """Lambda's column of the table, day by day; the other columns are other services. Raises ``NotAnExport``."""
    if any(_DATE.match(cell.strip()) for cell in table[0][1:3]):
        table = [list(column) for column in zip(*table, strict=False)]
    head, body = table[0], [row for row in table[1:] if row and _DATE.match(row[0].strip())]
    style = Style.of(
        (cell for row in body for cell in row[1:]), (row[0] for row in body), comma_likely=comma_likely
    )  # fmt: skip
    charges: list[Actual] = []
    others: dict[tuple[str, str], tuple[int, Decimal]] = {}
    rejected: list[str] = []
    columns = _columns(head)
    if not columns:
        raise NotAnExport(f"no column with a currency in brackets, such as Lambda($); there are {', '.join(head[:6])}")
    totals = {place for place, _, _ in columns if _is_total(place, columns, body, style)}
    by_usage_type = any(is_lambdas(name) and not is_lambda(name) for place, name, _ in columns if place not in totals)
    for number, row in enumerate(body, 2):
        if len(row) != len(head):
            rejected.append(f"line of {row[0]}: cut short, or with fields too many")
            continue
        for place, name, currency in columns:
            if place in totals:
                continue
            try:
                amount, day = style.number(row[place], "cost"), style.day(row[0])
            except NotAValue as error:
                rejected.append(f"line {number}: {error}")
                continue
            if amount is None:
                continue
            found = _charge(name, day, amount, currency, by_usage_type=by_usage_type)
            if found is not None:
                charges.append(found)
            else:
                had = others.get((name, currency), (0, _ZERO))
                others[name, currency] = had[0] + 1, had[1] + amount
    if rejected and not charges and not others:
        raise NotAnExport(f"no line can be read; {rejected[0]}")
    notes = []
    left = [
        head[place]
        for place in range(1, len(head))
        if head[place].strip() and place not in {charge for charge, _, _ in columns}
    ]
    if left:
        notes.append(f"columns that are no amounts of money are left out: {', '.join(left[:6])}")
    if charges and not any(is_lambda(name) or is_lambdas(name) for _, name, _ in columns):
        notes.append("no column is Lambda's: the table is taken as filtered to Lambda")
    days = {charge.day for charge in charges}
    if days and all(day.day == 1 for day in days):
        notes.append("every row is the first of a month: they are read as months")
        charges = [replace(charge, end=next_month(charge.day)) for charge in charges]
    return Export(tuple(charges), "Cost Explorer's console", "unblended", others, tuple(rejected), tuple(notes))


def _columns(head: Sequence[str]) -> list[tuple[int, str, str]]:
    """The place, name and currency of each column of amounts."""
    columns = []
    for column, cell in enumerate(head[1:], 1):
        match = _HEAD.fullmatch(cell.strip())
        name, unit = (match[1].strip(), match[2]) if match else (cell.strip(), "$")
        while (inner := _HEAD.fullmatch(name)) is not None and currency_of(inner[2]):
            name = inner[1].strip()
        currency = currency_of(unit)
        if currency and name:
            columns.append((column, name, currency))
    return columns


def _is_total(at: int, columns: Sequence[tuple[int, str, str]], body: Sequence[Sequence[str]], style: Style) -> bool:
    """The last column, where it is the sum of the others in every row, or says so in English."""
    if at != columns[-1][0] or len(columns) == 1:
        return False
    if re.match(r"(grand )?total", columns[-1][1], re.IGNORECASE):
        return True
    for row in body:
        try:
            amounts = [style.number(row[one], "cost") or _ZERO for one, _, _ in columns]
        except (NotAValue, IndexError):
            continue
        if abs(sum(amounts[:-1], _ZERO) - amounts[-1]) > Decimal("0.000001"):
            return False
    return True


def _charge(name: str, day: date, amount: Decimal, currency: str, *, by_usage_type: bool) -> Actual | None:
    """Of a column that is Lambda's, or of a table that can only be Lambda's: by usage type, region or account."""
    blank = Actual(day, EVERYTHING, "", "", None, None, amount, None, currency, kind=MIXED)
    if by_usage_type:
        if not is_lambdas(name):
            return None
        dimension, arch = dimension_of(name)
        return replace(
            blank, dimension=dimension, arch=arch, region=region_of(name), usage_type=name,
            free_tier=is_free_tier(name, ""),
        )  # fmt: skip
    if is_lambda(name):
        return blank
    if _REGION.fullmatch(name):
        return replace(blank, region=name)
    account = re.search(r"\b(\d{12})\b", name)
    if account is not None:
        return replace(blank, account=account[1])
    kind = kind_of(name)
    return None if kind == UNKNOWN or kind == "tax" else replace(blank, kind=kind, record_type=name)

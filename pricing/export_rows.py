"""FOCUS (1.0 to 1.2) and Cost and Usage Report (1.0, 2.0) rows, and plain tables of the same columns.

Rows come in as mappings of column names to values; what they are read from is not known here. Names of columns are
compared without case, slashes and underscores: CUR 1.0's ``lineItem/UsageType`` is 2.0's ``line_item_usage_type``.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pricing.actuals import Actual, Export, NotAnExport, is_lambda
from pricing.export_values import NotAValue, Style, currency_of, text_of
from pricing.line_kinds import COVERED, MIXED, NEGATION, OF_USAGE, RESERVED, USAGE, kind_of, kind_of_focus
from pricing.usage_types import EVERYTHING, dimension_of, is_free_tier, is_lambdas, region_of

CUT = "\0cut"  # a key of a row that has fewer or more fields than the header; its value is the place
_ZERO = Decimal(0)

# Our field, and what FOCUS, the Cost and Usage Reports and plain tables call it, without case and signs.
_COLUMNS: Mapping[str, Sequence[str]] = {
    "start": ("chargeperiodstart", "lineitemusagestartdate", "date", "day", "usagestartdate"),
    "end": ("chargeperiodend", "lineitemusageenddate"),
    "interval": ("identitytimeinterval",),
    "id": ("identitylineitemid",),
    "service": ("servicename", "xservicecode", "lineitemproductcode", "service"),
    "usage_type": ("xusagetype", "lineitemusagetype", "usagetype"),
    "meter": ("skumeter",),
    "description": ("chargedescription", "lineitemlineitemdescription"),
    "quantity": ("pricingquantity", "lineitemusageamount", "quantity", "usagequantity"),
    "consumed": ("consumedquantity",),
    "cost": ("billedcost", "lineitemunblendedcost", "unblendedusd", "unblendedcost", "cost"),
    "list_cost": ("listcost", "pricingpublicondemandcost"),
    "net": ("contractedcost", "lineitemnetunblendedcost", "netunblendedcost"),
    "effective": ("effectivecost", "amortizedcost"),
    "plan_effective": ("savingsplansavingsplaneffectivecost",),
    "plan_net": ("savingsplannetsavingsplaneffectivecost",),
    "reserved_effective": ("reservationeffectivecost",),
    "reserved_net": ("reservationneteffectivecost",),
    "region": ("regionid", "productregioncode", "productregion", "region"),
    "account": ("subaccountid", "lineitemusageaccountid", "linkedaccount", "account", "accountid"),
    "currency": ("billingcurrency", "lineitemcurrencycode", "currency"),
    "category": ("chargecategory",),
    "kind": ("lineitemlineitemtype", "recordtype", "chargetype"),
    "commitment": ("commitmentdiscountid", "savingsplansavingsplanarn"),
    "commitment_type": ("commitmentdiscounttype",),
    "commitment_status": ("commitmentdiscountstatus",),
    "estimated": ("estimated",),
    "resource": ("resourceid", "lineitemresourceid"),
}
_NEEDED = {
    "start": "ChargePeriodStart or line_item_usage_start_date", "service": "ServiceName or line_item_product_code",
    "cost": "BilledCost or line_item_unblended_cost",
}  # fmt: skip
_AMOUNTS = ("quantity", "consumed", "cost", "list_cost", "net", "effective", "plan_effective", "plan_net",
            "reserved_effective", "reserved_net")  # fmt: skip


@dataclass(slots=True)
class _Read:
    """What was read of a table until now."""

    names: Mapping[str, str]
    focus: bool
    style: Style = field(default_factory=Style)
    charges: list[Actual] = field(default_factory=list)
    others: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)
    duplicates: int = 0
    ids: set[tuple[object, ...]] = field(default_factory=set)


def export_of_rows(rows: Iterable[Mapping[str, Any]], *, comma_likely: bool = False) -> Export:
    """Lambda's lines among an export's rows; lines that cannot be read are counted. Raises ``NotAnExport``.

    ``comma_likely``: fields are not separated by commas, so that a comma may stand before decimals.
    """
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return Export((), "an export without lines")
    names = _names(first)
    read = _Read(names, focus="chargecategory" in map(_plain, first) or "billedcost" in map(_plain, first))
    rows_with_names = [_fields(names, row, number) for number, row in enumerate((first, *iterator), 2)]
    read.style = Style.of(
        (row[name] for row in rows_with_names for name in _AMOUNTS if name in row),
        (row["start"] for row in rows_with_names), comma_likely=comma_likely,
    )  # fmt: skip
    for row in rows_with_names:
        if CUT in row:
            read.rejected.append(f"line {row[CUT]}: cut short, or with fields too many")
            continue
        try:
            _take(row, read)
        except NotAValue as error:
            read.rejected.append(f"line {row['line']}: {error}")
    if read.rejected and not read.charges and not read.others:
        raise NotAnExport(f"no line can be read; {read.rejected[0]}")
    return _export(read)


def _plain(name: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _names(row: Mapping[str, Any]) -> dict[str, str]:
    there = {_plain(name): name for name in row if name != CUT}
    names = {ours: next((there[name] for name in theirs if name in there), "") for ours, theirs in _COLUMNS.items()}
    seen = ", ".join(str(name) for name in list(row)[:6] if name != CUT)
    for ours, columns in _NEEDED.items():
        if names[ours] or (ours == "cost" and (names["net"] or names["effective"] or names["quantity"])):
            continue
        if ours == "service" and names["usage_type"]:
            continue
        raise NotAnExport(
            f"no column for the {ours}: a FOCUS or CUR export has {columns}; the columns here are {seen or 'none'}"
        )
    return {ours: name for ours, name in names.items() if name}


def _fields(names: Mapping[str, str], row: Mapping[str, Any], number: int) -> dict[str, Any]:
    fields = {ours: row.get(name) for ours, name in names.items()}
    fields["line"] = number
    if CUT in row:
        fields[CUT] = row[CUT]
    return fields


def _take(row: Mapping[str, Any], read: _Read) -> None:
    get = {name: text_of(row.get(name)) for name in _COLUMNS}
    usage_type = get["usage_type"] or (get["meter"] if is_lambdas(get["meter"]) else "")
    currency = currency_of(get["currency"]) or get["currency"] or "USD"
    cost = read.style.number(row.get("cost"), "cost")
    if not (is_lambda(get["service"]) if "service" in read.names else is_lambdas(usage_type)):
        service = get["service"] or usage_type or "no service named"
        if _kind(get, read) not in OF_USAGE:
            service = f"{service} {get['kind'] or get['category']}"  # a Savings Plan's fee, a tax of all services
        had = read.others.get((service, currency), (0, _ZERO))
        read.others[service, currency] = had[0] + 1, had[1] + (cost or _ZERO)
        return
    actual = _actual(row, get, read, usage_type=usage_type, currency=currency, cost=cost)
    if get["id"]:
        known = (get["id"], get["interval"], actual)
        if known in read.ids:
            read.duplicates += 1
            return
        read.ids.add(known)
    read.charges.append(actual)


def _actual(
    row: Mapping[str, Any], get: Mapping[str, str], read: _Read, *, usage_type: str, currency: str, cost: Decimal | None
) -> Actual:
    number = read.style.number
    day = read.style.day(row["start"])
    description = get["description"]
    kind = _kind(get, read)
    used = kind in OF_USAGE
    dimension, arch = dimension_of(usage_type, description) if usage_type or description else (EVERYTHING, None)
    quantity = number(row.get("quantity"), "quantity")
    if quantity is None:
        quantity = number(row.get("consumed"), "quantity")
    list_cost, net = number(row.get("list_cost"), "list cost"), number(row.get("net"), "net cost")
    if cost is None and "cost" in read.names and net is None:
        cost = _ZERO  # an empty cell of a column that is there
    return Actual(
        day, dimension, region_of(usage_type, get["region"]), get["account"], arch, quantity if used else None,
        cost, list_cost, currency,
        commitment=kind in (COVERED, RESERVED), estimated=get["estimated"].lower() == "true",
        free_tier=is_free_tier(usage_type, description), resource=get["resource"], end=_end(get, read.style, day),
        kind=kind, record_type=get["kind"] or get["category"], usage_type=usage_type, net=net,
        effective=_effective(row, read, kind),
    )  # fmt: skip


def _kind(get: Mapping[str, str], read: _Read) -> str:
    if get["kind"]:
        return kind_of(get["kind"])
    if get["category"]:
        return kind_of_focus(
            get["category"], get["description"],
            " ".join((get["commitment"], get["commitment_type"])).strip() if get["commitment"] else "",
            get["commitment_status"],
        )  # fmt: skip
    return USAGE if "kind" in read.names or "category" in read.names else MIXED


def _effective(row: Mapping[str, Any], read: _Read, kind: str) -> Decimal | None:
    """What a line costs with its share of a commitment, where the export says so."""
    first = {COVERED: ("plan_net", "plan_effective"), RESERVED: ("reserved_net", "reserved_effective")}
    for name in (*first.get(kind, ()), "effective"):
        found = read.style.number(row.get(name), "effective cost")
        if found is not None:
            return found
    return None


def _end(get: Mapping[str, str], style: Style, day: date) -> date | None:
    """The day before which a line ends; None for a day's or an hour's line, and where the export does not say."""
    end = get["end"] or get["interval"].partition("/")[2]
    if not end:
        return None
    try:
        last = style.day(end)
    except NotAValue:
        return None
    midnight = not re.search(r"[1-9]", end[10:].split("+")[0]) or len(end) <= 10
    last = last if midnight else last + timedelta(days=1)
    return last if last > day + timedelta(days=1) else None


def _export(read: _Read) -> Export:
    charges, notes = read.charges, []
    if read.duplicates:
        notes.append(f"{read.duplicates} lines have the identity of a line before them and are counted once")
    months = {charge.day for charge in charges if charge.is_usage}
    if "end" not in read.names and len(months) > 1 and all(day.day == 1 for day in months):
        notes.append("every line begins on the first of a month: they are read as months")
        charges = [replace(charge, end=next_month(charge.day)) for charge in charges]
    charges, foreign = _in_one_currency(charges) if read.focus else (charges, 0)
    if foreign:
        notes.append(
            f"EffectiveCost or ContractedCost of {foreign} lines without a commitment is not their BilledCost, as if "
            "in another currency: BilledCost is taken"
        )
    negative = sum(
        1 for charge in charges if charge.is_usage and charge.kind != NEGATION and (charge.quantity or _ZERO) < 0
    )
    if negative:
        notes.append(f"usage of a negative quantity is counted as corrections: {negative}")
    shape = "FOCUS" if read.focus else "Cost and Usage Report" if "kind" in read.names else "a table of costs"
    named = next((read.names[name] for name in ("cost", "net", "effective") if name in read.names), "")
    return Export(tuple(charges), shape, named, read.others, tuple(read.rejected), tuple(notes))


def _in_one_currency(charges: Sequence[Actual]) -> tuple[list[Actual], int]:
    """Lines billed in another currency than dollars, whose other amounts seem to be left in dollars.

    FOCUS has all of them in BillingCurrency, and EffectiveCost differs from BilledCost by commitments only.
    """
    converted, count = [], 0
    for charge in charges:
        amounts = [amount for amount in (charge.net, charge.effective) if amount is not None]
        if (
            charge.kind == USAGE
            and charge.currency != "USD"
            and charge.cost
            and any(abs(amount - charge.cost) > abs(charge.cost) / 100 for amount in amounts)
        ):
            charge, count = replace(charge, net=None, effective=None), count + 1
        converted.append(charge)
    return converted, count


def next_month(day: date) -> date:
    """The first day of the month after the one that holds ``day``."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)

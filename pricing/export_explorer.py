"""Answers of Cost Explorer's GetCostAndUsage, grouped by any two of its dimensions, daily, monthly or hourly."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pricing.actuals import Actual, Export, NotAnExport, is_lambda
from pricing.export_values import NotAValue, Style, currency_of
from pricing.line_kinds import COVERED, MIXED, NEGATION, OF_COMMITMENTS, OF_USAGE, RESERVED, kind_of
from pricing.usage_types import EVERYTHING, dimension_of, is_free_tier, is_lambdas, region_of

_ZERO = Decimal(0)
_STYLE = Style()
_NONE = frozenset(("NoUsageType", "No Usage Type", "No usage type"))  # what Cost Explorer calls a group without one
_KNOWN = ("UnblendedCost", "NetUnblendedCost", "AmortizedCost", "NetAmortizedCost", "BlendedCost", "UsageQuantity")


def export_of_answers(answers: list[Mapping[str, Any]]) -> Export:
    """The pages of one answer, or several answers. Without any group they are taken as filtered to Lambda.

    Raises ``NotAnExport``.
    """
    charges: list[Actual] = []
    others: dict[tuple[str, str], tuple[int, Decimal]] = {}
    metrics: dict[str, None] = {}
    notes: dict[str, None] = {}
    seen: set[tuple[str, ...]] = set()
    for answer in answers:
        if not isinstance(answer.get("ResultsByTime"), list):
            raise NotAnExport("no ResultsByTime: this is no answer of GetCostAndUsage")
        kinds = [_key_of(one) for one in answer.get("GroupDefinitions") or []]
        if not {"SERVICE", "USAGE_TYPE"} & set(kinds):
            notes["neither grouped by SERVICE nor by USAGE_TYPE: the answer is taken as filtered to Lambda"] = None
        for period in answer["ResultsByTime"]:
            for group in _groups(period):
                amounts = _amounts(group.get("Metrics") or {})
                start, end = _day(period["TimePeriod"]["Start"]), _end(period["TimePeriod"])
                keys = dict(zip(kinds, group.get("Keys", ()), strict=False))
                group_key = (
                    str(period["TimePeriod"]),
                    *map(str, kinds),
                    *group.get("Keys", ()),
                    str(group.get("Metrics")),
                )
                if group_key in seen:
                    notes["the same group of the same period stands there twice and is counted once"] = None
                    continue
                seen.add(group_key)
                metrics |= dict.fromkeys(name for name in _KNOWN if name in amounts)
                if not _ours(keys):
                    _add_other(others, keys, amounts)
                    continue
                charges.append(_actual(keys, amounts, start, end, estimated=bool(period.get("Estimated"))))
    if "BlendedCost" in metrics and not {"UnblendedCost", "NetUnblendedCost", "AmortizedCost"} & set(metrics):
        notes["BlendedCost averages an organisation's rates: amounts are not compared; ask for UnblendedCost"] = None
    costs = [name for name in metrics if name != "UsageQuantity"]
    return Export(tuple(charges), "Cost Explorer", " and ".join(costs or metrics), others, (), tuple(notes))


def _key_of(definition: Any) -> str:
    key = str(definition.get("Key", "")).upper()
    if str(definition.get("Type", "DIMENSION")).upper() != "DIMENSION":
        return f"{definition.get('Type')} {key}"
    return key


def _groups(period: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return period.get("Groups") or ([{"Keys": [], "Metrics": period["Total"]}] if period.get("Total") else [])


def _ours(keys: Mapping[str, str]) -> bool:
    if "SERVICE" in keys:
        return is_lambda(keys["SERVICE"])
    usage_type = keys.get("USAGE_TYPE", "")
    return not usage_type or usage_type in _NONE or is_lambdas(usage_type) or "DataTransfer" in usage_type


def _amounts(metrics: Mapping[str, Any]) -> dict[str, tuple[Decimal, str]]:
    amounts = {}
    for name, amount in metrics.items():
        try:
            number = _STYLE.number(amount["Amount"], name)
        except NotAValue as error:
            raise NotAnExport(str(error)) from error
        amounts[str(name)] = number if number is not None else _ZERO, str(amount.get("Unit") or "")
    if not any(name in amounts for name in _KNOWN):
        seen = f"; there is {', '.join(amounts)}" if amounts else ""
        raise NotAnExport(
            f"no amount that is known{seen}: ask GetCostAndUsage for the metrics UnblendedCost and UsageQuantity"
        )
    return amounts


def _add_other(
    others: dict[tuple[str, str], tuple[int, Decimal]],
    keys: Mapping[str, str],
    amounts: Mapping[str, tuple[Decimal, str]],
) -> None:
    amount, unit = next((amounts[name] for name in _KNOWN[:-1] if name in amounts), (_ZERO, "USD"))
    name = keys.get("SERVICE") or keys.get("USAGE_TYPE") or "no service named"
    had = others.get((name, currency_of(unit) or "USD"), (0, _ZERO))
    others[name, currency_of(unit) or "USD"] = had[0] + 1, had[1] + amount


def _actual(
    keys: Mapping[str, str],
    amounts: Mapping[str, tuple[Decimal, str]],
    start: date,
    end: date | None,
    *,
    estimated: bool,
) -> Actual:
    units = [unit for name, (_, unit) in amounts.items() if name != "UsageQuantity"]
    return actual_of(
        start, keys.get("USAGE_TYPE", ""), keys.get("RECORD_TYPE"), keys.get("LINKED_ACCOUNT", ""),
        {name: amount for name, (amount, _) in amounts.items()},
        next((currency_of(unit) for unit in units if currency_of(unit)), "USD"),
        region=keys.get("REGION", ""), end=end, estimated=estimated,
    )  # fmt: skip


def actual_of(
    start: date,
    usage_type: str,
    record_type: str | None,
    account: str,
    amounts: Mapping[str, Decimal | str | None],
    currency: str,
    *,
    region: str = "",
    end: date | None = None,
    estimated: bool = False,
) -> Actual:
    """One group of an answer. ``amounts`` by metric; ``record_type`` is empty or None where it was not asked for."""
    kind = kind_of(record_type) if record_type else MIXED
    dimension, arch = dimension_of(usage_type) if usage_type and usage_type not in _NONE else (EVERYTHING, None)

    def amount(*names: str) -> Decimal | None:
        return next((Decimal(found) for name in names if (found := amounts.get(name)) is not None), None)

    cost, effective = amount("UnblendedCost"), amount("NetAmortizedCost", "AmortizedCost")
    if kind in OF_COMMITMENTS and kind != NEGATION and cost is None:
        cost = effective
    return Actual(
        start, dimension, region_of(usage_type, region), account, arch,
        amount("UsageQuantity") if kind in OF_USAGE and dimension != EVERYTHING else None, cost, None, currency,
        commitment=kind in (COVERED, RESERVED), estimated=estimated, free_tier=is_free_tier(usage_type, ""),
        end=end, kind=kind, record_type=record_type or "", usage_type=usage_type, net=amount("NetUnblendedCost"),
        effective=effective if kind in OF_USAGE else None,
    )  # fmt: skip


def _day(text: Any) -> date:
    try:
        return _STYLE.day(text)
    except NotAValue as error:
        raise NotAnExport(str(error)) from error


def _end(period: Mapping[str, Any]) -> date | None:
    start, end = _day(period["Start"]), _day(period.get("End") or period["Start"])
    return end if (end - start).days > 1 else None

"""A bill as one JSON object, in exact decimals: the contract of ``--json``."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lambdatui.cli import gates
from lambdatui.cli.output.statement import LINE_FIELDS, LIST_PRICE, Statement
from lambdatui.text import figures
from lambdatui.text.plain import json_text
from pricing.bill import LineItem
from pricing.free_tier import ALLOCATION, FreeTierUse
from pricing.outside import outside
from pricing.recommendations import BASIS
from pricing.whatif import Compared

if TYPE_CHECKING:
    from lambdatui.views.costs import ProjectedCost
    from pricing.own_price import OwnPrice


def as_json(statement: Statement) -> str:
    """The contract's object: ``lines``, ``total``, ``free_tier``, ``projection``, ``prices_as_of``."""
    bill = statement.bill
    document: dict[str, Any] = {
        "lines": [_line_json(line) for line in bill.lines],
        "total": _decimal(statement.total),
        "currency": bill.currency,
        "free_tier": _free_tier_json(bill.free_tier),
        "projection": _projection_json(statement.projection),
        "basis_of_prices": LIST_PRICE,
        "prices_as_of": bill.prices_as_of,
        "prices_too_old_days": statement.old_prices,
        "outside": list(outside(credits=bool(statement.own and statement.own.terms.credits))),
    }
    if statement.milestones is not None:
        document["milestones"] = _milestones_json(statement.milestones)
    if statement.own is not None:
        document["your_price"] = _own_json(statement.own, statement.own_projection)
    if len(bill.totals) > 1:
        document["totals"] = {currency: figures.decimal_text(amount) for currency, amount in bill.totals.items()}
    if statement.other_projections:
        every = {bill.currency: statement.projection, **statement.other_projections}
        document["projections"] = {
            code: None if projected is None or projected.p50 is None else figures.decimal_text(projected.p50)
            for code, projected in every.items()
        }
    if statement.recorded:
        document["as_of"] = statement.as_of
        document["missing"] = list(statement.missing)
    if statement.gates:
        document["gates"] = {name: gates.as_json(gate, statement.basis) for name, gate in statement.gates.items()}
    if statement.compared:
        basis = LIST_PRICE if statement.own is None else "your rates"
        if statement.month is not None:
            document["compare_basis"] = BASIS
            document["compare_now"] = _decimal(statement.month.totals.get(statement.month.currency))
        document["compare"] = [{**_compared_json(compared), "basis": basis} for compared in statement.compared]
    return json_text(document)


def _own_json(own: "OwnPrice", projection: "ProjectedCost | None") -> dict[str, Any]:
    """Your price beside the list's: the same lines at your rates, what is paid in all, and how that comes about."""
    totals, settled = own.totals, own.settled
    return {
        "basis": own.basis,
        "total": _decimal(next(iter(totals.values()), None)) if len(totals) <= 1 else None,
        "totals": {currency: figures.decimal_text(amount) for currency, amount in totals.items()},
        "on_demand": None if settled is None else figures.decimal_text(settled.on_demand),
        "commitment": None if settled is None else figures.decimal_text(settled.commitment),
        "commitment_unused": None if settled is None else figures.decimal_text(settled.unused),
        "credits": None if settled is None else figures.decimal_text(settled.credits),
        "projection": _projection_json(projection),
        "lines": [{**_line_json(line), "price": own.terms.basis_of(line)} for line in own.bill.lines],
    }


def _line_json(line: LineItem) -> dict[str, Any]:
    row: dict[str, Any] = {name: _value(getattr(line, name)) for name in LINE_FIELDS}
    row["formula"] = line.formula
    return row


def _value(value: object) -> Any:
    return figures.decimal_text(value) if isinstance(value, Decimal) else None if value == "" else value


def _decimal(amount: Decimal | None) -> str | None:
    return None if amount is None else figures.decimal_text(amount)


def _free_tier_json(uses: Sequence[FreeTierUse]) -> dict[str, Any]:
    """The first partition's allowance, and the others where usage lies in several."""
    if not uses:
        return {"applied": False}
    documents = [
        {
            "applied": use.requests is not None,
            "partition": use.partition,
            "requests": use.requests,
            "requests_used": use.requests_used,
            "gb_seconds": use.gb_seconds,
            "gb_seconds_used": figures.decimal_text(use.gb_seconds_used),
            "allocation": ALLOCATION,
        }
        for use in uses
    ]
    return {**documents[0], "others": documents[1:]} if documents[1:] else documents[0]


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
                "partition": run_out.partition,
                "what": run_out.what,
                "runs_out_on": run_out.day.isoformat() if run_out.day else None,
                "projected": run_out.projected,
            }
            for run_out in projection.run_outs
        ],
        "budget": _decimal(projection.budget),
        "budget_passed_on": projection.budget_day.isoformat() if projection.budget_day else None,
    }


def _compared_json(compared: Compared) -> dict[str, Any]:
    return {
        "label": compared.label,
        "total": _decimal(compared.bill.total if len(compared.bill.totals) <= 1 else None),
        "currency": compared.bill.currency,
        "difference": _decimal(compared.difference),
        "lines": [_line_json(line) for line in compared.bill.lines],
    }

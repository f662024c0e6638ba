"""``--fail-over`` and ``--budget``: exit codes for scripts, and on stderr what decided.

0 within the limit, 4 over it already, 3 where what is not known could decide: it is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from collectors.model.errors import ExitCode
from lambdatui.text import figures
from lambdatui.text.plain import plain
from pricing.bill import Bill
from pricing.gate import Passed, Verdict, gate, unknown_of

if TYPE_CHECKING:
    from lambdatui.views.costs import CostsView, ProjectedCost
    from pricing.own_price import OwnPrice
    from pricing.whatif import Compared

_CODES = {Passed.YES: ExitCode.DONE, Passed.UNKNOWN: ExitCode.PARTLY, Passed.NO: ExitCode.OVER_BUDGET}


def verdict(
    limit: Decimal,
    bill: Bill,
    *,
    totals: Mapping[str, Decimal] | None = None,
    compared: "Sequence[Compared]" = (),
) -> Verdict:
    """A month of figures against ``limit`` USD. What-ifs do not decide, but what is unknown of them is named.

    ``totals`` are the bill's unless they are given. Raises ``click.UsageError`` for a bill in other currencies only.
    """
    from lambdatui.settings.price_book import not_as_named

    totals = bill.totals if totals is None else totals
    _in_usd(totals)
    return gate(limit, totals, bill.lines, missing=(*not_as_named(), *_of_others(compared)))


def of_view(
    limit: Decimal,
    view: "CostsView",
    own: "OwnPrice | None" = None,
    own_month: "ProjectedCost | None" = None,
    compared: "Sequence[Compared]" = (),
) -> Verdict:
    """The month of recorded usage against ``limit`` USD: what Costs and the header say.

    Raises ``click.UsageError`` where the bill is in other currencies only.
    """
    from lambdatui.settings.price_book import not_as_named
    from lambdatui.views.gates import budget_of

    _in_usd(view.totals if own is None else own.totals)
    found = budget_of(view, limit, own, own_month, unusable_rates=not_as_named())
    return replace(found, missing=tuple(dict.fromkeys((*found.missing, *_of_others(compared)))))


def _of_others(compared: "Sequence[Compared]") -> list[str]:
    return [f"{one.label}: {reason}" for one in compared for reason in unknown_of(one.bill.lines)]


def _in_usd(totals: Mapping[str, Decimal]) -> None:
    if totals and "USD" not in totals:
        raise click.UsageError(f"the limit is in USD; this bill is in {' and '.join(sorted(totals))}")


def as_json(verdict: Verdict, basis: str) -> dict[str, Any]:
    """A verdict as ``--json`` has it; amounts are text, so that no digit is lost."""
    return {
        "basis": basis,
        "verdict": verdict.passed.value,
        "limit": figures.decimal_text(verdict.limit),
        "known": figures.decimal_text(verdict.known),
        "currency": verdict.currency,
        "projected": verdict.projected,
        "missing": list(verdict.missing),
    }


def code_of(verdicts: "Iterable[Verdict]") -> int:
    """The exit code of the worst verdict."""
    return max((_CODES[one.passed] for one in verdicts), default=0)


def say(name: str, verdict: Verdict, basis: str) -> None:
    """Writes to stderr what is over the limit, or what is unknown and could decide; nothing where all is within it."""
    known, limit = figures.money_apart(verdict.known, verdict.limit, verdict.currency)
    by = f" ({basis})"
    if verdict.passed is Passed.NO:
        verb = "is projected, which is over" if verdict.projected else "is over"
        click.echo(f"{known} {verb} the {name} of {limit}{by}", err=True)
    elif verdict.passed is Passed.UNKNOWN:
        click.echo(f"{known} is known, within the {name} of {limit}{by}, but not everything is known:", err=True)
    if verdict.passed is not Passed.YES:
        for reason in verdict.missing:
            click.echo(plain(f"  missing: {reason}"), err=True)

"""``--fail-over`` and ``--budget``: exit codes for scripts, and on stderr what decided.

0 within the limit, 4 over it already, 3 where what is not known could decide: it is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from lambdatui import text
from pricing.bill import Bill
from pricing.gate import Passed, Verdict, gate, unknown_of

if TYPE_CHECKING:
    from pricing.whatif import Compared

UNKNOWN, OVER_LIMIT = 3, 4
_CODES = {Passed.YES: 0, Passed.UNKNOWN: UNKNOWN, Passed.NO: OVER_LIMIT}


def verdict(
    limit: Decimal,
    bill: Bill,
    *,
    totals: Mapping[str, Decimal] | None = None,
    projected: Decimal | None = None,
    missing: Sequence[str] = (),
    compared: "Sequence[Compared]" = (),
) -> Verdict:
    """The month against ``limit`` USD. What-ifs do not decide, but what is unknown of them is named.

    ``totals`` are the bill's unless they are given: a bill of several months has no total of one.
    Raises ``click.UsageError`` for a bill that is in other currencies only.
    """
    totals = bill.totals if totals is None else totals
    if totals and "USD" not in totals:
        raise click.UsageError(f"the limit is in USD; this bill is in {' and '.join(sorted(totals))}")
    missing = (*missing, *_wrong_prices())
    others = [f"{one.label}: {reason}" for one in compared for reason in unknown_of(one.bill.lines)]
    return gate(limit, totals, bill.lines, projected=projected, missing=(*missing, *others))


def _wrong_prices() -> tuple[str, ...]:
    """Rates that somebody named and that could not be read are not known."""
    from lambdatui.prices import in_use

    found = in_use()
    return found.notices if found.wrong else ()


def as_json(one: Verdict, basis: str) -> dict[str, Any]:
    return {
        "basis": basis,
        "verdict": one.passed.value,
        "limit": text.decimal_text(one.limit),
        "known": text.decimal_text(one.known),
        "currency": one.currency,
        "projected": one.projected,
        "missing": list(one.missing),
    }


def code_of(verdicts: "Iterable[Verdict]") -> int:
    """The exit code: that of the worst."""
    return max((_CODES[one.passed] for one in verdicts), default=0)


def say(name: str, one: Verdict, basis: str) -> None:
    """On stderr: what is over, or what could decide and is not known; nothing where it is within."""
    known, limit = text.money(one.known, one.currency), text.money(one.limit, one.currency)
    by = f" ({basis})"
    if one.passed is Passed.NO:
        verb = "is projected, which is over" if one.projected else "is over"
        click.echo(f"{known} {verb} the {name} of {limit}{by}", err=True)
    elif one.passed is Passed.UNKNOWN:
        click.echo(f"{known} is known, within the {name} of {limit}{by}, but not everything is known:", err=True)
    if one.passed is not Passed.YES:
        for reason in one.missing:
            click.echo(text.plain(f"  missing: {reason}"), err=True)

"""The summary of a whole export: four numbers, each kind of line with its sum, and remarks on the usage."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pricing.actuals import Actual, Export
from pricing.billed_amounts import Amounts, Basis, total
from pricing.line_kinds import COVERED, DISCOUNTS, MIXED, OF_USAGE, PLAN_FEE, RESERVED, UNKNOWN, UNUSED, USAGE, WORDS
from pricing.reconciliation import Reconciled, total_known
from pricing.verdicts import (
    AGREES,
    CANNOT,
    FINE,
    LATE,
    LESS,
    MORE,
    NEGLIGIBLE,
    NOT_COLLECTED,
    OURS_ONLY,
    PRICE,
    USAGE_AGREES,
    below_list,
    percent,
)

_ZERO = Decimal(0)
_ORDER = (MORE, LESS, LATE, OURS_ONLY, PRICE)
OTHER_SERVICE, UNREADABLE, NOTE = "another service", "cannot be read", "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark. ``kind`` is a verdict, a kind of line, or one of the three above; ``amount`` is None where unknown.

    ``lines`` is how many lines (or periods, of a verdict) it is about.
    """

    kind: str
    text: str
    amount: Decimal | None = None
    lines: int = 0


@dataclass(frozen=True, slots=True)
class LineKind:
    """All lines of one kind as AWS names it: how many, and the sum of what they charge."""

    kind: str
    record_type: str
    lines: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Summary:
    """``computed`` is ours; ``listed`` says whose the list price is: the export's, or ours where it has none."""

    amounts: Amounts
    currency: str
    computed: Decimal | None
    listed: str
    kinds: tuple[LineKind, ...]
    findings: tuple[Finding, ...]


def summary_of(rows: Sequence[Reconciled], export: Export, listed: Decimal | None) -> Summary:
    """``rows`` are all that ``reconcile`` said of ``export``; ``listed`` is our usage of its periods at list price."""
    charges = export.charges
    basis = Basis.of(charges)
    amounts = basis.amounts(charges)
    currency = charges[0].currency if charges else "USD"
    whose = "the export's"
    if amounts.list is None and any(charge.is_usage for charge in charges):
        amounts = Amounts(listed, amounts.net, amounts.effective, amounts.paid, amounts.lines)
        whose = "computed from our usage"
    periods = [row for row in rows if row.day is not None and row.is_usage]
    computed = total_known(row.amount for row in periods)
    kinds = _kinds(charges)
    findings = (
        *_of_usage(periods, charges, amounts), *_commitments(charges, basis, amounts), *_discounts(charges, basis),
        *(_of_kind(kind, charges) for kind in dict.fromkeys(charge.kind for charge in charges)
          if kind not in OF_USAGE and kind not in DISCOUNTS),
        *_around(export),
    )  # fmt: skip
    return Summary(amounts, currency, computed, whose, kinds, findings)


def _kinds(charges: Sequence[Actual]) -> tuple[LineKind, ...]:
    by_kind: dict[tuple[str, str], list[Actual]] = {}
    for one in charges:
        by_kind.setdefault((one.kind, one.record_type or WORDS[one.kind]), []).append(one)
    return tuple(LineKind(kind, name, len(of), _sum(of)) for (kind, name), of in by_kind.items())


def _sum(charges: Sequence[Actual]) -> Decimal | None:
    return Basis(net_column=False, cash=True).amounts(charges).lines


def _of_usage(rows: Sequence[Reconciled], charges: Sequence[Actual], amounts: Amounts) -> list[Finding]:
    if not any(one.is_usage for one in charges):
        return [Finding(CANNOT, "no lines of usage in it: usage cannot be compared")] if charges else []
    findings = []
    accounts = list(dict.fromkeys(row.account for row in rows))
    for account in accounts:
        findings += _of_account(account, [row for row in rows if row.account == account], charges, amounts)
    return findings


def _of_account(account: str, rows: Sequence[Reconciled], charges: Sequence[Actual], amounts: Amounts) -> list[Finding]:
    prefix, findings = f"{account}: " if account else "", []
    fine = [row for row in rows if row.verdict in FINE]
    differ = {verdict: [row for row in rows if row.verdict == verdict] for verdict in _ORDER}
    compared = any(row.verdict in (AGREES, USAGE_AGREES) for row in fine)
    if compared and not any(differ.values()):
        plain = all(row.verdict != USAGE_AGREES for row in fine) and amounts.paid is not None
        alone = all(one.is_usage for one in charges if not account or one.account == account)
        verdict = AGREES if plain and alone else USAGE_AGREES
        days = len({row.day for row in fine if row.verdict != NEGLIGIBLE})
        words = f"{prefix}{verdict} ({days} {_periods(fine, days)})"
        findings.append(Finding(verdict, words, total_known(row.aws_amount for row in fine), days))
        reasons = dict.fromkeys(row.reason for row in fine if row.verdict == USAGE_AGREES)
        findings += [Finding(USAGE_AGREES, f"{prefix}{reason}", None, days) for reason in list(reasons)[:4]]
    for verdict, of in differ.items():
        if of:
            findings.append(_differing(verdict, of, rows, prefix))
    for verdict in (NOT_COLLECTED, CANNOT):
        of = [row for row in rows if row.verdict == verdict]
        for reason in dict.fromkeys(row.reason for row in of):
            those = [row for row in of if row.reason == reason]
            amount = total_known(row.aws_amount for row in those)
            words = reason.removeprefix("not collected: ")
            said_here = "" if account in words else prefix
            findings.append(Finding(verdict, f"{said_here}{words}", amount, len(those)))
    return findings


def _differing(verdict: str, of: Sequence[Reconciled], rows: Sequence[Reconciled], prefix: str) -> Finding:
    days = sorted({row.day for row in of if row.day})
    all_days = len({row.day for row in rows})
    between = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    reasons = list(dict.fromkeys(row.reason for row in of))
    differ = f"{prefix}{len(days)} of {all_days} {_periods(rows, all_days)} {'differs' if len(days) == 1 else 'differ'}"
    text = f"{differ}: {reasons[0]} ({between})"
    return Finding(verdict, text, total_known(row.difference for row in of), len(days))


def _periods(rows: Sequence[Reconciled], count: int) -> str:
    longest = max(((row.until - row.day).days for row in rows if row.day and row.until), default=1)
    word = "day" if longest <= 1 else "month" if 28 <= longest <= 31 else "period"
    return word if count == 1 else f"{word}s"


def _commitments(charges: Sequence[Actual], basis: Basis, amounts: Amounts) -> list[Finding]:
    findings = []
    for kind, name in ((COVERED, "Savings Plan"), (RESERVED, "reservation")):
        of = [charge for charge in charges if charge.kind == kind]
        if not of:
            continue
        listed, effective = total(map(basis.list_of, of)), total(charge.effective for charge in of)
        if listed is None or effective is None:
            text = f"a {name} covers {len(of)} lines; at what price the export does not say: ask for AmortizedCost"
        else:
            text = f"a {name} covers usage of {listed:.2f} at list for {effective:.2f}, {below_list(effective, listed)}"
        findings.append(Finding(kind, text, effective, len(of)))
    fees = total_known(charge.cost for charge in charges if charge.kind == PLAN_FEE)
    used = total_known(charge.effective for charge in charges if charge.kind == COVERED)
    if fees is not None and used is not None and fees > used and not any(charge.kind == UNUSED for charge in charges):
        text = f"of the Savings Plan's fee {fees - used:.2f} is not used by Lambda's lines"
        findings.append(Finding(UNUSED, text, fees - used))
    return findings


def _discounts(charges: Sequence[Actual], basis: Basis) -> list[Finding]:
    used = total_known(_cost_before_discounts(charge) for charge in charges if charge.is_usage)
    findings = []
    for kind in dict.fromkeys(charge.kind for charge in charges if charge.kind in DISCOUNTS):
        of = [charge for charge in charges if charge.kind == kind]
        amount = _sum(of)
        part = f" {percent(-amount / used)}" if amount is not None and used else ""
        names = ", ".join(dict.fromkeys(charge.record_type for charge in of if charge.record_type))
        findings.append(
            Finding(kind, f"{WORDS[kind]}{part}: {_lines(of)}{f' of {names}' if names else ''}", amount, len(of))
        )
    if basis.net_column:
        of = [
            charge
            for charge in charges
            if charge.kind in (USAGE, MIXED) and charge.net is not None and charge.cost is not None
        ]
        net, cost = total_known(charge.net for charge in of), total_known(charge.cost for charge in of)
        if net is not None and cost and abs(cost - net) > abs(cost) / 1000:
            findings.append(
                Finding(
                    "discount", f"discount {percent((cost - net) / cost)}, as the net amounts say", net - cost, len(of)
                )
            )
    return findings


def _cost_before_discounts(one: Actual) -> Decimal | None:
    return one.cost if one.cost is not None else one.list_cost


def _of_kind(kind: str, charges: Sequence[Actual]) -> Finding:
    of = [one for one in charges if one.kind == kind]
    names = ", ".join(dict.fromkeys(one.record_type for one in of if one.record_type))
    named = f" ({names})" if kind == UNKNOWN and names else ""
    return Finding(kind, f"{WORDS[kind]}{named}: {_lines(of)}", _sum(of), len(of))


def _lines(of: Sequence[Actual]) -> str:
    return _counted(len(of))


def _counted(count: int) -> str:
    return f"{count:,} line{'' if count == 1 else 's'}"


def _around(export: Export) -> list[Finding]:
    findings = []
    for (name, currency), (count, amount) in sorted(export.others.items()):
        text = f"{name} is not Lambda's and is not mixed in: {_counted(count)} in {currency}"
        findings.append(Finding(OTHER_SERVICE, text, amount, count))
    if export.rejected:
        text = f"{_counted(len(export.rejected))} left out as unreadable: {'; '.join(export.rejected[:3])}"
        findings.append(Finding(UNREADABLE, text, None, len(export.rejected)))
    return [*findings, *(Finding(NOTE, note) for note in export.notes)]

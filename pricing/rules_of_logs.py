"""What CloudWatch Logs takes beside the function itself: ingestion, its class, and what is kept for how long."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from collectors.model.units import BILLED_MONTH_HOURS, GB_BYTES
from pricing.bill import bill
from pricing.dimensions import LOGS, LOGS_STORAGE
from pricing.function_month import HIGH, MEDIUM, Subject, SuggestedChange, figure, money
from pricing.log_changes import in_class, kept_for
from pricing.usage import EXACT, Usage

_ZERO = Decimal(0)
_GB_MONTH = GB_BYTES * BILLED_MONTH_HOURS
RETENTION_DAYS = 30  # what advice proposes
_SHORT_DAYS = 14  # a log that is deleted so soon has nothing to win


def logs_dearer(subject: Subject) -> Iterator[SuggestedChange]:
    """What comes into the log costs more than everything else of the function: the commonest surprise."""
    usage = subject.month.usage
    amounts = dict(usage.metered)
    ingested = sum(amounts.get(name, 0) for name in LOGS)
    if not ingested:
        return
    now, without = subject.cost(), subject.cost(_without(usage, LOGS))
    function = subject.cost(_without(usage, (*LOGS, LOGS_STORAGE)))
    logs = EXACT.subtract(now, without)
    if logs <= function:
        return
    currency = subject.prices.currency
    recommendation = subject.at_most(
        "fewer log lines", _ZERO, logs, HIGH,
        f"{money(logs, currency)} for {figure(Decimal(ingested) / GB_BYTES)} GB of logs beside"
        f" {money(function, currency)} for the function itself"
        f" ({figure(Decimal(ingested) / max(1, _calls(usage)))} bytes an invocation)",
    )  # fmt: skip
    yield replace(
        recommendation, unknown="how many of the lines can go: logs=-50% as a what-if says what half of them cost"
    )


def log_class(subject: Subject) -> Iterator[SuggestedChange]:
    """Log groups in the Infrequent Access class, whose ingestion costs half (CloudWatch pricing page, "Logs")."""
    usage = subject.month.usage
    amounts = dict(usage.metered)
    standard = amounts.get("logs_standard", 0)
    if not standard:
        return
    moved = in_class(usage, "infrequent_access")
    changed = bill([moved], subject.book, free_tier=False)
    now, then = subject.cost(), subject.cost(moved)
    if changed.unpriced or then >= now:
        return
    yield subject.saving(
        "logs in the Infrequent Access class", now, then, HIGH,
        f"{figure(Decimal(standard) / GB_BYTES)} GB a month; no metric filters, Live Tail or subscriptions there, and a"
        " log group's class cannot be changed: it needs a new group",
    )  # fmt: skip


def log_retention(subject: Subject) -> Iterator[SuggestedChange]:
    """Deleting logs after 30 days. The saving is 0 where all stored logs are younger, at most all of their storage."""
    month, usage = subject.month, subject.month.usage
    stored = dict(usage.metered).get(LOGS_STORAGE, 0)
    if not stored or (month.retention_days is not None and month.retention_days <= _SHORT_DAYS):
        return
    if month.retention_days is not None and month.retention_days <= RETENTION_DAYS:
        return
    now, then = subject.cost(), subject.cost(kept_for(usage, RETENTION_DAYS))
    high = EXACT.subtract(now, subject.cost(_without(usage, (LOGS_STORAGE,))))
    recommendation = subject.at_most(
        f"log retention of {RETENTION_DAYS} days", max(_ZERO, EXACT.subtract(now, then)), high, MEDIUM,
        f"{figure(Decimal(stored) / _GB_MONTH)} GB-months kept, compressed; {RETENTION_DAYS} days of what comes in are"
        " still kept, at most as many bytes as they were before compression",
    )  # fmt: skip
    yield replace(recommendation, unknown="how old what is kept is, and how well it compresses")


def _without(usage: Usage, names: "tuple[str, ...]") -> Usage:
    return replace(usage, metered=tuple(each for each in usage.metered if each[0] not in names))


def _calls(usage: Usage) -> int:
    return usage.requests + usage.provisioned_requests

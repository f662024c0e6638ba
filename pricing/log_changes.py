"""Recorded usage with other logs: more or fewer lines, another class, deleted sooner."""

from dataclasses import replace
from decimal import Decimal

from collectors.model.units import DAY_HOURS
from pricing.dimensions import LOGS, LOGS_STORAGE
from pricing.usage import Usage


def more_logs(usage: Usage, factor: Decimal) -> Usage:
    """The usage with ``factor`` times as much coming into the logs; what is stored already stays."""
    return replace(
        usage,
        metered=tuple((name, int(amount * factor) if name in LOGS else amount) for name, amount in usage.metered),
    )


def in_class(usage: Usage, log_class: str) -> Usage:
    """The usage with all log ingestion in another class (``standard``, ``infrequent_access``, ``delivery``)."""
    amounts = dict(usage.metered)
    ingested = [amounts.pop(name) for name in LOGS if name in amounts]
    if ingested:
        amounts[f"logs_{log_class}"] = sum(ingested)
    return replace(usage, metered=tuple(amounts.items()))


def kept_for(usage: Usage, days: int) -> Usage:
    """What is kept at most where it is deleted after so many days: as much as comes in within them, uncompressed.

    Where nobody knows what comes in, what is kept stays as it is.
    """
    amounts = dict(usage.metered)
    ingested = sum(amounts.get(name, 0) for name in LOGS)
    if not ingested or LOGS_STORAGE not in amounts:
        return usage
    amounts[LOGS_STORAGE] = min(amounts[LOGS_STORAGE], ingested * DAY_HOURS * days)  # byte-hours of a month
    return replace(usage, metered=tuple(amounts.items()))

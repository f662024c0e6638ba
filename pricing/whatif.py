"""What a change would cost: the same month with another architecture, size or region, beside the month as it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pricing.bill import Bill
from pricing.dimensions import SNAPSTART_CACHE
from pricing.log_changes import in_class, kept_for, more_logs
from pricing.usage import EXACT, Usage
from pricing.workload import Workload

_OF_USAGE = ("region", "arch", "memory_mb", "ephemeral_mb")
Changes = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Relative:
    """So many times what it is: 1.2 is 20% more."""

    factor: Decimal

    def of(self, amount: int | Decimal) -> int | Decimal:
        """The changed amount; a whole number stays one, rounded half up."""
        changed = amount * self.factor
        return changed if isinstance(amount, Decimal) else int(changed.to_integral_value(ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A change to compare with: its name, and the workload's fields that it sets.

    ``functions`` has further changes for functions of that name. Nothing else changes with them; above all,
    durations stay as they are unless the change names them. Recorded requests take their logs with them.
    """

    label: str
    changes: Changes
    functions: tuple[tuple[str, Changes], ...] = ()

    def applied(self, workload: Workload) -> Workload:
        """The workload with these changes, those for functions of its name last."""
        return _changed(_changed(workload, self.changes), dict(self.functions).get(workload.name, ()))

    def applied_to_usage(self, usage: Usage) -> Usage:
        """Recorded usage with these changes. Raises ``ValueError`` for a change that recorded usage cannot tell."""
        changes = dict(self.changes)
        for name in ("requests", "duration_ms", "log_gb"):
            by = changes.get(name)
            if isinstance(by, Relative):
                usage = _more(usage, by, name)
                del changes[name]
        if "log_class" in changes:
            usage = in_class(usage, changes.pop("log_class"))
        if "log_retention_days" in changes:
            usage = kept_for(usage, changes.pop("log_retention_days"))
        impossible = sorted(set(changes).difference(_OF_USAGE))
        if impossible:
            raise ValueError(
                f"{', '.join(impossible)} cannot be changed in recorded usage, only {', '.join(_OF_USAGE)},"
                " and requests, duration and logs by per cent"
            )
        changed = replace(usage, **changes)
        if "memory_mb" not in changes:
            return changed
        return replace(
            changed,
            billed_mb_ms=usage.billed_ms * changes["memory_mb"],
            provisioned_billed_mb_ms=usage.provisioned_billed_ms * changes["memory_mb"],
            provisioned_mb_ms=_resized(usage, usage.provisioned_mb_ms, changes["memory_mb"]),
            metered=tuple(
                (name, _resized(usage, amount, changes["memory_mb"]) if name == SNAPSTART_CACHE else amount)
                for name, amount in usage.metered
            ),
        )


def _changed(workload: Workload, changes: Changes) -> Workload:
    if any(name == "log_retention_days" for name, _ in changes):
        raise ValueError("retention is for recorded usage; of figures set log_stored_gb")
    values: dict[str, Any] = {
        name: value.of(getattr(workload, name)) if isinstance(value, Relative) else value for name, value in changes
    }
    return replace(workload, **values)


def _more(usage: Usage, by: Relative, what: str) -> Usage:
    """The usage with more calls, each as long and with as many log lines; with longer calls; or with more logs.

    What stands configured stays.
    """
    if what == "log_gb":
        return more_logs(usage, by.factor)
    if what == "requests":
        usage = more_logs(usage, by.factor)
    names = ["billed_ms", "billed_mb_ms", "provisioned_billed_ms", "provisioned_billed_mb_ms"]
    if what == "requests":
        names += ["requests", "provisioned_requests", "event_chunks"]
    amounts: dict[str, Any] = {name: by.of(getattr(usage, name)) for name in names}
    return replace(usage, **amounts)


def _resized(usage: Usage, mb_ms: int, memory_mb: int) -> int:
    """MB-ms of what stands configured, at another memory size. Raises ``ValueError`` where its size is not known."""
    if not mb_ms:
        return 0
    if not usage.memory_mb:
        raise ValueError(f"{usage.function}: the memory of what stands configured is not known")
    return round(mb_ms * memory_mb / usage.memory_mb)


@dataclass(frozen=True, slots=True)
class Compared:
    """One what-if beside the month as it is. ``difference`` is its total less the other, ``ratio`` that over the other.

    Both are None where the totals cannot be compared: another currency, or something without a public price.
    """

    label: str
    bill: Bill
    difference: Decimal | None
    ratio: Decimal | None


def compare(base: Bill, others: Sequence[tuple[str, Bill]]) -> tuple[Compared, ...]:
    """Each of ``others`` (its label, its bill) against ``base``."""
    return tuple(Compared(label, other, *_difference(base, other)) for label, other in others)


def _difference(base: Bill, other: Bill) -> tuple[Decimal | None, Decimal | None]:
    before, after = base.totals, other.totals
    comparable = len(before) <= 1 and len(after) <= 1 and base.currency == other.currency
    if not comparable or base.unpriced or other.unpriced:
        return None, None
    was, becomes = before.get(base.currency, Decimal(0)), after.get(base.currency, Decimal(0))
    difference = EXACT.subtract(becomes, was)
    return difference, difference / was if was else None

"""What CloudWatch Logs bills for the functions' logs: the bytes that came in, by class, and those that are kept.

Ingestion is CloudWatch's own count, the metric IncomingBytes of each log group. Nobody knows it of a group that was
not asked for: it is absent, not zero. What is kept is the group's compressed size as it was seen last, so it is always
``estimated``. A group that one function writes to is that function's; what several write to, or none that is known, has
a line of its own under the group's name. A group's class never changes (CloudWatch Logs User Guide, "Log classes").
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.read import account_rows
from collectors.store.read.log_bytes import IncomingBytes, incoming
from lambdatui.views.view import ESTIMATED, METRIC
from pricing.dimensions import LOGS, LOGS_STORAGE
from pricing.usage import Usage

if TYPE_CHECKING:
    from collectors.model.account import LogGroupFacts
    from collectors.model.records import Function
    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import FunctionRow
    from lambdatui.views.scope import Scope

STANDARD = "STANDARD"
AS_LAST_SEEN = f"{ESTIMATED}; size as last seen"  # how it grew is not kept
PREFIX = "/aws/lambda/"
_DIMENSIONS: Mapping[str, str] = {name.removeprefix("logs_").upper(): name for name in LOGS}

Group = tuple[str, str, str]  # account, region, the log group's name


@dataclass(frozen=True, slots=True)
class LogUsage:
    """One log group's part of a span. Bytes are as they came in; byte-hours of the compressed bytes that are kept.

    ``owners`` are the ids of the functions that write to it; ``basis`` that of ``bytes_in``. ``log_class`` is taken for
    STANDARD, AWS's default, where the group was not looked at. None is unknown.
    """

    account: str
    region: str
    log_group: str
    name: str
    owners: tuple[int, ...] = ()
    log_class: str = STANDARD
    retention_days: int | None = None
    bytes_in: int | None = None
    stored_byte_hours: int | None = None
    basis: str | None = None
    arch: str | None = None
    days: Mapping[int, int] = field(default_factory=dict)

    @property
    def dimension(self) -> str:
        """Of ``pricing.dimensions``: by which its ingestion is priced."""
        return _DIMENSIONS.get(self.log_class, _DIMENSIONS[STANDARD])

    def usages(self) -> "list[Usage]":
        """What is billed of it: what came in by its own basis, what is kept by estimate. Empty where nothing is."""
        stored = LOGS_STORAGE, self.stored_byte_hours, AS_LAST_SEEN
        return [
            Usage(self.name, self.account, self.region, self.arch, basis=basis, metered=((name, amount),))
            for name, amount, basis in ((self.dimension, self.bytes_in, self.basis or ESTIMATED), stored)
            if amount
        ]


def log_usage(reader: "Reader", from_ms: int, to_ms: int, *, known_ms: int | None = None) -> list[LogUsage]:
    """Every log group of which anything is known in ``[from_ms, to_ms)``, epoch ms UTC.

    What came in at or after ``known_ms`` is hidden: a span may reach beyond what is known, as a month does.
    """
    known_ms = to_ms if known_ms is None else min(to_ms, known_ms)
    facts = reader.cached("log groups", lambda: account_rows.log_groups(reader))
    came = reader.cached(("incoming", from_ms, known_ms), lambda: incoming(reader, from_ms, known_ms))
    if not facts and not came:
        return []
    return reader.cached("owners of log groups", lambda: _Groups(reader, facts)).usage(came, from_ms, to_ms)


def by_function(usages: Sequence[LogUsage]) -> dict[int, LogUsage]:
    """Those that are one function's own, by its id."""
    return {one.owners[0]: one for one in usages if len(one.owners) == 1}


def by_day(
    reader: "Reader", from_ms: int, to_ms: int, usages: Sequence[LogUsage] | None = None
) -> Iterator[tuple[int, LogUsage]]:
    """Each group's part of each UTC day (its midnight, epoch ms) of the span; the days sum to the span."""
    if to_ms <= from_ms:
        return
    for group in log_usage(reader, from_ms, to_ms) if usages is None else usages:
        stored = None
        for day_ms in range(from_ms // DAY_MS * DAY_MS, to_ms, DAY_MS):
            begin, end = max(from_ms, day_ms), min(to_ms, day_ms + DAY_MS)
            if group.stored_byte_hours is not None:
                # As a whole over the span, so that the days sum to it.
                size = group.stored_byte_hours
                stored = size * (end - from_ms) // (to_ms - from_ms) - size * (begin - from_ms) // (to_ms - from_ms)
            bytes_in = group.days.get(day_ms)
            if bytes_in is not None or stored is not None:
                days = {} if bytes_in is None else {day_ms: bytes_in}
                yield day_ms, replace(group, bytes_in=bytes_in, stored_byte_hours=stored, days=days)


class _Groups:
    """The log groups and whose they are, as the store knows them now."""

    def __init__(self, reader: "Reader", facts: "Sequence[LogGroupFacts]") -> None:
        self._facts: dict[Group, LogGroupFacts] = {(one.account, one.region, one.name): one for one in facts}
        self._owners: dict[Group, list[FunctionRow]] = defaultdict(list)
        self._group_of: dict[tuple[str, str, str], Group] = {}
        for row in reader.functions():
            key, name = row.function.key, group_of(row.function)
            self._owners[key.account, key.region, name].append(row)
            self._group_of[key.account, key.region, key.name] = key.account, key.region, name

    def usage(self, came: Sequence[IncomingBytes], from_ms: int, to_ms: int) -> list[LogUsage]:
        """``came`` is what came in the span, as far as it is known."""
        days: dict[Group, dict[int, int]] = {}
        for arrived in came:
            function = arrived.account, arrived.region, arrived.function
            own = self._group_of.get(function, (arrived.account, arrived.region, f"{PREFIX}{arrived.function}"))
            # What is kept with a function and with its group's name is the same metric.
            group = (arrived.account, arrived.region, arrived.log_group) if arrived.log_group else own
            of = days.setdefault(group, {})
            for day_ms, amount in arrived.days.items():
                of[day_ms] = max(of.get(day_ms, 0), amount)
        return [self._usage(group, days.get(group), from_ms, to_ms) for group in sorted({*self._facts, *days})]

    def _usage(self, group: Group, days: Mapping[int, int] | None, from_ms: int, to_ms: int) -> LogUsage:
        facts, owners = self._facts.get(group), self._owners.get(group, [])
        size = facts.stored_bytes if facts else None
        return LogUsage(
            *group,
            name=owners[0].function.key.name if len(owners) == 1 else group[2],
            owners=tuple(row.id for row in owners),
            log_class=facts.log_class if facts else STANDARD,
            retention_days=facts.retention_days if facts else None,
            bytes_in=None if days is None else sum(days.values()),
            stored_byte_hours=None if size is None else size * to_ms // HOUR_MS - size * from_ms // HOUR_MS,
            basis=None if days is None else METRIC,
            arch=owners[0].function.arch if len(owners) == 1 else None,
            days=days or {},
        )


def group_of(function: "Function") -> str:
    """The log group that a function writes to: Lambda's own unless it is configured."""
    return function.log_group or f"{PREFIX}{function.key.name}"


def chosen(usages: Sequence[LogUsage], function_ids: Collection[int], scope: "Scope") -> list[LogUsage]:
    """Those that any of the functions writes to, and those of no known function that match by the group's name."""
    wanted = set(function_ids)
    return [
        one for one in usages
        if (wanted.intersection(one.owners) if one.owners else scope.matches(one.account, one.region, one.name))
    ]  # fmt: skip

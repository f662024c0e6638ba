"""A month's usages with their rates, what the free tier covers of each, and which duration tier they fall into."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain

from collectors.model.units import GB_BYTES, GIB_BYTES, MB_MS_PER_GB_SECOND
from pricing import tiers
from pricing.dimensions import DIMENSIONS, LOGS, LOGS_STORAGE, STREAMING
from pricing.free_tier import FreeTierUse, covered
from pricing.line_items import DURATION, REQUESTS, Priced, Rates, TierGroup
from pricing.pricebook import Partition, PriceBook
from pricing.usage import gb_seconds
from pricing.usage_table import UsageTable, priced_alike

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Draw:
    """An allowance, and how much each usage would draw from it."""

    allowance: int
    used: Sequence[int]

    @property
    def covered(self) -> int:
        return min(self.allowance, sum(self.used))

    @property
    def is_shared(self) -> bool:
        """Whether an allowance has several users and does not cover all of their use."""
        return self.allowance < sum(self.used) and sum(map(bool, self.used)) > 1


@dataclass(slots=True)
class Allocation:
    """Lists are by position. ``members`` are the positions of usages that are priced alike, in the order of the first.

    ``tier_mb_ms`` has those of groups that left the first tier, ``special`` those of whom more is billed than requests
    and duration on demand, ``shared`` by partition what of the free tier was shared out.
    """

    used: UsageTable
    rates: list[Rates]
    members: dict[Rates, Sequence[int]]
    special: dict[int, Priced]
    free_tier: tuple[FreeTierUse, ...] = ()
    tier_mb_ms: dict[int, tuple[int, ...]] = field(default_factory=dict)
    shared: dict[str, frozenset[str]] = field(default_factory=dict)
    _draws: list[tuple[Sequence[int], "_Draw", "_Draw"]] = field(default_factory=list)
    _free: tuple[Sequence[int], Sequence[int]] | None = None

    @classmethod
    def of(cls, used: UsageTable, book: PriceBook, free_tier: bool) -> "Allocation":
        """The free tier is taken once for each partition; tiers are a region's, over all accounts."""
        alike = [priced_alike(alike_terms) for alike_terms in used.terms]
        known = {alike_terms: Rates.of(alike_terms, book) for alike_terms in dict.fromkeys(alike)}
        rates = [known[alike_terms] for alike_terms in alike]
        members: dict[Rates, Sequence[int]] = dict.fromkeys(known.values(), range(len(rates)))
        if len(known) > 1:
            members = {alike_terms: [] for alike_terms in known.values()}
            for position, alike_terms in enumerate(rates):
                members[alike_terms].append(position)  # type: ignore[attr-defined]
        special = {position: Priced(position, usage, rates[position]) for position, usage in used.special.items()}
        allocation = cls(used, rates, members, special)
        allocation._take_free_tier(free_tier)
        allocation._take_tiers()
        allocation._take_log_tiers()
        return allocation

    @property
    def free(self) -> tuple[Sequence[int], Sequence[int]]:
        """Free requests and MB-ms of each, shared out when they are first asked for."""
        if self._free is None:
            self._free = self._shared_out(0), self._shared_out(1)
        return self._free

    @property
    def free_together(self) -> tuple[int, int]:
        """The sums of ``free``: requests and MB-ms."""
        return sum(one.covered for _, one, _ in self._draws), sum(one.covered for _, _, one in self._draws)

    def _shared_out(self, which: int) -> Sequence[int]:
        shares = [0] * len(self.rates)
        for members, *draws in self._draws:
            parts = covered(draws[which].allowance, draws[which].used)
            if len(members) == len(shares):
                return parts
            for position, part in zip(members, parts, strict=True):
                shares[position] = part
        return shares

    def priced(self, position: int) -> Priced:
        """One usage, ready to be made into lines."""
        priced_usage = self.special.get(position)
        if priced_usage is None:
            priced_usage = Priced(position, self.used[position], self.rates[position])
            self._allocate(priced_usage)
        return priced_usage

    def shared_of(self, rates: Rates) -> frozenset[str]:
        """The dimensions whose free tier several usages share in the partition of these rates."""
        return self.shared.get(rates.prices.partition.code, frozenset()) if rates.prices else frozenset()

    def _allocate(self, priced: Priced) -> None:
        position, prices = priced.position, priced.rates.prices
        priced.free_requests, priced.free_mb_ms = (column[position] for column in self.free)
        priced.shared = priced.shared | self.shared_of(priced.rates)
        if prices is not None and priced.rates.arch in prices.durations:
            priced.tier_mb_ms = self.tier_mb_ms.get(position) or (priced.usage.billed_mb_ms - priced.free_mb_ms,)

    def _take_free_tier(self, wanted: bool) -> None:
        """Shares out free requests and free GB-seconds, each by itself."""
        partitions: dict[str, tuple[Partition, list[Sequence[int]]]] = {}
        for rates, members in self.members.items():
            if rates.prices is not None:
                partition = rates.prices.partition
                partitions.setdefault(partition.code, (partition, []))[1].append(members)
        self.free_tier = tuple(
            self._take_from(partition, _in_order(groups), wanted) for partition, groups in partitions.values()
        )

    def _take_from(self, partition: Partition, members: Sequence[int], wanted: bool) -> FreeTierUse:
        allowance = partition.free_tier if wanted else None
        if allowance is None:
            return FreeTierUse(partition.code, partition.currency, None, 0, None, _ZERO)
        used_requests = self._of(self.used.requests, members)
        if self.special:
            chunks = {position: one.usage.event_chunks for position, one in self.special.items()}
            used_requests = [
                asked + chunks.get(position, 0) for position, asked in zip(members, used_requests, strict=True)
            ]
        used_mb_ms = self._of(self.used.billed_mb_ms, members)
        requests = _Draw(allowance.requests, used_requests)
        duration = _Draw(allowance.gb_seconds * MB_MS_PER_GB_SECOND, used_mb_ms)
        self.shared[partition.code] = frozenset(
            dimension for dimension, draw in ((REQUESTS, requests), (DURATION, duration)) if draw.is_shared
        )
        self._draws.append((members, requests, duration))
        special = [self.special[position] for position in members if position in self.special] if self.special else []
        streamed = _take_metered(special, (STREAMING,), allowance.streamed_gib * GIB_BYTES)
        logged = _take_metered(special, LOGS, allowance.log_gb * GB_BYTES)
        # CloudWatch's free 5 GB are said to be for ingestion and storage: what was not ingested is left for storage.
        byte_hours = DIMENSIONS[LOGS_STORAGE].per // GB_BYTES
        left = allowance.log_gb * GB_BYTES - logged
        logged += _take_metered(special, (LOGS_STORAGE,), left * byte_hours) // byte_hours
        return FreeTierUse(
            partition.code, partition.currency, allowance.requests, requests.covered,
            allowance.gb_seconds, gb_seconds(duration.covered),
            allowance.streamed_gib * GIB_BYTES or None, streamed, allowance.log_gb * GB_BYTES or None, logged,
        )  # fmt: skip

    def _of(self, column: Sequence[int], members: Sequence[int]) -> Sequence[int]:
        return column if len(members) == len(column) else [column[at] for at in members]

    def _take_tiers(self) -> None:
        groups: dict[TierGroup, list[Rates]] = {}
        for rates in self.members:
            groups.setdefault(rates.tier_group, []).append(rates)
        for (_, arch), group in groups.items():
            steps = group[0].prices.durations.get(arch, ()) if group[0].prices else ()
            members = _in_order([self.members[rates] for rates in group])
            used = self._of(self.used.billed_mb_ms, members)
            free = self.free_together[1] if used is self.used.billed_mb_ms else sum(self._of(self.free[1], members))
            if tiers.are_crossed(sum(used) - free, steps):
                billable = [mb_ms - part for mb_ms, part in zip(used, self._of(self.free[1], members), strict=True)]
                self.tier_mb_ms.update(zip(members, tiers.split(billable, steps), strict=True))
        for one in self.special.values():
            self._allocate(one)

    def _take_log_tiers(self) -> None:
        """Sorts log ingestion into its tiers, for each account, region and class.

        CloudWatch's page does not say, as Lambda's does, that tiers count over an organization. By account the bill is
        never too low.
        """
        groups: dict[tuple[str, str, str], list[tuple[Priced, int]]] = {}
        for priced in self.special.values():
            for name, amount in priced.usage.metered:
                if name in LOGS:
                    key = priced.usage.account, priced.rates.region, name
                    groups.setdefault(key, []).append((priced, amount - priced.free_metered.get(name, 0)))
        for (_, _, name), members in groups.items():
            prices = members[0][0].rates.prices
            limits = prices.other.get("logs", {}).get("tier_limits_gb", ()) if prices else ()
            billable = [amount for _, amount in members]
            steps = tiers.parts(sum(billable), [0, *(int(limit) * GB_BYTES for limit in limits)])
            for (priced, _), shares in zip(members, tiers.split_parts(billable, steps), strict=True):
                priced.log_tiers[name] = shares


def _in_order(groups: list[Sequence[int]]) -> Sequence[int]:
    return groups[0] if len(groups) == 1 else sorted(chain.from_iterable(groups))


def _take_metered(special: Iterable[Priced], names: Collection[str], allowance: int) -> int:
    """An allowance in a dimension's own integers, shared pro rata over all that used it; returns what it covered."""
    uses = [(priced, name, amount) for priced in special for name, amount in priced.usage.metered if name in names]
    parts = covered(allowance, [amount for _, _, amount in uses])
    partly = sum(parts) < sum(amount for _, _, amount in uses) and len(uses) > 1
    for (priced, name, _), part in zip(uses, parts, strict=True):
        priced.free_metered[name] = priced.free_metered.get(name, 0) + part
        if partly:
            priced.shared |= {name}
    return sum(parts)

"""What many functions used, as columns: hundreds of usages without an object for each until it is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, overload

from collectors.model.units import INCLUDED_EPHEMERAL_MB
from pricing.usage import Usage


class Terms(NamedTuple):
    """What a function's usages have in common: whose they are, and what decides their rates.

    A named tuple: a fleet has hundreds, and ``terms[1:6]`` is what those priced alike have in common.
    """

    function: str
    account: str
    region: str
    arch: str | None
    basis: str
    ephemeral_mb: int | None = None
    instance_rate: Decimal | None = None
    instance_paid_rate: Decimal | None = None


PricedAlike = tuple[str, str, str | None, str, int | None]


def priced_alike(terms: Terms) -> PricedAlike:
    """Account, region, architecture, basis and ephemeral storage."""
    return terms[1:6]


class UsageTable(Sequence[Usage]):
    """Usages by position: ``terms`` and the columns ``requests``, ``billed_ms`` and ``billed_mb_ms`` of each.

    ``special`` has those of whom more is billed than requests, duration and storage on demand; the columns tell what
    of theirs is on demand.
    """

    __slots__ = ("_made", "billed_mb_ms", "billed_ms", "requests", "special", "terms")

    def __init__(
        self,
        terms: Sequence[Terms],
        requests: Sequence[int],
        billed_ms: Sequence[int],
        billed_mb_ms: Sequence[int],
        special: Mapping[int, Usage] | None = None,
    ) -> None:
        self.terms = terms
        self.requests = requests
        self.billed_ms = billed_ms
        self.billed_mb_ms = billed_mb_ms
        self.special: Mapping[int, Usage] = special or {}
        self._made: Mapping[int, Usage] | Sequence[Usage] = self.special

    @classmethod
    def of(cls, usages: Sequence[Usage]) -> "UsageTable":
        """A table of these usages."""
        if isinstance(usages, UsageTable):
            return usages
        table = cls(
            [terms_of(usage) for usage in usages],
            [usage.requests for usage in usages],
            [usage.billed_ms for usage in usages],
            [usage.billed_mb_ms for usage in usages],
            {at: usage for at, usage in enumerate(usages) if has_more(usage)},
        )
        table._made = usages
        return table

    def and_more(self, usages: Sequence[Usage]) -> "UsageTable":
        """This table with some usages added at the end."""
        if not usages:
            return self
        more, count = UsageTable.of(usages), len(self)
        return UsageTable(
            [*self.terms, *more.terms],
            [*self.requests, *more.requests],
            [*self.billed_ms, *more.billed_ms],
            [*self.billed_mb_ms, *more.billed_mb_ms],
            {**self.special, **{count + at: one for at, one in more.special.items()}},
        )

    def __len__(self) -> int:
        return len(self.terms)

    @overload
    def __getitem__(self, position: int) -> Usage: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Usage]: ...
    def __getitem__(self, position: int | slice) -> Usage | Sequence[Usage]:
        if isinstance(position, slice):
            return [self[each] for each in range(*position.indices(len(self)))]
        position = range(len(self))[position]
        if self._made is not self.special or position in self.special:
            return self._made[position]
        terms = self.terms[position]
        return Usage(
            terms.function, terms.account, terms.region, terms.arch, self.requests[position], self.billed_ms[position],
            self.billed_mb_ms[position], ephemeral_mb=terms.ephemeral_mb, basis=terms.basis,
            instance_rate=terms.instance_rate, instance_paid_rate=terms.instance_paid_rate,
        )  # fmt: skip

    def __iter__(self) -> Iterator[Usage]:
        return (self[at] for at in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Usage.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]


def column(usages: Sequence[Usage], quantity: str) -> Sequence[int]:
    """One quantity of each usage."""
    if not isinstance(usages, UsageTable):
        return [getattr(one, quantity) for one in usages]
    if quantity in ("requests", "billed_ms", "billed_mb_ms"):
        found: Sequence[int] = getattr(usages, quantity)
        return found
    special = usages.special
    if not special:
        return [0] * len(usages)
    return [getattr(special[at], quantity) if at in special else 0 for at in range(len(usages))]


def terms_of(usage: Usage) -> Terms:
    """The terms of a usage: whose it is, and what decides its rates."""
    return Terms(
        usage.function, usage.account, usage.region, usage.arch, usage.basis, usage.ephemeral_mb, usage.instance_rate,
        usage.instance_paid_rate,
    )  # fmt: skip


def has_more(usage: Usage) -> bool:
    """Whether anything is billed besides requests, duration and storage on demand."""
    return bool(has_provisioned(usage) or usage.event_chunks or usage.metered or usage.instance_seconds)


def has_provisioned(usage: Usage) -> bool:
    """Whether provisioned concurrency stood, or anything ran on it."""
    return bool(
        usage.provisioned_mb_ms or usage.provisioned_requests or usage.provisioned_billed_ms
        or usage.provisioned_billed_mb_ms
    )  # fmt: skip


def storage_mb(ephemeral_mb: int | None) -> int:
    """What of ephemeral storage is billed by the millisecond, as ``Usage.ephemeral_mb_ms`` has it."""
    return max(0, (ephemeral_mb or 0) - INCLUDED_EPHEMERAL_MB)

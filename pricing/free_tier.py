"""The monthly free tier: one allowance for a whole organisation, shared out over what used it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

ALLOCATION = "free tier allocated pro rata"


@dataclass(frozen=True, slots=True)
class FreeTierUse:
    """How far one partition's allowance was used up.

    ``requests`` and ``gb_seconds`` are the monthly allowance (None: no free tier is confirmed for the partition, or
    it was left out), the ``*_used`` ones what it covered, never more than the usage. ``streamed_*`` are bytes of
    streamed responses, ``log_*`` bytes of logs that CloudWatch's own free tier covers;
    None where there is no allowance.
    """

    partition: str
    currency: str
    requests: int | None
    requests_used: int
    gb_seconds: int | None
    gb_seconds_used: Decimal
    streamed_bytes: int | None = None
    streamed_used: int = 0
    log_bytes: int | None = None
    log_used: int = 0


def share(amount: int, weights: Sequence[int]) -> list[int]:
    """``amount`` split in proportion to ``weights``, in whole units that sum to it exactly.

    Units that proportion leaves over go to the largest remainders, the first among equals. No share exceeds its
    weight as long as ``amount`` does not exceed their sum. With weights of zero nothing can be shared.
    """
    total = sum(weights)
    if amount <= 0 or not total:
        return [0] * len(weights)
    if amount == total:
        return list(weights)
    shares = [amount * weight // total for weight in weights]
    if left := amount - sum(shares):
        remainders = [amount * weight % total for weight in weights]
        for at in sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)[:left]:
            shares[at] += 1
    return shares


def covered(allowance: int, used: Sequence[int]) -> list[int]:
    """What an allowance covers of each use: all of it, or each its share.

    AWS does not publish in which order functions, regions and architectures draw on the free tier, so each draws in
    proportion to what it used.
    """
    return share(min(allowance, sum(used)), used)

"""What is billed: exact quantities of one function, in integers, before any rate."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal

from collectors.model.units import INCLUDED_EPHEMERAL_MB, MB_MS_PER_GB_SECOND, MINUTE_MS
from pricing.dimensions import DIMENSIONS

# An amount has up to 13 decimals from its quantity and 12 from its rate: 28 digits would round large bills.
EXACT = Context(prec=60)
DEFAULT_REGION = "us-east-1"
DEFAULT_ARCH = "x86_64"
_PROVISIONED_STEP_MS = 5 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Usage:
    """What one function used of one month in one region on one architecture.

    ``requests``, ``billed_ms`` (summed Billed Duration) and ``billed_mb_ms`` (each invocation's billed ms times its
    configured MB) count what ran on demand; the ``provisioned_*`` ones what ran on provisioned concurrency.
    ``provisioned_mb_ms`` is the concurrency that stood configured: environments x MB x ms. ``event_chunks`` are the
    requests that large asynchronous events count for beside themselves; on provisioned concurrency, where "you also
    pay for Requests" (AWS Lambda pricing page), they are among ``provisioned_requests``. ``metered`` has all else that
    is billed: names of ``pricing.dimensions`` with integers of what each counts. ``instance_seconds`` ran on managed
    instances of ``instance_rate`` an hour (EC2 on demand; None: unknown) for which ``instance_paid_rate`` was paid.
    An empty ``region`` and an ``arch`` of None are unknown, and a bill says what it assumed for them. ``basis`` is
    where the figures come from.
    """

    function: str = ""
    account: str = ""
    region: str = ""
    arch: str | None = None
    requests: int = 0
    billed_ms: int = 0
    billed_mb_ms: int = 0
    memory_mb: int | None = None
    ephemeral_mb: int | None = None
    provisioned_mb_ms: int = 0
    provisioned_requests: int = 0
    provisioned_billed_ms: int = 0
    provisioned_billed_mb_ms: int = 0
    basis: str = "billed"
    event_chunks: int = 0
    metered: tuple[tuple[str, int], ...] = ()
    instance_seconds: int = 0
    instance_rate: Decimal | None = None
    instance_paid_rate: Decimal | None = None

    def __post_init__(self) -> None:
        least = min(
            self.requests, self.billed_ms, self.billed_mb_ms, self.provisioned_mb_ms, self.provisioned_requests,
            self.provisioned_billed_ms, self.provisioned_billed_mb_ms, self.event_chunks, self.instance_seconds,
        )  # fmt: skip
        if least < 0 or any(amount < 0 for _, amount in self.metered):
            raise ValueError(f"usage cannot be negative: {self}")
        for name, _ in self.metered:
            if name not in DIMENSIONS:
                raise ValueError(f"{name!r} is no billed dimension; there are {', '.join(DIMENSIONS)}")

    @property
    def ephemeral_mb_ms(self) -> int:
        """Ephemeral storage above the included 512 MB, in MB x billed ms; the function's memory has no part in it.

        Only of what runs on demand: for what runs on provisioned concurrency "you also pay for Requests and Duration"
        (AWS Lambda pricing page, "Provisioned Concurrency Pricing", which names no storage), and the AWS Pricing
        Calculator gives 50 GB-s of storage, not 100, for 1,000 requests of 100 ms on demand and as many on provisioned
        concurrency with 1,024 MB (``tests/unit/pricing/test_bill_published.py``).
        Storage of unknown size is taken for the 512 MB that a function has unless it is configured otherwise.
        """
        if self.ephemeral_mb is None or self.ephemeral_mb <= INCLUDED_EPHEMERAL_MB:
            return 0
        return (self.ephemeral_mb - INCLUDED_EPHEMERAL_MB) * self.billed_ms


def billed_gb_seconds(billed_ms: int, memory_mb: int) -> Decimal:
    """GB-seconds that AWS bills for one invocation, exactly.

    ``billed_ms`` is REPORT's Billed Duration, ``memory_mb`` the configured size. A GB is 1,024 MB (AWS Lambda
    pricing page, "Duration").
    """
    return gb_seconds(billed_ms * memory_mb)


def gb_seconds(mb_ms: int) -> Decimal:
    """MB-milliseconds in GB-seconds, exactly: 1,024,000 = 2^13 x 5^3 divides with at most 13 decimals."""
    return EXACT.divide(mb_ms, MB_MS_PER_GB_SECOND)


def billed_ms_of(duration_ms: Decimal, init_ms: Decimal = Decimal(0)) -> int:
    """Billed milliseconds of one invocation: duration and init are summed, then rounded up once.

    Init time is billed for every function since 2025-08-01 (AWS Compute Blog, 2025-04-29): 250.06 + 100.77 ms bill
    351 ms.
    """
    return int((duration_ms + init_ms).to_integral_value(rounding=ROUND_CEILING))


def provisioned_mb_ms(environments: int, memory_mb: int, enabled_ms: int) -> int:
    """MB-milliseconds of provisioned concurrency for one period from enabling to disabling.

    The period is rounded up to five minutes (AWS Lambda pricing page, "Provisioned Concurrency").
    """
    return environments * memory_mb * (-(-enabled_ms // _PROVISIONED_STEP_MS) * _PROVISIONED_STEP_MS)

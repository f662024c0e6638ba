"""Everything Lambda bills beside requests and duration: its unit, how it is counted, and where its rate stands.

Quantities are integers in a small unit (``count``); ``per`` of them make one billed ``unit``. Units whose size has a
factor of 3 (hours, months) make quantities that no decimal holds exactly: they are rounded to 12 decimals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

from collectors.model.units import (
    BILLED_MONTH_HOURS,
    GB_BYTES,
    GIB_BYTES,
    HOUR_MS,
    HOUR_S,
    KIB_BYTES,
    MB_MS_PER_GB_SECOND,
    MB_PER_GB,
    MIB_BYTES,
    MINUTE_S,
    SECOND_MS,
)

if TYPE_CHECKING:
    from pricing.pricebook import RegionPrices

_EXACT = Context(prec=60)
_STEP = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Dimension:
    """``count`` is what the integers count; ``rate`` the path of the rate in a region's prices.

    ``configured``: it goes on as long as the configuration stands, whatever is invoked.
    """

    id: str
    unit: str
    per: int
    count: str
    rate: tuple[str, ...]
    configured: bool = False

    def quantity(self, amount: int) -> Decimal:
        """``amount`` in billed units."""
        found = _EXACT.divide(amount, self.per)
        return found if _terminates(self.per) else found.quantize(_STEP, ROUND_HALF_EVEN)


def _terminates(divisor: int) -> bool:
    for prime in (2, 5):
        while divisor % prime == 0:
            divisor //= prime
    return divisor == 1


STREAMING, EDGE_REQUESTS, EDGE_DURATION = "streaming", "edge_requests", "edge_duration"
LOGS = ("logs_standard", "logs_infrequent_access", "logs_delivery")
LOGS_STORAGE = "logs_storage"
SNAPSTART_CACHE = "snapstart_cache"
MANAGED_REQUESTS = "managed_requests"

_GB_MONTH = GB_BYTES * BILLED_MONTH_HOURS  # byte-hours

_ALL = (
    Dimension(STREAMING, "GiB", GIB_BYTES, "bytes beyond the first 6 MB of each response", ("streaming",)),
    Dimension(
        SNAPSTART_CACHE, "GB-s", MB_MS_PER_GB_SECOND, "MB-ms of published versions", ("snapstart", "cache"), True
    ),
    Dimension("snapstart_restore", "GB", MB_PER_GB, "MB restored", ("snapstart", "restore")),
    Dimension("kafka_pollers", "EPU-hour", HOUR_S, "seconds of event poller units", ("event_pollers", "kafka"), True),
    Dimension("sqs_pollers", "EPU-hour", HOUR_S, "seconds of event poller units", ("event_pollers", "sqs"), True),
    Dimension("tenant_isolation", "GB", MB_PER_GB, "MB of new tenant environments", ("tenant_isolation", "{arch}")),
    Dimension("durable_operations", "operation", 1, "operations", ("durable", "operation")),
    Dimension("durable_written", "GB", GB_BYTES, "bytes", ("durable", "written")),
    Dimension("durable_retained", "GB-month", _GB_MONTH, "byte-hours", ("durable", "retained"), True),
    Dimension(MANAGED_REQUESTS, "request", 1, "requests to managed instances", ("managed_instances", "requests")),
    Dimension(EDGE_REQUESTS, "request", 1, "Lambda@Edge requests", ("edge", "requests")),
    Dimension(EDGE_DURATION, "GB-s", MB_MS_PER_GB_SECOND, "Lambda@Edge MB-ms", ("edge", "duration")),
    Dimension("microvm_vcpu", "vCPU-s", SECOND_MS, "vCPU-ms", ("microvm", "{chip}_vcpu_second")),
    Dimension("microvm_memory", "GB-s", MB_MS_PER_GB_SECOND, "MB-ms", ("microvm", "{chip}_memory_gb_second")),
    Dimension("microvm_snapshot_read", "GB", GB_BYTES, "bytes", ("microvm", "snapshot_read_gb")),
    Dimension("microvm_snapshot_write", "GB", GB_BYTES, "bytes", ("microvm", "snapshot_write_gb")),
    Dimension(
        "microvm_snapshot_storage", "GB-hour", GB_BYTES, "byte-hours", ("microvm", "snapshot_storage_gb_hour"), True
    ),
    *(Dimension(name, "GB", GB_BYTES, "bytes ingested", ("logs", name.removeprefix("logs_"))) for name in LOGS),
    Dimension(LOGS_STORAGE, "GB-month", _GB_MONTH, "byte-hours", ("logs", "storage_gb_month"), True),
)
DIMENSIONS: Mapping[str, Dimension] = {one.id: one for one in _ALL}


def rate_of(dimension: Dimension, prices: "RegionPrices", arch: str) -> Decimal | None:
    """The rate for one unit; None where none is public. Log dimensions have tiers of their own: see ``bill``."""
    rates: Any = prices.other
    chip = "x86" if arch == "x86_64" else arch
    for step in dimension.rate:
        if not isinstance(rates, Mapping):
            return None
        rates = rates.get(step.format(arch=arch, chip=chip))
    return Decimal(rates) if isinstance(rates, str) else None


def async_chunks(event_bytes: int) -> int:
    """Requests that one asynchronous event counts for beside its first: one more for each 64 KB above 256 KB.

    An event has at most 1 MB (AWS Lambda pricing page, "Requests").
    """
    return max(0, -(-(event_bytes - 256 * KIB_BYTES) // (64 * KIB_BYTES)))


def streamed_beyond_free(response_bytes: int) -> int:
    """What of one streamed response is billed: its first 6 MB are free (AWS Lambda pricing page)."""
    return max(0, response_bytes - 6 * MIB_BYTES)


def snapstart_cache_mb_ms(memory_mb: int, cached_ms: int, *, java: bool = False) -> int:
    """MB-ms of one published version's snapshot: at least three hours; nothing for Java managed runtimes."""
    return 0 if java else memory_mb * max(cached_ms, 3 * HOUR_MS)


def poller_seconds(units: int, running_ms: int) -> int:
    """Seconds of event poller units: billed by the second, at least a minute for each time that they run."""
    return units * max(MINUTE_S, -(-running_ms // SECOND_MS)) if units and running_ms > 0 else 0

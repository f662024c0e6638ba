"""Everything Lambda bills beside requests and duration: its unit, how it is counted, and where its rate stands.

Quantities are integers in a small unit (``count``); ``per`` of them make one billed ``unit``. Units whose size has a
factor of 3 (hours, months) make quantities that no decimal holds exactly: they are rounded to 12 decimals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pricing.pricebook import RegionPrices

_EXACT = Context(prec=60)
_STEP = Decimal("1e-12")
MONTH_HOURS = 720  # GB-months of a 30-day month, as AWS's durable functions and MicroVM examples count


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


_GB_SECOND = 1024 * 1000  # MB-ms
_GIB = 2**30
_GB = 10**9  # durable functions, MicroVM snapshots and logs are billed by the decimal GB

STREAMING, EDGE_REQUESTS, EDGE_DURATION = "streaming", "edge_requests", "edge_duration"
LOGS = ("logs_standard", "logs_infrequent_access", "logs_delivery")
LOGS_STORAGE = "logs_storage"
SNAPSTART_CACHE = "snapstart_cache"
MANAGED_REQUESTS = "managed_requests"

_ALL = (
    Dimension(STREAMING, "GiB", _GIB, "bytes beyond the first 6 MB of each response", ("streaming",)),
    Dimension(SNAPSTART_CACHE, "GB-s", _GB_SECOND, "MB-ms of published versions", ("snapstart", "cache"), True),
    Dimension("snapstart_restore", "GB", 1024, "MB restored", ("snapstart", "restore")),
    Dimension("kafka_pollers", "EPU-hour", 3600, "seconds of event poller units", ("event_pollers", "kafka"), True),
    Dimension("sqs_pollers", "EPU-hour", 3600, "seconds of event poller units", ("event_pollers", "sqs"), True),
    Dimension("tenant_isolation", "GB", 1024, "MB of new tenant environments", ("tenant_isolation", "{arch}")),
    Dimension("durable_operations", "operation", 1, "operations", ("durable", "operation")),
    Dimension("durable_written", "GB", _GB, "bytes", ("durable", "written")),
    Dimension("durable_retained", "GB-month", _GB * MONTH_HOURS, "byte-hours", ("durable", "retained"), True),
    Dimension(MANAGED_REQUESTS, "request", 1, "requests to managed instances", ("managed_instances", "requests")),
    Dimension(EDGE_REQUESTS, "request", 1, "Lambda@Edge requests", ("edge", "requests")),
    Dimension(EDGE_DURATION, "GB-s", _GB_SECOND, "Lambda@Edge MB-ms", ("edge", "duration")),
    Dimension("microvm_vcpu", "vCPU-s", 1000, "vCPU-ms", ("microvm", "{chip}_vcpu_second")),
    Dimension("microvm_memory", "GB-s", _GB_SECOND, "MB-ms", ("microvm", "{chip}_memory_gb_second")),
    Dimension("microvm_snapshot_read", "GB", _GB, "bytes", ("microvm", "snapshot_read_gb")),
    Dimension("microvm_snapshot_write", "GB", _GB, "bytes", ("microvm", "snapshot_write_gb")),
    Dimension("microvm_snapshot_storage", "GB-hour", _GB, "byte-hours", ("microvm", "snapshot_storage_gb_hour"), True),
    *(Dimension(name, "GB", _GB, "bytes ingested", ("logs", name.removeprefix("logs_"))) for name in LOGS),
    Dimension(LOGS_STORAGE, "GB-month", _GB * MONTH_HOURS, "byte-hours", ("logs", "storage_gb_month"), True),
)
DIMENSIONS: Mapping[str, Dimension] = {one.id: one for one in _ALL}


def rate_of(dimension: Dimension, prices: "RegionPrices", arch: str) -> Decimal | None:
    """The rate for one unit; None where none is public. Log dimensions have tiers of their own: see ``bill``."""
    found: Any = prices.other
    chip = "x86" if arch == "x86_64" else arch
    for step in dimension.rate:
        if not isinstance(found, Mapping):
            return None
        found = found.get(step.format(arch=arch, chip=chip))
    return Decimal(found) if isinstance(found, str) else None


def async_chunks(event_bytes: int) -> int:
    """Requests that one asynchronous event counts for beside its first: one more for each 64 KB above 256 KB.

    An event has at most 1 MB (AWS Lambda pricing page, "Requests").
    """
    return max(0, -(-(event_bytes - 256 * 1024) // (64 * 1024)))


def streamed_beyond_free(response_bytes: int) -> int:
    """What of one streamed response is billed: its first 6 MB are free (AWS Lambda pricing page)."""
    return max(0, response_bytes - 6 * 1024**2)


def snapstart_cache_mb_ms(memory_mb: int, cached_ms: int, *, java: bool = False) -> int:
    """MB-ms of one published version's snapshot: at least three hours; nothing for Java managed runtimes."""
    return 0 if java else memory_mb * max(cached_ms, 3 * 3_600_000)


def poller_seconds(units: int, running_ms: int) -> int:
    """Seconds of event poller units: billed by the second, at least a minute for each time that they run."""
    return units * max(60, -(-running_ms // 1000)) if units and running_ms > 0 else 0

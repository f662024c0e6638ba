"""A workload in figures: what a month of one function would use, before it runs."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from collectors.model.units import (
    BILLED_MONTH_HOURS,
    GB_BYTES,
    HOUR_MS,
    HOUR_S,
    INCLUDED_EPHEMERAL_MB,
    KIB_BYTES,
    LEAST_MEMORY_MB,
    MEAN_MONTH_HOURS,
    MIB_BYTES,
)
from pricing.dimensions import (
    EDGE_DURATION,
    EDGE_REQUESTS,
    MANAGED_REQUESTS,
    async_chunks,
    snapstart_cache_mb_ms,
    streamed_beyond_free,
)
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, Usage, billed_ms_of, provisioned_mb_ms

HOURS_A_MONTH = Decimal(MEAN_MONTH_HOURS)
DEFAULT_MEMORY_MB = LEAST_MEMORY_MB


@dataclass(frozen=True, slots=True)
class Workload:
    """One function's month in averages. Durations in ms, sizes in MB, ``cold_ratio`` from 0 to 1.

    Every invocation is billed ``duration_ms``, rounded up; a cold start adds ``init_ms`` before the rounding.
    ``provisioned`` environments stand for ``provisioned_hours``; ``provisioned_requests`` of the requests run on
    them, each for ``provisioned_duration_ms``: if None, as many as they can hold, for the same duration as the rest.
    ``event_kb`` is the size of an asynchronous event (0: called synchronously), ``response_mb`` that of a streamed
    response. ``snapstart_versions`` stand for ``snapstart_hours``; ``restores`` is None for one at each cold start.
    Pollers are in event-poller-unit hours, ``log_stored_gb`` in GB-months of compressed bytes. ``edge_*`` ran as
    Lambda@Edge: its own rates, no free tier. ``managed_*`` ran on managed instances, which have no duration charge:
    hours of instances together, their EC2 price on demand by the hour, and what is paid for them if that is less.
    """

    name: str = ""
    region: str = DEFAULT_REGION
    arch: str = DEFAULT_ARCH
    requests: int = 0
    duration_ms: Decimal = Decimal(0)
    memory_mb: int = DEFAULT_MEMORY_MB
    ephemeral_mb: int = INCLUDED_EPHEMERAL_MB
    init_ms: Decimal = Decimal(0)
    cold_ratio: Decimal = Decimal(0)
    provisioned: int = 0
    provisioned_hours: Decimal = HOURS_A_MONTH
    provisioned_requests: int | None = None
    provisioned_duration_ms: Decimal | None = None
    event_kb: int = 0
    response_mb: int = 0
    snapstart_versions: int = 0
    snapstart_hours: Decimal = HOURS_A_MONTH
    restores: int | None = None
    kafka_poller_hours: Decimal = Decimal(0)
    sqs_poller_hours: Decimal = Decimal(0)
    tenant_environments: int = 0
    durable_operations: int = 0
    durable_written_gb: Decimal = Decimal(0)
    durable_gb_months: Decimal = Decimal(0)
    log_gb: Decimal = Decimal(0)
    log_class: str = "standard"
    log_stored_gb: Decimal = Decimal(0)
    edge_requests: int = 0
    edge_duration_ms: Decimal = Decimal(0)
    edge_memory_mb: int = DEFAULT_MEMORY_MB
    managed_requests: int = 0
    managed_instance_hours: Decimal = Decimal(0)
    managed_instance_price: Decimal | None = None
    managed_instance_paid: Decimal | None = None

    @property
    def on_provisioned(self) -> int:
        """Requests that run on provisioned concurrency: as given, or what one request after the other fits in."""
        if not self.provisioned:
            return 0
        if self.provisioned_requests is not None:
            return min(self.provisioned_requests, self.requests)
        each_ms = self._provisioned_billed_ms
        room_ms = self.provisioned * self._enabled_ms
        return min(self.requests, room_ms // each_ms) if each_ms else self.requests

    @property
    def _enabled_ms(self) -> int:
        return int(self.provisioned_hours * HOUR_MS)

    @property
    def _provisioned_billed_ms(self) -> int:
        chosen = self.provisioned_duration_ms
        return billed_ms_of(self.duration_ms if chosen is None else chosen)

    def usage(self) -> Usage:
        """The month's exact quantities; their basis is ``estimated``."""
        warm, chunks = self.on_provisioned, async_chunks(self.event_kb * KIB_BYTES)
        demand = self.requests - warm
        cold = int((demand * self.cold_ratio).to_integral_value(ROUND_HALF_UP))
        billed_ms = (demand - cold) * billed_ms_of(self.duration_ms) + cold * billed_ms_of(
            self.duration_ms, self.init_ms
        )
        provisioned_ms = warm * self._provisioned_billed_ms
        return Usage(
            function=self.name,
            region=self.region,
            arch=self.arch,
            requests=demand,
            billed_ms=billed_ms,
            billed_mb_ms=billed_ms * self.memory_mb,
            memory_mb=self.memory_mb,
            ephemeral_mb=self.ephemeral_mb,
            provisioned_mb_ms=provisioned_mb_ms(self.provisioned, self.memory_mb, self._enabled_ms),
            provisioned_requests=warm * (1 + chunks),
            provisioned_billed_ms=provisioned_ms,
            provisioned_billed_mb_ms=provisioned_ms * self.memory_mb,
            basis="estimated",
            instance_seconds=int(self.managed_instance_hours * HOUR_S),
            instance_rate=self.managed_instance_price,
            instance_paid_rate=self.managed_instance_paid,
            event_chunks=demand * chunks,
            metered=tuple((name, amount) for name, amount in self._metered(cold).items() if amount),
        )

    def _metered(self, cold: int) -> dict[str, int]:
        cached_ms = int(self.snapstart_hours * HOUR_MS)
        restores = self.restores if self.restores is not None else cold if self.snapstart_versions else 0
        return {
            "streaming": self.requests * streamed_beyond_free(self.response_mb * MIB_BYTES),
            "snapstart_cache": self.snapstart_versions * snapstart_cache_mb_ms(self.memory_mb, cached_ms),
            "snapstart_restore": restores * self.memory_mb,
            "kafka_pollers": int(self.kafka_poller_hours * HOUR_S),
            "sqs_pollers": int(self.sqs_poller_hours * HOUR_S),
            "tenant_isolation": self.tenant_environments * self.memory_mb,
            "durable_operations": self.durable_operations,
            "durable_written": int(self.durable_written_gb * GB_BYTES),
            "durable_retained": int(self.durable_gb_months * GB_BYTES * BILLED_MONTH_HOURS),
            f"logs_{self.log_class}": int(self.log_gb * GB_BYTES),
            MANAGED_REQUESTS: self.managed_requests,
            EDGE_REQUESTS: self.edge_requests,
            EDGE_DURATION: self.edge_requests * billed_ms_of(self.edge_duration_ms) * self.edge_memory_mb,
            "logs_storage": int(self.log_stored_gb * GB_BYTES * BILLED_MONTH_HOURS),
        }

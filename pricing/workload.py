"""A workload in figures: what a month of one function would use, before it runs."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, INCLUDED_EPHEMERAL_MB, Usage, billed_ms_of, provisioned_mb_ms

HOURS_A_MONTH = Decimal(730)  # 365 x 24 / 12, as the AWS Pricing Calculator counts
_MS_AN_HOUR = 3_600_000
DEFAULT_MEMORY_MB = 128


@dataclass(frozen=True, slots=True)
class Workload:
    """One function's month in averages. Durations in ms, sizes in MB, ``cold_ratio`` from 0 to 1.

    Every invocation is billed ``duration_ms``, rounded up; a cold start adds ``init_ms`` before the rounding.
    ``provisioned`` environments stand for ``provisioned_hours``; ``provisioned_requests`` of the requests run on
    them, each for ``provisioned_duration_ms``: if None, as many as they can hold, for the same duration as the rest.
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
        return int(self.provisioned_hours * _MS_AN_HOUR)

    @property
    def _provisioned_billed_ms(self) -> int:
        chosen = self.provisioned_duration_ms
        return billed_ms_of(self.duration_ms if chosen is None else chosen)

    def usage(self) -> Usage:
        """The month's exact quantities; their basis is ``estimated``."""
        warm = self.on_provisioned
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
            provisioned_requests=warm,
            provisioned_billed_ms=provisioned_ms,
            provisioned_billed_mb_ms=provisioned_ms * self.memory_mb,
            basis="estimated",
        )

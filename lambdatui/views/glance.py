"""The functions at a glance, cheap enough for the first frame: rollups, read and shown with next to no imports."""

from collectors.store.glimpse import FunctionSums, glimpse
from lambdatui.views.presets import DEFAULT_PRESET, Ends, at_now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lambdatui.views.time_range import RangeChoice

REQUEST_AS_MB_MS = 12_288
"""What a request costs, as MB-milliseconds of x86: $0.20 a million beside $0.0000166667 a GB-second."""
ARM_SHARE = 0.8
"""What a millisecond of arm64 costs beside one of x86."""


class GlanceRow:
    """One function's figures. Fields are column ids, and mean what they mean in ``FunctionView``.

    ``weight`` orders functions as their list price does, where one price holds for all: None where it is unknown.
    """

    __slots__ = (
        "arch", "avg_ms", "cold_ratio", "cold_starts", "error_rate", "errors", "function", "gb_seconds", "invocations",
        "last_seen", "memory_mb", "region", "runtime", "throttles", "timeouts", "weight",
    )  # fmt: skip

    def __init__(self, sums: FunctionSums) -> None:
        self.function = sums.name
        self.region = sums.region or None
        self.runtime = sums.runtime
        self.arch = sums.arch
        self.memory_mb = sums.memory_mb
        self.invocations, self.errors = counts(sums.invocations, sums.errors, sums.metrics)
        self.error_rate = self.errors / self.invocations if self.invocations else None
        self.timeouts = sums.timeouts
        self.throttles = round(sums.metrics["Throttles"]) if "Throttles" in sums.metrics else None
        self.cold_starts = sums.cold_starts
        self.cold_ratio = sums.cold_starts / sums.reports if sums.reports else None
        self.avg_ms = round(sums.duration_us / sums.reports / 1000, 3) if sums.reports else None
        self.gb_seconds = sums.billed_mb_ms / 1_024_000 if sums.reports else None
        self.last_seen = sums.last_ms if sums.invocations else None
        share = ARM_SHARE if sums.arch == "arm64" else 1.0
        duration, requests = share * sums.billed_mb_ms, REQUEST_AS_MB_MS * sums.invocations
        self.weight = duration + requests if sums.reports else None


class Glance:
    """The functions of a range, most expensive first. ``as_of`` is the newest invocation."""

    __slots__ = ("as_of", "ends", "rows")

    def __init__(self, ends: Ends, as_of: int | None, rows: list[GlanceRow]) -> None:
        self.ends = ends
        self.as_of = as_of
        self.rows = rows


def glance(path: "str | Path", now_ms: int, choice: "RangeChoice | str" = DEFAULT_PRESET) -> Glance:
    """Every function over the range, which a preset's name or a choice tells. Raises ``Unseen``, ``RangeError``."""
    resolved: list[Ends] = []

    def ends(newest_ms: int | None, oldest_ms: "Callable[[], int | None]") -> tuple[int, int]:
        if isinstance(choice, str):
            resolved.append(at_now(choice, now_ms, newest_ms, oldest_ms() if choice == "all" else None))
        else:
            found = choice.resolve(now_ms, newest_ms, oldest_ms() if choice.preset == "all" else None)
            resolved.append((found.from_ms, found.to_ms, found.label))
        return resolved[0][:2]

    newest, stored = glimpse(str(path), ends)
    rows = [GlanceRow(sums) for sums in stored]
    rows.sort(key=lambda row: (row.weight is None, -(row.weight or 0), -row.invocations, row.function))
    return Glance(resolved[0], newest, rows)


def counts(invocations: int, errors: int, metrics: "dict[str, float]") -> tuple[int, int]:
    """Invocations and errors, both from the source that saw more invocations, so that their ratio means something.

    CloudWatch's metrics see every invocation but begin when collecting began; logs may be cut by a budget.
    """
    metered, failed = metrics.get("Invocations"), metrics.get("Errors")
    if metered is not None and failed is not None and metered > invocations:
        return round(metered), round(failed)
    return invocations, errors

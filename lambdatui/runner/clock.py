"""The runner's clock: epoch milliseconds UTC, and the forms in which AWS writes times."""

import time


def now_ms() -> int:
    """The time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def iso_millis() -> str:
    """The time such as ``2026-01-31T23:59:59.123Z``: records of events and JSON log lines."""
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"


def iso_offset(fraction: str = "") -> str:
    """The time such as ``2026-01-31T23:59:59+0000``: the Lambda API. ``fraction`` follows the seconds, as ``.000``."""
    return time.strftime(f"%Y-%m-%dT%H:%M:%S{fraction}+0000", time.gmtime())

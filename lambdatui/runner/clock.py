"""The runner's clock, which is all that reads the machine's: epochs, UTC, and the forms in which AWS writes times."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """The time in epoch milliseconds."""
    return now_ns() // 1_000_000


def now_ns() -> int:
    """The time in epoch nanoseconds."""
    return time.time_ns()


def now_s() -> float:
    """The time in epoch seconds."""
    return time.time()


def now_utc() -> datetime:
    """The time as a date and a time of day, in UTC."""
    return datetime.now(UTC)


def iso_millis() -> str:
    """The time such as ``2026-01-31T23:59:59.123Z``: records of events and JSON log lines."""
    now = now_s()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"


def iso_offset(fraction: str = "") -> str:
    """The time such as ``2026-01-31T23:59:59+0000``: the Lambda API. ``fraction`` follows the seconds, as ``.000``."""
    return time.strftime(f"%Y-%m-%dT%H:%M:%S{fraction}+0000", time.gmtime())

"""The machine's clock: the one place that reads it. Whoever can be told the time is told it; tests set it here.

``pricing`` is always told. The local runner, which imports nothing of the house but units and errors, has its own.
"""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date


def now_ms() -> int:
    """Now, in epoch milliseconds UTC."""
    return time.time_ns() // 1_000_000


def now_s() -> float:
    """Now, in epoch seconds UTC."""
    return now_ms() / 1_000


def today() -> "date":
    """The day in UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(now_s(), UTC).date()

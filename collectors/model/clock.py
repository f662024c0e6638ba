"""The machine's clock: the only place that reads it, and where tests set it. Functions that can take the time as a
parameter do so.

``pricing`` always takes it as a parameter. The local runner, which imports nothing of this program but units and
errors, has a clock of its own.
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

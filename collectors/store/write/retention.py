"""How long a store keeps its data: ages that the configuration names, and the times that they give at a moment.

Hours and days are kept for ever, and with them counts, costs and hourly charts. Only the standard library is imported
here, because the configuration is read before the first frame.
"""

import re

from collectors.model.units import DAY_MS, HOUR_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from collectors.store.write.deletions import Deleted
    from collectors.store.write.prune import Ends

DEFAULTS = {"invocations": "30d", "lines": "14d", "minutes": "90d"}
FOREVER = ("forever", "off")
ROUND_MS = 2_000  # of deleting in each round of a watch; what is left is deleted in the next
_AGE = re.compile(r"(?P<number>[1-9]\d{0,4})(?P<unit>[hdw])")
_UNITS_MS = {"h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}


def age_ms(age: object) -> int | None:
    """An age such as ``30d``, ``12h`` or ``4w`` in ms; None for ``forever`` and ``off``. Raises ValueError."""
    if age in FOREVER:
        return None
    parsed = _AGE.fullmatch(age) if isinstance(age, str) else None
    if parsed is None:
        raise ValueError('an age such as "30d", "12h" or "4w", or "forever"')
    return int(parsed["number"]) * _UNITS_MS[parsed["unit"]]


class Retention:
    """The ages in ms (None: for ever) in the configuration's ``[retention]``, with defaults for missing ones.

    Minute cells are kept at least as long as invocations, because they are summed from them.
    """

    def __init__(self, given: "Mapping[str, object] | None" = None) -> None:
        ages = {name: age_ms((given or {}).get(name, default)) for name, default in DEFAULTS.items()}
        self.invocations_ms, self.lines_ms, self.minutes_ms = (ages[name] for name in DEFAULTS)
        if self.minutes_ms is not None:
            self.minutes_ms = None if self.invocations_ms is None else max(self.minutes_ms, self.invocations_ms)

    @property
    def ages(self) -> dict[str, int | None]:
        """The ages in ms, by the names in the configuration."""
        return {"invocations": self.invocations_ms, "lines": self.lines_ms, "minutes": self.minutes_ms}

    def ends(self, now_ms: int) -> "Ends":
        """Before which times data are deleted: full hours, so that a round each minute deletes only once an hour."""
        from collectors.store.write.prune import Ends

        rows_ms, lines_ms, minutes_ms = (
            None if age is None else max(0, (now_ms - age) // HOUR_MS * HOUR_MS) for age in self.ages.values()
        )
        return Ends(rows_ms, lines_ms, minutes_ms, streams_daily=True)


def retain(
    path: "Path",
    retention: Retention,
    now_ms: int,
    stopped: "Callable[[], bool]" = lambda: False,
    round_ms: int = ROUND_MS,
) -> "Deleted":
    """Deletes what is too old for about ``round_ms``; returns what was deleted. The next call deletes the rest.

    Readers do not wait, and each transaction takes some milliseconds. Raises StoreError; what was deleted before stays
    deleted.
    """
    import time

    from collectors.store.connection import writing
    from collectors.store.write import deletions, prune

    done = deletions.Deleted()
    until = time.monotonic() + round_ms / 1000
    with writing(path) as connection:
        prune.prune(connection, retention.ends(now_ms), done, lambda: time.monotonic() < until and not stopped())
    return done

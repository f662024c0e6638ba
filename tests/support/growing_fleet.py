"""A small fleet over sixteen days: one function is steady, one grew, one is new, one fell silent, one runs weekly."""

import random
from pathlib import Path

from collectors.model.records import Function, FunctionKey
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support import usage_store
from tests.support.usage_store import Call

T0 = 1_774_828_800_000  # 2026-03-30, a Monday, midnight UTC
STEADY, GREW, NEW, SILENT, WEEKLY = (
    FunctionKey(name, "111122223333", "us-east-1") for name in ("steady", "grew", "new", "silent", "weekly")
)
NOW = T0 + 16 * DAY_MS + 10 * HOUR_MS + 22 * MINUTE_MS  # a Wednesday


def calls() -> list[Call]:
    """Sixteen days with a rhythm of hours, weekdays and chance; the same every time."""
    chance = random.Random(17)
    made = []
    for hour in range((NOW - T0) // HOUR_MS + 1):
        day, of_day = divmod(hour, 24)
        start = T0 + hour * HOUR_MS
        today = day >= 15
        per_hour = {STEADY: 2, GREW: 1 + (3 if today else 0), SILENT: 0 if today else 1, NEW: 1 if day == 16 else 0}
        per_hour[WEEKLY] = 3 if day % 7 == 2 and of_day == 9 else 0
        for key, number in per_hour.items():
            for turn in range(number):
                at_ms = start + chance.randrange(59) * MINUTE_MS + turn
                if at_ms < NOW:
                    failed = key in (STEADY, GREW) and chance.random() < (0.3 if today else 0.1)
                    made.append(Call(key, at_ms, chance.choice((100, 200, 900)), 1024, failed))
    made.append(Call(STEADY, NOW - 2 * MINUTE_MS, 100))  # the newest: what is later is not known yet
    return made


def make(path: Path) -> Path:
    """The store of these calls."""
    keys = (STEADY, GREW, NEW, SILENT, WEEKLY)
    return usage_store.make(path, [Function(key) for key in keys], calls())

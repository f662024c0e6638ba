"""Calls at the times of a schedule.

EventBridge Scheduler User Guide, "Configuring flexible time windows": a call comes at a random moment of the window
that begins at its time.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

from lambdatui.runner.clock import now_utc
from lambdatui.runner.triggers.schedule_expression import Rate, Schedule

_LONGEST_SLEEP_S = 60  # the clock may be changed meanwhile


async def call_at_times(
    schedule: Schedule,
    call: Callable[[], Awaitable[None]],
    time_scale: float,
    *,
    window_s: float = 0,
    begin: datetime | None = None,
    end: datetime | None = None,
) -> None:
    """Call ``call`` at each time of the schedule, from ``begin`` to ``end``, until there is none.

    ``time_scale`` shortens rates and windows; times of the clock it does not change.
    """
    moment = max(now_utc(), begin) if begin is not None else now_utc()

    async def call_in_window() -> None:
        await asyncio.sleep(random.uniform(0, window_s) / time_scale)
        await call()

    async with asyncio.TaskGroup() as calls:
        while (due := schedule.after(moment)) is not None and (end is None or due <= end):
            if isinstance(schedule, Rate):
                await asyncio.sleep((due - moment).total_seconds() / time_scale)
            else:
                while (left_s := (due - now_utc()).total_seconds()) > 0:
                    await asyncio.sleep(min(left_s, _LONGEST_SLEEP_S))
            moment = due
            if window_s:
                calls.create_task(call_in_window())
            else:
                await call()

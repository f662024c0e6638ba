"""Schedules: a function is called at a rate, or at times of the clock, with EventBridge's scheduled event."""

import asyncio
from collections.abc import Mapping
from typing import Any

from lambdatui.runner.clock import now_utc
from lambdatui.runner.errors import invalid
from lambdatui.runner.triggers.base import Document, KeptTrigger, Option, Stop, TriggerHost, register
from lambdatui.runner.triggers.eventbridge import scheduled_event
from lambdatui.runner.triggers.schedule_expression import Rate, ScheduleError, parse

_LONGEST_SLEEP_S = 60  # the clock may be changed meanwhile


class Schedule(KeptTrigger):
    """A schedule; the document's ``expression`` is EventBridge's."""

    kind = "schedule"
    options = (Option("schedule", "rate(5 minutes) or cron(0 3 * * ? *), as EventBridge has them.", metavar="EXPR"),)

    def document(self, values: Mapping[str, Any]) -> Document:
        """The expression."""
        return {"expression": values["schedule"]}

    def check(self, document: Document) -> None:
        """Raise ApiError for an expression that EventBridge would refuse."""
        try:
            parse(str(document.get("expression", "")))
        except ScheduleError as error:
            raise invalid(str(error)) from error

    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Call the function at each time of the schedule from now on."""
        return host.run(trigger_id, _call_at_times(trigger_id, document, host))


async def _call_at_times(trigger_id: str, document: Document, host: TriggerHost) -> None:
    expression = parse(document["expression"])
    moment = now_utc()
    while (due := expression.after(moment)) is not None:
        if isinstance(expression, Rate):
            await asyncio.sleep((due - moment).total_seconds() / host.invoker.time_scale)
        else:
            # A cron expression gives times of the clock, which ``time_scale`` does not change.
            while (left_s := (due - now_utc()).total_seconds()) > 0:
                await asyncio.sleep(min(left_s, _LONGEST_SLEEP_S))
        moment = due
        await host.send(document["function"], scheduled_event(trigger_id, now_utc()))


register(Schedule())

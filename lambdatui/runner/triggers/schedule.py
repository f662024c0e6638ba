"""Schedules: a function is called at a rate, at times of the clock in any time zone, or once.

The event is EventBridge's scheduled event.
"""

from collections.abc import Mapping
from typing import Any

from lambdatui.runner.clock import now_utc
from lambdatui.runner.errors import invalid
from lambdatui.runner.triggers.base import Document, KeptTrigger, Option, OptionKind, Stop, TriggerHost, register
from lambdatui.runner.triggers.eventbridge import scheduled_event
from lambdatui.runner.triggers.schedule_expression import ScheduleError, parse_in_zone
from lambdatui.runner.triggers.schedule_times import call_at_times

_MOST_FLEXIBLE_MIN = 1440


class ScheduleTrigger(KeptTrigger):
    """A schedule; ``expression`` is EventBridge's, ``timezone`` and ``flexible_min`` are optional."""

    kind = "schedule"
    options = (
        Option("schedule", "rate(5 minutes), cron(0 3 * * ? *) or at(2026-01-31T09:00:00).", metavar="EXPR"),
        Option("timezone", "Of cron(...) and at(...), such as Europe/Berlin (default UTC).", metavar="NAME"),
        Option("flexible-min", "A schedule's window, in which a call comes at random.", OptionKind.NUMBER, 1, 1440),
    )

    def document(self, values: Mapping[str, Any]) -> Document:
        """The expression, and what is given with it."""
        document: Document = {"expression": values["schedule"]}
        for name in ("timezone", "flexible_min"):
            if values.get(name) is not None:
                document[name] = values[name]
        return document

    def check(self, document: Document) -> None:
        """Raise ApiError for an expression, zone or window that EventBridge would refuse."""
        try:
            parse_in_zone(str(document.get("expression", "")), document.get("timezone"))
        except ScheduleError as error:
            raise invalid(str(error)) from error
        window_min = document.get("flexible_min", 0)
        if not isinstance(window_min, int) or not 0 <= window_min <= _MOST_FLEXIBLE_MIN:
            raise invalid(f"a flexible window has 1 to {_MOST_FLEXIBLE_MIN} minutes")

    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Call the function at each time of the schedule from now on."""
        schedule = parse_in_zone(document["expression"], document.get("timezone"))

        async def call() -> None:
            await host.send(document["function"], scheduled_event(trigger_id, now_utc()))

        window_s = 60 * int(document.get("flexible_min", 0))
        return host.run(trigger_id, call_at_times(schedule, call, host.invoker.time_scale, window_s=window_s))


register(ScheduleTrigger())

"""EventBridge Scheduler here: schedules in time zones with flexible windows; targets are functions of this runner.

EventBridge Scheduler API Reference, "CreateSchedule".
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from lambdatui.runner.clock import now_utc
from lambdatui.runner.errors import ApiError
from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.triggers.base import Document, Stop, TriggerHost
from lambdatui.runner.triggers.schedule_expression import ScheduleError, parse_in_zone
from lambdatui.runner.triggers.schedule_times import call_at_times
from lambdatui.runner.triggers.target_input import target_input


def check_schedule(document: Document) -> None:
    """Raise ApiError 400 ValidationException where CreateSchedule would refuse the document."""
    try:
        parse_in_zone(str(document.get("ScheduleExpression", "")), document.get("ScheduleExpressionTimezone"))
    except ScheduleError as error:
        raise ApiError(400, "ValidationException", f"Invalid Schedule Expression {error}") from error
    window = document.get("FlexibleTimeWindow") or {}
    minutes = window.get("MaximumWindowInMinutes")
    if window.get("Mode") not in ("OFF", "FLEXIBLE") or (window["Mode"] == "FLEXIBLE") != (minutes is not None):
        message = "FlexibleTimeWindow has the Mode OFF, or FLEXIBLE with MaximumWindowInMinutes"
        raise ApiError(400, "ValidationException", message)
    if minutes is not None and (not isinstance(minutes, int) or not 1 <= minutes <= 1440):
        raise ApiError(400, "ValidationException", "MaximumWindowInMinutes must be from 1 to 1440")
    if not str((document.get("Target") or {}).get("Arn", "")).startswith("arn:"):
        raise ApiError(400, "ValidationException", "Target has no Arn")


class Scheduler:
    """The schedules of this runner: documents of CreateSchedule by ``group/name``."""

    def __init__(self, host: TriggerHost, schedules: dict[str, Document], save: Callable[[], None]) -> None:
        self.schedules = schedules
        self._host = host
        self._save = save
        self._stops: dict[str, Stop] = {}

    def start(self) -> None:
        """Run the schedules that were stored."""
        for key in self.schedules:
            self.changed(key)

    def changed(self, key: str) -> None:
        """Apply a schedule that was made, changed or deleted."""
        if (stop := self._stops.pop(key, None)) is not None:
            stop()
        document = self.schedules.get(key)
        if document is not None and document.get("State", "ENABLED") == "ENABLED":
            self._stops[key] = self._host.run(f"schedule {key}", self._call_at_times(key, document))

    async def _call_at_times(self, key: str, document: Document) -> None:
        schedule = parse_in_zone(document["ScheduleExpression"], document.get("ScheduleExpressionTimezone"))
        window = document["FlexibleTimeWindow"]

        async def call() -> None:
            await self._host.send(document["Target"]["Arn"], self._event(key, document))

        await call_at_times(
            *(schedule, call, self._host.invoker.time_scale),
            window_s=60 * int(window.get("MaximumWindowInMinutes") or 0),
            begin=_moment(document.get("StartDate")),
            end=_moment(document.get("EndDate")),
        )
        if document.get("ActionAfterCompletion") == "DELETE" and self.schedules.get(key) is document:
            del self.schedules[key]
            self._save()

    @staticmethod
    def _event(key: str, document: Document) -> object:
        """What the target gets: its Input, else the event of Scheduler."""
        arn = schedule_arn(key)
        event: Document = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": ACCOUNT,
            "time": now_utc().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [arn],
            "detail": "{}",
        }
        return target_input(document["Target"], event, arn, key)


def schedule_arn(key: str) -> str:
    """The ARN of the schedule ``group/name``."""
    return f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{key}"


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(float(seconds), UTC) if isinstance(seconds, int | float) else None

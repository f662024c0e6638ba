"""EventBridge here: rules with event patterns or schedules, whose targets are functions of this runner.

EventBridge API Reference, "PutRule", "PutTargets", "PutEvents". Targets get their events asynchronously.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from lambdatui.runner.clock import now_utc
from lambdatui.runner.errors import ApiError
from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.triggers.base import Document, Stop, TriggerHost
from lambdatui.runner.triggers.event_patterns import EventFilterError, check_pattern, matches
from lambdatui.runner.triggers.eventbridge import scheduled_event
from lambdatui.runner.triggers.schedule_expression import ScheduleError, parse
from lambdatui.runner.triggers.schedule_times import call_at_times
from lambdatui.runner.triggers.target_input import target_input
from lambdatui.runner.untrusted import parsed_json

DEFAULT_BUS = "default"


def pattern_in(text: object) -> dict[str, Any]:
    """The event pattern in JSON. Raises ApiError 400 InvalidEventPatternException."""
    try:
        pattern = parsed_json(text if isinstance(text, str) else "")
        check_pattern(pattern)
    except (ValueError, EventFilterError) as error:
        message = f"Event pattern is not valid. Reason: {error}"
        raise ApiError(400, "InvalidEventPatternException", message) from error
    checked: dict[str, Any] = pattern
    return checked


class EventBus:
    """The rules of every bus; ``rules`` are documents of PutRule with ``Targets`` by their ids."""

    def __init__(self, host: TriggerHost, rules: dict[str, Document]) -> None:
        self.rules = rules
        self._host = host
        self._schedules: dict[str, Stop] = {}
        self._patterns: dict[str, tuple[str, dict[str, Any]]] = {}  # by rule: its bus and pattern
        self._subscribed: list[tuple[str, dict[str, Any]]] = []  # functions with patterns on the default bus

    def start(self) -> None:
        """Run the rules that were stored."""
        for key in self.rules:
            self.changed(key)

    def changed(self, key: str) -> None:
        """Apply a rule that was made, changed or deleted; keys are those of ``rules``."""
        if (stop := self._schedules.pop(key, None)) is not None:
            stop()
        self._patterns.pop(key, None)
        rule = self.rules.get(key)
        if rule is None or rule["State"] == "DISABLED":
            return
        if rule.get("EventPattern"):
            self._patterns[key] = (rule["EventBusName"], pattern_in(rule["EventPattern"]))
        if rule.get("ScheduleExpression"):
            self._schedules[key] = self._host.run(f"rule {rule['Name']}", self._call_at_times(rule))

    async def _call_at_times(self, rule: Document) -> None:
        async def call() -> None:
            await self._deliver(rule, scheduled_event(rule["Name"], now_utc()))

        await call_at_times(parse(rule["ScheduleExpression"]), call, self._host.invoker.time_scale)

    def subscribe(self, function: str, pattern: dict[str, Any]) -> Stop:
        """Send a function the events of the default bus that match; returns a function that ends it."""
        subscription = (function, pattern)
        self._subscribed.append(subscription)

        def end() -> None:
            self._subscribed.remove(subscription)

        return end

    async def publish(self, event: Document, bus: str = DEFAULT_BUS) -> None:
        """Queue an event for the targets of all rules of a bus that let it through."""
        for key, (rule_bus, pattern) in list(self._patterns.items()):
            if rule_bus == bus and matches(pattern, event):
                await self._deliver(self.rules[key], event)
        for function, pattern in list(self._subscribed):
            if bus == DEFAULT_BUS and matches(pattern, event):
                await self._host.send(function, event)

    async def _deliver(self, rule: Document, event: Document) -> None:
        deliveries = (
            self._host.send(target["Arn"], target_input(target, event, rule["Arn"], rule["Name"]))
            for target in list(rule["Targets"].values())
        )
        await asyncio.gather(*deliveries)

    def matching_targets(self, target_arn: str, bus: str) -> Iterator[Document]:
        """The rules of a bus that have this target."""
        for rule in self.rules.values():
            arns = {target["Arn"] for target in rule["Targets"].values()}
            if rule["EventBusName"] == bus and target_arn in arns:
                yield rule


def new_rule(request: Mapping[str, Any], before: Document | None) -> tuple[str, Document]:
    """The key and document of the rule that PutRule asks for; ``before`` is the one of that name. Raises ApiError."""
    name, bus = str(request.get("Name") or ""), bus_name(request.get("EventBusName"))
    expression, pattern = request.get("ScheduleExpression"), request.get("EventPattern")
    if not expression and not pattern:
        message = "Parameter(s) EventPattern or ScheduleExpression must be specified."
        raise ApiError(400, "ValidationException", message)
    if pattern:
        pattern_in(pattern)
    if expression:
        if bus != DEFAULT_BUS:
            message = "ScheduleExpression is supported only on the default event bus."
            raise ApiError(400, "ValidationException", message)
        try:
            parse(str(expression))
        except ScheduleError as error:
            raise ApiError(400, "ValidationException", "Parameter ScheduleExpression is not valid.") from error
    path = name if bus == DEFAULT_BUS else f"{bus}/{name}"
    fields = ("EventPattern", "ScheduleExpression", "Description", "RoleArn")
    document: Document = {field: request[field] for field in fields if request.get(field)}
    document |= {
        "Name": name,
        "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{path}",
        "State": request.get("State") or "ENABLED",
        "EventBusName": bus,
        "Targets": before["Targets"] if before else {},
    }
    return rule_key(bus, name), document


def rule_key(bus: str, name: str) -> str:
    """The key of a rule among ``EventBus.rules``."""
    return f"{bus}/{name}"


def bus_name(name_or_arn: object) -> str:
    """The name of a bus, of its name, its ARN or nothing."""
    return str(name_or_arn or DEFAULT_BUS).rpartition("event-bus/")[2]

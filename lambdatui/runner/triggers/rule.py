"""A rule of EventBridge for one function: events that are put on the runner's bus and match a pattern call it."""

from collections.abc import Mapping
from typing import Any

from lambdatui.runner.errors import invalid
from lambdatui.runner.triggers.base import (
    Document,
    KeptTrigger,
    Option,
    OptionError,
    Stop,
    TriggerHost,
    register,
    text_or_file,
)
from lambdatui.runner.triggers.event_patterns import EventFilterError, check_pattern
from lambdatui.runner.untrusted import parsed_json


class Rule(KeptTrigger):
    """The document's ``pattern`` is an event pattern; events come by PutEvents."""

    kind = "rule"
    options = (Option("rule", "Events of `aws events put-events` that match this pattern.", metavar="JSON|@FILE"),)

    def document(self, values: Mapping[str, Any]) -> Document:
        """The pattern. Raises OptionError where it is not JSON."""
        try:
            return {"pattern": parsed_json(text_or_file(values["rule"]))}
        except ValueError as error:
            raise OptionError(f"--rule is not JSON: {error}") from error

    def check(self, document: Document) -> None:
        """Raise ApiError for a pattern that EventBridge would refuse."""
        try:
            check_pattern(document.get("pattern"))
        except EventFilterError as error:
            raise invalid(f"Event pattern is not valid. Reason: {error}") from error

    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Call the function with each event that matches, from now on."""
        return host.subscribe(document["function"], document["pattern"])


register(Rule())

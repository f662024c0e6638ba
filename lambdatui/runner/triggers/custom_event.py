"""A custom EventBridge event, sent at once."""

from collections.abc import Mapping
from typing import Any

from lambdatui.runner.clock import now_utc
from lambdatui.runner.triggers.base import Document, Option, OptionError, SentEvent, register, text_or_file
from lambdatui.runner.triggers.eventbridge import scheduled_event
from lambdatui.runner.untrusted import parsed_json


class CustomEvent(SentEvent):
    """An event with a given detail, source and detail type."""

    options = (
        Option("event", "Send one EventBridge event now, with this detail.", metavar="JSON|@FILE"),
        Option("event-source", "Of the EventBridge event.", default="lambdatui.runner"),
        Option("detail-type", "Of the EventBridge event.", default="Custom"),
    )

    def event(self, values: Mapping[str, Any]) -> Document:
        """The event. Raises OptionError where the detail is not JSON."""
        try:
            detail = parsed_json(text_or_file(values["event"]))
        except ValueError as error:
            raise OptionError(f"--event is not JSON: {error}") from error
        return custom_event(values["event_source"], values["detail_type"], detail)


def custom_event(source: str, detail_type: str, detail: object) -> dict[str, Any]:
    """The event that a function gets for a PutEvents entry; ``detail`` is a JSON value."""
    event = scheduled_event("none", now_utc())
    return event | {"source": source, "detail-type": detail_type, "resources": [], "detail": detail}


register(CustomEvent())

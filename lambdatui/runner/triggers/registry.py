"""All triggers. A new one is a module beside this one, and a line below."""

# ruff: noqa: F401, I001 - importing registers; the order is that of `lambdatui runner trigger --help`
import lambdatui.runner.triggers.schedule
import lambdatui.runner.triggers.rule
import lambdatui.runner.triggers.folder
import lambdatui.runner.triggers.queue
import lambdatui.runner.triggers.dynamodb
import lambdatui.runner.triggers.kinesis
import lambdatui.runner.triggers.http_api
import lambdatui.runner.triggers.rest_api
import lambdatui.runner.triggers.load_balancer
import lambdatui.runner.triggers.sns_notification
import lambdatui.runner.triggers.custom_event

from lambdatui.runner.triggers.base import TRIGGERS, KeptTrigger, Option, Trigger
from lambdatui.runner.triggers.event_source import SOURCE, event_source_of


def kept_trigger(kind: object) -> KeptTrigger | None:
    """The stored trigger of this ``kind``; None when there is none."""
    for trigger in TRIGGERS:
        if isinstance(trigger, KeptTrigger) and trigger.kind == kind:
            return trigger
    return None


def all_options() -> list[Option]:
    """The options of the command line, each once."""
    options = {option.flag: option for trigger in TRIGGERS for option in trigger.options}
    return list(options.values())


def choosing_options() -> list[Option]:
    """The options that select a trigger, of which one must be given."""
    options = {trigger.options[0].flag: trigger.options[0] for trigger in TRIGGERS}
    return list(options.values())


def trigger_with(option: Option, value: str) -> Trigger:
    """The trigger that an option selects; the ARN in ``value`` tells event sources apart. Raises ApiError."""
    if option.name == SOURCE:
        return event_source_of(value)
    return next(trigger for trigger in TRIGGERS if trigger.options[0].flag == option.flag)

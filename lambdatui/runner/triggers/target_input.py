"""What a target of EventBridge gets of an event: all of it, a part, a text of its own, or a template.

EventBridge User Guide, "Amazon EventBridge input transformation".
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from lambdatui.runner.untrusted import parsed_json

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]")
_VARIABLE = re.compile(r"<([A-Za-z0-9_.-]+)>")


def target_input(target: Mapping[str, Any], event: dict[str, Any], rule_arn: str, rule_name: str) -> object:
    """The JSON value that a target's function is called with."""
    if target.get("Input") is not None:
        return _json_or_text(target["Input"])
    if target.get("InputPath"):
        return _at_path(event, target["InputPath"])
    transformer = target.get("InputTransformer")
    if transformer:
        values = {name: _at_path(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
        values |= {
            "aws.events.rule-arn": rule_arn,
            "aws.events.rule-name": rule_name,
            "aws.events.event.ingestion-time": event.get("time"),
            "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
            "aws.events.event.json": event,
        }
        return _json_or_text(_filled(str(transformer["InputTemplate"]), values))
    return event


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with its variables: text inside quotes is put in as it is, JSON outside of them."""

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        quoted = template.count('"', 0, match.start()) - template.count('\\"', 0, match.start())
        if quoted % 2:
            text = value if isinstance(value, str) else json.dumps(value)
            return json.dumps(text)[1:-1]
        return json.dumps(value)

    return _VARIABLE.sub(value_of, template)


def _at_path(event: Any, path: str) -> Any:
    """What is at a JSON path such as ``$.detail.items[0]``; None where there is nothing."""
    value = event
    for field, index, quoted in _STEP.findall(path):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        else:
            value = value.get(field or quoted) if isinstance(value, dict) else None
    return value


def _json_or_text(text: str) -> object:
    try:
        value: object = parsed_json(text)
    except ValueError:
        return text
    return value

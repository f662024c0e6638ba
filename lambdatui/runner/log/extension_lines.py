"""The lines that Lambda writes to a function's log about its extensions, in its text and its JSON format."""

import json
from collections.abc import Sequence

from lambdatui.runner.clock import iso_millis


def extension_record(name: str, state: str, events: Sequence[str], error_type: str) -> dict[str, object]:
    """The record of ``platform.extension``; ``error_type`` is empty where there is none."""
    record: dict[str, object] = {"name": name, "state": state, "events": list(events)}
    return record | ({"errorType": error_type} if error_type else {})


def extension_line(record: dict[str, object], *, as_json: bool) -> str:
    """The EXTENSION line of an ``extension_record``, which the end of the init phase has."""
    if as_json:
        return _json("platform.extension", record)
    fields = [f"EXTENSION\tName: {record['name']}", f"State: {record['state']}", f"Events: {_listed(record, ',')}"]
    if error_type := record.get("errorType"):
        fields.append(f"Error Type: {error_type}")
    return "\t".join(fields) + "\n"


def subscription_record(name: str, types: Sequence[str]) -> dict[str, object]:
    """The record of ``platform.telemetrySubscription`` and ``platform.logsSubscription``."""
    return {"name": name, "state": "Subscribed", "types": list(types)}


def subscription_line(kind: str, record: dict[str, object], *, as_json: bool) -> str:
    """The TELEMETRY or LOGS line of a ``subscription_record``; ``kind`` is the event's type."""
    if as_json:
        return _json(kind, record)
    word = "LOGS" if kind == "platform.logsSubscription" else "TELEMETRY"
    types = _listed({"types": [str(one).capitalize() for one in _strings(record, "types")]}, ", ", "types")
    return f"{word}\tName: {record['name']}\tState: {record['state']}\tTypes: {types}\n"


def _listed(record: dict[str, object], comma: str, key: str = "events") -> str:
    return f"[{comma.join(_strings(record, key))}]"


def _strings(record: dict[str, object], key: str) -> list[str]:
    values = record[key]
    assert isinstance(values, list)
    return values


def _json(kind: str, record: dict[str, object]) -> str:
    return json.dumps({"time": iso_millis(), "type": kind, "record": record}, separators=(",", ":")) + "\n"

"""What ``--json`` prints, as JSON Schemas: made from what the commands print of sample stores, and from their columns.

``python -m tests.support.json_schemas`` writes ``docs/schemas``. A schema only grows: where a key is no longer printed,
or is of another type, nothing is written, because a script that reads it would break.
"""

import json
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from lambdatui.cli import commands
from lambdatui.cli.output.listing import ColumnsOption
from lambdatui.views.columns import Column, Kind
from tests.support import small_store
from tests.support.command_line import run
from tests.support.places import ROOT

Schema = dict[str, Any]

FOLDER = ROOT / "docs" / "schemas"
COMMAND_LINES = {
    "functions": ["functions"],
    "function": ["function checkout"],
    "invocations": ["invocations", "invocations --function nothing"],
    "invocation": ["invocation 00000001-0000-4000-8000-000000000001", "invocation 00000005-0000-4000-8000-000000000005"],
    "logs": ["logs", "logs --context 1"],
    "patterns": ["patterns"],
    "errors": ["errors"],
    "throttles": ["throttles"],
    "alarms": ["alarms"],
    "compare": [
        "--range 5m --at 2025-03-31T10:12:00Z compare", "--range 5m --at 2025-03-31T10:12:00Z compare --by region",
        "compare",
    ],
    "metrics": ["metrics"],
    "durable": ["durable"],
    "configuration": ["configuration"],
    "collections": ["collections"],
    "costs": ["costs", "costs --by function", "costs --by day", "costs --by region", "costs --by dimension"],
    "cost-estimate": [
        "cost-estimate", "cost-estimate --requests 3M --duration-ms 120 --memory-mb 1536",
        "cost-estimate --requests 3M --duration-ms 120 --memory-mb 1536 --compare arm64 --fail-over 500",
    ],
    "whatif": ["whatif"],
    "advice": ["advice"],
    "prices show": ["prices show --region us-east-1"],
    "prices check": ["prices check"],
    "db info": ["db info"],
    "db prune": ["db prune --before 2000-01-01"],
    "db query": ["db query 'SELECT 1 AS one'"],
    "config show": ["config show"],
    "doctor": ["doctor"],
    "import": ["import EVENTS"],
}  # fmt: skip
"""The schemas' names, and the command lines, less ``--json``, that show everything that is printed there."""
NAMED_BY_DATA = {"totals", "list_totals", "tags", "free_tier", "region_prices", "ephemeral", "durations"}
"""Objects whose keys are data, such as currencies: their schema says what the values are."""
_OF_KIND: dict[str, list[str]] = {
    Kind.TEXT: ["string", "null"], Kind.TIME: ["string", "null"], Kind.FLAG: ["boolean", "null"],
    Kind.CHANGE: ["number", "string", "null"], Kind.WRITTEN: ["string", "null"], Kind.TREND: ["array", "null"], Kind.TAGS: ["object", "null"], Kind.USD: ["string", "null"], Kind.RATE: ["string", "null"],
}  # fmt: skip


def written() -> dict[str, Schema]:
    """The schemas in docs/schemas, by name."""
    return {path.stem.replace("_", " "): json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def printed() -> dict[str, list[Any]]:
    """What each command line prints of the sample stores."""
    with tempfile.TemporaryDirectory() as folder:
        stores = [
            small_store.make(Path(folder) / "logs.db"),
            small_store.make(Path(folder) / "metrics.db", metrics=True),
        ]
        events = small_store.write_events(Path(folder) / "events.jsonl")
        return {
            name: [
                _json(line.replace("EVENTS", str(events)), store)
                for line in lines
                for store in ([Path(folder) / f"{name}.db"] if name == "import" else stores)
            ]
            for name, lines in COMMAND_LINES.items()
        }


def _json(line: str, store: Path) -> Any:
    arguments = shlex.split(line)
    result = run("--db", store, "--range", "all", *arguments, "--json")
    assert result.exit_code in (0, 1, 3), (line, result.exit_code, result.stderr)
    return json.loads(result.stdout)


def made() -> dict[str, Schema]:
    """The schemas as the program is now."""
    schemas = {}
    for name, answers in printed().items():
        schema = merged([shape(answer) for answer in answers])
        without_rows = not schema["properties"].get("rows", {}).get("items")
        for column in _columns(name):
            _declare(schema, column, without_rows)
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"lambdatui {name} --json"}
        schemas[name] = head | schema
    return schemas


def commands_with_json() -> set[str]:
    """The full names of all commands that have the option."""
    names = set()
    for name in commands.known():
        command = commands.load(name)
        every = {name: command}
        if isinstance(command, click.Group):
            every |= {f"{name} {short}": child for short, child in command.commands.items()}
        names |= {full for full, each in every.items() if each and any("--json" in one.opts for one in each.params)}
    return names


def _columns(name: str) -> list[Column]:
    command: click.Command | None = commands.load(name.split()[0])
    for word in name.split()[1:]:
        command = command.commands.get(word) if isinstance(command, click.Group) else None
    option = next((one for one in command.params if isinstance(one, ColumnsOption)), None) if command else None
    return list(option.columns.values()) if option else []


def _declare(schema: Schema, column: Column, without_rows: bool) -> None:
    """Says of a row's key what its column means, and of which types it may be, whatever the samples had of it."""
    rows = schema["properties"].get("rows")
    if rows is None or not (without_rows or column.id in rows["items"]["properties"]):
        return  # the command has no such rows, or only some views have this column
    rows["items"] = rows["items"] or {"type": ["object"], "properties": {}, "required": []}
    own = rows["items"]["properties"].setdefault(column.id, {})
    if without_rows:
        rows["items"]["required"] = sorted({*rows["items"]["required"], column.id})
    types = _OF_KIND.get(column.kind, ["number", "null"])
    own["type"] = _types([own.get("type", []), types])
    own["description"] = column.help


def shape(value: Any, name: str = "") -> Schema:
    """The schema of one JSON value. An object's keys are all required; ``NAMED_BY_DATA`` have any keys."""
    match value:
        case dict() if name in NAMED_BY_DATA:
            return {"type": ["object"], "additionalProperties": merged([shape(one) for one in value.values()])}
        case dict():
            return {
                "type": ["object"],
                "properties": {key: shape(one, key) for key, one in value.items()},
                "required": sorted(value),
            }
        case list():
            return {"type": ["array"], "items": merged([shape(one) for one in value])}
        case bool():
            return {"type": ["boolean"]}
        case None:
            return {"type": ["null"]}
        case int() | float():
            return {"type": ["number"]}
        case _:
            return {"type": ["string"]}


def merged(shapes: list[Schema]) -> Schema:
    """A schema of all values that any of ``shapes`` is of."""
    result: Schema = {}
    if not shapes:
        return result
    result["type"] = _types([one.get("type", []) for one in shapes])
    objects = [one for one in shapes if "properties" in one]
    if objects:
        keys = dict.fromkeys(key for one in objects for key in one["properties"])
        result["properties"] = {
            key: merged([one["properties"][key] for one in objects if key in one["properties"]]) for key in keys
        }
        result["required"] = sorted(set.intersection(*(set(one["required"]) for one in objects)))
    for part in ("items", "additionalProperties"):
        parts = [one[part] for one in shapes if one.get(part)]
        if parts or any(part in one for one in shapes):
            result[part] = merged(parts)
    return result


def _types(types: list[list[str]]) -> list[str]:
    return sorted({each for one in types for each in one})


def lost(before: Schema, now: Schema, path: str = "") -> Iterator[str]:
    """What a script that goes by ``before`` would miss in ``now``: keys that are gone, and types that are new.

    Anything may be null, which is unknown; of what was null in all samples nobody knew the type.
    """
    known = set(before.get("type", [])) - {"null"}
    new_types = set(now.get("type", [])) - known - {"null"}
    if known and new_types:
        yield f"{path or 'the whole'} may be {', '.join(sorted(new_types))} now"
    for key in before.get("required", []):
        if key not in now.get("required", []):
            yield f"{path}.{key} is not always there"
    for key, schema in before.get("properties", {}).items():
        if key in now.get("properties", {}):
            yield from lost(schema, now["properties"][key], f"{path}.{key}")
        else:
            yield f"{path}.{key} is gone"
    for part in ("items", "additionalProperties"):
        if before.get(part) and now.get(part):
            yield from lost(before[part], now[part], f"{path}[]")


def write(schemas: Mapping[str, Schema]) -> None:
    """Writes the schemas, each into a file of its own."""
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schemas.items():
        (FOLDER / f"{name.replace(' ', '_')}.json").write_text(json.dumps(schema, indent=1) + "\n")


def main() -> int:
    """Writes the schemas where nothing is lost; else says what is."""
    before, now = written(), made()
    losses = [
        f"{name}: {loss}" for name in before for loss in (lost(before[name], now[name]) if name in now else ["gone"])
    ]
    for loss in losses:
        sys.stderr.write(f"{loss}: a script that reads it would break\n")
    if not losses:
        write(now)
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main())

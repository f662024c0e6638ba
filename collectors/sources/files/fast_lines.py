"""Decodes JSON lines of events straight into ``LogEvent``, a block of a megabyte in one call.

The keys of a file's first line show how its exporter names them; a ``LogEvent`` with those names then decodes whole
blocks. A block with anything that does not fit (a missing group, a time in seconds, a cut line) raises, and is read
line by line instead.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec

from collectors.model.records import LogEvent
from collectors.sources.files.event_keys import (
    ACCOUNT_KEYS,
    FUNCTION_KEYS,
    GROUP_KEYS,
    ID_KEYS,
    MESSAGE_KEYS,
    REGION_KEYS,
    STREAM_KEYS,
    TIME_KEYS,
)
from collectors.sources.inputs.timestamps import FIRST_MS, LAST_MS
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_lines_of, json_value

_Milliseconds = Annotated[int, msgspec.Meta(ge=FIRST_MS, lt=LAST_MS)]
_NotEmpty = Annotated[str, msgspec.Meta(min_length=1)]
_FIELDS = {
    "timestamp_ms": TIME_KEYS,
    "message": MESSAGE_KEYS,
    "log_group": GROUP_KEYS,
    "log_stream": STREAM_KEYS,
    "event_id": ID_KEYS,
    "function": FUNCTION_KEYS,
    "account": ACCOUNT_KEYS,
    "region": REGION_KEYS,
}


class Spelling(NamedTuple):
    """``decode`` reads a block of lines spelled alike; ``named``: every event it gives says its function.

    ``keys`` are the names that the exporter gives ``LogEvent``'s fields.
    """

    decode: Callable[[bytes], list[LogEvent]]
    named: bool
    keys: dict[str, str]


def spelling_of(line: dict[str, Any]) -> Spelling | None:
    """How lines spelled like ``line`` are read; None where lines like it need a closer look.

    That is: no time in whole milliseconds, no plain message, or no group, function or stream beside them, so that
    the line may be a runtime's own.
    """
    names = {field: next((key for key in keys if line.get(key)), keys[0]) for field, keys in _FIELDS.items()}
    moment, message = line.get(names["timestamp_ms"]), line.get(names["message"])
    if type(moment) is not int or not FIRST_MS <= moment < LAST_MS or not isinstance(message, str):
        return None
    needed = next((field for field in ("log_group", "function", "log_stream") if line.get(names[field])), None)
    if needed is None or "type" in line:
        return None
    return Spelling(_decoder(needed, tuple(names.items())), needed != "log_stream", names)


@lru_cache(maxsize=32)
def _decoder(needed: str, names: tuple[tuple[str, str], ...]) -> Callable[[bytes], list[LogEvent]]:
    spelled = dict(names)
    fields: list[Any] = [("timestamp_ms", _Milliseconds), ("message", str), (needed, _NotEmpty)]
    fields += [(field, str, "") for field in spelled if field not in ("timestamp_ms", "message", needed)]
    spelling: Any = msgspec.defstruct("SpelledEvent", fields, bases=(LogEvent,), rename=spelled, kw_only=True, gc=False)
    return json_lines_of(spelling)


def spelling_in(block: bytes) -> Spelling | None:
    """The spelling of the block's first line."""
    try:
        line = json_value(block.partition(b"\n")[0])
    except Unparsable:
        return None
    return spelling_of(line) if isinstance(line, dict) else None

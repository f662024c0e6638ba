"""The runner's one home of reading JSON that others wrote: payloads, answers, requests, its own files.

Whatever is wrong with it is ``Unparsable``, a ValueError. It may be nested deeper than anybody means it, and no deeper
than can be written again from anywhere in here.
"""

import json
from typing import Any

from collectors.model.errors import CaughtError

MOST_DEPTH = 500


class Unparsable(CaughtError, ValueError):
    """It cannot be read; the text says why."""


def parsed_json(text: str | bytes) -> Any:
    """A value of JSON. Raises ``Unparsable``."""
    try:
        value = json.loads(text)
    except RecursionError as fault:
        raise Unparsable("it is nested too deeply") from fault
    except MemoryError as fault:
        raise Unparsable("it is larger than memory") from fault
    except ValueError as fault:
        said = str(fault)
        raise Unparsable("a number has too many digits" if "integer string" in said else said) from fault
    opening = (text.count("[") + text.count("{")) if isinstance(text, str) else (text.count(b"[") + text.count(b"{"))
    if opening > MOST_DEPTH and not _shallow(value):
        raise Unparsable("it is nested too deeply")
    return value


def _shallow(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for container in level
            if isinstance(container, dict | list)
            for inner in (container.values() if isinstance(container, dict) else container)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return True
    return False

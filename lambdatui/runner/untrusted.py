"""The one place where the runner reads JSON that others wrote: payloads, answers, requests, its own files.

Whatever is wrong with it is ``UnparsableInput``, a ValueError. Nesting is bounded by a fixed number, which is more than
any real document has, and so little that what is read can be walked and written again without a RecursionError.
"""

import json
from typing import Any

from collectors.model.errors import CaughtError

MOST_DEPTH = 500
"""Of containers within one another."""


class UnparsableInput(CaughtError, ValueError):
    """It cannot be read; the text says why."""


def parsed_json(text: str | bytes) -> Any:
    """A value of JSON. Raises ``UnparsableInput``."""
    try:
        value = json.loads(text)
    except RecursionError as fault:
        raise UnparsableInput("it is nested too deeply") from fault
    except MemoryError as fault:
        raise UnparsableInput("it is larger than memory") from fault
    except ValueError as fault:
        message = str(fault)
        raise UnparsableInput("a number has too many digits" if "integer string" in message else message) from fault
    opening = (text.count("[") + text.count("{")) if isinstance(text, str) else (text.count(b"[") + text.count(b"{"))
    if opening > MOST_DEPTH and not _shallow(value):
        raise UnparsableInput("it is nested too deeply")
    return value


def _shallow(value: Any) -> bool:
    """Whether containers are nested no deeper than ``MOST_DEPTH``; it needs no stack."""
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

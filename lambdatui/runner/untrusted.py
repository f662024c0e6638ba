"""The only module in which the runner parses JSON that others wrote: payloads, answers, requests, stored files.

Every error is ``Unparsable``, a ValueError. The allowed nesting is deeper than that of any real document, and so
limited that parsed values can be walked and written again without a RecursionError.
"""

import json
from typing import Any

from collectors.model.errors import CaughtError

MOST_DEPTH = 500
"""So many containers may be nested."""


class UnparsableInput(CaughtError, ValueError):
    """Text that cannot be parsed; the message says why."""


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
    """Whether containers are nested at most ``MOST_DEPTH`` deep, checked without recursion."""
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

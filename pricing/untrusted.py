"""JSON of price books and price lists, which may be anybody's: whatever is wrong with it is a ValueError."""

import json
from typing import Any


def parsed_json(text: str | bytes) -> Any:
    """A value of JSON. Raises ValueError, also where it is nested too deeply or larger than memory."""
    try:
        return json.loads(text)
    except RecursionError as fault:
        raise ValueError("it is nested too deeply") from fault
    except MemoryError as fault:
        raise ValueError("it is larger than memory") from fault

"""Times in AWS's answers as epoch milliseconds."""

from datetime import datetime
from typing import Any


def iso_ms(text: Any) -> int | None:
    """Epoch ms of AWS's times, such as ``2025-03-31T10:00:00.000+0000`` or a datetime; None where it is none."""
    if isinstance(text, datetime):
        return round(text.timestamp() * 1000)
    try:
        return round(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None

"""The machine's clock, where a command asks which day it is: tests set it here."""

import time
from datetime import UTC, date, datetime


def today() -> date:
    """The day in UTC."""
    return datetime.fromtimestamp(time.time(), UTC).date()

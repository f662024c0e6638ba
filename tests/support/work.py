"""How much a piece of code does, counted: no clock, so that load changes nothing."""

import sys
import time
from collections.abc import Callable
from types import FrameType


def calls(function: Callable[[], object]) -> int:
    """How many functions, Python's and C's, are called while ``function`` runs in this thread."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def cpu_s(function: Callable[[], object]) -> float:
    """This thread's processor time, for what is one call into C. Waiting for a processor does not count."""
    began = time.thread_time()
    function()
    return time.thread_time() - began

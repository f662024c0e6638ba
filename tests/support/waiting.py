"""Waiting for what another thread or process brings about: for as long as a loaded machine may take."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 120.0
_LOOK_EVERY_S = 0.02


def wait_for(what: Callable[[], T], seconds: float = PATIENCE_S) -> T:
    """What ``what`` gives as soon as that is true."""
    end = time.monotonic() + seconds
    while not (come := what()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(_LOOK_EVERY_S)
    return come

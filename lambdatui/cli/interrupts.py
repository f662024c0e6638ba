"""Signals that end a command as ctrl-c does, after what it has begun is tidied: its exit code is 128 + the signal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

came: list[int] = []
"""The numbers of those that came."""


def _interrupt(number: int, _: FrameType | None) -> None:
    came.append(number)
    raise KeyboardInterrupt


@contextmanager
def as_interrupts(*numbers: int) -> Iterator[None]:
    """Each of these signals raises KeyboardInterrupt while the block runs."""
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code() -> int:
    """The exit code of a command that a signal interrupted: that of ctrl-c where no other came."""
    return 128 + (came[0] if came else signal.SIGINT)

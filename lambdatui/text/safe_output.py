"""What commands write, to a terminal, a pipe or a file: no character of data that a terminal would obey.

One rule at the one place where all output passes: rows, CSV, messages, file names in errors, tracebacks. Character by
character, so that no cell takes the next one along: an ESC becomes its picture. JSON keeps every character, because it
escapes them. ``--raw`` gives CSV and log lines as they are.
"""

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from lambdatui.text.plain import OBEYED, pictures, plain

_OBEYED = re.compile(OBEYED)


class SafeOutput(io.TextIOBase):
    """Writes to ``unguarded``, without control characters, unless ``raw``.

    A carriage return that begins or ends what is written stays: lines of progress are painted over with it.
    """

    def __init__(self, unguarded: TextIO) -> None:
        self.unguarded = unguarded
        self.raw = False

    def write(self, text: str) -> int:
        """Writes ``text``, its control characters as pictures unless ``raw``; returns the characters written."""
        if not self.raw and _OBEYED.search(text):
            body = text.strip("\r")
            start = text[: len(text) - len(text.lstrip("\r"))]
            text = f"{start}{pictures(body)}{text[len(start) + len(body) :]}"
        return self.unguarded.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unguarded, name)

    # Methods that io.TextIOBase defines itself, so that ``__getattr__`` is never asked for them.

    def flush(self) -> None:
        """Flushes ``unguarded``."""
        self.unguarded.flush()

    def isatty(self) -> bool:
        """Whether ``unguarded`` is a terminal."""
        return self.unguarded.isatty()

    def fileno(self) -> int:
        """The file descriptor of ``unguarded``; raises ``OSError`` where it has none."""
        return self.unguarded.fileno()

    def writable(self) -> bool:
        """Always True."""
        return True

    def close(self) -> None:
        """Closes ``unguarded``."""
        self.unguarded.close()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of ``unguarded``."""
        return self.unguarded.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """What ``unguarded`` does with a character that its encoding lacks."""
        return self.unguarded.errors

    def __del__(self) -> None:
        """Does nothing: ``unguarded`` outlives this object and must not be closed with it."""


@contextmanager
def safe_output() -> Iterator[None]:
    """Guards stdout and stderr while the block runs."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(SafeOutput, before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def is_raw() -> bool:
    """Whether stdout prints data unchanged (``--raw``)."""
    return isinstance(sys.stdout, SafeOutput) and sys.stdout.raw


def log_text(message: str) -> str:
    """A log line's text for a listing."""
    ended = message.rstrip("\r\n")
    return ended if is_raw() else plain(ended, newlines=True)


def raw_output() -> None:
    """Lets the guarded streams print data unchanged from now on."""
    for one in (sys.stdout, sys.stderr):
        if isinstance(one, SafeOutput):
            one.raw = True

"""Commands of ours that the screens run as processes of their own: a collection, a live tail.

A thread would cost frames, and could not be ended. A child is ``python -m lambdatui ARGUMENTS`` with ``VARIABLE`` in
its environment: it ends when its stdin does, whatever becomes of the screens.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence

VARIABLE = "LAMBDATUI_CHILD"
"""Marks a process as a child of the screens; its value is the child's niceness (``os.nice``)."""

_PATIENCE_S = 3.0
_CHUNK = 1 << 16
_COMPLAINTS_BYTES = 4_000  # of the end of what it wrote on stderr


class Child:
    """``lambdatui ARGUMENTS`` as a process. One thread makes, reads and awaits it; any other may ``stop`` it."""

    def __init__(self, arguments: Sequence[str], *, niceness: int = 0) -> None:
        """Raises ``OSError`` where it cannot be started."""
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by ``wait_for_end``
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lambdatui", *arguments],
            env={**os.environ, VARIABLE: str(niceness)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,  # a ctrl-c is the screens' own
        )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def batches(self) -> Iterator[list[str]]:
        """The lines that it prints, in lists of as many as have come."""
        assert self._process.stdout is not None
        rest = b""
        while chunk := os.read(self._process.stdout.fileno(), _CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            if lines:
                yield [line.decode("utf-8", "replace") for line in lines]

    def complaints(self) -> list[str]:
        """The last lines that it wrote on stderr so far."""
        size = os.fstat(self._complaints.fileno()).st_size
        text = os.pread(self._complaints.fileno(), _COMPLAINTS_BYTES, max(0, size - _COMPLAINTS_BYTES))
        return text.decode("utf-8", "replace").strip().splitlines()

    def wait_for_end(self) -> tuple[int, list[str]]:
        """Waits for its end; returns the exit code, and its last lines on stderr."""
        code = self._process.wait()
        complaints = self.complaints()
        for file in (self._process.stdin, self._process.stdout, self._complaints):
            if file is not None:
                file.close()
        return code, complaints

    def stop(self) -> None:
        """Tells it to end; it has three seconds to do so. Safe to call more than once."""
        if self._process.poll() is None and self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()


def tie_to_parent(niceness: str) -> None:
    """Called in the child: ends it when its stdin ends, which the parent holds open. ``niceness`` as of ``os.nice``."""
    os.nice(int(niceness))
    threading.Thread(target=_end_with_stdin, daemon=True).start()


def _end_with_stdin() -> None:
    while os.read(0, _CHUNK):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_PATIENCE_S)
    os._exit(143)

"""Commands of ours that the screens run as processes of their own: a collection, a live tail.

A thread would cost frames, and could not be ended. A child ends with the pipe to it, whatever becomes of the screens.
Run as ``python -m lambdatui.processes.child_process ARGUMENTS`` it is ``lambdatui ARGUMENTS`` with that tie.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence

_PATIENCE_S = 3.0
_CHUNK = 1 << 16
_NICE = 10
_TOLD = 4_000  # bytes of what it complained about that are kept


class Child:
    """``lambdatui ARGUMENTS`` as a process. Made, read and waited for in a thread; ``stop`` is for any other."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """OSError where it cannot be started."""
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by ``ended``
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lambdatui.processes.child_process", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,  # a ctrl-c is the screens' own
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def batches(self) -> Iterator[list[str]]:
        """The lines that it prints, as many at a time as there are."""
        assert self._process.stdout is not None
        rest = b""
        while chunk := os.read(self._process.stdout.fileno(), _CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            if lines:
                yield [line.decode("utf-8", "replace") for line in lines]

    def complaints(self) -> list[str]:
        """The last lines that it wrote on stderr so far."""
        size = os.fstat(self._complaints.fileno()).st_size
        said = os.pread(self._complaints.fileno(), _TOLD, max(0, size - _TOLD))
        return said.decode("utf-8", "replace").strip().splitlines()

    def ended(self) -> tuple[int, list[str]]:
        """Waits for its end: the exit code, and its last complaints."""
        code = self._process.wait()
        said = self.complaints()
        for file in (self._process.stdin, self._process.stdout, self._complaints):
            if file is not None:
                file.close()
        return code, said

    def stop(self) -> None:
        """Tells it to end; it has three seconds to do so."""
        if self._process.poll() is None and self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()


def _end_with_parent() -> None:
    while os.read(0, _CHUNK):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_PATIENCE_S)
    os._exit(143)


def main() -> int:
    if "collect" in sys.argv:
        os.nice(_NICE)  # the screens come first
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from lambdatui.cli.main import cli

    return cli.main(standalone_mode=False)


if __name__ == "__main__":
    raise SystemExit(main())

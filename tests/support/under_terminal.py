"""The real program under a pseudo-terminal, and every byte that it writes there."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.support.command_line import PROGRAM
from tests.support.places import ROOT

PATIENCE_S = 60.0
_IDLE_SHARE = 0.1
"""Who uses less of a processor than this is idle: clocks tick."""
QUIET_S = 1.2
"""So long nothing is written before what was asked for counts as painted; longer than the screens' clock ticks apart."""


_NOT_OF_THIS_TERMINAL = ("SSH_", "TMUX", "NO_COLOR", "COLUMNS", "LINES")
"""Variables of the terminal that the tests run in; a snapshot sets the last two for the rest of its process."""


class UnderTerminal:
    """``lambdatui``, or another program, with ``arguments``; ``with`` ends it. ``changes`` are of the environment."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        term: str = "xterm-256color",
        program: Sequence[str] = PROGRAM,
        **changes: str,
    ) -> None:
        self._main, side = pty.openpty()
        self.resize(columns, lines)
        keep = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OF_THIS_TERMINAL)}
        env = keep | {
            "PYTHONPATH": str(ROOT),
            "TERM": term,
            "XDG_CONFIG_HOME": "/nowhere",
            "XDG_STATE_HOME": "/dev/null",
        }
        self.process = subprocess.Popen(
            [*program, *arguments], stdin=side, stdout=side, stderr=side, env=env | changes,
            start_new_session=True,
        )  # fmt: skip
        os.close(side)
        self.seen = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        self.hang_up()

    def fileno(self) -> int:
        """Readable when the program has painted."""
        return self._main

    def there(self) -> bytes:
        """What was painted since the last call, without waiting for more."""
        return self._more(0)

    def hang_up(self) -> None:
        """The terminal goes away, as when an SSH connection drops."""
        if self._main >= 0:
            os.close(self._main)
        self._main = -1

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def send(self, keys: str | bytes) -> None:
        os.write(self._main, keys.encode() if isinstance(keys, str) else keys)

    def _more(self, seconds: float) -> bytes:
        """What comes within ``seconds``; nothing where nothing comes or the program has ended."""
        ready, _, _ = select.select([self._main], [], [], max(0.0, seconds))
        if not ready:
            return b""
        try:
            return os.read(self._main, 1 << 16)
        except OSError:
            return b""

    def until(self, wanted: bytes) -> bytes:
        """All that was written since the last call, once ``wanted`` is in it."""
        got, end = b"", time.monotonic() + PATIENCE_S
        while wanted not in got:
            more = self._more(end - time.monotonic())
            assert more, f"{wanted!r} never came after {got[-400:]!r}"
            got += more
        self.seen += got
        return got

    def quiet(self, seconds: float = QUIET_S) -> bytes:
        """All that is written until nothing was for ``seconds`` in which the program waited and did not work."""
        got, end = b"", time.monotonic() + PATIENCE_S
        worked_s = self._worked_s()
        while time.monotonic() < end:
            more = self._more(seconds)
            before, worked_s = worked_s, self._worked_s()
            if not more and not self._wants_to_work() and worked_s - before < _IDLE_SHARE * seconds:
                break
            got += more
        self.seen += got
        return got

    def _wants_to_work(self) -> bool:
        """Whether some thread of it waits for a processor: on a loaded machine that, too, is silence."""
        try:
            threads = list(Path(f"/proc/{self.process.pid}/task").iterdir())
            states = [(thread / "stat").read_text().rpartition(")")[2].split()[0] for thread in threads]
        except OSError:  # it has ended, or there is no /proc
            return False
        return "R" in states or "D" in states

    def _worked_s(self) -> float:
        """Processor time that it has used."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def during(self, seconds: float) -> bytes:
        """All that is written within ``seconds``."""
        got, end = b"", time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            got += self._more(left)
        self.seen += got
        return got

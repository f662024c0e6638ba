"""``python -m screenshots.record``: plays a short session of the real program, and writes it as an animated SVG.

``lambdatui`` runs in a pseudo-terminal on a store of ``lambdatui demo``, is given the keys of ``SCRIPT``, and what the
terminal shows once it is quiet again becomes a frame, for as long as the script says: a slow machine makes the same
recording as a fast one. Needs ``pyte`` (the extra ``bench``).
"""

import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte

from screenshots.animation import Cell, Frame, animated

HERE = Path(__file__).resolve().parent
COLUMNS, LINES = 120, 40
_QUIET_S, _LONGEST_S, _PATIENCE_S = 1.2, 15.0, 60.0
_CONFIGURATION = "[thresholds]\nbudget_usd = 15\n"


@dataclass(frozen=True)
class Step:
    """``keys`` as a terminal sends them, what is written below the terminal then, and for how long it is shown (s)."""

    keys: str
    caption: str
    seconds: float


_DOWN, _ENTER, _ESCAPE = "\x1b[B", "\r", "\x1b"
SCRIPT = (
    Step("", "lambdatui demo: thirty simulated days of a small shop, then real processes. Trouble stands first", 3.5),
    Step(_DOWN, "\N{DOWNWARDS ARROW}   what is known of the function under the cursor", 3.0),
    Step("E", "E   errors: one is new since a deploy", 3.0),
    Step(_ENTER, "Enter   an invocation that failed so, with its trace", 3.5),
    Step(_ESCAPE, "Esc   back", 0.8),
    Step("2", "2   the last 24 hours", 1.5),
    Step("T", "T   throttled last night: which limit, which minute, whose doing", 3.5),
    Step("$", "$   what it costs, where the month ends, and who grew", 3.5),
    Step("b", "b   by function, beside the day and the week before", 2.5),
    Step("A", "A   what to change, with the command to paste", 3.0),
)


def demo_store(folder: Path, seconds: int) -> Path:
    """The store that a demo of some seconds leaves."""
    command = [sys.executable, "-m", "lambdatui", "demo", "--no-tui", "--history", "--seconds", str(seconds)]
    subprocess.run([*command, "--keep", str(folder)], check=True, cwd=HERE.parent, stdout=subprocess.DEVNULL)
    return folder / "demo.db"


class TerminalSession:
    """``lambdatui`` on a store, in a terminal of ``COLUMNS`` and ``LINES``."""

    def __init__(self, store: Path, folder: Path) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        configuration = folder / "config.toml"
        configuration.write_text(_CONFIGURATION, encoding="utf-8")
        places = {f"XDG_{name}_HOME": str(folder) for name in ("CONFIG", "STATE", "DATA", "CACHE")}
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SSH", "TMUX", "LAMBDATUI"))},
            **places,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
        }
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            command = ["-m", "lambdatui", "--db", str(store), "--config", str(configuration), "--range", "1h"]
            os.execve(sys.executable, [sys.executable, *command], environment)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))

    def press(self, keys: str) -> None:
        """Sends keys, and waits until the screen has been quiet for a while."""
        os.write(self._terminal, keys.encode())
        began = quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < _QUIET_S and time.monotonic() - began < _LONGEST_S:
            readable, _, _ = select.select([self._terminal], [], [], 0.05)
            if readable:
                try:
                    self._stream.feed(os.read(self._terminal, 65_536))
                except OSError:  # it has ended
                    return
                quiet_since = time.monotonic()

    def wait_until_whole(self) -> None:
        """Waits until the first screen shows the month and no cell is still to come. TimeoutError after a minute."""
        until = time.monotonic() + _PATIENCE_S
        while not self._is_whole():
            if time.monotonic() > until:
                raise TimeoutError("the first screen was never whole")
            self.press("")

    def _is_whole(self) -> bool:
        lines = self._screen.display
        return any("month $" in line for line in lines) and not any(line.rstrip().endswith("…") for line in lines)

    def rows(self) -> Iterator[list[Cell]]:
        """What the terminal shows, row by row."""
        for line in range(LINES):
            cells = self._screen.buffer[line]
            yield [
                Cell(cell.data, *((cell.bg, cell.fg) if cell.reverse else (cell.fg, cell.bg)), cell.bold)
                for cell in (cells[column] for column in range(COLUMNS))
            ]

    def close(self) -> None:
        """Ends the program."""
        os.kill(self._pid, signal.SIGTERM)
        os.close(self._terminal)
        os.waitpid(self._pid, 0)


def record(store: Path, script: Sequence[Step] = SCRIPT) -> list[Frame]:
    """The frames of a session."""
    with tempfile.TemporaryDirectory() as folder:
        session = TerminalSession(store, Path(folder))
        try:
            session.wait_until_whole()
            frames = []
            for step in script:
                session.press(step.keys)
                frames.append(Frame([*session.rows()], step.caption, step.seconds))
            return frames
        finally:
            session.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the recording."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, metavar="FOLDER", help="what a demo with --keep FOLDER left")
    parser.add_argument("--seconds", type=int, default=20, help="how long the demo runs (default: %(default)s)")
    parser.add_argument("--into", type=Path, metavar="FILE", default=HERE / "demo.svg", help="default: %(default)s")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        store = asked.demo / "demo.db" if asked.demo else demo_store(Path(folder), asked.seconds)
        svg = animated(record(store), COLUMNS)
    asked.into.write_text(svg, encoding="utf-8")
    sys.stderr.write(f"{asked.into}: {len(svg.encode()) / 1000:.0f} KB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

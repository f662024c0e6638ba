"""Signals at any moment of the screens' life: the terminal is given back as it was."""

import fcntl
import os
import random
import re
import signal
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.budget import SEED, rounds
from tests.support.under_terminal import UnderTerminal

ROUNDS = rounds(3)
# A session of its own with this terminal as its controlling one, as a shell makes it.
AS_A_SHELL = (
    sys.executable,
    "-c",
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.executable, [sys.executable, '-m', 'lambdatui', *sys.argv[1:]])",
)
_MODES = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_CLEAN = {
    b"1049": False,
    b"25": True,
    b"7": True,
    **{n.encode(): False for n in ("1000", "1003", "1006", "1015", "1004", "2004", "2026", "2048")},
}
TRACE = b"Traceback"


def _other_side(main: int) -> str:
    number = fcntl.ioctl(main, 0x80045430, b"\0" * 4)  # TIOCGPTN; os.ptsname is of Python 3.13
    return f"/dev/pts/{int.from_bytes(number, sys.byteorder)}"


class Watched(UnderTerminal):
    """Knows which modes the terminal is in, and how its line discipline was at first."""

    def __init__(self, *arguments: str) -> None:
        super().__init__(arguments, program=AS_A_SHELL, COLORTERM="truecolor")
        self.side = os.open(_other_side(self._main), os.O_RDWR | os.O_NOCTTY)
        self.before = termios.tcgetattr(self.side)
        self.modes = dict(_CLEAN)
        self.kitty = 0

    def __exit__(self, *arguments: object) -> None:
        os.close(self.side)
        super().__exit__(*arguments)

    def look(self, seconds: float) -> bytes:
        got = self._more(seconds)
        self.seen += got
        self.modes = dict(_CLEAN)
        for numbers, way in _MODES.findall(self.seen):
            for number in numbers.split(b";"):
                self.modes[number] = way == b"h"
        return got

    def given_back(self) -> bool:
        ours = {name: value for name, value in self.modes.items() if name in _CLEAN}
        flags = termios.tcgetattr(self.side)
        return (
            ours == _CLEAN and flags[:4] == self.before[:4] and flags[6][termios.VMIN] == self.before[6][termios.VMIN]
        )

    def wait_until(self, what: "str", patience_s: float = 20.0) -> float:
        """Seconds until ``given_back``, ``taken`` or ``ended`` holds."""
        began = time.monotonic()
        while time.monotonic() - began < patience_s:
            self.look(0.002)
            if {"given_back": self.given_back, "taken": self.taken, "ended": self.ended}[what]():
                return time.monotonic() - began
        raise AssertionError(f"never {what}: {self.modes}, {self.seen[-300:]!r}")

    def taken(self) -> bool:
        return self.modes[b"1049"]

    def ended(self) -> bool:
        return self.process.poll() is not None

    def stopped(self) -> bool:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def drain(self) -> None:
        while self.look(0.05):
            pass


@pytest.fixture
def terminal(db: Path) -> Iterator[Watched]:
    with Watched("--db", str(db), "--range", "all") as one:
        yield one


def moments(salt: int) -> list[float]:
    chance = random.Random(SEED * 1000 + salt)
    return [chance.uniform(0.0, 2.0) for _ in range(ROUNDS)]


ENDS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT]


@pytest.mark.parametrize(("number", "after_s"), [(n, at) for n in ENDS for at in moments(n)])
def test_a_signal_that_ends_us_leaves_the_terminal_as_it_was(terminal: Watched, number: int, after_s: float) -> None:
    end = time.monotonic() + after_s
    while time.monotonic() < end:
        terminal.look(end - time.monotonic())
    before = len(terminal.seen)
    terminal.process.send_signal(number)
    terminal.wait_until("ended")
    terminal.drain()
    code = terminal.process.returncode
    if code == -number or (number == signal.SIGINT and code == 1):  # Python itself was not there yet
        assert b"\x1b[?1049h" not in terminal.seen
        assert b"/lambdatui/" not in terminal.seen
    else:
        assert code == 128 + number, terminal.seen[before:]
        assert TRACE not in terminal.seen
    assert terminal.given_back(), terminal.modes


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("phase", ["first byte", "screens"])
def test_it_is_given_back_from_the_first_byte_on(terminal: Watched, number: int, phase: str) -> None:
    terminal.wait_until("taken")
    if phase == "screens":
        terminal.until(b"\x1b[?1004h")
    terminal.process.send_signal(number)
    took_s = terminal.wait_until("given_back")
    terminal.wait_until("ended")
    terminal.drain()
    assert terminal.process.returncode == 128 + number
    assert terminal.given_back()
    assert TRACE not in terminal.seen
    sys.stdout.write(f"{signal.Signals(number).name} in {phase}: given back after {1000 * took_s:.0f} ms\n")


def stopped_and_continued(terminal: Watched, quiet_s: float) -> bytes:
    """What is painted after ``fg``, until nothing is for ``quiet_s``; a stop was asked for just before."""
    end = time.monotonic() + 10
    while not terminal.stopped() and time.monotonic() < end:
        terminal.look(0.01)
    assert terminal.stopped()
    terminal.drain()
    assert terminal.given_back()
    stopped_at = len(terminal.seen)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait_until("taken")
    terminal.seen += terminal.quiet(quiet_s)
    return terminal.seen[stopped_at:]


@pytest.mark.parametrize("phase", ["first byte", "screens", "settled"])
@pytest.mark.parametrize("how", ["signal", "key"])
def test_a_stop_gives_the_screen_back_and_fg_paints_it_again(terminal: Watched, phase: str, how: str) -> None:
    terminal.wait_until("taken")
    if phase != "first byte":
        terminal.until(b"\x1b[?1004h")
    if phase == "settled":
        terminal.seen += terminal.quiet(0.8)
    if how == "key":
        terminal.send("\x1a")
    else:
        terminal.process.send_signal(signal.SIGTSTP)
    took_s = terminal.wait_until("given_back")
    painted_again = stopped_and_continued(terminal, 1.0)
    assert b"checkout" in painted_again
    assert TRACE not in terminal.seen
    terminal.send("q")
    terminal.wait_until("ended")
    terminal.drain()
    assert terminal.process.returncode == 0
    assert terminal.given_back()
    sys.stdout.write(f"stopped by {how} in {phase}: given back after {1000 * took_s:.0f} ms\n")


def test_a_stop_that_nobody_was_told_of_is_painted_over(terminal: Watched) -> None:
    terminal.until(b"\x1b[?1004h")
    terminal.seen += terminal.quiet(0.8)
    terminal.process.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    at = len(terminal.seen)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.seen += terminal.quiet(1.0)
    assert b"checkout" in terminal.seen[at:]
    terminal.send("q")
    terminal.wait_until("ended")
    terminal.drain()
    assert terminal.given_back()


@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.5])
def test_a_terminal_that_is_closed_ends_us(db: Path, after_s: float) -> None:
    with Watched("--db", str(db), "--range", "all") as terminal:
        terminal.wait_until("taken")
        end = time.monotonic() + after_s
        while time.monotonic() < end:
            terminal.look(0.05)
        terminal.hang_up()
        assert terminal.process.wait(20) == 129


# Each reaches a place that takes keys for itself: palette, help, filter, search, prompt, a dialog, the details.
PLACES = ["", ":", "\x10", "?", "/", "/chec", "i", "l", "\r", "\x13", "y", "i\r", "l/", "$", "!", "o", "K", "|", "H", "@",
          "R", "$w", ":err"]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "key"), [*((place, "\x03") for place in PLACES), *((place, "\x11") for place in PLACES[1:6])]
)
def test_ctrl_c_and_ctrl_q_end_it_anywhere(terminal: Watched, place: str, key: str) -> None:
    terminal.until(b"\x1b[?1004h")
    terminal.seen += terminal.quiet(0.6)
    for one in place:
        terminal.send(one)
        terminal.seen += terminal.quiet(0.3)
    at = len(terminal.seen)  # a function's own traceback is among the lines that are shown
    terminal.send(key)
    terminal.wait_until("ended")
    terminal.drain()
    assert terminal.process.returncode == 0
    assert terminal.given_back()
    assert TRACE not in terminal.seen[at:]
    assert b"/lambdatui/" not in terminal.seen


@pytest.mark.parametrize(
    ("place", "painted"),
    [("", b"checkout"), (":", b"Screen:"), ("?", b"Keys"), ("/chec", b"keep"), ("l", b"Logs"), ("\x13", b"Write to"),
     ("$w", b"What if"), ("!", b"What went wrong"), ("o", b"sort by"), ("H", b"Columns"), ("@", b"Which time"),
     ("i\r", b"START"), ("R", b"Which region")],
)  # fmt: skip
def test_ctrl_z_stops_it_anywhere_and_fg_paints_it_again(terminal: Watched, place: str, painted: bytes) -> None:
    terminal.until(b"\x1b[?1004h")
    terminal.seen += terminal.quiet(0.6)
    for one in place:
        terminal.send(one)
        terminal.seen += terminal.quiet(0.3)
    terminal.send("\x1a")
    terminal.wait_until("given_back")
    painted_again = stopped_and_continued(terminal, 0.4)
    assert painted in painted_again
    terminal.send("\x03")
    terminal.wait_until("ended")
    terminal.drain()
    assert terminal.process.returncode == 0
    assert terminal.given_back()


def test_a_terminal_that_takes_nothing_is_not_waited_for(db: Path) -> None:
    with Watched("--db", str(db), "--range", "all") as terminal:
        terminal.until(b"\x1b[?1004h")
        fcntl.ioctl(terminal.side, termios.TCXONC, termios.TCOOFF)  # ctrl-s
        terminal.send("iiq")
        time.sleep(0.3)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(20) in (0, 128 + signal.SIGTERM)

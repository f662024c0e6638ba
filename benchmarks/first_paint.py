"""How long until there is something to read: the first row, the screens that answer keys, ``cost-estimate``'s answer.

    python -m benchmarks.first_paint [--db FILE] [--repeat 20] [--toolong COMMAND]

``lambdatui`` is started under a pseudo-terminal of 80x24 and timed from before exec until the dearest function's name
has come out of it; then until Textual has painted its footer: from then on keys are answered. Beside them, in turns:
``python -c pass``, what any Python program costs; a bare Textual app with an empty table (``bare.py``), what any
Textual program costs; and toolong (``tl``, from a virtual environment of its own, since it needs an older Textual)
opening a log of 50 lines, until its footer. CPU is that of the process until the text has come (Linux). Byte code is
compiled first, as an installation does. FILE is a store; without it one is imported from 2,000 invocations.
"""

import argparse
import compileall
import contextlib
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import generate
from benchmarks.bare import TITLE
from benchmarks.measure import ROOT, environment, machine, run
from lambdatui.views.startup_view import startup_view

PASS = [sys.executable, "-c", "pass"]
ESTIMATE = ["-m", "lambdatui", "cost-estimate", "--requests", "3M", "--duration-ms", "120", "--memory-mb", "1536"]
FIRST_TARGET, READY_TARGET = 2.5, 1.35
PATIENCE_S = 30.0
FOOTER = b" help"  # of Textual's screen; the plain first frame has none
TOOLONG_FOOTER = b" Tail"
BARE, BARE_TITLE = Path(__file__).with_name("bare.py"), TITLE.encode()


@dataclass(frozen=True, slots=True)
class Paint:
    """Milliseconds from exec, milliseconds of CPU, and bytes written until then."""

    wall_ms: float
    cpu_ms: float
    bytes: int


class Terminal:
    """A program under a pseudo-terminal of 80x24, and what it has written so far."""

    def __init__(self, command: Sequence[str], env: dict[str, str]) -> None:
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.seen = b""
        self._main = main
        self._began = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=side, stdout=side, stderr=side, env=env, start_new_session=True, close_fds=True
        )
        os.close(side)

    def until(self, wanted: bytes | None) -> float:
        """Milliseconds from exec until the text has come; None waits for the end of all output."""
        while wanted is None or wanted not in self.seen:
            ready, _, _ = select.select([self._main], [], [], PATIENCE_S)
            if not ready:
                raise SystemExit(f"{wanted!r} did not come within {PATIENCE_S:g} s; the last was {self.seen[-200:]!r}")
            try:
                more = os.read(self._main, 1 << 16)
            except OSError:  # Linux says so where the other side is closed
                more = b""
            if not more:
                if wanted is None:
                    break
                raise SystemExit(f"it ended without {wanted!r}; the last was {self.seen[-200:]!r}")
            self.seen += more
        return 1000 * (time.perf_counter() - self._began)

    def end(self) -> None:
        """Leaves by q, as a user does."""
        if self.process.poll() is None:
            with contextlib.suppress(OSError):  # it was killed
                os.write(self._main, b"q")
        try:
            self.until(None)
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
        os.close(self._main)


def painted(terminal: Terminal, wanted: bytes) -> Paint:
    wall_ms = terminal.until(wanted)
    return Paint(wall_ms, cpu_ms(terminal.process.pid), len(terminal.seen))


def cpu_ms(process: int) -> float:
    """What the process has used so far; 0 where there is no /proc."""
    tasks = Path(f"/proc/{process}/task")
    return sum(int(one.read_text().split()[0]) for one in tasks.glob("*/schedstat")) / 1e6


def ours(store: Path, dearest: str) -> tuple[Paint, Paint]:
    """One start of the screens on a store: the first row, and the footer."""
    terminal = Terminal([sys.executable, "-m", "lambdatui"], starting(LAMBDATUI_DB=str(store)))
    found = painted(terminal, dearest.encode()), painted(terminal, FOOTER)
    terminal.end()
    return found


def peer(command: Sequence[str], wanted: bytes) -> Paint:
    terminal = Terminal(command, starting())
    found = painted(terminal, wanted)
    terminal.process.kill()
    terminal.end()
    return found


def nothing() -> Paint:
    """``python -c pass`` under a terminal, until it has ended."""
    terminal = Terminal(PASS, starting())
    taken = terminal.until(None)
    terminal.end()
    return Paint(taken, 0.0, 0)


def starting(**more: str) -> dict[str, str]:
    env = environment(TERM="xterm-256color", COLORTERM="truecolor", XDG_CONFIG_HOME=os.devnull, **more)
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def small_store(folder: Path) -> Path:
    """A store of 2,000 invocations, imported by the real command."""
    corpus, store = folder / "corpus.jsonl", folder / "store.db"
    with open(corpus, "w", encoding="utf-8") as out:
        generate.write(out, 2_000)
    run([sys.executable, "-m", "lambdatui", "--db", str(store), "import", str(corpus)])
    return store


def dearest_of(store: Path) -> str:
    """The function that the first frame shows first."""
    found = startup_view(store, time.time_ns() // 1_000_000)
    if not found.rows:
        raise SystemExit(f"{store} has nothing to show")
    return found.rows[0].function


def row(name: str, of: list[Paint], base: list[Paint], target: float | None = None, beside: str = "") -> str:
    """One contestant; ``target`` is of the medians' ratio, and of CPU's where it is noisy."""
    walls, bases = [one.wall_ms for one in of], [one.wall_ms for one in base]
    ratio = statistics.median(walls) / statistics.median(bases)
    cpu, cpu_base = statistics.median(one.cpu_ms for one in of), statistics.median(one.cpu_ms for one in base)
    figures = f"{min(walls):.1f} | {statistics.median(walls):.1f} | {min(walls) / min(bases):.2f}x | {ratio:.2f}x"
    cpus = f"{cpu:.0f} ms, {cpu / cpu_base:.2f}x" if cpu_base else ""
    reached = (
        "" if target is None else f"<= {target:g}x: {'met' if ratio <= target else f'short by {ratio - target:.2f}x'}"
    )
    return f"| {name} | {figures} | {beside} | {cpus} | {of[0].bytes:,} | {reached} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, help="a store; without it a small one is made")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--toolong", help="toolong's command, such as VENV/bin/tl; without it, it does not take part")
    args = parser.parse_args()
    heading = machine()
    passes: list[Paint] = []
    firsts: list[Paint] = []
    footers: list[Paint] = []
    bares: list[Paint] = []
    toolongs: list[Paint] = []
    estimates: list[Paint] = []
    with tempfile.TemporaryDirectory(prefix="lambdatui-bench-") as name:
        for package in ("lambdatui", "collectors", "pricing"):
            compileall.compile_dir(ROOT / package, quiet=1)
        log = Path(name) / "small.log"
        log.write_text("".join(f"2025-03-31 10:22:{number:02} one line\n" for number in range(50)))
        store = (args.db or small_store(Path(name))).resolve()
        dearest = dearest_of(store)
        ours(store, dearest)  # files are in the page cache
        for _ in range(args.repeat):
            passes.append(nothing())
            first, footer = ours(store, dearest)
            firsts.append(first)
            footers.append(footer)
            bares.append(peer([sys.executable, str(BARE)], BARE_TITLE))
            if args.toolong:
                toolongs.append(peer([args.toolong, str(log)], TOOLONG_FOOTER))
            estimates.append(Paint(1000 * run([sys.executable, *ESTIMATE], starting())[0].wall_s, 0.0, 0))
    print(f"{heading}\n")
    print("| | ms, best | median | of the best | of the medians | beside | CPU | bytes | target, of the medians |")
    print("|---|---|---|---|---|---|---|---|---|")
    print(row("python -c pass", passes, passes))
    print(row("lambdatui: the first row", firsts, passes, FIRST_TARGET, "python -c pass"))
    print(row("a bare Textual app", bares, bares))
    print(row("lambdatui: the footer, keys are answered", footers, bares, READY_TARGET, "the bare app"))
    if toolongs:
        print(row("lambdatui: the footer", footers, toolongs, 1.0, "toolong"))
        print(row("toolong: its footer", toolongs, bares, None, "the bare app"))
    print(row("lambdatui cost-estimate from figures", estimates, passes, None, "python -c pass"))


if __name__ == "__main__":
    main()

"""How long until there is something to read: the first row on the screen, and ``cost-estimate``'s answer.

    python benchmarks/first_paint.py [--db FILE] [--repeat 20]

``lambdatui`` is started under a pseudo-terminal of 80x24 and timed from before exec until the busiest function's name
has come out of it; then until Textual has painted its footer. ``python -c pass`` under the same kind of terminal is
what any Python program costs. All take turns. FILE is a store; without it one is imported from 2,000 invocations.
"""

import argparse
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

import generate
from measure import environment, machine, run

from collectors.store.reader import Reader

PASS = [sys.executable, "-c", "pass"]
ESTIMATE = ["-m", "lambdatui", "cost-estimate", "--requests", "3M", "--duration-ms", "120", "--memory-mb", "1536"]
TARGET = 2.5
DAY_MS = 86_400_000
PATIENCE_S = 30.0
FOOTER = b" help"  # of Textual's screen; the plain first frame has none


@dataclass(frozen=True, slots=True)
class Paint:
    """Milliseconds from exec, and bytes written until then."""

    first_ms: float
    first_bytes: int
    screen_ms: float
    screen_bytes: int


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
            os.write(self._main, b"q")
        try:
            self.until(None)
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
        os.close(self._main)


def paint(store: Path, busiest: str) -> Paint:
    """One start of the screens on a store."""
    env = environment(TERM="xterm-256color", COLORTERM="truecolor", LAMBDATUI_DB=str(store))
    terminal = Terminal([sys.executable, "-m", "lambdatui"], env)
    first_ms = terminal.until(busiest.encode())
    first_bytes = len(terminal.seen)
    screen_ms = terminal.until(FOOTER)
    found = Paint(first_ms, first_bytes, screen_ms, len(terminal.seen))
    terminal.end()
    return found


def nothing() -> float:
    """``python -c pass`` under a terminal, until it has ended."""
    terminal = Terminal(PASS, environment(TERM="xterm-256color"))
    taken = terminal.until(None)
    terminal.end()
    return taken


def small_store(folder: Path) -> Path:
    """A store of 2,000 invocations, imported by the real command."""
    corpus, store = folder / "corpus.jsonl", folder / "store.db"
    with open(corpus, "w", encoding="utf-8") as out:
        generate.write(out, 2_000)
    run([sys.executable, "-m", "lambdatui", "--db", str(store), "import", str(corpus)])
    return store


def busiest_of(store: Path) -> str:
    """The function that the first frame shows first: the most invoked of the last 24 hours that have data."""
    with Reader(store) as reader:
        newest = reader.newest_ms()
        if newest is None:
            raise SystemExit(f"{store} has nothing to show")
        busiest = max(reader.totals(newest - DAY_MS, newest + 1), key=lambda one: one.invocations)
        return next(row.function.key.name for row in reader.functions() if row.id == busiest.function_id)


def row(name: str, times: list[float], base: list[float], written: str = "", target: str = "") -> str:
    best, middle = min(times), statistics.median(times)
    ratios = f"{best / min(base):.2f}x | {middle / statistics.median(base):.2f}x"
    return f"| {name} | {best:.1f} | {middle:.1f} | {ratios} | {written} | {target} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, help="a store; without it a small one is made")
    parser.add_argument("--repeat", type=int, default=20)
    args = parser.parse_args()
    heading = machine()
    base: list[float] = []
    paints: list[Paint] = []
    passes: list[float] = []
    estimates: list[float] = []
    with tempfile.TemporaryDirectory(prefix="lambdatui-bench-") as name:
        store = (args.db or small_store(Path(name))).resolve()
        busiest = busiest_of(store)
        paint(store, busiest)  # byte code is compiled, files are in the page cache
        run([sys.executable, *ESTIMATE])
        for _ in range(args.repeat):
            base.append(nothing())
            paints.append(paint(store, busiest))
            passes.append(1000 * run(PASS)[0].wall_s)
            estimates.append(1000 * run([sys.executable, *ESTIMATE])[0].wall_s)
    first = [one.first_ms for one in paints]
    ratio = statistics.median(first) / statistics.median(base)
    said = f"<= {TARGET:g}x: " + ("met" if ratio <= TARGET else f"short by {ratio - TARGET:.2f}x")
    print(f"{heading}\n")
    print("| | ms, best | median | of the best | of the medians | bytes until then | target, of the medians |")
    print("|---|---|---|---|---|---|---|")
    print(row("python -c pass, under a terminal", base, base))
    print(row("lambdatui: the first row", first, base, f"{paints[0].first_bytes:,}", said))
    print(row("lambdatui: Textual's footer", [one.screen_ms for one in paints], base, f"{paints[0].screen_bytes:,}"))
    print(row("python -c pass", passes, passes))
    print(row("lambdatui cost-estimate from figures", estimates, passes))


if __name__ == "__main__":
    main()

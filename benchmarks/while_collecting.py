"""How the event loop ticks while another process writes the store at full speed, beside the idle app.

    nice -n 0 python -m benchmarks.while_collecting [--invocations 200000] [--rounds 3] [--nice 0]

The screens run headless at 120x40 on a store of half of the invocations, and show whatever is committed. A task asks to
wake every 5 ms; a tick is how long that took in truth. Rounds alternate: the app idle, then the app while
``lambdatui import`` writes the other half into the same store; and the same of a bare Textual app, which reads nothing,
beside the same import: what is left of the ratio there is the machine's, not ours. ``--nice 10`` gives the import the
priority of a collection that the screens start themselves. A process that only sleeps ticks all the while: where it
was held too, it was the machine that stood still.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.app import App

from benchmarks.measure import machine
from benchmarks.screens import Bare, p95
from lambdatui.app.application import LambdaTui
from lambdatui.session.session import Session
from lambdatui.text.terminal import DARK, Terminal

TARGET = 1.5
CONTROL = """
import json, select, sys, time
ticks = []
while not select.select([sys.stdin], [], [], 0)[0]:
    began = time.perf_counter()
    time.sleep(0.005)
    ticks.append(1000 * (time.perf_counter() - began))
print(json.dumps(ticks))
"""
IDLE_S = 6.0
HERE = Path(__file__).parent


async def ticking(ticks: list[float]) -> None:
    """Milliseconds from asking to sleep 5 ms to being awake."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        ticks.append(1000 * (time.perf_counter() - began))


async def ticks_of(app: App[object], running: Callable[[], bool]) -> list[float]:
    """While ``running``, once the first rows stand."""
    ticks: list[float] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await asyncio.sleep(1.0)
        watch = asyncio.create_task(ticking(ticks))
        while running():
            await asyncio.sleep(0.1)
        watch.cancel()
    return ticks


def idle() -> Callable[[], bool]:
    until = 0.0

    def running() -> bool:
        nonlocal until
        until = until or time.monotonic() + IDLE_S
        return time.monotonic() < until

    return running


def importing(db: Path, corpus: Path, niceness: int) -> Callable[[], bool]:
    process: subprocess.Popen[bytes] | None = None

    def running() -> bool:
        nonlocal process
        if process is None:
            command = [sys.executable, "-m", "lambdatui", "--db", str(db), "import", str(corpus)]
            process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=lambda: os.nice(niceness),
            )
        return process.poll() is None

    return running


def shown(db: Path) -> LambdaTui:
    colours = Terminal(ansi=False, ascii=False, remote=False, no_color=False)
    return LambdaTui(Session(db, colours, utc=True), DARK)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invocations", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nice", type=int, default=0)
    args = parser.parse_args()
    found: dict[str, list[float]] = {
        "lambdatui, idle": [],
        "lambdatui, importing": [],
        "bare, idle": [],
        "bare, importing": [],
    }
    control = subprocess.Popen([sys.executable, "-c", CONTROL], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpora = []
        for seed in (7, 8):
            corpora.append(folder / f"{seed}.jsonl")
            made = [str(corpora[-1]), "--invocations", str(args.invocations // 2), "--seed", str(seed)]
            subprocess.run([sys.executable, str(HERE / "generate.py"), *made], check=True, capture_output=True)
        half = folder / "half.db"
        command = [sys.executable, "-m", "lambdatui", "--db", str(half), "import", str(corpora[0])]
        subprocess.run(command, check=True, capture_output=True)
        for number in range(args.rounds):
            for what in ("lambdatui", "bare"):
                db = folder / f"{what}{number}.db"
                shutil.copy(half, db)
                make: Callable[[], App[object]] = (lambda db=db: shown(db)) if what == "lambdatui" else Bare  # type: ignore[misc,assignment,return-value]
                found[f"{what}, idle"] += asyncio.run(ticks_of(make(), idle()))
                found[f"{what}, importing"] += asyncio.run(ticks_of(make(), importing(db, corpora[1], args.nice)))
                db.unlink()
    print(f"{machine()}\n\n{args.invocations:,} invocations, the import at nice {args.nice}, {args.rounds} rounds\n")
    print("| | ticks | p50 ms | p95 ms | max ms |\n|---|---|---|---|---|")
    found["a process that only sleeps"] = json.loads(control.communicate(b"")[0])
    for name, ticks in found.items():
        middle = sorted(ticks)[len(ticks) // 2]
        print(f"| {name} | {len(ticks):,} | {middle:.2f} | {p95(ticks):.2f} | {max(ticks):.1f} |")
    ours = p95(found["lambdatui, importing"]) / p95(found["lambdatui, idle"])
    bare = p95(found["bare, importing"]) / p95(found["bare, idle"])
    met = "met" if ours <= TARGET else f"missed by {ours - TARGET:.2f}"
    print(f"\np95 importing / idle: {ours:.2f} (<= {TARGET}: {met}); of the bare app {bare:.2f}")


if __name__ == "__main__":
    main()

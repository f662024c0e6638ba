"""How soon a key is answered, and how long the event loop is ever held.

    python benchmarks/screens.py --db FILE [--keys 200]

The screens run headless at 120x40 on FILE; each key is timed from its press until everything that it set off on the
painting thread is done (Pilot). The same keys go to a bare Textual app with an empty table, in turns, and the ratio of
the p95s is what is told. A task that wakes every 5 ms tells the longest time that the loop was held; queries run in
threads meanwhile, and their answers are painted within it.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from measure import machine
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import DataTable

from collectors.store.reader import Reader
from lambdatui.application import LambdaTui
from lambdatui.session import Session
from lambdatui.theme import DARK, Terminal

MOVES = ("j", "j", "k", "pagedown", "G", "g")
DOES = (*MOVES, "shift+right", "O", "x", "x", "slash", "f", "1", "enter", "escape", "enter", "escape")
TARGET_MS = 50.0


class Bare(App[None]):
    """The least that Textual does for a key."""

    def compose(self) -> ComposeResult:
        yield DataTable()


async def held(gaps: list[float]) -> None:
    """Milliseconds by which each wake-up came late."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        gaps.append(1000 * (time.perf_counter() - began) - 5)


async def timed(pilot: Pilot[object], keys: int, taken: list[float]) -> None:
    for number in range(keys):
        began = time.perf_counter()
        await pilot.press(DOES[number % len(DOES)])
        taken.append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(0.05)


async def measured(app: App[object], keys: int) -> tuple[list[float], list[float]]:
    taken: list[float] = []
    gaps: list[float] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        watch = asyncio.create_task(held(gaps))
        await timed(pilot, keys, taken)
        watch.cancel()
    return taken, gaps


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def line(name: str, values: list[float], said: str) -> str:
    return f"| {name} | {statistics.median(values):.1f} | {p95(values):.1f} | {max(values):.1f} | {said} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--keys", type=int, default=200)
    args = parser.parse_args()
    with Reader(args.db) as reader:
        newest, functions = reader.newest_ms() or 0, len(reader.functions())
        invocations = reader.info().invocations
    colours = Terminal(ansi=False, ascii=False, remote=False, no_color=False)
    session = Session(args.db, colours, utc=True, now_ms=lambda: newest + 60_000)
    ours, gaps = asyncio.run(measured(LambdaTui(session, DARK), args.keys))  # type: ignore[arg-type]
    bare, bare_gaps = asyncio.run(measured(Bare(), args.keys))  # type: ignore[arg-type]
    print(f"{machine()}\n\n{invocations:,} invocations, {functions:,} functions, {args.keys} keys\n")
    print("| | p50 ms | p95 ms | max ms | |\n|---|---|---|---|---|")
    met = "met" if p95(ours) <= TARGET_MS else f"short by {p95(ours) - TARGET_MS:.0f} ms"
    print(line("a key in lambdatui", ours, f"<= 50 ms: {met}"))
    print(line("a key in a bare app", bare, f"ratio of the p95s {p95(ours) / p95(bare):.2f}"))
    print(line("the loop held, lambdatui", gaps, "never above 50"))
    print(line("the loop held, bare app", bare_gaps, ""))


if __name__ == "__main__":
    main()

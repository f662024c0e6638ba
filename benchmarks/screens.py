"""How soon a key is answered, and how long the event loop is ever held.

    python -m benchmarks.screens --db FILE [--keys 200]

The screens run headless at 120x40 on FILE. A key is timed from its event to the end of the first repaint that it
causes, made into bytes as for a terminal: the cursor's move, the sorted or filtered rows, the frame of a screen that
is drilled into (its rows are asked of the store in a thread, and are told beside it: to the last repaint). Then the
whole press as Pilot tells it, in ours and in a bare Textual app with an empty table: Pilot sleeps 20 ms twice, and
waits until no thread computes. A task that wakes every 5 ms tells the longest time that the loop was held.
"""

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import DataTable

import lambdatui
from benchmarks.measure import machine
from collectors.model.units import MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.app.application import LambdaTui
from lambdatui.session.session import Session
from lambdatui.text.terminal import DARK, Terminal

DOES = (
    ("move", ("j", "j", "k", "pagedown", "G", "pageup", "g", "j")),
    ("sort", ("shift+right", "O", "shift+right", "O")),
    ("filter", ("x", "x", "slash", "f", "1", "backspace", "backspace", "escape")),
    ("drill in", ("enter",)),
    ("move", ("j", "pagedown", "k", "G", "g")),
    ("sort", ("shift+right", "O")),
    ("drill in", ("enter",)),
    ("back", ("escape", "escape")),
)
TARGET_MS = 50.0
PATIENCE_S = 3.0
STILL_S = 0.25
"""So long nothing is painted before a key counts as wholly answered."""


class Timed(App[Any]):
    """Paints are made into bytes, as for a terminal, and their ends are noted."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.paints: list[tuple[float, Screen[Any]]] = []

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if renderable is not None and not self._batch_count:
            if hasattr(renderable, "render_segments"):
                renderable.render_segments(self.console)
            else:
                self.console._render_buffer(self.console.render(renderable))
            self.paints.append((time.perf_counter(), screen))
        super()._display(screen, renderable)


class Ours(Timed, LambdaTui):
    """``lambdatui``."""

    CSS_PATH = Path(lambdatui.__file__).parent / "app" / "lambdatui.tcss"  # a subclass's is sought beside the subclass


class Bare(Timed):
    """The least that Textual does for a key."""

    def compose(self) -> ComposeResult:
        yield DataTable()


async def held(gaps: list[float]) -> None:
    """Milliseconds by which each wake-up came late."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        gaps.append(1000 * (time.perf_counter() - began) - 5)


def script(keys: int) -> list[tuple[str, str]]:
    """What is pressed, ``keys`` of it, each with what it does."""
    one_round = [(what, key) for what, some in DOES for key in some]
    return [one_round[number % len(one_round)] for number in range(keys)]


async def answered(app: Timed, key: str, *, elsewhere: bool) -> tuple[float | None, float | None]:
    """Milliseconds from the key to its first repaint and to the last; ``elsewhere``: of another screen than now."""
    before, at = app.screen, len(app.paints)
    character = key if len(key) == 1 else {"slash": "/"}.get(key)
    name = key if len(key) > 1 or key.isalnum() else _character_to_key(key)
    began = time.perf_counter()
    app.post_message(events.Key(name, character).set_sender(app))
    while True:
        await asyncio.sleep(0.002)
        waited, here = time.perf_counter() - began, app.paints[at:]
        awaited = elsewhere and not any(screen is not before for _, screen in here)
        still = time.perf_counter() - (here[-1][0] if here else began) > STILL_S
        if (still and not awaited) or waited > PATIENCE_S:
            break
    painted = [when for when, screen in app.paints[at:] if not elsewhere or screen is not before]
    if not painted:
        return None, None
    return 1000 * (painted[0] - began), 1000 * (app.paints[-1][0] - began)


async def settled(app: Timed, pilot: Pilot[Any]) -> None:
    await app.workers.wait_for_complete()
    await pilot.pause()
    await asyncio.sleep(STILL_S)


async def to_repaint(app: Timed, keys: int, gaps: list[float]) -> dict[str, list[tuple[float, float]]]:
    """What each key does -> its times to the first and the last repaint."""
    taken: dict[str, list[tuple[float, float]]] = defaultdict(list)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        watch = asyncio.create_task(held(gaps))
        for what, key in script(keys):
            first, last = await answered(app, key, elsewhere=what in ("drill in", "back"))
            if first is not None and last is not None:
                taken[what].append((first, last))
        watch.cancel()
    return taken


async def by_pilot(app: Timed, keys: int) -> list[float]:
    """Milliseconds of each press until Pilot says that it is over."""
    taken: list[float] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        for _, key in script(keys):
            began = time.perf_counter()
            await pilot.press(key)
            taken.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.05)
    return taken


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def line(name: str, values: list[float], said: str = "") -> str:
    figures = f"{statistics.median(values):.1f} | {p95(values):.1f} | {max(values):.1f}"
    return f"| {name} | {len(values):,} | {figures} | {said} |"


def verdict(reached: float, target: float) -> str:
    return "met" if reached <= target else f"short by {reached - target:.0f} ms"


def session(db: Path) -> tuple[Session, str]:
    """The screens' session on a store, as if it were a minute after the newest row; and the store in words."""
    with Reader(db) as reader:
        newest, functions = reader.newest_ms() or 0, len(reader.functions())
        invocations = reader.info().invocations
    colours = Terminal(ansi=False, ascii=False, remote=False, no_color=False)
    said = f"{invocations:,} invocations, {functions:,} functions"
    return Session(db, colours, utc=True, now_ms=lambda: newest + MINUTE_MS), said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--keys", type=int, default=200)
    args = parser.parse_args()
    _, store = session(args.db)
    gaps: list[float] = []
    bare_gaps: list[float] = []
    ours = asyncio.run(to_repaint(Ours(session(args.db)[0], DARK), args.keys, gaps))
    asyncio.run(to_repaint(Bare(), min(args.keys, 50), bare_gaps))
    piloted = asyncio.run(by_pilot(Ours(session(args.db)[0], DARK), args.keys))
    bare = asyncio.run(by_pilot(Bare(), args.keys))
    print(f"{machine()}\n\n{store}, {args.keys} keys\n")
    print("| | keys | p50 ms | p95 ms | max ms | |\n|---|---|---|---|---|---|")
    every = [first for times in ours.values() for first, _ in times]
    for what, times in ours.items():
        print(line(f"{what}: to the first repaint", [first for first, _ in times]))
        print(line(f"{what}: to the last repaint", [last for _, last in times]))
    print(line("every key: to the first repaint", every, f"p95 <= 50 ms: {verdict(p95(every), TARGET_MS)}"))
    print(line("a press by Pilot, lambdatui", piloted, f"ratio of the p95s {p95(piloted) / p95(bare):.2f}"))
    print(line("a press by Pilot, bare app", bare))
    print(line("the loop held, lambdatui", gaps, f"never above 50 ms: {verdict(max(gaps), TARGET_MS)}"))
    print(line("the loop held, bare app", bare_gaps))


if __name__ == "__main__":
    main()

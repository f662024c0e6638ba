"""A table of a million invocations: opened, walked to its end, filtered; none of it loads them.

    python -m benchmarks.million --db FILE

FILE is a store of a million (``many.py FILE --invocations 1000000``). The screen runs headless at 120x40. Each step is
timed from its key until its rows are painted, with the rows that the views took from the store for it and what the
process grew by.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from benchmarks.screens import session
from lambdatui.app.application import LambdaTui
from lambdatui.screens.base import invocations_table
from lambdatui.screens.invocations import InvocationsScreen
from lambdatui.text.terminal import DARK

PATIENCE_S = 60.0


def own_mb() -> float:
    """Memory of the process's own: pages of the store that are mapped belong to the system's cache."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("RssAnon"))


async def until(holds: Callable[[], bool]) -> None:
    end = time.perf_counter() + PATIENCE_S
    while not holds():
        if time.perf_counter() > end:
            raise SystemExit("it did not come")
        await asyncio.sleep(0.002)


async def measured(db: Path) -> list[tuple[str, float, int, float]]:
    """What was done, milliseconds, rows taken, MB grown."""
    taken = 0
    asked: Any = invocations_table.invocations

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal taken
        view = asked(*arguments, **named)
        taken += len(view.rows)
        return view

    invocations_table.invocations = counted
    found: list[tuple[str, float, int, float]] = []
    settings, _ = session(db)
    settings.choice = settings.choice.with_preset("all")
    app = LambdaTui(settings, DARK)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()

        async def step(name: str, does: Callable[[], Awaitable[None]], holds: Callable[[], bool]) -> None:
            before, rows, began = own_mb(), taken, time.perf_counter()
            await does()
            await until(holds)
            found.append((name, 1000 * (time.perf_counter() - began), taken - rows, own_mb() - before))
            await app.workers.wait_for_complete()
            await pilot.pause()

        async def opened() -> None:
            app.push_screen(InvocationsScreen(settings))

        def table() -> Any:
            return app.screen.table

        await step("open", opened, lambda: app.screen.answer is not None)

        async def bottom() -> None:
            table().go_bottom()

        await step("to the end", bottom, lambda: table().row is not None and table().cursor == table().row_count - 1)

        async def filtered() -> None:
            app.screen.filter = "status:timeout"
            app.screen.filter_to("status:timeout", done=True)

        answer = app.screen.answer
        await step("filter to timeouts", filtered, lambda: app.screen.answer is not answer)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, required=True)
    args = parser.parse_args()
    _, store = session(args.db)
    print(f"{machine()}\n\n{store}\n\n| | ms | rows taken | MB grown |\n|---|---|---|---|")
    for name, ms, rows, grown in asyncio.run(measured(args.db)):
        print(f"| {name} | {ms:.0f} | {rows:,} | {grown:.1f} |")


if __name__ == "__main__":
    main()

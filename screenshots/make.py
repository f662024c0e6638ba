"""``python -m screenshots.make``: runs the demo, walks through its screens, writes an SVG and a PNG of each.

The demo's functions run for ``--seconds`` (eight minutes) first; ``--demo FOLDER`` takes what
``lambdatui demo --no-tui --keep FOLDER`` left instead. Only what needs days, which no demo has, is of a sample log:
costs by day with the projection's interval. The PNGs need ``rsvg-convert`` (librsvg).
"""

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.store.read.reader import Reader
from lambdatui.app.application import LambdaTui
from lambdatui.session.session import Session
from lambdatui.text.terminal import ANSI_DARK, DARK, LIGHT, Terminal
from lambdatui.views.time_range import RangeChoice
from screenshots import sample_log

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Shot:
    """A screen by the keys that lead to it from the first one."""

    name: str
    keys: str = ""
    columns: int = 120
    lines: int = 30
    theme: str = DARK
    range: str = "all"
    days: bool = False
    """Of the sample log, which has days, instead of the demo."""


# "payments" is found by a filter: where it stands in the table is the demo's matter.
_TO_PAYMENTS = "slash p a y m enter"
_COLD = "slash i n i t underscore m s greater_than_sign 0 enter"
SHOTS = (
    Shot("functions", columns=144, lines=20),
    Shot("functions-80x24", columns=80, lines=24),
    Shot("functions-light", columns=144, lines=20, theme=LIGHT),
    Shot("functions-ansi", columns=80, lines=24, theme=ANSI_DARK),
    Shot("function", f"{_TO_PAYMENTS} enter comma comma", lines=36),
    Shot("invocations", "i x", lines=30),
    Shot("invocation", f"slash m o n t h enter enter {_COLD} enter", lines=30),
    Shot("trace", f"{_TO_PAYMENTS} enter x enter", lines=30),
    Shot("logs", f"{_TO_PAYMENTS} l slash p r o v i d e r enter", lines=30),
    Shot("errors", "E", lines=18),
    Shot("regression", "E slash K e y E r r o r enter d", lines=28),
    Shot("throttles", "T", lines=18),
    Shot("costs", "dollar_sign", lines=30, range="mtd", days=True),
    Shot("by-day", "dollar_sign b b b b", lines=30, range="mtd", days=True),
    Shot("advice", "A", lines=18),
    Shot("compare", "space space equals_sign", columns=100, lines=30),
    Shot("collect", "C", lines=18),
    Shot("help", "question_mark", lines=36),
    Shot("palette", "colon s c r e e n", lines=30),
)
DAYS = 12.0
SECONDS = 480


def run_demo(folder: Path, seconds: int) -> None:
    """The demo as anybody runs it, without its screens."""
    command = [sys.executable, "-m", "lambdatui", "demo", "--no-tui", "--seconds", str(seconds), "--keep", str(folder)]
    subprocess.run(command, check=True, cwd=HERE.parent)


def sample_store(folder: Path) -> Path:
    """A store with the sample log, through the real importer."""
    log = sample_log.write(folder / "shop.jsonl", DAYS)
    import_files([str(log)], db=folder / "shop.db", defaults=FunctionKey(""))
    return folder / "shop.db"


async def settle(pilot: Pilot[int]) -> None:
    """Until every question to the store is answered and painted."""
    for _ in range(3):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def shoot(store: Path, shot: Shot) -> str:
    """The screen as SVG, a few seconds after the newest data."""
    with Reader(store) as reader:
        now_ms = (reader.newest_ms() or 0) + 9_000
    terminal = Terminal(ansi=shot.theme.startswith("ansi"), ascii=False, remote=False, no_color=False)
    session = Session(store, terminal, choice=RangeChoice(shot.range), now_ms=lambda: now_ms, utc=True)
    app = LambdaTui(session, shot.theme)
    async with app.run_test(size=(shot.columns, shot.lines)) as pilot:
        await settle(pilot)
        for key in shot.keys.split():
            await pilot.press(key)
            await settle(pilot)
        # Spaces at the ends of a text are kept only where the SVG says so.
        return app.export_screenshot(title="lambdatui").replace("<text ", '<text xml:space="preserve" ')


def write(shot: Shot, svg: str, converter: str | None) -> None:
    path = HERE / f"{shot.name}.svg"
    path.write_text(svg, encoding="utf-8")
    if converter:
        # Cells are 12.2 wide at 20 px. The converter does not stretch text to its cells as browsers do, and its
        # monospaced font is 0.602 em wide.
        fitted = re.sub(r"font-size: 20px", "font-size: 20.27px", svg)
        subprocess.run([converter, "-o", str(path.with_suffix(".png"))], input=fitted.encode(), check=True)
    sys.stderr.write(f"{path.name}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long the demo runs (default: %(default)s)")
    parser.add_argument("--demo", type=Path, metavar="FOLDER", help="what a demo with --keep FOLDER left")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these pictures")
    asked = parser.parse_args(arguments)
    shots = [shot for shot in SHOTS if not asked.names or shot.name in asked.names]
    converter = shutil.which("rsvg-convert")
    with tempfile.TemporaryDirectory() as folder:
        demo = asked.demo or Path(folder) / "demo"
        if asked.demo is None and not all(shot.days for shot in shots):
            run_demo(demo, asked.seconds)
        of_days = sample_store(Path(folder)) if any(shot.days for shot in shots) else None
        for shot in shots:
            store = of_days if shot.days and of_days is not None else demo / "demo.db"
            write(shot, asyncio.run(shoot(store, shot)), converter)
    if not converter:
        sys.stderr.write("no PNGs: rsvg-convert (librsvg) is not installed\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

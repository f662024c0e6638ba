"""``python -m screenshots.make``: a picture of every screen, in each of three sizes and four looks.

The pictures are of the demo's thirty simulated days, made from a seed and looked at from one moment, so that they are
remade alike; ``--demo FOLDER`` takes what ``lambdatui demo --keep FOLDER`` left instead. Each is an SVG, named like
``functions-120x40-dark``; those that the README and the documentation show are PNGs too, which need ``rsvg-convert``
(librsvg).
"""

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from textual.pilot import Pilot

from collectors.ingest.engine import collect
from collectors.store.read.reader import Reader
from lambdatui.app.application import LambdaTui
from lambdatui.demo.history.calendar import Calendar
from lambdatui.demo.history.source import SimulatedDays
from lambdatui.session.session import Session
from lambdatui.text.terminal import ANSI_DARK, DARK, LIGHT, Terminal
from lambdatui.views.time_range import RangeChoice

HERE = Path(__file__).resolve().parent
NOW_MS = int(datetime(2026, 11, 25, 17, 23, tzinfo=UTC).timestamp() * 1000)
"""The end of the simulated days: a Wednesday, late in a month."""
SEED = 7
BUDGET_USD = 15.0
_AFTER_MS = 2_000  # the moment of the pictures


@dataclass(frozen=True)
class Shot:
    """A screen by the keys that lead to it from the first one, as Textual names them."""

    name: str
    keys: str = ""
    range: str = "1h"


@dataclass(frozen=True)
class Look:
    """How the terminal paints: its theme, and whether it has more than ASCII."""

    theme: str
    ascii: bool = False


# "payments" is found by a filter: where it stands in the table is the demo's matter.
_TO_PAYMENTS = "slash p a y m enter"
SHOTS = (
    Shot("functions"),
    Shot("functions-week", range="7d"),
    Shot("function", f"{_TO_PAYMENTS} enter", range="24h"),
    Shot("invocations", "i x"),
    Shot("invocation", f"{_TO_PAYMENTS} enter enter"),
    Shot("trace", f"{_TO_PAYMENTS} enter x enter"),
    Shot("logs", f"{_TO_PAYMENTS} l slash p r o v i d e r enter"),
    Shot("line-fields", "l F"),
    Shot("patterns", "L"),
    Shot("errors", "E", range="24h"),
    Shot("regression", "E d", range="24h"),
    Shot("throttles", "T", range="24h"),
    Shot("costs", "dollar_sign", range="mtd"),
    Shot("by-function", "dollar_sign b", range="mtd"),
    Shot("by-day", "dollar_sign b b b b", range="mtd"),
    Shot("what-if", "dollar_sign w", range="mtd"),
    Shot("advice", "A", range="24h"),
    Shot("alarms", "a"),
    Shot("configuration", f"{_TO_PAYMENTS} d"),
    Shot("compare", "space down space equals_sign", range="24h"),
    Shot("fleet", "equals_sign w", range="24h"),
    Shot("collect", "C"),
    Shot("raw", "y"),
    Shot("help", "question_mark"),
    Shot("palette", "colon s c r e e n"),
)
SIZES = ((80, 24), (120, 40), (200, 50))
LOOKS = {"dark": Look(DARK), "light": Look(LIGHT), "16-colours": Look(ANSI_DARK), "ascii": Look(DARK, ascii=True)}
SHOWN = {
    name: f"{name}-120x40-dark"
    for name in (
        "functions", "function", "invocations", "trace", "logs", "errors", "regression", "throttles", "costs",
        "by-day", "advice", "compare", "collect",
    )
}  # fmt: skip
"""The PNGs of the README and the documentation, and which picture each is of."""


@dataclass(frozen=True)
class Picture:
    """One screen in one size and look."""

    shot: Shot
    columns: int
    lines: int
    look: str

    @property
    def name(self) -> str:
        """The file's name without its suffix."""
        return f"{self.shot.name}-{self.columns}x{self.lines}-{self.look}"


def pictures(names: Sequence[str] = ()) -> Iterator[Picture]:
    """All of them, or those of the named screens."""
    for shot in SHOTS:
        for columns, lines in SIZES:
            for look in LOOKS:
                picture = Picture(shot, columns, lines, look)
                if not names or shot.name in names or picture.name in names:
                    yield picture


def simulated_store(folder: Path) -> Path:
    """A store with the simulated days alone, the same every time."""
    store = folder / "demo.db"
    collect(SimulatedDays(Calendar(NOW_MS), SEED), db=store, now_ms=NOW_MS)
    return store


async def settle(pilot: Pilot[int]) -> None:
    """Until every question to the store is answered and painted."""
    for _ in range(3):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def shoot(store: Path, picture: Picture, now_ms: int) -> str:
    """The screen as SVG."""
    look, shot = LOOKS[picture.look], picture.shot
    terminal = Terminal(ansi=look.theme.startswith("ansi"), ascii=look.ascii, remote=False, no_color=False)
    session = Session(
        store, terminal, choice=RangeChoice(shot.range), now_ms=lambda: now_ms, utc=True,
        thresholds={"budget_usd": BUDGET_USD},
    )  # fmt: skip
    app = LambdaTui(session, look.theme)
    async with app.run_test(size=(picture.columns, picture.lines)) as pilot:
        await settle(pilot)
        for key in shot.keys.split():
            await pilot.press(key)
            await settle(pilot)
        return compact(app.export_screenshot(title="lambdatui"))


def compact(svg: str) -> str:
    """The SVG in half the bytes: without fonts from the network, and without a clip for each line, which cuts nothing.

    Spaces at the ends of a text are kept only where the SVG says so.
    """
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<clipPath id=\"[\w-]+-line-\d+\">.*?</clipPath>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="url\(#[\w-]+-line-\d+\)"', "", svg)
    svg = re.sub(r"terminal-\d+-", "", svg)
    svg = re.sub(r">\s+<", "><", svg)
    return svg.replace("<text ", '<text xml:space="preserve" ').replace('.0"', '"') + "\n"


def write_png(path: Path, svg: str, converter: str) -> None:
    """The picture as a PNG.

    Cells are 12.2 wide at 20 px. The converter does not stretch text to its cells as browsers do, and its monospaced
    font is 0.602 em wide.
    """
    fitted = re.sub(r"font-size: 20px", "font-size: 20.27px", svg)
    subprocess.run([converter, "-o", str(path)], input=fitted.encode(), check=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, metavar="FOLDER", help="what a demo with --keep FOLDER left")
    parser.add_argument("--into", type=Path, metavar="FOLDER", default=HERE, help="where they go (default: here)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these screens, or pictures")
    asked = parser.parse_args(arguments)
    asked.into.mkdir(parents=True, exist_ok=True)
    converter = shutil.which("rsvg-convert")
    with tempfile.TemporaryDirectory() as folder:
        store = asked.demo / "demo.db" if asked.demo else simulated_store(Path(folder))
        with Reader(store) as reader:
            now_ms = (reader.newest_ms() or NOW_MS) + _AFTER_MS
        for picture in pictures(asked.names):
            svg = asyncio.run(shoot(store, picture, now_ms))
            (asked.into / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
            sys.stderr.write(f"{picture.name}.svg\n")
            for name, of in SHOWN.items():
                if of == picture.name and converter:
                    write_png(asked.into / f"{name}.png", svg, converter)
    if not converter:
        sys.stderr.write("no PNGs: rsvg-convert (librsvg) is not installed\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

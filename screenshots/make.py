"""``python screenshots/make.py``: imports a sample log, walks through the screens, writes an SVG and a PNG of each.

The PNGs need ``rsvg-convert`` (librsvg); without it there are only SVGs.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import sample_log  # noqa: E402
from textual.pilot import Pilot  # noqa: E402

from collectors.model import FunctionKey  # noqa: E402
from collectors.pipeline import import_files  # noqa: E402
from lambdatui.application import LambdaTui  # noqa: E402
from lambdatui.session import Session  # noqa: E402
from lambdatui.theme import ANSI_DARK, DARK, LIGHT, Terminal  # noqa: E402

# Name, theme, columns, lines, keys from the first screen.
SHOTS: tuple[tuple[str, str, int, int, str], ...] = (
    ("functions", DARK, 120, 30, ""),
    ("functions-80x24", DARK, 80, 24, ""),
    ("functions-light", LIGHT, 120, 30, ""),
    ("functions-ansi", ANSI_DARK, 80, 24, ""),
    ("function", DARK, 120, 36, "j j j j enter"),
    ("invocations", DARK, 120, 36, "i"),
    ("invocation", DARK, 120, 36, "j j j j enter x enter"),
    ("errors", DARK, 120, 24, "E"),
    ("costs", DARK, 120, 30, "5 dollar_sign"),
    ("logs", DARK, 120, 30, "j j j j l"),
    ("advice", DARK, 120, 24, "A"),
    ("by-day", DARK, 120, 30, "5 dollar_sign b b b b"),
    ("compare", DARK, 100, 30, "space space equals_sign"),
    ("help", DARK, 120, 36, "question_mark"),
)
DAYS = 3.0


def make_store(folder: Path) -> Path:
    """A store with the sample log, through the real importer."""
    log = sample_log.write(folder / "shop.jsonl", DAYS)
    result = import_files([str(log)], db=folder / "shop.db", defaults=FunctionKey(""))
    sys.stderr.write(f"{result.invocations:,} invocations, {result.errors:,} errors, {result.rejected} rejected\n")
    return folder / "shop.db"


async def settle(pilot: Pilot[int]) -> None:
    """Until every question to the store is answered and painted."""
    for _ in range(2):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def shoot(store: Path, theme: str, columns: int, lines: int, keys: str) -> str:
    """The SVG of a screen after ``keys``."""
    terminal = Terminal(ansi=theme.startswith("ansi"), ascii=False, remote=False, no_color=False)
    session = Session(store, terminal, now_ms=lambda: sample_log.END_MS + 12_000, utc=True)
    app = LambdaTui(session, theme)
    async with app.run_test(size=(columns, lines)) as pilot:
        await settle(pilot)
        for key in keys.split():
            await pilot.press(key)
            await settle(pilot)
        # Spaces at the ends of a text are kept only where the SVG says so.
        return app.export_screenshot(title="lambdatui").replace("<text ", '<text xml:space="preserve" ')


def main() -> int:
    converter = shutil.which("rsvg-convert")
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder))
        for name, theme, columns, lines, keys in SHOTS:
            svg = HERE / f"{name}.svg"
            svg.write_text(asyncio.run(shoot(store, theme, columns, lines, keys)), encoding="utf-8")
            if converter:
                subprocess.run([converter, "-o", str(svg.with_suffix(".png")), str(svg)], check=True)
            sys.stderr.write(f"{svg.name}\n")
    if not converter:
        sys.stderr.write("no PNGs: rsvg-convert (librsvg) is not installed\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

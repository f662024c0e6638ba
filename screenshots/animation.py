"""Frames of a terminal as one animated SVG: CSS moves a reel of frames, so that it plays wherever an image does.

Rows that come again are drawn once. Whoever wants no motion sees the first frame.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import NamedTuple

_CELL_WIDTH, _CELL_HEIGHT, _FONT_PX = 8.4, 18.0, 14
_MARGIN, _CAPTION_PX = 12.0, 44.0
_BACKGROUND, _TEXT, _FRAME, _QUIET = "#0d1117", "#d6deeb", "#161b22", "#8b98a9"
_FONTS = "ui-monospace,'SF Mono','Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,monospace"
_NAMED = {
    "black": "#0d1117", "red": "#f85149", "green": "#3fb950", "brown": "#d29922", "blue": "#58a6ff",
    "magenta": "#bc8cff", "cyan": "#39c5cf", "white": "#d6deeb",
}  # fmt: skip


_WORDS = re.compile(r"\S+(?: \S+)*")


class Cell(NamedTuple):
    """One cell. Colours are six hexadecimal digits, a name of the terminal's 16, or ``default``."""

    text: str
    colour: str
    background: str
    bold: bool


@dataclass(frozen=True)
class Frame:
    """What a terminal shows for some seconds, with a line of text below it."""

    rows: Sequence[Sequence[Cell]]
    caption: str
    seconds: float


def animated(frames: Sequence[Frame], columns: int) -> str:
    """The SVG document; it begins again after the last frame."""
    lines = len(frames[0].rows)
    width = columns * _CELL_WIDTH + 2 * _MARGIN
    height = lines * _CELL_HEIGHT + 2 * _MARGIN + _CAPTION_PX
    styles: dict[str, str] = {}
    drawn: dict[str, str] = {}
    reel = []
    for number, frame in enumerate(frames):
        uses = []
        for line, row in enumerate(frame.rows):
            picture = "".join(_row(row, styles))
            if picture:
                name = drawn.setdefault(picture, f"r{len(drawn)}")
                uses.append(f'<use href="#{name}" y="{_MARGIN + line * _CELL_HEIGHT:g}"/>')
        caption_y = lines * _CELL_HEIGHT + 2 * _MARGIN + _CAPTION_PX / 2
        caption = f'<text class="k" x="{_MARGIN}" y="{caption_y:g}">{escape(frame.caption, quote=False)}</text>'
        reel.append(f'<g transform="translate(0,{number * height:g})">{"".join(uses)}{caption}</g>')
    rows = "".join(f'<g id="{name}">{picture}</g>' for picture, name in drawn.items())
    classes = "".join(f".{name}{{{style}}}" for style, name in styles.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
        f' height="{height:g}" role="img" aria-label="{escape(frames[0].caption)}">'
        f"<style>text{{font:{_FONT_PX}px {_FONTS};fill:{_TEXT};dominant-baseline:middle}}"
        f".k{{font-size:17px;font-weight:600;fill:{_QUIET}}}{classes}{_motion(frames, height)}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="{_BACKGROUND}"/>'
        f'<rect y="{height - _CAPTION_PX:g}" width="100%" height="{_CAPTION_PX:g}" fill="{_FRAME}"/>'
        f"<defs>{rows}</defs>"
        f'<svg width="{width:g}" height="{height:g}"><g class="reel">{"".join(reel)}</g></svg></svg>\n'
    )


def _motion(frames: Sequence[Frame], height: float) -> str:
    """The CSS that shows one frame after another, each for its time."""
    whole = sum(frame.seconds for frame in frames)
    stops, began = [], 0.0
    for number, frame in enumerate(frames):
        stops.append(f"{began / whole * 100:.3f}%{{transform:translateY({-number * height:g}px)}}")
        began += frame.seconds
    stops.append(f"100%{{transform:translateY({-(len(frames) - 1) * height:g}px)}}")
    return (
        f"@keyframes reel{{{''.join(stops)}}}.reel{{animation:reel {whole:g}s step-end infinite}}"
        "@media(prefers-reduced-motion:reduce){.reel{animation:none}}"
    )


def _row(row: Sequence[Cell], styles: dict[str, str]) -> Iterator[str]:
    """The backgrounds of a row, then its texts; ``styles`` names each combination of colour and weight."""
    column = 0
    for background, cells in groupby(row, key=lambda cell: cell.background):
        count = len(list(cells))
        if background != "default" and _hex(background) != _BACKGROUND:
            yield (
                f'<rect x="{_x(column)}" width="{count * _CELL_WIDTH + 0.3:.1f}" height="{_CELL_HEIGHT + 0.3:.1f}"'
                f' fill="{_hex(background)}"/>'
            )
        column += count
    column = 0
    for (colour, bold), cells in groupby(row, key=lambda cell: (cell.colour, cell.bold)):
        text = "".join(cell.text for cell in cells)
        width = len(text)
        for words in _WORDS.finditer(text):  # whatever the font, each begins at its cell
            style = f"fill:{_hex(colour)}" + (";font-weight:700" if bold else "")
            name = styles.setdefault(style, f"s{len(styles)}")
            yield (
                f'<text class="{name}" x="{_x(column + words.start())}" y="{_CELL_HEIGHT / 2:g}"'
                f' textLength="{len(words[0]) * _CELL_WIDTH:.1f}">{escape(words[0], quote=False)}</text>'
            )
        column += width


def _x(column: int) -> str:
    return f"{_MARGIN + column * _CELL_WIDTH:.1f}"


def _hex(colour: str) -> str:
    if colour == "default":
        return _TEXT
    return _NAMED.get(colour) or f"#{colour}"

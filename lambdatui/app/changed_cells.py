"""Writes only those cells to the terminal that look different afterwards, as curses does it.

Textual paints whole widgets: a screen that opens three times (empty, laid out, with its rows), a table that scrolls by
one row with all its rows. Most of those cells stand on the terminal already, and over SSH every byte counts.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

Piece = tuple[int, int, Strip]
"""Column, line, and what is to stand there."""
Cell = tuple[str, Style | None]
"""A sign and what is seen of its look."""

_MOVE_BYTES = 5
"""What a move of the cursor to the right costs: fewer bytes of equal cells between two different ones are written."""


class ChangedCells(CompositorUpdate):
    """An update of the terminal: pieces of lines, each written at its place."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for x, y, strip in self.pieces:
            yield Control.move_to(x, y).segment
            yield from strip

    def render_segments(self, console: Console) -> str:
        """The bytes for the terminal. Colours are written only where they change: that halves the bytes."""
        system = COLOR_SYSTEMS.get(console.color_system or "")
        written: list[str] = []
        now, cursor = _NO_LOOK, (0, -1)
        for x, y, strip in self.pieces:
            column, line = cursor
            written.append(f"\x1b[{x - column}C" if y == line and column < x else f"\x1b[{y + 1};{x + 1}H")
            cursor = (x + strip.cell_length, y) if _is_one_cell_each(strip.text) else (0, -1)
            for text, style, _ in strip:
                look = _NO_LOOK if style is None or system is None else _look(style, system)
                if text.isspace() and not _SEEN_ON_SPACES.intersection(f"{now[0]};{look[0]}".split(";")):
                    look = now[0], now[1], look[2]  # of a space nothing but the ground is seen
                if look != now:
                    written.append(_change(now, look))
                    now = look
                written.append(text)
        written.append("\x1b[0m" if now != _NO_LOOK else "")
        return "".join(written)


Look = tuple[str, str, str]
"""The codes of the attributes, of the foreground and of the background."""

_NO_LOOK: Look = ("", "39", "49")
_SEEN_ON_SPACES = frozenset("45679")  # underlined, blinking, reversed, struck through: not bold, dim or italic
_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "9": "29"}
"""What switches an attribute off, by its code; 22 switches off bold and dim alike."""


@lru_cache(1 << 12)
def _look(style: Style, system: ColorSystem) -> Look:
    parts = (style.without_color, Style(color=style.color), Style(bgcolor=style.bgcolor))
    attributes, foreground, background = (
        part.render("x", color_system=system).partition("\x1b[")[2].partition("m")[0] for part in parts
    )
    return attributes, foreground or _NO_LOOK[1], background or _NO_LOOK[2]


@lru_cache(1 << 12)
def _seen_on_space(style: Style) -> Style:
    """What of a look is seen on a space."""
    return style if style.underline or style.reverse or style.strike else Style(bgcolor=style.bgcolor)


@lru_cache(1 << 12)
def _change(before: Look, after: Look) -> str:
    """The codes from one look to the next: those that differ, or a reset and all of them, whichever is shorter."""
    had, has = (look[0].split(";") if look[0] else [] for look in (before, after))
    gone = [code for code in had if code not in has]
    off = list(dict.fromkeys(_OFF.get(code, "") for code in gone))
    # 22 takes bold and dim away together: what is to stay of them is switched on again.
    on = [code for code in has if code not in had or _OFF.get(code) in off]
    colours = [new for old, new in zip(before[1:], after[1:], strict=True) if new != old]
    fresh = ";".join(["0", *has, *(new for new in after[1:] if new not in _NO_LOOK)])
    changed = ";".join([*off, *on, *colours])
    return f"\x1b[{fresh if '' in off or len(fresh) < len(changed) else changed}m"


class TerminalCells:
    """What the terminal shows, line by line, as far as it is known."""

    def __init__(self) -> None:
        self._lines: dict[int, Strip] = {}

    def forget(self) -> None:
        """Nothing is known any more (a resize, another program has written): the next update is written whole."""
        self._lines.clear()

    def changed(self, update: RenderableType) -> RenderableType | None:
        """The part of an update that differs from what the terminal shows, None where none does; counts as written."""
        if isinstance(update, LayoutUpdate):
            pieces = _of_layout(update)
        elif isinstance(update, ChopsUpdate):
            pieces = _of_chops(update)
        else:
            self.forget()
            return update
        differing: list[Piece] = []
        for x, y, strip in pieces:
            old = self._lines.get(y)
            end = x + strip.cell_length
            if x and (old is None or old.cell_length < x):
                self._lines.pop(y, None)  # what lies before it is not known
                differing.append((x, y, strip))
                continue
            new = strip if old is None else Strip.join([old.crop(0, x), strip, old.crop(end)])
            self._lines[y] = new = Strip(Segment.simplify(new), new.cell_length)
            if old is None or old.cell_length != new.cell_length:
                differing.append((x, y, strip))
            else:
                differing += [(column, y, part) for column, part in _differing(old, new)]
        return ChangedCells(differing) if differing else None


def _of_layout(update: LayoutUpdate) -> Iterable[Piece]:
    left = update.region.x
    for y, line in enumerate(update.strips, update.region.y):
        yield left, y, Strip.join(list(line))


def _of_chops(update: ChopsUpdate) -> Iterable[Piece]:
    """The pieces of a partial update, as Textual's own ``ChopsUpdate.render_segments`` chooses them."""
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > x2 or end <= x1:
                continue
            yield x, y, strip if x2 > x >= x1 and end <= x2 else strip.crop(0, min(end, x2) - x)


def _differing(old: Strip, new: Strip) -> list[tuple[int, Strip]]:
    """The parts of the new line that differ from the old one, with their columns.

    A line with characters wider or narrower than one cell is one part: terminals do not agree on their width.
    """
    if old == new:
        return []
    before, after = _characters(old), _characters(new)
    if before is None or after is None or len(before) != len(after):
        return [(0, new)]
    places = [
        column for column, (old_cell, new_cell) in enumerate(zip(before, after, strict=True)) if old_cell != new_cell
    ]
    if not places:
        return []
    gaps = [(last, column) for last, column in pairwise(places) if not _is_worth_writing(after, last, column)]
    starts, ends = [places[0], *(column for _, column in gaps)], [*(last for last, _ in gaps), places[-1]]
    return [(start, new.crop(start, end + 1)) for start, end in zip(starts, ends, strict=True)]


def _is_worth_writing(line: Sequence[Cell], last: int, column: int) -> bool:
    """Whether the cells between two that are written cost less than to move over them: few, and in no other look."""
    between = line[last + 1 : column]
    if len(between) >= _MOVE_BYTES or sum(len(sign.encode()) for sign, _ in between) >= _MOVE_BYTES:
        return False
    return all(style in (line[last][1], line[column][1]) or sign == " " for sign, style in between)


def _is_one_cell_each(text: str) -> bool:
    return text.isascii() or all(cell_len(sign) == 1 for sign in set(text))


def _characters(line: Strip) -> list[Cell] | None:
    """Each character of a line with its look; None where one is not exactly one cell wide."""
    if not _is_one_cell_each(line.text):
        return None
    return [
        (sign, segment.style if sign != " " or segment.style is None else _seen_on_space(segment.style))
        for segment in line
        for sign in segment.text
    ]

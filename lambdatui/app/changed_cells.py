"""Writes only those cells to the terminal that look different afterwards, as curses does it.

Textual paints whole widgets: a screen that opens three times (empty, laid out, with its rows), a table that scrolls by
one row with all its rows. Most of those cells stand on the terminal already, and over SSH every byte counts.
"""

from collections.abc import Iterable
from functools import lru_cache

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

_WORTH_CELLS = 12
"""Up to this many equal cells between two different ones are written too: moving the cursor costs some 30 bytes."""


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
        now = _NO_LOOK
        for x, y, strip in self.pieces:
            written.append(f"\x1b[{y + 1};{x + 1}H")
            for text, style, _ in strip:
                look = _NO_LOOK if style is None or system is None else _look(style, system)
                if look != now:
                    written.append(_change(now, look))
                    now = look
                written.append(text)
        written.append("\x1b[0m" if now != _NO_LOOK else "")
        return "".join(written)


Look = tuple[str, str, str]
"""The codes of the attributes, of the foreground and of the background."""

_NO_LOOK: Look = ("", "", "")


@lru_cache(1 << 12)
def _look(style: Style, system: ColorSystem) -> Look:
    parts = (style.without_color, Style(color=style.color), Style(bgcolor=style.bgcolor))
    attributes, foreground, background = (
        part.render("x", color_system=system).partition("\x1b[")[2].partition("m")[0] for part in parts
    )
    return attributes, foreground, background


_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "7": "27"}  # what switches an attribute off
_NO_COLOUR = ("39", "49")  # the terminal's own, of text and of its ground


def _change(before: Look, after: Look) -> str:
    """The codes from one look to the next, in the fewer bytes: what differs alone, or everything after a reset."""
    anew = ";".join(("0", *filter(None, after)))
    had, has = (set(filter(None, attributes.split(";"))) for attributes in (before[0], after[0]))
    gone = had - has
    if not gone <= _OFF.keys():
        return f"\x1b[{anew}m"
    off = {_OFF[code] for code in gone}
    on = has - had | (has & {"1", "2"} if "22" in off else set())  # bold and dim are switched off together
    colours = [
        new or none for old, new, none in zip(before[1:], after[1:], _NO_COLOUR, strict=True) if new != old
    ]  # fmt: skip
    differing = ";".join((*sorted(off), *sorted(on), *colours))
    return f"\x1b[{min(differing, anew, key=len)}m"


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
    parts: list[tuple[int, Strip]] = []
    begin = last = places[0] if places else 0
    for column in [*places[1:], len(after) + _WORTH_CELLS + 1] if places else []:
        if column - last > _WORTH_CELLS:
            parts.append((begin, new.crop(begin, last + 1)))
            begin = column
        last = column
    return parts


def _characters(line: Strip) -> list[tuple[str, Style | None]] | None:
    """Each character of a line with its look; None where one is not exactly one cell wide."""
    text = line.text
    if not text.isascii() and any(cell_len(sign) != 1 for sign in set(text)):
        return None
    return [(sign, segment.style) for segment in line for sign in segment.text]

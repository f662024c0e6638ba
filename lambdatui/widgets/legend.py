"""A chart's title and what its signs mean, on one line that is never cut: names are shortened until all fit."""

from collections.abc import Sequence
from typing import NamedTuple

from lambdatui.text.plain import plain
from lambdatui.text.table import cells, cut
from lambdatui.widgets.plot import AREA, ATOP, LEVEL, LINE, PLAIN, QUIET, WITHIN, Look, Plot, Run, Signs

_LEAST_TITLE, _LEAST_NAME = 6, 4


class Entry(NamedTuple):
    """A sign and what it means, or a name and its value, which is ``whole``: no part of a figure stands for it.

    An ``extra`` one goes first where cells are short, the last of them before the others.
    """

    sign: str
    name: str
    look: Look
    extra: bool = False
    whole: bool = False


def entries_of(plot: Plot, signs: Signs, title: str = "") -> list[Entry]:
    """What the signs of a plot mean: its curves but for that of the title, what is unfinished, deploys, gaps."""
    kinds = plot.kinds()
    entries = []
    lines = 0
    highest = plot.extent()[1]
    for kind, curve in kinds if len(kinds) > 1 else ():
        look = Look(curve.tone)
        if kind in (WITHIN, ATOP):
            if any(plot.value(curve, step) for step in range(len(plot.starts))):
                entries.append(Entry(curve.sign, curve.name, look))
        elif kind == LEVEL:
            above = plot.is_above(curve, highest)
            entries.append(Entry(signs.above if above else signs.level, curve.name, look))
        elif kind == LINE:
            entries.append(Entry(signs.lines[lines % len(signs.lines)], curve.name, look))
            lines += 1
        elif curve.name.lower() != title.lower():
            soft = Look(f"{curve.tone}-soft") if kind == AREA and plot.is_lined() else look
            entries.append(Entry(signs.eighths[-1], curve.name, soft))
    if plot.has_unfinished():
        entries.append(Entry(signs.hatch, "so far", QUIET))
    if any(plot.starts and plot.starts[0] <= at_ms < plot.end_ms for at_ms in plot.marks):
        entries.append(Entry(signs.deploy, "deploy", Look("accent")))
    if plot.has_gaps():
        entries.append(Entry(signs.unknown, "no data", QUIET, extra=True))
    return entries


def legend(title: str, entries: Sequence[Entry], width: int, more: str) -> list[Run]:
    """The title and the entries in at most ``width`` cells; ``more`` stands where a name was shortened.

    Spaces go first, then what says least, then parts of the longest names, then the names, then entries from the end.
    """
    title, left = plain(title), list(entries)
    names = [plain(entry.name) for entry in left]
    for gap in (3, 2):
        if _width(title, left, names, gap) <= width:
            return _line(title, left, names, gap)
    if left and left[-1].extra:
        del left[-1], names[-1]
    while _width(title, left, names, 2) > width:
        shortened = [place for place, entry in enumerate(left) if not entry.whole and not entry.extra]
        longest = max(shortened, key=lambda place: cells(names[place]), default=None)
        if longest is not None and cells(names[longest]) > max(_LEAST_NAME, cells(title) // 2):
            names[longest] = cut(names[longest], cells(names[longest]) - 1, more)
        elif cells(title) > _LEAST_TITLE:
            title = cut(title, cells(title) - 1, more)
        elif any(entry.extra for entry in left):
            place = max(place for place, entry in enumerate(left) if entry.extra)
            del left[place], names[place]
        elif any(names[place] for place in shortened):
            names[max(place for place in shortened if names[place])] = ""
        elif left:
            del left[-1], names[-1]
        else:
            return [(cut(title, width, more), Look(attributes="bold"))] if width > 0 else []
    return _line(title, left, names, 2)


def _width(title: str, entries: Sequence[Entry], names: Sequence[str], gap: int) -> int:
    signs = sum(gap + cells(entry.sign) for entry in entries)
    return cells(title) + signs + sum(cells(name) + 1 for name in names if name)


def _line(title: str, entries: Sequence[Entry], names: Sequence[str], gap: int) -> list[Run]:
    runs: list[Run] = [(title, Look(attributes="bold"))]
    for entry, name in zip(entries, names, strict=True):
        runs += [
            (" " * gap, PLAIN),
            (entry.sign, entry.look),
            (f" {name}" if name else "", PLAIN if entry.whole else QUIET),
        ]
    return runs

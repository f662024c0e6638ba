"""The one text table: columns padded and cut by the cells of a terminal, for stdout and for Markdown.

Titles and cells are words already; who calls decides which columns hold figures, and those are right-aligned.
Nothing is imported before it is needed, and Rich only where text is not ASCII: the first frame is written with it.
"""

from lambdatui.text.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

GAP = "  "
_SHORTEST = 8  # a column of words is not cut below this many cells, nor below its title's


def cells(text: str) -> int:
    """How many cells a terminal gives to ``text``: two for each sign of Chinese, none for a combining mark."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int, more: str = "…") -> str:
    """``text`` in at most ``width`` cells; what is cut ends with ``more``."""
    if cells(text) <= width:
        return text
    if text.isascii():
        return f"{text[: max(0, width - 1)]}{more}"[:width]
    from rich.cells import set_cell_size

    return f"{set_cell_size(text, width - 1)}{more}" if width > 0 else ""


def padded(text: str, width: int, *, right: bool = False, more: str = "…") -> str:
    """Exactly ``width`` cells: words are cut at their end; figures, which no part of stands for, give way to ``more``.

    >>> padded("日本", 6), padded("1,234", 3, right=True)
    ('日本  ', '  …')
    """
    plain_text, used = text.isascii(), cells(text)
    if used > width:
        text = more if right and width else cut(text, width, more)
        used = len(text) if plain_text else cells(text)  # a mark is one cell: Rich need not be asked
    space = " " * (width - used)
    return space + text if right else text + space


def text_table(
    rows: "Sequence[Sequence[str]]",
    *,
    right: "Collection[int]" = (),
    cuttable: "Collection[int] | None" = None,
    width: int | None = None,
    rule: bool = False,
    indent: str = "",
) -> str:
    """Aligned lines of ``rows``, the first of which is the header; each line ends with a newline, none with a space.

    ``right`` are the columns of figures. With ``width``, columns of ``cuttable`` (else all others) are cut, the widest
    first, until a line fits. ``rule`` draws a line below the header; ``indent`` begins each line.
    """
    safe = [[_one_line(cell) for cell in row] for row in rows]
    if not safe or not safe[0]:
        return ""
    widths = [max(map(cells, column)) for column in zip(*safe, strict=True)]
    if width is not None:
        words = [place for place in range(len(widths)) if place not in right] if cuttable is None else list(cuttable)
        _fit(widths, [_shortest(safe[0][place]) for place in range(len(widths))], words, width - len(indent))
    if rule:
        safe.insert(1, ["-" * size for size in widths])
    lines = (
        GAP.join(padded(cell, widths[place], right=place in right) for place, cell in enumerate(row)).rstrip()
        for row in safe
    )
    return "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)


def columns_that_fit(
    rows: "Sequence[Sequence[str]]",
    width: int,
    *,
    cuttable: "Collection[int]" = (),
    needs: "Sequence[int] | None" = None,
) -> list[int]:
    """The columns of ``rows``, whose first is the header, that a line of ``width`` cells has room for.

    Where cells are short the column with the highest need is left out first, of equals the one further right, and one
    of need 0 never; without ``needs`` columns go from the right, the first one never. Columns of ``cuttable`` words are
    counted as they are when they have been cut.
    """
    least = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    for place in cuttable:
        least[place] = min(least[place], _shortest(rows[0][place]))
    wanted = needs if needs is not None else range(len(least))
    places = list(range(len(least)))
    while sum(least[place] for place in places) + len(GAP) * (len(places) - 1) > width:
        dropped = max(places, key=lambda place: (wanted[place], place))
        if wanted[dropped] == 0:
            break
        places.remove(dropped)
    return places


def _one_line(cell: str) -> str:
    return cell if cell.isprintable() else plain(cell, tabs=False)


def _shortest(title: str) -> int:
    return max(_SHORTEST, cells(title))


def _fit(widths: list[int], shortest: list[int], words: list[int], width: int) -> None:
    """Takes cells from the columns ``words``, from the widest first, until a line fits or none can give any."""
    while sum(widths) + len(GAP) * (len(widths) - 1) > width:
        longer = [place for place in words if widths[place] > shortest[place]]
        if not longer:
            break
        widths[max(longer, key=lambda place: widths[place])] -= 1


def markdown_table(rows: "Sequence[Sequence[str]]", *, right: "Collection[int]" = ()) -> str:
    """A table of GitHub's Markdown; the first row is the header, ``right`` are the columns of figures."""
    escaped = [[_escaped(_one_line(cell)) for cell in row] for row in rows]
    rule = ["---:" if at in right else ":---" for at in range(len(rows[0]))]
    return "".join(f"| {' | '.join(row)} |\n" for row in (escaped[0], rule, *escaped[1:]))


def _escaped(cell: str) -> str:
    """A cell with Markdown and HTML escaped: a function may have a name that looks like them."""
    for mark in ("\\", "|", "`", "*", "[", "]", "<", ">", "!"):
        cell = cell.replace(mark, f"\\{mark}")
    return cell

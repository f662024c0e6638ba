"""Tables on stdout: on a terminal as wide as that is, through a pipe whole."""

import shutil
import sys
from collections.abc import Collection, Sequence

import click

from lambdatui.text.figures import counted
from lambdatui.text.table import columns_that_fit, text_table


def terminal_width() -> int | None:
    """Cells of the terminal on stdout; None where stdout is none, so that nothing is cut for a program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fitting_table(
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    cuttable: Collection[int] = (),
    needs: Sequence[int] | None = None,
    rule: bool = False,
) -> tuple[str, int]:
    """A table that is no wider than the terminal on stdout, and how many of its columns are left out for that.

    The first of ``rows`` is the header. ``cuttable`` columns of words are cut, then columns are left out as in
    ``columns_that_fit``.
    """
    width = terminal_width()
    if width is None or not rows:
        return text_table(rows, right=right, rule=rule), 0
    places = columns_that_fit(rows, width, cuttable=cuttable, needs=needs)
    text = text_table(
        [[row[place] for place in places] for row in rows],
        right=[new for new, place in enumerate(places) if place in right],
        cuttable=[new for new, place in enumerate(places) if place in cuttable],
        width=width,
        rule=rule,
    )
    return text, len(rows[0]) - len(places)


def echo_table(
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    cuttable: Collection[int] = (),
    rule: bool = False,
) -> None:
    """Prints ``fitting_table``, and on stderr how many columns the terminal has no room for."""
    text, hidden = fitting_table(rows, right=right, cuttable=cuttable, rule=rule)
    click.echo(text, nl=False)
    if hidden:
        click.echo(f"({no_room(hidden)}: a pipe has all)", err=True)


def no_room(hidden: int) -> str:
    """``no room for 3 columns``."""
    return f"no room for {counted(hidden, 'column')}"

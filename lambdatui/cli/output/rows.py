"""Rows on stdout: a text table, JSON or CSV, all from the same view and columns. Stderr is for narration."""

import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click

from lambdatui.cli.output.listing import Listing
from lambdatui.text import figures
from lambdatui.text.plain import json_text
from lambdatui.text.table import text_table
from lambdatui.views import filters
from lambdatui.views.columns import Column, Kind, column_named
from lambdatui.views.export import csv_text, envelope
from lambdatui.views.fleet_health import trouble_first
from lambdatui.views.formatting import row_text
from lambdatui.views.view import View

LABEL_CELLS = 16
"""How wide names are where a row is printed a line for each column."""


def arranged(view: View[Any], listing: Listing) -> list[Any]:
    """The view's rows as a screen has them, trouble first, filtered and cut; with ``--sort`` in that order alone.

    Raises ``FilterError``, ``UnknownColumn``.
    """
    rows = list(view.rows)
    if listing.where:
        rows = filters.parse(listing.where, view.columns).apply(rows)
    if listing.sort:
        rows = filters.sort_rows(rows, column_named(listing.sort, view.columns), reverse=listing.reverse)
    else:
        rows = trouble_first(rows)
        if listing.reverse:
            rows.reverse()
    return rows if listing.limit is None else rows[: listing.limit]


def emit(view: View[Any], listing: Listing, *, utc: bool) -> None:
    """Arrange and print."""
    print_rows(view, arranged(view, listing), listing, utc=utc)


def print_rows(view: View[Any], rows: Sequence[Any], listing: Listing, *, utc: bool, brief: bool = True) -> None:
    """The rows as they are, in the form and the columns that were asked for; unasked, text has the ``brief`` ones."""
    columns = asked_columns(view, listing)
    if brief and listing.form == "text" and not listing.columns:
        columns = tuple(column for column in columns if column.brief) or columns
    if listing.form == "json":
        click.echo(json_text(envelope(view, rows, columns)))
    elif listing.form == "csv":
        echo_csv(csv_text(columns, rows))
    else:
        click.echo(table_text(columns, rows, utc=utc, width=terminal_width()), nl=False)
        narrate(view, len(rows))


def asked_columns(view: View[Any], listing: Listing) -> tuple[Column, ...]:
    """Those of ``--columns``, in its order; without it all of the view. Raises ``UnknownColumn``."""
    if not listing.columns:
        return view.columns
    return tuple(column_named(name, view.columns) for name in listing.columns.split(",") if name.strip())


def figure_lines(columns: Sequence[Column], row: Any, *, utc: bool) -> list[str]:
    """A row as text, a line for each column: its name in full, and its value."""
    return [f"{column.label:<{LABEL_CELLS}}{row_text(column, row, utc=utc)}" for column in columns]


def echo_csv(lines: str) -> None:
    """Prints CSV, which ends with its own newline."""
    click.echo(lines, nl=False)


def table_text(columns: Sequence[Column], rows: Sequence[Any], *, utc: bool, width: int | None) -> str:
    """Aligned columns. With ``width``, columns of words are cut, the widest first, until a line fits."""
    cells = [[row_text(column, row, utc=utc) for column in columns] for row in rows]
    right = [at for at, column in enumerate(columns) if column.align == "right"]
    words = [at for at, column in enumerate(columns) if column.kind == Kind.TEXT]
    return text_table([[column.title for column in columns], *cells], right=right, cuttable=words, width=width)


def narrate(view: View[Any], shown_rows: int) -> None:
    """Writes to stderr, below a table, the range, how many rows there are, and how far the figures can be trusted."""
    parts = [view.range.label, figures.counted(shown_rows, "row")]
    if view.coverage is not None:
        parts.append(f"REPORTs for {figures.ratio(view.coverage)} of the invocations")
    if view.as_of is None and view.coverage is None:
        parts.append("the store is empty")
    click.echo(f"({'; '.join(parts)})", err=True)


def terminal_width() -> int | None:
    """Cells of the terminal on stdout; None where stdout is none, so that nothing is cut for a program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

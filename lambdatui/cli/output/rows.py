"""Rows on stdout: a text table, JSON or CSV, all from the same view and columns. Stderr is for narration."""

from collections.abc import Sequence
from typing import Any

import click

from lambdatui.cli.output.listing import Listing
from lambdatui.cli.output.terminal_table import fitting_table, no_room
from lambdatui.text import figures
from lambdatui.text.plain import json_text
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
        hidden = _echo_table(columns, rows, utc=utc, asked=bool(listing.columns))
        narrate(view, len(rows), hidden)


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


def _echo_table(columns: Sequence[Column], rows: Sequence[Any], *, utc: bool, asked: bool) -> int:
    """Prints aligned columns; returns how many of them a terminal had no room for: those that the screen needs least.

    Columns that were ``asked`` for are all there.
    """
    cells = [[row_text(column, row, utc=utc) for column in columns] for row in rows]
    last = max((column.need for column in columns if column.need is not None), default=0) + 1
    needs = [last if column.need is None else column.need for column in columns]
    text, hidden = fitting_table(
        [[column.title for column in columns], *cells],
        right=[place for place, column in enumerate(columns) if column.align == "right"],
        cuttable=[place for place, column in enumerate(columns) if column.kind == Kind.TEXT],
        needs=[0 if asked or not place else need for place, need in enumerate(needs)],
    )
    click.echo(text, nl=False)
    return hidden


def narrate(view: View[Any], shown_rows: int, hidden_columns: int = 0) -> None:
    """Writes to stderr, below a table, the range, how many rows there are, and how far the figures can be trusted."""
    parts = [view.range.label, figures.counted(shown_rows, "row")]
    if view.coverage is not None:
        parts.append(f"REPORTs for {figures.ratio(view.coverage)} of the invocations")
    if view.as_of is None and view.coverage is None:
        parts.append("the store is empty")
    if hidden_columns:
        parts.append(f"{no_room(hidden_columns)}: --columns names others, a pipe has all")
    click.echo(f"({'; '.join(parts)})", err=True)

"""Rows on stdout: a text table, JSON or CSV, all from the same view and columns. Stderr is for narration."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from lambdatui.cli.global_options import keep_tag_terms
from lambdatui.text import figures
from lambdatui.text.plain import json_text
from lambdatui.text.table import text_table
from lambdatui.views import filters
from lambdatui.views.columns import Column, Kind, column_named
from lambdatui.views.export import csv_text, envelope
from lambdatui.views.formatting import row_shown
from lambdatui.views.view import View

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Listing:
    """What was asked of a listing: its form, order, filter, limit and columns."""

    form: str = "text"
    sort: str | None = None
    reverse: bool = False
    where: str | None = None
    limit: int | None = None
    columns: str | None = None


def listing_options(command: _Command, *, filters_rows: bool = True) -> _Command:
    """The options of every listing; the command receives one ``listing``.

    What ``--filter`` says of tags narrows everything, except where it is not a filter of rows.
    """
    options = (
        click.option("--json", "as_json", is_flag=True, help="One JSON object, rows and where they come from."),
        click.option("--csv", "as_csv", is_flag=True, help="CSV with column ids in the header."),
        click.option("--sort", metavar="COLUMN", help="Sort by a column, ascending; unknown values come last."),
        click.option("--reverse", is_flag=True, help="Sort descending; without --sort, turn the order round."),
        click.option("--filter", "where", metavar="EXPR", help="Words, column:value, column>5; ! inverts."),
        click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N rows."),
        click.option("--columns", metavar="A,B", help="These columns, in this order."),
    )

    def wrapped(**given: Any) -> Any:
        forms = [form for form, flag in (("json", given.pop("as_json")), ("csv", given.pop("as_csv"))) if flag]
        if len(forms) > 1:
            raise click.UsageError("--json and --csv exclude each other", click.get_current_context())
        names = ("sort", "reverse", "where", "limit", "columns")
        listing = Listing(forms[0] if forms else "text", *(given.pop(name) for name in names))
        if filters_rows and listing.where:
            keep_tag_terms(click.get_current_context(), filters.tags_in(listing.where))
        return command(listing=listing, **given)

    wrapped.__doc__, wrapped.__name__ = command.__doc__, command.__name__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def arranged(view: View[Any], listing: Listing) -> list[Any]:
    """The view's rows, filtered, sorted and cut. Raises ``FilterError``, ``UnknownColumn``."""
    rows = list(view.rows)
    if listing.where:
        rows = filters.parse(listing.where, view.columns).apply(rows)
    if listing.sort:
        rows = filters.sort_rows(rows, column_named(listing.sort, view.columns), reverse=listing.reverse)
    elif listing.reverse:
        rows.reverse()
    return rows if listing.limit is None else rows[: listing.limit]


def emit(view: View[Any], listing: Listing, *, utc: bool, brief: Sequence[str] | None = None) -> None:
    """Arrange and print. ``brief`` names the columns of the text table where ``--columns`` does not."""
    print_rows(view, arranged(view, listing), listing, utc=utc, brief=brief)


def print_rows(
    view: View[Any], rows: Sequence[Any], listing: Listing, *, utc: bool, brief: Sequence[str] | None = None
) -> None:
    columns = view.columns
    if listing.columns:
        columns = tuple(column_named(name, columns) for name in listing.columns.split(",") if name.strip())
    elif listing.form == "text" and brief is not None:
        columns = tuple(column for column in columns if column.id in brief)
    if listing.form == "json":
        click.echo(json_text(envelope(view, rows, columns)))
    elif listing.form == "csv":
        echo_csv(csv_text(columns, rows))
    else:
        click.echo(table_text(columns, rows, utc=utc, width=terminal_width()), nl=False)
        narrate(view, len(rows))


def echo_csv(lines: str) -> None:
    click.echo(lines, nl=False)


def table_text(columns: Sequence[Column], rows: Sequence[Any], *, utc: bool, width: int | None) -> str:
    """Aligned columns. With ``width``, columns of words are cut, the widest first, until a line fits."""
    cells = [[row_shown(column, row, utc=utc) for column in columns] for row in rows]
    right = [at for at, column in enumerate(columns) if column.align == "right"]
    words = [at for at, column in enumerate(columns) if column.kind == Kind.TEXT]
    return text_table([[column.title for column in columns], *cells], right=right, cuttable=words, width=width)


def narrate(view: View[Any], shown_rows: int) -> None:
    """On stderr, below a table: the range, how many rows, and how far the figures can be trusted."""
    parts = [view.range.label, figures.counted(shown_rows, "row")]
    if view.coverage is not None:
        parts.append(f"REPORTs for {figures.ratio(view.coverage)} of the invocations")
    if view.as_of is None and view.coverage is None:
        parts.append("the store is empty")
    click.echo(f"({'; '.join(parts)})", err=True)


def terminal_width() -> int | None:
    """Cells of the terminal on stdout; None where stdout is none, so that nothing is cut for a program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

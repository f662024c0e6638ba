"""``lambdatui durable [ID]``."""

import click

from lambdatui.cli.output.listing import Listing, ListingHelp, listing_options
from lambdatui.cli.output.rows import arranged, emit, figure_lines, print_rows
from lambdatui.cli.store_access import Opened, opened
from lambdatui.text.plain import json_text
from lambdatui.views.durable import (
    EXECUTION_COLUMNS,
    AmbiguousExecution,
    EventView,
    ExecutionView,
    HistoryView,
    executions,
    history,
)
from lambdatui.views.export import envelope, row_json


@click.command(name="durable", cls=ListingHelp, epilog="Example: lambdatui durable --filter execution_status:FAILED")
@click.argument("execution", metavar="[ID]", required=False)
@listing_options(ExecutionView, EventView)
def command(listing: Listing, execution: str | None) -> None:
    """Durable executions that ran in the range, the newest first; with ID, what happened in one of them.

    ID is a name, the last part of an ARN, the whole of it, or how one of them begins. Counts are n/a where no history
    was read yet. Payloads are never kept, only their sizes.
    """
    with opened() as store:
        scope = store.context.scope or None
        if execution is None:
            view = executions(store.reader, store.range, scope=scope)
            emit(view, listing, utc=store.context.utc)
            if not view.rows and not view.collected:
                click.echo("lambdatui durable: no collection has asked for durable executions", err=True)
            return
        _show(store, listing, execution)


def _show(store: Opened, listing: Listing, wanted: str) -> None:
    try:
        view = history(store.reader, store.range, wanted.strip(), scope=store.context.scope or None)
    except AmbiguousExecution as error:
        raise click.ClickException(str(error)) from None
    if view is None or view.execution is None:
        raise click.ClickException(
            f"no durable execution {wanted!r} in {store.context.db}; 'lambdatui durable --range all' lists them"
        )
    if listing.form == "json":
        execution = row_json(view.execution, EXECUTION_COLUMNS)
        click.echo(json_text({"execution": execution} | envelope(view, arranged(view, listing), view.columns)))
        return
    if listing.form == "text":
        click.echo(_text(view, utc=store.context.utc))
    print_rows(view, arranged(view, listing), listing, utc=store.context.utc)


def _text(view: HistoryView, *, utc: bool) -> str:
    known = [column for column in EXECUTION_COLUMNS if getattr(view.execution, column.id) is not None]
    lines = figure_lines(known, view.execution, utc=utc)
    return "\n".join([*lines, ""])

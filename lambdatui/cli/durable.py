"""``lambdatui durable [ID]``."""

import click

from lambdatui.cli.output.rows import Listing, arranged, emit, listing_options, print_rows
from lambdatui.cli.store_access import Opened, opened
from lambdatui.text.plain import json_text
from lambdatui.views.durable import EXECUTION_COLUMNS, AmbiguousExecution, HistoryView, executions, history
from lambdatui.views.export import envelope
from lambdatui.views.formatting import json_value, shown

BRIEF = ("execution", "function", "execution_status", "started_at", "age_ms", "steps", "retries", "waits")
EVENTS_BRIEF = ("event_id", "happened_at", "event", "operation", "attempt", "retry_s", "waits_s", "error_type")
_LABEL = 16


@click.command(name="durable", epilog="Example: lambdatui durable --filter execution_status:FAILED")
@click.argument("execution", metavar="[ID]", required=False)
@listing_options
def command(listing: Listing, execution: str | None) -> None:
    """Durable executions that ran in the range, the newest first; with ID, what happened in one of them.

    ID is a name, the last part of an ARN, the whole of it, or how one of them begins. Counts are n/a where no history
    was read yet. Payloads are never kept, only their sizes.
    """
    with opened() as store:
        narrow = store.context.narrow or None
        if execution is None:
            view = executions(store.reader, store.range, narrow=narrow)
            emit(view, listing, utc=store.context.utc, brief=BRIEF)
            if not view.rows and not view.collected:
                click.echo("lambdatui durable: no collection has asked for durable executions", err=True)
            return
        _show(store, listing, execution)


def _show(store: Opened, listing: Listing, wanted: str) -> None:
    try:
        view = history(store.reader, store.range, wanted.strip(), narrow=store.context.narrow or None)
    except AmbiguousExecution as error:
        raise click.ClickException(str(error)) from None
    if view is None or view.execution is None:
        raise click.ClickException(
            f"no durable execution {wanted!r} in {store.context.db}; 'lambdatui durable --range all' lists them"
        )
    if listing.form == "json":
        one = {column.id: json_value(column, getattr(view.execution, column.id)) for column in EXECUTION_COLUMNS}
        click.echo(json_text({"execution": one} | envelope(view, arranged(view, listing), view.columns)))
        return
    if listing.form == "text":
        click.echo(_text(view, utc=store.context.utc))
    print_rows(view, arranged(view, listing), listing, utc=store.context.utc, brief=EVENTS_BRIEF)


def _text(view: HistoryView, *, utc: bool) -> str:
    lines = [
        f"{column.label:<{_LABEL}}{shown(column, value, utc=utc)}"
        for column in EXECUTION_COLUMNS
        if (value := getattr(view.execution, column.id)) is not None
    ]
    return "\n".join([*lines, ""])

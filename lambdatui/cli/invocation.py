"""``lambdatui invocation ID``."""

from typing import Any

import click

from lambdatui.cli.output.rows import Listing, echo_csv, listing_options
from lambdatui.cli.store_access import Opened, opened, price_book
from lambdatui.text import figures
from lambdatui.text.plain import json_text
from lambdatui.text.safe_output import log_text
from lambdatui.views import invocation as views
from lambdatui.views.export import csv_text, envelope
from lambdatui.views.formatting import shown
from lambdatui.views.invocations import INVOCATION_COLUMNS
from lambdatui.views.view import BILLED, View

_LABEL = 16


@click.command(name="invocation", epilog="Example: lambdatui invocation 8f507cfc-2f2b --json")
@click.argument("request_id", metavar="ID")
@click.option("--attempt", type=click.IntRange(min=1), help="This attempt of the request; default: the last.")
@listing_options
def command(listing: Listing, request_id: str, attempt: int | None) -> None:
    """One invocation: figures, cost, stack trace, and every log line.

    ID is a request id, or the beginning of one. --json adds "lines", "trace", "attempts" and "bill".
    """
    with opened() as store:
        found = _found(store, request_id, attempt)
        if listing.form == "json":
            click.echo(json_text(_json(store, found)))
        elif listing.form == "csv":
            echo_csv(csv_text(INVOCATION_COLUMNS, [found.invocation]))
        else:
            click.echo(_text(found, utc=store.context.utc))


def _found(store: Opened, request_id: str, attempt: int | None) -> views.InvocationDetail:
    book = price_book()
    try:
        found = views.find(store.reader, request_id.strip(), book)
    except views.AmbiguousRequest as error:
        raise click.ClickException(str(error)) from None
    if found is None:
        raise click.ClickException(
            f"no invocation {request_id!r} in {store.context.db}; give the whole request id, as "
            "'lambdatui invocations' lists it"
        )
    if attempt is None or attempt == found.invocation.attempt:
        return found
    for one in found.attempts:
        if one.attempt == attempt:
            again = views.invocation(store.reader, one.key, book)
            if again is not None:
                return again
    numbers = ", ".join(str(one.attempt) for one in found.attempts)
    raise click.ClickException(f"request {found.invocation.request_id} has no attempt {attempt}; it has {numbers}")


def _json(store: Opened, found: views.InvocationDetail) -> dict[str, Any]:
    one = found.invocation
    basis = BILLED if one.billed_ms is not None else None
    view = View(
        views.DETAIL_COLUMNS, [one], store.reader.as_of_ms(store.range.to_ms), store.range, 1.0 if basis else 0.0, basis
    )
    return envelope(view, view.rows, view.columns) | {
        "attempts": envelope(view, found.attempts, view.columns)["rows"],
        "trace": found.trace.text if found.trace else None,
        "lines": [
            {"timestamp": figures.iso(line.timestamp), "kind": line.kind, "message": line.text} for line in found.lines
        ],
        "lines_pruned": found.lines_pruned,
        "bill": _bill(found),
    }


def _bill(found: views.InvocationDetail) -> list[dict[str, str | None]]:
    if found.bill is None:
        return []
    return [
        {
            "dimension": str(line.dimension),
            "quantity": figures.decimal_text(line.quantity),
            "unit": line.unit,
            "rate": None if line.rate is None else figures.decimal_text(line.rate),
            "amount": None if line.amount is None else figures.decimal_text(line.amount),
            "currency": line.currency,
        }
        for line in found.bill.lines
    ]


def _text(found: views.InvocationDetail, *, utc: bool) -> str:
    one = found.invocation
    lines = [
        f"{column.label:<{_LABEL}}{shown(column, getattr(one, column.id), utc=utc)}" for column in views.DETAIL_COLUMNS
    ]
    for line in found.bill.lines if found.bill else ():
        amount = figures.rate(line.amount, line.currency)
        lines.append(f"{'':<{_LABEL}}{line.dimension}: {line.formula} = {amount}")
    if len(found.attempts) > 1:
        told = ", ".join(f"{other.attempt} {other.status}" for other in found.attempts)
        lines.append(f"{'attempts':<{_LABEL}}{told}")
    lines.append("")
    if not found.lines:
        pruned = "Its log lines were pruned: they are older than what is kept."
        lines.append(pruned if found.lines_pruned else "No log lines are stored for this invocation.")
    for entry in found.lines:
        mark = {"error": "!", "platform": "·"}.get(entry.kind, " ")
        shown_at = figures.instant(entry.timestamp, utc=utc, millis=True)
        body = log_text(entry.text).replace("\n", "\n" + " " * 26)
        lines.append(f"{shown_at} {mark} {body}")
    return "\n".join(lines)

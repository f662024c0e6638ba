"""``lambdatui invocation ID``."""

from typing import Any

import click

from lambdatui.cli.output.listing import Listing, ListingHelp, listing_options
from lambdatui.cli.output.rows import LABEL_CELLS, echo_csv, figure_lines
from lambdatui.cli.price_book import price_book
from lambdatui.cli.store_access import Opened, opened
from lambdatui.text import figures
from lambdatui.text.plain import json_text
from lambdatui.text.safe_output import log_text
from lambdatui.views import invocation as views
from lambdatui.views.export import csv_text, envelope
from lambdatui.views.invocations import INVOCATION_COLUMNS, InvocationView
from lambdatui.views.view import BILLED, View


@click.command(name="invocation", cls=ListingHelp, epilog="Example: lambdatui invocation 8f507cfc-2f2b --json")
@click.argument("request_id", metavar="ID")
@click.option("--attempt", type=click.IntRange(min=1), help="This attempt of the request; default: the last.")
@listing_options(InvocationView)
def command(listing: Listing, request_id: str, attempt: int | None) -> None:
    """One invocation: figures, cost, stack trace, and every log line.

    ID is a request id, or the beginning of one. --json adds "lines", "trace", "attempts" and "bill".
    """
    with opened() as store:
        detail = _detail(store, request_id, attempt)
        if listing.form == "json":
            click.echo(json_text(_json(store, detail)))
        elif listing.form == "csv":
            echo_csv(csv_text(INVOCATION_COLUMNS, [detail.invocation]))
        else:
            click.echo(_text(detail, utc=store.context.utc))


def _detail(store: Opened, request_id: str, attempt: int | None) -> views.InvocationDetail:
    book = price_book()
    try:
        detail = views.find(store.reader, request_id.strip(), book)
    except views.AmbiguousRequest as error:
        raise click.ClickException(str(error)) from None
    if detail is None:
        raise click.ClickException(
            f"no invocation {request_id!r} in {store.context.db}; give the whole request id, as "
            "'lambdatui invocations' lists it"
        )
    if attempt is None or attempt == detail.invocation.attempt:
        return detail
    for other in detail.attempts:
        if other.attempt == attempt:
            again = views.invocation(store.reader, other.key, book)
            if again is not None:
                return again
    numbers = ", ".join(str(one.attempt) for one in detail.attempts)
    raise click.ClickException(f"request {detail.invocation.request_id} has no attempt {attempt}; it has {numbers}")


def _json(store: Opened, detail: views.InvocationDetail) -> dict[str, Any]:
    shown = detail.invocation
    basis = BILLED if shown.billed_ms is not None else None
    view = View(
        views.DETAIL_COLUMNS,
        [shown],
        store.reader.as_of_ms(store.range.to_ms),
        store.range,
        1.0 if basis else 0.0,
        basis,
    )
    return envelope(view, view.rows, view.columns) | {
        "attempts": envelope(view, detail.attempts, view.columns)["rows"],
        "trace": detail.trace.text if detail.trace else None,
        "lines": [
            {"timestamp": figures.iso(line.timestamp), "kind": line.kind, "message": line.text} for line in detail.lines
        ],
        "lines_pruned": detail.lines_pruned,
        "bill": _bill(detail),
    }


def _bill(detail: views.InvocationDetail) -> list[dict[str, str | None]]:
    if detail.bill is None:
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
        for line in detail.bill.lines
    ]


def _text(detail: views.InvocationDetail, *, utc: bool) -> str:
    lines = figure_lines(views.DETAIL_COLUMNS, detail.invocation, utc=utc)
    for line in detail.bill.lines if detail.bill else ():
        amount = figures.rate(line.amount, line.currency)
        lines.append(f"{'':<{LABEL_CELLS}}{line.dimension}: {line.formula} = {amount}")
    if len(detail.attempts) > 1:
        told = ", ".join(f"{other.attempt} {other.status}" for other in detail.attempts)
        lines.append(f"{'attempts':<{LABEL_CELLS}}{told}")
    lines.append("")
    if not detail.lines:
        pruned = "Its log lines were pruned: they are older than what is kept."
        lines.append(pruned if detail.lines_pruned else "No log lines are stored for this invocation.")
    for entry in detail.lines:
        mark = {"error": "!", "platform": "·"}.get(entry.kind, " ")
        shown_at = figures.instant(entry.timestamp, utc=utc, millis=True)
        body = log_text(entry.text).replace("\n", "\n" + " " * 26)
        lines.append(f"{shown_at} {mark} {body}")
    return "\n".join(lines)

"""``lambdatui costs reconcile``: rows, the four numbers, and what is said of the bill."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import click

from collectors.model.clock import now_ms
from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.cli.costs.billing_files import export_in
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.output.rows import arranged, print_rows
from lambdatui.cli.price_book import price_book
from lambdatui.cli.store_access import opened
from lambdatui.text import figures
from lambdatui.text.plain import json_text, plain
from lambdatui.views.export import envelope
from lambdatui.views.reconcile import (
    ReconciledView,
    as_json,
    collected_actuals,
    in_words,
    reconciled,
    whole_bill_said,
)
from lambdatui.views.time_range import ceil_minute
from pricing.actuals import Export


def reconcile_bill(
    listing: Listing, files: Sequence[Path], *, by: str, free_tier: bool, per_usd: Decimal | None
) -> None:
    """Prints the bill of ``files``, or the one that was collected, beside ours. Raises ``LambdatuiError``."""
    named = ", ".join(str(file) for file in files) or "the bill that was collected"
    export = export_in(files) if files else None
    if export is not None and not export.charges:
        raise LambdatuiError(plain(_nothing(named, export)))
    with opened() as store:
        if export is None:
            export = Export(tuple(collected_actuals(store.reader, store.range)), "Cost Explorer, collected")
        if not export.charges:
            raise LambdatuiError(_NOT_COLLECTED)
        choice = store.context.range
        try:
            view = reconciled(
                store.reader, export, price_book(), free_tier=free_tier, scope=store.context.scope, by=by,
                now_ms=now_ms() if choice.at is None else ceil_minute(choice.moved_now_ms(now_ms())), per_usd=per_usd,
            )  # fmt: skip
        except ValueError as error:
            raise LambdatuiError(f"{named}: {error}") from error
        if said := whole_bill_said(store.context.scope):
            click.echo(said, err=True)
        _print(view, listing, utc=store.context.utc)
    if export.rejected:
        click.echo(plain(f"{named}: {len(export.rejected)} lines could not be read; {export.rejected[0]}"), err=True)
        click.get_current_context().exit(ExitCode.PARTLY)


_NOT_COLLECTED = "no bill of AWS was collected for this range: lambdatui collect --with costs, or give an export's FILE"


def _nothing(named: str, export: Export) -> str:
    services = ", ".join(
        f"{name} {figures.money(amount, currency)}" for (name, currency), (_, amount) in export.others.items()
    )
    return f"{named}: no charges of AWS Lambda in it" + (f"; there is {services}" if services else f" ({export.shape})")


def _print(view: ReconciledView, listing: Listing, *, utc: bool) -> None:
    rows = arranged(view, listing)
    if listing.form == "json" and view.summary is not None and not listing.columns:
        click.echo(json_text(envelope(view, rows, view.columns) | as_json(view.summary, view.shape)))
        return
    if listing.form != "text":
        print_rows(view, rows, listing, utc=utc)
        return
    print_rows(view, [row for row in rows if row.dimension != "total"], listing, utc=utc)
    if view.summary is not None:
        click.echo("")
        for label, said in in_words(view.summary, view.shape):
            click.echo(f"{label:<12}{plain(said)}")

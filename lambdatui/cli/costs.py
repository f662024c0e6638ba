"""``lambdatui costs``."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from lambdatui import text
from lambdatui.cli import bill_output
from lambdatui.cli.bill_output import Statement
from lambdatui.cli.opened import opened, price_book
from lambdatui.cli.output import Listing, arranged, emit, listing_options, print_rows
from lambdatui.cli.quantities import MONEY
from lambdatui.views.columns import columns
from lambdatui.views.costs import CostsView, costs
from pricing.bill import Bill, LineItem

# What the text table shows of a line; --columns account shows the rest.
LINE = columns(
    "dimension", "function", "region", "arch", "quantity", "unit", "free", "billable", "rate", "amount", "basis"
)


@click.group(
    name="costs",
    invoke_without_command=True,
    epilog="Example: lambdatui costs --range mtd --sort amount --reverse --limit 10",
)
@click.option("--no-free-tier", is_flag=True, help="List prices, without the account's free tier.")
@click.option("--budget", type=MONEY, metavar="USD", help="Say on which day the month passes this.")
@listing_options
def command(listing: Listing, no_free_tier: bool, budget: Decimal | None) -> None:
    """What the stored usage costs, line by line, dearest first, and what the month will come to.

    The free tier is the account's: the whole store is billed, and --function and the like choose among its lines.
    Invocations whose REPORT was not seen stand in lines of their own, basis "estimated", from CloudWatch's Duration
    and the memory configured then; where that is not known, in a line without an amount.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    with opened() as store:
        view = costs(
            store.reader,
            store.range,
            price_book(),
            free_tier=not no_free_tier,
            narrow=store.context.narrow,
            budget=budget,
        )
        rows = arranged(view, listing)
        if listing.form == "json":
            click.echo(text.json_text(as_json(view, rows)))
            return
        print_rows(view, rows, listing, utc=store.context.utc, brief=[column.id for column in LINE])
        if listing.form == "text":
            for line in summary(view):
                click.echo(line)


@command.command(epilog="Example: lambdatui costs reconcile focus-export.parquet --sort difference --reverse")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--by", type=click.Choice(("day", "month", "span")), default="day", show_default=True)
@click.option("--no-free-tier", is_flag=True, help="Our figures at list price, without the free tier.")
@listing_options
def reconcile(listing: Listing, file: Path | None, by: str, no_free_tier: bool) -> None:
    """AWS's bill beside ours: FILE is a Cost Explorer answer (JSON), or a FOCUS or CUR export (CSV, Parquet).

    Without FILE: what Cost Explorer said of the range's days, where 'lambdatui collect --with costs' asked it. By day
    (or month) and dimension, with the likely reason for each difference; rows without a day are the whole span.
    """
    from lambdatui.cli.billing_files import actuals_in
    from lambdatui.views.reconcile import collected_actuals, reconciled

    actuals = actuals_in(file) if file is not None else None
    if file is not None and not actuals:
        raise click.ClickException(f"{file}: no charges of AWS Lambda in it")
    with opened() as store:
        if actuals is None:
            actuals = collected_actuals(store.reader, store.range)
        if not actuals:
            raise click.ClickException(
                "no bill of AWS was collected for this range: lambdatui collect --with costs, or give an export's FILE"
            )
        try:
            view = reconciled(
                store.reader, actuals, price_book(), free_tier=not no_free_tier, narrow=store.context.narrow, by=by
            )
        except ValueError as error:
            raise click.ClickException(f"{file or 'the bill that was collected'}: {error}") from error
        emit(view, listing, utc=store.context.utc)


def as_json(view: CostsView, rows: Sequence[LineItem]) -> dict[str, Any]:
    """The same object as ``cost-estimate`` prints, and the envelope of every listing.

    ``rows`` are the lines that --filter and --limit leave; totals and projection are of the whole view.
    """
    document = _bill_json(view, view.rows)
    if list(rows) != list(view.rows):
        document["lines"] = _bill_json(view, rows)["lines"]
    return {
        "as_of": text.iso(view.as_of),
        "range": {"from": text.iso(view.range.from_ms), "to": text.iso(view.range.to_ms)},
        "coverage": None if view.coverage is None else round(view.coverage, 6),
        "basis": view.basis,
        "missing": list(view.missing),
        **_projections(view),
    } | document


def _projections(view: CostsView) -> dict[str, Any]:
    """The middle estimate by currency, where there are several: their sums are never added."""
    if len(view.projections) < 2:
        return {}
    found = view.projections.items()
    return {"projections": {code: None if one.p50 is None else text.decimal_text(one.p50) for code, one in found}}


def _bill_json(view: CostsView, rows: Sequence[LineItem]) -> dict[str, Any]:
    bill = Bill(tuple(rows), view.free_tier, view.prices_as_of)
    document: dict[str, Any] = json.loads(bill_output.as_json(Statement(bill, projection=view.projection)))
    return document


def summary(view: CostsView) -> list[str]:
    """What stands below the table: total, free tier, projection, prices."""
    lines = ["", f"{'total':<16}{text.money(view.total, view.currency)}"]
    others = {currency: amount for currency, amount in view.totals.items() if currency != view.currency}
    lines += [f"{'':<16}and {text.money(amount, currency)}" for currency, amount in others.items()]
    for use in view.free_tier:
        if use.requests is not None and use.gb_seconds is not None:
            used = f"{use.requests_used:,} of {use.requests:,} requests, "
            used += f"{float(use.gb_seconds_used):,.0f} of {use.gb_seconds:,} GB-s"
            lines.append(f"{'free tier':<16}{used} ({use.partition})")
    if view.projection is not None:
        one = view.projection
        between = ""
        if one.p10 is not None and one.p90 is not None:
            between = f", between {text.money(one.p10, view.currency)} and {text.money(one.p90, view.currency)}"
        lines.append(f"{'month':<16}{text.money(one.p50, view.currency)}{between}, {one.basis} ({one.method})")
        more = [(code, other) for code, other in view.projections.items() if code != view.currency]
        lines += [f"{'':<16}and {text.money(other.p50, code)}" for code, other in more]
        lines += [f"{'':<16}{said}" for said in bill_output.milestones_text(one, view.currency)]
    lines += [f"{'incomplete':<16}{text.plain(reason)}" for reason in view.missing]
    if view.prices_as_of is not None:
        lines.append(f"{'prices as of':<16}{view.prices_as_of}")
    return lines

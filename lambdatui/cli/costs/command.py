"""``lambdatui costs``."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from collectors.untrusted import parsed_json
from lambdatui.cli import gates
from lambdatui.cli.output import bill, bill_json
from lambdatui.cli.output.listing import Listing, ListingGroup, ListingHelp, asks_for_growth, listing_options
from lambdatui.cli.output.rows import arranged, asked_columns, print_rows
from lambdatui.cli.output.statement import Statement
from lambdatui.cli.own_price_options import own_price_options, own_terms
from lambdatui.cli.price_book import price_book
from lambdatui.cli.quantities import MONEY
from lambdatui.cli.store_access import Opened, opened
from lambdatui.text import figures
from lambdatui.text.plain import json_text, plain
from lambdatui.views.cost_groups import BY_TAG, GROUPINGS, cost_groups, with_group_growth
from lambdatui.views.cost_growth import CostGrowth, cost_growth
from lambdatui.views.cost_words import change_text, grown_text, logs_text
from lambdatui.views.costs import CostLineColumns, CostsView, costs
from lambdatui.views.export import envelope
from lambdatui.views.gates import left_out
from lambdatui.views.growth import growth
from lambdatui.views.own_price import own_view
from lambdatui.views.reconcile import ReconciledRow
from lambdatui.views.tagged_functions import unknown_key
from lambdatui.views.time_range import day_of
from pricing.bill import Bill, LineItem
from pricing.outside import outside_in_words
from pricing.own_price import OwnTerms


def _grouping(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None or value in GROUPINGS or (value.startswith(BY_TAG) and value != BY_TAG):
        return value
    raise click.BadParameter(f"{value!r} is none; there are {', '.join(GROUPINGS)} and {BY_TAG}KEY")


@click.group(
    name="costs",
    cls=ListingGroup,
    invoke_without_command=True,
    epilog="Example: lambdatui costs --range mtd --sort amount --reverse --limit 10",
)
@click.option("--no-free-tier", is_flag=True, help="List prices, without the account's free tier.")
@click.option("--budget", type=MONEY, metavar="USD", help="Exit with 4 where the month passes this, 3 where unknown.")
@click.option(
    "--by", callback=_grouping, metavar="GROUP", help="Sums by function, dimension, region, day or tag.KEY, not lines."
)
@own_price_options
@listing_options(CostLineColumns)
def command(
    listing: Listing,
    by: str | None,
    no_free_tier: bool,
    budget: Decimal | None,
    discount: Decimal | None,
    private_rates: tuple[str, ...],
    commitment: Decimal | None,
    credits: Decimal | None,
) -> None:
    """What the stored usage costs, line by line, dearest first, and what the month will come to.

    The free tier is the account's: the whole store is billed, and --function and the like choose among its lines.
    Invocations whose REPORT was not seen stand in lines of their own, basis "estimated", from CloudWatch's Duration
    and the memory configured then; where that is not known, in a line without an amount.

    --by tag.team sums by the values of a tag, as tags are now, or at --at: "(no tag)" has none, of "(unknown)" nobody
    knows, "(not by function)" are logs of no function, and "(not priced)" has no public price. By day all is at list
    price.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    with opened() as store:
        yours = own_terms(
            store.context.pricing, discount=discount, private_rates=private_rates, commitment=commitment,
            credits=credits,
        )  # fmt: skip
        statement, view = _stated(store, yours, budget, free_tier=not no_free_tier)
        if by is not None:
            _print_groups(store, view, by, listing, free_tier=not no_free_tier)
        elif listing.form == "json":
            rows = arranged(view, listing)
            click.echo(json_text(as_json(view, rows, statement, _growth(store))))
        else:
            print_rows(view, arranged(view, listing), listing, utc=store.context.utc)
        if listing.form == "text":
            for line in summary(view, statement, _growth(store)):
                click.echo(line)
    for name, one in statement.gates.items():
        gates.say(name, one, statement.basis)
    click.get_current_context().exit(gates.code_of(statement.gates.values()))


def _print_groups(store: Opened, view: CostsView, by: str, listing: Listing, *, free_tier: bool) -> None:
    groups = cost_groups(store.reader, store.range, price_book(), by, scope=store.context.scope, free_tier=free_tier)
    if asks_for_growth(listing):
        found = growth(store.reader, store.range, price_book(), scope=store.context.scope)
        groups = with_group_growth(groups, found, store.reader, by)
    if by.startswith(BY_TAG) and (said := unknown_key(store.reader, by.removeprefix(BY_TAG))):
        click.echo(plain(said), err=True)
    if by == "day" and free_tier:
        click.echo("days are at list price, before the free tier, which is a month's", err=True)
    rows = arranged(groups, listing)
    if listing.form != "json":
        print_rows(groups, rows, listing, utc=store.context.utc)
        return
    totals = {currency: figures.decimal_text(amount) for currency, amount in view.totals.items()}
    told = {"by": by, "totals": totals, "missing": list(groups.missing)}
    click.echo(json_text(envelope(groups, rows, asked_columns(groups, listing)) | told))


def _stated(store: Opened, terms: OwnTerms, budget: Decimal | None, *, free_tier: bool) -> tuple[Statement, CostsView]:
    """The view at list price, with your price where you have one, and what its budget comes to."""
    book, scope = price_book(), store.context.scope
    view = costs(store.reader, store.range, book, free_tier=free_tier, scope=scope, budget=None if terms else budget)
    own, own_month = (
        own_view(store.reader, view, book, terms, free_tier=free_tier, scope=scope, budget=budget)
        if terms
        else (None, None)
    )
    statement = Statement(
        Bill(tuple(view.rows), view.free_tier, view.prices_as_of), projection=view.projection,
        as_of=figures.iso(view.as_of), recorded=True, missing=left_out(view), today=day_of(view.range.to_ms - 1),
        own=own, own_projection=own_month, view=view,
    )  # fmt: skip
    if budget is not None:
        statement = replace(statement, gates={"budget": gates.of_view(budget, view, own, own_month)})
    return statement, view


@command.command(
    cls=ListingHelp, epilog="Example: lambdatui costs reconcile focus-export.parquet --sort difference --reverse"
)
@click.argument("files", metavar="[FILE]...", type=click.Path(path_type=Path), nargs=-1)
@click.option(
    "--by", type=click.Choice(("day", "month", "span")), default="day", show_default=True, help="What a row sums."
)
@click.option("--no-free-tier", is_flag=True, help="Our figures at list price, without the free tier.")
@click.option("--per-usd", type=MONEY, metavar="RATE", help="Units of the export's currency for one USD: 0.92 for EUR.")
@listing_options(ReconciledRow)
def reconcile(listing: Listing, files: tuple[Path, ...], by: str, no_free_tier: bool, per_usd: Decimal | None) -> None:
    """AWS's bill beside ours: FILE is a Cost Explorer answer (JSON) or its console's CSV, or a FOCUS or CUR export.

    Without FILE: what Cost Explorer said of the range's days, where 'lambdatui collect --with costs' asked it. By day
    (or month) and dimension, with what each difference comes to; rows without a day are the whole span. Exits with 3
    where lines could not be read.
    """
    from lambdatui.cli.costs.reconciling import reconcile_bill

    reconcile_bill(listing, files, by=by, free_tier=not no_free_tier, per_usd=per_usd)


def _growth(store: Opened) -> CostGrowth:
    return cost_growth(store.reader, store.range, price_book(), scope=store.context.scope)


def as_json(view: CostsView, rows: Sequence[LineItem], statement: Statement, growth: CostGrowth) -> dict[str, Any]:
    """The same object as ``cost-estimate`` prints, and the envelope of every listing.

    ``rows`` are the lines that --filter and --limit leave; totals and projection are of the whole view, and so is
    ``growth``.
    """
    document: dict[str, Any] = parsed_json(bill_json.as_json(statement))
    if list(rows) != list(view.rows):
        chosen = Bill(tuple(rows), view.free_tier, view.prices_as_of)
        document["lines"] = parsed_json(bill_json.as_json(Statement(chosen)))["lines"]
    return {
        "as_of": figures.iso(view.as_of),
        "range": {"from": figures.iso(view.range.from_ms), "to": figures.iso(view.range.to_ms)},
        "coverage": None if view.coverage is None else round(view.coverage, 6),
        "basis": view.basis,
        "missing": list(view.missing),
        "list_totals": _amounts(view.list_totals),
        "logs": {
            "totals": _amounts(view.logs_totals),
            "functions_known": len(view.metered_logs),
            "functions": view.functions,
        },
        "growth": {
            "change": float(growth.change) if growth.compared and growth.before else None,
            "now": figures.decimal_text(growth.now) if growth.compared else None,
            "before": figures.decimal_text(growth.before) if growth.compared else None,
            "not_compared": growth.left_out,
            "functions": [
                {
                    "function": each.function,
                    "now": figures.decimal_text(each.now),
                    "before": figures.decimal_text(each.before),
                    "added": figures.decimal_text(each.added),
                }
                for each in growth.compared
            ],
        },
    } | document


def _amounts(by_currency: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: figures.decimal_text(amount) for currency, amount in by_currency.items()}


def summary(view: CostsView, statement: Statement, growth: CostGrowth) -> list[str]:
    """What stands below the table: total, growth, logs, free tier, projection, prices."""
    lines = ["", f"{'total':<16}{figures.money(view.total, view.currency)}"]
    others = {currency: amount for currency, amount in view.totals.items() if currency != view.currency}
    lines += [f"{'':<16}and {figures.money(amount, currency)}" for currency, amount in others.items()]
    lines += [
        f"{'':<16}{figures.money(amount, currency)} at list price, before the free tier"
        for currency, amount in view.list_totals.items()
        if amount != view.totals.get(currency)
    ]
    lines.append(f"{'change':<16}{change_text(growth) or 'n/a: the range before was not collected'}")
    lines += [f"{'grew':<16}{grown}"] if (grown := grown_text(growth)) else []
    lines.append(f"{'logs':<16}{logs_text(view) or 'n/a: not collected'}")
    if statement.own is not None:
        lines += [f"{'':<16}{amount}  {name}" for name, amount in bill.own_rows(statement.own, view.totals)]
        lines.append(f"{'':<16}{bill.own_basis_text(statement.own)}")
    for use in view.free_tier:
        if use.requests is not None and use.gb_seconds is not None:
            used = f"{use.requests_used:,} of {use.requests:,} requests, "
            used += f"{float(use.gb_seconds_used):,.0f} of {use.gb_seconds:,} GB-s"
            lines.append(f"{'free tier':<16}{used} ({use.partition})")
    if view.projection is not None:
        month = view.projection
        between = ""
        if month.p10 is not None and month.p90 is not None:
            between = (
                f", between {figures.money(month.p10, view.currency)} and {figures.money(month.p90, view.currency)}"
            )
        lines.append(f"{'month':<16}{figures.money(month.p50, view.currency)}{between}, {month.basis} ({month.method})")
        more = [(code, other) for code, other in view.projections.items() if code != view.currency]
        lines += [f"{'':<16}and {figures.money(other.p50, code)}" for code, other in more]
        if statement.own_projection is not None:
            lines.append(f"{'':<16}{figures.money(statement.own_projection.p50, view.currency)} at your price")
        lines += [f"{'':<16}{said}" for said in bill.milestones_text(statement.milestones or month, view.currency)]
    lines += [f"{'incomplete':<16}{plain(reason)}" for reason in view.missing]
    if view.prices_as_of is not None:
        lines.append(f"{'prices as of':<16}{view.prices_as_of}")
    if view.prices_age_days is not None:
        lines.append(bill.old_prices_text(view.prices_as_of, view.prices_age_days))
    return [*lines, outside_in_words(credits=bool(statement.own and statement.own.terms.credits))]

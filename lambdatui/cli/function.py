"""``lambdatui function NAME``."""

from difflib import get_close_matches
from typing import Any

import click

from lambdatui.cli.output.listing import Listing, ListingHelp, listing_options
from lambdatui.cli.output.rows import LABEL_CELLS, arranged, figure_lines, narrate, print_rows
from lambdatui.cli.price_book import price_book
from lambdatui.cli.store_access import Opened, opened
from lambdatui.text import figures
from lambdatui.text.plain import json_text, plain
from lambdatui.views.columns import columns_of
from lambdatui.views.export import envelope, row_json
from lambdatui.views.function import ChartStep, FunctionDetail, function
from lambdatui.views.function_tags import with_tags
from lambdatui.views.functions import FunctionView
from lambdatui.views.scope import Scope

STEP_COLUMNS = columns_of(ChartStep)


@click.command(name="function", cls=ListingHelp, epilog="Example: lambdatui function checkout --range 7d")
@click.argument("name")
@listing_options(FunctionView)
def command(listing: Listing, name: str) -> None:
    """One function over the range: its figures, and how they went.

    NAME may be a glob that matches one function, or the same name in several regions and accounts. --json adds
    "series", the steps of its charts, and "setup": its state, who may invoke it and the like, in words.
    """
    with opened() as store:
        details = _details(store, name)
        first = details[0]
        if listing.form == "csv" or len(details) > 1:
            rows = [row for detail in details for row in detail.rows]
            view = FunctionDetail(first.columns, rows, first.as_of, first.range, first.coverage, first.basis)
            print_rows(view, arranged(view, listing), listing, utc=store.context.utc, brief=False)
        elif listing.form == "json":
            click.echo(json_text(_json(first, listing)))
        else:
            click.echo(_text(first, utc=store.context.utc))
            narrate(first, 1)


def _details(store: Opened, name: str) -> list[FunctionDetail]:
    among = store.context.scope.chosen(store.reader.functions())
    chosen = [row for row in among if row.function.key.name == name] or Scope(functions=(name,)).chosen(among)
    if not chosen:
        names = sorted({row.function.key.name for row in among})
        near = get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else "'lambdatui functions' lists what the store holds"
        raise click.ClickException(f"no function {name!r} in {store.context.db}; {hint}")
    book = price_book()
    details = (function(store.reader, store.range, row.id, book) for row in chosen)
    return [with_tags(detail, store.reader) for detail in details if detail is not None]


def _json(detail: FunctionDetail, listing: Listing) -> dict[str, Any]:
    whole = envelope(detail, arranged(detail, listing), detail.columns)
    series = [{"start": figures.iso(step.start_ms)} | row_json(step, STEP_COLUMNS) for step in detail.series]
    setup = {one.id: one.text for one in detail.facts}
    return whole | {"step_ms": detail.step_ms, "unfinished": detail.unfinished, "series": series, "setup": setup}


def _text(detail: FunctionDetail, *, utc: bool) -> str:
    (row,) = detail.rows
    lines = [*figure_lines(detail.columns, row, utc=utc), ""]
    for title, name in (("invocations", "invocations"), ("errors", "errors"), ("p95", "p95_ms")):
        lines.append(f"{title:<{LABEL_CELLS}}{_drawn(detail, name)}")
    lines.append(f"{'':<{LABEL_CELLS}}{_axis(detail.series, detail.step_ms, utc=utc)}")
    if detail.facts:
        lines.append("")
    width = max((len(one.label) + 2 for one in detail.facts), default=0)
    for fact in detail.facts:
        first, *more = plain(fact.text or "-", newlines=True).split("\n")
        lines += [f"{fact.label:<{width}}{first}", *(f"{'':<{width}}{line}" for line in more)]
    return "\n".join(lines)


def _drawn(detail: FunctionDetail, name: str) -> str:
    return figures.sparkline([getattr(step, name) for step in detail.series], unfinished=detail.unfinished).rstrip()


def _axis(steps: tuple[ChartStep, ...], step_ms: int, *, utc: bool) -> str:
    if not steps:
        return ""
    last = figures.instant(steps[-1].start_ms + step_ms, utc=utc)
    return f"{figures.instant(steps[0].start_ms, utc=utc)} to {last}, {figures.milliseconds(step_ms)} a column"

"""``lambdatui function NAME``."""

from difflib import get_close_matches
from typing import Any

import click

from lambdatui.cli.output.rows import Listing, arranged, listing_options, narrate, print_rows
from lambdatui.cli.store_access import Opened, opened, price_book
from lambdatui.text import figures
from lambdatui.text.plain import json_text, plain
from lambdatui.views.columns import columns
from lambdatui.views.export import envelope
from lambdatui.views.formatting import json_value, shown
from lambdatui.views.function import FunctionDetail, Step, function
from lambdatui.views.scope import Narrow
from lambdatui.views.tag_scope import with_tags

_LABEL = 16
STEP_COLUMNS = columns(
    "invocations", "errors", "timeouts", "cold_starts", "p50_ms", "p95_ms", "p99_ms", "max_ms", "cost_usd"
)


@click.command(name="function", epilog="Example: lambdatui function checkout --range 7d")
@click.argument("name")
@listing_options
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
            print_rows(view, arranged(view, listing), listing, utc=store.context.utc)
        elif listing.form == "json":
            click.echo(json_text(_json(first, listing)))
        else:
            click.echo(_text(first, utc=store.context.utc))
            narrate(first, 1)


def _details(store: Opened, name: str) -> list[FunctionDetail]:
    among = store.context.narrow.chosen(store.reader.functions())
    chosen = [row for row in among if row.function.key.name == name] or Narrow(functions=(name,)).chosen(among)
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
    series = [
        {"start": figures.iso(step.start_ms)} | {one.id: json_value(one, getattr(step, one.id)) for one in STEP_COLUMNS}
        for step in detail.series
    ]
    setup = {one.id: one.text for one in detail.facts}
    return whole | {"step_ms": detail.step_ms, "unfinished": detail.unfinished, "series": series, "setup": setup}


def _text(detail: FunctionDetail, *, utc: bool) -> str:
    (row,) = detail.rows
    lines = [f"{column.label:<{_LABEL}}{shown(column, getattr(row, column.id), utc=utc)}" for column in detail.columns]
    lines.append("")
    for title, name in (("invocations", "invocations"), ("errors", "errors"), ("p95", "p95_ms")):
        lines.append(f"{title:<{_LABEL}}{_drawn(detail, name)}")
    lines.append(f"{'':<{_LABEL}}{_axis(detail.series, detail.step_ms, utc=utc)}")
    if detail.facts:
        lines.append("")
    width = max((len(one.label) + 2 for one in detail.facts), default=0)
    for fact in detail.facts:
        first, *more = plain(fact.text or "-", newlines=True).split("\n")
        lines += [f"{fact.label:<{width}}{first}", *(f"{'':<{width}}{line}" for line in more)]
    return "\n".join(lines)


def _drawn(detail: FunctionDetail, name: str) -> str:
    return figures.sparkline([getattr(step, name) for step in detail.series], unfinished=detail.unfinished).rstrip()


def _axis(steps: tuple[Step, ...], step_ms: int, *, utc: bool) -> str:
    if not steps:
        return ""
    last = figures.instant(steps[-1].start_ms + step_ms, utc=utc)
    return f"{figures.instant(steps[0].start_ms, utc=utc)} to {last}, {figures.milliseconds(step_ms)} a column"

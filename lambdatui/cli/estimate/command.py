"""``lambdatui cost-estimate``: what a month costs, from figures, from a plan file, or from the store."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from collectors.model import clock
from lambdatui.cli.choices import ARCH, REGION
from lambdatui.cli.estimate.workload_options import FIELDS, comparisons, plan, workload
from lambdatui.cli.own_price_options import own_price_options, own_terms
from lambdatui.cli.price_book import price_book
from lambdatui.cli.quantities import MONEY, RATIO
from lambdatui.text import figures
from lambdatui.text.plain import plain
from pricing.bill import Bill, bill
from pricing.changes import GRAMMAR
from pricing.line_items import why_not_priced
from pricing.outside import outside_in_words
from pricing.own_price import OwnBook, OwnTerms, own_price
from pricing.pricebook import PriceBook
from pricing.whatif import WhatIf, compare
from pricing.workload import HOURS_A_MONTH, Workload

if TYPE_CHECKING:
    from lambdatui.cli.output.statement import Statement
    from pricing.gate import Verdict


class BillingTerms(NamedTuple):
    """Under which terms a month is billed."""

    free_tier: bool
    savings_plan: Decimal
    budget: Decimal | None
    own: OwnTerms

    def without_free_tier(self, wanted: bool | None) -> "BillingTerms":
        """The terms, without the free tier where a plan leaves it out."""
        return self._replace(free_tier=self.free_tier and wanted is not False)


_FIGURES = tuple(name for name in FIELDS if name not in ("region", "arch"))
_FORMS = ("json", "csv", "markdown")


@click.command(
    name="cost-estimate",
    epilog="Example: lambdatui cost-estimate --requests 3M --duration-ms 120 --memory-mb 1536 --compare arm64",
)
@click.option("--requests", type=FIELDS["requests"], metavar="N", help="Requests a month, such as 3M.")
@click.option("--duration-ms", type=FIELDS["duration_ms"], metavar="MS", help="Mean duration; 120, 120ms, 1.5s.")
@click.option("--memory-mb", type=FIELDS["memory_mb"], metavar="MB", help="Memory, 128 to 10240 (default 128).")
@click.option("--arch", type=ARCH, metavar="ARCH", help="x86_64 (default) or arm64.")
@click.option("--region", type=str, multiple=True, metavar="R", help="The region (default us-east-1).")
@click.option("--ephemeral-mb", type=FIELDS["ephemeral_mb"], metavar="MB", help="Ephemeral storage, 512 to 10240.")
@click.option("--init-ms", type=FIELDS["init_ms"], metavar="MS", help="Init duration of a cold start.")
@click.option("--cold-ratio", type=FIELDS["cold_ratio"], metavar="R", help="Part of cold starts: 0.02 or 2%.")
@click.option("--provisioned", type=FIELDS["provisioned"], metavar="N", help="Provisioned environments.")
@click.option("--provisioned-hours", type=FIELDS["provisioned_hours"], metavar="H", help="... for so long (730).")
@click.option(
    "--provisioned-requests", type=FIELDS["provisioned_requests"], metavar="N", help="... and requests that run on them"
    " (default: as many as they hold one after the other)."
)  # fmt: skip
@click.option(
    "--provisioned-duration-ms", type=FIELDS["provisioned_duration_ms"], metavar="MS", help="... so long each."
)
@click.option("--event-kb", type=FIELDS["event_kb"], metavar="KB", help="Size of an asynchronous event, to 1024.")
@click.option("--response-mb", type=FIELDS["response_mb"], metavar="MB", help="Size of a streamed response, to 200.")
@click.option("--snapstart-versions", type=FIELDS["snapstart_versions"], metavar="N", help="SnapStart versions kept.")
@click.option("--snapstart-hours", type=FIELDS["snapstart_hours"], metavar="H", help="... for so long (730).")
@click.option("--restores", type=FIELDS["restores"], metavar="N", help="... and restores (default: cold starts).")
@click.option("--kafka-poller-hours", type=FIELDS["kafka_poller_hours"], metavar="H", help="Event poller unit hours.")
@click.option("--sqs-poller-hours", type=FIELDS["sqs_poller_hours"], metavar="H", help="... of SQS.")
@click.option("--tenant-environments", type=FIELDS["tenant_environments"], metavar="N", help="New tenant environments.")
@click.option("--durable-operations", type=FIELDS["durable_operations"], metavar="N", help="Durable operations.")
@click.option("--durable-written-gb", type=FIELDS["durable_written_gb"], metavar="GB", help="... data written.")
@click.option("--durable-gb-months", type=FIELDS["durable_gb_months"], metavar="GB", help="... data kept a month.")
@click.option("--log-gb", type=FIELDS["log_gb"], metavar="GB", help="CloudWatch logs ingested a month.")
@click.option("--log-class", type=FIELDS["log_class"], metavar="CLASS", help="standard, infrequent_access or delivery.")
@click.option("--log-stored-gb", type=FIELDS["log_stored_gb"], metavar="GB", help="Logs kept a month, compressed.")
@click.option("--edge-requests", type=FIELDS["edge_requests"], metavar="N", help="Requests that run as Lambda@Edge.")
@click.option("--edge-duration-ms", type=FIELDS["edge_duration_ms"], metavar="MS", help="... so long each.")
@click.option("--edge-memory-mb", type=FIELDS["edge_memory_mb"], metavar="MB", help="... with this memory (128).")
@click.option("--managed-requests", type=FIELDS["managed_requests"], metavar="N", help="Requests to managed instances.")
@click.option(
    "--managed-instance-hours", type=FIELDS["managed_instance_hours"], metavar="H", help="... instance hours."
)
@click.option(
    "--managed-instance-price", type=FIELDS["managed_instance_price"], metavar="USD", help="... EC2 on demand, an hour."
)
@click.option(
    "--managed-instance-paid", type=FIELDS["managed_instance_paid"], metavar="USD", help="... paid, if that is less."
)
@click.option("--savings-plan", type=RATIO, metavar="R", help="Part under a Compute Savings Plan: 0.8 or 80%.")
@own_price_options
@click.option("--plan", "plan_file", type=click.Path(path_type=Path), metavar="FILE", help="A TOML file of functions.")
@click.option("--compare", "compared", multiple=True, metavar="CHANGES", help=f"What-ifs: {GRAMMAR}.")
@click.option("--no-free-tier", is_flag=True, help="Leave the free tier out.")
@click.option("--fail-over", type=MONEY, metavar="USD", help="Exit with 4 where the month costs more, 3 where unknown.")
@click.option("--budget", type=MONEY, metavar="USD", help="As --fail-over; from the store: on which day.")
@click.option("--explain", is_flag=True, help="Show the arithmetic step by step.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, exact figures.")
@click.option("--csv", "as_csv", is_flag=True, help="One row for each line, exact figures.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Markdown tables.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    plan_file: Path | None,
    compared: tuple[str, ...],
    no_free_tier: bool,
    fail_over: Decimal | None,
    savings_plan: Decimal | None,
    budget: Decimal | None,
    discount: Decimal | None,
    private_rates: tuple[str, ...],
    commitment: Decimal | None,
    credits: Decimal | None,
    explain: bool,
    as_json: bool,
    as_csv: bool,
    as_markdown: bool,
    **options: Any,
) -> None:
    """What a month of Lambda costs at list price.

    With figures, what they come to. With --plan, several functions under one free tier. With neither, the month so
    far in the store, and what it will come to.
    """
    forms = [form for form, wanted in zip(_FORMS, (as_json, as_csv, as_markdown), strict=True) if wanted]
    if len(forms) > 1:
        raise click.UsageError(f"--{forms[0]} and --{forms[1]} exclude each other")
    if explain and forms:
        raise click.UsageError(f"--explain is text; leave out --{forms[0]}")
    own = own_terms(
        _pricing_settings(ctx), discount=discount, private_rates=private_rates, commitment=commitment, credits=credits
    )
    if own.commitment and savings_plan:
        raise click.UsageError("--savings-plan is a part that is covered, --commitment USD an hour: give one of them")
    terms = BillingTerms(not no_free_tier, savings_plan or Decimal(0), budget, own)
    figures = {name: value for name, value in options.items() if value is not None and value != ()}
    changes = comparisons(compared)
    if plan_file is not None:
        if figures:
            raise click.UsageError(f"--plan has the figures; leave out --{next(iter(figures)).replace('_', '-')}")
        statement = _from_plan(plan_file, changes, terms)
    elif any(name in figures for name in _FIGURES):
        statement = _from_figures(figures, _global_region(ctx), changes, terms)
    elif "arch" in figures:
        raise click.UsageError("--arch needs figures (--requests, --duration-ms); for a what-if use --compare arm64")
    else:
        statement = _from_store(figures.get("region", ()), changes, terms)
    statement = replace(statement, gates=_gates(statement, {"limit": fail_over, "budget": budget}))
    _print(statement, "explain" if explain else forms[0] if forms else "text")
    _leave(ctx, statement)


def _gates(statement: "Statement", limits: Mapping[str, Decimal | None]) -> "dict[str, Verdict]":
    """The verdicts of ``--fail-over`` and ``--budget``: on the month so far, or on its projection if that is more."""
    if not any(limit is not None for limit in limits.values()):
        return {}
    from lambdatui.cli.gates import of_view, verdict

    own, view = statement.own, statement.view
    return {
        name: of_view(limit, view, own, statement.own_projection, statement.compared)
        if view is not None
        else verdict(
            limit, own.bill if own else statement.bill, totals=own.totals if own else None, compared=statement.compared
        )
        for name, limit in limits.items()
        if limit is not None
    }


def _leave(ctx: click.Context, statement: "Statement") -> None:
    """Says the verdicts on stderr, and exits with the code of the worst; does nothing without gates."""
    if statement.gates:
        from lambdatui.cli.gates import code_of, say

        for name, one in statement.gates.items():
            say(name, one, statement.basis)
        ctx.exit(code_of(statement.gates.values()))


def _global_region(ctx: click.Context) -> tuple[str, ...]:
    """``lambdatui --region R cost-estimate ...``; read here because the whole context would open the configuration."""
    found: Mapping[str, Any] = ctx.meta.get("lambdatui.given", {})
    return tuple(found.get("region", ()))


def _pricing_settings(ctx: click.Context) -> Mapping[str, Any]:
    """``[pricing]`` of the configuration; the rest of the context is not needed for figures."""
    from lambdatui.settings import config_file

    named = ctx.meta.get("lambdatui.given", {}).get("config")
    settings: Mapping[str, Any] = config_file.load(config_file.path_of(named), required=named is not None).get(
        "pricing", {}
    )
    return settings


def _from_figures(
    figures: dict[str, Any], elsewhere: tuple[str, ...], changes: tuple[WhatIf, ...], terms: BillingTerms
) -> "Statement":
    regions = figures.pop("region", ()) or elsewhere
    if len(regions) > 1:
        raise click.UsageError("figures have one --region; set others beside it with --compare")
    if regions:
        figures["region"] = _region(regions[0])
    single = workload(figures)
    on_lambda = "requests" in figures or "provisioned" in figures
    names = (("region", ""), ("arch", ""), ("memory_mb", " MB")) if on_lambda else (("region", ""),)
    assumed = [f"{getattr(single, name)}{unit}" for name, unit in names if name not in figures]
    if assumed:
        click.echo(f"assumed: {', '.join(assumed)}", err=True)
    return _statement([single], changes, terms)


def _region(code: str) -> str:
    try:
        return str(REGION.convert(code, None, None))
    except click.BadParameter as error:
        raise click.UsageError(f"--region: {error.message}") from error


def _from_plan(path: Path, changes: tuple[WhatIf, ...], terms: BillingTerms) -> "Statement":
    found = plan(path)
    return _statement(found.workloads, (*found.what_ifs, *changes), terms.without_free_tier(found.free_tier))


def _statement(workloads: Iterable[Workload], changes: tuple[WhatIf, ...], terms: BillingTerms) -> "Statement":
    from lambdatui.cli.output.statement import Statement

    month = list(workloads)
    _explain_provisioned(month)

    def billed(these: Iterable[Workload], book: PriceBook) -> Bill:
        return bill([one.usage() for one in these], book, free_tier=terms.free_tier, savings_plan=terms.savings_plan)

    listed = book = price_book()
    beside = base = billed(month, listed)
    own = None
    if terms.own:
        book = OwnBook(listed, terms.own)
        beside = billed(month, book)
        own = own_price(terms.own, beside, base, listed, HOURS_A_MONTH)
    try:
        others = [(change.label, billed(map(change.applied, month), book)) for change in changes]
    except ValueError as error:
        raise click.UsageError(f"--compare: {error}") from error
    return Statement(base, compare(beside, others), workloads=tuple(month), today=_today(), own=own)


def _today() -> date:
    """The day (UTC) by which prices are old: ``--at`` moves it."""
    if click.get_current_context().meta.get("lambdatui.given", {}).get("at") is None:
        return clock.today()
    from collectors.model.clock import now_ms
    from lambdatui.cli.global_options import current_context
    from lambdatui.views.time_range import day_of

    return day_of(current_context().range.moved_now_ms(now_ms()) - 1)


def _explain_provisioned(workloads: Iterable[Workload]) -> None:
    for planned in workloads:
        if planned.provisioned and planned.requests and planned.provisioned_requests is None:
            hours = (
                "a month"
                if planned.provisioned_hours == HOURS_A_MONTH
                else f"{planned.provisioned_hours.normalize():f} h"
            )
            name = f"{planned.name}: " if planned.name else ""
            hold = f"hold {planned.on_provisioned:,} of {figures.counted(planned.requests, 'request')}"
            click.echo(
                f"{name}{figures.counted(planned.provisioned, 'environment')} for {hours} {hold};"
                " --provisioned-requests says otherwise",
                err=True,
            )


def _from_store(regions: tuple[str, ...], changes: tuple[WhatIf, ...], terms: BillingTerms) -> "Statement":
    from collectors.model.clock import now_ms
    from collectors.store.read.reader import Reader
    from lambdatui.cli.global_options import current_context
    from lambdatui.cli.output.statement import Statement
    from lambdatui.cli.store_access import narrowed, say_unmatched
    from lambdatui.views.costs import costs
    from lambdatui.views.gates import left_out
    from lambdatui.views.own_price import own_view
    from lambdatui.views.resolved_range import resolved
    from lambdatui.views.time_range import day_of
    from lambdatui.views.whatif import compared_months, edge_stays
    from pricing.recommendations import BASIS

    if terms.savings_plan:
        raise click.UsageError("--savings-plan is for figures and plans; for the store see 'lambdatui whatif'")
    context = current_context(chooses_functions=True)
    scope = replace(context.scope, regions=regions) if regions else context.scope
    choice = context.range
    if choice.start is None and choice.end is None:
        choice = choice.with_preset("mtd")
    with Reader(context.db) as reader:
        span = resolved(reader, choice, now_ms())
        book, budget = price_book(), None if terms.own else terms.budget
        with reader.until(span.until_ms):
            scope = narrowed(scope, reader, span)
            say_unmatched(scope, reader)
            view = costs(reader, span, book, free_tier=terms.free_tier, scope=scope, budget=budget)
            own, own_month = None, None
            if terms.own:
                own, own_month = own_view(
                    reader, view, book, terms.own, free_tier=terms.free_tier, scope=scope, budget=terms.budget
                )
            try:
                at = OwnBook(book, terms.own) if terms.own else book
                month, compared = compared_months(reader, span, at, changes, scope=scope) if changes else (None, ())
            except ValueError as error:
                raise click.UsageError(f"--compare: {error}") from error
            edge = edge_stays(reader, scope) if changes else ""
    seen = "nothing recorded"
    if view.coverage is not None:
        seen = f"REPORTs for {figures.ratio(view.coverage)} of the invocations"
    elif view.lines:
        seen = "no invocations, but what is configured or logged"
    click.echo(f"recorded usage, {span.label}: {seen}", err=True)
    if month is not None:
        click.echo(f"what-ifs are {BASIS}, by the costlier end of what durations may become", err=True)
    if edge:
        click.echo(edge, err=True)
    found = Bill(tuple(view.lines), view.free_tier, view.prices_as_of)
    return Statement(
        found, compared, view.projection, as_of=figures.iso(view.as_of), recorded=True, missing=left_out(view),
        today=day_of(span.to_ms - 1), own=own, own_projection=own_month, month=month, view=view,
    )  # fmt: skip


def _print(statement: "Statement", form: str) -> None:
    from lambdatui.cli.output import bill, bill_json

    written = {
        "json": bill_json.as_json,
        "csv": bill.as_csv,
        "markdown": bill.as_markdown,
        "text": bill.as_text,
        "explain": bill.as_explanation,
    }[form](statement)
    click.echo(written, nl=form == "json")
    _narrate(statement.bill, credits=bool(statement.own and statement.own.terms.credits))


def _narrate(bill: Bill, *, credits: bool) -> None:
    """Writes to stderr what the figures leave out and how old the prices are."""
    missing = dict.fromkeys(map(why_not_priced, bill.unpriced))
    if missing:
        click.echo(plain(f"not in the total: {'; '.join(missing)}"), err=True)
    free = [f"{figures.counted(use.requests_used, 'request')} and {use.gb_seconds_used:,.0f} GB-s"
            for use in bill.free_tier if use.requests is not None]  # fmt: skip
    if free:
        click.echo(f"free tier, one for the whole organisation: {'; '.join(free)}", err=True)
    if bill.prices_as_of:
        click.echo(f"list prices of {bill.prices_as_of}", err=True)
        click.echo(outside_in_words(credits=credits), err=True)

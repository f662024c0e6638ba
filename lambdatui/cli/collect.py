"""``lambdatui collect``: read CloudWatch, or a local runner's log, into the store."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from collectors.sources.registry import Reads, described
from lambdatui.cli.iam_policy import role_named
from lambdatui.cli.main import DONE, FAILED, OVER_BUDGET, PARTLY
from lambdatui.settings.options import current_context
from lambdatui.text import formatting
from lambdatui.views.time_range import RangeError, preset_ms

if TYPE_CHECKING:
    from collectors.ingest.many_sources import Collected
    from collectors.ingest.notifiers import Notifications
    from lambdatui.cli.many_accounts import OrganizationAsked
    from lambdatui.settings.context import Context

CLOUDWATCH = "cloudwatch"
_DEFAULT_SINCE = "24h"
_FIGURES = (
    "functions",
    "events",
    "duplicates",
    "invocations",
    "errors",
    "rejected",
    "older_than_pruned",
    "metric_points",
)
_OPTIONAL = ("costs", "optimizer")


def _span_ms(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else preset_ms(value)
    except RangeError as error:
        raise click.BadParameter(str(error)) from error


def _every_s(_: click.Context, __: click.Parameter, value: str) -> float:
    if value.endswith("s") and value[:-1].isdigit() and int(value[:-1]):
        return float(value[:-1])
    try:
        return preset_ms(value) / 1000
    except RangeError as error:
        raise click.BadParameter("give a time such as 60s, 5m or 1h") from error


def _role_or_none(context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    return None if value is None else role_named(context, param, value)


def _usd(_: click.Context, __: click.Parameter, value: str | None) -> Decimal | None:
    try:
        amount = None if value is None else Decimal(value.lstrip("$"))
    except InvalidOperation as error:
        raise click.BadParameter("give an amount of USD, such as 0.50") from error
    if amount is not None and not (amount.is_finite() and amount >= 0):
        raise click.BadParameter("give an amount of USD, such as 0.50")
    return amount


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of CloudWatch."""

    profiles: tuple[str, ...]
    regions: tuple[str, ...]
    since_ms: int
    endpoint_url: str | None
    logs: str
    features: tuple[str, ...]
    newest_first: bool
    details: int
    wait: bool
    organization: "OrganizationAsked | None" = None
    linked: bool = False


@click.command(name="collect", epilog="Example: lambdatui collect --profile prod --region eu-central-1 --since 7d")
@click.option("--profile", "profiles", multiple=True, metavar="P", help="AWS profile (repeatable).")
@click.option("--region", "regions", multiple=True, metavar="R", help="AWS region (repeatable; the profile's).")
@click.option(
    "--organization",
    is_flag=False,
    flag_value="",
    callback=_role_or_none,
    metavar="[ROLE]",
    help="All active accounts of the organization, by a role of this name in each; --account narrows.",
)
@click.option("--role-name", callback=role_named, metavar="NAME", help="The same name, said by itself.")
@click.option("--external-id", default="", metavar="ID", help="What the role of --organization asks for.")
@click.option("--linked", is_flag=True, help="Also the accounts linked to this one (CloudWatch cross-account).")
@click.option(
    "--since", "span_ms", callback=_span_ms, metavar="SPAN", help="How far back: 1h, 7d (default 24h; a runner: all)."
)
@click.option(
    "--source",
    default=CLOUDWATCH,
    show_default=True,
    metavar="cloudwatch|RUNNER.db|NAME[:ARGUMENT]",
    help=f"What to read: {described(Reads.AWS, Reads.PLACE)}, or another package's.",
)
@click.option(
    "--logs",
    type=click.Choice(("auto", "events", "insights", "none")),
    default="auto",
    show_default=True,
    help="How logs are read; auto chooses for each function by its volume.",
)
@click.option("--with", "more", multiple=True, type=click.Choice(_OPTIONAL), help="Also what AWS billed; optimizer.")
@click.option(
    "--without",
    "less",
    multiple=True,
    type=click.Choice(("inventory", "alarms", "metrics", "durable")),
    help="Leave out.",
)
@click.option("--newest-first", is_flag=True, help="Read the newest log events first.")
@click.option(
    "--details",
    default=16,
    show_default=True,
    type=click.IntRange(min=0),
    metavar="N",
    help="Functions whose state, versions, permissions and the like are looked at, nine calls each.",
)
@click.option("--budget", callback=_usd, metavar="USD", help="Stop before AWS charges more than this; exit code 4.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked and what it would cost, with free calls only.")
@click.option("--watch", is_flag=True, help="Collect again and again, until stopped.")
@click.option("--every", default="60s", show_default=True, callback=_every_s, metavar="TIME", help="How often.")
@click.option(
    "--notify",
    "notify",
    multiple=True,
    metavar="NAME[=ARGUMENT]",
    help="With --watch, tell what newly goes wrong: json[=FILE] writes an object a line; other packages add more.",
)
@click.option("--wait", is_flag=True, help="Wait for another process that writes the store.")
@click.option("--endpoint-url", metavar="URL", help="Another server that speaks AWS's APIs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with what it came to.")
@click.option("--progress", is_flag=True, help="With --json, an object a line as it goes, too.")
def command(
    profiles: tuple[str, ...],
    regions: tuple[str, ...],
    organization: str | None,
    role_name: str,
    external_id: str,
    linked: bool,
    span_ms: int | None,
    source: str,
    logs: str,
    more: tuple[str, ...],
    less: tuple[str, ...],
    newest_first: bool,
    details: int,
    budget: Decimal | None,
    dry_run: bool,
    watch: bool,
    every: float,
    notify: tuple[str, ...],
    wait: bool,
    endpoint_url: str | None,
    as_json: bool,
    progress: bool,
) -> None:
    """Collect functions, metrics, logs, alarms and configuration, and keep them in the store.

    AWS is only read: every call is checked against the list that `lambdatui iam-policy` prints, counted and priced.
    What the store already has is not asked for again. With --organization accounts are read by a role, but for the
    profile's own; with --linked by what they share with a monitoring account: metrics and logs, no settings. Exit
    code 3 when a source, or a part of one, failed and the rest was kept; 4 when --budget would have been passed.
    """
    context = current_context()
    notifications = _notifications(notify, context.db, watch=watch)
    if source != CLOUDWATCH:
        if profiles or regions or endpoint_url:
            raise click.UsageError("--profile, --region and --endpoint-url are for CloudWatch, not for a runner's log")
        if organization is not None or role_name or external_id or linked:
            raise click.UsageError("--organization and --linked are for CloudWatch, not for a runner's log")
        if dry_run:
            raise click.UsageError("--dry-run is for CloudWatch: reading a runner's log costs nothing")
        code = _collect_place(source, span_ms, context, every if watch else None, notifications, as_json)
        click.get_current_context().exit(code)
    from collectors.sources.cloudwatch.source import ALWAYS

    features = tuple(each for each in (*ALWAYS, *more) if each not in less)
    since_ms = span_ms if span_ms is not None else preset_ms(_DEFAULT_SINCE)
    asked = Asked(
        profiles, regions or context.regions, since_ms, endpoint_url, logs, features, newest_first, details, wait,
        _organization(organization, role_name, external_id, context, len(profiles)), linked,
    )  # fmt: skip
    if linked and asked.organization is not None:
        raise click.UsageError("--linked and --organization are two ways to the same accounts: choose one")
    from lambdatui.cli.collecting import Collecting

    if progress and not as_json:
        raise click.UsageError("--progress is for --json")
    collecting = Collecting(asked, context, budget, quiet=as_json, lines=progress)
    if dry_run:
        from lambdatui.cli.dry_run import dry_run as rehearse

        code = rehearse(collecting.openings(), context.db, budget, as_json=as_json)
    elif watch:
        code = collecting.watch(every, lambda done: say(done, as_json), notifications)
    else:
        done = collecting.once()
        say(done, as_json)
        code = exit_code(done)
    click.get_current_context().exit(code)


def _organization(
    flag: str | None, role_name: str, external_id: str, context: "Context", profiles: int
) -> "OrganizationAsked | None":
    """What ``--organization`` asks, None where it is not given; the configuration says what the command line leaves."""
    if flag is None:
        if role_name or external_id:
            raise click.UsageError("--role-name and --external-id are for --organization")
        return None
    from lambdatui.cli.many_accounts import OrganizationAsked

    role = flag or role_name or role_named(None, None, context.organization.get("role_name"))
    if not role:
        # OrganizationAccountAccessRole is there in most accounts, and may do everything.
        raise click.UsageError(
            "--organization needs the name of a role that only reads, such as --role-name lambdatui-read"
            " ('lambdatui iam-policy' prints what that role may, and --trust whom it trusts)"
        )
    if profiles > 1:
        raise click.UsageError("--organization takes one --profile: that of the management account, or of a delegate")
    return OrganizationAsked(role, external_id or context.organization.get("external_id", ""))


def exit_code(done: "Sequence[Collected]") -> int:
    """What one collection's exit code is; a budget that was reached comes before all else."""
    if any(one.over_budget for one in done):
        return OVER_BUDGET
    if not any(one.failures for one in done):
        return DONE
    return PARTLY if any(kept(one) for one in done) else FAILED


def kept(one: "Collected") -> bool:
    """Whether anything was had; a source without failures that had nothing to give counts too."""
    return not one.failures or any(getattr(one, figure) for figure in _FIGURES)


def say(done: "Sequence[Collected]", as_json: bool) -> None:
    """What the sources came to: on stdout, and what failed on stderr."""
    from lambdatui.cli.spending import cost_of

    costs = {one.name: cost_of(one.calls, one.region) for one in done}
    if as_json:
        totals: dict[str, Any] = {figure: sum(getattr(one, figure) for one in done) for figure in _FIGURES}
        totals["seconds"] = round(max((one.seconds for one in done), default=0.0), 3)
        totals["cost_usd"] = formatting.decimal_text(sum(costs.values(), Decimal(0)))
        totals["sources"] = [
            {
                "source": one.name,
                "account": one.account or None,
                **{figure: getattr(one, figure) for figure in _FIGURES},
                "choices": one.choices,
                "calls": {each.operation: each.requests for each in one.calls},
                "cost_usd": formatting.decimal_text(costs[one.name]),
                "failures": one.failures,
                "over_budget": one.over_budget or None,
                "unfinished": one.unfinished or None,
            }
            for one in done
        ]
        click.echo(json.dumps(totals))
    for one in done:
        if kept(one) and not as_json:
            figures = formatting.tally(
                {name: getattr(one, name) for name in _FIGURES if name != "older_than_pruned" or getattr(one, name)}
            )
            requests = sum(each.requests for each in one.calls)
            asked = f"{formatting.counted(requests, 'call')} for {formatting.money(costs[one.name])}"
            click.echo(formatting.plain(f"{one.name}: {figures}; {asked} in {one.seconds:.1f} s"))
            if one.choices:
                ways = ", ".join(f"{count:,} {_WAYS.get(way, way)}" for way, count in sorted(one.choices.items()))
                click.echo(
                    formatting.plain(f"{one.name}: log groups: {ways} ('lambdatui collections --json' says why)")
                )
        if one.unfinished and not as_json:
            click.echo(formatting.plain(f"{one.name}: not finished ({one.unfinished}): it goes on in the next round"))
        for failure in dict.fromkeys(one.failures):
            click.echo(formatting.plain(f"lambdatui collect: {one.name}: {failure}"), err=True)
        if one.over_budget:
            click.echo(formatting.plain(f"lambdatui collect: {one.name}: {one.over_budget}"), err=True)


_WAYS = {"events": "by their events", "insights": "by Logs Insights", "metrics": "by metrics only", "idle": "idle"}


def _notifications(named: Sequence[str], db: Path, *, watch: bool) -> "Notifications | None":
    """Who is told of what goes wrong; None where nobody is."""
    if not named:
        return None
    if not watch:
        raise click.UsageError("--notify is for --watch")
    from collectors.ingest.notifiers import NoNotifier, Notifications, notifier

    try:
        return Notifications(db, [notifier(each) for each in named])
    except NoNotifier as missing:
        raise click.UsageError(formatting.plain(str(missing))) from missing


def _collect_place(
    named: str,
    span_ms: int | None,
    context: "Context",
    every_s: float | None,
    notifications: "Notifications | None",
    as_json: bool,
) -> int:
    """Collects from what ``--source`` names: a runner's log, or a source of another package."""

    def read() -> "Collected":
        return _read_place(named, span_ms, context.db)

    if every_s is not None:
        from lambdatui.cli.collecting import CollectingRunner

        return CollectingRunner(read, context).watch(every_s, lambda done: say(done, as_json), notifications)
    done = [read()]
    say(done, as_json)
    return exit_code(done)


def _read_place(named: str, span_ms: int | None, db: Path) -> "Collected":
    from collectors.ingest.engine import collect
    from collectors.ingest.many_sources import Collected
    from collectors.sources.base import SourceFailed
    from collectors.sources.registry import place_source

    since_ms = None if span_ms is None else time.time_ns() // 1_000_000 - span_ms
    try:
        make, argument = place_source(named)
        collected = collect(make(argument, since_ms), db=db)
    except SourceFailed as failed:
        return Collected(failed.what, failures=[f"{failed.meaning}; {failed.what_to_do}"])
    own = f"{collected.name}: "  # which is said before each of them
    collected.failures = list(dict.fromkeys(failure.removeprefix(own) for failure in collected.failures))
    return collected

"""``lambdatui collect``: read CloudWatch, or a local runner's log, into the store."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from collectors.sources.registry import Reads, described
from lambdatui.cli.collect.request import CollectRequest, OrganizationRequest
from lambdatui.cli.global_options import current_context
from lambdatui.cli.iam_policy import role_named
from lambdatui.text.plain import plain
from lambdatui.views.time_range import RangeError, preset_ms

if TYPE_CHECKING:
    from collectors.ingest.notifiers import Notifications
    from lambdatui.settings.context import CommandContext

CLOUDWATCH = "cloudwatch"
_DEFAULT_SINCE = "24h"
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
        from lambdatui.cli.collect.place import collect_place

        code = collect_place(source, span_ms, context, every if watch else None, notifications, as_json)
        click.get_current_context().exit(code)
    from collectors.sources.cloudwatch.source import ALWAYS

    features = tuple(each for each in (*ALWAYS, *more) if each not in less)
    since_ms = span_ms if span_ms is not None else preset_ms(_DEFAULT_SINCE)
    request = CollectRequest(
        profiles, regions or context.regions, since_ms, endpoint_url, logs, features, newest_first, details, wait,
        _organization(organization, role_name, external_id, context, len(profiles)), linked,
    )  # fmt: skip
    if linked and request.organization is not None:
        raise click.UsageError("--linked and --organization are two ways to the same accounts: choose one")
    from lambdatui.cli.collect.rounds import Rounds
    from lambdatui.cli.collect.summary import exit_code, say

    if progress and not as_json:
        raise click.UsageError("--progress is for --json")
    rounds = Rounds(request, context, budget, quiet=as_json, lines=progress)
    if dry_run:
        from lambdatui.cli.collect.dry_run import dry_run as rehearse

        code = rehearse(rounds.openings(), context.db, budget, as_json=as_json)
    elif watch:
        code = rounds.watch(every, lambda done: say(done, as_json), notifications)
    else:
        done = rounds.once()
        say(done, as_json)
        code = exit_code(done)
    click.get_current_context().exit(code)


def _organization(
    flag: str | None, role_name: str, external_id: str, context: "CommandContext", profiles: int
) -> OrganizationRequest | None:
    """The organization to read, None without ``--organization``; the configuration fills in what is left out."""
    if flag is None:
        if role_name or external_id:
            raise click.UsageError("--role-name and --external-id are for --organization")
        return None
    role = flag or role_name or role_named(None, None, context.organization.get("role_name"))
    if not role:
        # OrganizationAccountAccessRole is there in most accounts, and may do everything.
        raise click.UsageError(
            "--organization needs the name of a role that only reads, such as --role-name lambdatui-read"
            " ('lambdatui iam-policy' prints what that role may, and --trust whom it trusts)"
        )
    if profiles > 1:
        raise click.UsageError("--organization takes one --profile: that of the management account, or of a delegate")
    return OrganizationRequest(role, external_id or context.organization.get("external_id", ""))


def _notifications(named: Sequence[str], db: Path, *, watch: bool) -> "Notifications | None":
    """The notifications of problems; None where nobody is to be notified."""
    if not named:
        return None
    if not watch:
        raise click.UsageError("--notify is for --watch")
    from collectors.ingest.notifiers import NoNotifier, Notifications, notifier

    try:
        return Notifications(db, [notifier(each) for each in named])
    except NoNotifier as missing:
        raise click.UsageError(plain(str(missing))) from missing

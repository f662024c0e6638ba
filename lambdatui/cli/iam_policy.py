"""``lambdatui iam-policy``: the IAM policy made from the very list that every AWS call is checked against."""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence

import click

from collectors.sources.cloudwatch import policy
from collectors.sources.cloudwatch.allowed_calls import FEATURES
from collectors.sources.cloudwatch.regions import environment_region
from lambdatui.cli.global_options import current_context
from lambdatui.settings.context import CommandContext
from lambdatui.text import figures
from lambdatui.text.plain import plain

_Many = tuple[str, ...]


def chosen_features(_: click.Context, __: click.Parameter, value: str | None) -> _Many | None:
    """An option's ``metrics,logs`` as names; None where it was not given."""
    if value is None:
        return None
    chosen = tuple(each.strip() for each in value.split(",") if each.strip())
    unknown = [each for each in chosen if each not in FEATURES]
    if unknown:
        raise click.BadParameter(f"no feature {unknown[0]!r}; there are {', '.join(FEATURES)}")
    return chosen


def role_named(_: click.Context | None, __: click.Parameter | None, value: str | None) -> str:
    """The name of a role, with its path where it has one."""
    if value and (value.startswith("arn:") or not policy.ROLE_NAME.fullmatch(value)):
        raise click.BadParameter(
            f"{value!r} is no role's name: give it without account and ARN, such as lambdatui-read"
        )
    return value or ""


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[click.Context, click.Parameter, _Many], _Many]:
    def checked(_: click.Context, __: click.Parameter, values: _Many) -> _Many:
        for value in values:
            if not pattern.fullmatch(value):
                raise click.BadParameter(f"{value!r} is no {what}")
        return values

    return checked


@click.command(name="iam-policy", epilog="Example: lambdatui iam-policy --features metrics,logs > policy.json")
@click.option(
    "--features",
    callback=chosen_features,
    metavar="A,B",
    help=f"Only these: {', '.join(FEATURES)} (default: all but organization).",
)
@click.option(
    "--partition",
    "partitions",
    multiple=True,
    type=click.Choice(tuple(policy.PARTITIONS)),
    help="Whose ARNs (repeatable; default: those of the regions of --region, the configuration, $AWS_DEFAULT_REGION or "
    "$AWS_REGION).",
)
@click.option(
    "--log-group",
    "log_groups",
    multiple=True,
    metavar="NAME",
    callback=_matching(policy.LOG_GROUP_NAME, "log group's name"),
    help="A log group outside /aws/lambda/, or a pattern such as '/ecs/*' (repeatable).",
)
@click.option("--no-store", is_flag=True, help="Leave out the log groups that functions in the store write to.")
@click.option("--role-name", callback=role_named, metavar="NAME", help="The role in each account of the organization.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="ARN",
    callback=_matching(policy.ROLE_ARN, "role's ARN"),
    help="Instead: what a source_profile needs to assume this role (repeatable).",
)
@click.option(
    "--trust", "trusted", multiple=True, metavar="WHO", help="Instead: the role's trust policy, for an account or ARN."
)
@click.option("--external-id", default="", metavar="ID", help="With --trust: what must be said to assume the role.")
def command(
    features: _Many | None,
    partitions: _Many,
    log_groups: _Many,
    no_store: bool,
    role_name: str,
    roles: _Many,
    trusted: _Many,
    external_id: str,
) -> None:
    """The least IAM policy that collecting needs, as JSON.

    It allows what `lambdatui collect` calls and no more; log events of /aws/lambda/, of the groups that functions in
    the store write to, and of --log-group. A profile with a role_arn needs three documents: this one in the role,
    --role ARN for its source_profile, and --trust ACCOUNT as the role's trust policy.
    """
    context = current_context()
    regions = context.regions or (environment_region(os.environ),)
    where = partitions or tuple(dict.fromkeys(map(policy.partition_of, regions)))
    if external_id and not trusted:
        raise click.UsageError("--external-id is for --trust: it stands in the role's trust policy")
    if roles and trusted:
        raise click.UsageError("--role and --trust are two documents: ask for one after the other")
    if trusted:
        try:
            _print(policy.trust_policy(trusted, partition=where[0], external_id=external_id))
        except ValueError as error:
            raise click.UsageError(f"--trust: {error}") from error
        return
    if roles:
        _print(policy.source_policy(roles))
        return
    chosen = policy.BY_DEFAULT if features is None else features
    if role_name and features is None:
        chosen = (*chosen, "organization")
    if "organization" in chosen and not role_name:
        raise click.UsageError("the feature organization needs --role-name, the role in each of its accounts")
    groups = [*log_groups, *(() if no_store else _of_store(context))]
    _print(policy.least_policy(chosen, partitions=where, log_groups=groups, role_name=role_name))


def _of_store(context: CommandContext) -> Sequence[str]:
    """The groups outside /aws/lambda/ that functions in the store write to; none where there is no store."""
    from collectors.store.errors import StoreError, StoreMissing
    from collectors.store.read.reader import Reader
    from lambdatui.views.permissions import own_log_groups

    try:
        with Reader(context.db) as reader:
            groups = own_log_groups(reader, scope=context.scope)
    except StoreMissing:
        return ()
    except StoreError as error:
        click.echo(plain(f"lambdatui iam-policy: {error}; no log group of it is named"), err=True)
        return ()
    if groups:
        said = figures.counted(len(groups), "log group")
        click.echo(plain(f"with {said} that functions in {context.db} write to (--no-store: without)"), err=True)
    return groups


def _print(document: Mapping[str, object]) -> None:
    click.echo(json.dumps(document, indent=2))
    size = len("".join(json.dumps(document).split()))
    if size > policy.MOST_CHARACTERS:
        click.echo(
            f"lambdatui iam-policy: {size:,} characters; a managed policy has {policy.MOST_CHARACTERS:,} at most:"
            " name log groups by a pattern (--no-store --log-group '/own/*'), or fewer --features",
            err=True,
        )

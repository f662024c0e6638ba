"""``lambdatui iam-policy``: the IAM policy made from the very list that every AWS call is checked against."""

import json

import click

from collectors.cloudwatch.readings import FEATURES, least_policy


def _features(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    chosen = tuple(each.strip() for each in (value or ",".join(FEATURES)).split(",") if each.strip())
    unknown = [each for each in chosen if each not in FEATURES]
    if unknown:
        raise click.BadParameter(f"no feature {unknown[0]!r}; there are {', '.join(FEATURES)}")
    return chosen


@click.command(name="iam-policy", epilog="Example: lambdatui iam-policy --features metrics,logs > policy.json")
@click.option(
    "--features", callback=_features, metavar="A,B", help=f"Only these: {', '.join(FEATURES)} (default: all)."
)
def command(features: tuple[str, ...]) -> None:
    """The least IAM policy that collecting needs, as JSON.

    It allows what `lambdatui collect` calls and no more. Log groups outside /aws/lambda/ have to be added to its
    Resource where functions write to them; outside the aws partition, change arn:aws.
    """
    click.echo(json.dumps(least_policy(features), indent=2))

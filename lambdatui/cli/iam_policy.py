"""``lambdatui iam-policy``: the IAM policy made from the very list that every AWS call is checked against."""

import json

import click


@click.command(name="iam-policy", epilog="Example: lambdatui iam-policy > policy.json")
def command() -> None:
    """The least IAM policy that collecting needs, as JSON.

    It allows what `lambdatui collect` calls and no more. Log groups outside /aws/lambda/ have to be added to its
    Resource where functions write to them; outside the aws partition, change arn:aws.
    """
    from collectors.cloudwatch.session import least_policy

    click.echo(json.dumps(least_policy(), indent=2))

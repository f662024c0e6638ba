"""``lambdatui doctor --aws``: whether AWS can be read with the credentials here, a free call a permission."""

from collections.abc import Callable, Iterator
from typing import Any

from lambdatui.cli.doctor_findings import FAIL, OK, WARN, Finding

# What is asked of each: an action, the service, and a call that is free and small. What would cost, or begins
# something, is not tried.
_TRIED: tuple[tuple[str, str, Callable[[Any], object]], ...] = (
    ("lambda:ListFunctions", "lambda", lambda client: client.list_functions(MaxItems=1)),
    ("lambda:GetAccountSettings", "lambda", lambda client: client.get_account_settings()),
    ("lambda:ListEventSourceMappings", "lambda", lambda client: client.list_event_source_mappings(MaxItems=1)),
    ("logs:DescribeLogGroups", "logs", lambda client: client.describe_log_groups(limit=1)),
    ("cloudwatch:DescribeAlarms", "cloudwatch", lambda client: client.describe_alarms(MaxRecords=1)),
)


def permissions(profile: str | None, region: str | None, endpoint_url: str | None = None) -> Iterator[Finding]:
    """The account, then each permission; credentials that do not work end it."""
    from collectors.cloudwatch.errors import reading
    from collectors.cloudwatch.functions import account_of
    from collectors.cloudwatch.session import ReadOnlySession
    from collectors.source import SourceFailed

    try:
        session = ReadOnlySession(profile, region, endpoint_url)
        account = account_of(session.client("sts"), session.region, profile)
    except SourceFailed as failed:
        yield Finding("aws", FAIL, f"{failed.what}: {failed.meaning}", failed.what_to_do)
        return
    yield Finding("aws", OK, f"account {account}, {session.region}")
    for action, service, ask in _TRIED:
        try:
            with reading(action, session.region, profile):
                ask(session.client(service))
        except SourceFailed as failed:
            yield Finding("permission", WARN, f"{action}: {failed.meaning}", failed.what_to_do)
        else:
            yield Finding("permission", OK, action)

"""The one session through which AWS is read, and the list of what it may ask.

boto3 is imported when a session is made, not before: the list alone is also what the IAM policy is printed from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectors.cloudwatch.errors import reading
from collectors.source import SourceFailed


@dataclass(frozen=True, slots=True)
class Reading:
    """An operation that this program may call, and the IAM action and resources that it needs."""

    service: str
    operation: str
    statement: str
    resources: tuple[str, ...] = ("*",)

    @property
    def action(self) -> str:
        return f"{self.service}:{self.operation}"


# Service authorization reference: of these only the log operations can be narrowed to resources. A function may log
# to a group of any name; the policy names Lambda's default ones.
_LAMBDA_LOGS = ("arn:aws:logs:*:*:log-group:/aws/lambda/*",)

READINGS = (
    Reading("lambda", "ListFunctions", "Functions"),
    Reading("cloudwatch", "GetMetricData", "Metrics"),
    Reading("logs", "DescribeLogGroups", "LogGroups"),
    Reading("logs", "FilterLogEvents", "LogEvents", _LAMBDA_LOGS),
    Reading("pricing", "GetProducts", "Prices"),
    Reading("sts", "GetCallerIdentity", "WhoAmI"),
)
_ALLOWED = frozenset((one.service, one.operation) for one in READINGS)


class ReadOnlyViolation(Exception):
    """A call that is not on the list was stopped before anything was sent. That is a bug of ours, not of AWS."""


class ReadOnlySession:
    """Makes clients that can call ``READINGS`` and nothing else.

    Credentials and region are found as the AWS CLI finds them. SourceFailed when the profile or region is missing.
    """

    def __init__(self, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None) -> None:
        from boto3.session import Session

        with reading("", profile or "the default profile"):
            self._session = Session(profile_name=profile, region_name=region)
        self.profile = profile
        self._endpoint_url = endpoint_url
        if not self._session.region_name:
            raise SourceFailed(
                profile or "the default profile", "it names no AWS region", "give --region, or set AWS_REGION"
            )
        self.region: str = self._session.region_name

    def client(self, service: str) -> Any:
        """A client of ``service`` that raises ReadOnlyViolation at any other call than the listed ones."""
        from botocore.config import Config

        # Adaptive: after a throttle it slows down by itself, instead of taking the account's quota from deployments.
        config = Config(retries={"mode": "adaptive", "max_attempts": 5}, connect_timeout=10, read_timeout=60)
        name: Any = service
        with reading("", f"{service} in {self.region}"):
            client = self._session.client(name, endpoint_url=self._endpoint_url, config=config)
        # On the client, not on the session: a profile that assumes a role gets its credentials through clients of
        # botocore's own, which must be able to call sts:AssumeRole. Both events come before a request is signed;
        # the first also stands before a presigned URL.
        client.meta.events.register_first("provide-client-params", _refuse)
        client.meta.events.register_first("before-call", _refuse)
        return client


def _refuse(model: Any, **_: object) -> None:
    service, operation = model.service_model.service_name, model.name
    if (service, operation) not in _ALLOWED:
        raise ReadOnlyViolation(f"{service}:{operation} is not on the list of what lambdatui may call")


def least_policy() -> Mapping[str, object]:
    """The IAM policy document that allows ``READINGS``, one statement for each kind of resource."""
    statements: dict[str, dict[str, object]] = {}
    for one in READINGS:
        statement = statements.setdefault(
            one.statement,
            {
                "Sid": one.statement,
                "Effect": "Allow",
                "Action": [],
                "Resource": list(one.resources) if len(one.resources) > 1 else one.resources[0],
            },
        )
        actions = statement["Action"]
        assert isinstance(actions, list)
        actions.append(one.action)
    return {"Version": "2012-10-17", "Statement": list(statements.values())}

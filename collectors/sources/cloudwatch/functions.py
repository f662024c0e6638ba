"""The functions of one account and region: ListFunctions, without their environment variables."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from collectors.model.account import Configured
from collectors.model.records import Function, FunctionKey, Reject
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.errors import reading
from collectors.sources.cloudwatch.function_settings import settings_of
from collectors.sources.cloudwatch.pages import pages

# Lambda quotas: the control plane takes 15 calls a second of the whole account, its deployments included.
CONTROL_PLANE_RATE = 3.0


def account_of(client: Any, region: str, profile: str | None = None) -> str:
    """The account of the credentials: STS GetCallerIdentity, which needs no permission."""
    return account_and_arn(client, region, profile)[0]


def account_and_arn(client: Any, region: str, profile: str | None = None) -> tuple[str, str]:
    """The account of the credentials, and the ARN of the caller; empty where the answer lacks it."""
    where = f"credentials in {region}"
    with reading("sts:GetCallerIdentity", where, profile):
        identity = client.get_caller_identity()
    account, arn = str(identity.get("Account")), identity.get("Arn")
    if not (account.isdecimal() and len(account) == 12):
        raise SourceFailed(where, f"sts:GetCallerIdentity names no account ({account[:40]})", "check the endpoint")
    return account, arn if isinstance(arn, str) else ""


def list_functions(
    client: Any, region: str, bucket: TokenBucket, rejects: list[Reject], account: str = ""
) -> Iterator[tuple[Function, Configured]]:
    """Every function, 50 a call, with its settings. SourceFailed when they cannot be listed.

    An entry without name is counted in ``rejects``; one whose ARN does not say its account is ``account``'s.
    """
    for page in answers(client.list_functions, "lambda:ListFunctions", f"functions in {region}", bucket):
        for configuration in page.get("Functions", ()):
            # Environment variables hold secrets: they are dropped here, before anything else sees the answer.
            configuration.pop("Environment", None)
            if not configuration.get("FunctionName"):
                rejects.append(Reject("a function without a name", "", "ListFunctions"))
                continue
            function = function_of(configuration, region)
            if not function.key.account and account:
                said = str(configuration.get("FunctionArn"))
                rejects.append(Reject("a function whose ARN does not say its account", said[:200], "ListFunctions"))
                function = replace(function, key=FunctionKey(function.key.name, account, region))
            yield function, settings_of(configuration, function.key)


def answers(
    ask: Callable[..., Any],
    action: str,
    where: str,
    bucket: TokenBucket,
    *,
    token: tuple[str, str] = ("Marker", "NextMarker"),
    **asked: object,
) -> Iterator[Any]:
    """All pages of a listing, each at the bucket's pace. ``token`` is the pair of names that the token has in requests
    and answers.
    """
    return pages(ask, asked, token, action=action, where=where, before=bucket.take)


def function_of(configuration: Mapping[str, Any], region: str) -> Function:
    """The function that a configuration of ListFunctions describes; what it does not say is unknown."""
    name = configuration["FunctionName"]
    # arn:aws:lambda:REGION:ACCOUNT:function:NAME
    arn = str(configuration.get("FunctionArn", "")).split(":")
    return Function(
        FunctionKey(name, arn[4] if len(arn) > 6 else "", region),
        runtime=configuration.get("Runtime"),
        arch=next(iter(configuration.get("Architectures") or ()), None),
        memory_mb=configuration.get("MemorySize"),
        timeout_s=configuration.get("Timeout"),
        ephemeral_mb=(configuration.get("EphemeralStorage") or {}).get("Size"),
        log_group=(configuration.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}",
    )

"""The functions of one account and region: ListFunctions, without their environment variables."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from collectors.account import Configured, Setting
from collectors.cloudwatch.calls import TokenBucket
from collectors.cloudwatch.errors import reading
from collectors.cloudwatch.pages import pages
from collectors.model import Function, FunctionKey, Reject
from collectors.source import SourceFailed

# Lambda quotas: the control plane takes 15 calls a second of the whole account, its deployments included.
CONTROL_PLANE_RATE = 3.0


def account_of(client: Any, region: str, profile: str | None = None) -> str:
    """The account whose credentials these are: STS GetCallerIdentity, which needs no permission."""
    return account_and_arn(client, region, profile)[0]


def account_and_arn(client: Any, region: str, profile: str | None = None) -> tuple[str, str]:
    """The same, and the ARN of who asks; empty where the answer has none."""
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
            # Variables hold secrets. They are let go here, before anything else looks at the answer.
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
    """All pages of a listing, each at the bucket's pace. ``token`` is what a page is asked by, and told by."""
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


def settings_of(configuration: Mapping[str, Any], key: FunctionKey) -> Configured:
    """The settings whose changes are worth a line in a history. Names are kept, contents of variables never."""
    logging = configuration.get("LoggingConfig") or {}
    settings: dict[str, Setting] = {
        "memory_mb": configuration.get("MemorySize"),
        "timeout_s": configuration.get("Timeout"),
        "runtime": configuration.get("Runtime"),
        "arch": ",".join(configuration.get("Architectures") or ()) or None,
        "ephemeral_mb": (configuration.get("EphemeralStorage") or {}).get("Size"),
        "handler": configuration.get("Handler"),
        "package_type": configuration.get("PackageType"),
        "package_bytes": configuration.get("CodeSize"),
        "code_sha256": configuration.get("CodeSha256"),
        "layers": " ".join(str(layer.get("Arn", "")) for layer in configuration.get("Layers") or ()) or None,
        "tracing": (configuration.get("TracingConfig") or {}).get("Mode"),
        "snap_start": (configuration.get("SnapStart") or {}).get("ApplyOn"),
        "log_format": logging.get("LogFormat"),
        "log_group": logging.get("LogGroup"),
        "application_log_level": logging.get("ApplicationLogLevel"),
        "system_log_level": logging.get("SystemLogLevel"),
        "dead_letter": (configuration.get("DeadLetterConfig") or {}).get("TargetArn"),
        "vpc": (configuration.get("VpcConfig") or {}).get("VpcId") or None,
        "runtime_version": (configuration.get("RuntimeVersionConfig") or {}).get("RuntimeVersionArn"),
        "capacity_provider": (
            (configuration.get("CapacityProviderConfig") or {}).get("LambdaManagedInstancesCapacityProviderConfig")
            or {}
        ).get("CapacityProviderArn"),
        "role": configuration.get("Role"),
        "state": configuration.get("State"),
    }
    known = {name: value for name, value in settings.items() if value is not None}
    return Configured(
        key.account, key.region, key.name, "function", "", known, iso_ms(configuration.get("LastModified"))
    )


def iso_ms(text: Any) -> int | None:
    """Epoch ms of AWS's times, such as ``2025-03-31T10:00:00.000+0000`` or a datetime; None where it is none."""
    if isinstance(text, datetime):
        return round(text.timestamp() * 1000)
    try:
        return round(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None

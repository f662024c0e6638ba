"""The functions of one account and region: ListFunctions, without their environment variables."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from collectors.cloudwatch.errors import reading
from collectors.model import Function, FunctionKey

# Lambda quotas: the control plane takes 15 calls a second of the whole account, its deployments included.
PAUSE_S = 1 / 3


def list_functions(client: Any, region: str, pause: Callable[[float], None] = time.sleep) -> Iterator[Function]:
    """Every function, 50 a call, at most three calls a second. SourceFailed when they cannot be listed."""
    pages = iter(client.get_paginator("list_functions").paginate())
    first = True
    while True:
        if not first:
            pause(PAUSE_S)
        first = False
        with reading("lambda:ListFunctions", f"functions in {region}"):
            page = next(pages, None)
        if page is None:
            return
        for configuration in page.get("Functions", ()):
            # Variables hold secrets. They are let go here, before anything else looks at the answer.
            configuration.pop("Environment", None)
            yield _function(configuration, region)


def account_of(client: Any, region: str) -> str:
    """The account whose credentials these are: STS GetCallerIdentity, which needs no permission."""
    with reading("sts:GetCallerIdentity", f"credentials in {region}"):
        return str(client.get_caller_identity()["Account"])


def _function(configuration: dict[str, Any], region: str) -> Function:
    name = configuration["FunctionName"]
    # arn:aws:lambda:REGION:ACCOUNT:function:NAME
    account = configuration["FunctionArn"].split(":")[4]
    return Function(
        FunctionKey(name, account, region),
        runtime=configuration.get("Runtime"),
        arch=next(iter(configuration.get("Architectures") or ()), None),
        memory_mb=configuration.get("MemorySize"),
        timeout_s=configuration.get("Timeout"),
        ephemeral_mb=(configuration.get("EphemeralStorage") or {}).get("Size"),
        log_group=(configuration.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}",
    )

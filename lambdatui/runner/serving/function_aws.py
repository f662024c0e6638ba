"""Gives functions what their SDKs reach: the runner itself, the endpoints that were given, a profile's credentials."""

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

from lambdatui.runner.api.front import Front
from lambdatui.runner.environments.aws_access import AwsAccess
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.http.admission import Admission, TokenNeeded
from lambdatui.runner.http.server import Server
from lambdatui.runner.service import Runner

_RENEW_S = 60.0


@dataclass(frozen=True, slots=True)
class AwsChoice:
    """What the caller chose: endpoints by boto3's names of services (``""``: all others), and a profile."""

    endpoints: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None

    def check(self) -> dict[str, str]:
        """The variables of the profile, with its credentials; empty without one. May ask AWS. Raises RunnerError."""
        if not self.endpoints and self.profile is None:
            return {}
        from lambdatui.runner import aws

        aws.endpoint_variables(self.endpoints)
        aws.use_aws(self.endpoints, self.profile)
        return aws.profile_variables(self.profile) if self.profile is not None else {}

    def endpoint_variables(self) -> dict[str, str]:
        """The variables of the endpoints."""
        if not self.endpoints:
            return {}
        from lambdatui.runner.aws import endpoint_variables

        return endpoint_variables(self.endpoints)


@contextlib.asynccontextmanager
async def function_aws(runner: Runner, url: str, choice: AwsChoice) -> AsyncIterator[None]:
    """Let the functions of ``runner``, whose API is at ``url``, use what ``choice`` says while the block runs.

    Where every caller needs a token, functions reach the API at a port of their own, which only this user may use.
    Raises RunnerError where a service or a profile does not exist.
    """
    profile = await asyncio.to_thread(choice.check)
    own_port: Server | None = None
    if runner.admission.needed is TokenNeeded.BY_EVERYBODY:
        front = Front(runner)
        front.admission = Admission(frozenset(), secrets.token_urlsafe(24), TokenNeeded.BY_OTHERS)
        own_port = Server(front)
        host, port = await own_port.start()
        url = f"http://{host}:{port}"
    runner.host.aws = AwsAccess(url, choice.endpoint_variables(), profile)
    renewing = asyncio.create_task(_renew(runner, choice)) if choice.profile is not None else None
    try:
        yield
    finally:
        if renewing is not None:
            renewing.cancel()
        if own_port is not None:
            own_port.close()


async def _renew(runner: Runner, choice: AwsChoice) -> None:
    """Replace credentials that end: environments that were started with them take no further calls."""
    while True:
        await asyncio.sleep(_RENEW_S)
        try:
            profile = await asyncio.to_thread(choice.check)
        except RunnerError as error:
            sys.stderr.write(f"lambdatui runner: functions keep their old credentials: {error}\n")
            continue
        if profile != runner.host.aws.profile:
            runner.host.aws = replace(runner.host.aws, profile=profile)
            for function in runner.functions.by_name.values():
                for version in function.versions:
                    runner.fleet.code_changed(runner.functions.deployment(function.name, version))

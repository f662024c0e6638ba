"""Collecting from the fake as the command does: its session, its sources, its writer; or the command itself."""

import json
from collections.abc import Collection, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import click

from collectors.ingest.many_sources import collect_accounts
from collectors.ingest.results import Collected
from collectors.model.units import HOUR_MS
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import ALWAYS, CloudWatchSource
from tests.support.fake_aws.fleet import REGION
from tests.support.fake_aws.server import FakeAws

EVERYTHING = (*ALWAYS, "costs", "optimizer")


def collect(
    aws: FakeAws,
    db: Path,
    *,
    now_ms: int | None = None,
    hours: int | None = None,
    features: Collection[str] = EVERYTHING,
    **settings: Any,
) -> Collected:
    """One collection of the fake's fleet into a store, at the fleet's time. ``settings`` are ``CloudWatchSource``'s.

    Nothing waits: neither botocore between its tries nor the collectors for their quotas.
    """
    at_ms = aws.fleet.now_ms if now_ms is None else now_ms
    since_ms = at_ms - (aws.fleet.hours if hours is None else hours) * HOUR_MS
    with no_waiting():
        session = ReadOnlySession(region=aws.fleet.region, endpoint_url=aws.url)

        def opened() -> CloudWatchSource:
            return CloudWatchSource(
                session, since_ms=since_ms, now_ms=at_ms, features=features,
                **{"pause": lambda _: None, "details": 1_000} | settings,
            )  # fmt: skip

        (done,) = collect_accounts([opened], db=db, now_ms=at_ms)
    return done


def run(aws: FakeAws, db: Path, *arguments: str, now_ms: int | None = None) -> tuple[int, dict[str, Any], str]:
    """``lambdatui collect --json`` in this process at the fleet's time: exit code, what it printed, what it said."""
    from click.testing import CliRunner

    from lambdatui.cli.main import cli

    at_ms = aws.fleet.now_ms if now_ms is None else now_ms
    asked: Sequence[str] = (
        "--db", str(db), "collect", "--json", "--region", REGION, "--endpoint-url", aws.url,
        "--since", f"{aws.fleet.hours}h", *arguments,
    )  # fmt: skip
    at_once = mock.patch("collectors.sources.cloudwatch.calls.TokenBucket.take")
    with no_waiting(), at_once, mock.patch("lambdatui.cli.collect.rounds.clock_now_ms", return_value=at_ms):
        result = CliRunner().invoke(cli, list(asked), standalone_mode=False)
    code = result.return_value if isinstance(result.return_value, int) else result.exit_code
    if result.exception is not None and not isinstance(result.exception, SystemExit | click.exceptions.Exit):
        raise result.exception
    told: dict[str, Any] = {}
    with suppress(ValueError):
        told = json.loads(result.stdout)
    return code, told, result.stderr


@contextmanager
def no_waiting() -> Any:
    """botocore's pauses between tries, and its slowing down after a throttle, take no time; models are loaded once."""
    import botocore.endpoint
    import botocore.session
    from botocore.loaders import create_loader
    from botocore.retries.bucket import TokenBucket

    if not _shared:
        _shared.append(create_loader())
    with ExitStack() as patched:
        quick = SimpleNamespace(sleep=lambda _: None, time=botocore.endpoint.time.time)
        patched.enter_context(mock.patch.object(botocore.endpoint, "time", quick))
        patched.enter_context(mock.patch.object(TokenBucket, "acquire", return_value=True))
        patched.enter_context(mock.patch.object(botocore.session, "create_loader", return_value=_shared[0]))
        yield


_shared: list[Any] = []

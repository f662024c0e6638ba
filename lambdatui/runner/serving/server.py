"""``lambdatui runner serve``: one runner on one port, until a signal ends it."""

import asyncio
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lambdatui.runner.api.front import Front
from lambdatui.runner.environments.fleet import Limits
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.http.admission import Admission, TokenNeeded
from lambdatui.runner.http.server import Server
from lambdatui.runner.log.writer import Log
from lambdatui.runner.service import Runner
from lambdatui.runner.serving.function_aws import AwsChoice, function_aws
from lambdatui.runner.serving.lock import serving_lock

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to serve. A host other than loopback needs a token; port 0 is any free port.

    ``token`` is required of every caller; without one, other users of the machine need a token that is generated,
    unless ``open_to_users``. ``time_scale`` shortens waits: 60 makes a minute's wait a second. ``concurrency`` is the
    account's limit, ``max_environments`` that of processes (0: as many as the machine can have), ``idle_s`` how many
    seconds an environment stays warm. ``aws`` is what functions and triggers use of AWS. ``hosts`` are names
    besides loopback's that requests may have as Host. ``transition_s`` is how many seconds a new or changed function is
    Pending or InProgress.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None
    time_scale: float = 1.0
    concurrency: int = 1_000
    max_environments: int = 0
    idle_s: float = 300.0
    aws: AwsChoice = field(default_factory=AwsChoice)
    hosts: tuple[str, ...] = ()
    open_to_users: bool = False
    transition_s: float = 0.0


async def serve(
    log_path: Path,
    settings: Settings,
    ready: Callable[[Runner, str], None],
    ended: asyncio.Event | None = None,
) -> None:
    """Serve until ``ended`` is set, or SIGINT, SIGTERM or SIGHUP comes.

    ``ready`` is called with the runner and its URL once it answers. Raises RunnerError when another process serves the
    log or a token is missing, and OSError when the port is not available.
    """
    if settings.host not in _LOOPBACK and not settings.token:
        suggestion = secrets.token_urlsafe(12)
        raise RunnerError(
            f"--host {settings.host} lets others run code here: give a token too, such as --token {suggestion}"
        )
    admission = _admission(settings)
    ended = ended or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    limits = Limits(settings.concurrency, settings.max_environments, settings.idle_s)
    try:
        with serving_lock(log_path) as publish, Log(log_path) as log:
            async with Runner(
                log,
                limits=limits,
                time_scale=settings.time_scale,
                admission=admission,
                transition_s=settings.transition_s,
            ) as runner:
                server = Server(Front(runner))
                host, port = await server.start(settings.host, settings.port)
                url = f"http://{_reachable(host)}:{port}"
                try:
                    async with function_aws(runner, url, settings.aws):
                        await runner.begin()
                        publish(url, admission.token)
                        ready(runner, url)
                        await ended.wait()
                finally:
                    server.close()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)


def _admission(settings: Settings) -> Admission:
    hosts = frozenset(name.lower() for name in settings.hosts)
    if settings.token:
        return Admission(hosts, settings.token, TokenNeeded.BY_EVERYBODY)
    if settings.open_to_users:
        return Admission(hosts, None, TokenNeeded.BY_NOBODY)
    return Admission(hosts, secrets.token_urlsafe(24), TokenNeeded.BY_OTHERS)


def _reachable(host: str) -> str:
    """The address for a URL: a runner that listens on every address is reached on loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host

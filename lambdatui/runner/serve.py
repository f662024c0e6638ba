"""``lambdatui runner serve``: one runner on one port, until it is told to end."""

import asyncio
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lambdatui.runner.api.front import Front
from lambdatui.runner.environments.fleet import Limits
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.http.admission import Admission, Needed
from lambdatui.runner.http.server import Server
from lambdatui.runner.log.writer import Log
from lambdatui.runner.service import Runner
from lambdatui.runner.serving import serving_lock

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to serve. Another host than loopback needs a token.

    ``hosts`` are names beside loopback's that requests may ask for. ``token``: from everybody; without one, other
    users of the machine need one that is made here, unless ``open_to_users``.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None
    time_scale: float = 1.0
    concurrency: int = 1_000
    max_environments: int = 0
    idle_s: float = 300.0
    endpoint_url: str | None = None
    hosts: tuple[str, ...] = ()
    open_to_users: bool = False


async def serve(
    log_path: Path,
    settings: Settings,
    ready: Callable[[Runner, str], None],
    ended: asyncio.Event | None = None,
) -> None:
    """Serve until ``ended`` is set, or SIGINT, SIGTERM or SIGHUP comes. RunnerError, OSError."""
    if settings.host not in LOOPBACK and not settings.token:
        suggestion = secrets.token_urlsafe(12)
        raise RunnerError(
            f"--host {settings.host} lets others run code here: give a token too, such as --token {suggestion}"
        )
    admission = _admission(settings)
    if settings.endpoint_url:
        from lambdatui.runner.aws import use_endpoint

        use_endpoint(settings.endpoint_url)
    ended = ended or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    limits = Limits(settings.concurrency, settings.max_environments, settings.idle_s)
    try:
        with serving_lock(log_path) as tell, Log(log_path) as log:
            async with Runner(log, limits=limits, time_scale=settings.time_scale, admission=admission) as runner:
                server = Server(Front(runner))
                host, port = await server.start(settings.host, settings.port)
                try:
                    await runner.begin()
                    url = f"http://{_named(host)}:{port}"
                    tell(url, admission.token)
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
        return Admission(hosts, settings.token, Needed.EVERYBODY)
    if settings.open_to_users:
        return Admission(hosts, None, Needed.NOBODY)
    return Admission(hosts, secrets.token_urlsafe(24), Needed.OTHERS)


def _named(host: str) -> str:
    """An address to ask for: every address of the machine is reached by loopback's too."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host

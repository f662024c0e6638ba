"""``lambdatui runner serve``: one runner on one port, until it is told to end."""

import asyncio
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lambdatui.runner.api.front import Front
from lambdatui.runner.fleet import Limits
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.http import Server
from lambdatui.runner.log import Log
from lambdatui.runner.service import Runner
from lambdatui.runner.serving import serving_lock

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to serve. Another host than loopback needs a token."""

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None
    time_scale: float = 1.0
    concurrency: int = 1_000
    max_environments: int = 0
    idle_s: float = 300.0
    endpoint_url: str | None = None


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
            async with Runner(log, limits=limits, time_scale=settings.time_scale) as runner:
                server = Server(Front(runner, settings.token))
                host, port = await server.start(settings.host, settings.port)
                try:
                    await runner.begin()
                    url = f"http://{host}:{port}"
                    tell(url, settings.token)
                    ready(runner, url)
                    await ended.wait()
                finally:
                    server.close()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)

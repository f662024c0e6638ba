"""A runner for one task: the one that serves the log, or else one in this process until the task is done."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lambdatui.runner.api.front import Front
from lambdatui.runner.http.server import Server
from lambdatui.runner.log.writer import Log
from lambdatui.runner.service import Runner
from lambdatui.runner.serving.client import Api
from lambdatui.runner.serving.lock import serving_address

T = TypeVar("T")
OnLine = Callable[[str, int, str], None]
"""Takes the function's name, the epoch milliseconds and the message of a log event."""


def with_api(log_path: Path, run: Callable[[Api], T], on_line: OnLine | None = None) -> T:
    """Call ``run`` with the API of ``log_path``'s runner; returns what ``run`` returns.

    ``on_line`` is called with the log events of a runner in this process. Raises RunnerError, OSError.
    """
    if (address := serving_address(log_path)) is not None:
        return run(Api(address["url"], address.get("token"), serving=True))
    return with_own_api(log_path, run, on_line)


def with_own_api(
    log_path: Path,
    run: Callable[[Api], T],
    on_line: OnLine | None = None,
    prepare: Callable[[Runner], None] | None = None,
    *,
    timeout_s: float | None = 960,
) -> T:
    """Call ``run`` with the API of a runner in this process, also where another serves ``log_path``.

    ``prepare`` is called with the runner before ``run``, whose requests take at most ``timeout_s`` (None: no limit).
    """

    async def run_here() -> T:
        with Log(log_path) as log:
            async with Runner(log, on_line=on_line) as runner:
                if prepare is not None:
                    prepare(runner)
                server = Server(Front(runner))
                host, port = await server.start()
                try:
                    api = Api(f"http://{host}:{port}", None, serving=False, timeout_s=timeout_s)
                    return await asyncio.to_thread(run, api)
                finally:
                    server.close()

    return asyncio.run(run_here())

"""A runner to talk to: the one that serves this log already, or one in this process for as long as it is needed."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lambdatui.runner.api.front import Front
from lambdatui.runner.http.server import Server
from lambdatui.runner.log.writer import Log
from lambdatui.runner.service import Runner
from lambdatui.runner.serving import Api, serving

T = TypeVar("T")
OnLine = Callable[[str, int, str], None]


def with_api(log_path: Path, run: Callable[[Api], T], on_line: OnLine | None = None) -> T:
    """Call ``run`` with the API of ``log_path``'s runner. RunnerError, OSError."""
    if (found := serving(log_path)) is not None:
        return run(Api(found["url"], found.get("token"), serving=True))

    async def here() -> T:
        with Log(log_path) as log:
            async with Runner(log, on_line=on_line) as runner:
                server = Server(Front(runner))
                host, port = await server.start()
                try:
                    return await asyncio.to_thread(run, Api(f"http://{host}:{port}", None, serving=False))
                finally:
                    server.close()

    return asyncio.run(here())

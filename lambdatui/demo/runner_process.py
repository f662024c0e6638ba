"""The demo's runner and its callers, as a process.

It ends when it is told to, or when whoever started it is gone: its standard input is a pipe that ends with its parent,
however that ended.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from lambdatui.demo.history.shop_load import ACCOUNT_LIMIT
from lambdatui.demo.load import Load
from lambdatui.demo.shop import Sample, deploy, deploy_next, samples
from lambdatui.runner.log.writer import Log
from lambdatui.runner.service import Runner
from lambdatui.runner.serving.client import Api
from lambdatui.runner.serving.server import Settings, serve

TIME_SCALE = 30.0  # a retry after a minute comes after two seconds
NEXT_DEPLOY_S = 90.0


def run(log_path: Path, seconds: float, seed: int) -> None:
    """Deploy the shop and call it for ``seconds`` (0: until it is ended), with a load that ``seed`` chooses.

    Its first line on stdout is JSON: ``url``, and the ``functions`` that are called. After ``seconds`` it waits for
    what was begun, so that figures are whole.
    """
    Log(log_path).close()  # the collector may open it from now on
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(log_path, seconds, seed))


async def _serve(log_path: Path, seconds: float, seed: int) -> None:
    ended = asyncio.Event()
    tasks: set[asyncio.Task[None]] = {asyncio.create_task(_end_with_parent(ended))}

    def ready(runner: Runner, url: str) -> None:
        tasks.add(asyncio.create_task(_play(runner, url, log_path, seconds, seed, ended)))

    try:
        await serve(log_path, Settings(time_scale=TIME_SCALE, concurrency=ACCOUNT_LIMIT), ready, ended)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _play(runner: Runner, url: str, log_path: Path, seconds: float, seed: int, ended: asyncio.Event) -> None:
    """Deploy, call, and after ``seconds`` wait for all that was begun; then set ``ended``."""
    functions = samples()
    await asyncio.to_thread(deploy, Api(url, None, serving=True), functions, log_path.with_name("dead-letters"))
    host, _, port = url.removeprefix("http://").rpartition(":")
    load = Load(host, int(port), {function.name for function in functions}, seed)
    _announce(url, functions)
    calling = asyncio.create_task(load.run())
    deploying = asyncio.create_task(_deploy_next_later(Api(url, None, serving=True)))
    try:
        if seconds:
            await asyncio.sleep(seconds)
            load.stop()
        await calling
        assert runner.triggers is not None
        await runner.triggers.close()
        while runner.queue.waiting:
            await asyncio.sleep(0.05)
        ended.set()
    finally:
        calling.cancel()
        deploying.cancel()


def _announce(url: str, functions: list[Sample]) -> None:
    sys.stdout.write(
        json.dumps({"url": url, "functions": [function.name for function in functions if function.called]}) + "\n"
    )
    sys.stdout.flush()


async def _deploy_next_later(api: Api) -> None:
    await asyncio.sleep(NEXT_DEPLOY_S)
    await asyncio.to_thread(deploy_next, api)


async def _end_with_parent(ended: asyncio.Event) -> None:
    """Set ``ended`` when the standard input ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    ended.set()

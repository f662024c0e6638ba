"""The demo's runner and its callers, as a process: ``python -m lambdatui.demo.runner_process RUNNER.db SECONDS SEED``.

It ends after SECONDS (0: never), when it is told to, or when whoever started it is gone: its standard input is a pipe
that ends with its parent, however that ended. With SECONDS it waits for what was begun, so that figures are whole.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from lambdatui.demo.load import Load
from lambdatui.demo.shop import deploy, deploy_next, samples
from lambdatui.runner.log.writer import Log
from lambdatui.runner.service import Runner
from lambdatui.runner.serving.client import Api
from lambdatui.runner.serving.server import Settings, serve

TIME_SCALE = 30.0  # a retry after a minute comes after two seconds
NEXT_DEPLOY_S = 90.0


async def perform(log_path: Path, seconds: float, seed: int) -> None:
    ended = asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()

    def ready(runner: Runner, url: str) -> None:
        tasks.add(asyncio.get_running_loop().create_task(play(runner, url)))

    async def later(api: Api) -> None:
        await asyncio.sleep(NEXT_DEPLOY_S)
        await asyncio.to_thread(deploy_next, api)

    async def play(runner: Runner, url: str) -> None:
        functions = samples()
        await asyncio.to_thread(deploy, Api(url, None, serving=True), functions, log_path.with_name("dead-letters"))
        host, _, port = url.removeprefix("http://").rpartition(":")
        load = Load(host, int(port), {one.name for one in functions}, seed)
        sys.stdout.write(json.dumps({"url": url, "functions": [one.name for one in functions]}) + "\n")
        sys.stdout.flush()
        running = asyncio.get_running_loop().create_task(load.run())
        tasks.add(asyncio.get_running_loop().create_task(later(Api(url, None, serving=True))))
        if seconds:
            await asyncio.sleep(seconds)
            load.stop()
            await running
            assert runner.triggers is not None
            await runner.triggers.close()
            while runner.queue.waiting:
                await asyncio.sleep(0.05)
            ended.set()
        await running

    watching = asyncio.get_running_loop().create_task(_parent_gone(ended))
    try:
        await serve(log_path, Settings(time_scale=TIME_SCALE), ready, ended)
    finally:
        for task in (*tasks, watching):
            task.cancel()
        await asyncio.gather(*tasks, watching, return_exceptions=True)


async def _parent_gone(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    ended.set()


def main() -> int:
    path, seconds, seed = sys.argv[1:]
    Log(Path(path)).close()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(perform(Path(path), float(seconds), int(seed)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

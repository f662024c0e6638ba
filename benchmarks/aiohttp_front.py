"""The peer of ``runner.py``: the same function process and the same log behind a plain aiohttp front.

Run with a folder; prints its port. One environment, no checks, no memory watch, no limits: what is left is the front.
"""

import asyncio
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

from aiohttp import web

from lambdatui.runner.log.writer import Log
from lambdatui.runner.runtimes.folders import runtime_folder
from lambdatui.runner.runtimes.python import this_runtime
from lambdatui.runner.runtimes.registry import runtime_of


class Front:
    """Hands each event to the one process that asks for it, and its answer to the caller."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._events: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[bytes]] = {}
        self._count = 0

    async def invoke(self, request: web.Request) -> web.Response:
        payload = await request.read()
        request_id = str(uuid.uuid4())
        answer = self._answers[request_id] = asyncio.get_running_loop().create_future()
        now = time.time_ns() // 1_000_000
        began = time.perf_counter()
        await self._events.put((request_id, payload))
        body = await answer
        ms = (time.perf_counter() - began) * 1000
        lines = (
            f"START RequestId: {request_id}\n",
            f"END RequestId: {request_id}\n",
            f"REPORT {request_id} {ms:.2f}\n",
        )
        self._log.write(
            [(now, f"{now}{self._count + at:040d}", "/aws/lambda/fn", "s", line) for at, line in enumerate(lines)]
        )
        self._count += 3
        self._log.count("fn", "Invocations", 1.0, now)
        self._log.measure("fn", "Duration", ms, now)
        return web.Response(body=body, content_type="application/json")

    async def next(self, _: web.Request) -> web.Response:
        request_id, payload = await self._events.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(time.time_ns() // 1_000_000 + 3000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:fn",
        }
        return web.Response(body=payload, headers=headers, content_type="application/json")

    async def response(self, request: web.Request) -> web.Response:
        self._answers.pop(request.match_info["id"]).set_result(await request.read())
        return web.json_response({"status": "OK"}, status=202)


async def main(folder: Path) -> None:
    with Log(folder / "aiohttp.db") as log:
        front = Front(log)
        app = web.Application(client_max_size=8 << 20)
        app.router.add_post("/2015-03-31/functions/{name}/invocations", front.invoke)
        app.router.add_get("/2018-06-01/runtime/invocation/next", front.next)
        app.router.add_post("/2018-06-01/runtime/invocation/{id}/response", front.response)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        source = folder / "src"
        environment = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "LAMBDA_TASK_ROOT": str(source),
            "LAMBDA_RUNTIME_DIR": str(runtime_folder(folder)),
            "_HANDLER": "app.handler",
            "PATH": os.environ["PATH"],
        }
        process = subprocess.Popen(
            runtime_of(this_runtime()).command(this_runtime(), str(source)), env=environment, cwd=source
        )
        print(port, flush=True)
        try:
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        finally:
            process.kill()
            process.wait()
            await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

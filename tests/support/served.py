"""``lambdatui serve`` as a process, on a small store."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from tests.support import small_store
from tests.support.command_line import PROGRAM
from tests.support.places import ROOT

TOKEN = "a-token-of-this-test"


@contextmanager
def serving(folder: Path, **changes: str) -> Iterator[str]:
    """The printed address; ``changes`` are of the environment."""
    db = small_store.make(folder / "s.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LAMBDATUI_TOKEN": TOKEN, "XDG_CONFIG_HOME": "/nowhere",
           "XDG_STATE_HOME": "/dev/null", "PYTHONUNBUFFERED": "1", **changes}  # fmt: skip
    command = [*PROGRAM, "--db", str(db), "--range", "all", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


async def listening(client: aiohttp.ClientSession, address: str) -> None:
    """The address is printed a moment before the port is open."""
    for _ in range(200):
        try:
            async with client.get(address.partition("?")[0]):
                return
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.1)

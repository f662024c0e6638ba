"""One process of a function: started, watched, and ended when it takes too long or too much memory."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from pathlib import Path

from lambdatui.runner import memory
from lambdatui.runner.output import Output
from lambdatui.runner.runtime_api import Answer, Event, RuntimeApi

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_MEMORY_EVERY_S = 0.005
_READ_BYTES = 65_536
# A pipe holds 64 KB by default and at most 1 MB: this many reads empty it, and a descendant that goes on writing
# cannot hold us.
_DRAIN_READS = 16

Emit = Callable[[Sequence[tuple[int, str]]], None]


class Ending(Enum):
    """How waiting for a process ended."""

    ANSWERED = auto()
    EXITED = auto()
    TIMED_OUT = auto()
    OUT_OF_MEMORY = auto()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class FunctionProcess:
    """A process of its own session, so that everything it starts is ended with it."""

    def __init__(self, memory_bytes: int, emit: Emit) -> None:
        self.peak_bytes = 0
        self._memory_bytes = memory_bytes
        self._emit = emit
        self._output = Output()
        self._unwritten: Exception | None = None

    async def start(self, python: str, env: Mapping[str, str]) -> None:
        """Start ``python`` on our bootstrap in ``env["LAMBDA_TASK_ROOT"]`` and serve it a Runtime API."""
        self._api = RuntimeApi()
        address = await self._api.start()
        self._pipe, pipe_in = os.pipe()
        os.set_blocking(self._pipe, False)
        try:
            self._process = await asyncio.create_subprocess_exec(
                python,
                *("-u", "-X", "utf8", str(_BOOTSTRAP)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pipe_in,
                stderr=pipe_in,
                cwd=env["LAMBDA_TASK_ROOT"],
                env={**env, "AWS_LAMBDA_RUNTIME_API": address},
                start_new_session=True,
            )
        except OSError:
            os.close(self._pipe)
            await self._api.close()
            raise
        finally:
            os.close(pipe_in)
        asyncio.get_running_loop().add_reader(self._pipe, self._readable)
        self._exited = asyncio.ensure_future(self._process.wait())

    @property
    def alive(self) -> bool:
        return not self._exited.done()

    @property
    def exit_status(self) -> int:
        """Of a process that ended; negative is the signal that ended it."""
        return self._exited.result()

    async def init(self, limit_s: float) -> tuple[Ending, Answer | None]:
        """Wait until it asks for its first event; the Answer is its init error."""
        ending = await self._wait(self._api.ready, limit_s)
        return ending, self._api.ready.result() if ending is Ending.ANSWERED else None

    async def invoke(self, event: Event, limit_s: float) -> tuple[Ending, Answer | None]:
        """Give it ``event`` and wait for the answer. Whatever it wrote until then has been emitted."""
        answer = self._api.offer(event)
        ending = await self._wait(answer, limit_s)
        return ending, answer.result() if ending is Ending.ANSWERED else None

    async def stop(self) -> None:
        """End it and all its descendants that stayed in its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._exited
        asyncio.get_running_loop().remove_reader(self._pipe)
        self.drain()
        os.close(self._pipe)
        await self._api.close()

    def drain(self) -> None:
        """Emit what stands in the pipe, an unfinished line too."""
        for _ in range(_DRAIN_READS):
            if not self._read():
                break
        if rest := self._output.flush(now_ms()):
            self._emit(rest)

    async def _wait(self, wanted: "asyncio.Future[Answer] | asyncio.Future[Answer | None]", limit_s: float) -> Ending:
        watch = asyncio.ensure_future(self._outgrown())
        try:
            waited: set[asyncio.Future[object]] = {wanted, self._exited, watch}  # type: ignore[arg-type]
            await asyncio.wait(waited, timeout=max(limit_s, 0), return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.cancel()
        if wanted.done():
            ending = Ending.ANSWERED
        elif watch.done() and not watch.cancelled():
            ending = Ending.OUT_OF_MEMORY
        else:
            ending = Ending.TIMED_OUT if self.alive else Ending.EXITED
        self._measure()
        if self._unwritten is not None:
            raise self._unwritten
        self.drain()
        return ending

    async def _outgrown(self) -> None:
        while True:
            resident = memory.resident_bytes(self._process.pid)
            self.peak_bytes = max(self.peak_bytes, resident)
            if resident > self._memory_bytes:
                return
            await asyncio.sleep(_MEMORY_EVERY_S)

    def _measure(self) -> None:
        pid = self._process.pid
        self.peak_bytes = max(self.peak_bytes, memory.resident_bytes(pid), memory.peak_bytes(pid))

    def _readable(self) -> None:
        try:
            self._read()
        except Exception as error:
            # The event loop would swallow it: whoever waits for the process is told that its log is not kept.
            self._unwritten = error
            asyncio.get_running_loop().remove_reader(self._pipe)

    def _read(self) -> bool:
        try:
            data = os.read(self._pipe, _READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            # Every writer is gone: a pipe at its end stays readable, and would keep the loop busy.
            asyncio.get_running_loop().remove_reader(self._pipe)
            return False
        self._emit(self._output.feed(data, now_ms()))
        return True

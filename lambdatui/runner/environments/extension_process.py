"""The process of one external extension: started, its output read, and its end told."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

from lambdatui.runner.clock import now_ms
from lambdatui.runner.environments import memory
from lambdatui.runner.environments.output import Output
from lambdatui.runner.environments.process import Emit, Host
from lambdatui.runner.environments.spawning import ProcessStart

_READ_BYTES = 65_536
_DRAIN_READS = 16
_STOP_S = 5


class ExtensionProcess:
    """An external extension's process, which leads a session of its own.

    ``emit`` gets its log events, and ``on_exit`` its exit status, below 0 minus the signal that ended it.
    """

    def __init__(self, host: Host, start: ProcessStart, emit: Emit, on_exit: Callable[[int], None]) -> None:
        """Start it. Raises OSError and NoNamespace."""
        self._loop = asyncio.get_running_loop()
        self._host = host
        self._emit = emit
        self._on_exit = on_exit
        self._output = Output()
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self._pipe, pipe_in = os.pipe()
        os.set_blocking(self._pipe, False)
        try:
            self._process = host.start(start, pipe_in)
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            os.close(pipe_in)
        self._pidfd = os.pidfd_open(self.pid)
        self._gauge = memory.Gauge(self.pid)
        self._loop.add_reader(self._pidfd, self._ended)
        self._loop.add_reader(self._pipe, self._read)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def resident_bytes(self) -> int:
        """Resident bytes of it and the processes that it started."""
        return self._gauge.resident_bytes(threads=True)

    async def stop(self) -> None:
        """End it, where it has not ended, and what it started."""
        self._kill()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.exited), _STOP_S)
        self._kill()
        self._loop.remove_reader(self._pipe)
        for _ in range(_DRAIN_READS):
            if not self._read():
                break
        if rest := self._output.flush(now_ms()):
            self._emit(rest)
        os.close(self._pipe)
        self._gauge.close()
        self._host.discard(self.pid)

    def _kill(self) -> None:
        for descendant in memory.descendants(self.pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(descendant, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _ended(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        status = self._process.wait()
        self.exited.set_result(status)
        self._on_exit(status)

    def _read(self) -> bool:
        """Emit what one read of its output gives; returns whether there was anything."""
        try:
            data = os.read(self._pipe, _READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._pipe)
            return False
        if events := self._output.feed(data, now_ms()):
            self._emit(events)
        return True

"""One process of a function: started, watched, and ended with all processes that it started."""

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import TypeVar

from lambdatui.runner.clock import now_ms
from lambdatui.runner.environments import memory
from lambdatui.runner.environments.aws_access import AwsAccess
from lambdatui.runner.environments.lambda_paths import shared_mounts
from lambdatui.runner.environments.output import Output
from lambdatui.runner.environments.outside_links import OutsideLinks
from lambdatui.runner.environments.runtime_api import RuntimeApiServer
from lambdatui.runner.environments.spawning import NoNamespace, ProcessStart, Spawner, StartedProcess, start_directly

_MEMORY_EVERY_S = 0.005
_READ_BYTES = 65_536
_SHORT_CALL_S = 0.001
_HOLD_BACK_S = 0.05
_STOP_S = 5
# A pipe holds 64 KB by default and at most 1 MB: this many reads empty it, and a descendant that goes on writing cannot
# keep us reading.
_DRAIN_READS = 16
NAMESPACES_VARIABLE = "LAMBDATUI_NAMESPACES"
"""Set to 0, it leaves functions in the machine's own folders, as where the machine allows no mount namespaces."""

Emit = Callable[[Sequence[tuple[int, str]]], None]
"""Takes log events, ``(epoch milliseconds, message)`` of each, oldest first."""


Result = TypeVar("Result")


class Ending(Enum):
    """Why waiting for a process's answer ended."""

    ANSWERED = auto()
    EXITED = auto()
    TIMED_OUT = auto()
    OUT_OF_MEMORY = auto()


class Host:
    """What all processes of one runner share: a private folder, and the reaper that cleans up after a kill -9.

    ``namespaces``: functions get Lambda's paths, where the machine allows mount namespaces.
    """

    def __init__(self, *, namespaces: bool | None = None) -> None:
        self.folder = Path(tempfile.gettempdir(), f"lambdatui-{secrets.token_hex(8)}")
        self.started_count = 0
        self.aws = AwsAccess()
        """What the SDKs of functions reach; processes that run already keep what they were started with."""
        self.outside_links = OutsideLinks()
        script = str(Path(__file__).with_name("reaper.py"))
        # The bare interpreter, not ``python -m lambdatui``: this additional process lives as long as the runner, so it
        # must be small, and it must not depend on anything that a kill -9 of the runner ends.
        self._reaper = subprocess.Popen(
            [sys.executable, "-I", "-S", script, str(self.folder), memory.group_prefix()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        self.folder.mkdir(mode=0o700)  # after the reaper is there: a kill in between would leave it
        _adopt_orphans()
        self.no_namespaces: str | None = None
        """Why functions get the machine's folders instead of Lambda's paths; None where they get those paths."""
        self._spawner: Spawner | None = None
        if namespaces is None:
            namespaces = os.environ.get(NAMESPACES_VARIABLE) != "0"
        if not namespaces:
            self.no_namespaces = f"{NAMESPACES_VARIABLE} is 0"
            return
        try:
            self._spawner = Spawner(shared_mounts(self.folder))
        except OSError as error:
            self.no_namespaces = str(error)

    def has_namespaces(self) -> bool:
        """Whether functions get Lambda's paths. Waits for the first answer of the machine."""
        if self._spawner is not None and self.no_namespaces is None:
            try:
                self._spawner.check()
            except NoNamespace as error:
                self.no_namespaces = str(error)
        return self.no_namespaces is None

    def start(self, start: ProcessStart, output: int) -> StartedProcess:
        """Start a process that writes to ``output``, to be ended by the reaper if the runner cannot.

        Raises OSError and NoNamespace.
        """
        assert self._reaper.stdin is not None
        reaper = self._reaper.stdin.fileno()
        self.started_count += 1
        if start.mounts is None or self._spawner is None:
            return start_directly(start, output, reaper)
        return self._spawner.start(start, output, reaper)

    def discard(self, pid: int) -> None:
        """Tell the reaper that the process has ended."""
        self._write(f"-{pid}\n")

    def close(self) -> None:
        """Let the reaper clean up, and wait for it. Blocks."""
        if self._spawner is not None:
            self._spawner.close()
        with contextlib.suppress(OSError):
            assert self._reaper.stdin is not None
            self._reaper.stdin.close()
        self._reaper.wait()

    def _write(self, line: str) -> None:
        with contextlib.suppress(OSError):
            assert self._reaper.stdin is not None
            os.write(self._reaper.stdin.fileno(), line.encode())


def namespaces_refusal() -> str | None:
    """Why functions cannot have Lambda's paths on this machine; None where they can."""
    with tempfile.TemporaryDirectory(prefix="lambdatui-") as folder:
        try:
            spawner = Spawner(shared_mounts(Path(folder)))
            try:
                spawner.check()
            finally:
                spawner.close()
        except (OSError, NoNamespace) as error:
            return str(error)
    return None


def _adopt_orphans() -> None:
    """Become the parent of orphaned descendants, so that what a function left behind can be found and ended."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


class FunctionProcess:
    """A process in a session of its own, so that everything it starts is ended with it."""

    def __init__(self, host: Host, memory_bytes: int, emit: Emit, log_is_behind: Callable[[], bool]) -> None:
        self.peak_bytes = 0
        """The largest resident memory seen, in bytes, of the whole tree of processes."""
        self.others_bytes: Callable[[], int] | None = None
        """Resident bytes of processes beside this one, which count too."""
        self._host = host
        self._memory_bytes = memory_bytes
        self._emit = emit
        self._log_is_behind = log_is_behind
        self._output = Output()
        self._log_error: Exception | None = None
        self._marker = b""
        self._reading = False

    def start(self, start: ProcessStart) -> None:
        """Start the process. Raises OSError; NoNamespace where it cannot get its mounts."""
        self._loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self._pipe, pipe_in = os.pipe()
        os.set_blocking(self._pipe, False)
        self._marker = b"AWS_LAMBDA_RUNTIME_API=" + start.env["AWS_LAMBDA_RUNTIME_API"].encode() + b"\0"
        try:
            self._process = self._host.start(start, pipe_in)
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            os.close(pipe_in)
        pid = self._process.pid
        self._cgroup = memory.Cgroup.create(f"lambdatui-{os.getpid()}-{self._host.started_count}", self._memory_bytes)
        if self._cgroup is not None:
            self._cgroup.add(pid)
        self._gauge = memory.Gauge(pid)
        self._pidfd = os.pidfd_open(pid)
        self._loop.add_reader(self._pidfd, self._on_exit)
        self._listen()

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return not self.exited.done()

    @property
    def exit_status(self) -> int:
        """The exit status of a process that ended; below 0 it is minus the number of the signal that ended it."""
        return self.exited.result()

    async def wait(
        self, future_answer: "asyncio.Future[Result]", limit_s: float, api: RuntimeApiServer
    ) -> tuple[Ending, Result | None]:
        """Wait for an answer at most ``limit_s`` seconds: why the wait ended, and the answer, if there is one.

        What the process wrote until then has been emitted. Raises what ``emit`` raised.
        """
        started = time.perf_counter()
        done: asyncio.Future[Ending] = self._loop.create_future()

        def end(ending: Ending) -> None:
            if not done.done():
                done.set_result(ending)

        watch: asyncio.TimerHandle

        def check_memory() -> None:
            nonlocal watch
            if self._exceeds_memory():
                end(Ending.OUT_OF_MEMORY)
            elif not done.done():
                watch = self._loop.call_later(self._every_s, check_memory)

        def on_answer(_: object) -> None:
            end(Ending.ANSWERED)

        def on_exit(_: object) -> None:
            # its last answer may still be on its way through the event loop
            self._loop.call_later(0.01, end, Ending.EXITED)

        self._every_s = _MEMORY_EVERY_S
        watch = self._loop.call_later(_MEMORY_EVERY_S, check_memory)
        timer = self._loop.call_later(max(limit_s, 0), end, Ending.TIMED_OUT)
        future_answer.add_done_callback(on_answer)
        api.on_settled = on_answer  # called one turn of the event loop before the future's callbacks
        self.exited.add_done_callback(on_exit)
        try:
            ending = await done
        finally:
            watch.cancel()
            timer.cancel()
            future_answer.remove_done_callback(on_answer)
            api.on_settled = None
            self.exited.remove_done_callback(on_exit)
        if ending is Ending.EXITED and self._cgroup is not None and self._cgroup.killed_for_memory():
            ending = Ending.OUT_OF_MEMORY
            self.peak_bytes = max(self.peak_bytes, self._memory_bytes)
        if ending is Ending.TIMED_OUT:
            self._exceeds_memory()
        elif ending is Ending.ANSWERED:
            self._measure(time.perf_counter() - started)
        if self._log_error is not None:
            raise self._log_error
        self.drain()
        return ending, future_answer.result() if ending is Ending.ANSWERED else None

    async def terminate(self, limit_s: float) -> None:
        """Ask the process to end, and wait until it has, for at most ``limit_s`` seconds."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)
        await asyncio.wait([self.exited], timeout=limit_s)
        self.drain()

    async def stop(self) -> None:
        """End it and all its descendants, also those that left its session."""
        pid = self._process.pid
        self._kill_all(pid)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.exited), _STOP_S)
        self._kill_all(pid)
        if self._reading:
            self._loop.remove_reader(self._pipe)
            self._reading = False
        self.drain()
        os.close(self._pipe)
        self._gauge.close()
        if self._cgroup is not None and not self._cgroup.remove():
            await asyncio.sleep(0.02)  # the kernel takes a moment to free what was killed
            self._cgroup.remove()
        self._host.discard(pid)

    def _kill_all(self, pid: int) -> None:
        group = self._cgroup.pids() if self._cgroup is not None else []
        for descendant in [*memory.descendants(pid), *self._orphans(), *group]:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(descendant, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        for orphan in self._orphans():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(orphan, os.WNOHANG)

    def _orphans(self) -> list[int]:
        """Our children by adoption that carry this environment's log stream in their variables."""
        orphans = []
        with contextlib.suppress(OSError):
            own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_bytes().split()
            for child in own:
                pid = int(child)
                if pid == self._process.pid:
                    continue
                with contextlib.suppress(OSError):
                    if self._marker in Path(f"/proc/{pid}/environ").read_bytes():
                        orphans.append(pid)
        return orphans

    def drain(self) -> None:
        """Emit what is in the pipe, with an unfinished last line."""
        for _ in range(_DRAIN_READS):
            if not self._read():
                break
        if rest := self._output.flush(now_ms()):
            self._emit(rest)

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self.exited.set_result(self._process.wait())

    def _exceeds_memory(self) -> bool:
        started = time.perf_counter()
        resident = self._gauge.resident_bytes(known_peak=self.peak_bytes, threads=True)
        if self.others_bytes is not None:
            resident += self.others_bytes()
        # With many environments each is read less often, so that reading takes at most a tenth of the time.
        self._every_s = max(_MEMORY_EVERY_S, 10 * (time.perf_counter() - started))
        self.peak_bytes = max(self.peak_bytes, resident)
        return resident > self._memory_bytes

    def _measure(self, took_s: float) -> None:
        """Update the peak after a call that took ``took_s`` seconds."""
        resident = self._gauge.resident_bytes(known_peak=self.peak_bytes)
        if self.others_bytes is not None:
            resident += self.others_bytes()
        if took_s > _SHORT_CALL_S or resident > self.peak_bytes or not self.peak_bytes:
            # Asking the kernel for its peak takes a tenth of a warm call. It is not done after a call that was too
            # short to use a megabyte and free it again.
            self.peak_bytes = max(self.peak_bytes, resident, memory.peak_bytes(self._process.pid))

    def _listen(self) -> None:
        if not self._reading:
            self._reading = True
            self._loop.add_reader(self._pipe, self._readable)

    def _readable(self) -> None:
        try:
            self._read()
            if self._log_is_behind() and self._reading:
                # The log cannot keep up with the output: the function waits, as it does for a full pipe.
                self._loop.remove_reader(self._pipe)
                self._reading = False
                self._loop.call_later(_HOLD_BACK_S, self._resume)
        except Exception as error:
            # The event loop would drop the error: ``wait`` raises it, because the log of this invocation is incomplete.
            self._log_error = error
            self._loop.remove_reader(self._pipe)
            self._reading = False

    def _resume(self) -> None:
        if self.alive:
            if self._log_is_behind():
                self._loop.call_later(_HOLD_BACK_S, self._resume)
            else:
                self._listen()

    def _read(self) -> bool:
        """Emit what one read of the pipe gives; returns whether there was anything."""
        try:
            data = os.read(self._pipe, _READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            # All writers have closed the pipe: a pipe at its end stays readable, and would keep the event loop busy.
            if self._reading:
                self._loop.remove_reader(self._pipe)
                self._reading = False
            return False
        if events := self._output.feed(data, now_ms()):
            self._emit(events)
        return True

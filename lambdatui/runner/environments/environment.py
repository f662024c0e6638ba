"""An execution environment: one log stream, one invocation at a time, and the process that stays warm between them."""

import asyncio
import secrets
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence

from collectors.model.units import MIB_BYTES
from lambdatui.runner.clock import now_ms
from lambdatui.runner.environments.failures import Outcome, ended_without_answer, init_error, no_bootstrap
from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.environments.process import Ending, FunctionProcess, Host
from lambdatui.runner.environments.runtime_api import Answer, Event, RuntimeApiServer
from lambdatui.runner.environments.spawning import NoNamespace, Start
from lambdatui.runner.environments.starts import runtime_start
from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.log.platform_lines import PlatformLines, ReportFigures
from lambdatui.runner.log.writer import Log
from lambdatui.runner.runtimes.registry import runtime_of

# Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle": the init phase's limit.
INIT_LIMIT_S = 10.0
PROVISIONED_INIT_LIMIT_S = 900.0
ON_DEMAND, PROVISIONED = "on-demand", "provisioned-concurrency"
"""``AWS_LAMBDA_INITIALIZATION_TYPE``: started for a call, or ahead of calls."""
_TAIL_BYTES = 4096
_TAIL_EVENTS = 2000


class Environment:
    """Runs a deployment's invocations, one at a time, and writes them to ``log``.

    The function gets the variables that Lambda sets and those of its deployment, and no credentials of this process.
    ``on_line`` is called with the function's name, the epoch milliseconds and the message of each log event.
    """

    def __init__(
        self,
        deployment: Deployment,
        log: Log,
        host: Host,
        *,
        kind: str = ON_DEMAND,
        on_line: Callable[[str, int, str], None] | None = None,
    ) -> None:
        self.deployment = deployment
        self.kind = kind
        self.idle_since = time.monotonic()
        self.stale = False
        """Its code or configuration has changed since it started: it takes no further invocation."""
        self.stopped = False
        self._log = log
        self._host = host
        self._on_line = on_line
        self._lines = PlatformLines(deployment)
        self._id = secrets.token_hex(16)
        self.log_stream = time.strftime(f"%Y/%m/%d/[{deployment.version}]{self._id}", time.gmtime())
        self._event_prefix = f"{int(self._id, 16) % 10**34:034d}"
        self._event_count = 0
        self._process: FunctionProcess | None = None
        self._peak_bytes = 0
        self._init_us: int | None = None  # of the init phase that the next REPORT has to report
        self._tail: deque[str] | None = None  # the newest log events, where the caller asked for them
        self._pending_start: tuple[int, str] | None = None  # time and request id of an unwritten START
        self._folder = host.folder / self._id
        self._api: RuntimeApiServer | None = None
        self._address = ""
        self._namespace = True  # until the machine refuses one of its mounts

    @property
    def init_failed(self) -> bool:
        """Whether the next invocation has to start the process again."""
        return self._process is None

    async def init(self) -> Outcome | None:
        """Run the init phase; returns its failure, which the next invocation reports.

        Raises RunnerError where no process starts.
        """
        self._folder.mkdir(mode=0o700)
        self._emit([(now_ms(), self._lines.init_start(self.kind))])
        limit_s = INIT_LIMIT_S if self.kind == ON_DEMAND else PROVISIONED_INIT_LIMIT_S
        if self.deployment.debug_port is not None:
            limit_s = self.deployment.timeout_s
        failure, init_us = await self._start("init", limit_s, "")
        if failure is None and self.kind == ON_DEMAND:
            self._init_us = init_us
        return failure

    async def invoke(self, event: Event, *, tail: bool = False) -> Invocation:
        """Run the handler on ``event``, whose deadline is set here; ``tail`` asks for the end of its log."""
        init_us, self._init_us = self._init_us, None
        self._tail = deque(maxlen=_TAIL_EVENTS) if tail else None
        request_id = event.request_id
        start_ms, started = now_ms(), time.perf_counter()
        self._pending_start = (start_ms, self._lines.start(request_id))
        outcome = await self._answer(event, started)
        duration_us = _microseconds_since(started)
        if outcome.status == "timeout":
            duration_us = self.deployment.timeout_s * 1_000_000  # what Lambda prints and bills for a timeout
        if self._process is not None:
            self._peak_bytes = max(self._peak_bytes, self._process.peak_bytes)
        report = ReportFigures(
            request_id,
            duration_us,
            self.deployment.memory_mb,
            # Memory is read a moment after it exceeded the limit; Lambda never reports more than the limit.
            min(max(-(-self._peak_bytes // MIB_BYTES), 1), self.deployment.memory_mb),
            init_us,
            outcome.status,
            outcome.report_type,
            event.trace_id,
        )
        ended_ms = now_ms()
        self._emit([(ended_ms, line) for line in self._lines.last(report)])
        answer = outcome.answer
        self._log.invocation(self.deployment.name, duration_us / 1000, answer.error_type is not None, start_ms)
        self.idle_since = time.monotonic()
        log_end = "".join(self._tail).encode()[-_TAIL_BYTES:] if self._tail is not None else b""
        self._tail = None
        return Invocation(
            *(request_id, answer.body, answer.error_type, report, start_ms, self.deployment.version),
            *(answer.content_type, answer.streamed, log_end),
        )

    async def stop(self) -> None:
        """End its process and all that it started, and remove its folder. A second call does nothing."""
        if self.stopped:
            return
        self.stopped = True
        await self._stop_process()
        if self._api is not None:
            self._api.close()
        await asyncio.get_running_loop().run_in_executor(None, shutil.rmtree, self._folder, True)

    # --- the process

    async def _start(self, phase: str, limit_s: float, request_id: str) -> tuple[Outcome | None, int]:
        """Start a process; returns how it failed (None: it did not), and how many microseconds that took.

        ``phase`` is INIT_REPORT's: ``init``, or ``invoke`` where an invocation has to start the process again.
        """
        started = time.perf_counter()
        if self._api is None:
            self._api = RuntimeApiServer()
            self._address = await self._api.start()
        else:
            self._api.reset()
        api = self._api
        process = FunctionProcess(self._host, self._memory_limit_bytes(), self._emit, self._log_is_behind)
        failure: Outcome | None = None
        start = self._runtime_start()
        try:
            try:
                process.start(start)
            except NoNamespace:
                self._namespace = False
                start = self._runtime_start()
                process.start(start)
        except OSError as error:
            failure, init_us = self._not_started(request_id, start.command[0], error), _microseconds_since(started)
        else:
            self._process = process
            ending, error_answer = await process.wait(api.ready, limit_s, api)
            init_us = _microseconds_since(started)
            if ending is Ending.ANSWERED and error_answer is None:
                return None, init_us
            if error_answer is None:
                failure = self._failure(request_id, ending, process)
            else:
                failure = init_error(error_answer, request_id)
            await self._stop_process()
        line = self._lines.init_report(init_us, phase, failure.status or "error", failure.report_type)
        self._emit([(now_ms(), line)])
        return failure, init_us

    def _memory_limit_bytes(self) -> int:
        """The function's memory; while it is debugged more than any machine has, because debuggers need much of it."""
        return self.deployment.memory_mb * MIB_BYTES if self.deployment.debug_port is None else 1 << 50

    def _runtime_start(self) -> Start:
        return runtime_start(
            self.deployment,
            self._host,
            own=self._folder,
            kind=self.kind,
            log_stream=self.log_stream,
            runtime_api=self._address,
            namespace=self._namespace and self._host.has_namespaces(),
        )

    def _not_started(self, request_id: str, program: str, error: OSError) -> Outcome:
        """The outcome where the program is the function's own. Raises RunnerError where it is not."""
        if runtime_of(self.deployment.runtime).entrypoint_is_the_functions:
            return no_bootstrap(request_id, program)
        if self.deployment.env.get("AWS_LAMBDA_EXEC_WRAPPER"):
            # What the shell script answers with which Lambda's runtimes start.
            missing = isinstance(error, FileNotFoundError)
            self._emit([(now_ms(), f"{program}: {error.strerror}\n")])
            return ended_without_answer(request_id, Ending.EXITED, 0, 127 if missing else 126)
        raise RunnerError(f"{self.deployment.name} cannot be started: {error}") from error

    async def _answer(self, event: Event, started: float) -> Outcome:
        limit_s = float(self.deployment.timeout_s)
        if self._process is None or not self._process.alive:
            self._emit_start()
            await self._stop_process()
            failure, _ = await self._start("invoke", limit_s, event.request_id)
            if failure is not None:
                return failure
        ending, answer = await self._offer(event, started, limit_s)
        if ending is Ending.EXITED and self._api is not None and not self._api.sent:
            # The process ended between two invocations, before it took this event: like Lambda, start another.
            await self._stop_process()
            failure, _ = await self._start("invoke", limit_s - (time.perf_counter() - started), event.request_id)
            if failure is not None:
                return failure
            ending, answer = await self._offer(event, started, limit_s)
        if answer is not None:
            return Outcome(answer)
        process = self._process
        assert process is not None
        failure = self._failure(event.request_id, ending, process)
        await self._stop_process()
        return failure

    async def _offer(self, event: Event, started: float, limit_s: float) -> tuple[Ending, Answer | None]:
        """Hand the event to the process, and wait for its answer until ``limit_s`` after ``started``."""
        assert self._process is not None
        assert self._api is not None
        left_s = limit_s - (time.perf_counter() - started)
        event.deadline_ms = now_ms() + int(left_s * 1000)
        future_answer = self._api.offer(event)
        self._emit_start()  # the process is working already; its output is read later, so START still comes first
        return await self._process.wait(future_answer, left_s, self._api)

    def _failure(self, request_id: str, ending: Ending, process: FunctionProcess) -> Outcome:
        exit_status = process.exit_status if ending is Ending.EXITED else 0
        return ended_without_answer(request_id, ending, self.deployment.timeout_s, exit_status)

    async def _stop_process(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            self._peak_bytes = max(self._peak_bytes, process.peak_bytes)
            await process.stop()

    # --- the log

    def _log_is_behind(self) -> bool:
        return self._log.backlogged

    def _emit_start(self) -> None:
        if self._pending_start is not None:
            start, self._pending_start = self._pending_start, None
            self._emit([start])

    def _emit(self, events: Sequence[tuple[int, str]]) -> None:
        """Write log events: ``(epoch milliseconds, message)`` of each."""
        group, stream, prefix = self.deployment.log_group, self.log_stream, self._event_prefix
        rows = []
        for number, (time_ms, message) in enumerate(events, self._event_count):
            # Like CloudWatch's ids: 56 digits that begin with the time; the environment and a count follow.
            rows.append((time_ms, f"{time_ms:014d}{prefix}{number:08d}", group, stream, message))
        self._event_count += len(rows)
        self._log.write(rows)
        if self._tail is not None:
            self._tail.extend(message for _, message in events)
        if self._on_line is not None:
            for time_ms, message in events:
                self._on_line(self.deployment.name, time_ms, message)


def _microseconds_since(started: float) -> int:
    return int((time.perf_counter() - started) * 1_000_000)

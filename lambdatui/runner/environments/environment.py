"""An execution environment: one log stream, one invocation at a time, and the process that stays warm between them."""

import asyncio
import secrets
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence

from collectors.model.units import MIB_BYTES
from lambdatui.runner.clock import now_ms
from lambdatui.runner.environments.extension_lifecycle import ExtensionLifecycle
from lambdatui.runner.environments.failures import (
    Outcome,
    ended_without_answer,
    extension_failed,
    init_error,
    no_bootstrap,
)
from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.environments.process import Ending, FunctionProcess, Host
from lambdatui.runner.environments.runtime_api import Answer, Event, RuntimeApiServer
from lambdatui.runner.environments.spawning import NoNamespace, ProcessStart
from lambdatui.runner.environments.starts import runtime_start
from lambdatui.runner.environments.telemetry import Telemetry
from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.log import telemetry_records
from lambdatui.runner.log.levels import output_filter, platform_lines
from lambdatui.runner.log.platform_lines import ReportFigures, report_record
from lambdatui.runner.log.tail import new_tail, tail_bytes
from lambdatui.runner.log.telemetry_records import InvocationTimes
from lambdatui.runner.log.writer import Log
from lambdatui.runner.runtimes.registry import program_row, runtime_of

# Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle": the init phase's limit.
INIT_LIMIT_S = 10.0
PROVISIONED_INIT_LIMIT_S = 900.0
ON_DEMAND, PROVISIONED = "on-demand", "provisioned-concurrency"
"""``AWS_LAMBDA_INITIALIZATION_TYPE``: started for a call, or ahead of calls."""
_FINISH_S = 2.0
"""How long an end waits for the extensions of an invocation that was answered."""


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
        self._output_filter = output_filter(deployment)
        self._lines = platform_lines(deployment)
        self._id = secrets.token_hex(16)
        # Developer Guide, "Configuring CloudWatch log groups": streams of a group that may be shared name the function.
        owner = "" if deployment.log_group == f"/aws/lambda/{deployment.name}" else deployment.name
        self.log_stream = time.strftime(f"%Y/%m/%d/{owner}[{deployment.version}]{self._id}", time.gmtime())
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
        self._extensions: ExtensionLifecycle | None = None
        self._telemetry: Telemetry | None = None  # None where nobody can subscribe any more, and nobody has
        self._times = InvocationTimes(0)
        self.finishing: asyncio.Task[Invocation] | None = None
        """What an invocation still does whose answer was returned already."""
        self._answered: asyncio.Future[Outcome] | None = None  # where somebody waits for an answer only

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
        if (note := program_row(self.deployment.runtime)["note"]) is not None:
            self._emit([(now_ms(), self._lines.warning(note))])
        limit_s = INIT_LIMIT_S if self.kind == ON_DEMAND else PROVISIONED_INIT_LIMIT_S
        if self.deployment.debug_port is not None:
            limit_s = self.deployment.timeout_s
        failure, init_us = await self._start("init", limit_s, "")
        if failure is None:
            self._emit([(now_ms(), line) for line in self._lines.init_succeeded(self.kind, init_us)])
            if self.kind == ON_DEMAND:
                self._init_us = init_us
        return failure

    async def invoke(self, event: Event, *, tail: bool = False) -> Invocation:
        """Run the handler on ``event``, whose deadline is set here; ``tail`` asks for the end of its log.

        With extensions, the answer is returned as soon as there is one, unless the end of the log is asked for; the
        environment is then busy until ``finishing`` is done, and the report has what is known until then.
        """
        self._answered = None
        if tail or self._extensions is None or not self._extensions.present:
            return await self._run(event, tail=tail)
        started_ms, started = now_ms(), time.perf_counter()
        answered = self._answered = asyncio.get_running_loop().create_future()
        finishing = asyncio.get_running_loop().create_task(self._run(event, tail=False))
        self.finishing = finishing
        await asyncio.wait([answered, finishing], return_when=asyncio.FIRST_COMPLETED)
        if finishing.done():
            self.finishing = None
            return finishing.result()
        answer = answered.result().answer
        report = self._report(event, _microseconds_since(started), None, answered.result())
        return Invocation(
            *(event.request_id, answer.body, answer.error_type, report, started_ms, self.deployment.version),
            *(answer.content_type, answer.streamed),
        )

    async def _run(self, event: Event, *, tail: bool) -> Invocation:
        """Run the handler until the environment is free for the next event, and write what Lambda writes."""
        init_us, self._init_us = self._init_us, None
        if self._process is not None:
            self._process.drain()  # what it wrote since the last answer is not of this invocation
        self._tail = new_tail() if tail else None
        request_id = event.request_id
        start_ms, started = now_ms(), time.perf_counter()
        self._times = InvocationTimes(start_ms)
        self._pending_start = (start_ms, self._lines.start(request_id))
        outcome = await self._answer(event, started)
        duration_us = _microseconds_since(started)
        if outcome.status == "timeout":
            duration_us = self.deployment.timeout_s * 1_000_000  # what Lambda prints and bills for a timeout
        if self._process is not None:
            self._peak_bytes = max(self._peak_bytes, self._process.peak_bytes)
        report = self._report(event, duration_us, init_us, outcome)
        ended_ms = now_ms()
        self._emit([(ended_ms, line) for line in self._lines.last(report)])
        if self._telemetry is not None:
            if not self._times.runtime_us:
                self._times.runtime_us = duration_us
                self._publish_runtime_done(event, 0, outcome)
            self._telemetry.publish(ended_ms, "platform.end", {"requestId": request_id})
            record = telemetry_records.report(report_record(report), event.trace_id, self._times)
            self._telemetry.publish(ended_ms, "platform.report", record)
        if outcome.status is not None:
            await self._stop_process("timeout" if outcome.status == "timeout" else "failure")
        answer = outcome.answer
        self._log.invocation(self.deployment.name, duration_us / 1000, answer.error_type is not None, start_ms)
        self.idle_since = time.monotonic()
        log_end = tail_bytes(self._tail) if self._tail is not None else b""
        self._tail = None
        return Invocation(
            *(request_id, answer.body, answer.error_type, report, start_ms, self.deployment.version),
            *(answer.content_type, answer.streamed, log_end),
        )

    def _report(self, event: Event, duration_us: int, init_us: int | None, outcome: Outcome) -> ReportFigures:
        return ReportFigures(
            event.request_id,
            duration_us,
            self.deployment.memory_mb,
            # Memory is read a moment after it exceeded the limit; Lambda never reports more than the limit.
            min(max(-(-self._peak_bytes // MIB_BYTES), 1), self.deployment.memory_mb),
            init_us,
            outcome.status,
            outcome.report_type,
            event.trace_id,
        )

    async def stop(self) -> None:
        """End its process and all that it started, and remove its folder. A second call does nothing."""
        if self.stopped:
            return
        self.stopped = True
        if self.finishing is not None:
            _, unfinished = await asyncio.wait([self.finishing], timeout=_FINISH_S)
            for task in unfinished:
                task.cancel()
        await self._stop_process("spindown")
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
        extensions = self._extensions = ExtensionLifecycle(self.deployment, self._host, self._api, self._emit)
        self._telemetry = extensions.telemetry
        record = self._lines.init_start_record(self.kind, phase) | {
            "functionArn": self.deployment.arn,
            "instanceId": self.log_stream,
            "instanceMaxMemory": self.deployment.memory_mb * MIB_BYTES,
        }
        self._telemetry.publish(now_ms(), "platform.initStart", record)
        process = FunctionProcess(self._host, self._memory_limit_bytes(), self._emit_output, self._log_is_behind)
        failure = await self._run_init(process, limit_s, started, request_id, phase)
        init_us = _microseconds_since(started)
        extensions.end_init()
        status, error_type = (None, None) if failure is None else (failure.status or "error", failure.report_type)
        record = telemetry_records.init_report(self.kind, phase, init_us, status, error_type)
        self._telemetry.publish(now_ms(), "platform.initReport", record)
        if status is not None:
            await self._stop_process("timeout" if status == "timeout" else "failure")
            self._emit([(now_ms(), self._lines.init_report(init_us, phase, status, error_type))])
        elif not self._telemetry.subscribed:
            self._telemetry = None
        return failure, init_us

    async def _run_init(
        self, process: FunctionProcess, limit_s: float, started: float, request_id: str, phase: str
    ) -> Outcome | None:
        """Start the extensions, then the runtime, and wait until all are ready; returns how that failed."""
        api, extensions = self._api, self._extensions
        assert api is not None
        assert extensions is not None
        start = self._runtime_start()
        try:
            try:
                in_time = await extensions.start(start, limit_s)
                if in_time and extensions.failure is None:
                    process.start(start)
            except NoNamespace:
                self._namespace = False
                return await self._run_init(process, limit_s, started, request_id, phase)
        except OSError as error:
            return self._not_started(request_id, start.command[0], error)
        if not in_time:
            return ended_without_answer(request_id, Ending.TIMED_OUT, self.deployment.timeout_s, 0)
        if extensions.failure is not None:
            return extension_failed(request_id, extensions.failure)
        self._process = process
        ending, error_answer = await process.wait(api.ready, limit_s - (time.perf_counter() - started), api)
        ready = ending is Ending.ANSWERED and error_answer is None
        extensions.close_registration()
        if self._telemetry is not None and extensions.present:
            error_type = None if ready else error_answer.error_type if error_answer is not None else "Runtime.ExitError"
            record = telemetry_records.init_runtime_done(self.kind, phase, error_type)
            self._telemetry.publish(now_ms(), "platform.initRuntimeDone", record)
        if ready and extensions.present:
            process.others_bytes = extensions.resident_bytes
            left_s = limit_s - (time.perf_counter() - started)
            ending, _ = await process.wait(extensions.extensions.when_idle(), left_s, api)
            ready = ending is Ending.ANSWERED and extensions.failure is None
        if ready:
            return None
        if extensions.failure is not None:
            return extension_failed(request_id, extensions.failure)
        if error_answer is None:
            return self._failure(request_id, ending, process)
        return init_error(error_answer)

    def _memory_limit_bytes(self) -> int:
        """The function's memory; while it is debugged more than any machine has, because debuggers need much of it."""
        return self.deployment.memory_mb * MIB_BYTES if self.deployment.debug_port is None else 1 << 50

    def _runtime_start(self) -> ProcessStart:
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
        failed = self._extensions is not None and self._extensions.failure is not None
        if self._process is None or not self._process.alive or failed:
            self._emit_start()
            await self._stop_process("failure")
            failure, _ = await self._start("invoke", limit_s, event.request_id)
            if failure is not None:
                return failure
        ending, answer = await self._offer(event, started, limit_s)
        if ending is Ending.EXITED and self._api is not None and not self._api.sent:
            # The process ended between two invocations, before it took this event: like Lambda, start another.
            await self._stop_process("failure")
            failure, _ = await self._start("invoke", limit_s - (time.perf_counter() - started), event.request_id)
            if failure is not None:
                return failure
            ending, answer = await self._offer(event, started, limit_s)
        process, extensions = self._process, self._extensions
        assert process is not None
        assert extensions is not None
        outcome: Outcome | None = None
        if answer is not None and extensions.failure is None:
            outcome = Outcome(answer)
            if not extensions.present:
                return outcome
            outcome = await self._finish(event, outcome, started)
        elif extensions.failure is not None:
            outcome = extension_failed(event.request_id, extensions.failure)
        else:
            outcome = self._failure(event.request_id, ending, process)
        if outcome.status is not None and not extensions.present:
            await self._stop_process("failure")  # else after REPORT, because extensions have 2 seconds to end
        return outcome

    async def _offer(self, event: Event, started: float, limit_s: float) -> tuple[Ending, Answer | None]:
        """Hand the event to the process, and wait for its answer until ``limit_s`` after ``started``."""
        assert self._process is not None
        assert self._api is not None
        left_s = limit_s - (time.perf_counter() - started)
        event.deadline_ms = now_ms() + int(left_s * 1000)
        future_answer = self._api.offer(event)
        if (extensions := self._extensions) is not None and extensions.present:
            if self._telemetry is not None:
                record = telemetry_records.start(event.request_id, self.deployment.version, event.trace_id)
                self._telemetry.publish(self._times.start_ms, "platform.start", record)
            extensions.invoke(event)
        self._emit_start()  # the process is working already; its output is read later, so START still comes first
        return await self._process.wait(future_answer, left_s, self._api)

    async def _finish(self, event: Event, outcome: Outcome, started: float) -> Outcome:
        """Wait until the runtime and the extensions have asked for the next event; how the environment failed then."""
        api, process, extensions = self._api, self._process, self._extensions
        assert api is not None
        assert process is not None
        assert extensions is not None
        self._times.answered_us = _microseconds_since(started)
        if self._answered is not None:
            self._answered.set_result(outcome)
        for future in (extensions.extensions.when_runtime_is_idle, extensions.extensions.when_idle):
            left_s = self.deployment.timeout_s - (time.perf_counter() - started)
            ending, _ = await process.wait(future(), left_s, api)
            if extensions.failure is not None or ending is not Ending.ANSWERED:
                failure = (
                    self._failure(event.request_id, ending, process)
                    if extensions.failure is None
                    else extension_failed(event.request_id, extensions.failure)
                )
                return Outcome(outcome.answer, failure.status, failure.report_type)
            if not self._times.runtime_us:
                self._times.runtime_us = _microseconds_since(started)
                self._publish_runtime_done(event, len(outcome.answer.body), outcome)
        self._times.all_us = _microseconds_since(started)
        return outcome

    def _publish_runtime_done(self, event: Event, produced_bytes: int, outcome: Outcome) -> None:
        if self._telemetry is not None:
            record = telemetry_records.runtime_done(
                *(event.request_id, event.trace_id, self._times, produced_bytes),
                *(outcome.status, outcome.report_type),
            )
            self._telemetry.publish(now_ms(), "platform.runtimeDone", record)

    def _failure(self, request_id: str, ending: Ending, process: FunctionProcess) -> Outcome:
        exit_status = process.exit_status if ending is Ending.EXITED else 0
        return ended_without_answer(request_id, ending, self.deployment.timeout_s, exit_status)

    async def _stop_process(self, reason: str) -> None:
        """End all processes; ``reason`` is that of a SHUTDOWN event."""
        process, self._process = self._process, None
        extensions, self._extensions = self._extensions, None
        if extensions is not None:
            await extensions.shut_down(reason, process)
        if process is not None:
            self._peak_bytes = max(self._peak_bytes, process.peak_bytes)
            await process.stop()

    # --- the log

    def _emit_output(self, events: Sequence[tuple[int, str]]) -> None:
        """Give the runtime's own log events to the subscribers, and write those that its log level lets through."""
        if self._telemetry is not None:
            for time_ms, message in events:
                self._telemetry.publish(time_ms, "function", message)
        if self._output_filter is not None:
            events = self._output_filter(events)
        self._emit(events)

    def _log_is_behind(self) -> bool:
        return self._log.backlogged

    def _emit_start(self) -> None:
        if self._pending_start is not None:
            start, self._pending_start = self._pending_start, None
            self._emit([start])

    def _emit(self, events: Sequence[tuple[int, str]]) -> None:
        """Write log events: ``(epoch milliseconds, message)`` of each, but no empty message."""
        group, stream, prefix = self.deployment.log_group, self.log_stream, self._event_prefix
        rows = []
        for number, (time_ms, message) in enumerate(events, self._event_count):
            # Like CloudWatch's ids: 56 digits that begin with the time; the environment and a count follow.
            if message:
                rows.append((time_ms, f"{time_ms:014d}{prefix}{number:08d}", group, stream, message))
        self._event_count += len(events)
        if not rows:
            return
        self._log.write(rows)
        if self._tail is not None:
            self._tail.extend(message for _, message in events if message)
        if self._on_line is not None:
            for time_ms, _, _, _, message in rows:
                self._on_line(self.deployment.name, time_ms, message)


def _microseconds_since(started: float) -> int:
    return int((time.perf_counter() - started) * 1_000_000)

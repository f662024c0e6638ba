"""An execution environment: one log stream, one invocation at a time, and the process that stays warm between them."""

import asyncio
import json
import secrets
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambdatui.runner.environments.process import Ending, FunctionProcess, Host, now_ms
from lambdatui.runner.environments.runtime_api import Answer, Event, RuntimeApi
from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.log import platform_lines
from lambdatui.runner.log.platform_lines import PlatformLines, Report
from lambdatui.runner.log.writer import Log
from lambdatui.runner.runtimes import runtimes
from lambdatui.runner.untrusted import parsed_json

# Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle": the init phase's limit.
INIT_LIMIT_S = 10.0
PROVISIONED_INIT_LIMIT_S = 900.0
ON_DEMAND, PROVISIONED = "on-demand", "provisioned-concurrency"
_MB = 1024 * 1024
_TAIL_BYTES = 4096
# Go's words for signals, which Lambda prints.
_SIGNALS = {
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGABRT: "aborted",
    signal.SIGTERM: "terminated",
    signal.SIGBUS: "bus error",
    signal.SIGILL: "illegal instruction",
    signal.SIGFPE: "floating point exception",
    signal.SIGINT: "interrupt",
    signal.SIGHUP: "hangup",
    signal.SIGPIPE: "broken pipe",
}


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one invocation gave. ``error_type`` is None when the handler answered; ``tail`` the end of its log."""

    request_id: str
    payload: bytes
    error_type: str | None
    report: Report
    start_ms: int
    version: str
    content_type: str = "application/json"
    streamed: bool = False
    tail: bytes = b""

    @property
    def duration_us(self) -> int:
        return self.report.duration_us

    @property
    def billed_ms(self) -> int:
        return self.report.billed_ms

    @property
    def init_us(self) -> int | None:
        return self.report.init_us

    @property
    def max_memory_mb(self) -> int:
        return self.report.max_memory_mb


@dataclass(frozen=True, slots=True)
class _Outcome:
    """An answer, and what REPORT says of it."""

    answer: Answer
    status: str | None = None
    report_type: str | None = None


class Environment:
    """Runs a deployment's invocations, one at a time, and writes them to ``log``.

    The function gets the variables that Lambda sets, those of its deployment, and no credentials of ours.
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
        self.stale = False  # its code has changed since
        self._log = log
        self._host = host
        self._on_line = on_line
        self._lines = PlatformLines(deployment)
        self._id = secrets.token_hex(16)
        self.log_stream = time.strftime(f"%Y/%m/%d/[{deployment.version}]{self._id}", time.gmtime())
        self._event_prefix = f"{int(self._id, 16) % 10**34:034d}"
        self._events = 0
        self._process: FunctionProcess | None = None
        self._peak_bytes = 0
        self._init_us: int | None = None
        self._tail: deque[str] | None = None
        self._unsaid_start: tuple[int, str] | None = None
        self._folder = host.folder / self._id
        self._api: RuntimeApi | None = None
        self._address = ""
        self.stopped = False

    @property
    def init_failed(self) -> bool:
        """Whether the next invocation has to start the process again."""
        return self._process is None

    async def init(self) -> None:
        """The init phase. RunnerError when nothing can be started at all; a failed init is the invocation's matter."""
        self._folder.mkdir(mode=0o700)
        self._emit([(now_ms(), self._lines.init_start(self.kind))])
        limit_s = INIT_LIMIT_S if self.kind == ON_DEMAND else PROVISIONED_INIT_LIMIT_S
        failed, init_us = await self._start("init", limit_s, "")
        if failed is None and self.kind == ON_DEMAND:
            self._init_us = init_us

    async def invoke(self, event: Event, *, tail: bool = False) -> Invocation:
        """Run the handler on ``event``, whose deadline is set here."""
        init_us, self._init_us = self._init_us, None
        self._tail = deque(maxlen=2000) if tail else None
        request_id = event.request_id
        start_ms, started = now_ms(), time.perf_counter()
        self._unsaid_start = (start_ms, self._lines.start(request_id))
        outcome = await self._answer(event, started)
        duration_us = _since(started)
        if outcome.status == "timeout":
            duration_us = self.deployment.timeout_s * 1_000_000  # what Lambda prints, and bills
        if self._process is not None:
            self._peak_bytes = max(self._peak_bytes, self._process.peak_bytes)
        report = Report(
            request_id,
            duration_us,
            self.deployment.memory_mb,
            # Read a moment after it outgrew its memory; Lambda never reports more than there is.
            min(max(-(-self._peak_bytes // _MB), 1), self.deployment.memory_mb),
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
        ended = "".join(self._tail).encode()[-_TAIL_BYTES:] if self._tail is not None else b""
        self._tail = None
        return Invocation(
            *(request_id, answer.body, answer.error_type, report, start_ms, self.deployment.version),
            *(answer.content_type, answer.streamed, ended),
        )

    async def stop(self) -> None:
        """End its process, and all that it started."""
        if self.stopped:
            return
        self.stopped = True
        await self._stop_process()
        if self._api is not None:
            self._api.close()
        await asyncio.get_running_loop().run_in_executor(None, _removed, self._folder)

    # --- the process

    async def _start(self, phase: str, limit_s: float, request_id: str) -> tuple[_Outcome | None, int]:
        """Start a process: how that failed (None if it did not), and its microseconds."""
        started = time.perf_counter()
        if self._api is None:
            self._api = RuntimeApi()
            self._address = await self._api.start()
        else:
            self._api.again()
        api = self._api
        process = FunctionProcess(self._host, self.deployment.memory_mb * _MB, self._emit, self._held_back)
        try:
            command = runtimes.command(self.deployment.runtime, self.deployment.path)
            process.start(command, self._variables(), self.deployment.ephemeral_mb)
        except OSError as refused:
            if self.deployment.runtime != "provided.al2023":
                raise RunnerError(f"{self.deployment.name} cannot be started: {refused}") from refused
            # Lambda's own words for a bootstrap that is missing or cannot be run.
            said = f"RequestId: {request_id} Error: Couldn't find valid bootstrap(s): [{command[0]}]"
            failed = _Outcome(_error("Runtime.InvalidEntrypoint", said), "error", "Runtime.InvalidEntrypoint")
            init_us = _since(started)
            self._emit([(now_ms(), self._lines.init_report(init_us, phase, "error", failed.report_type))])
            return failed, init_us
        self._process = process
        ending, error = await process.wait(api.ready, limit_s, api)
        init_us = _since(started)
        if ending is Ending.ANSWERED and error is None:
            return None, init_us
        if error is None:
            failed = self._failure(request_id, ending, process)
        else:
            failed = _Outcome(_of_request(error, request_id), "error", error.error_type)
        await self._stop_process()
        status = failed.status or "error"
        self._emit([(now_ms(), self._lines.init_report(init_us, phase, status, failed.report_type))])
        return failed, init_us

    async def _answer(self, event: Event, started: float) -> _Outcome:
        limit_s = float(self.deployment.timeout_s)
        if self._process is None or not self._process.alive:
            self._say_start()
            await self._stop_process()
            failed, _ = await self._start("invoke", limit_s, event.request_id)
            if failed is not None:
                return failed
        ending, answer = await self._offered(event, started, limit_s)
        if ending is Ending.EXITED and self._api is not None and not self._api.sent:
            # It ended between two invocations, before it took this one: Lambda starts another.
            await self._stop_process()
            failed, _ = await self._start("invoke", limit_s - (time.perf_counter() - started), event.request_id)
            if failed is not None:
                return failed
            ending, answer = await self._offered(event, started, limit_s)
        if answer is not None:
            return _Outcome(answer)
        process = self._process
        assert process is not None
        failure = self._failure(event.request_id, ending, process)
        await self._stop_process()
        return failure

    def _say_start(self) -> None:
        if self._unsaid_start is not None:
            said, self._unsaid_start = self._unsaid_start, None
            self._emit([said])

    async def _offered(self, event: Event, started: float, limit_s: float) -> tuple[Ending, Answer | None]:
        assert self._process is not None
        assert self._api is not None
        left_s = limit_s - (time.perf_counter() - started)
        event.deadline_ms = now_ms() + int(left_s * 1000)
        answered = self._api.offer(event)
        self._say_start()  # while the process is at it already: what it writes is read later
        return await self._process.wait(answered, left_s, self._api)

    def _failure(self, request_id: str, ending: Ending, process: FunctionProcess) -> _Outcome:
        """What the caller gets when there is no answer, in Lambda's words."""
        prefix = f"RequestId: {request_id} Error: "
        if ending is Ending.TIMED_OUT:
            said = f"{prefix}Task timed out after {self.deployment.timeout_s:.2f} seconds"
            return _Outcome(_error("Sandbox.Timedout", said), "timeout")
        if ending is Ending.OUT_OF_MEMORY:
            said = f"{prefix}Runtime exited with error: signal: killed"
            return _Outcome(_error("Runtime.ExitError", said), "error", "Runtime.OutOfMemory")
        status = process.exit_status
        how = "Runtime exited without providing a reason"
        if status:
            how = f"Runtime exited with error: {f'exit status {status}' if status > 0 else _signal(-status)}"
        return _Outcome(_error("Runtime.ExitError", prefix + how), "error", "Runtime.ExitError")

    async def _stop_process(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            self._peak_bytes = max(self._peak_bytes, process.peak_bytes)
            await process.stop()

    # --- the log

    def _held_back(self) -> bool:
        return self._log.backlogged

    def _emit(self, events: Sequence[tuple[int, str]]) -> None:
        group, stream, prefix = self.deployment.log_group, self.log_stream, self._event_prefix
        rows = []
        for at, (time_ms, message) in enumerate(events, self._events):
            # Like CloudWatch's: 56 digits that begin with the time; here the environment and a count follow.
            rows.append((time_ms, f"{time_ms:014d}{prefix}{at:08d}", group, stream, message))
        self._events += len(rows)
        self._log.write(rows)
        if self._tail is not None:
            self._tail.extend(message for _, message in events)
        if self._on_line is not None:
            for time_ms, message in events:
                self._on_line(self.deployment.name, time_ms, message)

    # --- its variables

    def _variables(self) -> dict[str, str]:
        deployment = self.deployment
        opt = runtimes.opt_folder(self._host.folder, deployment.layers)
        runtime_folder = runtimes.runtime_folder(self._host.folder)
        bins, libs, node = "/usr/local/bin:/usr/bin:/bin", [str(deployment.path), f"{deployment.path}/lib"], []
        if opt is not None:
            bins += f":{opt}/bin"
            libs.append(f"{opt}/lib")
            major = deployment.runtime.removeprefix("nodejs").removesuffix(".x")
            node = [f"{opt}/nodejs/node{major}/node_modules", f"{opt}/nodejs/node_modules"]
        variables = {
            # A home of its own: the credentials files of whoever runs this are not the function's.
            "HOME": str(self._folder),
            "TMPDIR": str(self._folder),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "LOCALRUNNER",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_SESSION_TOKEN": "none",
            "PATH": bins,
            "LD_LIBRARY_PATH": ":".join(libs),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            **deployment.env,
            "AWS_REGION": deployment.region,
            "AWS_DEFAULT_REGION": deployment.env.get("AWS_DEFAULT_REGION", deployment.region),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{deployment.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
            "AWS_LAMBDA_FUNCTION_VERSION": deployment.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": self.kind,
            "AWS_LAMBDA_LOG_GROUP_NAME": deployment.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "AWS_LAMBDA_LOG_FORMAT": deployment.log_format,
            "AWS_LAMBDA_RUNTIME_API": self._address,
            "LAMBDA_TASK_ROOT": deployment.path,
            "LAMBDA_RUNTIME_DIR": str(runtime_folder),
            "_HANDLER": deployment.handler,
        }
        if opt is not None:
            variables["LAMBDATUI_OPT"] = str(opt)
        if node and deployment.runtime.startswith("nodejs"):
            variables["NODE_PATH"] = ":".join([*node, *filter(None, [deployment.env.get("NODE_PATH", "")])])
        return variables


def failure_before_start(request_id: str, error: RunnerError, deployment: Deployment) -> Invocation:
    """An invocation whose environment cannot be had at all, as an error of the function."""
    body = _error("Runtime.InvalidEntrypoint", f"RequestId: {request_id} Error: {error}").body
    report = Report(request_id, 0, deployment.memory_mb, 0, None, "error", "Runtime.InvalidEntrypoint")
    return Invocation(request_id, body, "Runtime.InvalidEntrypoint", report, now_ms(), deployment.version)


def _removed(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _since(started: float) -> int:
    return int((time.perf_counter() - started) * 1_000_000)


def _error(error_type: str, message: str) -> Answer:
    return Answer(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), error_type)


def _signal(number: int) -> str:
    try:
        return f"signal: {_SIGNALS[signal.Signals(number)]}"
    except (ValueError, KeyError):
        return f"signal: {number}"


def _of_request(error: Answer, request_id: str) -> Answer:
    """An init error as the caller gets it: posted before there was a request, it names none."""
    try:
        body = parsed_json(error.body)
    except ValueError:
        return error
    if not isinstance(body, dict):
        return error
    return Answer(json.dumps(body | {"requestId": request_id}).encode(), error.error_type)


billed_ms = platform_lines.billed_ms

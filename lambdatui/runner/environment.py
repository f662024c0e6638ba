"""An execution environment: one log stream, one invocation at a time, and the process that stays warm between them."""

import json
import secrets
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

from lambdatui.runner import memory, platform_lines
from lambdatui.runner.functions import REGION, Deployment, RunnerError, interpreter
from lambdatui.runner.log import Log
from lambdatui.runner.process import Ending, FunctionProcess, now_ms
from lambdatui.runner.runtime_api import Answer, Event

# Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle": the init phase's limit.
INIT_LIMIT_S = 10.0
# Lambda quotas: the largest payload of a synchronous invocation.
PAYLOAD_BYTES = 6_291_456
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one invocation gave. ``error_type`` is None when the handler answered; ``init_us`` when it was warm."""

    request_id: str
    payload: bytes
    error_type: str | None
    duration_us: int
    billed_ms: int
    init_us: int | None
    max_memory_mb: int


@dataclass(frozen=True, slots=True)
class _Outcome:
    """An answer, and what REPORT says of it."""

    answer: Answer
    status: str | None = None
    report_type: str | None = None


class Environment:
    """Runs a deployment's invocations in order and writes them to ``log``.

    Use as an async context manager; leaving it ends the process. ``on_line`` sees every event's time and text as it
    is written. The function gets the variables that Lambda sets, those of its deployment, and no credentials of ours.
    """

    def __init__(self, deployment: Deployment, log: Log, on_line: Callable[[int, str], None] | None = None) -> None:
        if not memory.available():
            raise RunnerError("this machine has no /proc, from which the runner reads memory: run it on Linux")
        self.deployment = deployment
        self._log = log
        self._on_line = on_line
        self._python = interpreter(deployment.runtime)
        self._id = secrets.token_hex(16)
        self.log_stream = time.strftime(f"%Y/%m/%d/[$LATEST]{self._id}", time.gmtime())
        self._events = 0
        self._process: FunctionProcess | None = None
        self._initialised = False
        self._peak_bytes = 0

    async def __aenter__(self) -> "Environment":
        self._folder = tempfile.TemporaryDirectory(prefix="lambdatui-", ignore_cleanup_errors=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()
        self._folder.cleanup()

    async def invoke(self, payload: bytes) -> Invocation:
        """Run the handler on a JSON ``payload``; RunnerError when it is no JSON or too large to be sent."""
        if len(payload) >= PAYLOAD_BYTES:
            raise RunnerError(f"Request must be smaller than {PAYLOAD_BYTES} bytes for the InvokeFunction operation")
        try:
            json.loads(payload)
        except ValueError as error:
            raise RunnerError(f"Could not parse request body into json: {error}") from error
        self._peak_bytes = 0
        init_us = None if self._initialised else await self._init()
        request_id = str(uuid.uuid4())
        start_ms, started = now_ms(), time.perf_counter()
        self._emit([(start_ms, platform_lines.start(request_id))])
        outcome = await self._answer(request_id, payload, started)
        duration_us = _since(started)
        if outcome.status == "timeout":
            duration_us = self.deployment.timeout_s * 1_000_000  # what Lambda prints, and bills
        return self._finish(request_id, outcome, start_ms, duration_us, init_us)

    async def _init(self) -> int | None:
        """The init phase: its microseconds, or None when it failed and the invocation has to do it again."""
        self._initialised = True
        version = self.deployment.runtime.replace("python", "python:")
        arn = f"arn:aws:lambda:{REGION}::runtime:{self.deployment.runtime}"
        self._emit([(now_ms(), platform_lines.init_start(version, arn))])
        failed, init_us = await self._start("init", INIT_LIMIT_S, "")
        return None if failed else init_us

    async def _start(self, phase: str, limit_s: float, request_id: str) -> tuple[_Outcome | None, int]:
        """Start a process: how that failed (None if it did not), and its microseconds."""
        started = time.perf_counter()
        self._process = FunctionProcess(self.deployment.memory_mb * _MB, self._emit)
        try:
            await self._process.start(self._python, self._variables())
        except OSError as refused:
            self._process = None
            raise RunnerError(f"{self.deployment.name} cannot be started: {refused}") from refused
        ending, error = await self._process.init(limit_s)
        init_us = _since(started)
        if ending is Ending.ANSWERED and error is None:
            return None, init_us
        if error is None:
            failed = self._failure(request_id, ending)
        else:
            failed = _Outcome(_of_request(error, request_id), "error", error.error_type)
        await self._stop()
        status = failed.status or "error"
        self._emit([(now_ms(), platform_lines.init_report(init_us, phase, status, failed.report_type))])
        return failed, init_us

    async def _answer(self, request_id: str, payload: bytes, started: float) -> _Outcome:
        limit_s = float(self.deployment.timeout_s)
        if self._process is None or not self._process.alive:
            await self._stop()
            failed, _ = await self._start("invoke", limit_s, request_id)
            if failed is not None:
                return failed
        assert self._process is not None
        left_s = limit_s - (time.perf_counter() - started)
        event = Event(request_id, payload, now_ms() + int(left_s * 1000), self.deployment.arn)
        ending, answer = await self._process.invoke(event, left_s)
        if answer is not None:
            return _Outcome(answer)
        failure = self._failure(request_id, ending)
        await self._stop()
        return failure

    def _failure(self, request_id: str, ending: Ending) -> _Outcome:
        """What the caller gets when there is no answer, in Lambda's words."""
        prefix = f"RequestId: {request_id} Error: "
        if ending is Ending.TIMED_OUT:
            said = f"{prefix}Task timed out after {self.deployment.timeout_s:.2f} seconds"
            return _Outcome(_error("Sandbox.Timedout", said), "timeout")
        if ending is Ending.OUT_OF_MEMORY:
            said = f"{prefix}Runtime exited with error: signal: killed"
            return _Outcome(_error("Runtime.ExitError", said), "error", "Runtime.OutOfMemory")
        assert self._process is not None
        status = self._process.exit_status
        how = "Runtime exited without providing a reason"
        if status:
            how = f"Runtime exited with error: {f'exit status {status}' if status > 0 else _signal(-status)}"
        return _Outcome(_error("Runtime.ExitError", prefix + how), "error", "Runtime.ExitError")

    def _finish(
        self, request_id: str, outcome: _Outcome, start_ms: int, duration_us: int, init_us: int | None
    ) -> Invocation:
        if self._process is not None:
            self._peak_bytes = max(self._peak_bytes, self._process.peak_bytes)
        # The watch sees a process a moment after it outgrew its memory; Lambda never reports more than there is.
        max_memory_mb = min(-(-self._peak_bytes // _MB), self.deployment.memory_mb)
        report = platform_lines.report(
            request_id,
            duration_us=duration_us,
            memory_mb=self.deployment.memory_mb,
            max_memory_mb=max_memory_mb,
            init_us=init_us,
            status=outcome.status,
            error_type=outcome.report_type,
        )
        rows = self._rows([(now_ms(), platform_lines.end(request_id)), (now_ms(), report)])
        answer, group, name = outcome.answer, self.deployment.log_group, self.deployment.name
        failed = answer.error_type is not None
        self._log.finish(name, group, rows, start_ms=start_ms, duration_us=duration_us, failed=failed)
        billed_ms = platform_lines.billed_ms(duration_us, init_us)
        return Invocation(request_id, answer.body, answer.error_type, duration_us, billed_ms, init_us, max_memory_mb)

    async def _stop(self) -> None:
        if self._process is not None:
            self._peak_bytes = max(self._peak_bytes, self._process.peak_bytes)
            await self._process.stop()
            self._process = None

    def _emit(self, events: Sequence[tuple[int, str]]) -> None:
        if events:
            self._log.write(self.deployment.log_group, self._rows(events))

    def _rows(self, events: Sequence[tuple[int, str]]) -> list[tuple[int, str, str, str]]:
        rows = []
        for time_ms, message in events:
            # Like CloudWatch's: 56 digits that begin with the time; here the environment and a count follow.
            event_id = f"{time_ms:014d}{int(self._id, 16) % 10**34:034d}{self._events:08d}"
            self._events += 1
            rows.append((time_ms, event_id, self.log_stream, message))
            if self._on_line is not None:
                self._on_line(time_ms, message)
        return rows

    def _variables(self) -> dict[str, str]:
        deployment = self.deployment
        return {
            # A home of its own: the credentials files of whoever runs this are not the function's.
            "HOME": self._folder.name,
            "TMPDIR": self._folder.name,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            **deployment.env,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": deployment.env.get("AWS_DEFAULT_REGION", REGION),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{deployment.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": deployment.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "LAMBDA_TASK_ROOT": deployment.path,
            "_HANDLER": deployment.handler,
        }


def _since(started: float) -> int:
    return int((time.perf_counter() - started) * 1_000_000)


def _error(error_type: str, message: str) -> Answer:
    return Answer(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), error_type)


def _signal(number: int) -> str:
    return f"signal: {'killed' if number == 9 else number}"


def _of_request(error: Answer, request_id: str) -> Answer:
    """An init error as the caller gets it: posted before there was a request, it names none."""
    try:
        body = json.loads(error.body)
    except ValueError:
        return error
    if not isinstance(body, dict):
        return error
    return Answer(json.dumps(body | {"requestId": request_id}).encode(), error.error_type)

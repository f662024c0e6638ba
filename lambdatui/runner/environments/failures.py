"""The answer and REPORT of an invocation without an answer, in Lambda's words (taken from recorded answers)."""

import json
import signal
from dataclasses import dataclass

from lambdatui.runner.clock import now_ms
from lambdatui.runner.environments.extensions import ExtensionFailure
from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.environments.process import Ending
from lambdatui.runner.environments.runtime_api import Answer
from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.log.platform_lines import ReportFigures

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
class Outcome:
    """An answer, and REPORT's Status and Error Type, None where REPORT has none."""

    answer: Answer
    status: str | None = None
    report_type: str | None = None


def ended_without_answer(request_id: str, ending: Ending, timeout_s: float, exit_status: int) -> Outcome:
    """A process that timed out, used too much memory or exited; a negative ``exit_status`` is minus a signal."""
    prefix = f"RequestId: {request_id} Error: "
    if ending is Ending.TIMED_OUT:
        message = f"{prefix}Task timed out after {timeout_s:.2f} seconds"
        return Outcome(_error("Sandbox.Timedout", message), "timeout")
    if ending is Ending.OUT_OF_MEMORY:
        message = f"{prefix}Runtime exited with error: signal: killed"
        return Outcome(_error("Runtime.ExitError", message), "error", "Runtime.OutOfMemory")
    reason = "Runtime exited without providing a reason"
    if exit_status:
        reason = f"Runtime exited with error: {exit_text(exit_status)}"
    return Outcome(_error("Runtime.ExitError", prefix + reason), "error", "Runtime.ExitError")


def exit_text(exit_status: int) -> str:
    """Lambda's words for an exit status; a negative one is minus a signal."""
    return f"exit status {exit_status}" if exit_status > 0 else _signal_text(-exit_status)


def extension_failed(request_id: str, failure: ExtensionFailure) -> Outcome:
    """The outcome where an extension ends the environment."""
    message = f"RequestId: {request_id} Error: {failure.reason}"
    return Outcome(_error(failure.error_type, message), "error", failure.error_type)


def no_bootstrap(request_id: str, program: str) -> Outcome:
    """The outcome where the function's own program is missing or cannot be run."""
    message = f"RequestId: {request_id} Error: Couldn't find valid bootstrap(s): [{program}]"
    return Outcome(_error("Runtime.InvalidEntrypoint", message), "error", "Runtime.InvalidEntrypoint")


def init_error(error: Answer) -> Outcome:
    """The outcome of an error that the process posted while it started, before there was a request."""
    return Outcome(error, "error", error.error_type)


def failure_before_start(request_id: str, error: RunnerError, deployment: Deployment) -> Invocation:
    """The result of an invocation whose environment cannot be started at all, as an error of the function."""
    body = _error("Runtime.InvalidEntrypoint", f"RequestId: {request_id} Error: {error}").body
    report = ReportFigures(request_id, 0, deployment.memory_mb, 0, None, "error", "Runtime.InvalidEntrypoint")
    return Invocation(request_id, body, "Runtime.InvalidEntrypoint", report, now_ms(), deployment.version)


def _error(error_type: str, message: str) -> Answer:
    return Answer(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), error_type)


def _signal_text(number: int) -> str:
    try:
        return f"signal: {_SIGNALS[signal.Signals(number)]}"
    except (ValueError, KeyError):
        return f"signal: {number}"

"""What happens to an environment's extensions: started before the runtime, told of invocations, shut down at the end.

AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle": the init, invoke and shutdown
phases, and their times.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from lambdatui.runner.clock import now_ms
from lambdatui.runner.environments.extension_process import ExtensionProcess
from lambdatui.runner.environments.extensions import MOST, PREFIX, ExtensionFailure, Extensions
from lambdatui.runner.environments.failures import exit_text
from lambdatui.runner.environments.process import Emit, FunctionProcess, Host
from lambdatui.runner.environments.runtime_api import Answer, Event, RuntimeApiServer
from lambdatui.runner.environments.spawning import ProcessStart
from lambdatui.runner.environments.starts import extension_starts
from lambdatui.runner.environments.telemetry import LOGS_PREFIX, TELEMETRY_PREFIX, Telemetry
from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.extension_lines import extension_line, extension_record, subscription_line

# "Shutdown phase": without external extensions a runtime has 500 ms, with them 300 ms of the 2 seconds of all.
_RUNTIME_ALONE_S, _RUNTIME_S, _ALL_S = 0.5, 0.3, 2.0
_FLUSH_S = 0.3


class ExtensionLifecycle:
    """The extensions of one generation of an environment's processes. ``emit`` writes to the function's log."""

    def __init__(self, deployment: Deployment, host: Host, api: RuntimeApiServer, emit: Emit) -> None:
        self.extensions = Extensions(deployment, self._failed)
        self._json = deployment.log_format == "JSON"
        self.telemetry = Telemetry(self.extensions, self._subscribed, json_format=self._json)
        self._host = host
        self._api = api
        self._emit = emit
        self._processes: dict[str, ExtensionProcess] = {}
        api.others = {
            PREFIX: self.extensions.received,
            TELEMETRY_PREFIX: self.telemetry.received,
            LOGS_PREFIX: self.telemetry.received,
        }
        api.on_lost = self.extensions.lost
        api.on_next = None

    @property
    def present(self) -> bool:
        """Whether there are any."""
        return bool(self.extensions.by_name)

    @property
    def failure(self) -> ExtensionFailure | None:
        """Why the environment cannot go on; None while it can."""
        return self.extensions.failure

    def resident_bytes(self) -> int:
        """Resident bytes of the external extensions."""
        return sum(process.resident_bytes() for process in self._processes.values())

    async def start(self, runtime: ProcessStart, limit_s: float) -> bool:
        """Start the external ones beside a runtime, and wait until they have registered.

        Returns False where that takes longer than ``limit_s`` seconds. Raises NoNamespace.
        """
        for number, (name, start) in enumerate(extension_starts(runtime).items()):
            extension = self.extensions.expect(name)
            try:
                if number >= MOST:
                    raise OSError("ErrTooManyExtensions")
                self._processes[name] = ExtensionProcess(self._host, start, self._output, partial(self._exited, name))
            except OSError as error:
                extension.state, extension.error_type = "LaunchError", _launch_error(error)
                text = f"fork/exec /opt/extensions/{name}: {(error.strerror or '').lower()}"
                reason = text if error.errno else str(error)
                self.extensions.fail(ExtensionFailure("Extension.LaunchError", reason))
                return True
        if not self._processes:
            return True
        done, _ = await asyncio.wait([self.extensions.when_registered()], timeout=limit_s)
        return bool(done)

    def close_registration(self) -> None:
        """Take no further extension: the runtime is ready."""
        self.extensions.registration_open = False
        if self.present:
            self._api.on_next = self.extensions.runtime_is_idle

    def end_init(self) -> None:
        """Write what has become of each, and take no further subscription."""
        for extension in self.extensions.by_name.values():
            record = extension_record(extension.name, extension.state, extension.events, extension.error_type)
            self._platform("platform.extension", record, extension_line(record, as_json=self._json))
        self.telemetry.close_subscriptions()

    def invoke(self, event: Event) -> None:
        """Tell them of an invocation that the runtime is given now."""
        self.extensions.invoke(event)

    async def shut_down(self, reason: str, runtime: FunctionProcess | None) -> None:
        """End the runtime and all extensions; ``reason`` is ``spindown``, ``timeout`` or ``failure``."""
        self.extensions.end()
        if self.present:
            loop = asyncio.get_running_loop()
            limit_s = _ALL_S if self._processes else _RUNTIME_ALONE_S
            deadline = loop.time() + limit_s
            deadline_ms = now_ms() + int(limit_s * 1000)
            if runtime is not None and runtime.alive:
                await runtime.terminate(_RUNTIME_S if self._processes else _RUNTIME_ALONE_S)
            await self.telemetry.flush(_FLUSH_S)
            self.extensions.shut_down(reason, deadline_ms)
            ends = [
                self._processes[extension.name].exited
                for extension in self.extensions.registered
                if "SHUTDOWN" in extension.events and extension.name in self._processes
            ]
            if ends:
                await asyncio.wait(ends, timeout=max(deadline - loop.time(), 0))
        await asyncio.gather(*(process.stop() for process in self._processes.values()))
        self._processes.clear()
        self.telemetry.close()

    # --- what they do

    def _failed(self, failure: ExtensionFailure) -> None:
        self._api.fail(Answer(b"", failure.error_type))  # ends the wait for the runtime

    def _exited(self, name: str, status: int) -> None:
        self.extensions.exited(name, exit_text(status) if status else "exit code 0")

    def _output(self, events: Sequence[tuple[int, str]]) -> None:
        for time_ms, message in events:
            self.telemetry.publish(time_ms, "extension", message)
        self._emit(events)

    def _subscribed(self, kind: str, record: dict[str, object]) -> None:
        self._platform(kind, record, subscription_line(kind, record, as_json=self._json))

    def _platform(self, kind: str, record: dict[str, object], line: str) -> None:
        time_ms = now_ms()
        self._emit([(time_ms, line)])
        self.telemetry.publish(time_ms, kind, record)


def _launch_error(error: OSError) -> str:
    """Lambda's name for why an extension could not be started."""
    if isinstance(error, PermissionError):
        return "PermissionDenied"
    return "UnknownError" if error.errno else "TooManyExtensions"

"""The Extensions API of one environment: which extensions there are, and the calls that they make.

AWS Lambda Developer Guide, "Using the Lambda Extensions API to create extensions": ``/2020-01-01/extension/register``,
``/event/next``, ``/init/error`` and ``/exit/error``. External extensions are programs in /opt/extensions and started
before the runtime; an internal one is a part of the runtime's process. The states and the texts of refusals are those
of Lambda's own sources of this API (the runtime interface emulator).
"""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from lambdatui.runner.environments.runtime_api import Event
from lambdatui.runner.functions import ACCOUNT, Deployment
from lambdatui.runner.http.server import Request
from lambdatui.runner.untrusted import parsed_json

MOST = 10
"""Lambda quotas: the extensions of a function."""
PREFIX = "/2020-01-01/extension/"
_ACCEPTED = b'{"status":"OK"}\n'
_EXIT_S = 0.2
"""How long an extension that reported an error has time to exit by itself, so that its status is known."""


@dataclass(slots=True)
class Extension:
    """One extension; ``state`` and ``error_type`` are those of Lambda's EXTENSION line."""

    name: str
    external: bool
    state: str = "Started"
    events: list[str] = field(default_factory=list)
    error_type: str = ""
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    polling: Request | None = None
    pending: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class ExtensionFailure:
    """Why an environment has to end: ``error_type`` such as ``Extension.Crash``, and Lambda's reason in words."""

    error_type: str
    reason: str


class Extensions:
    """The extensions of one environment's processes.

    ``on_failure`` is called once, with the first failure. Calls of extensions come to ``received``.
    """

    def __init__(self, deployment: Deployment, on_failure: Callable[[ExtensionFailure], None]) -> None:
        self.failure: ExtensionFailure | None = None
        self.registration_open = True
        self.by_name: dict[str, Extension] = {}
        self._deployment = deployment
        self._on_failure = on_failure
        self._runtime_is_busy = False
        self._ending = False
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    # --- what the environment does

    def expect(self, name: str) -> Extension:
        """Add an external extension that is about to be started."""
        extension = self.by_name[name] = Extension(name, external=True)
        return extension

    @property
    def registered(self) -> list[Extension]:
        """The extensions that have registered."""
        return [one for one in self.by_name.values() if one.state != "Started"]

    def when_registered(self) -> "asyncio.Future[None]":
        """A future that is done once every external extension has registered, or something has failed."""
        return self._when(lambda: all(one.state != "Started" for one in self.by_name.values()))

    def when_idle(self) -> "asyncio.Future[None]":
        """A future that is done once the runtime and all extensions have asked for the next event, or failed."""
        return self._when(lambda: not self._runtime_is_busy and all(one.state == "Ready" for one in self.registered))

    def when_runtime_is_idle(self) -> "asyncio.Future[None]":
        """A future that is done once the runtime has asked for the next event, or something has failed."""
        return self._when(lambda: not self._runtime_is_busy)

    def invoke(self, event: Event) -> None:
        """Tell the extensions that asked for it of an invocation, which the runtime works on now."""
        self._runtime_is_busy = True
        document: dict[str, object] = {
            "eventType": "INVOKE",
            "deadlineMs": event.deadline_ms,
            "requestId": event.request_id,
            "invokedFunctionArn": event.arn,
        }
        if event.trace_id:
            document["tracing"] = {"type": "X-Amzn-Trace-Id", "value": event.trace_id}
        self._send_all(document)

    def runtime_is_idle(self) -> None:
        """Note that the runtime has asked for the next event."""
        self._runtime_is_busy = False
        self._look()

    def end(self) -> None:
        """From now on, an extension that exits has not failed."""
        self._ending = True
        self._on_failure = lambda failure: None

    def shut_down(self, reason: str, deadline_ms: int) -> None:
        """Tell the extensions that asked for it of the end; ``reason`` is ``spindown``, ``timeout`` or ``failure``."""
        self._send_all({"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms})

    def exited(self, name: str, reason: str) -> None:
        """Note that an external extension's process has ended; ``reason`` is Lambda's, such as ``exit status 1``."""
        extension = self.by_name[name]
        if self._ending:
            extension.state = "Exited"
            return
        error_type = {"InitError": "Extension.InitError", "ExitError": "Extension.ExitError"}.get(extension.state)
        self.fail(ExtensionFailure(error_type or "Extension.Crash", reason))

    def fail(self, failure: ExtensionFailure) -> None:
        """End everybody's waiting: the environment cannot go on."""
        if self.failure is None and not self._ending:
            self.failure = failure
            self._on_failure(failure)
            self._look()

    # --- the calls

    def received(self, request: Request) -> None:
        """Answer one call of an extension."""
        call = (request.method, request.path[len(PREFIX) :])
        if call == ("POST", "register"):
            self._register(request)
        elif call == ("GET", "event/next"):
            if (extension := self.caller(request)) is not None:
                self._next(request, extension)
        elif call in (("POST", "init/error"), ("POST", "exit/error")):
            if (extension := self.caller(request)) is not None:
                self._error(request, extension, "InitError" if call[1] == "init/error" else "ExitError")
        else:
            refuse(request, "NotFound", f"no {request.method} {request.path}", 404)

    def lost(self, request: Request) -> None:
        """Note that an extension hung up."""
        for extension in self.by_name.values():
            if extension.polling is request:
                extension.polling = None

    def caller(self, request: Request) -> Extension | None:
        """The extension that the request's header names; where it names none, the request is refused."""
        identifier = request.headers.get("lambda-extension-identifier", "")
        if not identifier:
            message = "Missing Lambda-Extension-Identifier header"
            refuse(request, "Extension.MissingExtensionIdentifier", message)
            return None
        try:
            identifier = str(uuid.UUID(identifier))
        except ValueError:
            refuse(request, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
            return None
        for extension in self.registered:
            if extension.identifier == identifier:
                return extension
        refuse(request, "Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")
        return None

    def _register(self, request: Request) -> None:
        name = request.headers.get("lambda-extension-name", "")
        if not name:
            refuse(request, "Extension.InvalidExtensionName", "Empty extension name")
            return
        try:
            document = parsed_json(request.body)
            events = [str(event) for event in document.get("events") or ()]
        except (ValueError, AttributeError, TypeError) as error:
            refuse(request, "InvalidRequestFormat", str(error))
            return
        extension = self.by_name.get(name)
        external = extension is not None and extension.external
        for event in events:
            if event == "SHUTDOWN" and not external:
                message = f"{event}: ShutdownEventNotSupportedForInternalExtension"
            elif event not in ("INVOKE", "SHUTDOWN"):
                message = f"{event}: ErrorInvalidEventType"
            else:
                continue
            refuse(request, "Extension.InvalidEventType", message)
            return
        if extension is None:
            if not self.registration_open:
                refuse(request, "Extension.RegistrationClosed", "Extension registration closed already")
                return
            if len(self.by_name) >= MOST:
                refuse(request, "Extension.TooManyExtensions", f"Extension limit ({MOST}) reached")
                return
            extension = self.by_name[name] = Extension(name, external=False)
        elif not external:
            message = "Extension with this name already registered"
            refuse(request, "Extension.InvalidExtensionState", message)
            return
        if not _moves(request, extension, "Registered", ("Started",)):
            return
        extension.events = events
        answer = {
            "functionName": self._deployment.name,
            "functionVersion": self._deployment.version,
            "handler": self._deployment.handler,
        }
        features = request.headers.get("lambda-extension-accept-feature", "").split(",")
        if "accountId" in map(str.strip, features):
            answer["accountId"] = ACCOUNT
        request.json(200, answer, {"Lambda-Extension-Identifier": extension.identifier})
        self._look()

    def _next(self, request: Request, extension: Extension) -> None:
        if not _moves(request, extension, "Ready", ("Registered", "Ready", "Running")):
            return
        extension.polling = request
        if extension.pending is not None:
            document, extension.pending = extension.pending, None
            self._send(extension, document)
        self._look()

    def _error(self, request: Request, extension: Extension, state: str) -> None:
        error_type = request.headers.get("lambda-extension-function-error-type", "")
        if not error_type:
            message = "Lambda-Extension-Function-Error-Type not found"
            refuse(request, "Extension.MissingHeader", message)
            return
        allowed = ("Registered", "InitError") if state == "InitError" else ("Registered", "Ready", "Running", state)
        if not _moves(request, extension, state, allowed):
            return
        extension.error_type = error_type
        request.respond(202, _ACCEPTED)
        failure = ExtensionFailure(f"Extension.{state}", error_type)
        asyncio.get_running_loop().call_later(_EXIT_S if extension.external else 0, self.fail, failure)

    # --- events and waiting

    def _send_all(self, document: dict[str, object]) -> None:
        for extension in self.registered:
            if document["eventType"] in extension.events:
                self._send(extension, document)

    def _send(self, extension: Extension, document: dict[str, object]) -> None:
        if extension.polling is None or extension.polling.gone:
            extension.pending = document
            return
        polling, extension.polling = extension.polling, None
        extension.state = "Running"
        body = json.dumps(document).encode()
        polling.respond(200, body, {"Lambda-Extension-Event-Identifier": str(uuid.uuid4())})

    def _when(self, condition: Callable[[], bool]) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((condition, future))
        self._look()
        return future

    def _look(self) -> None:
        """End the waiting for what has come true."""
        for condition, future in self._waiting:
            if not future.done() and (self.failure is not None or condition()):
                future.set_result(None)
        self._waiting = [(condition, future) for condition, future in self._waiting if not future.done()]


def _moves(request: Request, extension: Extension, state: str, allowed: tuple[str, ...]) -> bool:
    """Put an extension into ``state``; refuses the request, and returns False, unless it is in one of ``allowed``."""
    if extension.state in allowed:
        extension.state = state
        return True
    message = (
        f"State transition from {extension.state} to {state} failed for extension {extension.name}. "
        "Error: State transition is not allowed"
    )
    refuse(request, "Extension.InvalidExtensionState", message)
    return False


def refuse(request: Request, error_type: str, message: str, status: int = 403) -> None:
    """Answer a call with an error."""
    request.json(status, {"errorMessage": message, "errorType": error_type})

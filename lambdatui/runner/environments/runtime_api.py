"""The Runtime API of one environment: HTTP on a loopback port that only this environment is told of.

AWS Lambda Developer Guide, "Using the Lambda runtime API": ``/runtime/invocation/next``, ``/{id}/response``,
``/{id}/error`` and ``/runtime/init/error`` under ``/2018-06-01``, streamed responses with their trailers, and the
errors for calls in the wrong state.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from lambdatui.runner.http.admission import Admission
from lambdatui.runner.http.server import Request, Server
from lambdatui.runner.untrusted import parsed_json

# Developer Guide: the largest answer, 6 MB and 100 bytes for its envelope.
ANSWER_BYTES = 6_291_556
# Lambda quotas: the largest streamed response.
STREAM_BYTES = 200 << 20
_PREFIX = "/2018-06-01/runtime/"
_NEXT = _PREFIX + "invocation/next"
_INVOCATION = _PREFIX + "invocation/"
_ACCEPTED = b'{"status":"OK"}\n'


@dataclass(slots=True)
class Event:
    """One invocation as the process gets it; ``deadline_ms`` is epoch milliseconds, set when it is offered.

    For a streamed response, ``on_start`` is called with the content type, then ``on_chunk`` with its bytes and the
    request that they come from.
    """

    request_id: str
    payload: bytes
    deadline_ms: int
    arn: str
    trace_id: str = ""
    client_context: str = ""
    on_start: Callable[[str], None] | None = None
    on_chunk: Callable[[bytes, Request], None] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A response or an error that the process posted; ``error_type`` is None for a response.

    ``streamed``: the body was passed on already, and ``body`` is empty.
    """

    body: bytes
    error_type: str | None = None
    content_type: str = "application/json"
    streamed: bool = False


@dataclass(slots=True)
class _Stream:
    content_type: str
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0


class RuntimeApiServer:
    """The Runtime API for one environment.

    ``ready`` resolves at the process's first ``next`` (to None) or its init error (to an Answer). ``sent``: the process
    has taken the event that was offered last. ``on_settled`` is called with each answer.
    """

    body_bytes = ANSWER_BYTES
    keeps_header_names = False
    admission = Admission()

    def __init__(self) -> None:
        self.ready: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self.on_settled: Callable[[object], None] | None = None
        self.on_next: Callable[[], None] | None = None
        """Called at each ``next``, where extensions wait for the runtime too."""
        self.others: dict[str, Callable[[Request], None]] = {}
        """What answers the calls of other APIs, by the beginnings of their paths."""
        self.on_lost: Callable[[Request], None] | None = None
        self._server = Server(self)
        self._polling: Request | None = None
        self._event: Event | None = None
        self.sent = False
        self._answer: asyncio.Future[Answer] | None = None
        self._closed = False

    async def start(self) -> str:
        """Start listening; returns the ``host:port`` for ``AWS_LAMBDA_RUNTIME_API``."""
        host, port = await self._server.start(backlog=16)
        return f"{host}:{port}"

    def close(self) -> None:
        """Stop listening, and end the process's connection: it gets no further event."""
        self._closed = True
        self._server.close()

    def offer(self, event: Event) -> "asyncio.Future[Answer]":
        """Hand ``event`` to the process, one at a time; returns a future of its answer."""
        self._event = event
        self.sent = False
        self._answer = asyncio.get_running_loop().create_future()
        if self._polling is not None:
            polling, self._polling = self._polling, None
            self._send(polling)
        return self._answer

    def reset(self) -> None:
        """Forget the last process: a new one of the same environment is about to start."""
        self.ready = asyncio.get_running_loop().create_future()
        self._polling = self._event = self._answer = None

    def fail(self, error: Answer) -> None:
        """End the init phase or the invocation with an error that the process does not know of."""
        if not self.ready.done():
            self.ready.set_result(error)
        else:
            self._settle(error)

    # --- App

    def began(self, request: Request) -> None:
        """Pass on a streamed response as it comes."""
        mode = request.headers.get("lambda-runtime-function-response-mode", "")
        if mode.lower() == "streaming" and self._current(request, "response"):
            event = self._event
            assert event is not None
            stream = _Stream(request.headers.get("content-type", "application/octet-stream"))
            request.state = stream
            if event.on_start is not None:
                event.on_start(stream.content_type)
            request.on_chunk = lambda chunk: self._chunk(request, stream, chunk)

    def received(self, request: Request) -> None:
        """Answer one call of the process."""
        path = request.path
        if path == _NEXT and request.method == "GET":
            self._next(request)
        elif request.method == "POST" and path.startswith(_INVOCATION):
            self._posted(request, path[len(_INVOCATION) :])
        elif request.method == "POST" and path == _PREFIX + "init/error":
            self._init_error(request)
        elif (other := next((call for start, call in self.others.items() if path.startswith(start)), None)) is not None:
            other(request)
        else:
            _refuse(request, 404, "NotFound", f"no {request.method} {path}")

    def lost(self, request: Request) -> None:
        """Note that the process hung up: it takes no event, and has failed if it was answering one."""
        if self.on_lost is not None:
            self.on_lost(request)
        if request is self._polling:
            self._polling = None
        elif isinstance(request.state, _Stream) and not request.whole:
            # It hung up in the middle of its streamed response, whether it still runs or not.
            error = {"errorType": "Runtime.TruncatedResponse", "errorMessage": "Response payload is truncated"}
            self._settle(
                Answer(json.dumps(error).encode(), "Runtime.TruncatedResponse", streamed=request.state.size > 0)
            )

    # --- the calls

    def _next(self, request: Request) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
        if self._answer is not None and not self._answer.done() and self.sent:
            _refuse(request, 403, "InvalidStateTransition", "Transition from Running to Ready is not allowed")
            return
        if self.on_next is not None:
            self.on_next()
        if self._event is not None and not self.sent:
            self._send(request)
        else:
            self._polling = request

    def _send(self, request: Request) -> None:
        event = self._event
        assert event is not None
        self.sent = True
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": event.arn,
        }
        if event.trace_id:
            headers["Lambda-Runtime-Trace-Id"] = event.trace_id
        if event.client_context:
            headers["Lambda-Runtime-Client-Context"] = event.client_context
        request.respond(200, event.payload, headers)

    def _current(self, request: Request, kind: str) -> bool:
        event = self._event
        return (
            event is not None
            and self._answer is not None
            and not self._answer.done()
            and request.path == f"{_INVOCATION}{event.request_id}/{kind}"
        )

    def _posted(self, request: Request, rest: str) -> None:
        request_id, _, kind = rest.partition("/")
        if kind not in ("response", "error"):
            _refuse(request, 404, "NotFound", f"no POST {request.path}")
        elif self._event is None or request_id != self._event.request_id or not self.sent:
            _refuse(request, 400, "InvalidRequestID", "Invalid request ID")
        elif self._answer is None or self._answer.done():
            _refuse(
                request, 403, "InvalidStateTransition", "Transition from Ready to InvocationResponse is not allowed"
            )
        elif isinstance(request.state, _Stream):
            self._settle(_streamed(request, request.state))
            request.respond(202, _ACCEPTED)
        elif request.too_large:
            message = f"Response payload size exceeded maximum allowed payload size ({ANSWER_BYTES} bytes)."
            error = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
            self._settle(Answer(json.dumps(error).encode(), error["errorType"]))
            _refuse(request, 413, "RequestEntityTooLarge", message)
        else:
            kind_of = _error_type(request) if kind == "error" else None
            content_type = request.headers.get("content-type", "application/json")
            self._settle(Answer(request.body, kind_of, content_type))
            request.respond(202, _ACCEPTED)

    def _init_error(self, request: Request) -> None:
        if self.ready.done():
            _refuse(request, 403, "InvalidStateTransition", "Transition from Ready to InitError is not allowed")
            return
        request.respond(202, _ACCEPTED)
        self.ready.set_result(Answer(request.body, _error_type(request)))

    def _chunk(self, request: Request, stream: _Stream, chunk: bytes) -> None:
        stream.size += len(chunk)
        event = self._event
        if stream.size > STREAM_BYTES or event is None:
            return
        if event.on_chunk is not None:
            event.on_chunk(chunk, request)
        else:
            stream.chunks.append(chunk)

    def _settle(self, answer: Answer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
            if self.on_settled is not None:
                self.on_settled(answer)


def _streamed(request: Request, stream: _Stream) -> Answer:
    passed_on = not stream.chunks and stream.size > 0
    body = b"".join(stream.chunks)
    kind = request.trailers.get("lambda-runtime-function-error-type")
    if kind is not None:
        encoded = request.trailers.get("lambda-runtime-function-error-body", "")
        try:
            error = base64.b64decode(encoded, validate=True)
        except ValueError:
            error = encoded.encode("latin-1")
        return Answer(error or b"{}", kind, streamed=passed_on)
    if stream.size > STREAM_BYTES or (not passed_on and stream.size > ANSWER_BYTES):
        error_body = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": "Response payload size exceeded"}
        return Answer(json.dumps(error_body).encode(), "Function.ResponseSizeTooLarge", streamed=passed_on)
    return Answer(body, None, stream.content_type, streamed=passed_on)


def _error_type(request: Request) -> str:
    """The error's type: that of the header, else of the body, because some clients send no header."""
    header = request.headers.get("lambda-runtime-function-error-type")
    if header:
        return header
    try:
        body = parsed_json(request.body)
        return str(body["errorType"]) or "Runtime.Unknown"
    except (ValueError, KeyError, TypeError):
        return "Runtime.Unknown"


def _refuse(request: Request, status: int, error_type: str, message: str) -> None:
    request.json(status, {"errorMessage": message, "errorType": error_type})

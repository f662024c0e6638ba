"""The API's port: its operations, and invoking."""

import asyncio
import base64
import binascii
import json
import sys
import traceback
import uuid
import zlib
from struct import pack
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from lambdatui.runner.api import call as calls
from lambdatui.runner.api import concurrency, event_sources, functions, layers, names  # noqa: F401 - register
from lambdatui.runner.api.errors import ApiError, constraint, throttled, too_large
from lambdatui.runner.api.names import Meant
from lambdatui.runner.environments.environment import Invocation
from lambdatui.runner.environments.fleet import Throttled
from lambdatui.runner.environments.runtime_api import Event
from lambdatui.runner.http.admission import Admission, Needed
from lambdatui.runner.http.server import Answering, Request
from lambdatui.runner.untrusted import parsed_json

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner

# Lambda quotas: payloads.
SYNCHRONOUS_BYTES = 6_291_456
ASYNCHRONOUS_BYTES = 1_048_576
_INVOKE = "/2015-03-31/functions/"
_STREAM = "/2021-11-15/functions/"
_INVOKE_ASYNC = "/2014-11-13/functions/"


class Front(Answering):
    """The Lambda API as an ``App``. With a ``token`` every request must carry it; else it asks what the runner does."""

    body_bytes = 72 << 20  # a function's ZIP in base64

    def __init__(self, runner: "Runner", token: str | None = None) -> None:
        super().__init__()
        self._runner = runner
        self.admission = Admission(runner.admission.hosts, token, Needed.EVERYBODY) if token else runner.admission

    async def _serve(self, request: Request) -> None:
        request_id = str(uuid.uuid4())
        try:
            path = request.target.partition("?")[0]
            if path.startswith(_INVOKE) and path.endswith("/invocations"):
                await self._invoke(request, unquote(path[len(_INVOKE) : -len("/invocations")]), request_id)
            elif path.startswith(_STREAM) and path.endswith("/response-streaming-invocations"):
                name = unquote(path[len(_STREAM) : -len("/response-streaming-invocations")])
                await self._stream(request, name, request_id)
            elif path.startswith(_INVOKE_ASYNC) and path.rstrip("/").endswith("/invoke-async"):
                name = unquote(path.rstrip("/")[len(_INVOKE_ASYNC) : -len("/invoke-async")])
                await self._invoke_async(request, name, request_id)
            elif path.startswith("/_lambdatui/"):
                await self._own(request, path)
            else:
                await self._operate(request, path, request_id)
        except ApiError as error:
            request.json(error.status, error.body, {**error.headers, "x-amzn-RequestId": request_id})
        except Throttled as error:
            refused = throttled(error)
            headers = {**refused.headers, "x-amzn-RequestId": request_id}
            request.json(refused.status, refused.body, headers)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            sys.stderr.write(f"lambdatui runner: {request.method} {request.path[:200]}: {error!r}\n")
            traceback.print_exc(file=sys.stderr)
            fault = ApiError(500, "ServiceException", f"the runner failed: {error}")
            request.json(fault.status, fault.body, {**fault.headers, "x-amzn-RequestId": request_id})

    async def _operate(self, request: Request, path: str, request_id: str) -> None:
        if request.too_large:
            raise too_large(70_167_211, "this")
        run, call = calls.found(request.method, path, request.query, request.headers, request.body)
        reply = run(self._runner, call)
        status, document = reply if isinstance(reply, tuple) else await reply
        headers = {"x-amzn-RequestId": request_id}
        if document is None:
            request.respond(status, b"", headers)
        else:
            request.json(status, document, headers)

    # --- invoking

    def _meant(self, request: Request, name: str) -> Meant:
        if request.method != "POST":
            raise ApiError(405, "MethodNotAllowedException", f"{request.method} is not allowed here")
        qualifier = dict(parse_qsl(request.query)).get("Qualifier") if request.query else None
        return names.meant(self._runner.deployed, name, qualifier)

    async def _invoke(self, request: Request, name: str, request_id: str) -> None:
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        log_type = request.headers.get("x-amz-log-type", "None")
        if kind not in ("RequestResponse", "Event", "DryRun"):
            raise constraint(
                kind, "invocationType", "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"
            )
        if log_type not in ("None", "Tail"):
            raise constraint(log_type, "logType", "Member must satisfy enum value set: [None, Tail]")
        limit = ASYNCHRONOUS_BYTES if kind == "Event" else SYNCHRONOUS_BYTES
        if request.too_large or request.size > limit:
            raise too_large(limit)
        meant = self._meant(request, name)
        payload = checked_payload(request.body, request.headers.get("content-type", ""))
        headers = {"x-amzn-RequestId": request_id}
        if kind == "DryRun":
            request.respond(204, b"", headers)
            return
        if kind == "Event":
            await self._runner.queue.accept(meant.arn, payload, request_id)
            request.respond(202, b"", headers)
            return
        event = self._event(request, meant, payload, request_id)
        done = await self._runner.run(meant.function.name, meant.version, event, tail=log_type == "Tail")
        headers["X-Amz-Executed-Version"] = done.version
        if done.error_type is not None:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if log_type == "Tail":
            headers["X-Amz-Log-Result"] = base64.b64encode(done.tail).decode()
        request.respond(200, done.payload, headers, done.content_type)

    def _event(self, request: Request, meant: Meant, payload: bytes, request_id: str) -> Event:
        context = request.headers.get("x-amz-client-context", "")
        if context:
            try:
                decoded = base64.b64decode(context, validate=True).decode()
                context = json.dumps(parsed_json(decoded))
            except (binascii.Error, ValueError) as error:
                raise ApiError(
                    400,
                    "InvalidRequestContentException",
                    f"Client context must be base64 of a JSON object: {error}",
                ) from error
        trace = (
            request.headers.get("x-amzn-trace-id", "") or f"Root=1-{request_id[:8]}-{uuid.uuid4().hex[:24]};Sampled=0"
        )
        return Event(request_id, payload, 0, meant.arn, trace, context)

    async def _invoke_async(self, request: Request, name: str, request_id: str) -> None:
        if request.size > ASYNCHRONOUS_BYTES:
            raise too_large(ASYNCHRONOUS_BYTES, "InvokeAsync")
        meant = self._meant(request, name)
        payload = checked_payload(request.body, "")
        await self._runner.queue.accept(meant.arn, payload, request_id)
        request.json(202, {"Status": 202}, {"x-amzn-RequestId": request_id})

    async def _stream(self, request: Request, name: str, request_id: str) -> None:
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        if request.too_large or request.size > SYNCHRONOUS_BYTES:
            raise too_large(SYNCHRONOUS_BYTES, "InvokeWithResponseStream")
        meant = self._meant(request, name)
        payload = checked_payload(request.body, request.headers.get("content-type", ""))
        if kind == "DryRun":
            request.respond(204, b"", {"x-amzn-RequestId": request_id})
            return
        if kind != "RequestResponse":
            raise constraint(kind, "invocationType", "Member must satisfy enum value set: [RequestResponse, DryRun]")
        started = False

        def start(content_type: str) -> None:
            nonlocal started
            if not started:
                started = True
                headers = {
                    "Content-Type": "application/vnd.amazon.eventstream",
                    "x-amzn-RequestId": request_id,
                    "X-Amz-Executed-Version": meant.version,
                    "X-Amzn-Remapped-Content-Type": content_type,
                }
                request.start(200, headers)

        def chunk(data: bytes, source: Request) -> None:
            request.write(_frame("PayloadChunk", data))
            if request.behind:
                source.pause()
                request.when_drained(source.resume)

        event = self._event(request, meant, payload, request_id)
        event = Event(*(event.request_id, payload, 0, event.arn, event.trace_id, event.client_context, start, chunk))
        done = await self._runner.run(
            meant.function.name, meant.version, event, tail=request.headers.get("x-amz-log-type") == "Tail"
        )
        start(done.content_type)
        request.write(_completed(done, request))
        request.end()

    async def _own(self, request: Request, path: str) -> None:
        """What the runner's own command line asks of a running one: triggers, and how it is."""
        runner = self._runner
        if path == "/_lambdatui/status":
            busy = {name: count for name, count in runner.fleet.running.items() if count}
            request.json(
                200, {"functions": len(runner.deployed.functions), "waiting": runner.queue.waiting, "busy": busy}
            )
            return
        if runner.triggers is None:
            raise ApiError(404, "UnknownOperationException", "triggers are served by `lambdatui runner serve` only")
        try:
            document = parsed_json(request.body or b"{}")
        except ValueError as error:
            raise ApiError(400, "SerializationException", f"Could not parse request body into json: {error}") from error
        request.json(200, await runner.triggers.asked(path.removeprefix("/_lambdatui/"), document))


def checked_payload(body: bytes, content_type: str) -> bytes:
    """A payload, which must be JSON; an empty one is ``{}`` to the handler."""
    if not body:
        return b"{}"
    if content_type and content_type.split(";")[0].strip() not in (
        *("application/json", "application/octet-stream", "binary/octet-stream", "text/plain"),
        *("application/x-www-form-urlencoded", "application/x-amz-json-1.1", "application/x-amz-json-1.0"),
    ):
        raise ApiError(415, "UnsupportedMediaTypeException", f"Unsupported content type: {content_type}")
    try:
        parsed_json(body)
    except ValueError as error:
        raise ApiError(
            400, "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from error
    return body


def _completed(done: Invocation, request: Request) -> bytes:
    """The end of a stream: what was not streamed, and how it went."""
    last = b"" if done.streamed or done.error_type is not None else _frame("PayloadChunk", done.payload)
    complete: dict[str, str] = {}
    if done.error_type is not None:
        complete = {"ErrorCode": done.error_type, "ErrorDetails": done.payload.decode("utf-8", "replace")}
    if request.headers.get("x-amz-log-type") == "Tail":
        complete["LogResult"] = base64.b64encode(done.tail).decode()
    return last + _frame("InvokeComplete", json.dumps(complete).encode())


def _frame(event_type: str, data: bytes) -> bytes:
    """A message of ``application/vnd.amazon.eventstream``: lengths and CRCs around headers and payload."""
    content_type = b"application/octet-stream" if event_type == "PayloadChunk" else b"application/json"
    headers = b"".join(
        bytes([len(name)]) + name + b"\x07" + pack(">H", len(value)) + value
        for name, value in (
            (b":event-type", event_type.encode()),
            (b":content-type", content_type),
            (b":message-type", b"event"),
        )
    )
    prelude = pack(">II", len(headers) + len(data) + 16, len(headers))
    message = prelude + pack(">I", zlib.crc32(prelude)) + headers + data
    return message + pack(">I", zlib.crc32(message))

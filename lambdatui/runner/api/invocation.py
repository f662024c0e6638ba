"""Invoking functions: Invoke, InvokeAsync and InvokeWithResponseStream of the Lambda API."""

import base64
import binascii
import json
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from struct import pack
from urllib.parse import parse_qsl, unquote

from collectors.model.units import MIB_BYTES
from lambdatui.runner.api.payload_errors import payload_error
from lambdatui.runner.deployments.function import ResolvedFunction
from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.environments.runtime_api import Event
from lambdatui.runner.errors import ApiError, constraint, too_large
from lambdatui.runner.http.server import Request
from lambdatui.runner.service import Runner, trace_header
from lambdatui.runner.untrusted import parsed_json

# Lambda quotas: payloads.
SYNCHRONOUS_BYTES = 6_291_456
ASYNCHRONOUS_BYTES = MIB_BYTES
_CONTENT_TYPES = frozenset(
    {
        *("application/json", "application/octet-stream", "binary/octet-stream", "text/plain"),
        *("application/x-www-form-urlencoded", "application/x-amz-json-1.1", "application/x-amz-json-1.0"),
    }
)
Run = Callable[[Runner, Request, str, str], Awaitable[None]]


async def invoke(runner: Runner, request: Request, name: str, request_id: str) -> None:
    """AWS Lambda API Reference, "Invoke".

    Takes: FunctionName, InvocationType, LogType, ClientContext, Payload, Qualifier.
    Errors: ResourceNotFoundException, InvalidRequestContentException, InvalidParameterValueException,
    RequestTooLargeException, TooManyRequestsException, UnsupportedMediaTypeException, ValidationException,
    MethodNotAllowedException.
    """
    kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
    log_type = request.headers.get("x-amz-log-type", "None")
    if kind not in ("RequestResponse", "Event", "DryRun"):
        raise constraint(kind, "invocationType", "Member must satisfy enum value set: [Event, RequestResponse, DryRun]")
    if log_type not in ("None", "Tail"):
        raise constraint(log_type, "logType", "Member must satisfy enum value set: [None, Tail]")
    limit_bytes = ASYNCHRONOUS_BYTES if kind == "Event" else SYNCHRONOUS_BYTES
    if request.too_large or request.size > limit_bytes:
        raise too_large(limit_bytes)
    resolved = _resolve(runner, request, name)
    payload = check_payload(request.body, request.headers.get("content-type", ""))
    headers = {"x-amzn-RequestId": request_id}
    if kind == "DryRun":
        request.respond(204, b"", headers)
        return
    if kind == "Event":
        await runner.queue.accept(resolved.arn, payload, request_id)
        request.respond(202, b"", headers)
        return
    event = _event(request, resolved, payload, request_id)
    done = await runner.run(resolved.function.name, resolved.version, event, tail=log_type == "Tail")
    headers["X-Amz-Executed-Version"] = done.version
    headers["X-Amzn-Trace-Id"] = event.trace_id
    if done.error_type is not None:
        headers["X-Amz-Function-Error"] = "Unhandled"
    if log_type == "Tail":
        headers["X-Amz-Log-Result"] = base64.b64encode(done.tail).decode()
    request.respond(200, done.payload, headers, done.content_type)


async def invoke_async(runner: Runner, request: Request, name: str, request_id: str) -> None:
    """AWS Lambda API Reference, "InvokeAsync". As Invoke with the type Event.

    Takes: FunctionName, InvokeArgs.
    Errors: ResourceNotFoundException, InvalidRequestContentException, RequestTooLargeException, ValidationException,
    MethodNotAllowedException.
    """
    if request.size > ASYNCHRONOUS_BYTES:
        raise too_large(ASYNCHRONOUS_BYTES, "InvokeAsync")
    resolved = _resolve(runner, request, name)
    payload = check_payload(request.body, "")
    await runner.queue.accept(resolved.arn, payload, request_id)
    request.json(202, {"Status": 202}, {"x-amzn-RequestId": request_id})


async def invoke_with_response_stream(runner: Runner, request: Request, name: str, request_id: str) -> None:
    """AWS Lambda API Reference, "InvokeWithResponseStream".

    Bytes go out as the function writes them; while the caller does not read them, the function is held back. A function
    that does not stream answers with one chunk.

    Takes: FunctionName, InvocationType, LogType, ClientContext, Qualifier, Payload.
    Errors: ResourceNotFoundException, InvalidRequestContentException, InvalidParameterValueException,
    RequestTooLargeException, TooManyRequestsException, UnsupportedMediaTypeException, ValidationException,
    MethodNotAllowedException.
    """
    kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
    if request.too_large or request.size > SYNCHRONOUS_BYTES:
        raise too_large(SYNCHRONOUS_BYTES, "InvokeWithResponseStream")
    resolved = _resolve(runner, request, name)
    payload = check_payload(request.body, request.headers.get("content-type", ""))
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
                "X-Amz-Executed-Version": resolved.version,
                "X-Amzn-Trace-Id": event.trace_id,
                "X-Amzn-Remapped-Content-Type": content_type,
            }
            request.start(200, headers)

    def pass_on(chunk: bytes, source: Request) -> None:
        request.write(_message("PayloadChunk", chunk))
        if request.behind:
            source.pause()
            request.when_drained(source.resume)

    event = replace(_event(request, resolved, payload, request_id), on_start=start, on_chunk=pass_on)
    tail = request.headers.get("x-amz-log-type") == "Tail"
    done = await runner.run(resolved.function.name, resolved.version, event, tail=tail)
    start(done.content_type)
    request.write(_stream_end(done, request))
    request.end()


_PATHS: tuple[tuple[str, str, Run], ...] = (
    ("/2015-03-31/functions/", "/invocations", invoke),
    ("/2021-11-15/functions/", "/response-streaming-invocations", invoke_with_response_stream),
    ("/2014-11-13/functions/", "/invoke-async", invoke_async),
)
"""What a path begins and ends with, and the operation; the function's name is between."""


def match(path: str) -> tuple[Run, str] | None:
    """The operation that invokes at this path, and the function's name in it; None where the path is none of theirs."""
    for start, end, run in _PATHS:
        if path.startswith(start):
            whole = path.rstrip("/") if run is invoke_async else path
            if whole.endswith(end):
                return run, unquote(whole[len(start) : -len(end)])
    return None


def _resolve(runner: Runner, request: Request, name: str) -> ResolvedFunction:
    if request.method != "POST":
        raise ApiError(405, "MethodNotAllowedException", f"{request.method} is not allowed here")
    qualifier = dict(parse_qsl(request.query)).get("Qualifier") if request.query else None
    return runner.functions.resolve(name, qualifier)


def _event(request: Request, resolved: ResolvedFunction, payload: bytes, request_id: str) -> Event:
    """The event of a synchronous call, with its client context and trace. Raises ApiError."""
    context = request.headers.get("x-amz-client-context", "")
    if context:
        try:
            decoded = parsed_json(base64.b64decode(context, validate=True).decode())
            if not isinstance(decoded, dict):
                raise TypeError("not an object")
            context = json.dumps(decoded)
        except (binascii.Error, ValueError, TypeError) as error:
            message = "Client context must be a valid Base64-encoded JSON object."
            raise ApiError(400, "InvalidRequestContentException", message) from error
    trace = trace_header(request.headers.get("x-amzn-trace-id", ""))
    return Event(request_id, payload, 0, resolved.arn, trace, context)


def check_payload(body: bytes, content_type: str) -> bytes:
    """The payload as the handler gets it: ``{}`` for an empty body. Raises ApiError where it is not JSON."""
    if not body:
        return b"{}"
    if content_type and content_type.split(";")[0].strip() not in _CONTENT_TYPES:
        raise ApiError(415, "UnsupportedMediaTypeException", f"Unsupported content type: {content_type}")
    try:
        parsed_json(body)
    except ValueError as error:
        message = f"Could not parse request body into json: {payload_error(body, error)}"
        raise ApiError(400, "InvalidRequestContentException", message) from error
    return body


def _stream_end(done: Invocation, request: Request) -> bytes:
    """The last messages of a stream: what was not streamed yet, and how the invocation went."""
    last = b"" if done.streamed or done.error_type is not None else _message("PayloadChunk", done.payload)
    complete: dict[str, str] = {}
    if done.error_type is not None:
        complete = {"ErrorCode": done.error_type, "ErrorDetails": done.payload.decode("utf-8", "replace")}
    if request.headers.get("x-amz-log-type") == "Tail":
        complete["LogResult"] = base64.b64encode(done.tail).decode()
    return last + _message("InvokeComplete", json.dumps(complete).encode())


def _message(event_type: str, data: bytes) -> bytes:
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

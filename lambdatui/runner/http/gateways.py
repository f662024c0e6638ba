"""The ports on which functions answer HTTP: function URLs, API Gateway v2 and v1, load balancers."""

import asyncio
import hashlib
import json
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lambdatui.runner.deployed import Function
from lambdatui.runner.environments.environment import Invocation
from lambdatui.runner.environments.fleet import Throttled
from lambdatui.runner.functions import LATEST, RunnerError
from lambdatui.runner.http import gateway_events as shapes
from lambdatui.runner.http.admission import Needed
from lambdatui.runner.http.server import Answering, Request, Server
from lambdatui.runner.untrusted import parsed_json

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner

_PRELUDE = "application/vnd.awslambda.http-integration-response"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a kind of gateway asks, reads the answer, and says why there is none."""

    event: Callable[..., dict[str, Any]]
    answer: Callable[[bytes], shapes.Answer]
    failed: tuple[int, str]
    timed_out: tuple[int, str]
    refused: tuple[int, str]
    limit_s: float | None = None


# What each says: their Developer Guides, on Lambda integrations' errors; API Gateway's integration timeouts.
KINDS = {
    "url": _Kind(
        shapes.version_2,
        shapes.answer_2,
        (502, '{"Message":"Internal Server Error"}'),
        (502, '{"Message":"Internal Server Error"}'),
        (429, '{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}'),
    ),
    "http-api": _Kind(
        shapes.version_2,
        shapes.answer_2,
        (500, '{"message":"Internal Server Error"}'),
        (503, '{"message":"Service Unavailable"}'),
        (503, '{"message":"Service Unavailable"}'),
        30.0,
    ),
    "rest-api": _Kind(
        shapes.version_1,
        shapes.answer_1,
        (502, '{"message": "Internal server error"}'),
        (504, '{"message": "Endpoint request timed out"}'),
        (500, '{"message": "Internal server error"}'),
        29.0,
    ),
    "alb": _Kind(
        shapes.load_balancer,
        shapes.answer_1,
        (502, "<html><head><title>502 Bad Gateway</title></head></html>"),
        (502, "<html><head><title>502 Bad Gateway</title></head></html>"),
        (503, "<html><head><title>503 Service Temporarily Unavailable</title></head></html>"),
    ),
}


class Gateways:
    """The ports of a running runner."""

    def __init__(self, runner: "Runner") -> None:
        self._runner = runner
        self._servers: dict[str, Server] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def refresh(self, function: Function) -> None:
        """Open the ports of a function's URLs, and close those that it has no more."""
        wanted = {f"url:{function.name}:{qualifier}": document for qualifier, document in function.part("urls").items()}
        for key in [key for key in self._servers if key.startswith(f"url:{function.name}:") and key not in wanted]:
            self.close_port(key)
        for key, document in wanted.items():
            gateway = self._servers[key].app if key in self._servers else None
            if isinstance(gateway, Gateway):
                gateway.settings = document
                continue
            qualifier = key.rpartition(":")[2]
            name = function.name if qualifier == LATEST else f"{function.name}:{qualifier}"
            self.open_port(key, "url", name, document["_port"], document)

    def forget(self, name: str) -> None:
        for key in [key for key in self._servers if key.startswith(f"url:{name}:")]:
            self.close_port(key)

    def open_port(self, key: str, kind: str, name: str, port: int, settings: dict[str, Any] | None = None) -> None:
        """It listens when this returns: whoever is told of the port next can connect."""
        server = self._servers[key] = Server(Gateway(self._runner, kind, name, settings or {}))
        try:
            listening = socket.create_server(("127.0.0.1", port), backlog=1024)
        except OSError as error:
            sys.stderr.write(f"lambdatui runner: port {port} of {name} cannot be had: {error}\n")
            return
        task = asyncio.get_running_loop().create_task(server.take(listening))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close_port(self, key: str) -> None:
        if (server := self._servers.pop(key, None)) is not None:
            server.close()

    def close(self) -> None:
        for key in list(self._servers):
            self.close_port(key)


class Gateway(Answering):
    """One port."""

    body_bytes = 6_291_456

    def __init__(self, runner: "Runner", kind: str, name: str, settings: dict[str, Any]) -> None:
        super().__init__()
        # Web pages are what a function URL is for; as another user's, they need the token as everything else does.
        self.admission = replace(runner.admission, needed=_needed(runner.admission.needed), pages=True)
        self._runner = runner
        self._kind = KINDS[kind]
        self._name = name
        self.settings = settings
        self._api_id = hashlib.sha256(f"{kind}{name}".encode()).hexdigest()[:10]

    async def _serve(self, request: Request) -> None:
        try:
            await self._answer(request)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            sys.stderr.write(f"lambdatui runner: {self._name}: {error!r}\n")
            self._say(request, self._kind.failed)

    def _say(self, request: Request, said: tuple[int, str]) -> None:
        if request.answered:
            request.abort()
            return
        kind = "text/html" if said[1].startswith("<") else "application/json"
        request.respond(said[0], said[1].encode(), None, kind)

    async def _answer(self, request: Request) -> None:
        if request.too_large:
            self._say(request, (413, '{"message":"Request Too Long"}'))
            return
        if self.settings.get("AuthType") == "AWS_IAM" and "authorization" not in request.headers:
            self._say(request, (403, '{"Message":"Forbidden"}'))
            return
        cors = _cors(self.settings.get("Cors") or {}, request)
        if cors and request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            request.respond(200, b"", cors)
            return
        payload = json.dumps(self._kind.event(request, api_id=self._api_id)).encode()
        stream = _Stream(request, cors) if self.settings.get("InvokeMode") == "RESPONSE_STREAM" else None
        try:
            call = self._runner.invoke(
                self._name,
                payload,
                on_start=stream.start if stream else None,
                on_chunk=stream.chunk if stream else None,
            )
            # A gateway that has waited long enough says so; the invocation itself goes on.
            done = await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(call)), self._kind.limit_s)
        except Throttled:
            self._say(request, self._kind.refused)
            return
        except asyncio.TimeoutError:  # noqa: UP041 - another class before Python 3.11's alias is seen by linters
            self._say(request, self._kind.timed_out)
            return
        except RunnerError as error:
            sys.stderr.write(f"lambdatui runner: {self._name}: {error}\n")
            self._say(request, self._kind.failed)
            return
        self._told(request, done, cors, stream)

    def _told(self, request: Request, done: Invocation, cors: dict[str, str], stream: "_Stream | None") -> None:
        if done.error_type is not None:
            self._say(request, self._kind.timed_out if done.error_type == "Sandbox.Timedout" else self._kind.failed)
            return
        if stream is not None and stream.begun:
            stream.end()
            return
        try:
            answer = self._kind.answer(done.payload)
        except shapes.BadAnswer as error:
            sys.stderr.write(f"lambdatui runner: {self._name}: {error}\n")
            self._say(request, self._kind.failed)
            return
        content_type = answer.headers.pop("content-type")
        headers = {name: value for name, value in answer.headers.items() if name not in _OURS} | cors
        if answer.cookies:
            headers["set-cookie"] = "\r\nset-cookie: ".join(
                one.replace("\r", "").replace("\n", "") for one in answer.cookies
            )
        request.respond(answer.status, answer.body, headers, content_type)


def _needed(of_the_api: Needed) -> Needed:
    """These ports are on loopback only: this user's own programs need no token for them."""
    return Needed.NOBODY if of_the_api is Needed.NOBODY else Needed.OTHERS


_OURS = frozenset({"content-length", "transfer-encoding", "connection"})


class _Stream:
    """A streamed response: its prelude, if it has one, becomes the status and headers."""

    def __init__(self, request: Request, cors: dict[str, str]) -> None:
        self._request = request
        self._cors = cors
        self._content_type = ""
        self._waiting = b""
        self.begun = False

    def start(self, content_type: str) -> None:
        self._content_type = content_type

    def chunk(self, data: bytes, source: Request) -> None:
        if not self.begun:
            if self._content_type != _PRELUDE:
                self._begin(200, {"content-type": self._content_type})
            else:
                self._waiting += data
                head, found, data = self._waiting.partition(b"\0" * 8)
                if not found:
                    return
                try:
                    self._begin(*_prelude(head))
                except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
                    sys.stderr.write(f"lambdatui runner: the prelude of a streamed response cannot be read: {error}\n")
                    self._begin(502, {"content-type": "application/json"})
        self._request.write(data)
        if self._request.behind:
            source.pause()
            self._request.when_drained(source.resume)

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        self.begun = True
        allowed = {name: value for name, value in headers.items() if name not in _OURS}
        self._request.start(status, allowed | self._cors)

    def end(self) -> None:
        self._request.end()


def _prelude(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers that a function said before its stream; any of several errors where it said others."""
    prelude = parsed_json(head)
    headers = {str(name).lower(): str(value) for name, value in (prelude.get("headers") or {}).items()}
    if cookies := prelude.get("cookies"):
        headers["set-cookie"] = "\r\nset-cookie: ".join(map(str, cookies))
    return int(prelude.get("statusCode", 200)), headers


def _cors(settings: dict[str, Any], request: Request) -> dict[str, str]:
    origin = request.headers.get("origin")
    if not settings or origin is None:
        return {}
    allowed = settings.get("AllowOrigins") or []
    if "*" not in allowed and origin not in allowed:
        return {}
    headers = {"access-control-allow-origin": "*" if "*" in allowed else origin}
    for field, name in (
        ("AllowMethods", "access-control-allow-methods"),
        ("AllowHeaders", "access-control-allow-headers"),
        ("ExposeHeaders", "access-control-expose-headers"),
    ):
        if settings.get(field):
            headers[name] = ",".join(settings[field])
    if settings.get("AllowCredentials"):
        headers["access-control-allow-credentials"] = "true"
    if settings.get("MaxAge"):
        headers["access-control-max-age"] = str(settings["MaxAge"])
    return headers

"""One port on which a function answers HTTP, as function URLs, API Gateway and load balancers do."""

import asyncio
import hashlib
import json
import sys
from dataclasses import replace
from typing import Any

from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.errors import Throttled
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.gateways.kinds import GatewayKind, Refusal
from lambdatui.runner.gateways.payloads import BadAnswer
from lambdatui.runner.http.admission import TokenNeeded
from lambdatui.runner.http.server import Answering, Request
from lambdatui.runner.interface import Invoker
from lambdatui.runner.untrusted import parsed_json

# AWS's response streaming: the function's stream begins with its status and headers as JSON, then eight zero bytes.
_PRELUDE = "application/vnd.awslambda.http-integration-response"
_PRELUDE_END = b"\0" * 8
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})


class Gateway(Answering):
    """Answers the requests of one port; ``settings`` are those of a function URL, which may change while it is open."""

    body_bytes = 6_291_456

    def __init__(self, invoker: Invoker, kind: GatewayKind, name: str, settings: dict[str, Any]) -> None:
        super().__init__()
        # Function URLs are made for web pages, so pages may call; another user's requests need the token, as
        # everywhere. The ports are on loopback only, so this user's own programs need no token.
        nobody = invoker.admission.needed is TokenNeeded.BY_NOBODY
        needed = TokenNeeded.BY_NOBODY if nobody else TokenNeeded.BY_OTHERS
        self.admission = replace(invoker.admission, needed=needed, pages=True)
        self._invoker = invoker
        self._kind = kind
        self._name = name
        self.settings = settings
        self._api_id = hashlib.sha256(f"{kind.name}{name}".encode()).hexdigest()[:10]

    async def _serve(self, request: Request) -> None:
        try:
            await self._answer(request)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            sys.stderr.write(f"lambdatui runner: {self._name}: {error!r}\n")
            self._refuse(request, self._kind.failed)

    def _refuse(self, request: Request, refusal: Refusal) -> None:
        if request.answered:
            request.abort()
            return
        status, body = refusal
        content_type = "text/html" if body.startswith("<") else "application/json"
        request.respond(status, body.encode(), None, content_type)

    async def _answer(self, request: Request) -> None:
        if request.too_large:
            self._refuse(request, (413, '{"message":"Request Too Long"}'))
            return
        if self.settings.get("AuthType") == "AWS_IAM" and "authorization" not in request.headers:
            self._refuse(request, (403, '{"Message":"Forbidden"}'))
            return
        cors = _cors(self.settings.get("Cors") or {}, request)
        if cors and request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            request.respond(200, b"", cors)
            return
        payload = json.dumps(self._kind.event(request, api_id=self._api_id)).encode()
        stream = _Stream(request, cors) if self.settings.get("InvokeMode") == "RESPONSE_STREAM" else None
        try:
            call = self._invoker.invoke(
                self._name,
                payload,
                on_start=stream.set_content_type if stream else None,
                on_chunk=stream.pass_on if stream else None,
            )
            # A gateway answers for itself when it has waited long enough; the invocation goes on.
            done = await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(call)), self._kind.limit_s)
        except Throttled:
            self._refuse(request, self._kind.throttled)
            return
        except asyncio.TimeoutError:  # noqa: UP041 - another class before Python 3.11's alias is seen by linters
            self._refuse(request, self._kind.timed_out)
            return
        except RunnerError as error:
            sys.stderr.write(f"lambdatui runner: {self._name}: {error}\n")
            self._refuse(request, self._kind.failed)
            return
        self._pass_on(request, done, cors, stream)

    def _pass_on(self, request: Request, done: Invocation, cors: dict[str, str], stream: "_Stream | None") -> None:
        """Answer the request with the result of the invocation."""
        if done.error_type is not None:
            self._refuse(request, self._kind.timed_out if done.error_type == "Sandbox.Timedout" else self._kind.failed)
            return
        if stream is not None and stream.started:
            stream.end()
            return
        try:
            answer = self._kind.answer(done.payload)
        except BadAnswer as error:
            sys.stderr.write(f"lambdatui runner: {self._name}: {error}\n")
            self._refuse(request, self._kind.failed)
            return
        content_type = answer.headers.pop("content-type")
        headers = {name: value for name, value in answer.headers.items() if name not in _OWN_HEADERS} | cors
        if answer.cookies:
            headers["set-cookie"] = _set_cookies(
                [cookie.replace("\r", "").replace("\n", "") for cookie in answer.cookies]
            )
        request.respond(answer.status, answer.body, headers, content_type)


def _set_cookies(cookies: list[str]) -> str:
    """One value of Set-Cookie that the server writes as several headers, one for each cookie."""
    return "\r\nset-cookie: ".join(cookies)


class _Stream:
    """A streamed response: its prelude, if it has one, gives the status and headers."""

    def __init__(self, request: Request, cors: dict[str, str]) -> None:
        self._request = request
        self._cors = cors
        self._content_type = ""
        self._unread = b""  # the part of a prelude that has come so far
        self.started = False

    def set_content_type(self, content_type: str) -> None:
        """Note the content type, with which the function begins to stream."""
        self._content_type = content_type

    def pass_on(self, data: bytes, source: Request) -> None:
        """Write bytes that the function streams; ``source`` is not read further while the client is too slow."""
        if not self.started:
            if self._content_type != _PRELUDE:
                self._begin(200, {"content-type": self._content_type})
            else:
                self._unread += data
                head, end, data = self._unread.partition(_PRELUDE_END)
                if not end:
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
        self.started = True
        allowed = {name: value for name, value in headers.items() if name not in _OWN_HEADERS}
        self._request.start(status, allowed | self._cors)

    def end(self) -> None:
        """End the answer: the function has streamed everything."""
        self._request.end()


def _prelude(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers of a prelude. Raises an arithmetic, attribute, type or value error for any other form."""
    prelude = parsed_json(head)
    headers = {str(name).lower(): str(value) for name, value in (prelude.get("headers") or {}).items()}
    if cookies := prelude.get("cookies"):
        headers["set-cookie"] = _set_cookies(list(map(str, cookies)))
    return int(prelude.get("statusCode", 200)), headers


def _cors(settings: dict[str, Any], request: Request) -> dict[str, str]:
    """The headers by which a function URL's Cors setting admits the requesting page; {} where it does not."""
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

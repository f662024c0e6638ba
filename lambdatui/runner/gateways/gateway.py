"""One port on which a function answers HTTP, as function URLs, API Gateway and load balancers do."""

import asyncio
import hashlib
import json
import sys
from dataclasses import replace
from typing import Any

from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.errors import ApiError, Throttled
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.gateways.answers import BadAnswer
from lambdatui.runner.gateways.cors import Cors
from lambdatui.runner.gateways.kinds import FORBIDDEN, GatewayKind, Refusal
from lambdatui.runner.gateways.payloads import FrontCall, front_call
from lambdatui.runner.gateways.streaming import OWN_HEADERS, StreamedAnswer, set_cookies
from lambdatui.runner.http.admission import TokenNeeded
from lambdatui.runner.http.server import Answering, Request
from lambdatui.runner.interface import Invoker


class Gateway(Answering):
    """Answers the requests of one port; ``settings`` are those of a function URL, which may change while it is open.

    They are None where there is nothing to call any more.
    """

    keeps_header_names = True

    def __init__(self, invoker: Invoker, kind: GatewayKind, name: str, settings: dict[str, Any] | None) -> None:
        super().__init__()
        # Function URLs are made for web pages, so pages may call; another user's requests need the token, as
        # everywhere. The ports are on loopback only, so this user's own programs need no token.
        nobody = invoker.admission.needed is TokenNeeded.BY_NOBODY
        needed = TokenNeeded.BY_NOBODY if nobody else TokenNeeded.BY_OTHERS
        self.admission = replace(invoker.admission, needed=needed, pages=True)
        self.body_bytes = kind.body_bytes
        self._invoker = invoker
        self._kind = kind
        self._name = name
        self.settings = settings
        self._api_id = hashlib.sha256(f"{kind.name}{name}".encode()).hexdigest()[:10]

    async def _serve(self, request: Request) -> None:
        settings = self.settings
        call = front_call(request, self._api_id, needs_iam=(settings or {}).get("AuthType") == "AWS_IAM")
        try:
            if request.too_large:
                self._refuse(call, self._kind.too_large)
            elif settings is None:
                self._refuse(call, self._kind.gone)
            else:
                await self._answer(call, settings)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            sys.stderr.write(f"lambdatui runner: {self._name}: {error!r}\n")
            self._refuse(call, self._kind.failed)

    def _refuse(self, call: FrontCall, refusal: Refusal, more: dict[str, str] | None = None) -> None:
        request = call.request
        if request.answered:
            request.abort()
            return
        status, body = refusal
        headers = self._kind.headers(call) | (more or {})
        if error_type := self._kind.error_types.get(status):
            headers["x-amzn-ErrorType"] = error_type
        content_type = "text/html" if body.startswith("<") else "application/json"
        request.respond(status, body.encode(), headers, content_type)

    async def _answer(self, call: FrontCall, settings: dict[str, Any]) -> None:
        request = call.request
        cors = Cors(settings.get("Cors") or {}, request)
        if cors.is_preflight:
            request.respond(200, b"", self._kind.headers(call) | cors.preflight_headers)
            return
        if call.needs_iam and not ("authorization" in request.headers or "X-Amz-Signature=" in request.query):
            self._refuse(call, (403, FORBIDDEN), cors.headers)
            return
        payload = json.dumps(self._kind.event(call), ensure_ascii=False).encode()
        own = self._kind.headers(call) | cors.headers
        stream = StreamedAnswer(request, own) if settings.get("InvokeMode") == "RESPONSE_STREAM" else None
        try:
            work = self._invoker.invoke(
                self._name,
                payload,
                request_id=call.request_id,
                trace=call.trace,
                on_start=stream.set_content_type if stream else None,
                on_chunk=stream.pass_on if stream else None,
            )
            # A gateway answers for itself when it has waited long enough; the invocation goes on.
            done = await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(work)), self._kind.limit_s)
        except Throttled:
            self._refuse(call, self._kind.throttled, cors.headers)
            return
        except asyncio.TimeoutError:  # noqa: UP041 - another class before Python 3.11's alias is seen by linters
            self._refuse(call, self._kind.timed_out, cors.headers)
            return
        except RunnerError as error:
            sys.stderr.write(f"lambdatui runner: {self._name}: {error}\n")
            gone = isinstance(error, ApiError) and error.status == 404
            self._refuse(call, self._kind.gone if gone else self._kind.failed, cors.headers)
            return
        self._pass_on(call, done, cors, stream)

    def _pass_on(self, call: FrontCall, done: Invocation, cors: Cors, stream: StreamedAnswer | None) -> None:
        """Answer the request with the result of the invocation."""
        kind, request = self._kind, call.request
        if done.error_type is not None:
            timed_out = done.error_type == "Sandbox.Timedout"
            self._refuse(call, kind.timed_out if timed_out else kind.failed, cors.headers)
            return
        if stream is not None:
            # This invoke mode passes on what the function returns; nothing reads a status in it.
            stream.end(done.content_type, b"" if done.streamed else done.payload)
            return
        try:
            if len(done.payload) > kind.most_answer_bytes:
                raise BadAnswer(f"the answer has more than {kind.most_answer_bytes} bytes")
            answer = kind.answer(done.payload, request)
        except BadAnswer as error:
            sys.stderr.write(f"lambdatui runner: {self._name}: {error}\n")
            self._refuse(call, kind.failed, cors.headers)
            return
        content_type = answer.headers.pop("content-type")
        headers = {name: value for name, value in answer.headers.items() if name not in OWN_HEADERS}
        headers = headers | kind.headers(call) | cors.headers
        if answer.cookies:
            headers["set-cookie"] = set_cookies(answer.cookies)
        request.respond(answer.status, answer.body, headers, content_type)

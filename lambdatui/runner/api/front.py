"""The API's port: which operation answers a request, and what the caller gets where it is refused or fails."""

import asyncio
import sys
import traceback
import uuid
from typing import TYPE_CHECKING

from lambdatui.runner.api import (  # noqa: F401 - importing registers their operations
    account,
    aliases,
    capacity_providers,
    code_signing,
    durable_executions,
    event_invoke,
    event_source_mappings,
    function_code_signing,
    function_urls,
    functions,
    invocation,
    layer_permissions,
    layers,
    own,
    permissions,
    provisioned_concurrency,
    recursion,
    reserved_concurrency,
    resource_policies,
    runtime_management,
    tags,
    versions,
)
from lambdatui.runner.api.call import match_route
from lambdatui.runner.errors import ApiError, Throttled, throttled, too_large
from lambdatui.runner.http.admission import Admission, TokenNeeded
from lambdatui.runner.http.server import Answering, Request
from lambdatui.runner.service import Runner

if TYPE_CHECKING:
    from lambdatui.runner.cloudwatch.face import CloudWatch


class Front(Answering):
    """The Lambda API as an ``App``. With a ``token`` every request must carry it; else ``runner.admission`` decides."""

    body_bytes = 72 << 20  # a function's ZIP in base64

    def __init__(self, runner: Runner, token: str | None = None) -> None:
        super().__init__()
        self._runner = runner
        self.admission = runner.admission
        self._face: CloudWatch | None = None
        if token:
            self.admission = Admission(runner.admission.hosts, token, TokenNeeded.BY_EVERYBODY)

    async def _serve(self, request: Request) -> None:
        request_id = str(uuid.uuid4())
        path = request.target.partition("?")[0]
        try:
            if (invoke := invocation.match(path)) is not None:
                run, name = invoke
                await run(self._runner, request, name, request_id)
            elif path.startswith(own.PREFIX):
                await own.answer(self._runner, request, path.removeprefix(own.PREFIX))
            elif path in ("", "/") or path.startswith("/service/"):
                await self._cloudwatch().answer(request, path, request_id)
            else:
                await self._operate(request, path, request_id)
        except ApiError as error:
            _refuse(request, error, request_id)
        except Throttled as error:
            _refuse(request, throttled(error), request_id)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            sys.stderr.write(f"lambdatui runner: {request.method} {request.path[:200]}: {error!r}\n")
            traceback.print_exc(file=sys.stderr)
            _refuse(request, ApiError(500, "ServiceException", f"the runner failed: {error}"), request_id)

    def _cloudwatch(self) -> "CloudWatch":
        """Answers for CloudWatch and its neighbours; imported when it is asked first: most runners never are."""
        if self._face is None:
            from lambdatui.runner.cloudwatch.face import CloudWatch

            self._face = CloudWatch(self._runner)
        return self._face

    async def _operate(self, request: Request, path: str, request_id: str) -> None:
        if request.too_large:
            raise too_large(functions.REQUEST_BYTES, "this")
        run, call = match_route(request.method, path, request.query, request.headers, request.body)
        reply = run(self._runner, call)
        status, document = reply if isinstance(reply, tuple) else await reply
        headers = {"x-amzn-RequestId": request_id}
        if document is None:
            request.respond(status, b"", headers)
        else:
            request.json(status, document, headers)


def _refuse(request: Request, error: ApiError, request_id: str) -> None:
    request.json(error.status, error.body, {**error.headers, "x-amzn-RequestId": request_id})

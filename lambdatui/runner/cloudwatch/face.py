"""Answers the requests of CloudWatch Logs, CloudWatch and their neighbours on the runner's port."""

import sqlite3
from typing import Any

from lambdatui.runner.cloudwatch import (  # noqa: F401 - importing registers their operations
    account,
    live_tail,
    log_events,
    log_groups,
    metrics,
)
from lambdatui.runner.cloudwatch.operations import OPERATIONS, Question
from lambdatui.runner.cloudwatch.protocols import AwsRequest, Wire, answer_body, error_answer, request_of, wire_of
from lambdatui.runner.errors import ApiError
from lambdatui.runner.functions import ACCOUNT
from lambdatui.runner.http.server import Request
from lambdatui.runner.log.reader import LogReader
from lambdatui.runner.service import Runner

_READS = ("Describe", "Get", "List", "Filter", "Test", "StartQuery", "StopQuery")
_PREFIXES = {"logs": "logs", "cloudwatch": "cloudwatch"}
"""By service, how IAM names its actions: those that would write are refused as IAM does."""


class CloudWatch:
    """The read-only face of one runner's log."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._reader = LogReader(runner.log.path)

    async def answer(self, request: Request, path: str, request_id: str) -> None:
        """Answer one request, an error too."""
        wire = wire_of(request, path)
        headers = {"x-amzn-RequestId": request_id}
        if wire.protocol == "cbor":
            headers["smithy-protocol"] = "rpc-v2-cbor"
        try:
            if request.too_large:
                raise ApiError(413, "RequestEntityTooLargeException", "Request must be smaller than 72 MB")
            asked = request_of(request, path)
            await self._runner.log.commit()  # what a call that was answered wrote is found
            if (asked.service, asked.operation) == ("logs", "StartLiveTail"):
                session = await self._runner.in_thread(self._session, asked)
                await live_tail.stream(self._runner, self._reader, request, session, headers)
                return
            body = await self._runner.in_thread(self._body, asked, request_id)
        except ApiError as error:
            self._refuse(request, wire, error, headers)
        except sqlite3.Error as error:
            unread = ApiError(500, "ServiceUnavailableException", f"the runner's log cannot be read: {error}")
            self._refuse(request, wire, unread, headers)
        else:
            request.respond(200, body, headers, wire.content_type)

    def _refuse(self, request: Request, wire: Wire, error: ApiError, headers: dict[str, str]) -> None:
        body, more = error_answer(wire, error, headers["x-amzn-RequestId"])
        request.respond(error.status, body, {**headers, **more}, wire.content_type)

    def _session(self, asked: AwsRequest) -> live_tail.TailSession:
        with self._reader.opened() as log:
            return live_tail.session_of(Question(asked.input, log, self._runner))

    def _body(self, asked: AwsRequest, request_id: str) -> bytes:
        """The answer's body: read, and written out too, in a thread, since there may be megabytes of it."""
        run = OPERATIONS.get((asked.service, asked.operation))
        if run is None:
            raise _refused(asked)
        with self._reader.opened() as log:
            answer: dict[str, Any] = run(Question(asked.input, log, self._runner))
        return answer_body(asked, answer, request_id)


def _refused(asked: AwsRequest) -> ApiError:
    """Why an operation is not answered: it would write, or is not here."""
    prefix, name = _PREFIXES.get(asked.service), asked.operation
    if prefix and name and not name.startswith(_READS):
        user = f"arn:aws:iam::{ACCOUNT}:root"
        message = (
            f"User: {user} is not authorized to perform: {prefix}:{name} because the runner's logs and metrics are "
            "read only: functions write them"
        )
        return ApiError(400, "AccessDeniedException" if prefix == "logs" else "AccessDenied", message)
    if asked.service == "logs" and name in ("StartQuery", "GetQueryResults", "StopQuery", "DescribeQueries"):
        message = "the local runner has no Logs Insights: read its events with FilterLogEvents"
        return ApiError(400, "InvalidOperationException", message)
    what = ":".join(filter(None, (asked.service, name))) or "that"
    message = f"the local runner does not know {what}: it answers the Lambda API, and reads CloudWatch Logs and metrics"
    return ApiError(400, "UnknownOperationException", message)

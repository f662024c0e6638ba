"""A kind of gateway: how it makes events from requests, reads answers, and what it says where there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdatui.runner.gateways import answers, payloads
from lambdatui.runner.http.server import Request

Refusal = tuple[int, str]
"""An HTTP status, and a body: HTML where it begins with ``<``, else JSON."""


def _url_headers(call: payloads.FrontCall) -> dict[str, str]:
    return {"x-amzn-RequestId": call.request_id, "X-Amzn-Trace-Id": call.trace}


@dataclass(frozen=True, slots=True)
class GatewayKind:
    """One kind: function URLs, or a kind of port that triggers open.

    ``event`` is called with a request; ``answer`` with what the function returned and the request, and raises
    BadAnswer. ``failed``, ``timed_out`` (by the function, or after waiting ``limit_s`` seconds), ``throttled``,
    ``gone`` (there is no such function) and ``too_large`` (a body of more than ``body_bytes``) are what the client gets
    when there is no answer; ``error_types`` has the x-amzn-ErrorType of such a status. ``headers`` are the front's own.
    ``most_answer_bytes`` is the largest answer of a function that the front takes.
    """

    name: str
    event: Callable[[payloads.FrontCall], dict[str, Any]]
    answer: Callable[[bytes, Request], answers.FrontAnswer]
    failed: Refusal
    timed_out: Refusal
    throttled: Refusal
    gone: Refusal
    too_large: Refusal
    limit_s: float | None = None
    body_bytes: int = 6_291_456
    most_answer_bytes: int = 6_291_556
    error_types: Mapping[int, str] = field(default_factory=dict)
    headers: Callable[[payloads.FrontCall], dict[str, str]] = _url_headers


FORBIDDEN = (
    '{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: '
    'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}'
)
"""A function URL's answer where the caller may not call, or where nothing can be called."""

# Lambda Developer Guide, "Invoking Lambda function URLs".
FUNCTION_URL = GatewayKind(
    "url",
    payloads.function_url_event,
    lambda payload, _: answers.function_url_answer(payload),
    failed=(502, "Internal Server Error"),
    timed_out=(502, "Internal Server Error"),
    throttled=(429, '{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}'),
    gone=(403, FORBIDDEN),
    too_large=(413, '{"message":"Request Too Long"}'),
    error_types={
        403: "AccessDeniedException",
        413: "RequestTooLargeException",
        429: "TooManyRequestsException",
    },
)

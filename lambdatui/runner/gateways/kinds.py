"""A kind of gateway: how it makes events from requests, reads answers, and what it says where there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdatui.runner.gateways import payloads

Refusal = tuple[int, str]
"""An HTTP status, and a body: HTML where it begins with ``<``, else JSON."""


@dataclass(frozen=True, slots=True)
class GatewayKind:
    """One kind: function URLs, or a kind of port that triggers open.

    ``event`` is called with a request and ``api_id=``; ``answer`` with what the function returned, and raises
    BadAnswer. ``failed``, ``timed_out`` (by the function, or after waiting ``limit_s`` seconds) and ``throttled`` are
    what the client gets when there is no answer.
    """

    name: str
    event: Callable[..., dict[str, Any]]
    answer: Callable[[bytes], payloads.GatewayResponse]
    failed: Refusal
    timed_out: Refusal
    throttled: Refusal
    limit_s: float | None = None


# Lambda Developer Guide, "Invoking Lambda function URLs".
FUNCTION_URL = GatewayKind(
    "url",
    payloads.event_2,
    payloads.answer_2,
    failed=(502, '{"Message":"Internal Server Error"}'),
    timed_out=(502, '{"Message":"Internal Server Error"}'),
    throttled=(429, '{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}'),
)

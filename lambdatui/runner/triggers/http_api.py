"""API Gateway's HTTP APIs, payload format 2.0 (Developer Guide, "Lambda proxy integrations for HTTP APIs")."""

import base64
from typing import Any

from lambdatui.runner.gateways import answers, payloads
from lambdatui.runner.gateways.kinds import GatewayKind
from lambdatui.runner.triggers.base import Option, OptionKind, register
from lambdatui.runner.triggers.gateway_trigger import GatewayTrigger


def _event(call: payloads.FrontCall) -> dict[str, Any]:
    event = payloads.event_2(call)
    event["requestContext"]["requestId"] = _request_id(call)
    return event


def _request_id(call: payloads.FrontCall) -> str:
    """An HTTP API's id of a request: 16 characters of base64."""
    return base64.b64encode(bytes.fromhex(call.request_id.replace("-", ""))[:11]).decode()


class HttpApi(GatewayTrigger):
    """A ``$default`` route; the integration's timeout is 30 s."""

    kind = "http-api"
    options = (Option("http-api", "API Gateway's v2 requests.", OptionKind.NUMBER, 0, 65_535, metavar="PORT"),)
    gateway = GatewayKind(
        kind,
        _event,
        lambda payload, _: answers.http_api_answer(payload),
        failed=(500, '{"message":"Internal Server Error"}'),
        timed_out=(503, '{"message":"Service Unavailable"}'),
        throttled=(503, '{"message":"Service Unavailable"}'),
        gone=(500, '{"message":"Internal Server Error"}'),
        too_large=(413, '{"message":"Request Entity Too Large"}'),
        limit_s=30.0,
        body_bytes=10 << 20,
        headers=lambda call: {"apigw-requestid": _request_id(call)},
    )


register(HttpApi())

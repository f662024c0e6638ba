"""API Gateway's HTTP APIs, payload format 2.0 (Developer Guide, "Lambda proxy integrations for HTTP APIs")."""

from lambdatui.runner.gateways import payloads
from lambdatui.runner.gateways.kinds import GatewayKind
from lambdatui.runner.triggers.base import Option, OptionKind, register
from lambdatui.runner.triggers.gateway_trigger import GatewayTrigger


class HttpApi(GatewayTrigger):
    """A ``$default`` route; the integration's timeout is 30 s."""

    kind = "http-api"
    options = (Option("http-api", "API Gateway's v2 requests.", OptionKind.NUMBER, 0, 65_535, metavar="PORT"),)
    gateway = GatewayKind(
        kind,
        payloads.event_2,
        payloads.answer_2,
        failed=(500, '{"message":"Internal Server Error"}'),
        timed_out=(503, '{"message":"Service Unavailable"}'),
        throttled=(503, '{"message":"Service Unavailable"}'),
        limit_s=30.0,
    )


register(HttpApi())

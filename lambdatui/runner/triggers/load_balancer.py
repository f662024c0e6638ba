"""Application Load Balancers (Lambda Developer Guide, "Using Lambda with an Application Load Balancer")."""

from typing import Any

from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.gateways import payloads
from lambdatui.runner.gateways.kinds import GatewayKind
from lambdatui.runner.http.server import Request
from lambdatui.runner.triggers.base import Option, OptionKind, register
from lambdatui.runner.triggers.gateway_trigger import GatewayTrigger


def load_balancer_event(request: Request, *, api_id: str) -> dict[str, Any]:
    """The event that a target group sends to a Lambda function."""
    body, is_base64 = payloads.request_body(request)
    _, single = payloads.query_parameters(request)
    group = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{api_id}/0000000000000000"
    return {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": request.method,
        "path": request.target.partition("?")[0],
        "queryStringParameters": single or {},
        "headers": {**request.headers, "x-forwarded-for": request.peer, "x-forwarded-proto": "http"},
        "body": body or "",
        "isBase64Encoded": is_base64,
    }


class LoadBalancer(GatewayTrigger):
    """A target group without multi-value headers."""

    kind = "alb"
    options = (Option("alb", "A load balancer's requests.", OptionKind.NUMBER, 0, 65_535, metavar="PORT"),)
    gateway = GatewayKind(
        kind,
        load_balancer_event,
        payloads.answer_1,
        failed=(502, "<html><head><title>502 Bad Gateway</title></head></html>"),
        timed_out=(502, "<html><head><title>502 Bad Gateway</title></head></html>"),
        throttled=(503, "<html><head><title>503 Service Temporarily Unavailable</title></head></html>"),
    )


register(LoadBalancer())

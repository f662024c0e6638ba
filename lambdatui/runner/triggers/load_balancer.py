"""Application Load Balancers (Lambda Developer Guide, "Using Lambda with an Application Load Balancer")."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.gateways import answers, payloads
from lambdatui.runner.gateways.kinds import GatewayKind, Refusal
from lambdatui.runner.http.server import Request
from lambdatui.runner.triggers.base import Document, Option, OptionKind, register
from lambdatui.runner.triggers.gateway_trigger import GatewayTrigger


def load_balancer_event(call: payloads.FrontCall, *, multi_value: bool = False) -> dict[str, Any]:
    """The event that a target group sends to a Lambda function.

    Path and query are as the client encoded them. With ``multi_value`` headers and query have lists of all values,
    else the last value of each parameter.
    """
    request = call.request
    body, is_base64 = payloads.body_by_content_type(request)
    if body is not None and request.headers.get("content-encoding") and not is_base64:
        body, is_base64 = payloads.base64_body(request), True
    headers: dict[str, Any] = payloads.event_headers(call)
    query = _encoded_query(request)
    group = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{call.api_id}/0000000000000000"
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": request.method,
        "path": request.target.partition("?")[0],
    }
    if multi_value:
        event["multiValueQueryStringParameters"] = query
        event["multiValueHeaders"] = _header_lists(request, headers)
    else:
        event["queryStringParameters"] = {name: values[-1] for name, values in query.items()}
        event["headers"] = headers
    return event | {"body": body or "", "isBase64Encoded": is_base64}


def _encoded_query(request: Request) -> dict[str, list[str]]:
    """All values of each query parameter, not decoded."""
    values: dict[str, list[str]] = {}
    for pair in filter(None, request.query.split("&")):
        name, _, value = pair.partition("=")
        values.setdefault(name, []).append(value)
    return values


def _header_lists(request: Request, headers: Mapping[str, str]) -> dict[str, list[str]]:
    """All values of each of the event's headers."""
    sent: dict[str, list[str]] = {}
    for name, value in request.header_names:
        sent.setdefault(name.lower(), []).append(value)
    return {name: sent[name] if ",".join(sent.get(name, ())) == value else [value] for name, value in headers.items()}


def load_balancer_answer(payload: bytes, _: Request) -> answers.FrontAnswer:
    """The answer to a load balancer, an object with a status. Raises BadAnswer."""
    response = answers.answer_object(payload)
    if "statusCode" not in response:
        raise answers.BadAnswer("the answer has no statusCode")
    return answers.answer_of(response)


def _page(status: int) -> Refusal:
    """A load balancer's own answer."""
    title = f"{status} {HTTPStatus(status).phrase}"
    lines = ("<html>", f"<head><title>{title}</title></head>", "<body>", f"<center><h1>{title}</h1></center>")
    return status, "\r\n".join((*lines, "</body>", "</html>", ""))


class LoadBalancer(GatewayTrigger):
    """A target group, with or without multi-value headers."""

    kind = "alb"
    options = (
        Option("alb", "A load balancer's requests.", OptionKind.NUMBER, 0, 65_535, metavar="PORT"),
        Option("multi-value-headers", "With --alb: headers and queries as lists of all values.", OptionKind.FLAG),
    )
    gateway = GatewayKind(
        kind,
        load_balancer_event,
        load_balancer_answer,
        failed=_page(502),
        timed_out=_page(502),
        throttled=_page(503),
        gone=_page(502),
        too_large=_page(413),
        body_bytes=1 << 20,
        most_answer_bytes=1 << 20,
        headers=lambda _: {},
    )

    def document(self, values: Mapping[str, Any]) -> Document:
        """The port, and whether headers are lists."""
        multi_value = {"multi_value_headers": True} if values.get("multi_value_headers") else {}
        return super().document(values) | multi_value

    def gateway_of(self, document: Document) -> GatewayKind:
        """The kind of gateway with the document's form of headers."""
        if not document.get("multi_value_headers"):
            return self.gateway
        return replace(self.gateway, event=partial(load_balancer_event, multi_value=True))


register(LoadBalancer())

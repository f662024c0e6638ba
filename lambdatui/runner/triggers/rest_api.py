"""API Gateway's REST APIs, payload format 1.0 (Developer Guide, "Lambda proxy integrations in API Gateway")."""

import time
import uuid
from typing import Any
from urllib.parse import unquote

from lambdatui.runner.clock import now_s
from lambdatui.runner.functions import ACCOUNT
from lambdatui.runner.gateways import payloads
from lambdatui.runner.gateways.kinds import GatewayKind
from lambdatui.runner.http.server import Request
from lambdatui.runner.triggers.base import Option, OptionKind, register
from lambdatui.runner.triggers.gateway_trigger import GatewayTrigger


def event_1(request: Request, *, api_id: str) -> dict[str, Any]:
    """The event of payload format 1.0: a REST API with a ``{proxy+}`` resource."""
    now = now_s()
    body, is_base64 = payloads.request_body(request)
    path = unquote(request.target.partition("?")[0])
    multi, single = payloads.query_parameters(request)
    headers = {
        "-".join(part.capitalize() for part in name.split("-")): value for name, value in request.headers.items()
    }
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": single,
        "multiValueQueryStringParameters": multi,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api_id,
            "domainName": headers.get("Host", ""),
            "domainPrefix": api_id,
            "extendedRequestId": uuid.uuid4().hex,
            "httpMethod": request.method,
            "identity": {"sourceIp": request.peer, "userAgent": headers.get("User-Agent", "")},
            "path": f"/local{path}",
            "protocol": "HTTP/1.1",
            "requestId": str(uuid.uuid4()),
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": "local",
            "resourcePath": "/{proxy+}",
            "stage": "local",
        },
        "body": body,
        "isBase64Encoded": is_base64,
    }


class RestApi(GatewayTrigger):
    """A ``{proxy+}`` resource; the integration's timeout is 29 s."""

    kind = "rest-api"
    options = (Option("rest-api", "API Gateway's v1 requests.", OptionKind.NUMBER, 0, 65_535, metavar="PORT"),)
    gateway = GatewayKind(
        kind,
        event_1,
        payloads.answer_1,
        failed=(502, '{"message": "Internal server error"}'),
        timed_out=(504, '{"message": "Endpoint request timed out"}'),
        throttled=(500, '{"message": "Internal server error"}'),
        limit_s=29.0,
    )


register(RestApi())

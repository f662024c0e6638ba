"""API Gateway's REST APIs, payload format 1.0 (Developer Guide, "Lambda proxy integrations in API Gateway")."""

import base64
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import unquote

from lambdatui.runner.clock import now_s
from lambdatui.runner.functions import ACCOUNT
from lambdatui.runner.gateways import answers, payloads
from lambdatui.runner.gateways.kinds import GatewayKind
from lambdatui.runner.http.server import Request
from lambdatui.runner.triggers.base import Document, Option, OptionKind, register
from lambdatui.runner.triggers.gateway_trigger import GatewayTrigger

# API Gateway's own names for headers, whatever the client wrote; the others keep the client's letters.
_NAMES = {
    "authorization": "Authorization",
    "host": "Host",
    "user-agent": "User-Agent",
    "x-amzn-trace-id": "X-Amzn-Trace-Id",
    "x-forwarded-for": "X-Forwarded-For",
    "x-forwarded-port": "X-Forwarded-Port",
    "x-forwarded-proto": "X-Forwarded-Proto",
}
_NOT_PASSED_ON = frozenset({"content-length", "connection", "transfer-encoding", "keep-alive", "upgrade", "expect"})
_IDENTITY = (
    *("accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType"),
    *("cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn"),
)
_FIELDS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
# Headers of a function that API Gateway gives another name.
_REMAPPED = ("connection", "content-length", "date", "server", "www-authenticate")


def event_1(call: payloads.FrontCall, *, binary: tuple[str, ...] = ()) -> dict[str, Any]:
    """The event of payload format 1.0: a REST API with a ``{proxy+}`` resource, and these binary media types."""
    request, now = call.request, now_s()
    values = _header_values(call)
    headers = {name: each[-1] for name, each in values.items()}
    path = request.target.partition("?")[0]
    query = payloads.query_values(request)
    body: str | None = None
    is_base64 = bool(request.body) and is_binary(request.headers.get("content-type", ""), binary)
    if request.body:
        text = request.body.decode("utf-8", "replace")
        body = base64.b64encode(request.body).decode() if is_base64 else text
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": values,
        "queryStringParameters": {name: each[-1] for name, each in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": unquote(path.lstrip("/"))},
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": call.api_id,
            "deploymentId": "local",
            "domainName": headers.get("Host", ""),
            "domainPrefix": call.api_id,
            "extendedRequestId": _extended_id(call),
            "httpMethod": request.method,
            "identity": dict.fromkeys(_IDENTITY) | {"sourceIp": request.peer, "userAgent": headers.get("User-Agent")},
            "path": f"/local{path}",
            "protocol": "HTTP/1.1",
            "requestId": call.request_id,
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": "local",
            "resourcePath": "/{proxy+}",
            "stage": "local",
        },
        "body": body,
        "isBase64Encoded": is_base64,
    }


def _header_values(call: payloads.FrontCall) -> dict[str, list[str]]:
    """All values of each header, with the client's letters in the names but for those that API Gateway writes."""
    values: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    added = call.forwarded
    for name, value in (*call.request.header_names, *added.items()):
        lower = name.lower()
        if lower in _NOT_PASSED_ON or (lower in added and name not in added):
            continue
        spelling = _NAMES.get(lower) or spelled.setdefault(lower, name)
        values.setdefault(spelling, []).append(value)
    for name, value in added.items():
        values[_NAMES[name]] = [value]
    return values


def is_binary(media_types: str, binary: tuple[str, ...]) -> bool:
    """Whether the first of ``media_types``, a header's value, is one of an API's binary media types."""
    media_type = media_types.partition(",")[0].partition(";")[0].strip().lower()
    kind = media_type.partition("/")[0]
    return "*/*" in binary or (bool(media_type) and (media_type in binary or f"{kind}/*" in binary))


def answer_1(payload: bytes, request: Request, *, binary: tuple[str, ...] = ()) -> answers.FrontAnswer:
    """The answer of format 1.0: base64 is decoded for a client that accepts a binary media type. Raises BadAnswer."""
    response = answers.answer_object(payload)
    body = response.get("body")
    if not response or response.keys() - _FIELDS or not (body is None or isinstance(body, str)):
        raise answers.BadAnswer("Malformed Lambda proxy response")
    decode = is_binary(request.headers.get("accept", ""), binary)
    answer = answers.answer_of({"statusCode": 200, **response}, decode=decode)
    for name in _REMAPPED:
        if name in answer.headers:
            answer.headers[f"x-amzn-remapped-{name}"] = answer.headers.pop(name)
    return answer


def _headers(call: payloads.FrontCall) -> dict[str, str]:
    return {
        "x-amzn-RequestId": call.request_id,
        "x-amz-apigw-id": _extended_id(call),
        "X-Amzn-Trace-Id": call.trace,
    }


def _extended_id(call: payloads.FrontCall) -> str:
    """API Gateway's second id of a request: 16 characters of base64."""
    return base64.b64encode(bytes.fromhex(call.request_id.replace("-", ""))[:11]).decode()


class RestApi(GatewayTrigger):
    """A ``{proxy+}`` resource; the integration's timeout is 29 s."""

    kind = "rest-api"
    options = (
        Option("rest-api", "API Gateway's v1 requests.", OptionKind.NUMBER, 0, 65_535, metavar="PORT"),
        Option("binary-media-types", "With --rest-api, such as image/png,*/*.", metavar="TYPES"),
    )
    gateway = GatewayKind(
        kind,
        event_1,
        answer_1,
        failed=(502, '{"message": "Internal server error"}'),
        timed_out=(504, '{"message": "Endpoint request timed out"}'),
        throttled=(500, '{"message": "Internal server error"}'),
        gone=(500, '{"message": "Internal server error"}'),
        too_large=(413, '{"message": "Request Too Long"}'),
        limit_s=29.0,
        body_bytes=10 << 20,
        error_types={
            413: "RequestTooLargeException",
            500: "InternalServerErrorException",
            502: "InternalServerErrorException",
            504: "InternalServerErrorException",
        },
        headers=_headers,
    )

    def document(self, values: Mapping[str, Any]) -> Document:
        """The port, and the API's binary media types."""
        types = [one.strip().lower() for one in (values.get("binary_media_types") or "").split(",") if one.strip()]
        return super().document(values) | ({"binary_media_types": types} if types else {})

    def gateway_of(self, document: Document) -> GatewayKind:
        """The kind of gateway with the document's binary media types."""
        binary = tuple(document.get("binary_media_types", ()))
        if not binary:
            return self.gateway
        return replace(self.gateway, event=partial(event_1, binary=binary), answer=partial(answer_1, binary=binary))


register(RestApi())

"""HTTP requests as the events of function URLs, API Gateway (v2 and v1) and load balancers, and their answers back.

API Gateway Developer Guide, "Lambda proxy integrations" for HTTP and REST APIs; Lambda Developer Guide, "Invoking
Lambda function URLs" and "Using Lambda with an Application Load Balancer".
"""

import base64
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from collectors.model.errors import CaughtError
from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.http.server import Request
from lambdatui.runner.untrusted import parsed_json

_TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded")


@dataclass(slots=True)
class Answer:
    """What the client gets. ``cookies`` are whole Set-Cookie values."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)


class BadAnswer(CaughtError, ValueError):
    """The function's answer is none that the gateway can pass on."""


def _body(request: Request) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    kind = request.headers.get("content-type", "")
    if kind.startswith(_TEXT) or not kind:
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def version_2(request: Request, *, api_id: str, stage_path: str = "$default") -> dict[str, Any]:
    """Payload format 2.0: HTTP APIs and function URLs."""
    now = time.time()
    headers = {name: value for name, value in request.headers.items() if name != "cookie"}
    body, is_base64 = _body(request)
    path = request.target.partition("?")[0]
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(path),
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api_id,
            "domainName": headers.get("host", ""),
            "domainPrefix": api_id,
            "http": {
                "method": request.method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": request.peer,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": stage_path,
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": is_base64,
    }
    if cookies := request.headers.get("cookie"):
        event["cookies"] = [one.strip() for one in cookies.split(";")]
    if request.query:
        joined: dict[str, str] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        event["queryStringParameters"] = joined
    if body is not None:
        event["body"] = body
    return event


def version_1(request: Request, *, api_id: str) -> dict[str, Any]:
    """Payload format 1.0: REST APIs with a ``{proxy+}`` resource."""
    now = time.time()
    body, is_base64 = _body(request)
    path = unquote(request.target.partition("?")[0])
    multi, single = _query(request)
    headers = {"-".join(part.capitalize() for part in name.split("-")): v for name, v in request.headers.items()}
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


def load_balancer(request: Request, *, api_id: str) -> dict[str, Any]:
    body, is_base64 = _body(request)
    _, single = _query(request)
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


def _query(request: Request) -> tuple[dict[str, list[str]] | None, dict[str, str] | None]:
    multi: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        multi.setdefault(name, []).append(value)
    return multi or None, {name: values[-1] for name, values in multi.items()} or None


def answer_2(payload: bytes) -> Answer:
    """Format 2.0: an object with a status, or anything, which is the body of a 200."""
    try:
        found = parsed_json(payload or b"null")
    except ValueError:
        return Answer(200, payload, {"content-type": "application/json"})
    if isinstance(found, dict) and "statusCode" in found:
        return _answer(found)
    body = found if isinstance(found, str) else json.dumps(found)
    return Answer(200, body.encode(), {"content-type": "application/json"})


def answer_1(payload: bytes) -> Answer:
    """Format 1.0, and load balancers: nothing but an object with a status. BadAnswer."""
    try:
        found = parsed_json(payload or b"null")
    except ValueError as error:
        raise BadAnswer("Malformed Lambda proxy response") from error
    if not isinstance(found, dict) or "statusCode" not in found:
        raise BadAnswer("Malformed Lambda proxy response")
    return _answer(found)


def _answer(found: Mapping[str, Any]) -> Answer:
    try:
        status = int(found["statusCode"])
        if not 100 <= status <= 599:
            raise ValueError(status)
        body = found.get("body") or ""
        if not isinstance(body, str):
            body = json.dumps(body)
        data = base64.b64decode(body, validate=True) if found.get("isBase64Encoded") else body.encode()
        headers = {str(name).lower(): _text(value) for name, value in (found.get("headers") or {}).items()}
        cookies = [str(one) for one in found.get("cookies") or ()]
        for name, values in (found.get("multiValueHeaders") or {}).items():
            if name.lower() == "set-cookie":
                cookies += [str(one) for one in values]
            else:
                headers[name.lower()] = ",".join(map(_text, values))
    except (ValueError, TypeError, AttributeError) as error:
        raise BadAnswer(f"Malformed Lambda proxy response: {error}") from error
    headers.setdefault("content-type", "application/json")
    return Answer(status, data, headers, cookies)


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.replace("\r", " ").replace("\n", " ")

"""HTTP requests as events, and functions' answers as HTTP answers, where several kinds of gateways share the form.

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
from lambdatui.runner.clock import now_s
from lambdatui.runner.functions import ACCOUNT
from lambdatui.runner.http.server import Request
from lambdatui.runner.untrusted import parsed_json

_TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded")


@dataclass(slots=True)
class GatewayResponse:
    """An HTTP answer for the client; header names are lower case. ``cookies`` are whole values of Set-Cookie."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)


class BadAnswer(CaughtError, ValueError):
    """A function's answer without the form that the gateway needs; the text is AWS's."""


def request_body(request: Request) -> tuple[str | None, bool]:
    """The body for an event, and whether it is base64, which all but text is. None when there is no body."""
    if not request.body:
        return None, False
    content_type = request.headers.get("content-type", "")
    if content_type.startswith(_TEXT) or not content_type:
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def event_2(request: Request, *, api_id: str) -> dict[str, Any]:
    """The event of payload format 2.0: HTTP APIs and function URLs."""
    now = now_s()
    headers = {name: value for name, value in request.headers.items() if name != "cookie"}
    body, is_base64 = request_body(request)
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
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": is_base64,
    }
    if cookies := request.headers.get("cookie"):
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    if request.query:
        joined: dict[str, str] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        event["queryStringParameters"] = joined
    if body is not None:
        event["body"] = body
    return event


def query_parameters(request: Request) -> tuple[dict[str, list[str]] | None, dict[str, str] | None]:
    """All values of each query parameter, and the last value of each; None for both when there are none."""
    multi: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        multi.setdefault(name, []).append(value)
    return multi or None, {name: values[-1] for name, values in multi.items()} or None


def answer_2(payload: bytes) -> GatewayResponse:
    """The answer of format 2.0: an object with a status, or any value, which is the body of a 200. Raises BadAnswer."""
    try:
        value = parsed_json(payload or b"null")
    except ValueError:
        return GatewayResponse(200, payload, {"content-type": "application/json"})
    if isinstance(value, dict) and "statusCode" in value:
        return _answer_of(value)
    body = value if isinstance(value, str) else json.dumps(value)
    return GatewayResponse(200, body.encode(), {"content-type": "application/json"})


def answer_1(payload: bytes) -> GatewayResponse:
    """The answer of format 1.0 and of load balancers, which must be an object with a status. Raises BadAnswer."""
    try:
        value = parsed_json(payload or b"null")
    except ValueError as error:
        raise BadAnswer("Malformed Lambda proxy response") from error
    if not isinstance(value, dict) or "statusCode" not in value:
        raise BadAnswer("Malformed Lambda proxy response")
    return _answer_of(value)


def _answer_of(response: Mapping[str, Any]) -> GatewayResponse:
    try:
        status = int(response["statusCode"])
        if not 100 <= status <= 599:
            raise ValueError(status)
        body = response.get("body") or ""
        if not isinstance(body, str):
            body = json.dumps(body)
        data = base64.b64decode(body, validate=True) if response.get("isBase64Encoded") else body.encode()
        headers = {str(name).lower(): _text(value) for name, value in (response.get("headers") or {}).items()}
        cookies = [str(cookie) for cookie in response.get("cookies") or ()]
        for name, values in (response.get("multiValueHeaders") or {}).items():
            if name.lower() == "set-cookie":
                cookies += map(str, values)
            else:
                headers[name.lower()] = ",".join(map(_text, values))
    except (ValueError, TypeError, AttributeError) as error:
        raise BadAnswer(f"Malformed Lambda proxy response: {error}") from error
    headers.setdefault("content-type", "application/json")
    return GatewayResponse(status, data, headers, cookies)


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.replace("\r", " ").replace("\n", " ")

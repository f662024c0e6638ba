"""HTTP requests as events of payload format 2.0, and what all forms of events share.

API Gateway Developer Guide, "Lambda proxy integrations for HTTP APIs"; Lambda Developer Guide, "Invoking Lambda
function URLs". The other forms are in the modules of their triggers.
"""

import base64
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from lambdatui.runner.clock import now_s
from lambdatui.runner.functions import ACCOUNT
from lambdatui.runner.http.server import Request

_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
_TEXT_SUFFIXES = ("+json", "+xml")
# RFC 9110, 7.6.1: headers of one connection, which no event has.
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
)
# What a function URL tells of the connection. AWS's fronts take TLS only, so functions always find these.
_TLS = {"x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256", "x-amzn-tls-version": "TLSv1.3"}


@dataclass(frozen=True, slots=True)
class FrontCall:
    """A request at one of the fronts: the front's ``api_id``, and the ids under which AWS would trace the request.

    ``trace`` is the value of X-Amzn-Trace-Id that the function's event gets.
    """

    request: Request
    api_id: str
    request_id: str
    trace: str
    needs_iam: bool = False

    @property
    def forwarded(self) -> dict[str, str]:
        """The headers that every front adds: who called, how, and the trace."""
        before = self.request.headers.get("x-forwarded-for")
        return {
            "x-amzn-trace-id": self.trace,
            "x-forwarded-for": f"{before}, {self.request.peer}" if before else self.request.peer,
            "x-forwarded-port": str(self.request.port),
            "x-forwarded-proto": "http",
        }


def front_call(request: Request, api_id: str, *, needs_iam: bool = False) -> FrontCall:
    """The call that begins with ``request``; a trace that the client has begun goes on."""
    trace = request.headers.get("x-amzn-trace-id", "")
    if "Root=" not in trace:
        trace = f"Root=1-{int(now_s()):08x}-{uuid.uuid4().hex[:24]}"
    return FrontCall(request, api_id, str(uuid.uuid4()), trace, needs_iam)


def event_headers(call: FrontCall) -> dict[str, str]:
    """The request's headers and those that the front adds, by names in lower case."""
    headers = {name: value for name, value in call.request.headers.items() if name not in _HOP_BY_HOP}
    return headers | call.forwarded


def is_text(content_type: str) -> bool:
    """Whether a body of this content type goes into an event as it is, not as base64."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type.startswith(_TEXT) or media_type.endswith(_TEXT_SUFFIXES)


def body_by_content_type(request: Request) -> tuple[str | None, bool]:
    """The body for an event, and whether it is base64, which all but text is. None when there is no body."""
    if not request.body:
        return None, False
    if is_text(request.headers.get("content-type", "")):
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64_body(request), True


def base64_body(request: Request) -> str:
    """The body as base64."""
    return base64.b64encode(request.body).decode()


def event_2(call: FrontCall) -> dict[str, Any]:
    """The event of payload format 2.0: HTTP APIs."""
    request, now = call.request, now_s()
    headers = event_headers(call)
    cookies = headers.pop("cookie", None)
    body, is_base64 = body_by_content_type(request)
    path = unquote(request.target.partition("?")[0])
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": call.api_id,
            "domainName": headers.get("host", ""),
            "domainPrefix": call.api_id,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.peer,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": call.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": is_base64,
    }
    if cookies:
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    if request.query:
        joined: dict[str, str] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        event["queryStringParameters"] = joined
    if body is not None:
        event["body"] = body
    return event


def function_url_event(call: FrontCall) -> dict[str, Any]:
    """The event of a function URL: format 2.0, with the caller that IAM knows or ``anonymous``."""
    event = event_2(call)
    event["headers"] |= _TLS
    if call.needs_iam:
        event["requestContext"]["authorizer"] = {
            "iam": {
                "accessKey": _access_key(call.request),
                "accountId": ACCOUNT,
                "callerId": _access_key(call.request),
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": f"arn:aws:iam::{ACCOUNT}:root",
                "userId": _access_key(call.request),
            }
        }
    else:
        event["requestContext"]["accountId"] = "anonymous"
    return event


def _access_key(request: Request) -> str:
    """The access key id of a signed request (Signature Version 4, in the header or the query); "" for none."""
    credential = request.headers.get("authorization", "").partition("Credential=")[2]
    credential = credential or unquote(request.query).partition("X-Amz-Credential=")[2]
    return credential.partition("/")[0]


def query_values(request: Request) -> dict[str, list[str]]:
    """All values of each query parameter, decoded."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return values

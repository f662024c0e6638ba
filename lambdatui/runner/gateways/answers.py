"""Functions' answers as HTTP answers, in the forms of each front.

API Gateway Developer Guide, "Lambda proxy integrations" for HTTP and REST APIs; Lambda Developer Guide, "Invoking
Lambda function URLs" and "Using Lambda with an Application Load Balancer".
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.model.errors import CaughtError
from lambdatui.runner.untrusted import parsed_json

JSON = "application/json"


@dataclass(slots=True)
class FrontAnswer:
    """An HTTP answer for the client; header names are lower case. ``cookies`` are whole values of Set-Cookie."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)


class BadAnswer(CaughtError, ValueError):
    """A function's answer without the form that the gateway needs; the text is AWS's."""


def function_url_answer(payload: bytes) -> FrontAnswer:
    """The answer of a function URL: an object with a status, or any value, which is the body. Raises BadAnswer."""
    return _answer_2(payload, JSON)


def http_api_answer(payload: bytes) -> FrontAnswer:
    """The answer of an HTTP API, where an answer with a status and no content type is text. Raises BadAnswer."""
    return _answer_2(payload, "text/plain;charset=utf-8")


def _answer_2(payload: bytes, content_type: str) -> FrontAnswer:
    try:
        value = parsed_json(payload or b"null")
    except ValueError:
        return FrontAnswer(200, payload, {"content-type": JSON})
    if isinstance(value, dict) and "statusCode" in value:
        return answer_of(value, content_type)
    body = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return FrontAnswer(200, body.encode("utf-8", "surrogatepass"), {"content-type": JSON})


def answer_object(payload: bytes) -> dict[str, Any]:
    """The answer as an object, which REST APIs and load balancers need. Raises BadAnswer."""
    try:
        value = parsed_json(payload or b"null")
    except ValueError as error:
        raise BadAnswer("Malformed Lambda proxy response") from error
    if not isinstance(value, dict):
        raise BadAnswer("Malformed Lambda proxy response")
    return value


def answer_of(response: Mapping[str, Any], content_type: str = JSON, *, decode: bool = True) -> FrontAnswer:
    """The HTTP answer that an object with a status describes. Raises BadAnswer.

    ``content_type`` is that of an answer that gives none; ``decode``: a body that says that it is base64 is decoded.
    """
    try:
        status = int(response["statusCode"])
        if not 100 <= status <= 599:
            raise ValueError(status)
        body = response.get("body")
        if body is None:
            body = ""
        elif not isinstance(body, str):
            body = json.dumps(body)
        is_base64 = decode and response.get("isBase64Encoded")
        data = base64.b64decode(body, validate=True) if is_base64 else body.encode()
        headers = {str(name).lower(): _text(value) for name, value in (response.get("headers") or {}).items()}
        cookies = [str(cookie) for cookie in response.get("cookies") or ()]
        if "set-cookie" in headers:
            cookies.append(headers.pop("set-cookie"))
        for name, values in (response.get("multiValueHeaders") or {}).items():
            if not isinstance(values, list):
                raise TypeError(f"{name} is not a list")
            if name.lower() == "set-cookie":
                cookies += map(str, values)
            else:
                solo = [headers[name.lower()]] if name.lower() in headers else []
                headers[name.lower()] = ",".join([*map(_text, values), *solo])
    except (ValueError, TypeError, AttributeError) as error:
        raise BadAnswer(f"Malformed Lambda proxy response: {error}") from error
    headers.setdefault("content-type", content_type)
    return FrontAnswer(status, data, headers, cookies)


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.replace("\r", " ").replace("\n", " ")

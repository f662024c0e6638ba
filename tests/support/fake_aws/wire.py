"""AWS's protocols on the wire: which operation a request asks for, and an answer's bytes."""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.fake_aws import cbor
from tests.support.fake_aws.fleet import ACCOUNT, REGION

JSON, REST, QUERY, CBOR = "json", "rest-json", "query", "cbor"
_TYPES = {
    JSON: "application/x-amz-json-1.1", REST: "application/json", QUERY: "text/xml", CBOR: "application/cbor",
}  # fmt: skip
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. ``number`` counts the calls of its operation, from 1."""

    service: str
    operation: str
    request: dict[str, Any]
    protocol: str
    account: str
    region: str
    number: int = 0

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass(slots=True)
class Reply:
    """An answer, and what happens to it on its way. ``body`` is sent in place of ``answer`` where it is set."""

    status: int
    answer: Any
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None  # a Content-Length that is not the body's
    chunked: bool = False
    cut: bool = False  # the connection ends after the body, without the end of a chunked one
    reset: bool = False
    hang_s: float = 0.0  # before anything is sent
    trickle_s: float = 0.0  # between two bytes of the body

    def encoded(self, asked: Asked) -> bytes:
        return encode(asked, self.answer) if self.body is None else self.body


def refusal(asked: Asked, status: int, code: str, message: str) -> Reply:
    """An error as the protocol of the request spells it."""
    reply = Reply(status, {"__type": code, "message": message}, headers={"x-amzn-errortype": code})
    if asked.protocol == QUERY:
        said = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        reply.body = f"<ErrorResponse>{said}<RequestId>1</RequestId></ErrorResponse>".encode()
    return reply


def encode(asked: Asked, answer: Any) -> bytes:
    if asked.protocol == QUERY:
        name = asked.operation
        return f"<{name}Response><{name}Result>{_xml(answer)}</{name}Result></{name}Response>".encode()
    if asked.protocol == CBOR:
        return cbor.encode(answer)
    return json.dumps(answer).encode()


def content_type(protocol: str) -> str:
    return _TYPES[protocol]


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(each)}</{name}>" for name, each in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(each)}</member>" for each in value)
    return escape(str(value))


def decode(method: str, target: str, headers: Any, body: bytes) -> Asked:
    """What a request asks for; LookupError where it is nothing that AWS has."""
    found = _CREDENTIAL.search(headers.get("Authorization", ""))
    key, region, service = found.groups() if found else ("", REGION, "sts")
    account = key[-12:] if key[-12:].isdigit() else ACCOUNT
    service = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi"}.get(service, service)
    address = urlsplit(target)
    if name := headers.get("X-Amz-Target"):
        return Asked(service, name.rpartition(".")[2], json.loads(body or b"{}"), JSON, account, region)
    if "/operation/" in address.path:
        request = cbor.decode(body) if body else {}
        return Asked(service, address.path.rpartition("/")[2], request, CBOR, account, region)
    if address.path in ("", "/"):
        form = dict(parse_qsl(body.decode()))
        return Asked(service, form.pop("Action"), form, QUERY, account, region)
    query = dict(parse_qsl(address.query, keep_blank_values=True))
    for one_method, pattern, operation, fixed in _routes(service):
        found = pattern.fullmatch(address.path)
        if one_method == method and found and fixed.items() <= query.items():
            request = {name: unquote(value) for name, value in found.groupdict().items()}
            more = json.loads(body) if body[:1] == b"{" else {}
            return Asked(service, operation, query | request | more, REST, account, region)
    raise LookupError(f"{service} has no {method} {target}")


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], str, dict[str, str]]]:
    """The addresses of a REST service as its model spells them, those with a fixed query first."""
    from botocore.loaders import Loader

    routes = []
    for name, operation in Loader().load_service_model(service, "service-2")["operations"].items():
        path, _, query = operation["http"]["requestUri"].partition("?")
        pattern = "".join(
            f"(?P<{part[1:-1].rstrip('+')}>{'.+' if part.endswith('+}') else '[^/]+'})"
            if part[:1] == "{"
            else re.escape(part)
            for part in re.split(r"(\{[^}]+\})", path.rstrip("/"))
        )
        routes.append((operation["http"]["method"], re.compile(f"{pattern}/?"), name, dict(parse_qsl(query))))
    return sorted(routes, key=lambda each: -len(each[3]))

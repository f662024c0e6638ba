"""AWS's protocols on the wire: which operation a request asks for, with what, and how its answer is written.

Three are in use: JSON (1.0 and 1.1) with ``X-Amz-Target``, Smithy's RPC with CBOR, and the query protocol, whose
answers are XML. A client of CloudWatch may speak any of the three, depending on its age.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from lambdatui.runner.cloudwatch.cbor import Instant, decoded, encoded
from lambdatui.runner.errors import ApiError, serialization
from lambdatui.runner.http.server import Request
from lambdatui.runner.untrusted import parsed_json

# By the prefix of X-Amz-Target, which is the service's name in a path of Smithy's RPC too (botocore's models).
TARGETS = {
    "Logs_20140328": "logs",
    "GraniteServiceVersion20100801": "cloudwatch",
    "ResourceGroupsTaggingAPI_20170126": "tagging",
    "AnyScaleFrontendService": "application-autoscaling",
}
# By the query protocol's Version.
VERSIONS = {"2010-08-01": "cloudwatch", "2011-06-15": "sts"}
_NAMESPACES = {
    "cloudwatch": "http://monitoring.amazonaws.com/doc/2010-08-01/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
_RPC_PATH = re.compile(r"/service/(\w+)/operation/(\w+)")
_CONTROLS = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Wire:
    """How a request was written, and so its answer: ``json``, ``cbor`` or ``query``; the content type of answers."""

    protocol: str
    content_type: str


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A request of another API than Lambda's: botocore's names of service and operation, and its input.

    The input's times are numbers of epoch seconds or, in the query protocol, texts; all values of that are texts.
    """

    service: str
    operation: str
    input: Mapping[str, Any]
    wire: Wire


class Entries(dict[str, Any]):
    """A map with keys of the data; other objects of an answer are structures, which XML writes in another way."""


_CBOR = Wire("cbor", "application/cbor")
_QUERY = Wire("query", "text/xml")


def request_of(request: Request, path: str) -> AwsRequest:
    """What a request asks for. Raises ApiError where it cannot be read; a service that is not here has its prefix."""
    wire = wire_of(request, path)
    if wire.protocol == "query":
        return _query(request, wire)
    prefix, operation = _target(request, path)
    try:
        if wire.protocol == "cbor":
            document = decoded(request.body) if request.body else {}
        else:
            document = parsed_json(request.body) if request.body else {}
    except ValueError as error:
        raise serialization(str(error)) from error
    if not isinstance(document, dict):
        raise serialization("Start of structure or map found where not expected.")
    return AwsRequest(TARGETS.get(prefix, prefix), operation, document, wire)


def wire_of(request: Request, path: str) -> Wire:
    """How the answer to a request is written, also where the request cannot be read."""
    if path.startswith("/service/"):
        return _CBOR
    if "x-amz-target" in request.headers:
        version = "1.0" if "1.0" in request.headers.get("content-type", "") else "1.1"
        return Wire("json", f"application/x-amz-json-{version}")
    return _QUERY


def _target(request: Request, path: str) -> tuple[str, str]:
    """The service's prefix and the operation."""
    if match := _RPC_PATH.fullmatch(path):
        return match[1], match[2]
    prefix, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
    return prefix, operation


def _query(request: Request, wire: Wire) -> AwsRequest:
    try:
        form = dict(parse_qsl(request.query, keep_blank_values=True))
        form |= parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=100_000)
    except ValueError as error:
        raise serialization(f"it is no form: {error}") from error
    operation, version = form.pop("Action", ""), form.pop("Version", "")
    return AwsRequest(VERSIONS.get(version, version), operation, _nested(form), wire)


def _nested(form: Mapping[str, str]) -> dict[str, Any]:
    """``A.member.1.B=x`` as ``{"A": [{"B": "x"}]}``."""
    root: dict[str, Any] = {}
    for name, value in form.items():
        steps = name.split(".")
        inner = root
        for step in steps[:-1]:
            below = inner.setdefault(step, {})
            if not isinstance(below, dict):
                raise serialization(f"{name} is a value and a structure")
            inner = below
        inner[steps[-1]] = value
    return {name: _lists(value) for name, value in root.items()}


def _lists(value: Any) -> Any:
    """The same with ``member`` objects, whose keys are numbers, as lists in the numbers' order."""
    if not isinstance(value, dict):
        return value
    members = value.get("member")
    if isinstance(members, dict) and all(key.isdecimal() for key in members):
        return [_lists(members[key]) for key in sorted(members, key=int)]
    return {name: _lists(inner) for name, inner in value.items()}


# --- answers


def answer_body(asked: AwsRequest, answer: Mapping[str, Any], request_id: str) -> bytes:
    """An answer as its request's protocol writes it."""
    if asked.wire.protocol == "cbor":
        return encoded(answer)
    if asked.wire.protocol == "json":
        return json.dumps(answer, separators=(",", ":")).encode()
    name, namespace = asked.operation, _NAMESPACES.get(asked.service, "")
    return (
        f'<{name}Response xmlns="{namespace}"><{name}Result>{_xml(answer)}</{name}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


def error_answer(wire: Wire, error: ApiError, request_id: str) -> tuple[bytes, dict[str, str]]:
    """An error's body and headers."""
    message = str(error)
    if wire.protocol == "query":
        fault = "Sender" if error.status < 500 else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(error.code)}</Code>"
            f"<Message>{_escaped(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return body.encode(), {}
    document = {"__type": error.code, "message": message}
    body_bytes = encoded(document) if wire.protocol == "cbor" else json.dumps(document).encode()
    return body_bytes, {"x-amzn-ErrorType": error.code}


def _xml(value: Any) -> str:
    if isinstance(value, Entries):
        pairs = (f"<entry><key>{_xml(key)}</key><value>{_xml(inner)}</value></entry>" for key, inner in value.items())
        return "".join(pairs)
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return "".join(f"<member>{_xml(inner)}</member>" for inner in value)
    if isinstance(value, Instant):
        return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, bool):
        return "true" if value else "false"
    return _escaped(str(value))


def _escaped(text: str) -> str:
    """A text of XML, without the characters that XML cannot have."""
    return escape(_CONTROLS.sub("?", text))

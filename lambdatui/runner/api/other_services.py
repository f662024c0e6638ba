"""Refuses the requests of services that are not here, in their protocols: functions reach the runner instead of AWS.

The service is in the scope of a request's credentials (AWS IAM User Guide, "Create a signed AWS API request").
"""

import json
import re
import sys
from urllib.parse import unquote
from xml.sax.saxutils import escape

from lambdatui.runner.http.server import Request

# Credential=KEY/20261201/us-east-1/s3/aws4_request; the signatures of several regions leave the region out.
_SCOPE = re.compile(r"Credential=[^,&\s]*?/\d{8}/(?:[^/,&\s]+/)?([a-z0-9-]+)/aws4_request")
_ANSWERED = frozenset(
    {"lambda", "logs", "monitoring", "sts", "tagging", "application-autoscaling", "events", "scheduler"}
)
"""The signing names of the services of which the runner answers some operations."""
_CODE = "UnknownOperationException"
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_told: set[str] = set()


def foreign_service(request: Request) -> str | None:
    """The signing name of the service that a request is for, such as ``s3``; None where the runner answers it."""
    match = _SCOPE.search(request.headers.get("authorization") or unquote(request.query))
    if match is None:
        return "s3" if "AWSAccessKeyId=" in request.query else None  # an URL of S3, signed in the older way
    return match[1] if match[1] not in _ANSWERED else None


def refuse(request: Request, service: str, request_id: str) -> None:
    """Answer that ``service`` is not here, and say once on stderr what to do: an answer to HEAD has no text."""
    message = (
        f"the local runner has no {service}{_operation(request)}, and nothing was sent to AWS: start it with "
        f"--endpoint-url URL, or --endpoint-url {service}=URL, where something answers for it (or with "
        "--profile NAME to use AWS itself)"
    )
    if service not in _told:
        _told.add(service)
        sys.stderr.write(f"lambdatui runner: a request for {service} was refused: {message}\n")
    body, content_type = _body(request, service, message, request_id)
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": _CODE}
    if content_type == "application/cbor":
        headers["smithy-protocol"] = "rpc-v2-cbor"
    request.respond(403 if service.startswith("s3") else 400, body, headers, content_type)


def _operation(request: Request) -> str:
    """The operation in parentheses, where the protocol names one."""
    action = _ACTION.search(request.body) if request.method == "POST" else None
    name = request.headers.get("x-amz-target", "").rpartition(".")[2] or (action[1].decode() if action else "")
    if not name and "/operation/" in request.path:
        name = request.path.rpartition("/")[2]
    return f" ({name[:100]})" if name else ""


def _body(request: Request, service: str, message: str, request_id: str) -> tuple[bytes, str]:
    """The error as the request's protocol has it, and its content type."""
    if "smithy-protocol" in request.headers:
        from lambdatui.runner.cloudwatch.cbor import encoded

        return encoded({"__type": _CODE, "message": message}), "application/cbor"
    if "x-amz-target" in request.headers:
        return json.dumps({"__type": _CODE, "message": message}).encode(), request.headers.get("content-type", "")
    error = f"<Code>{_CODE}</Code><Message>{escape(message)}</Message>"
    if service.startswith("s3"):
        return f"<Error>{error}<RequestId>{request_id}</RequestId></Error>".encode(), "application/xml"
    if service == "ec2":
        text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        return text.encode(), "text/xml"
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if form or service in ("route53", "cloudfront"):
        text = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>{request_id}</RequestId>"
        return f"{text}</ErrorResponse>".encode(), "text/xml"
    return json.dumps({"message": message, "Message": message}).encode(), "application/json"

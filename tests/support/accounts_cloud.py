"""Several accounts and regions behind one fake: who asks is told by the access key, where by the signature."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict

from collectors.sources.cloudwatch.session import ReadOnlySession
from tests.support.aws import ACCOUNT, Answer, Canned, _Raw

_SIGNED = re.compile(r"Credential=(\w+)/\d+/([\w-]+)/")


class Cloud:
    """``answers['lambda:ListFunctions'] = function of the request``, which says its ``account`` and ``region``.

    An access key is ``testing`` (the profile's own account) or ``AK`` and an account's number, as ``assume`` gives it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, own: str = ACCOUNT, partition: str = "aws") -> None:
        self.own, self.partition = own, partition
        self.answers: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "sts:GetCallerIdentity": self._identity,
            "sts:AssumeRole": self.assume,
        }
        self.requests: list[tuple[str, dict[str, Any]]] = []
        make = ReadOnlySession._new

        def new(session: ReadOnlySession, service: str, **settings: Any) -> Any:
            client = make(session, service, **settings)
            client.meta.events.register_last("before-send", self._answer)
            return client

        monkeypatch.setattr(ReadOnlySession, "_new", new)

    def _answer(self, event_name: str, request: Any, **_: Any) -> AWSResponse:
        _, service_id, operation = event_name.split(".")
        service = {"cloudwatch-logs": "logs", "application-auto-scaling": "application-autoscaling"}.get(
            service_id, service_id
        )
        headers = {name.lower(): value for name, value in dict(request.headers).items()}
        said = headers["authorization"]
        signed = _SIGNED.search(said.decode() if isinstance(said, bytes) else said)
        assert signed is not None
        account = self.own if signed[1] == "testing" else signed[1].removeprefix("AK")
        asked = {"account": account, "region": signed[2]} | Canned._asked(request)
        name = f"{service}:{operation}"
        self.requests.append((name, asked))
        answer = self.answers.get(name, lambda _: {})(asked)
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return AWSResponse(request.url, status, HeadersDict({"content-type": "application/json"}), _Raw(raw))

    def _identity(self, asked: dict[str, Any]) -> Answer:
        account = asked["account"]
        arn = f"arn:{self.partition}:iam::{account}:user/me"
        return (
            f"<R><GetCallerIdentityResult><Account>{account}</Account><Arn>{arn}</Arn></GetCallerIdentityResult></R>"
        ).encode()

    def assume(self, asked: dict[str, Any], expires: str = "2099-01-01T00:00:00Z") -> Answer:
        account = asked["RoleArn"].split(":")[4]
        keys = (
            f"<AccessKeyId>AK{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        )
        credentials = f"<Credentials>{keys}<Expiration>{expires}</Expiration></Credentials>"
        return f"<R><AssumeRoleResult>{credentials}</AssumeRoleResult></R>".encode()

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [asked for name, asked in self.requests if name == operation]


def refused(operation: str, resource: str) -> Answer:
    """How STS says no."""
    said = f"User: arn:aws:iam::{ACCOUNT}:user/me is not authorized to perform: {operation} on resource: {resource}"
    body = f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{said}</Message></Error></ErrorResponse>"
    return 403, body.encode()  # type: ignore[return-value]

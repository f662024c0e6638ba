"""The one session through which AWS is read. boto3 is imported when a session is made, not before."""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from collectors.cloudwatch.calls import Calls, Limit
from collectors.cloudwatch.errors import reading
from collectors.cloudwatch.readings import ALLOWED
from collectors.source import SourceFailed

if TYPE_CHECKING:
    from collectors.cloudwatch.organization import AssumedRole


class ReadOnlyViolation(Exception):
    """A call that is not on the list was stopped before anything was sent. That is a bug of ours, not of AWS."""


class ReadOnlySession:
    """Makes clients that can call ``readings.READINGS`` and nothing else; counts what they send.

    Credentials and region are found as the AWS CLI finds them; ``role`` are those of a role instead, and ``label`` is
    what people call that account. ``limit_of(region)`` is what is asked before anything billed is sent (see ``Calls``).
    SourceFailed when the profile or region is missing.
    """

    def __init__(
        self,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        *,
        limit_of: Callable[[str], Limit] | None = None,
        role: "AssumedRole | None" = None,
        label: str = "",
    ) -> None:
        from boto3.session import Session
        from botocore.session import get_session

        from collectors.cloudwatch.answers import read_by
        from collectors.cloudwatch.models import share_models

        with reading("", profile or "the default profile"):
            core = get_session()
            read_by(core)
            if role is not None:
                core._credentials = role.credentials()  # type: ignore[attr-defined]
            self._session = Session(botocore_session=core, profile_name=profile, region_name=region)
            share_models(core)
        self.profile = profile
        self.label = " ".join(filter(None, (profile, label)))
        self._endpoint_url = endpoint_url
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        if not self._session.region_name:
            raise SourceFailed(
                profile or "the default profile", "it names no AWS region", "give --region, or set AWS_REGION"
            )
        self.region: str = self._session.region_name
        self.calls = Calls(limit_of(self.region) if limit_of else None)

    def client(self, service: str) -> Any:
        """The client of ``service``, which raises ReadOnlyViolation at any other call than the listed ones."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._new(service)
            return self._clients[service]

    def close(self) -> None:
        """Lets the clients go, and their memory; who needs one again gets a new one."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _new(self, service: str) -> Any:
        from botocore.config import Config

        # Adaptive: after a throttle it slows down by itself, instead of taking the account's quota from deployments.
        config = Config(
            retries={"mode": "adaptive", "max_attempts": 5},
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=16,
            user_agent_extra="lambdatui",
            # AWS's streams live at hosts of their own; beside another server's name there is no such host.
            inject_host_prefix=not self._elsewhere(service),
        )
        name: Any = service
        with reading("", f"{service} in {self.region}"):
            client = self._session.client(name, endpoint_url=self._endpoint_url, config=config)
        # On the client, not on the session: a profile that assumes a role gets its credentials through clients of
        # botocore's own, which must be able to call sts:AssumeRole. Both events come before a request is signed;
        # the first also stands before a presigned URL.
        client.meta.events.register_first("provide-client-params", _refuse)
        client.meta.events.register_first("before-call", _refuse)
        self.calls.listen(client)
        return client

    def _elsewhere(self, service: str) -> bool:
        """Whether another server than AWS's is asked, as the AWS CLI finds it."""
        named = (f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}", "AWS_ENDPOINT_URL")
        return bool(self._endpoint_url or any(os.environ.get(name) for name in named))


def _refuse(model: Any, **_: object) -> None:
    service, operation = model.service_model.service_name, model.name
    if (service, operation) not in ALLOWED:
        raise ReadOnlyViolation(f"{service}:{operation} is not on the list of what lambdatui may call")

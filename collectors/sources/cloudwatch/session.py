"""The one session through which AWS is read. botocore is imported when a session is made, not before."""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from collectors.model.errors import CaughtError
from collectors.model.records import Reject
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.allowed_calls import ALLOWED
from collectors.sources.cloudwatch.calls import Calls, Limit
from collectors.sources.cloudwatch.errors import NOT_ENABLED, error_code, is_of_credentials, is_unresolved, reading
from collectors.sources.cloudwatch.regions import REGION_VARIABLES

if TYPE_CHECKING:
    from collectors.sources.cloudwatch.assumed_role import AssumedRole
    from collectors.sources.cloudwatch.credentials import Profiles
    from collectors.sources.cloudwatch.transport import Breaker


class ReadOnlyViolation(CaughtError):
    """A call that is not in ``allowed_calls`` was stopped before anything was sent: a fault of this program, not of
    AWS.
    """


class ReadOnlySession:
    """Makes clients that can call the operations of ``allowed_calls.READINGS`` and nothing else, and counts what they
    send.

    Credentials come from ``role`` if it is given, else from the profile, as the AWS CLI resolves it. The region is
    ``region``, else the environment's (``regions.environment_region``), else the profile's. ``label`` is what people
    call the account. ``limit_of(region)`` makes the limit that is asked before anything billed is sent (see ``Calls``).
    Sessions with the same ``profiles`` share the credentials of equal profiles. A call takes at most ``call_s`` seconds
    (see ``transport``). SourceFailed where the profile or region is missing.
    """

    waits = True  # whether what is asked goes to AWS, at the pace that leaves room for others

    _rejects: tuple[Reject, ...] = ()

    def __init__(
        self,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        *,
        limit_of: Callable[[str], Limit] | None = None,
        profiles: "Profiles | None" = None,
        call_s: float | None = None,
        role: "AssumedRole | None" = None,
        label: str = "",
    ) -> None:
        from collectors.sources.cloudwatch import credentials, transport

        self._call_s = transport.CALL_S if call_s is None else call_s
        self._profile = (profiles or credentials.Profiles(self._call_s)).of(profile, region, endpoint_url, role)
        self.profile = profile
        self.label = " ".join(filter(None, (profile, label)))
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, bool], Any] = {}
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()
        named = region or self._profile.region
        if not named:
            raise SourceFailed(
                profile or "the default profile",
                "it names no AWS region",
                f"give --region, or set {REGION_VARIABLES[0]}",
            )
        self.region: str = named
        self._profile.regions.add(named)
        self.calls = Calls(limit_of(self.region) if limit_of else None)

    @property
    def stale(self) -> bool:
        """Whether the credentials failed: only a new session gets new ones."""
        return self._profile.dropped

    def begin(self) -> None:
        """Begins another collection: counts calls from 0, and tries again the services that hung in the last one."""
        self.calls.reset()
        for breaker in self._breakers.values():
            breaker.reset()

    @property
    def rejected(self) -> int:
        """How many values of the wrong type were in answers since ``take_rejects`` was last called."""
        return len(self._rejects)

    def take_rejects(self) -> list[Reject]:
        """The values of the wrong type that were in answers since this was last called."""
        taken, self._rejects = self._rejects, ()
        return list(taken)

    def client(self, service: str, *, retries: bool = True) -> Any:
        """The client of ``service``. It raises ReadOnlyViolation at any call that is not in ``allowed_calls``.

        Without ``retries`` a call that AWS refuses fails at once, for callers that have other things to do before they
        try again.
        """
        with self._lock:
            if (service, retries) not in self._clients:
                self._clients[service, retries] = self._new(service, retries=retries)
            return self._clients[service, retries]

    def close(self) -> None:
        """Closes the clients and frees their memory. Whoever asks for one again gets a new one."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _new(self, service: str, *, retries: bool = True) -> Any:
        from botocore.config import Config

        from collectors.sources.cloudwatch.transport import Breaker, Transport

        # Adaptive: after a throttle it slows down by itself, instead of taking the account's quota from deployments.
        config = Config(
            retries={"mode": "adaptive", "max_attempts": 5} if retries else {"total_max_attempts": 1},
            connect_timeout=self._call_s,
            read_timeout=self._call_s,
            max_pool_connections=16,
            user_agent_extra="lambdatui",
            # AWS's streams live at hosts of their own; beside another server's name there is no such host.
            inject_host_prefix=not self._elsewhere(service),
        )
        with reading("", f"{service} in {self.region}"):
            client = self._profile.client(
                service, region_name=self.region, endpoint_url=self._endpoint_url, config=config
            )
        # On the client, not on the session: a profile that assumes a role gets its credentials through clients of
        # botocore's own, which must be able to call sts:AssumeRole. Both events come before a request is signed;
        # the first also stands before a presigned URL.
        events = client.meta.events
        events.register_first("provide-client-params", _refuse)
        events.register_first("before-call", _refuse)
        events.register("after-call", self._answered)
        events.register("after-call-error", self._failed)
        breaker = self._breakers.setdefault(service, Breaker())
        Transport(client._endpoint.http_session, self._call_s, breaker).listen(client)
        self.calls.listen(client)  # after that, so that what is not sent is not counted
        return client

    def _answered(self, http_response: Any, parsed: Any, model: Any, **_: object) -> None:
        """Looks at each answer: counts values of the wrong type in a success; in an error, finds out whether the region
        is not enabled (noted in the error as ``NotEnabled``) or the credentials failed.
        """
        from collectors.sources.cloudwatch.tolerant_parsers import faults_of

        if http_response.status_code < 300:
            faults = [Reject("a value of the wrong kind", fault, model.name) for fault in faults_of(parsed)]
            self._rejects = (*self._rejects, *faults)
            return
        code = str((parsed.get("Error") or {}).get("Code", ""))
        if code in NOT_ENABLED and (works := self._profile.works_beside(self.region)):
            parsed["NotEnabled"] = self.region, works
        elif is_of_credentials(code):
            self._profile.dropped = True

    def _failed(self, exception: Any, **_: object) -> None:
        if is_unresolved(exception):
            if works := self._profile.works_beside(self.region):
                exception.not_enabled = self.region, works
        elif is_of_credentials(error_code(exception)) or is_of_credentials(exception):
            self._profile.dropped = True

    def _elsewhere(self, service: str) -> bool:
        """Whether calls go to another server than AWS's: by ``endpoint_url``, or by the variables that the AWS CLI
        reads.
        """
        named = (f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}", "AWS_ENDPOINT_URL")
        return bool(self._endpoint_url or any(os.environ.get(name) for name in named))


def _refuse(model: Any, **_: object) -> None:
    service, operation = model.service_model.service_name, model.name
    if (service, operation) not in ALLOWED:
        raise ReadOnlyViolation(f"{service}:{operation} is not on the list of what lambdatui may call")

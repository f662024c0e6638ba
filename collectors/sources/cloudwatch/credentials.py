"""Credentials, obtained once for each profile and shared by all its regions. Profiles with the same ``source_profile``
share that profile's credentials.

botocore's refreshable credentials are thread-safe, so one object serves every client. A person is asked for an MFA code
once, and a program (``credential_process``) is run once. A failure is not tried again for each region: it is raised
again for all of them until ``Profiles.renew``.
"""

import getpass
import os
import threading
import warnings
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import botocore.session
from botocore.credentials import Credentials

from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.answers import read_by
from collectors.sources.cloudwatch.assumed_role import AssumedRole
from collectors.sources.cloudwatch.errors import reading
from collectors.sources.cloudwatch.regions import environment_region
from collectors.sources.cloudwatch.transport import CALL_S, Breaker, Transport

# AWS Account Management Reference Guide, "Enable or disable AWS Regions": these are always enabled, others where an
# account opts in. Roles are assumed in one of them: in a region that is not enabled the call would fail.
ALWAYS_ENABLED = frozenset(
    {
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
        "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1",
        "eu-west-2", "eu-west-3", "sa-east-1", "cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1",
    }
)  # fmt: skip


def home_of(region: str) -> str:
    """The region of ``region``'s partition that is enabled in every account."""
    if region.startswith("cn-"):
        return "cn-north-1"
    return "us-gov-west-1" if region.startswith("us-gov-") else "us-east-1"


def _is_here(endpoint_url: str | None) -> bool:
    """Whether an endpoint is a port of this machine."""
    return urlsplit(endpoint_url or "").hostname in _LOOPBACK


_prompting = threading.Lock()


def _mfa_code(prompt: str) -> str:
    """Asks for an MFA code at the terminal, for one profile at a time. SourceFailed where there is no terminal."""
    with _prompting, warnings.catch_warnings():
        # Without a terminal getpass warns and reads stdin, which is a pipe when the screens started this process.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except (EOFError, OSError, getpass.GetPassWarning) as fault:
            raise SourceFailed(
                "credentials",
                f"an MFA code is wanted and there is no terminal to ask at ({prompt.rstrip(': ')})",
                "collect from a terminal, or give a profile whose credentials need no code",
            ) from fault


_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OTHER_STS = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")


class _Core(botocore.session.Session):
    """botocore's session. The clients that it makes for itself to get credentials have the same deadline for a call as
    ours.
    """

    call_s = CALL_S
    profile_label = ""
    endpoint_url: str | None = None

    def create_client(self, service: str, *args: Any, **named: Any) -> Any:  # type: ignore[override]
        if service == "sts" and not any(os.environ.get(name) for name in _OTHER_STS):
            named.setdefault("endpoint_url", self.endpoint_url)
        client: Any = super().create_client(service, *args, **named)
        Transport(client._endpoint.http_session, self.call_s, Breaker()).listen(client)
        asked: dict[str, Any] = {}

        def remember(params: Any, **_: object) -> None:
            asked.update(params)

        def annotate(http_response: Any, parsed: Any, model: Any, **_: object) -> None:
            if http_response.status_code >= 300:
                of = asked.get("RoleArn") or asked.get("roleName") or ""
                parsed["Refused"] = f"{model.service_model.service_name}:{model.name}", of, self.profile_label

        client.meta.events.register("provide-client-params", remember)
        client.meta.events.register("after-call", annotate)
        return client

    def own_client(self, *args: Any, **named: Any) -> Any:
        """A client for ReadOnlySession, which guards it itself."""
        return super().create_client(*args, **named)


class ProfileCredentials:
    """The configuration and credentials of one profile. SourceFailed where there is no such profile."""

    def __init__(
        self,
        name: str | None,
        region: str | None,
        sources: "Sources",
        endpoint_url: str | None = None,
        call_s: float = CALL_S,
        role: AssumedRole | None = None,
    ) -> None:
        """``region`` is where the profile is used first; ``endpoint_url`` is a server in place of AWS's.

        ``role`` is a role of another account: its credentials are used instead of the profile's own.
        """
        self.name = name
        self.label = f"profile {name}" if name else "the default profile"
        with reading("", self.label, name):
            self._core = core = _Core(profile=name)
            self._own = cast("Any", core)  # its private names are not in its stubs
            core.call_s, core.profile_label, core.endpoint_url = call_s, self.label, endpoint_url
            read_by(core)
            if name:
                core.get_scoped_config()  # raises ProfileNotFound
            if region_set := environment_region(os.environ):
                core.set_config_variable("region", region_set)
            self.region: str | None = core.get_config_variable("region")
        asking = self.region or region or ""
        self._own._last_client_region_used = asking if asking in ALWAYS_ENABLED else home_of(asking)
        self._sources = sources
        self._role = role
        self._lock = threading.RLock()
        self._failed: SourceFailed | None = None
        self._ready = False
        self.regions: set[str] = set()
        self.dropped = False

    def client(self, service: str, **named: Any) -> Any:
        """A new client with this profile's credentials. They are obtained first, so that it can send at once."""
        with self._lock, reading("", self.label, self.name):
            self._have_credentials()
            return self._core.own_client(service, **named)

    def _have_credentials(self) -> None:
        if self._failed is not None:
            raise self._failed
        if self._ready:
            return
        try:
            with reading("", self.label, self.name):
                if self._role is not None:
                    credentials = self._role.credentials()
                else:
                    credentials = self._sources.get(self.name, self._resolved) if self.name else self._resolved()
                if credentials is None and _is_here(self._core.endpoint_url):
                    # A server on this machine checks no signature, but a request without one cannot be made.
                    credentials = Credentials("local", "local")
                self._own._credentials = credentials
                if credentials is not None:
                    credentials.get_frozen_credentials()
        except SourceFailed as failed:
            self._failed, self.dropped = failed, True
            raise
        except Exception as fault:  # a program that is not there, or prints what are no credentials
            self.dropped = True
            self._failed = SourceFailed(
                self.label,
                f"its credentials cannot be had ({type(fault).__name__}: {fault})"[:300],
                "see ~/.aws/config",
            )
            raise self._failed from fault
        self._ready = True

    def _resolved(self) -> Any:
        """Credentials as botocore resolves them, but those of source profiles come from ``Sources``. None where there
        are none.
        """
        provider = self._core.get_component("credential_provider").get_provider("assume-role")
        provider._prompter = _mfa_code
        resolve = provider._resolve_credentials_from_profile
        provider._resolve_credentials_from_profile = lambda name: self._sources.get(name, lambda: resolve(name))
        return self._core.get_credentials()

    def works_beside(self, region: str) -> str:
        """A region other than ``region`` where AWS takes these credentials; empty where there is none."""
        own = {self.region} if self.region else set()
        for other in dict.fromkeys([home_of(region), *sorted(own | self.regions)]):
            if other == region:
                continue
            try:
                with reading("sts:GetCallerIdentity", other):
                    sts = self._core.create_client("sts", region_name=other)
                    sts.get_caller_identity()
            except SourceFailed:
                continue
            return other
        return ""


class Sources:
    """The credentials of source profiles by profile name, made by whichever profile needs them first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}
        self._had: dict[str, tuple[Any, Exception | None]] = {}

    def get(self, name: str, make: Callable[[], Any]) -> Any:
        """The credentials of profile ``name``, made by ``make`` the first time. What ``make`` raised is raised for
        every later caller.
        """
        with self._lock:
            lock = self._locks.setdefault(name, threading.RLock())
        with lock:
            if name not in self._had:
                try:
                    self._had[name] = make(), None
                except Exception as fault:
                    self._had[name] = None, fault
            credentials, failed = self._had[name]
        if failed is not None:
            raise failed
        return credentials

    def clear(self) -> None:
        """Forgets all credentials: they are made again when they are needed."""
        with self._lock:
            self._had = {}


class Profiles:
    """The profiles of a process: each is read once, and again only after its credentials failed."""

    def __init__(self, call_s: float = CALL_S) -> None:
        self._lock = threading.Lock()
        self._call_s = call_s
        self._profiles: dict[tuple[str | None, str], ProfileCredentials] = {}
        self._sources = Sources()

    def of(
        self,
        name: str | None,
        region: str | None,
        endpoint_url: str | None = None,
        role: AssumedRole | None = None,
    ) -> ProfileCredentials:
        """The credentials of profile ``name``, or of ``role``, which it assumes. ``region`` is another one in which
        they are used. Raises SourceFailed.
        """
        key = name, role.arn if role is not None else ""
        with self._lock:
            if key not in self._profiles:
                self._profiles[key] = ProfileCredentials(name, region, self._sources, endpoint_url, self._call_s, role)
            return self._profiles[key]

    def renew(self) -> None:
        """Begins another round: profiles whose credentials failed are read again, no others."""
        with self._lock:
            failed = [key for key, profile in self._profiles.items() if profile.dropped]
            for key in failed:
                del self._profiles[key]
            if failed:
                self._sources.clear()

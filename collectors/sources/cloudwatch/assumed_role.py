"""A role of another account: its credentials are obtained by assuming it."""

import threading
from collections.abc import Callable
from typing import Any, Protocol

from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.errors import reading

ASSUME = "sts:AssumeRole"
_SESSION_NAME = "lambdatui"


class Clients(Protocol):
    """Makes clients of AWS's services: a ``ReadOnlySession``."""

    def client(self, service: str) -> Any:
        """A client of the service, such as ``sts``."""


class AssumedRole:
    """The credentials of a role, obtained once for all regions of an account, and renewed before they expire.

    ``base()`` is the session that assumes the role. A refusal is raised again for each region without another call,
    until ``renew``.
    """

    def __init__(self, base: Callable[[], Clients], arn: str, external_id: str = "", where: str = "") -> None:
        self.arn = arn
        self._base = base
        self._external_id = external_id
        self._where = where or f"role {arn}"
        self._lock = threading.Lock()
        self._failed: SourceFailed | None = None
        self._credentials: Any = None

    def credentials(self) -> Any:
        """botocore's credentials. SourceFailed where the role cannot be assumed."""
        from botocore.credentials import DeferredRefreshableCredentials

        with self._lock:
            if self._failed is not None:
                raise self._failed
            if self._credentials is None:
                fresh = DeferredRefreshableCredentials(self._assumed, "assume-role")
                try:
                    fresh.get_frozen_credentials()
                except SourceFailed as failed:
                    self._failed = failed
                    raise
                self._credentials = fresh
            return self._credentials

    def renew(self) -> None:
        """Begins another collection: a role that was refused is tried again."""
        self._failed = None

    def _assumed(self) -> dict[str, Any]:
        asked = {"RoleArn": self.arn, "RoleSessionName": _SESSION_NAME}
        if self._external_id:
            asked["ExternalId"] = self._external_id
        try:
            with reading(ASSUME, self._where):
                answer = self._base().client("sts").assume_role(**asked)["Credentials"]
        except SourceFailed as failed:
            if not failed.denied:
                raise
            raise SourceFailed(
                self._where,
                f"{self.arn} cannot be assumed: AWS denied {failed.denied}, as it does where there is no such role",
                "'lambdatui iam-policy --role' prints what the caller needs, '--trust' whom the role has to trust",
                denied=failed.denied,
                resource=failed.resource or self.arn,
            ) from failed.__cause__
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }

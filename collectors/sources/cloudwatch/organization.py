"""The accounts of an organization, and one role that is assumed in each of them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from collectors.sources.base import Item, SourceFailed, Stored
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.errors import error_code, reading
from collectors.sources.cloudwatch.functions import answers
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource

LIST, ASSUME = "organizations:ListAccounts", "sts:AssumeRole"
_WHERE = "the accounts of the organization"
_A_PAGE = 20
_PAGES_A_SECOND, _AT_ONCE = 2.0, 10  # AWS Organizations quotas: ListAccounts 8 a second, and others ask too
_SESSION_NAME = "lambdatui"


@dataclass(frozen=True, slots=True)
class Member:
    """An account of the organization that is active, and what people call it."""

    account: str
    name: str


def members(client: Any, bucket: TokenBucket | None = None) -> tuple[list[Member], SourceFailed | None]:
    """The active accounts, by their numbers, and why these are not all."""
    bucket = bucket or TokenBucket(_PAGES_A_SECOND, _AT_ONCE)
    active: dict[str, Member] = {}
    failed: SourceFailed | None = None
    try:
        listed = answers(
            client.list_accounts, LIST, _WHERE, bucket, token=("NextToken", "NextToken"), MaxResults=_A_PAGE
        )
        for one in (each for page in listed for each in page.get("Accounts") or ()):
            if one.get("Id") and is_active(one):
                active[one["Id"]] = Member(one["Id"], str(one.get("Name") or ""))
    except SourceFailed as fault:
        failed = _explained(fault)
    return [active[account] for account in sorted(active)], failed


def is_active(account: Any) -> bool:
    """``State`` replaces ``Status``, which AWS gives until 2026-09-09. What says neither is taken to be active."""
    return (account.get("State") or account.get("Status") or "ACTIVE") == "ACTIVE"


def _explained(failed: SourceFailed) -> SourceFailed:
    if failed.denied:
        return SourceFailed(
            _WHERE,
            failed.meaning,
            f"only the management account and delegated administrators may list accounts: give a --profile of one that"
            f" is allowed {LIST}",
            denied=failed.denied,
            resource=failed.resource,
        )
    if error_code(failed) == "AWSOrganizationsNotInUseException":
        return SourceFailed(_WHERE, "the account is in no organization", "leave --organization out")
    return failed


class MemberSource(CloudWatchSource):
    """An account of an organization, one of hundreds: read when it is its turn, and let go then."""

    def __init__(self, session: ReadOnlySession, turns: AbstractContextManager[object], **settings: Any) -> None:
        super().__init__(session, **settings)
        self._turns = turns

    def items(self, stored: Stored, /) -> Iterator[Item]:
        with self._turns:
            try:
                yield from super().items(stored)
            finally:
                self._session.close()


class AssumedRole:
    """The credentials of a role, had once for all regions of an account, and had again before they expire.

    ``base()`` is the session that assumes it. What was refused is not asked again for each region, until ``renew``.
    """

    def __init__(self, base: Callable[[], ReadOnlySession], arn: str, external_id: str = "", where: str = "") -> None:
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
        """Another collection: what was refused is asked again."""
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

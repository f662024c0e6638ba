"""The accounts of an organization, each read by a role that is assumed in it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from collectors.sources.base import Item, SourceFailed, Stored
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.errors import error_code
from collectors.sources.cloudwatch.functions import answers
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource

LIST = "organizations:ListAccounts"
_WHERE = "the accounts of the organization"
_A_PAGE = 20
_PAGES_A_SECOND, _AT_ONCE = 2.0, 10  # AWS Organizations quotas: ListAccounts 8 a second, and others ask too


@dataclass(frozen=True, slots=True)
class Member:
    """An active account of the organization: its number and its name."""

    account: str
    name: str


def members(client: Any, bucket: TokenBucket | None = None) -> tuple[list[Member], SourceFailed | None]:
    """The active accounts, sorted by number, and the failure that cut the list short, if any."""
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
    """Whether an account is active: by ``State``, else by ``Status``, which AWS sends until 2026-09-09. With neither,
    it counts as active.
    """
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
    """One of perhaps hundreds of accounts: it waits for its turn to be read, and frees its clients afterwards."""

    def __init__(self, session: ReadOnlySession, turns: AbstractContextManager[object], **settings: Any) -> None:
        super().__init__(session, **settings)
        self._turns = turns

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """The account's items, once it is its turn. Its clients are closed at the end."""
        with self._turns:
            try:
                yield from super().items(stored)
            finally:
                self._session.close()

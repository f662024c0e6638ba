"""Collecting from accounts that are found by asking: an organization's, and those linked to a monitoring account."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import click

from collectors.model.units import HOUR_S
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.assumed_role import AssumedRole
from collectors.sources.cloudwatch.functions import account_and_arn
from collectors.sources.cloudwatch.linked_accounts import Link, LinkedSession, LinkedSource, links
from collectors.sources.cloudwatch.organization import Member, MemberSource, members
from collectors.sources.cloudwatch.policy import partition_of, role_arn
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource
from lambdatui.cli.collect.request import OrganizationRequest
from lambdatui.text.plain import plain
from lambdatui.views.scope import Scope

Openings = list[Callable[[], CloudWatchSource]]
Place = tuple[str | None, str | None]

AT_ONCE = 32  # accounts and regions of an organization that are read at the same time: memory goes by it
_LISTED_S = float(HOUR_S)  # how long a list of accounts is good for: new ones are rare, and their logs wait


class Sessions(Protocol):
    """What opens accounts: ``lambdatui.cli.collect.rounds``."""

    @property
    def profiles(self) -> Sequence[str]:
        """The AWS profiles that were asked for; empty for the usual one."""

    @property
    def regions(self) -> Sequence[str]:
        """The regions that were asked for; empty for the profile's."""

    def opening(self, profile: str | None, region: str | None, now_ms: int) -> Callable[[], CloudWatchSource]:
        """What opens the account of a profile in a region."""

    def session(
        self,
        profile: str | None,
        region: str | None,
        *,
        role: AssumedRole | None = None,
        label: str = "",
        kind: type[ReadOnlySession] = ReadOnlySession,
    ) -> ReadOnlySession:
        """Raises ``SourceFailed``."""

    def settings(self, now_ms: int) -> dict[str, Any]:
        """What is asked of every source of this round."""


class ManyAccounts:
    """Finds accounts, round by round. ``scope`` chooses among them."""

    def __init__(self, sessions: Sessions, scope: Scope) -> None:
        self._sessions = sessions
        self._scope = scope
        self._members: dict[str, Member] = {}
        self._listed_at: float | None = None
        self._roles: dict[str, AssumedRole] = {}
        self._told: set[str] = set()
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    # --- an organization ------------------------------------------------------------------------------------------

    def of_organization(self, asked: OrganizationRequest, now_ms: int) -> Openings:
        """The profile's own account as it is, every other active one by the role; what cannot be listed fails alone."""
        profile = next(iter(self._sessions.profiles), None)
        regions: Sequence[str | None] = self._sessions.regions or (None,)
        try:
            base = self._sessions.session(profile, regions[0])
            own, arn = account_and_arn(base.client("sts"), base.region, profile)
            partition = arn.split(":")[1] if arn.startswith("arn:") else partition_of(base.region)
        except SourceFailed as failed:
            return [_failing(failed)]
        openings: Openings = []
        if self._scope.holds(own, ""):
            openings += [self._sessions.opening(profile, region, now_ms) for region in regions]
        if not_listed := self._list(profile, regions[0]):
            openings.append(_failing(not_listed))
        for member in self._members.values():
            if member.account != own and self._scope.holds(member.account, ""):
                role = self._role(
                    member, profile, regions[0], role_arn(partition, member.account, asked.role_name), asked
                )
                openings += [self._of_member(member, role, (profile, region), now_ms) for region in regions]
        return openings

    def _of_member(
        self, member: Member, role: AssumedRole, place: Place, now_ms: int
    ) -> Callable[[], CloudWatchSource]:
        def opened() -> CloudWatchSource:
            session = self._sessions.session(*place, role=role, label=member.account)
            session.begin()
            return MemberSource(session, self._turns, **self._sessions.settings(now_ms))

        return opened

    def _list(self, profile: str | None, region: str | None) -> SourceFailed | None:
        """Lists the organization's accounts once an hour.

        Where not all can be listed, the last list's accounts are read on.
        """
        if self._listed_at is not None and time.monotonic() - self._listed_at < _LISTED_S:
            return None
        try:
            listed, failed = members(self._sessions.session(profile, region).client("organizations"))
        except SourceFailed as fault:
            return fault
        named = {member.account: member for member in listed}
        if failed is None:
            self._members, self._listed_at = named, time.monotonic()
        else:
            self._members |= named
        return failed

    def _role(
        self, member: Member, profile: str | None, region: str | None, arn: str, asked: OrganizationRequest
    ) -> AssumedRole:
        role = self._roles.get(member.account)
        if role is None:
            named = f"account {member.account}" + (f" ({member.name})" if member.name else "")
            role = AssumedRole(lambda: self._sessions.session(profile, region), arn, asked.external_id, named)
            self._roles[member.account] = role
        role.renew()
        return role

    # --- linked accounts ------------------------------------------------------------------------------------------

    def linked(self, places: Sequence[Place], now_ms: int) -> Openings:
        """The accounts linked to each profile's in each region, but for those that a profile reads itself."""
        openings: Openings = []
        found_links: list[tuple[Place, str, Link]] = []
        direct: set[str] = set()
        without: list[str] = []
        for profile, region in places:
            try:
                base = self._sessions.session(profile, region)
                own, _ = account_and_arn(base.client("sts"), base.region, profile)
                direct.add(own)
                here, not_listed = links(base.client("oam"), base.region)
            except SourceFailed as failed:
                openings.append(_failing(failed))
                continue
            if not_listed is not None:
                openings.append(_failing(not_listed))
            elif not here:
                what = (
                    "no account is linked to it" if here is not None else "it has no sink: it is no monitoring account"
                )
                without.append(f"{own} in {base.region}: {what}")
            found_links += [((profile, region), own, link) for link in here or ()]
        if without and not found_links and not openings:
            what_to_do = "leave --linked out, or name a monitoring account's --profile and --region"
            openings.append(_failing(SourceFailed("linked accounts", "; ".join(without), what_to_do)))
        else:
            self._tell(without)
        for place, own, link in found_links:
            if link.account not in direct and self._scope.holds(link.account, ""):
                openings.append(self._opening(place, own, link, now_ms))
        return openings

    def _opening(self, place: Place, own: str, link: Link, now_ms: int) -> Callable[[], CloudWatchSource]:
        def opened() -> CloudWatchSource:
            label = f"linked {link.account}"
            session = self._sessions.session(*place, label=label, kind=LinkedSession)
            assert isinstance(session, LinkedSession)
            session.begin()
            about = session.about(link.account, partition_of(session.region))
            return LinkedSource(about, link, own, **self._sessions.settings(now_ms))

        return opened

    def _tell(self, notes: Sequence[str]) -> None:
        """Reports each problem once, however many rounds there are."""
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                click.echo(plain(f"lambdatui collect: linked accounts: {note}"), err=True)


def _failing(failed: SourceFailed) -> Callable[[], CloudWatchSource]:
    """A source that fails in a round, for one that could not be opened, beside the others."""

    def opened() -> CloudWatchSource:
        raise failed

    return opened

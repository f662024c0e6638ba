"""Collections from CloudWatch as the command line asks for them: once, or again and again."""

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from collectors.ingest.many_sources import UnfinishedSources, collect_accounts
from collectors.ingest.results import Collected
from collectors.ingest.source_reader import Opening
from collectors.model.clock import now_ms as clock_now_ms
from collectors.model.clock import now_s as clock_now_s
from collectors.model.errors import ExitCode
from collectors.model.units import DAY_S
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource
from collectors.store.errors import StoreError, StoreLocked, StoreMissing, damaged
from collectors.store.integrity.scrub import scrub
from collectors.store.write.retention import Retention, retain
from lambdatui.cli.collect.progress import CollectProgress
from lambdatui.cli.collect.request import CollectRequest
from lambdatui.cli.older_lines import count_older_lines
from lambdatui.cli.service import Service
from lambdatui.cli.spending import Spending
from lambdatui.settings.context import CommandContext
from lambdatui.text import figures
from lambdatui.text.plain import plain
from lambdatui.views.scope import Scope

if TYPE_CHECKING:
    from collectors.ingest.notifiers import Notifications
    from collectors.sources.cloudwatch.assumed_role import AssumedRole
    from collectors.sources.cloudwatch.credentials import Profiles
    from lambdatui.cli.collect.accounts import ManyAccounts

_SCRUB_EVERY_S = float(DAY_S)
_LONGEST_PAUSE_S = 600.0  # after many rounds in which nothing could be read


def _later_than(at: float) -> Callable[[], bool]:
    """Whether it is later than a time of the clock."""
    return lambda: clock_now_s() >= at


class Rounds:
    """Collections from all accounts and regions that were asked for, one after the other.

    Sessions are used again in the next round. Where credentials failed, the next round makes a new session, because
    that is how renewed tokens are read.
    """

    def __init__(
        self,
        request: CollectRequest,
        context: CommandContext,
        budget: Decimal | None,
        *,
        quiet: bool = False,
        lines: bool = False,
    ) -> None:
        self._request = request
        self._context = context
        self._spending = Spending(budget)
        self._quiet = quiet
        self._lines = lines
        self._retention = Retention(context.retention)
        self._going_on = UnfinishedSources()
        self._wanted: Callable[[str], bool] | None = None
        self._sessions: dict[tuple[str | None, str | None, str], ReadOnlySession] = {}

    @cached_property
    def _profiles(self) -> "Profiles":
        from collectors.sources.cloudwatch.credentials import Profiles

        return Profiles()

    def openings(self, now_ms: int | None = None) -> list[Callable[[], CloudWatchSource]]:
        """One for each profile and region, or account and region. Raises StoreError."""
        at_ms = clock_now_ms() if now_ms is None else now_ms
        request = self._request
        self._wanted = self._wanted_now()
        if request.organization is not None:
            return self._many.of_organization(request.organization, at_ms)
        places = [(profile, region) for profile in request.profiles or (None,) for region in request.regions or (None,)]
        found = [self.opening(profile, region, at_ms) for profile, region in places]
        return [*found, *self._many.linked(places, at_ms)] if request.linked else found

    @cached_property
    def _many(self) -> "ManyAccounts":
        from lambdatui.cli.collect.accounts import ManyAccounts

        return ManyAccounts(self, Scope(accounts=self._context.accounts))

    @property
    def profiles(self) -> Sequence[str]:
        """The AWS profiles that were asked for; empty for the usual one."""
        return self._request.profiles

    @property
    def regions(self) -> Sequence[str]:
        """The regions that were asked for; empty for the profile's."""
        return self._request.regions

    def opening(self, profile: str | None, region: str | None, now_ms: int) -> Callable[[], CloudWatchSource]:
        """What opens the account of a profile in a region, as it is at ``now_ms`` (epoch ms)."""

        def opened() -> CloudWatchSource:
            session = self.session(profile, region)
            session.begin()
            return CloudWatchSource(session, **self.settings(now_ms))

        return opened

    def session(
        self,
        profile: str | None,
        region: str | None,
        *,
        role: "AssumedRole | None" = None,
        label: str = "",
        kind: type[ReadOnlySession] = ReadOnlySession,
    ) -> ReadOnlySession:
        """The one that was made before, or a new one where its credentials failed. SourceFailed."""
        key = profile, region, label
        session = self._sessions.get(key)
        if session is None or session.stale:
            session = kind(
                profile, region, self._request.endpoint_url,
                limit_of=self._spending.limit, profiles=self._profiles, role=role, label=label,
            )  # fmt: skip
            self._sessions[key] = session
        return session

    def settings(self, now_ms: int) -> dict[str, Any]:
        """What is asked of every source of this round."""
        request = self._request
        return {
            "since_ms": now_ms - request.since_ms,
            "now_ms": now_ms,
            "logs": request.logs,
            "features": request.features,
            "newest_first": request.newest_first,
            "wanted": self._wanted,
            "details": request.details,
        }

    def _wanted_now(self) -> Callable[[str], bool] | None:
        """Which functions are read; None: all. Those that are known not to have the tags are not. Raises StoreError."""
        scope = Scope(functions=self._context.functions, tags=self._context.tags)
        if not scope.tags:
            return scope.wants if scope else None
        from lambdatui.views.scope import may_have

        return may_have(self._context.db, scope)

    def once(
        self, stopped: Callable[[], bool] = lambda: False, over: Callable[[], bool] = lambda: False
    ) -> Sequence[Collected]:
        """One collection from all sources, or as much of it as there is when it is ``over``. Raises StoreError."""
        now_ms = clock_now_ms()
        self._profiles.renew()
        openings: list[Opening] = list(self.openings(now_ms))
        progress = CollectProgress(self._spending, quiet=self._quiet, lines=self._lines)
        try:
            done = collect_accounts(
                openings, db=self._context.db, now_ms=now_ms, wait=self._request.wait, progress=progress,
                stopped=stopped, over=over, going_on=self._going_on,
            )  # fmt: skip
        finally:
            progress.end()
        count_older_lines(self._context.db, stopped=stopped)
        return done

    def watch(
        self,
        every_s: float,
        say: Callable[[Sequence[Collected]], None],
        notifications: "Notifications | None" = None,
    ) -> int:
        """Collects every ``every_s`` seconds until SIGTERM or SIGINT, or the budget is reached.

        ``notifications`` tell after each round what newly went wrong in it.

        Faults do not end it: a source that cannot be reached is tried again, after ever longer pauses where nothing
        at all could be read. A machine that slept goes on where it was, by what the store has. A round ends when the
        next is due, with what was had: sources that are not finished go on, and the others begin again.
        """
        service = Service()
        service.listen()
        service.ready()
        faults, looked_through = 0, -_SCRUB_EVERY_S
        while not service.stopped.is_set():
            began = clock_now_s()
            try:
                done = self.once(service.stopped.is_set, _later_than(began + every_s))
            except StoreLocked as locked:
                done = []
                service.state(f"waiting: {locked}")
            except Exception as error:  # whatever it is: a watch goes on, and says so
                done, faults = [], faults + 1
                known = isinstance(error, StoreError | SourceFailed | OSError)
                service.state(f"failed, goes on: {error if known else f'{type(error).__name__}: {error}'}")
            if done:
                failed = [source for source in done if source.failures]
                faults = faults + 1 if len(failed) == len(done) else 0
                say(done)
                service.state(self._state(done, failed))
                for problem in notifications.after_round(done, clock_now_ms()) if notifications else ():
                    service.state(problem)
                if any(source.over_budget for source in done):
                    service.stopping()
                    return ExitCode.OVER_BUDGET
            self._retain(service)
            if time.monotonic() >= looked_through + _SCRUB_EVERY_S:
                looked_through = time.monotonic()
                self._scrub(service)
            pause_s = every_s if not faults else min(every_s * 2 ** min(faults, 6), max(every_s, _LONGEST_PAUSE_S))
            self._sleep(service, began + pause_s)
        service.stopping()
        return ExitCode.DONE

    def _retain(self, service: Service) -> None:
        """Deletes part of what is older than the configuration retains; skips a store that another process writes."""
        try:
            deleted = retain(self._context.db, self._retention, clock_now_ms(), service.stopped.is_set)
        except (StoreLocked, StoreMissing):
            return
        except Exception as error:  # a watch goes on collecting
            service.state(f"nothing could be pruned, goes on: {error}")
            return
        if deleted.invocations or deleted.log_lines:
            counts = {"invocations": deleted.invocations, "log lines": deleted.log_lines}
            service.state(f"pruned for their age: {figures.tally(counts)}")

    def _scrub(self, service: Service) -> None:
        """Checks part of the store for damage that no single read sees."""
        try:
            problem = scrub(self._context.db)
        except StoreMissing:
            return
        except Exception as error:  # a watch goes on collecting
            service.state(f"the store could not be looked through, goes on: {error}")
            return
        if problem is not None:
            service.state(plain(f"{damaged(self._context.db)} ({problem})"))

    def _state(self, done: Sequence[Collected], failed: Sequence[Collected]) -> str:
        fine = f"{len(done) - len(failed)} of {figures.counted(len(done), 'source')} read, "
        if going_on := sum(bool(one.unfinished) for one in done):
            fine += f"{going_on} not finished, going on, "
        fine += figures.counted(sum(one.events for one in done), "event")
        troubled = f"; failing: {failed[0].failures[0]}" if failed else ""
        return f"{fine}, {figures.money(self._spending.spent)} since the start{troubled}"

    def _sleep(self, service: Service, until: float) -> None:
        """Until a time of the clock, not for a while: after the machine slept, the next round is due at once."""
        while not service.stopped.is_set() and (left := until - clock_now_s()) > 0:
            service.stopped.wait(min(left, 5.0))

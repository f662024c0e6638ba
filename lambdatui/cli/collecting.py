"""Collections from CloudWatch as the command line asks for them: once, or again and again."""

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.cloudwatch.session import ReadOnlySession
from collectors.cloudwatch.source import CloudWatchSource
from collectors.collecting import Collected, GoingOn, Opening, collect_accounts
from collectors.source import SourceFailed
from collectors.store.open import StoreError, StoreLocked, StoreMissing, damaged
from collectors.store.retention import Retention, retain
from collectors.store.scrub import scrub
from lambdatui import text
from lambdatui.cli.collect_progress import CollectProgress
from lambdatui.cli.context import Context
from lambdatui.cli.main import DONE, OVER_BUDGET
from lambdatui.cli.older_lines import count_older_lines
from lambdatui.cli.service import Service
from lambdatui.cli.spending import Spending
from lambdatui.views.narrow import Narrow

if TYPE_CHECKING:
    from collectors.cloudwatch.credentials import Profiles
    from lambdatui.cli.collect import Asked

_SCRUB_EVERY_S = 86_400.0
_LONGEST_PAUSE_S = 600.0  # after many rounds in which nothing could be read


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _after(at: float) -> Callable[[], bool]:
    """Whether it is later than a time of the clock."""
    return lambda: time.time() >= at


class Collecting:
    """Sessions are kept from round to round; where credentials failed they are had anew, as tokens are renewed so."""

    def __init__(
        self, asked: "Asked", context: Context, budget: Decimal | None, *, quiet: bool = False, lines: bool = False
    ) -> None:
        self._asked = asked
        self._context = context
        self._spending = Spending(budget)
        self._quiet = quiet
        self._lines = lines
        self._retention = Retention(context.retention)
        self._going_on = GoingOn()
        self._sessions: dict[tuple[str | None, str | None], ReadOnlySession] = {}

    @cached_property
    def _profiles(self) -> "Profiles":
        from collectors.cloudwatch.credentials import Profiles

        return Profiles()

    def openings(self, now_ms: int | None = None) -> list[Callable[[], CloudWatchSource]]:
        """One for each profile and region. Raises StoreError."""
        at_ms = _now_ms() if now_ms is None else now_ms
        asked, wanted = self._asked, self._wanted()
        return [
            self._opening(profile, region, at_ms, wanted)
            for profile in asked.profiles or (None,)
            for region in asked.regions or (None,)
        ]

    def _opening(
        self, profile: str | None, region: str | None, now_ms: int, wanted: Callable[[str], bool] | None
    ) -> Callable[[], CloudWatchSource]:
        asked = self._asked

        def opened() -> CloudWatchSource:
            session = self._sessions.get((profile, region))
            if session is None or session.stale:
                session = ReadOnlySession(
                    profile, region, asked.endpoint_url, limit_of=self._spending.limit, profiles=self._profiles
                )
                self._sessions[profile, region] = session
            session.begin()
            return CloudWatchSource(
                session,
                since_ms=now_ms - asked.since_ms,
                now_ms=now_ms,
                logs=asked.logs,
                features=asked.features,
                newest_first=asked.newest_first,
                wanted=wanted,
                details=asked.details,
            )

        return opened

    def _wanted(self) -> Callable[[str], bool] | None:
        """Which functions are read; None: all. Those that are known not to have the tags are not. Raises StoreError."""
        narrow = Narrow(functions=self._context.functions, tags=self._context.tags)
        if not narrow.tags:
            return narrow.wants if narrow else None
        from lambdatui.views.tagged import may_have

        return may_have(self._context.db, narrow)

    def once(
        self, stopped: Callable[[], bool] = lambda: False, over: Callable[[], bool] = lambda: False
    ) -> Sequence[Collected]:
        """One collection from all sources, or as much of it as there is when it is ``over``. Raises StoreError."""
        now_ms = _now_ms()
        self._profiles.renew()
        openings: list[Opening] = list(self.openings(now_ms))
        progress = CollectProgress(self._spending, quiet=self._quiet, lines=self._lines)
        try:
            done = collect_accounts(
                openings, db=self._context.db, now_ms=now_ms, wait=self._asked.wait, progress=progress, stopped=stopped,
                over=over, going_on=self._going_on,
            )  # fmt: skip
        finally:
            progress.end()
        count_older_lines(self._context.db, stopped=stopped)
        return done

    def watch(self, every_s: float, say: Callable[[Sequence[Collected]], None]) -> int:
        """Collects every ``every_s`` seconds until SIGTERM or SIGINT, or the budget is reached.

        Faults do not end it: a source that cannot be reached is tried again, after ever longer pauses where nothing
        at all could be read. A machine that slept goes on where it was, by what the store has. A round ends when the
        next is due, with what was had: sources that are not finished go on, and the others begin again.
        """
        service = Service()
        service.listen()
        service.ready()
        faults, looked_through = 0, -_SCRUB_EVERY_S
        while not service.stopped.is_set():
            began = time.time()
            try:
                done = self.once(service.stopped.is_set, _after(began + every_s))
            except StoreLocked as locked:
                done = []
                service.state(f"waiting: {locked}")
            except Exception as error:  # whatever it is: a watch goes on, and says so
                done, faults = [], faults + 1
                known = isinstance(error, StoreError | SourceFailed | OSError)
                service.state(f"failed, goes on: {error if known else f'{type(error).__name__}: {error}'}")
            if done:
                failed = [one for one in done if one.failures]
                faults = faults + 1 if len(failed) == len(done) else 0
                say(done)
                service.state(self._state(done, failed))
                if any(one.over_budget for one in done):
                    service.stopping()
                    return OVER_BUDGET
            self._retain(service)
            if time.monotonic() >= looked_through + _SCRUB_EVERY_S:
                looked_through = time.monotonic()
                self._scrub(service)
            pause_s = every_s if not faults else min(every_s * 2 ** min(faults, 6), max(every_s, _LONGEST_PAUSE_S))
            self._sleep(service, began + pause_s)
        service.stopping()
        return DONE

    def _retain(self, service: Service) -> None:
        """Deletes what is older than the configuration keeps, for a while; a store that is written waits."""
        try:
            deleted = retain(self._context.db, self._retention, _now_ms(), service.stopped.is_set)
        except (StoreLocked, StoreMissing):
            return
        except Exception as error:  # a watch goes on collecting
            service.state(f"nothing could be pruned, goes on: {error}")
            return
        if deleted.invocations or deleted.log_lines:
            figures = {"invocations": deleted.invocations, "log lines": deleted.log_lines}
            service.state(f"pruned for their age: {text.tally(figures)}")

    def _scrub(self, service: Service) -> None:
        """Looks for damage that no single read sees."""
        try:
            problem = scrub(self._context.db)
        except StoreMissing:
            return
        except Exception as error:  # a watch goes on collecting
            service.state(f"the store could not be looked through, goes on: {error}")
            return
        if problem is not None:
            service.state(text.plain(f"{damaged(self._context.db)} ({problem})"))

    def _state(self, done: Sequence[Collected], failed: Sequence[Collected]) -> str:
        fine = f"{len(done) - len(failed)} of {text.counted(len(done), 'source')} read, "
        if going_on := sum(bool(one.unfinished) for one in done):
            fine += f"{going_on} not finished, going on, "
        fine += text.counted(sum(one.events for one in done), "event")
        troubled = f"; failing: {failed[0].failures[0]}" if failed else ""
        return f"{fine}, {text.money(self._spending.spent)} since the start{troubled}"

    def _sleep(self, service: Service, until: float) -> None:
        """Until a time of the clock, not for a while: after the machine slept, the next round is due at once."""
        while not service.stopped.is_set() and (left := until - time.time()) > 0:
            service.stopped.wait(min(left, 5.0))


class CollectingRunner(Collecting):
    """A local runner's log, round by round: ``read`` is one collection of it."""

    def __init__(self, read: Callable[[], Collected], context: Context) -> None:
        from lambdatui.cli.collect import Asked

        super().__init__(Asked((), (), 0, None, "none", (), False, 0, False), context, None)
        self._read = read

    def once(
        self, stopped: Callable[[], bool] = lambda: False, over: Callable[[], bool] = lambda: False
    ) -> Sequence[Collected]:
        return [self._read()]

"""Log lines as they are written: StartLiveTail, and FilterLogEvents every few seconds where that cannot be had."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.cloudwatch.calls import Calls
from collectors.cloudwatch.errors import is_hopeless, reading
from collectors.cloudwatch.log_events import event_blocks, pace
from collectors.cloudwatch.log_groups import LogGroup
from collectors.model import LogEvent, Reject
from collectors.source import SourceFailed

OPERATION = "logs:StartLiveTail"
MOST_GROUPS = 10  # CloudWatch Logs quotas, StartLiveTail: also 500 events a second, 3 hours, 15 sessions
LIVE, POLLING = "live", "polling"
POLL_S = 2.0
_LATE_MS = 30_000  # how far back each poll looks again
_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Tailed:
    """What came in one go. ``sampled``: AWS left lines out, because more than 500 a second were written.

    ``note`` says what a person should know: that it is sampled, that it polls and why.
    """

    events: list[LogEvent]
    way: str
    sampled: bool = False
    note: str = ""


def tail(
    client: Any,
    groups: Sequence[LogGroup],
    calls: Calls,
    *,
    account: str,
    region: str,
    partition: str = "aws",
    stop: threading.Event | None = None,
    pause: Callable[[float], object] | None = None,
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> Iterator[Tailed]:
    """Lines of up to ten groups from now on, until ``stop`` is set; something is given at least every few seconds.

    Sessions end after three hours and are begun anew. Where a live tail is denied, or the log class or the server
    does not know it, polling takes over and says so. SourceFailed where neither can be had; BudgetReached.
    """
    stop = stop or threading.Event()
    pause = pause or stop.wait
    if len(groups) > MOST_GROUPS:
        raise SourceFailed("live tail", f"{len(groups)} log groups are asked for", f"choose {MOST_GROUPS} at most")
    by_name = {group.name: group for group in groups}
    while not stop.is_set():
        try:
            yield from _session(client, by_name, calls, account, region, partition, stop)
        except SourceFailed as failed:
            if is_hopeless(failed):
                raise
            why = f"no live tail ({failed.meaning}): asking every {POLL_S:g} s instead"
            yield from _polled(client, groups, account, region, stop, pause, now_ms, why)


def _session(
    client: Any,
    groups: dict[str, LogGroup],
    calls: Calls,
    account: str,
    region: str,
    partition: str,
    stop: threading.Event,
) -> Iterator[Tailed]:
    calls.spend(OPERATION, 60)
    began, billed_s = time.monotonic(), 60
    arns = [f"arn:{partition}:logs:{region}:{account}:log-group:{name}" for name in groups]
    with reading(OPERATION, "live tail"):
        stream = client.start_live_tail(logGroupIdentifiers=arns)["responseStream"]
    try:
        said = False
        updates = iter(stream)
        while not stop.is_set():
            with reading(OPERATION, "live tail"):
                update = next(updates, None)
            if update is None or "SessionTimeoutException" in update:
                return
            if "SessionStreamingException" in update:
                raise SourceFailed("live tail", "AWS broke the session off", "polling goes on")
            while time.monotonic() - began > billed_s:
                calls.spend(OPERATION, 60)
                billed_s += 60
            if "sessionUpdate" not in update:
                continue
            yield (tailed := _update(update["sessionUpdate"], groups, account, region, said))
            said = tailed.sampled
    finally:
        stream.close()


def _update(update: Any, groups: dict[str, LogGroup], account: str, region: str, said: bool) -> Tailed:
    events = []
    for one in update.get("sessionResults") or ():
        # ACCOUNT:NAME or the group's ARN
        name = str(one.get("logGroupIdentifier", "")).removesuffix(":*").rpartition(":")[2]
        group = groups.get(name)
        if isinstance(one.get("timestamp"), int) and isinstance(one.get("message"), str):
            events.append(
                LogEvent(
                    one["timestamp"], one["message"], name, str(one.get("logStreamName", "")),
                    function=group.function if group else "", account=account, region=region,
                )
            )  # fmt: skip
    sampled = bool((update.get("sessionMetadata") or {}).get("sampled"))
    note = "sampled: more than 500 lines a second, AWS shows some of them" if sampled and not said else ""
    return Tailed(events, LIVE, sampled, note)


def _polled(
    client: Any,
    groups: Sequence[LogGroup],
    account: str,
    region: str,
    stop: threading.Event,
    pause: Callable[[float], object],
    now_ms: Callable[[], int],
    why: str,
) -> Iterator[Tailed]:
    bucket, rejects = pace(account, region), list[Reject]()
    seen: dict[str, None] = {}
    since_ms, note = now_ms() - _LATE_MS, why
    while not stop.is_set():
        until_ms = now_ms() + 1
        fresh = []
        for group in groups:
            for block in event_blocks(
                client, group, since_ms, until_ms, account=account, region=region, bucket=bucket, rejects=rejects
            ):
                fresh += [event for event in block if event.event_id not in seen]
                seen.update(dict.fromkeys(event.event_id for event in block))
        for old in list(seen)[: max(0, len(seen) - _REMEMBERED)]:
            del seen[old]
        rejects.clear()
        since_ms = until_ms - _LATE_MS
        fresh.sort(key=lambda event: event.timestamp_ms)
        yield Tailed(fresh, POLLING, note=note)
        note = ""
        pause(POLL_S)

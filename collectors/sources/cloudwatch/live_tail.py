"""Log lines as they are written: by StartLiveTail, or by FilterLogEvents every few seconds where that is not
available.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.model.clock import now_ms as clock_now_ms
from collectors.model.records import LogEvent, Reject
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.calls import Calls
from collectors.sources.cloudwatch.errors import error_code, is_hopeless, reading
from collectors.sources.cloudwatch.log_events import YEAR_10000_MS, event_blocks, pace
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.tolerant_parsers import faults_of

OPERATION = "logs:StartLiveTail"
MOST_GROUPS = 10  # CloudWatch Logs quotas, StartLiveTail: also 500 events a second, 3 hours, 15 sessions
LIVE, POLLING = "live", "polling"
POLL_S = 2.0
_LATE_MS = 30_000  # how far back each poll looks again
_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Tailed:
    """Lines that arrived together. ``sampled``: AWS left lines out, because more than 500 a second were written.

    ``note`` is for people: that lines are sampled, or that the tail polls and why.
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
    now_ms: Callable[[], int] = clock_now_ms,
) -> Iterator[Tailed]:
    """Lines of up to ten groups from now on, until ``stop`` is set; yields at least every few seconds.

    Polling takes over, with a note, where a live tail is denied, breaks off, is unknown to the log class or the server,
    or is ended by AWS after three hours. Polling is free; a new session must be asked for. Raises SourceFailed where
    neither works; BudgetReached.
    """
    stop = stop or threading.Event()
    pause = pause or stop.wait
    if len(groups) > MOST_GROUPS:
        raise SourceFailed("live tail", f"{len(groups)} log groups are asked for", f"choose {MOST_GROUPS} at most")
    by_name = {group.name: group for group in groups}
    shown: Counter[tuple[str, str, int, str]] = Counter()
    begun_ms = now_ms()
    try:
        yield from _session(client, by_name, calls, account, region, partition, stop, shown)
        why = "the session has ended, as AWS ends each after 3 hours"
    except SourceFailed as failed:
        if is_hopeless(failed):
            raise
        why = f"no live tail: {failed.meaning}; {failed.advice}"
    if not stop.is_set():
        said = f"{why}. Asking every {POLL_S:g} s instead"
        yield from _polled(client, groups, account, region, stop, pause, now_ms, begun_ms, said, shown)


def _session(
    client: Any,
    groups: dict[str, LogGroup],
    calls: Calls,
    account: str,
    region: str,
    partition: str,
    stop: threading.Event,
    shown: Counter[tuple[str, str, int, str]],
) -> Iterator[Tailed]:
    calls.spend(OPERATION, 60)
    began, billed_s = time.monotonic(), 60
    arns = [f"arn:{partition}:logs:{region}:{account}:log-group:{name}" for name in groups]
    try:
        with reading(OPERATION, "live tail"):
            stream = client.start_live_tail(logGroupIdentifiers=arns)["responseStream"]
    except SourceFailed:
        calls.correct(OPERATION, 60, 0)  # what did not begin is not billed
        raise
    try:
        is_sampled = False
        updates = iter(stream)
        while not stop.is_set():
            try:
                update = _next(updates)
            except SourceFailed as failed:
                if error_code(failed) == "SessionTimeoutException":
                    return
                raise
            while time.monotonic() - began > billed_s:
                calls.spend(OPERATION, 60)
                billed_s += 60
            if not isinstance(update, dict) or not isinstance(update.get("sessionUpdate"), dict):
                yield Tailed([], LIVE)
                continue
            yield (tailed := _update(update, groups, account, region, is_sampled))
            is_sampled = tailed.sampled
            shown.update(map(_key, tailed.events))
            for old in list(shown)[: max(0, len(shown) - _REMEMBERED)]:
                del shown[old]
    finally:
        stream.close()


def _next(updates: Iterator[Any]) -> Any:
    """The stream's next event. botocore lets urllib3's own errors through where a connection breaks."""
    from urllib3.exceptions import HTTPError

    try:
        with reading(OPERATION, "live tail"):
            update = next(updates, None)
    except (HTTPError, OSError, RuntimeError) as error:
        raise SourceFailed("live tail", f"the session broke off ({error})", "begin another") from error
    if update is None:
        raise SourceFailed("live tail", "AWS broke the session off", "begin another")
    return update


def _key(event: LogEvent) -> tuple[str, str, int, str]:
    """What identifies an event that has no id: a live tail gives none."""
    return event.log_group, event.log_stream, event.timestamp_ms, event.message


def _update(update: Any, groups: dict[str, LogGroup], account: str, region: str, was_sampled: bool) -> Tailed:
    events, strange = [], len(faults_of(update))
    update = update["sessionUpdate"]
    for result in update.get("sessionResults") or ():
        # ACCOUNT:NAME or the group's ARN
        name = str(result.get("logGroupIdentifier", "")).removesuffix(":*").rpartition(":")[2]
        group = groups.get(name)
        if 0 <= result.get("timestamp", -1) < YEAR_10000_MS and "message" in result:
            events.append(
                LogEvent(
                    result["timestamp"], result["message"], name, str(result.get("logStreamName", "")),
                    function=group.function if group else "", account=account, region=region,
                )
            )  # fmt: skip
        else:
            strange = max(strange, 1)
    sampled = bool((update.get("sessionMetadata") or {}).get("sampled"))
    notes = ["sampled: more than 500 lines a second, AWS shows some of them"] if sampled and not was_sampled else []
    if strange:
        notes.append(f"{strange} of what came cannot be read")
    return Tailed(events, LIVE, sampled, "; ".join(notes))


def _polled(
    client: Any,
    groups: Sequence[LogGroup],
    account: str,
    region: str,
    stop: threading.Event,
    pause: Callable[[float], object],
    now_ms: Callable[[], int],
    begun_ms: int,
    why: str,
    shown: Counter[tuple[str, str, int, str]],
) -> Iterator[Tailed]:
    """Polls for events from ``begun_ms`` on. ``shown`` are events that a live tail gave before: they are not given
    again.
    """
    bucket, rejects = pace(account, region), list[Reject]()
    seen: dict[str, None] = {}
    since_ms, note = max(begun_ms, now_ms() - _LATE_MS), why
    while not stop.is_set():
        until_ms = now_ms() + 1
        fresh = []
        for group in groups:
            for block in event_blocks(
                client, group, since_ms, until_ms, account=account, region=region, bucket=bucket, rejects=rejects
            ):
                for event in block:
                    if event.event_id in seen:
                        continue
                    if shown[key := _key(event)] > 0:
                        shown[key] -= 1
                    else:
                        fresh.append(event)
                seen.update(dict.fromkeys(event.event_id for event in block))
        for old in list(seen)[: max(0, len(seen) - _REMEMBERED)]:
            del seen[old]
        rejects.clear()
        since_ms = max(begun_ms, until_ms - _LATE_MS)
        fresh.sort(key=lambda event: event.timestamp_ms)
        yield Tailed(fresh, POLLING, note=note)
        note = ""
        pause(POLL_S)

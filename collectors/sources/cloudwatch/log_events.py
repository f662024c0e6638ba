"""Log events of one group: FilterLogEvents, a window of time at a time, at a pace that leaves room for others."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from collectors.model.records import LogEvent, Reject
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.answers import ReadEvent
from collectors.sources.cloudwatch.calls import TokenBucket, bucket_of
from collectors.sources.cloudwatch.errors import is_missing
from collectors.sources.cloudwatch.log_groups import READS_EVENTS, LogGroup
from collectors.sources.cloudwatch.pages import EMPTY_PAGES, pages
from collectors.sources.cloudwatch.tolerant_parsers import integer_of, text_of

# Events arrive late and out of order, so each collection begins this much earlier; event ids make repeats harmless.
OVERLAP_MS = 5 * MINUTE_MS
WINDOW_MS = HOUR_MS  # the span of one mark that events were read
PAGE_BYTES = 1 << 20  # a page is 1 MB or 10,000 events (CloudWatch Logs quotas)

# Empty pages are normal where few of many streams have events; after as many the listing is taken for endless.
_EMPTY_S = 30.0
_EMPTY_PAGES = 100
_MOST_PAGES = 1 << 40  # as many as bring something new

YEAR_10000_MS = 253_402_300_800_000  # what no clock or calendar of ours goes beyond

_CALLS_A_SECOND = {"us-east-1": 25.0, "eu-central-1": 5.0}
_ELSEWHERE = 10.0
_SHARE = 0.8  # of the account's quota, which others use too


def pace(account: str, region: str) -> TokenBucket:
    """The bucket of FilterLogEvents in an account and region."""
    rate = _CALLS_A_SECOND.get(region, _ELSEWHERE) * _SHARE
    return bucket_of(account, region, "logs:FilterLogEvents", rate)


def read_to(covered: Sequence[tuple[int, int]], since_ms: int) -> int:
    """The time (epoch ms) up to which everything since ``since_ms`` has been read."""
    until_ms = since_ms
    for low, high in sorted(covered):
        if low > until_ms:
            break
        until_ms = max(until_ms, high)
    return until_ms


def gaps(
    covered: Sequence[tuple[int, int]], since_ms: int, until_ms: int, again_ms: int | None = None
) -> list[tuple[int, int]]:
    """The parts of ``[since_ms, until_ms)`` that are to be read: what was not read, the last ``OVERLAP_MS`` of what
    was, and everything from ``again_ms`` on.
    """
    unread: list[tuple[int, int]] = []
    read_ms = since_ms
    for low, high in sorted(covered):
        high = (high if again_ms is None else min(high, again_ms)) - OVERLAP_MS
        if high <= read_ms:
            continue
        if low > read_ms:
            unread.append((read_ms, min(low, until_ms)))
        read_ms = max(read_ms, high)
        if read_ms >= until_ms:
            break
    if read_ms < until_ms:
        unread.append((read_ms, until_ms))
    return [(low, high) for low, high in unread if low < high]


def windows(spans: Iterable[tuple[int, int]], *, newest_first: bool) -> list[tuple[int, int]]:
    """The spans cut at full hours, in order of time or the newest first."""
    cut: list[tuple[int, int]] = []
    for low, high in spans:
        while low < high:
            edge = min(high, (low // WINDOW_MS + 1) * WINDOW_MS)
            cut.append((low, edge))
            low = edge
    return sorted(cut, reverse=newest_first)


def event_blocks(
    client: Any,
    group: LogGroup,
    from_ms: int,
    to_ms: int,
    *,
    account: str,
    region: str,
    bucket: TokenBucket,
    rejects: list[Reject],
    endless: int = 0,
) -> Iterator[list[LogEvent]]:
    """A group's events of ``[from_ms, to_ms)``, a page at a time.

    Each of the ``endless`` groups before, whose pages had no end, halves the patience with empty ones: a server that
    gives such pages gives them for every group.

    Pages may be empty while there is more to come; a group that does not exist, and was not listed, gives nothing.
    SourceFailed where AWS does not let the group be read, or listed it and has it no more. Events without time or
    text are counted in ``rejects``.
    """
    where = f"log group {group.name}"
    if group.log_class not in READS_EVENTS:
        raise SourceFailed(
            where, f"FilterLogEvents does not read log class {group.log_class}", "its functions show metrics only"
        )
    request = {"logGroupName": group.name, "startTime": max(from_ms, 0), "endTime": max(to_ms - 1, 0)}
    try:
        for page in pages(
            client.filter_log_events, request, ("nextToken", "nextToken"),
            action="logs:FilterLogEvents", where=where, before=bucket.take,
            empty_pages=max(EMPTY_PAGES, max(_EMPTY_PAGES, int(_EMPTY_S * bucket.rate)) >> endless),
            most_pages=_MOST_PAGES,
        ):  # fmt: skip
            if events := page.get("events"):
                yield _in_order(list(_named(events, group, account, region, rejects)))
    except SourceFailed as failed:
        if not is_missing(failed):
            raise
        if group.is_listed:
            raise SourceFailed(
                where, "it was listed, and is not there to be read", "it was deleted, or the policy hides it"
            ) from failed


def _in_order(events: list[LogEvent]) -> list[LogEvent]:
    """Events in order of time, as CloudWatch gives them; a page that is not so is sorted, ties by their ids."""
    if any(one.timestamp_ms > next_one.timestamp_ms for one, next_one in pairwise(events)):
        events.sort(key=lambda event: (event.timestamp_ms, event.event_id))
    return events


def _named(
    events: Iterable[Any], group: LogGroup, account: str, region: str, rejects: list[Reject]
) -> Iterator[LogEvent]:
    name, function = group.name, group.function
    for event in events:
        if not isinstance(event, ReadEvent):
            read = _of_dict(event, group, rejects)
            if read is None:
                continue
            event = read
        if not 0 <= event.timestamp_ms < YEAR_10000_MS:
            when = "before 1970" if event.timestamp_ms < 0 else "after the year 9999"
            rejects.append(Reject(f"a log event from {when}", event.message[:2000], name))
            continue
        event.log_group, event.function, event.account, event.region = name, function, account, region
        yield event


def _of_dict(event: Any, group: LogGroup, rejects: list[Reject]) -> LogEvent | None:
    """An event as botocore's own parser gives it: where an answer is not as documented."""
    fields = event if isinstance(event, dict) else {}
    time, message = integer_of(fields.get("timestamp")), text_of(fields.get("message"))
    if time is None or message is None:
        rejects.append(
            Reject("a log event without time or text", repr(fields.get("message", event))[:2000], group.name)
        )
        return None
    return LogEvent(
        time,
        message,
        log_stream=text_of(fields.get("logStreamName")) or "",
        event_id=text_of(fields.get("eventId")) or "",
    )

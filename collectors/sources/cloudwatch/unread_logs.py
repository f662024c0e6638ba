"""Which log groups hold what has not been read: from CloudWatch's count of invocations and the REPORTs in the store.

Every function's invocations are counted by metrics that are read anyway; a call for the events of a group is worth
making where they tell of more than the store has. Metrics come minutes late, so that their newest bins are read again
each time, and what turns up in one of them is looked for from there on. An invocation under way is counted when it
ends, by the time it began at.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import accumulate

from collectors.model.units import DAY_MS, MINUTE_MS
from collectors.sources.cloudwatch.log_groups import LAMBDA_PREFIX, LogGroup

RECENT_MS = 20 * MINUTE_MS  # what began so shortly before may not have ended, or be logged, or all be counted
DELETED_MS = DAY_MS  # how often the group of a deleted function is asked for what came late
# Lambda@Edge writes to groups of its replicas' regions, which list no function of that name; they may hold anything.
_REPLICAS = f"{LAMBDA_PREFIX}us-east-1."

Minutes = Sequence[tuple[int, int]]  # (start, REPORTs), in order


def missing_since(invoked: Mapping[int, float], reports: Minutes) -> int | None:
    """The first bin from which on more was invoked than reported; None where the store has all.

    ``invoked`` are invocations by the start of their bin. An invocation logs its START some time after it is counted,
    it may be in the next minute: so what counts is all that came since, not each bin for itself.
    """
    edges = [start for start, _ in reports]
    later = list(accumulate((count for _, count in reversed(reports)), initial=0))
    since, called, missing = None, 0.0, 0.0
    place = len(edges)
    for start in sorted(invoked, reverse=True):
        called += invoked[start]
        while place and edges[place - 1] >= start:
            place -= 1
        short = called - later[len(edges) - place]
        if short > missing:
            since, missing = start, short
    return since


def to_read_since(
    invoked: Mapping[int, float], reports: Minutes, grown: Collection[int], read_to_ms: int
) -> int | None:
    """From when on a function's log, read up to ``read_to_ms``, may hold what is missing; None where it cannot.

    ``grown`` are the bins that count more than when they were asked for last. A function that logs no REPORTs, as its
    configuration can have it, or lost some, misses them for ever: for that it is not read again and again.
    """
    since = missing_since(invoked, reports)
    first = min((start for start in invoked if start in grown or start >= read_to_ms - RECENT_MS), default=None)
    return None if since is None or first is None else max(since, first)


def unread_since(
    group: LogGroup,
    read_to_ms: int,
    now_ms: int,
    known_from_ms: int | None,
    missing: Callable[[str], int | None],
) -> int | None:
    """From when on a group is to be read; None where nothing can have come since it was.

    ``read_to_ms`` is up to where it was, ``missing`` tells of a function what ``missing_since`` does, for the time
    from ``known_from_ms`` on (None: metrics tell nothing).
    """
    if not group.functions:
        asked_lately = now_ms - read_to_ms < DELETED_MS and not group.name.startswith(_REPLICAS)
        return None if asked_lately else read_to_ms
    if known_from_ms is None or read_to_ms < known_from_ms:
        return read_to_ms  # nobody knows what came in between
    return min((at for name in group.functions if (at := missing(name)) is not None), default=None)

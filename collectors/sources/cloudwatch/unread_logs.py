"""Which log groups have unread events, by comparing CloudWatch's count of invocations with the REPORTs in the store.

The metric Invocations is read for every function anyway. Asking for the events of a group is worth a call only where it
counts more than the store has. Metrics are minutes late, so their newest bins are read again each time, and invocations
that turn up in a bin are looked for from that bin on. An invocation is counted when it ends, in the bin in which it
began.
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
    """The start of the bin from which on invocations exceed REPORTs by the most; None where they never do.

    ``invoked`` are invocations by the start of their bin. An invocation logs its START some time after it is counted,
    perhaps in the next minute: so sums from each bin to the end are compared, not single bins.
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
    """The time (epoch ms) from which a function's log, read up to ``read_to_ms``, may have missing invocations; None
    where it cannot.

    ``grown`` are the bins that count more than when they were last asked for. A function that logs no REPORTs, by its
    configuration, or that lost some, lacks them for ever: its log is not read again and again for that.
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
    """The time (epoch ms) from which a group is to be read; None where nothing can have arrived since it was.

    It was read up to ``read_to_ms``. ``missing`` gives for a function what ``missing_since`` does, for the time from
    ``known_from_ms`` on (None: metrics say nothing).
    """
    if not group.functions:
        asked_lately = now_ms - read_to_ms < DELETED_MS and not group.name.startswith(_REPLICAS)
        return None if asked_lately else read_to_ms
    if known_from_ms is None or read_to_ms < known_from_ms:
        return read_to_ms  # nobody knows what came in between
    return min((at for name in group.functions if (at := missing(name)) is not None), default=None)

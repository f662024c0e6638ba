"""What was collected: each collection of the ledger, and the lines that could not be read."""

from dataclasses import dataclass

from collectors.store.by_step import rejected_lines
from collectors.store.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, coverage_of

COLLECTED_COLUMNS = columns(
    "source", "started_at", "took_ms", "events", "duplicates", "invocations", "errors", "rejected"
)


@dataclass(frozen=True, slots=True)
class Collected:
    """One collection; ``took_ms`` None: it runs still, or was killed."""

    source: str
    started_at: int
    took_ms: int | None
    events: int
    duplicates: int
    invocations: int
    errors: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not be read. ``text`` is hostile."""

    source: str
    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class CollectedView(View[Collected]):
    """The newest collections first. ``reasons`` count all rejected lines; ``rejects`` are the first of them."""

    reasons: tuple[tuple[str, int], ...] = ()
    rejects: tuple[Rejected, ...] = ()
    functions: int = 0
    log_lines: int = 0
    bytes: int = 0
    oldest: int | None = None


def collected(reader: Reader, time_range: TimeRange) -> CollectedView:
    """The ledger's last collections, whatever the range; coverage is of the range."""
    info = reader.info()
    totals = reader.totals(time_range.from_ms, time_range.to_ms)
    rows = []
    for one in info.collections:
        figures = {name: int(str(one[name])) for name in ("events", "duplicates", "invocations", "errors", "rejected")}
        started, ended = int(str(one["started_ms"])), one["ended_ms"]
        rows.append(
            Collected(str(one["source"]), started, None if ended is None else int(str(ended)) - started, **figures)
        )
    return CollectedView(
        COLLECTED_COLUMNS,
        rows,
        info.last_ms,
        time_range,
        coverage=coverage_of(sum(one.reports for one in totals), sum(one.invocations for one in totals)),
        reasons=tuple((reason, count) for reason, count, _ in info.rejects),
        rejects=tuple(Rejected(*row) for row in rejected_lines(reader)),
        functions=info.functions,
        log_lines=info.log_lines,
        bytes=info.bytes,
        oldest=info.first_ms,
    )

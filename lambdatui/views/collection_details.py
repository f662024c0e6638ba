"""What was collected: each collection of the ledger, and the lines that could not be read."""

from dataclasses import dataclass, field
from pathlib import Path

from collectors.store.lock_holder import holder
from collectors.store.read.reader import Reader
from collectors.store.read.series import rejected_lines
from lambdatui.views.collections import COLLECTION_COLUMNS, CollectionView, collections
from lambdatui.views.permissions import MissingPermission, missing_permissions
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range, coverage_seen
from pricing.call_prices import price


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not be read. ``text`` is hostile."""

    source: str
    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class CollectedView(View[CollectionView]):
    """The newest collections first. ``reasons`` count all rejected lines; ``rejects`` are the first of them.

    ``missing`` are the permissions that the newest collections were denied; ``writer`` is the process that writes the
    store at this moment, None where none does or that cannot be known.
    """

    reasons: tuple[tuple[str, int], ...] = ()
    rejects: tuple[Rejected, ...] = ()
    functions: int = 0
    log_lines: int = 0
    bytes: int = 0
    oldest: int | None = None
    missing: tuple[MissingPermission, ...] = ()
    writer: int | None = None
    kept_since: dict[str, int | None] = field(default_factory=dict)


@as_of_range
def collected(reader: Reader, time_range: TimeRange) -> CollectedView:
    """The ledger's last collections, whatever the range; coverage is of the range."""
    info = reader.info()
    ledger = collections(reader, time_range, price)
    return CollectedView(
        COLLECTION_COLUMNS,
        ledger.rows,
        info.last_ms,
        time_range,
        coverage=coverage_seen(reader, time_range),
        reasons=tuple((reason, count) for reason, count, _ in info.rejects),
        rejects=tuple(Rejected(*row) for row in rejected_lines(reader)),
        functions=info.functions,
        log_lines=info.log_lines,
        bytes=info.bytes,
        oldest=info.first_ms,
        missing=tuple(missing_permissions(reader)),
        kept_since=info.kept_since,
        writer=holder(Path(info.path)),
    )

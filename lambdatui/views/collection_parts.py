"""A collection in full: how long it took, what it read and asked, what could not be had, and what was rejected."""

from lambdatui.text.figures import counted, instant, milliseconds, money
from lambdatui.views.collection_details import CollectedView
from lambdatui.views.collections import CollectionView

_REJECTS, _CHARACTERS = 50, 500


def collection_parts(row: CollectionView, view: CollectedView, *, utc: bool) -> list[tuple[str, str]]:
    """All that is known of a collection, as labelled parts; of the lines that were rejected the first 50."""
    took = "it runs still, or was killed: run it again"
    if row.took_s is not None:
        took = milliseconds(round(1000 * row.took_s))
    parts = [
        ("Began", instant(row.started_at, utc=utc)),
        ("Took", took),
        (
            "Read",
            f"{counted(row.events, 'event')}, {row.duplicates:,} of them stored before; "
            + (f"{row.older_than_pruned:,} older than what was pruned; " if row.older_than_pruned else "")
            + counted(row.invocations, "invocation"),
        ),
    ]
    if row.requests is not None:
        parts.append(("Asked", f"{counted(row.requests, 'call')}, {money(row.cost_usd)} at list prices"))
    if row.failures:
        parts.append(("What could not be had", row.failures))
    if row.log_ways:
        parts.append(("How logs were read", row.log_ways))
    return parts + [
        (f"Rejected: {reject.reason}", f"{reject.source}, line {reject.line}\n{reject.text[:_CHARACTERS]}")
        for reject in view.rejects[:_REJECTS]
    ]

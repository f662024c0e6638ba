"""The functions at a glance, cheap enough for the first frame: one rollup query, the standard library's sqlite3."""

from pathlib import Path
from typing import NamedTuple

from lambdatui.views.time_range import RangeChoice, TimeRange


class GlanceRow(NamedTuple):
    """One function's sums. ``avg_ms`` is None where no REPORT was seen, ``last_seen`` where nothing was invoked."""

    function: str
    region: str
    invocations: int
    errors: int
    timeouts: int
    cold_starts: int
    avg_ms: float | None
    max_ms: float | None
    gb_seconds: float | None
    last_seen: int | None


class Glance(NamedTuple):
    """The busiest functions of the range. ``functions`` counts all of them; ``as_of`` is the newest invocation."""

    range: TimeRange
    as_of: int | None
    functions: int
    invocations: int
    errors: int
    rows: list[GlanceRow]


def glance(path: str | Path, now_ms: int, rows: int, choice: RangeChoice | None = None) -> Glance:
    """The ``rows`` functions with the most invocations. Raises the reader's ``StoreError`` where there is no store."""
    from collectors.store.reader import Reader

    with Reader(path) as reader:
        newest = reader.newest_ms()
        choice = choice or RangeChoice()
        oldest = reader.oldest_ms() if choice.preset == "all" else None
        time_range = choice.resolve(now_ms, newest, oldest)
        stored = reader.functions()
        totals = {one.function_id: one for one in reader.totals(time_range.from_ms, time_range.to_ms)}
        ordered = sorted(
            stored, key=lambda row: (-totals[row.id].invocations if row.id in totals else 1, row.function.key.name)
        )
        found = []
        for row in ordered[:rows]:
            sums, key = totals.get(row.id), row.function.key
            if sums is None:
                found.append(GlanceRow(key.name, key.region, 0, 0, 0, 0, None, None, None, None))
                continue
            found.append(
                GlanceRow(
                    key.name,
                    key.region,
                    sums.invocations,
                    sums.errors,
                    sums.timeouts,
                    sums.cold_starts,
                    sums.duration_us / sums.reports / 1000 if sums.reports else None,
                    sums.max_duration_us / 1000 if sums.max_duration_us is not None else None,
                    sums.billed_mb_ms / 1_024_000 if sums.reports else None,
                    sums.last_ms,
                )
            )
    return Glance(
        time_range,
        newest,
        len(stored),
        sum(one.invocations for one in totals.values()),
        sum(one.errors for one in totals.values()),
        found,
    )

"""Up to what time the data of each function reach, and how often collections are made."""

import itertools
from collections.abc import Iterable
from statistics import median

from collectors.model.units import FOREVER_MS
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow
from collectors.store.spans import HOUR, MINUTE

Spans = list[tuple[int, int]]
_COLLECTIONS = 200  # the newest so many of the ledger tell how often collections are made


def known_until(reader: Reader, functions: list[FunctionRow]) -> dict[int, tuple[int | None, int | None]]:
    """By function id, two times (epoch ms): up to which its data were collected, and its newest invocation.

    The first is None where no collection recorded a span, as for imports and a local runner's log; it moves on without
    invocations. The second is None without any invocation.
    """
    newest = reader.cached("newest of each", lambda: _newest_of_each(reader))
    marks = _marks(reader)
    if not marks:
        return {row.id: (None, newest.get(row.id)) for row in functions}
    until: dict[int, tuple[int | None, int | None]] = {}
    for row in functions:
        ends = [to_ms for item in _items(row) for _, to_ms in marks.get(item, ())[-1:]]
        until[row.id] = max(ends, default=None), newest.get(row.id)
    return until


def _newest_of_each(reader: Reader) -> dict[int, int | None]:
    if reader.until_ms is None:
        last = "SELECT last_ms FROM day_cells WHERE function_id = f.id ORDER BY start_ms DESC LIMIT 1"
        return dict(reader.select(f"SELECT f.id, ({last}) FROM functions f"))
    last = "SELECT last_ms FROM {0} WHERE function_id = f.id AND start_ms <= ? ORDER BY start_ms DESC LIMIT 1"
    # Only cells that end by then. Hours that Logs Insights summed have no minutes.
    rows = reader.select(
        f"SELECT f.id, ({last.format('minute_cells')}), ({last.format('hour_cells')}) FROM functions f",
        (reader.until_ms - MINUTE, reader.until_ms - HOUR),
    )
    return {row[0]: max((at for at in row[1:] if at is not None), default=None) for row in rows}


def known_spans(reader: Reader, functions: Iterable[FunctionRow]) -> dict[int, Spans]:
    """By function id, the spans (epoch ms) in which no stored invocations means that there were none.

    These are the spans that collections recorded. A function without one has the span from the store's oldest
    invocation to its newest, because an import does not say what it covers.
    """
    marks = _marks(reader)
    oldest_ms = reader.oldest_ms()
    newest_ms = reader.newest_ms() if reader.until_ms is None else reader.as_of_ms(reader.until_ms)
    between = [] if oldest_ms is None or newest_ms is None else [(oldest_ms, newest_ms + 1)]
    return {row.id: [span for item in _items(row) for span in marks.get(item, ())] or between for row in functions}


def _marks(reader: Reader) -> dict[str, Spans]:
    """The collected spans (epoch ms) of each item, by their ends."""

    def read() -> dict[str, Spans]:
        spans: dict[str, Spans] = {}
        until_ms = reader.until_ms
        for item, from_ms, to_ms in reader.select("SELECT item, from_ms, to_ms FROM covered ORDER BY to_ms"):
            if until_ms is None or from_ms < until_ms:
                spans.setdefault(item, []).append((from_ms, to_ms if until_ms is None else min(to_ms, until_ms)))
        return spans

    return reader.cached("marks", read)


def _items(row: FunctionRow) -> tuple[str, str, str]:
    key = row.function.key
    place = f"{key.account} {key.region}"
    group = row.function.log_group or f"/aws/lambda/{key.name}"
    return f"events {place} {group}", f"insights {place} {group}", f"metrics {place}"


def collected_every_ms(reader: Reader) -> int | None:
    """The usual ms between two collections of the same source, the longest of all sources; None where unknown."""
    return reader.cached("collected every", lambda: _collected_every_ms(reader))


def _collected_every_ms(reader: Reader) -> int | None:
    begun: dict[str, list[int]] = {}
    for source, started_ms in reader.select(
        "SELECT source, started_ms FROM collections WHERE source LIKE 'collect %' AND started_ms < ?"
        " ORDER BY id DESC LIMIT ?",
        (FOREVER_MS if reader.until_ms is None else reader.until_ms, _COLLECTIONS),
    ):
        begun.setdefault(source, []).append(started_ms)
    usual = [
        median(later - earlier for later, earlier in itertools.pairwise(times))
        for times in begun.values()
        if len(times) > 1
    ]
    return round(max(usual)) if usual else None

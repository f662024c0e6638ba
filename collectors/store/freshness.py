"""Up to when each function's data reach, and how often collections were made."""

import itertools
from statistics import median

from collectors.store.reader import Reader
from collectors.store.rows import FunctionRow

_COLLECTIONS = 200  # of the ledger's newest, which tell how often one collects


def known_until(reader: Reader, functions: list[FunctionRow]) -> dict[int, tuple[int | None, int | None]]:
    """By function id: the end of what was collected of it, whether it was invoked or not, and its newest invocation.

    Times are epoch ms. The first is None where no collection has marked what it covers: imports, a runner's log.
    """
    newest: dict[int, int | None] = reader.kept(
        "newest of each",
        lambda: dict(
            reader.select(
                "SELECT f.id, (SELECT last_ms FROM day_cells WHERE function_id = f.id ORDER BY start_ms DESC LIMIT 1)"
                " FROM functions f"
            )
        ),
    )
    marks: dict[str, int] = reader.kept(
        "marks", lambda: dict(reader.select("SELECT item, max(to_ms) FROM covered GROUP BY item"))
    )
    if not marks:
        return {row.id: (None, newest.get(row.id)) for row in functions}
    found: dict[int, tuple[int | None, int | None]] = {}
    for row in functions:
        key = row.function.key
        place = f"{key.account} {key.region}"
        group = row.function.log_group or f"/aws/lambda/{key.name}"
        items = f"events {place} {group}", f"insights {place} {group}", f"metrics {place}"
        ends = [marks[item] for item in items if item in marks]
        found[row.id] = max(ends, default=None), newest.get(row.id)
    return found


def collected_every_ms(reader: Reader) -> int | None:
    """The usual time from one collection to the next of the same source; the longest of the sources'; None unknown."""
    return reader.kept("collected every", lambda: _collected_every_ms(reader))


def _collected_every_ms(reader: Reader) -> int | None:
    begun: dict[str, list[int]] = {}
    for source, started_ms in reader.select(
        "SELECT source, started_ms FROM collections WHERE source LIKE 'collect %' ORDER BY id DESC LIMIT ?",
        (_COLLECTIONS,),
    ):
        begun.setdefault(source, []).append(started_ms)
    usual = [
        median(later - earlier for later, earlier in itertools.pairwise(times))
        for times in begun.values()
        if len(times) > 1
    ]
    return round(max(usual)) if usual else None

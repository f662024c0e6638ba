"""Which functions of a fleet have invocations without a REPORT: their usage is completed by estimates."""

import numpy as np

from collectors.store.read.count_sources import CELLS, INVOCATIONS
from collectors.store.read.invocation_counts import counted
from collectors.store.read.reader import Reader
from collectors.store.spans import DAY


def without_report(reader: Reader, from_ms: int, to_ms: int) -> set[int]:
    """The ids of functions with a day on which more invocations were counted than REPORTs were seen.

    ``from_ms`` is a midnight. Whole days are compared; a last day that is cut by ``to_ms`` is compared up to then.
    """
    days = reader.day_columns(from_ms, to_ms)
    starts, of, invocations, reports, *_ = days.T
    missing = set(of[invocations > reports].tolist())
    last, newest = to_ms // DAY * DAY, reader.newest_point(INVOCATIONS, "Sum")
    if newest is None:
        return missing
    if last < to_ms and newest < to_ms:
        last = to_ms  # there is nothing after the newest point
    pieces = reader.metric_pieces(INVOCATIONS, CELLS[DAY], from_ms, last, None)
    if pieces:
        size = max((row.id for row in reader.functions()), default=0) + 1
        seen = np.zeros(((to_ms - from_ms) // DAY + 1, size), np.int64)
        seen[(starts - from_ms) // DAY, of] = reports
        figures = np.concatenate([rows for _, rows in pieces])
        times = np.repeat([start for start, _ in pieces], [len(rows) for _, rows in pieces])
        more = figures["total"] > seen[(times - from_ms) // DAY, figures["function_id"]]
        missing.update(figures["function_id"][more].tolist())
    if last < to_ms:
        of_today = {usage.function_id: usage.reports for usage in reader.usage(last, to_ms, exact=True)}
        today = counted(reader, last, to_ms, exact=True)
        missing.update(each for each, (count, _) in today.items() if count != of_today.get(each, 0))
    return missing

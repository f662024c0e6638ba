"""The range that was asked for, resolved with what a store knows."""

from dataclasses import replace

from collectors.model.units import HOUR_MS
from collectors.store.read.reader import Reader
from collectors.store.simulated import simulated_span, simulated_text
from lambdatui.views.retained_since import by_kept_hours
from lambdatui.views.time_range import RangeChoice, TimeRange


def resolved(reader: Reader, choice: RangeChoice, now_ms: int) -> TimeRange:
    """The range at ``now_ms``; where the store's data end earlier or all of them are meant, lines and metrics count.

    Its label says where a part of the store is simulated. Raises ``RangeError``.
    """
    newest = reader.newest_ms()
    if choice.preset == "all":
        time_range = by_kept_hours(reader, choice.resolve(now_ms, reader.newest_known_ms(), reader.oldest_known_ms()))
    else:
        if newest is None or newest < now_ms - HOUR_MS:
            newest = reader.newest_known_ms()
        time_range = by_kept_hours(reader, choice.resolve(now_ms, newest))
    simulated = reader.cached("simulated", lambda: simulated_span(reader.select))
    if simulated is None:
        return time_range
    return replace(time_range, label=f"{time_range.label}, {simulated_text(simulated)}", simulated=simulated)

"""How often functions were invoked and failed, as CloudWatch's metrics and the logs together tell it.

Metrics see every invocation, but begin when collecting began; logs may be cut by a budget. So each function's UTC hour,
or what of it lies in the span, counts what the source that saw more of it counted (``count_sources``). Hours add up: to
days, to months and to any parts of a span. Fleets are counted by ``fleet_counts``, figure for figure. Times are epoch
ms, UTC.
"""

from collections.abc import Sequence

from collectors.store.read.count_sources import INVOCATIONS, Count, clips, summed
from collectors.store.read.reader import Reader
from collectors.store.spans import MINUTE, whole_from


def counted(
    reader: Reader, from_ms: int, to_ms: int, function_ids: Sequence[int] | None = None, *, exact: bool = False
) -> dict[int, Count]:
    """Invocations and errors of each function in ``[from_ms, to_ms)``; those that nothing is known of are absent.

    A long span begins at a full hour or day, as ``collectors.store.spans.whole_from`` has it, unless ``exact``.
    """
    if reader.newest_point(INVOCATIONS, "Sum") is None:
        return {one.function_id: (one.invocations, one.errors) for one in reader.totals(from_ms, to_ms, function_ids)}
    found = counted_by(reader, (whole_from(from_ms, to_ms), to_ms), function_ids)
    return {each: counts[0] for each, counts in found.items()}


def counted_by(
    reader: Reader, borders: Sequence[int], function_ids: Sequence[int] | None = None
) -> dict[int, tuple[Count, ...]]:
    """The same in each part between ``borders``, which are in order; an end within a minute is its beginning.

    Parts whose borders are full hours, or of one day, sum to what the whole span has.
    """
    chosen = reader.chosen(function_ids)
    ends = tuple(border // MINUTE * MINUTE for border in borders)

    def read() -> dict[int, tuple[Count, ...]]:
        plan = list(clips(ends, _newest(reader)))
        if reader.is_fleet(chosen):
            from collectors.store.read.fleet_counts import summed_of_fleet

            return summed_of_fleet(reader, plan, len(ends) - 1, chosen)
        with reader.snapshot():
            by_hour = not reader.is_fleet(None)
            return summed(reader.select, plan, len(ends) - 1, reader.ids(chosen), by_hour=by_hour)

    return dict(reader.cached(("counted by", ends, chosen), read))


def _newest(reader: Reader) -> int | None:
    """The newest that is known of any invocation: whole days end there, where a span ends later."""
    known = (reader.newest_ms(), reader.newest_point(INVOCATIONS, "Sum"))
    return max((each for each in known if each is not None), default=None)

"""How often functions were invoked and failed, from the logs and CloudWatch's metrics together.

Metrics see every invocation, but only since collecting began; logs may be incomplete because of a budget. So each UTC
hour of a function counts by the source that saw more invocations (``count_sources``), and hours add up to days, months
and parts of a span. ``fleet_counts`` gives the same figures for fleets. Times are epoch ms UTC.
"""

from collections.abc import Sequence

from collectors.store.read.count_sources import INVOCATIONS, Count, clips, summed
from collectors.store.read.reader import Reader
from collectors.store.spans import MINUTE, whole_from


def counted(
    reader: Reader, from_ms: int, to_ms: int, function_ids: Sequence[int] | None = None, *, exact: bool = False
) -> dict[int, Count]:
    """(Invocations, errors) of each function in ``[from_ms, to_ms)``; functions of which nothing is known are absent.

    A long span begins at a full hour or day (``collectors.store.spans.whole_from``), unless ``exact``.
    """
    if reader.newest_point(INVOCATIONS, "Sum") is None:
        return {one.function_id: (one.invocations, one.errors) for one in reader.totals(from_ms, to_ms, function_ids)}
    found = counted_by(reader, (whole_from(from_ms, to_ms), to_ms), function_ids)
    return {each: counts[0] for each, counts in found.items()}


def counted_by(
    reader: Reader, borders: Sequence[int], function_ids: Sequence[int] | None = None
) -> dict[int, tuple[Count, ...]]:
    """By function id, (invocations, errors) in each part between ``borders``, which are in order.

    Borders are rounded down to full minutes. Parts add up to ``counted`` of the whole where their borders are full
    hours, or within one day.
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
    """The newest time of any invocation in logs or metrics: a span that ends later can end with whole days."""
    known = (reader.newest_ms(), reader.newest_point(INVOCATIONS, "Sum"))
    return max((each for each in known if each is not None), default=None)

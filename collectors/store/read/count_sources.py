"""Which source counts the invocations of an hour, the logs or CloudWatch's metrics: the one that counted more.

A span is cut into clips: whole days, whole hours, and parts of hours. Invocations and errors of a clip come from the
same source. Hours of a whole day are read only where both sources know the day and differ. Only the standard library is
imported here, because the first frame uses this. Times are epoch ms UTC.
"""

from collectors.model.units import HOUR_MS
from collectors.store.spans import DAY, HOUR, MINUTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    Select = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

Clip = tuple[int, int, int]  # from_ms, to_ms, and the index of the part of the span in which it lies
Count = tuple[int, int]  # invocations, errors
Known = tuple[int | None, int | None, float | None, float | None]  # of logs invocations, errors; of metrics too

INVOCATIONS, ERRORS = "Invocations", "Errors"
CELLS = {DAY: "day_cells", HOUR: "hour_cells", MINUTE: "minute_cells"}
METRICS = {DAY: ("metric_days", "total"), HOUR: ("metric_hours", "total"), MINUTE: ("metrics", "value")}
# Only an hour's points of its finest period: a metric may have been collected at several.
FINEST = (
    " AND m.period_s = (SELECT min(p.period_s) FROM metrics p WHERE p.metric = m.metric"
    f" AND p.function_id = m.function_id AND p.stat = m.stat AND p.start_ms >= m.start_ms / {HOUR_MS} * {HOUR_MS}"
    f" AND p.start_ms < m.start_ms / {HOUR_MS} * {HOUR_MS} + {HOUR_MS})"
)


def clips(borders: "Sequence[int]", newest_ms: int | None) -> "Iterator[Clip]":
    """The days, hours and parts of hours between borders, in order of time.

    ``newest_ms`` is the newest time of any invocation: a last part that ends after it is extended to a whole day, which
    adds nothing. None yields nothing.
    """
    if newest_ms is None:
        return
    for part in range(len(borders) - 1):
        begin, end = borders[part], borders[part + 1]
        if part == len(borders) - 2 and newest_ms < end:
            end = -(-end // DAY) * DAY  # there is no invocation in the added time
        end = min(end, newest_ms // DAY * DAY + DAY)
        while begin < end:
            grain = next((each for each in (DAY, HOUR) if begin % each == 0 and begin + each <= end), MINUTE)
            until = begin + grain if grain > MINUTE else min(end, begin // HOUR * HOUR + HOUR)
            yield begin, until, part
            begin = until


def grain_of(clip: "Clip") -> int:
    """How long the cells of a clip are, in ms: a day, an hour or a minute."""
    low, high, _ = clip
    return DAY if high - low == DAY else HOUR if high - low == HOUR else MINUTE


def summed(
    select: "Select", plan: "Iterable[Clip]", parts: int, function_ids: "Sequence[int]", *, by_hour: bool
) -> "dict[int, tuple[Count, ...]]":
    """By function id, (invocations, errors) in each of ``parts``, from rows of cells and points."""
    counts: dict[int, list[Count]] = {}

    def add(function_id: int, part: int, invocations: int, errors: int) -> None:
        of_parts = counts.setdefault(function_id, [(0, 0)] * parts)
        before, failed_before = of_parts[part]
        of_parts[part] = before + invocations, failed_before + errors

    of_both: dict[tuple[int, int], int] = {}  # by day and function id, the part's index: days that both know
    for clip, known in _read(select, plan, function_ids):
        start, _, part = clip
        for function_id, (logged, failed, metered, failures) in known.items():
            if by_hour and grain_of(clip) == DAY and metered is not None and (logged is not None or failures):
                of_both[start, function_id] = part
                add(function_id, part, logged or 0, failed or 0)
            else:
                add(function_id, part, *larger(logged, failed, metered, failures))
    for (start, function_id), more in _seen_by_metrics(select, of_both).items():
        add(function_id, of_both[start // DAY * DAY, function_id], *more)
    return {function_id: tuple(of_parts) for function_id, of_parts in counts.items()}


def _seen_by_metrics(select: "Select", of_both: "Mapping[tuple[int, int], int]") -> "dict[tuple[int, int], Count]":
    """By hour and function, how many more invocations and errors metrics counted than logs, on the days ``of_both``."""
    if not of_both:
        return {}
    days = [day for day, _ in of_both]
    of = f"({', '.join(map(str, sorted({each for _, each in of_both})))})"
    by_hour = {}
    for function_id, start, asked, invocations, errors, failures in select(
        "SELECT m.function_id, m.start_ms, m.total, h.invocations, h.errors, e.total FROM metric_hours m"
        " LEFT JOIN hour_cells h ON h.function_id = m.function_id AND h.start_ms = m.start_ms"
        f" LEFT JOIN metric_hours e ON e.metric = '{ERRORS}' AND e.function_id = m.function_id AND e.stat = 'Sum'"
        f" AND e.start_ms = m.start_ms WHERE m.metric = '{INVOCATIONS}' AND m.function_id IN {of} AND m.stat = 'Sum'"
        " AND m.start_ms >= ? AND m.start_ms < ? AND m.total > coalesce(h.invocations, 0)",
        (min(days), max(days) + DAY),
    ):
        if (start // DAY * DAY, function_id) in of_both:
            more, more_errors = larger(invocations, errors, asked, failures)
            by_hour[start, function_id] = more - (invocations or 0), more_errors - (errors or 0)
    return by_hour


def larger(logged: int | None, failed: int | None, metered: float | None, failures: float | None) -> "Count":
    """Invocations and errors by the source that counted more invocations; by the logs if both counted as many."""
    if metered is not None and metered > (logged or 0):
        return round(metered), (failed or 0) if failures is None else round(failures)
    return logged or 0, failed or 0


def _read(
    select: "Select", plan: "Iterable[Clip]", function_ids: "Sequence[int]"
) -> "Iterator[tuple[Clip, Mapping[int, Known]]]":
    """What both sources know of each clip, by function id; neighbouring clips of one grain are read together."""
    for grain, run in runs(plan):
        low, high = ends(run)
        logged: dict[tuple[int, int], Count] = {}  # by the clip's index in the run and function id
        metered: dict[tuple[int, int, str], float] = {}  # by the clip's index in the run, function id and metric
        places = {start: place for place, (start, _, _) in enumerate(run)} if grain > MINUTE else {}
        of = f"({', '.join(map(str, function_ids))})"
        table, value = METRICS[grain]
        for function_id, start, invocations, errors in select(
            f"SELECT function_id, start_ms, invocations, errors FROM {CELLS[grain]}"
            f" WHERE function_id IN {of} AND start_ms >= ? AND start_ms < ?",
            (low, high),
        ):
            key = places.get(start, 0), function_id
            before, failed_before = logged.get(key, (0, 0))
            logged[key] = before + invocations, failed_before + errors
        for function_id, start, metric, total in select(
            f"SELECT m.function_id, m.start_ms, m.metric, m.{value} FROM {table} m"
            f" WHERE m.metric IN ('{INVOCATIONS}', '{ERRORS}') AND m.function_id IN {of} AND m.stat = 'Sum'"
            f" AND m.start_ms >= ? AND m.start_ms < ?{FINEST if grain == MINUTE else ''}",
            (low, high),
        ):
            of_metric = places.get(start, 0), function_id, metric
            metered[of_metric] = metered.get(of_metric, 0.0) + total
        by_clip: dict[int, dict[int, Known]] = {}
        for place, function_id in sorted({*logged, *((place, of) for place, of, metric in metered)}):
            count, failed = logged.get((place, function_id), (None, None))
            asked = metered.get((place, function_id, INVOCATIONS))
            if count is not None or asked is not None:
                failures = metered.get((place, function_id, ERRORS))
                by_clip.setdefault(place, {})[function_id] = count, failed, asked, failures
        for place, known in by_clip.items():
            yield run[place], known


def ends(run: "Sequence[Clip]") -> "tuple[int, int]":
    """The beginning of the first and the end of the last of neighbouring clips, in ms."""
    (first_ms, _, _), (_, last_ms, _) = run[0], run[-1]
    return first_ms, last_ms


def runs(plan: "Iterable[Clip]") -> "Iterator[tuple[int, list[Clip]]]":
    """Groups of neighbouring clips with the same grain, each after its grain in ms; a part of an hour is alone."""
    run: list[Clip] = []
    for clip in plan:
        grain = grain_of(clip)
        begin, _, _ = clip
        if run and (grain == MINUTE or grain != grain_of(run[0]) or begin != ends(run)[-1]):
            yield grain_of(run[0]), run
            run = []
        run.append(clip)
    if run:
        yield grain_of(run[0]), run

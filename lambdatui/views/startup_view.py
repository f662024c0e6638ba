"""The functions at a glance, cheap enough for the first frame: rollups, read and shown with next to no imports."""

from collectors.model.units import MB_MS_PER_GB_SECOND
from collectors.store.read.startup_reader import FunctionSums, StartupReader
from lambdatui.views.fleet_health import trouble_first, trouble_reasons
from lambdatui.views.presets import DEFAULT_PRESET, Ends, at_now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from collectors.store.read.startup_reader import FunctionWeight
    from lambdatui.views.time_range import RangeChoice

REQUEST_AS_MB_MS = 12_288
"""What a request costs, as MB-milliseconds of x86: $0.20 a million beside $0.0000166667 a GB-second."""
ARM_SHARE = 0.8
"""What a millisecond of arm64 costs beside one of x86."""
_LEAST_READ = 4  # functions: reading fewer at once takes as long


class StartupRow:
    """One function's figures. Fields are column ids, and mean what they mean in ``FunctionView``.

    ``weight`` orders functions as their list price does, where one price holds for all: None where it is unknown.
    """

    __slots__ = (
        "arch", "avg_ms", "cold_ratio", "cold_starts", "error_rate", "errors", "function", "function_id", "gb_seconds",
        "invocations", "last_seen", "memory_mb", "region", "runtime", "throttles", "timeouts", "weight",
    )  # fmt: skip

    def __init__(self, sums: FunctionSums) -> None:
        self.function_id = sums.id
        self.function = sums.name
        self.region = sums.region or None
        self.runtime = sums.runtime
        self.arch = sums.arch
        self.memory_mb = sums.memory_mb
        counted = sums.counted or (sums.invocations, sums.errors)
        self.invocations = None if sums.unknown else counted[0]
        self.errors = None if sums.unknown else counted[1]
        self.error_rate = counted[1] / counted[0] if counted[0] else None
        self.timeouts = None if sums.unknown else sums.timeouts
        self.throttles = None if sums.throttles is None else round(sums.throttles)
        self.cold_starts = None if sums.unknown else sums.cold_starts
        self.cold_ratio = sums.cold_starts / sums.reports if sums.reports else None
        self.avg_ms = round(sums.duration_us / sums.reports / 1000, 3) if sums.reports else None
        # Where REPORTs are missing, an estimate completes it: dearer than a first frame.
        self.gb_seconds = (
            sums.billed_mb_ms / MB_MS_PER_GB_SECOND if sums.reports and sums.reports >= counted[0] else None
        )
        self.last_seen = sums.last_ms if sums.invocations else None
        self.weight = weight(sums) if sums.reports else None

    @property
    def trouble(self) -> str | None:
        """Why it is in trouble, as far as the first frame knows."""
        return "; ".join(trouble_reasons(self, {})) or None


class StartupView:
    """The functions of a range, in trouble first, then the most expensive. ``as_of`` is the newest invocation.

    ``rows`` may be only those in sight of the ``count`` that there are.
    """

    __slots__ = ("as_of", "count", "ends", "rows")

    def __init__(self, ends: Ends, as_of: int | None, rows: list[StartupRow], count: int) -> None:
        self.ends = ends
        self.as_of = as_of
        self.rows = rows
        self.count = count

    @property
    def whole(self) -> bool:
        """Whether the rows are all the functions that there are."""
        return len(self.rows) == self.count


def startup_view(
    path: "str | Path",
    now_ms: int,
    choice: "RangeChoice | str" = DEFAULT_PRESET,
    in_sight: int | None = None,
    utc: bool = True,
    *,
    plain_order: bool = False,
) -> StartupView:
    """Every function over the range, a preset's name or a choice. Raises ``StartupUnreadable``, ``RangeError``.

    ``utc``: the words for a preset's range tell times in UTC, not in this process's zone.

    In a large fleet, reading CloudWatch's metrics takes four times as long as all else. So with ``in_sight``, where
    that many functions are known to be the dearest without metrics, only those that come first are read and returned.
    In a ``plain_order`` they are the dearest, whether in trouble or not.
    """
    hides = False
    with StartupReader(str(path)) as seen:
        newest = seen.newest()
        oldest = seen.oldest() if "all" in (choice, getattr(choice, "preset", "")) else None
        if isinstance(choice, str):
            ends = at_now(choice, now_ms, newest, oldest, utc=utc)
        else:
            found = choice.resolve(now_ms, newest, oldest)
            ends, hides = (found.from_ms, found.to_ms, found.label), found.hides
        functions = _first_read(seen, in_sight, *ends[:2], plain_order=plain_order)
        # Before all that is known no function is known to be anything.
        hides = hides and (seen.has_history() or not any(one.last_ms for one in functions))
        count, as_of = seen.count, seen.as_of(ends[1])
        if simulated := seen.simulated():
            ends = *ends[:2], f"{ends[2]}, {simulated}"
    rows = [StartupRow(sums) for sums in functions]
    for row, sums in zip(rows, functions, strict=True) if hides else ():
        # The settings of that time are not read here; only what a REPORT said of them is.
        row.arch = row.runtime = None
        row.memory_mb = sums.reported_mb
    rows.sort(key=lambda row: (row.weight is None, -(row.weight or 0), -(row.invocations or 0), row.function))
    if not plain_order:
        rows = trouble_first(rows)
    return StartupView(ends, as_of, rows if len(rows) == count else rows[:in_sight], count)


def _first_read(
    seen: StartupReader, in_sight: int | None, from_ms: int, to_ms: int, *, plain_order: bool
) -> list[FunctionSums]:
    """The sums of all functions, or at least of those that are the first ``in_sight`` in their order.

    Of all: unless more than that many had REPORTs, by which they can be ordered without metrics. Which functions are
    in trouble is known once their metrics are read: so those that may be are read until enough of them are.
    """
    metered = seen.has_metrics()

    def read(ids: "list[int] | None") -> list[FunctionSums]:
        functions = seen.sums(from_ms, to_ms, ids)
        if metered:
            seen.add_metrics(functions, from_ms, to_ms)
        seen.add_unknown(functions, from_ms, to_ms)
        return functions

    if in_sight is None or seen.count <= in_sight:
        return read(None)
    every = seen.weights(from_ms, to_ms)
    known = [each for each in every if each.reports]
    if len(known) <= in_sight:
        return read(None)
    known.sort(key=lambda each: (-weight(each), -each.invocations, each.name))
    if plain_order:
        return read([each.id for each in known[:in_sight]])
    failed = seen.failed_by_metrics(from_ms, to_ms) if metered else set()
    doubtful = [each.id for each in known if each.failed or each.id in failed]
    functions: list[FunctionSums] = []
    ill = 0

    def read_more(ids: "list[int]") -> int:
        functions.extend(more := read(ids))
        return sum(StartupRow(each).trouble is not None for each in more)

    at = 0
    while ill < in_sight and at < len(doubtful):
        more = max(_LEAST_READ, in_sight - ill)
        ill += read_more(doubtful[at : at + more])
        at += more
    if ill < in_sight:  # without a REPORT they come after those, in an order that only metrics can tell
        unpriced = [each.id for each in every if not each.reports and (each.failed or each.id in failed)]
        ill += read_more(unpriced) if unpriced else 0
    if ill < in_sight:
        others = [each.id for each in known if not each.failed and each.id not in failed]
        read_more(others[: in_sight - ill])
    return functions


def weight(sums: "FunctionSums | FunctionWeight") -> float:
    """A number that orders functions of one region by their cost."""
    share = ARM_SHARE if sums.arch == "arm64" else 1.0
    return share * sums.billed_mb_ms + REQUEST_AS_MB_MS * sums.invocations

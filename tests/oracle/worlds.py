"""Small random worlds: what a few functions did, what CloudWatch counted of it, and how they were configured then.

A world is plain data. ``store.py`` writes it into a real store, ``judge.py`` says what every view must make of it.
Every field has values of its own, so that two that are swapped show. Times are epoch ms, UTC.

What the definitions leave open is left out: a function whose REPORTs are incomplete, or that has metrics, changes its
configuration at full hours only; Duration Average is known for one hour of a day at most.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from collectors.model.units import DAY_MS, HOUR_MS, HOUR_S, MINUTE_MS

MINUTE, HOUR, DAY = MINUTE_MS, HOUR_MS, DAY_MS
BEGIN = 1_759_622_400_000  # 2025-10-05T00:00Z
NOVEMBER = 1_761_955_200_000  # 2025-11-01T00:00Z
DAYS = 40  # of a world: to 2025-11-14
END = BEGIN + DAYS * DAY

ACCOUNTS = ("111122223333", "444455556666")
REGIONS = ("us-east-1", "eu-west-1", "cn-north-1", "cn-northwest-1")
KINDS = {
    "ValueError": "bad order",
    "KeyError": "no such sku",
    "RuntimeError": "out of stock",
    "OSError": "disk is gone",
}
TIMEOUT, OK = "timeout", "ok"


@dataclass(frozen=True)
class Settings:
    """A configuration, and since when it is known to be in force."""

    since_ms: int
    memory_mb: int
    arch: str
    ephemeral_mb: int


@dataclass(frozen=True)
class Fn:
    """A function. ``history`` is the configuration's; ``table`` what the inventory says now where there is none."""

    name: str
    account: str
    region: str
    history: tuple[Settings, ...] = ()
    table: Settings | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.name, self.account, self.region

    @property
    def now(self) -> Settings | None:
        """What the inventory says of it today; None: no inventory knows it."""
        return self.history[-1] if self.history else self.table

    @property
    def edge(self) -> bool:
        return self.name.startswith("us-east-1.")


@dataclass(frozen=True)
class Call:
    """One invocation as its log tells it. Without ``report`` its REPORT is missing."""

    fn: int
    number: int
    start_ms: int
    memory_mb: int
    duration_us: int
    init_us: int | None
    max_memory_mb: int
    outcome: str
    report: bool

    @property
    def billed_ms(self) -> int:
        return -(-(self.duration_us + (self.init_us or 0)) // 1000)


@dataclass(frozen=True)
class Point:
    """One value of a metric."""

    fn: int
    metric: str
    stat: str
    period_s: int
    start_ms: int
    value: float


@dataclass(frozen=True)
class Summed:
    """An hour that Logs Insights summed. All its durations lie in one bucket of the histogram."""

    fn: int
    start_ms: int
    reports: int
    errors: int
    timeouts: int
    cold_starts: int
    duration_us: int  # of each
    memory_mb: int
    last_ms: int

    @property
    def billed_ms(self) -> int:
        return self.reports * -(-self.duration_us // 1000)


@dataclass(frozen=True)
class Line:
    """A line outside any invocation."""

    fn: int
    at_ms: int
    text: str


@dataclass(frozen=True)
class World:
    functions: tuple[Fn, ...]
    calls: tuple[Call, ...] = ()
    points: tuple[Point, ...] = ()
    summed: tuple[Summed, ...] = ()
    lines: tuple[Line, ...] = ()
    marks: tuple[int, ...] = field(default=(), compare=False)  # moments that are worth a cut

    def before(self, at_ms: int) -> "World":
        """The same world as it was known at a moment: nothing at it or after it has happened."""
        functions = []
        for fn in self.functions:
            known = tuple(one for one in fn.history if one.since_ms < at_ms)
            # Before the first that is known, that is taken: nothing better is known of then.
            functions.append(Fn(*fn.key, known, None if known else fn.history[0] if fn.history else fn.table))
        return World(
            tuple(functions),
            tuple(one for one in self.calls if one.start_ms < at_ms),
            tuple(one for one in self.points if one.start_ms < at_ms),
            tuple(one for one in self.summed if one.start_ms < at_ms),
            tuple(one for one in self.lines if one.at_ms < at_ms),
            self.marks,
        )

    @property
    def oldest_ms(self) -> int | None:
        known = [one.start_ms for one in (*self.calls, *self.summed, *self.points)] + [one.at_ms for one in self.lines]
        return min(known, default=None)


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    metrics: bool = True,
    insights: bool = True,
    missing: bool = True,
    large: bool = False,
    regions: tuple[str, ...] = REGIONS[:3],
    edge: bool = True,
) -> World:
    """``large``: so many GB-seconds that free tiers and tiers are used up; they come from metrics and from Insights."""
    some = _Drawn(draw)
    hours = sorted({_hour(draw) for _ in range(some.whole(2, 6))})
    functions, calls, points, summed, lines = [], [], [], [], []
    number = 0
    for at in range(some.whole(1, 4)):
        metered = metrics and some.one_of((True, False, True))
        sums = insights and not metered and some.whole(0, 3) == 0
        logged = not (metered or sums) or some.one_of((True, True, False))
        lacking = missing and logged and some.one_of((True, False))
        coarse = metered or lacking or sums
        fn = _function(some, at, coarse, regions, edge, hours)
        functions.append(fn)
        if logged:
            for _ in range(some.whole(1, 9)):
                number += 1
                calls.append(_call(some, at, fn, number, hours, lacking))
        if metered:
            for hour in hours:
                if some.whole(0, 3):
                    points += _metrics(some, at, hour, large)
        if sums:
            summed += [_summed(some, at, hour, large) for hour in hours if some.one_of((True, False))]
        if some.one_of((True, False)):
            for text in ("a line before all", "a line behind all")[: some.whole(1, 2)]:
                hour = hours[0] - HOUR if text.endswith("before all") else hours[-1] + 2 * HOUR
                lines.append(Line(at, hour + some.whole(0, 50) * MINUTE + 7, f"{text} of {fn.name}"))
    marks = [hour + some.whole(0, 60) * MINUTE for hour in hours] + [hour + HOUR for hour in hours]
    return World(tuple(functions), tuple(_apart(calls)), tuple(_once(points)), tuple(summed), tuple(lines),
                 tuple(sorted({*marks, NOVEMBER, END})))  # fmt: skip


class _Drawn:
    """Few words for what is drawn often."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def whole(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def one_of(self, choices: tuple[Any, ...]) -> Any:
        return self._draw(st.sampled_from(choices))


def _hour(draw: st.DrawFn) -> int:
    """Half of them about the month's border, the others anywhere."""
    near = st.integers(-6, 5).map(lambda hour: NOVEMBER + hour * HOUR)
    return draw(st.one_of(near, st.integers(24, DAYS * 24 - 25).map(lambda hour: BEGIN + hour * HOUR)))


def _function(some: _Drawn, at: int, coarse: bool, regions: tuple[str, ...], edge: bool, hours: list[int]) -> Fn:
    region, account = some.one_of(regions), some.one_of(ACCOUNTS)
    name = f"{some.one_of(('checkout', 'resize', 'nightly'))}-{at}"
    if edge and not region.startswith("cn-") and some.whole(0, 4) == 0:
        name = f"us-east-1.{name}"
    kind = some.whole(0, 4)
    if kind == 0:
        return Fn(name, account, region)  # only its logs tell of it: nothing is known of its configuration
    if kind == 1:
        return Fn(name, account, region, (), _settings(some, 0, at))
    # Known from before anything happened, or from an hour on at which something had.
    begins = BEGIN - DAY if kind < 4 else some.one_of(tuple(hours))
    history = [_settings(some, begins, at)]
    for _ in range(some.whole(0, 2)):
        hour = some.one_of(tuple(hours))
        since = hour if coarse else hour + some.whole(0, 59) * MINUTE + some.one_of((0, 0, 20_000))
        if since > history[-1].since_ms:
            history.append(_settings(some, since, at, but=history[-1]))
    return Fn(name, account, region, tuple(history))


def _settings(some: _Drawn, since_ms: int, at: int, but: Settings | None = None) -> Settings:
    sizes = tuple(128 * size + 64 * at for size in (1, 3, 8, 13))
    memory_mb = some.one_of(sizes)
    arch = some.one_of(("x86_64", "arm64"))
    ephemeral_mb = some.one_of((512, 2048, 10_240))
    if but is not None and (memory_mb, arch, ephemeral_mb) == (but.memory_mb, but.arch, but.ephemeral_mb):
        arch = "arm64" if arch == "x86_64" else "x86_64"
    return Settings(since_ms, memory_mb, arch, ephemeral_mb)


def _call(some: _Drawn, at: int, fn: Fn, number: int, hours: list[int], lacking: bool) -> Call:
    start = some.one_of(tuple(hours)) + some.whole(0, 59) * MINUTE + some.whole(0, 40) * 1000 + number
    outcome = some.one_of((OK, OK, OK, *KINDS, TIMEOUT))
    known = [one for one in fn.history if one.since_ms <= start] or list(fn.history[:1])
    then = known[-1] if known else fn.table
    return Call(
        at, number, start,
        memory_mb=then.memory_mb if then else 192 + 64 * at + 128 * (number % 2),
        duration_us=3_000_000 if outcome == TIMEOUT else some.whole(1_000, 900_000) * 10 + 10 * number,
        init_us=some.one_of((None, None, 231_000 + 10 * number)),
        max_memory_mb=60 + number,
        outcome=outcome,
        report=not (lacking and some.whole(0, 2) == 0),
    )  # fmt: skip


def _metrics(some: _Drawn, fn: int, hour: int, large: bool) -> list[Point]:
    """An hour's points: Invocations, and perhaps Errors, Duration in one of its statistics, Throttles and a peak."""
    period_s = some.one_of((60, 300, HOUR_S))
    count = 1 if period_s == HOUR_S else some.whole(1, 3)
    step_ms = period_s * 1000
    starts = sorted({hour + some.whole(0, HOUR // step_ms - 1) * step_ms for _ in range(count)})
    duration = some.one_of(("Sum", "Sum", "Average", "p50", None))
    with_errors, with_throttles = some.one_of((True, True, False)), some.one_of((True, False))
    found = []
    for start in starts:
        invoked = some.whole(100_000, 700_000) if large else some.whole(0, 12)
        if not large and not invoked:
            continue  # CloudWatch keeps no points of nothing
        found.append(Point(fn, "Invocations", "Sum", period_s, start, float(invoked)))
        if with_errors:
            found.append(Point(fn, "Errors", "Sum", period_s, start, float(some.whole(0, min(invoked, 5)))))
        if duration == "Sum":
            each_ms = some.whole(200_000, 890_000) if large else some.whole(3, 4_000)
            found.append(Point(fn, "Duration", "Sum", period_s, start, invoked * each_ms + 0.25))
        if with_throttles:
            found.append(Point(fn, "Throttles", "Sum", period_s, start, float(some.whole(0, 9))))
            found.append(Point(fn, "ConcurrentExecutions", "Maximum", period_s, start, float(some.whole(20, 90))))
    if found and duration in ("Average", "p50"):
        found.append(Point(fn, "Duration", duration, HOUR_S, hour, some.whole(3, 4_000) + 0.5))
    if found and period_s < HOUR_S and some.whole(0, 4) == 0:  # collected a second time, later, by the hour
        total = sum(one.value for one in found if one.metric == "Invocations")
        found.append(Point(fn, "Invocations", "Sum", HOUR_S, hour, total))
        found = [one for one in found if one.metric in ("Invocations", "Throttles", "ConcurrentExecutions")]
        first = next(one for one in found if one.metric == "Invocations")
        found[found.index(first)] = Point(fn, "Invocations", "Sum", period_s, hour, first.value)
    return found


def _once(points: list[Point]) -> list[Point]:
    """One value of a bin, and one Average of a function and day: which of two would count is not the world's to say."""
    found: dict[tuple[object, ...], Point] = {}
    for one in points:
        grain = DAY if one.stat == "Average" else 1
        found.setdefault((one.fn, one.metric, one.stat, one.period_s, one.start_ms // grain), one)
    return list(found.values())


def _summed(some: _Drawn, fn: int, hour: int, large: bool) -> Summed:
    reports = some.whole(300_000, 900_000) if large else some.whole(1, 30)
    duration_us = some.whole(200_000, 890_000) * 1000 if large else some.whole(1_000, 900_000)
    return Summed(
        fn, hour, reports, errors=some.whole(0, min(reports, 6)), timeouts=0, cold_starts=some.whole(0, min(reports, 4)),
        duration_us=duration_us, memory_mb=256 + 64 * fn, last_ms=hour + some.whole(1, 59) * MINUTE,
    )  # fmt: skip


def _apart(calls: list[Call]) -> list[Call]:
    return sorted(calls, key=lambda one: one.start_ms)


@st.composite
def cuts(draw: st.DrawFn, world: World) -> tuple[int, int]:
    """A span that may cut any hour, at full minutes; at full hours where Insights summed some of them."""
    grain = HOUR if world.summed else MINUTE
    moments = st.one_of(
        st.sampled_from(world.marks), st.integers(BEGIN // MINUTE, END // MINUTE).map(lambda at: at * MINUTE)
    ).map(lambda at: at // grain * grain)
    one, other = draw(moments), draw(moments)
    low, high = min(one, other), max(one, other)
    return whole(low, high) if high - low >= grain else (low, low + grain)


def whole(low: int, high: int) -> tuple[int, int]:
    """A span as views take it: over 6 hours it begins at a full hour, over 14 days at midnight UTC."""
    for _ in range(2):
        low = low // DAY * DAY if high - low > 14 * DAY else low // HOUR * HOUR if high - low > 6 * HOUR else low
    return low, high


@st.composite
def moments(draw: st.DrawFn, world: World) -> int:
    """A moment that is worth looking back from: a full minute, or hour where Insights summed some."""
    grain = HOUR if world.summed else MINUTE
    at: int = draw(st.sampled_from(world.marks))
    return at // grain * grain


@st.composite
def cut_worlds(draw: st.DrawFn, **kind: object) -> tuple[World, list[tuple[int, int]]]:
    world = draw(worlds(**kind))  # type: ignore[arg-type]
    return world, [draw(cuts(world)) for _ in range(3)]

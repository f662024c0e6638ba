"""A whole fleet beside itself: in the range before, or on the same weekdays a week before; and who grew most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar

from collectors.model.units import DAY_MS, MB_MS_PER_GB_SECOND
from collectors.store.read.reader import Reader
from lambdatui.text.figures import counted, short_moment_text, zone_name
from lambdatui.views import shared_columns as shared
from lambdatui.views.change import SILENT, RelativeChange, change_of
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.formatting import value_text
from lambdatui.views.functions import latency_ms
from lambdatui.views.growth import Figures, FunctionGrowth, compared
from lambdatui.views.like_spans import LikeSpans, like_spans, range_before, weeks_before
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange, span_text
from lambdatui.views.tones import growth_tone
from lambdatui.views.view import View, as_of_range

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

FLEET = "fleet"
_ONE_STEP_MS = 36_500 * DAY_MS  # longer than any span: all of it is one step of a series
_WORSE_FROM = 0.1
Figure = int | float | Decimal


@dataclass(frozen=True, slots=True)
class FleetFigure:
    """One figure of the fleet, or what one function costs; ``unit`` is the kind of figure (``views.columns.Kind``).

    ``more`` is how much it is more than it was, below 0 less. What cannot be known is None.
    """

    IN_ORDER: ClassVar[bool] = True

    figure: Annotated[str, shared.FIGURE_NAME, OnScreen(grows=True, most=44), BRIEF]
    about: Annotated[
        str, Column("Of", Kind.TEXT, 9, "fleet: all functions together; function: what that function costs.")
    ]
    unit: Annotated[str, shared.UNIT]
    now: Annotated[Figure | None, Column("Now", Kind.FIGURE, 12, "The figure in the compared part of the range.")]
    before: Annotated[Figure | None, Column("Before", Kind.FIGURE, 12, "The figure in the like part before.")]
    more: Annotated[Figure | None, Column("More", Kind.FIGURE, 12, "Now less before.")]
    now_text: Annotated[
        str, Column("Now", Kind.WRITTEN, 12, "The figure in the compared part of the range."), OnScreen(), BRIEF
    ]
    before_text: Annotated[
        str, Column("Before", Kind.WRITTEN, 12, "The figure in the like part before."), OnScreen(), BRIEF
    ]
    growth: Annotated[
        RelativeChange,
        Column(
            "Change", Kind.CHANGE, 8, "What was added, as a part of what it was: 0.5 is half more.", tone=growth_tone
        ),
        OnScreen(),
        BRIEF,
    ]
    more_text: Annotated[str, Column("More", Kind.WRITTEN, 12, "Now less before."), OnScreen(1), BRIEF]
    function_id: int = 0
    function: Annotated[str | None, shared.FUNCTION] = None
    worse: bool = False

    @property
    def trouble(self) -> str | None:
        """How much it grew, where more of it is bad and it is a tenth more at least."""
        return (self.growth.word or f"{self.growth:+.0%}") if self.worse and self.growth >= _WORSE_FROM else None


FLEET_COLUMNS = columns_of(FleetFigure)


@dataclass(frozen=True)
class FleetComparison(View[FleetFigure]):
    """``like`` are the spans that were compared; None: several, each function's own, or nothing can be compared.

    ``notes`` say what is compared with what, and which functions are left out.
    """

    like: LikeSpans | None = None
    notes: tuple[str, ...] = ()


@as_of_range
def fleet_comparison(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook | None",
    *,
    week: bool = False,
    scope: Scope | None = None,
) -> FleetComparison:
    """The functions in scope together, then each by how much more it costs; ``week``: beside a week before."""
    chosen = scope or Scope()
    before = weeks_before(time_range) if week else range_before(time_range)
    functions = chosen.chosen(reader.functions())
    groups = like_spans(reader, time_range, before, functions)
    pairs = compared(reader, time_range, before, book, scope=chosen)
    likes = [like for like in groups if like is not None]
    names = {row.id: row.function.key.name for row in functions}
    ids = {like: [row.id for row in rows] for like, rows in groups.items() if like is not None}
    both = [
        _sums(reader, [((like.now, like.before)[side], ids[like]) for like in likes], pairs, side) for side in (0, 1)
    ]
    rows = [*_of_fleet(*both), *_of_functions(pairs, names, both[1].cost_usd)] if likes else []
    return FleetComparison(
        FLEET_COLUMNS,
        rows,
        reader.as_of_ms(time_range.to_ms),
        time_range,
        like=likes[0] if len(likes) == 1 else None,
        notes=tuple(_notes(likes, [row.id for row in groups.get(None, ())], reader, time_range)),
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    """One side of the fleet; None is not known."""

    invocations: int
    errors: int
    timeouts: int
    cold_starts: int
    reports: int
    throttles: int | None
    latency_ms: tuple[float, float, float] | None
    gb_seconds: float
    cost_usd: Decimal | None
    active: int


def _sums(
    reader: Reader, spans: Sequence[tuple[tuple[int, int], list[int]]], pairs: dict[int, FunctionGrowth], side: int
) -> _Sums:
    figures = [of for pair in pairs.values() if (of := (pair.now, pair.before)[side]) is not None]
    both = [(pair.now.cost_usd, pair.before.cost_usd) for pair in pairs.values() if pair.now and pair.before]
    costs = [sides[side] for sides in both if None not in sides]
    totals = [each for span, ids in spans for each in reader.totals(*span, ids)]
    throttles = [count for span, ids in spans for count in reader.metric_totals("Throttles", *span, ids).values()]
    return _Sums(
        invocations=sum(of.invocations for of in figures),
        errors=sum(of.errors for of in figures),
        timeouts=sum(each.timeouts for each in totals),
        cold_starts=sum(each.cold_starts for each in totals),
        reports=sum(each.reports for each in totals),
        throttles=round(sum(throttles)) if throttles else None,
        latency_ms=_latency(reader, *spans[0]) if len(spans) == 1 else None,
        gb_seconds=sum(each.billed_mb_ms for each in totals) / MB_MS_PER_GB_SECOND,
        cost_usd=sum((cost for cost in costs if cost is not None), Decimal(0)) if costs else None,
        active=sum(of.invocations > 0 for of in figures),
    )


def _latency(reader: Reader, span: tuple[int, int], ids: list[int]) -> tuple[float, float, float] | None:
    """p50, p95 and p99 of all durations together."""
    for point in reader.series(*span, _ONE_STEP_MS, ids):
        if point.quantiles is not None:
            of, longest = point.quantiles, point.totals.max_duration_us
            return latency_ms(of.p50_us, longest), latency_ms(of.p95_us, longest), latency_ms(of.p99_us, longest)
    return None


def _of_fleet(now: _Sums, was: _Sums) -> Iterator[FleetFigure]:
    def row(name: str, kind: str, value: Figure | None, before: Figure | None, *, worse: bool = False) -> FleetFigure:
        return _figure(name, kind, value, before, worse=worse)

    yield row("invocations", Kind.COUNT, now.invocations, was.invocations)
    yield row("errors", Kind.COUNT, now.errors, was.errors, worse=True)
    yield row("error rate", Kind.RATIO, _share(now.errors, now.invocations), _share(was.errors, was.invocations),
              worse=True)  # fmt: skip
    yield row("timeouts", Kind.COUNT, now.timeouts, was.timeouts, worse=True)
    yield row("throttles", Kind.COUNT, now.throttles, was.throttles, worse=True)
    yield row("cold starts", Kind.COUNT, now.cold_starts, was.cold_starts)
    yield row("cold share", Kind.RATIO, _share(now.cold_starts, now.reports), _share(was.cold_starts, was.reports),
              worse=True)  # fmt: skip
    for place, name in enumerate(("p50", "p95", "p99")):
        values = (of.latency_ms[place] if of.latency_ms else None for of in (now, was))
        yield row(name, Kind.MS, *values, worse=name != "p50")
    yield row("GB-seconds", Kind.GB_SECONDS, now.gb_seconds, was.gb_seconds)
    yield row("cost", Kind.USD, now.cost_usd, was.cost_usd, worse=True)
    yield row("functions invoked", Kind.COUNT, now.active, was.active)


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


def _of_functions(
    pairs: dict[int, FunctionGrowth], names: dict[int, str], fleet_usd: Decimal | None
) -> list[FleetFigure]:
    """What each function costs, those that grew most first; without prices, how often each was invoked.

    Growth of less than a hundredth of ``fleet_usd``, what the fleet cost before, is nobody's trouble.
    """
    least = (fleet_usd or Decimal(0)) / 100
    kind, name = (Kind.USD, "cost_usd")
    if not any(pair.now and pair.now.cost_usd is not None for pair in pairs.values()):
        kind, name = Kind.COUNT, "invocations"
    rows = []
    for function_id, pair in pairs.items():
        now, was = (_value(side, name) for side in (pair.now, pair.before))
        if now is None or was is None or not (now or was):
            continue
        worse = isinstance(now, Decimal) and isinstance(was, Decimal) and now - was >= least
        rows.append(_figure(
            names[function_id], kind, now, was, worse=worse, function_id=function_id,
            growth=pair.of(name, gone=SILENT if not (pair.now and pair.now.invocations) else ""),
        ))  # fmt: skip
    return sorted(rows, key=lambda row: (-(row.more or 0), row.figure))


def _value(figures: Figures | None, name: str) -> Figure | None:
    return None if figures is None else getattr(figures, name)


def _figure(
    name: str,
    kind: str,
    now: Figure | None,
    before: Figure | None,
    *,
    worse: bool = False,
    function_id: int = 0,
    growth: RelativeChange | None = None,
) -> FleetFigure:
    column = Column(name, kind, 12, "", id=name)
    more: Figure | None = None
    if now is not None and before is not None:
        more = now - before  # type: ignore[operator]
    if growth is None:
        growth = change_of(*(None if value is None else float(value) for value in (now, before)))
    text = value_text(column, more)
    if kind == Kind.RATIO and more is not None:
        text = f"{100 * more:.1f} points"
    return FleetFigure(
        figure=name, about="function" if function_id else FLEET, unit=kind, now=now, before=before, more=more,
        now_text=value_text(column, now), before_text=value_text(column, before), growth=growth,
        more_text=f"+{text}" if more is not None and more > 0 else text, function_id=function_id,
        function=name if function_id else None, worse=worse,
    )  # fmt: skip


def _notes(likes: Sequence[LikeSpans], left_out: Sequence[int], reader: Reader, time_range: TimeRange) -> Iterator[str]:
    """What is compared with what, in the zone of the range; and how many functions are left out."""
    if not likes:
        yield "nothing was collected before that is like this range: there is nothing to compare it with"
        return
    if len(likes) == 1:
        (start, end), shift_ms = likes[0].now, likes[0].now[0] - likes[0].before[0]
        moment, zone = short_moment_text(end, utc=time_range.utc), zone_name(end, utc=time_range.utc)
        yield f"{span_text(end - start)} to {moment} {zone}, and {span_text(shift_ms)} before"
    else:
        yield "each function over the time that was collected of it in both"
    if left_out and (active := reader.totals(time_range.from_ms, time_range.to_ms, list(left_out))):
        yield f"{counted(len(active), 'function')} left out: not collected before"

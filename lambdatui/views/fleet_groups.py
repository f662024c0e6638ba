"""Accounts, regions or teams beside each other: what the functions of each did, and how that changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from collectors.store.read.reader import Reader
from lambdatui.views import shared_columns as shared
from lambdatui.views.change import RelativeChange, summed
from lambdatui.views.columns import BRIEF, OnScreen, columns_of
from lambdatui.views.cost_groups import BY_TAG, NO_TAG, tag_names
from lambdatui.views.fleet_comparison import FleetComparison, fleet_comparison
from lambdatui.views.growth import FunctionGrowth, compared
from lambdatui.views.like_spans import range_before, weeks_before
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

if TYPE_CHECKING:
    from collectors.store.read.rows import FunctionRow
    from pricing.pricebook import PriceBook

PLACES = ("account", "region")
UNKNOWN_PLACE = "(unknown)"


@dataclass(frozen=True, slots=True)
class FleetGroup:
    """The functions of one account, region or tag's value in the compared part of the range.

    ``cost_usd`` is None where a part of it has no price or is not known. Functions that were not collected before are
    not in the figures.
    """

    group: Annotated[str, shared.GROUP, OnScreen(grows=True, most=44), BRIEF]
    functions: Annotated[int, shared.FUNCTIONS, OnScreen(5), BRIEF]
    invocations: Annotated[int, shared.INVOCATIONS, OnScreen(1), BRIEF]
    invocations_change: Annotated[RelativeChange, shared.INVOCATIONS_CHANGE, OnScreen(2), BRIEF]
    errors: Annotated[int, shared.ERRORS, OnScreen(2), BRIEF]
    error_rate: Annotated[float | None, shared.ERROR_RATE, OnScreen(3), BRIEF]
    errors_change: Annotated[RelativeChange, shared.ERRORS_CHANGE, OnScreen(4), BRIEF]
    cost_usd: Annotated[Decimal | None, shared.COST_USD, OnScreen(), BRIEF]
    cost_change: Annotated[RelativeChange, shared.COST_CHANGE, OnScreen(), BRIEF]


GROUP_COLUMNS = columns_of(FleetGroup)


@dataclass(frozen=True)
class FleetGroups(View[FleetGroup]):
    """``notes`` say what is compared with what, and which functions are left out."""

    notes: tuple[str, ...] = ()


@as_of_range
def fleet_groups(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook | None",
    by: str,
    *,
    week: bool = False,
    scope: Scope | None = None,
) -> FleetGroups:
    """``by`` is ``account``, ``region``, or ``tag.`` and a key. The dearest first."""
    chosen = scope or Scope()
    before = weeks_before(time_range) if week else range_before(time_range)
    pairs = compared(reader, time_range, before, book, scope=chosen)
    name_of = _names(reader, by)
    groups: dict[str, list[FunctionGrowth]] = {}
    for row in chosen.chosen(reader.functions()):
        groups.setdefault(name_of(row), []).append(pairs[row.id])
    rows = [_group(name, members) for name, members in groups.items()]
    rows.sort(key=lambda row: (-(row.cost_usd or 0), -row.invocations, row.group))
    whole: FleetComparison = fleet_comparison(reader, time_range, None, week=week, scope=chosen)
    return FleetGroups(GROUP_COLUMNS, rows, whole.as_of, time_range, notes=whole.notes)


def _names(reader: Reader, by: str) -> "Callable[[FunctionRow], str]":
    if by.startswith(BY_TAG):
        tags = tag_names(reader, by.removeprefix(BY_TAG))
        return lambda row: tags.get((row.function.key.name, row.function.key.account, row.function.key.region), NO_TAG)
    return lambda row: getattr(row.function.key, by) or UNKNOWN_PLACE


def _group(name: str, members: Iterable[FunctionGrowth]) -> FleetGroup:
    known = [pair for pair in members if pair.now is not None]
    now = [pair.now for pair in known if pair.now is not None]
    invocations, errors = sum(of.invocations for of in now), sum(of.errors for of in now)
    costs = [of.cost_usd for of in now]
    priced = [cost for cost in costs if cost is not None]
    return FleetGroup(
        group=name,
        functions=sum(of.invocations > 0 for of in now),
        invocations=invocations,
        invocations_change=summed(pair.of("invocations") for pair in known),
        errors=errors,
        error_rate=errors / invocations if invocations else None,
        errors_change=summed(pair.of("errors") for pair in known),
        cost_usd=sum(priced, Decimal(0)) if len(priced) == len(costs) and costs else None,
        cost_change=summed(pair.of("cost_usd") for pair in known),
    )

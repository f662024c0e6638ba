"""Sets of functions that are chosen by their figures in a range: a saved filter, used by its name."""

from dataclasses import replace
from typing import TYPE_CHECKING

from lambdatui.views.change import names_growth
from lambdatui.views.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collectors.store.read.reader import Reader
    from lambdatui.views.function_set import FunctionSet
    from lambdatui.views.time_range import TimeRange
    from pricing.pricebook import PriceBook


def measured(scope: Scope, reader: "Reader", time_range: "TimeRange", book: "PriceBook | None") -> Scope:
    """The scope, where each set that its filter alone describes has the ids of the functions which that chooses now."""
    sets = measured_sets(scope.sets, reader, time_range, book)
    return scope if sets == scope.sets else replace(scope, sets=sets, tagged=None)


def measured_sets(
    sets: "Sequence[FunctionSet]", reader: "Reader", time_range: "TimeRange", book: "PriceBook | None"
) -> "tuple[FunctionSet, ...]":
    """The sets, each that its filter alone describes with the ids of the functions which that chooses now."""
    return tuple(_measured(one, reader, time_range, book) for one in sets)


def _measured(
    chosen: "FunctionSet", reader: "Reader", time_range: "TimeRange", book: "PriceBook | None"
) -> "FunctionSet":
    where = chosen.where
    if chosen.ids is not None or where is None:
        return chosen
    from lambdatui.views.functions import functions

    view = functions(reader, time_range, book)
    if names_growth(where.expression):
        from lambdatui.views.growth import growth

        view = growth(reader, time_range, book).added_to(view)
    rows = view.rows
    return replace(
        chosen,
        ids=frozenset(row.function_id for row in rows if where.matches(row)),
        known=frozenset(row.function_id for row in rows),
    )

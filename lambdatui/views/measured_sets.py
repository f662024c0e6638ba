"""Sets of functions that are chosen by their figures in a range: a saved filter, used by its name."""

from dataclasses import replace
from typing import TYPE_CHECKING

from lambdatui.views.scope import Scope

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from lambdatui.views.function_set import FunctionSet
    from lambdatui.views.time_range import TimeRange
    from pricing.pricebook import PriceBook


def measured(scope: Scope, reader: "Reader", time_range: "TimeRange", book: "PriceBook | None") -> Scope:
    """The scope, where each set that its filter alone describes has the ids of the functions which that chooses now."""
    if all(one.ids is not None for one in scope.sets):
        return scope
    return replace(scope, sets=tuple(_measured(one, reader, time_range, book) for one in scope.sets), tagged=None)


def _measured(
    chosen: "FunctionSet", reader: "Reader", time_range: "TimeRange", book: "PriceBook | None"
) -> "FunctionSet":
    where = chosen.where
    if chosen.ids is not None or where is None:
        return chosen
    from lambdatui.views.functions import functions

    rows = functions(reader, time_range, book).rows
    return replace(
        chosen,
        ids=frozenset(row.function_id for row in rows if where.matches(row)),
        known=frozenset(row.function_id for row in rows),
    )

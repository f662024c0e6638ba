"""Which functions have a number of invocations that nobody knows: they were not counted, which is not 0.

Only the standard library is imported here, because the first frame uses this.
"""

from collectors.model.units import HOUR_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Select = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

# A function counted by logs or metrics at any time before was not invoked where nothing is stored. The same holds where
# metrics of the span were collected, or all of its log without finding a line.
_UNCOUNTED = (
    "SELECT f.id FROM functions f WHERE f.id IN ({ids})"
    " AND NOT EXISTS (SELECT 1 FROM minute_cells c WHERE c.function_id = f.id AND c.start_ms < ?2)"
    f" AND NOT EXISTS (SELECT 1 FROM hour_cells c WHERE c.function_id = f.id AND c.start_ms <= ?2 - {HOUR_MS})"
    " AND NOT EXISTS (SELECT 1 FROM metrics m WHERE m.metric = 'Invocations' AND m.function_id = f.id"
    " AND m.stat = 'Sum' AND m.start_ms < ?2)"
    " AND NOT EXISTS (SELECT 1 FROM covered v WHERE v.item = 'metrics ' || f.account || ' ' || f.region"
    " AND v.from_ms < ?2 AND v.to_ms > ?1)"
    " AND (EXISTS (SELECT 1 FROM chunks c WHERE c.function_id = f.id AND c.first_ms < ?2)"
    " OR NOT EXISTS (SELECT 1 FROM covered v WHERE v.item IN ('events ' || {of}, 'insights ' || {of})"
    " AND v.from_ms < ?2 AND v.to_ms > ?1))"
)
_OF = "f.account || ' ' || f.region || ' ' || coalesce(f.log_group, '/aws/lambda/' || f.name)"


def uncounted(select: "Select", function_ids: "Iterable[int]", from_ms: int, to_ms: int) -> set[int]:
    """Of functions that have no count in ``[from_ms, to_ms)``: those whose number of invocations is unknown, not 0."""
    ids = ", ".join(map(str, function_ids))
    return {row[0] for row in select(_UNCOUNTED.format(ids=ids, of=_OF), (from_ms, to_ms))} if ids else set()

"""The checksum that a cell's row has, as SQLite computes it. The first frame needs it: it imports declarations only.

A sum adds up the columns that the first version had, each times its weight, then the quantities that were added
since, times theirs, modulo a prime. A column of the first version that is null counts as ``NULL_NUMBER``; a quantity
that is null counts nothing, one that is known ``NULL_NUMBER`` more than it is: a new column leaves sums as they are.
"""

from collectors.model.quantities import QUANTITIES
from collectors.store.tables.cells import CELL_NULLS, CELL_NUMBERS

PRIME = 2_147_483_647  # sums are below it: four bytes
NULL_NUMBER = 1_048_583
CELL_SUMMED = (*(name for name in CELL_NUMBERS if name not in QUANTITIES), "latency_sum")
"""What of a cell its checksum covers, beside its quantities."""
WEIGHTS = tuple(1 + 2 * (place % 4) for place in range(64))
"""Of columns in their order; of quantities in theirs."""


def cell_sum_sql(of: str = "", latency_sum: str = "") -> str:
    """The SQL of the checksum, with few multiplications: it is computed for every row that is read.

    ``of`` stands before each column, as ``c.`` does; ``latency_sum`` is SQL in place of the column of that name.
    """
    by_weight: dict[int, list[str]] = {}
    for weight, name in zip(WEIGHTS, CELL_SUMMED, strict=False):
        value = latency_sum if latency_sum and name == "latency_sum" else f"{of}{name}"
        by_weight.setdefault(weight, []).append(f"ifnull({value}, {NULL_NUMBER})" if name in CELL_NULLS else value)
    for weight, name in zip(WEIGHTS, QUANTITIES, strict=False):
        by_weight.setdefault(weight, []).append(f"ifnull({of}{name} + {NULL_NUMBER}, 0)")
    weighted = [f"{weight} * ({' + '.join(values)})" for weight, values in by_weight.items()]
    return f"({' + '.join(weighted)}) % {PRIME}"


CELL_SUM = cell_sum_sql()

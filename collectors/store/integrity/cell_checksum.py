"""The checksum of a cell's row, as SQL. The first frame needs it, so it imports declarations only.

The checksum is a weighted sum modulo a prime: first the columns of the store's first version, then the quantities added
since. A null column of the first version counts as ``NULL_NUMBER``. A null quantity counts 0 and a known one its value
plus ``NULL_NUMBER``, so adding a column changes no existing checksum.
"""

from collectors.model.quantities import QUANTITIES
from collectors.store.tables.cells import CELL_NULLS, CELL_NUMBERS

PRIME = 2_147_483_647  # sums are below it: four bytes
NULL_NUMBER = 1_048_583
CELL_SUMMED = (*(name for name in CELL_NUMBERS if name not in QUANTITIES), "latency_sum")
"""The columns that a cell's checksum covers, beside its quantities."""
WEIGHTS = tuple(1 + 2 * (place % 4) for place in range(64))
"""The weights of columns, in the columns' order; quantities have the same weights, in their own order."""


def cell_sum_sql(of: str = "", latency_sum: str = "") -> str:
    """The SQL of the checksum. It multiplies little, because it is computed for every row that is read.

    ``of`` stands before each column, such as ``c.``; ``latency_sum`` is SQL in place of the column of that name.
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

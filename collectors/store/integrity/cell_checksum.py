"""The checksum that a cell's row ends in, as SQLite reckons it. The first frame needs it: nothing is imported here."""

PRIME = 2_147_483_647  # sums are below it: four bytes
NOTHING = 1_048_583  # what a null counts as
CELL_NUMBERS = (
    "function_id", "start_ms", "invocations", "reports", "errors", "timeouts", "out_of_memory", "cold_starts",
    "billed_ms", "billed_mb_ms", "duration_us", "init_us", "max_duration_us", "max_memory_mb", "memory_mb", "last_ms",
)  # fmt: skip
_NULLS = frozenset({"max_duration_us", "max_memory_mb", "memory_mb"})
WEIGHTS = tuple(1 + 2 * (at % 4) for at in range(18))  # of the columns of a cell, or of an invocation, in their order


def sum_of_cell(of: str = "") -> str:
    """The SQL of it, with few multiplications: it is reckoned for every row that is read. ``of`` is as ``c.``."""
    by_weight: dict[int, list[str]] = {}
    for weight, name in zip(WEIGHTS, (*CELL_NUMBERS, "latency_sum"), strict=False):
        by_weight.setdefault(weight, []).append(f"ifnull({of}{name}, {NOTHING})" if name in _NULLS else f"{of}{name}")
    weighted = [f"{weight} * ({' + '.join(some)})" for weight, some in by_weight.items()]
    return f"({' + '.join(weighted)}) % {PRIME}"


CELL_SUM = sum_of_cell()

"""What is measured of one invocation, in numbers: declared once, for parsers, batches, tables and readers.

Whole numbers; None is unknown, never 0, and the name says the unit. The first frame imports this: it imports nothing.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(rows):
        """Stands in for ``dataclasses.dataclass`` and does nothing; ``collectors.model.measured`` makes the class a
        dataclass.
        """
        return rows


FIGURES = (
    "duration_us",
    "billed_ms",
    "memory_mb",
    "max_memory_mb",
    "init_us",
    "restore_us",
    "billed_restore_ms",
)
"""What REPORT says and the first version of the store had a column for."""


@dataclass
class Quantities:
    """Quantities that were added after the first version of the store. Of a span of time, each is the sum over the
    invocations that have it.

    A line here is all that the store, the batches and the reader's rows need, beside a migration, which ``python -m
    collectors.store.next_migration`` writes. The parser that reads the quantity and the view that shows it name it.
    """

    __slots__ = ()

    extension_us: int | None
    """How long extensions ran on after the function had answered. JSON logs have it, text logs do not."""


QUANTITIES: tuple[str, ...] = tuple(Quantities.__annotations__)
MEASURED = (*FIGURES, *QUANTITIES)

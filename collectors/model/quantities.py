"""What is measured of one invocation, in numbers: declared once, for parsers, batches, tables and readers.

Whole numbers; None is unknown, never 0, and the name says the unit. The first frame imports this: it imports nothing.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(rows):
        """Nothing yet: ``collectors.model.measured`` makes it one, where ``dataclasses`` is loaded anyway."""
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
    """What was added since: a quantity of an invocation, and of a span the sum over the invocations that told it.

    A line here is all that the store, the batches and the reader's rows need, beside a migration that
    ``python -m collectors.store.next_migration`` writes; the parser that reads it and the view that shows it name it.
    """

    __slots__ = ()

    extension_us: int | None
    """How long extensions went on after the function had answered: JSON logs tell it, text logs do not."""


QUANTITIES: tuple[str, ...] = tuple(Quantities.__annotations__)
MEASURED = (*FIGURES, *QUANTITIES)

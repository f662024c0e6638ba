"""What the pane shows of the row under the cursor: labelled values, charts, and lines of text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdatui.views.function_charts import ChartView
    from lambdatui.views.invocation import InvocationLine


@dataclass(frozen=True, slots=True)
class DetailField:
    """A label and its value, which may have several lines; an empty label continues the field before.

    ``tone`` colours the value: ``error``, ``warning``, ``good``, ``quiet`` or none.
    """

    label: str
    value: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class RowDetails:
    """All of it is hostile text, as stored: it is made plain where it is painted. ``text`` stands below the fields.

    ``begin`` is the line of ``text`` that is scrolled to at first; None shows the fields.
    """

    title: str
    fields: tuple[DetailField, ...] = ()
    charts: "tuple[ChartView, ...]" = ()
    text: "tuple[InvocationLine, ...]" = ()
    begin: int | None = None


def of_parts(title: str, parts: Iterable[tuple[str, str]]) -> RowDetails:
    """The parts of a details box as the pane shows them."""
    return RowDetails(title, tuple(DetailField(label, text) for label, text in parts))

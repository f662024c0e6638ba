"""Labels and values in as many columns as fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from lambdatui.text.table import padded


@dataclass(frozen=True, slots=True)
class Field:
    """``tone`` colours the value: ``error``, ``warning``, ``good``, ``quiet`` or none. ``wide`` takes a whole line."""

    label: str
    value: str
    tone: str = ""
    wide: bool = False


class Fields(Widget):
    """A grid of fields, filled row by row; as high as its fields need."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "fields--label", "fields--value", "fields--error", "fields--warning", "fields--good", "fields--quiet",
    }  # fmt: skip

    def __init__(self, cells: int, more: str, *, most: int, id: str | None = None) -> None:
        """``cells`` is a field's least width, ``most`` how many stand side by side at most; ``more`` ends cut text."""
        super().__init__(id=id)
        self._cells = cells
        self._more = more
        self._most = most
        self._fields: tuple[Field, ...] = ()

    def show_fields(self, fields: Sequence[Field]) -> None:
        """Shows other fields; lays out again only where they differ."""
        if tuple(fields) != self._fields:
            self._fields = tuple(fields)
            self.refresh(layout=True)

    def _across(self, width: int) -> int:
        return max(1, min(self._most, (width - 2) // self._cells))

    def _lines(self, width: int) -> list[list[Field]]:
        across = self._across(width)
        lines: list[list[Field]] = []
        line: list[Field] = []
        for field in self._fields:
            if field.wide or len(line) == across:
                if line:
                    lines.append(line)
                line = []
            if field.wide:
                lines.append([field])
            else:
                line.append(field)
        return [*lines, line] if line else lines

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """How many lines the fields take at ``width`` cells."""
        return len(self._lines(width))

    def render(self) -> Text:
        """The fields in columns of equal width, labels and values aligned."""
        width = self.size.width
        lines = self._lines(width)
        room = (width - 2) // self._across(width)
        labels = self._label_cells(lines)
        label = self.get_component_rich_style("fields--label", partial=True)
        rendered = []
        for line in lines:
            text = Text(" ", no_wrap=True, end="")
            for column, field in enumerate(line):
                style = self.get_component_rich_style(f"fields--{field.tone or 'value'}", partial=True)
                space = (width - 2 if field.wide else room) - labels[column] - 1
                text.append(padded(field.label, labels[column], more=self._more), label)
                text.append(padded(field.value, max(1, space), more=self._more), style).append(" ")
            rendered.append(text)
        return Text("\n", no_wrap=True, end="").join(rendered)

    def _label_cells(self, lines: list[list[Field]]) -> list[int]:
        """The width of each column of labels, with a space."""
        across = max(map(len, lines), default=0)
        return [max(cell_len(line[n].label) + 1 for line in lines if n < len(line)) for n in range(across)]

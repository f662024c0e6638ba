"""Fields of JSON lines as columns beside the line, and which fields there are."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from lambdatui.text.table import cells, cut, padded
from lambdatui.views import line_fields
from lambdatui.views.columns import Column, Kind, column_named, columns_by_id
from lambdatui.views.formatting import value_text
from lambdatui.views.line_fields import ABSENT, Path
from lambdatui.views.line_query import field_path
from lambdatui.views.logs import LOG_COLUMNS, LogView

LEVEL = Column("Level", Kind.TEXT, 5, "The level that a log line says.", id="level")
MATCH = Column("Match", Kind.FLAG, 5, "Whether the line is one looked for, not one that stands near it.", id="match")
_BY_ID = columns_by_id(LogView)
_KEPT_NAMES = 2_000
_DEEPEST = 6


def field_column(name: str) -> Column:
    """The column of a field, ``.order.id``. Raises ``QueryError``."""
    title = line_fields.path_text(field_path(name))
    return Column(title, Kind.TEXT, 16, "A field of JSON lines.", id=title)


def split_names(text: str) -> list[str]:
    """Names between commas; a comma in quotes is part of one."""
    names, quoted = [""], False
    for sign in text:
        quoted ^= sign == '"'
        if sign == "," and not quoted:
            names.append("")
        else:
            names[-1] += sign
    return [name.strip() for name in names if name.strip()]


def line_columns(names: str | None, *, context: bool = False) -> tuple[Column, ...]:
    """The columns of log lines that are asked for. Raises ``QueryError``, ``UnknownColumn``.

    Fields alone stand between when a line was written and the line.
    """
    every = (*LOG_COLUMNS, MATCH) if context else LOG_COLUMNS
    if not names:
        return every
    asked = split_names(names)
    columns = [field_column(name) if name.startswith(".") else column_named(name, (*every, LEVEL)) for name in asked]
    if all(name.startswith(".") or name == LEVEL.id for name in asked):
        return (_BY_ID["timestamp"], _BY_ID["function"], *columns, _BY_ID["message"])
    return tuple(columns)


def with_fields(rows: Iterable[LogView], columns: Sequence[Column]) -> list[Any]:
    """The rows with a value for each column; of a field its JSON value, objects and lists as JSON."""
    paths = {column.id: field_path(column.id) for column in columns if column.id.startswith(".")}
    if not paths and LEVEL not in columns:
        return list(rows)
    return [_with_fields(row, paths) for row in rows]


def _with_fields(row: LogView, paths: dict[str, Path]) -> Any:
    document = line_fields.json_of(row.message)
    values = {name: getattr(row, name) for name in LogView.__struct_fields__}
    values["level"] = line_fields.level_of(row.message, document)
    for name, path in paths.items():
        value = ABSENT
        if document is not None:
            value = line_fields.value_at(line_fields.firsts(row.message, document, path), path)
        values[name] = value if isinstance(value, int | float) else line_fields.text_of(value)
    return SimpleNamespace(**values)


def fields_seen(rows: Iterable[LogView], most: int = 200) -> list[str]:
    """The fields that lines have, the most frequent first: ``.order.id``."""
    seen: dict[str, int] = {}
    for row in rows:
        for path in _paths(line_fields.json_of(row.message) or {}, ()):
            if path in seen or len(seen) < _KEPT_NAMES:
                seen[path] = seen.get(path, 0) + 1
    return sorted(seen, key=lambda path: (-seen[path], path))[:most]


def _paths(found: Any, above: Path) -> Iterable[str]:
    for name, value in found.items():
        if isinstance(value, dict) and value and len(above) < _DEEPEST:
            yield from _paths(value, (*above, str(name)))
        else:
            yield line_fields.path_text((*above, str(name)))


def fields_of(rows: Sequence[LogView], names: Sequence[str], most: int) -> list[str]:
    """The fields of each line, padded to columns of at most ``most`` cells; [] where none are asked for."""
    if not names:
        return []
    columns = [field_column(name) for name in names]
    shown_rows = [
        [value_text(column, getattr(row, column.id)) for column in columns] for row in with_fields(rows, columns)
    ]
    widths = [min(most, max(map(cells, column), default=0)) for column in zip(*shown_rows, strict=True)]
    return [
        "  ".join(padded(cut(value, width), width) for value, width in zip(values, widths, strict=True))
        for values in shown_rows
    ]

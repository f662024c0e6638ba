"""Answers of databases in JSON: columns named once and rows of cells, and values that say their type."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

_DEEPEST = 4
_TYPES = frozenset({"$date", "$numberLong", "$numberInt", "$numberDouble", "$oid", "$string", "VarCharValue"})
_DYNAMO = frozenset({"S", "N", "BOOL", "NULL", "M", "L", "SS", "NS", "B"})
_NAMES = ("name", "Name", "label", "text", "columnName")


def rows_of(line: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of an object that names its columns beside them. None where it holds no such table.

    So do Azure, ClickHouse, Trino, OpenSearch, BigQuery and Grafana; Athena's first row has the names.
    """
    if isinstance(found := line.get("ResultSet"), dict) and isinstance(found.get("Rows"), list):
        held = [each.get("Data") for each in found["Rows"] if isinstance(each, dict)]
        cells = [[_plain(cell) for cell in row] for row in held if isinstance(row, list)]
        return [dict(zip(map(str, cells[0]), row, strict=False)) for row in cells[1:]] if cells else None
    lists = list(islice(_lists(line, 0), 40))
    for key, names in lists:
        columns = _columns(names)
        if len(columns) < 2:
            continue
        for other, held in lists:
            if held is names or not held:
                continue
            rows = [_cells(row) for row in held]
            if not all(isinstance(row, list) for row in rows):
                continue
            if other in ("values", "columns") and len(rows) == len(columns) and key in ("fields", "columns"):
                if (len({len(row) for row in rows}) == 1 and len(rows[0]) != len(columns)) or other == "columns":
                    rows = [list(row) for row in zip(*rows, strict=False)]
                elif isinstance(line.get("schema"), Mapping) and isinstance(line.get("data"), Mapping):
                    rows = [list(row) for row in zip(*rows, strict=False)]  # Grafana's are columns, always
            if all(len(row) == len(columns) for row in rows):
                return [dict(zip(columns, row, strict=True)) for row in rows]
    return None


def framed(line: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of a data frame that pandas wrote by columns or by rows: numbers are the keys of one of them."""
    if not line or not all(isinstance(value, dict) and value for value in line.values()):
        return None
    if all(isinstance(key, str) and key.isdigit() for key in line):
        return [dict(row) for row in line.values()]
    first = next(iter(line.values()))
    if len(line) < 2 or not all(isinstance(key, str) and key.isdigit() for key in first):
        return None
    if any(column.keys() != first.keys() for column in line.values()):
        return None
    return [{name: column[at] for name, column in line.items()} for at in first]


def _lists(value: Any, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """The lists within an object, not those within lists, with their keys."""
    for key, inner in value.items():
        if isinstance(inner, list) and len(inner) > 0:
            yield key, inner
        elif isinstance(inner, Mapping) and depth < _DEEPEST:
            yield from _lists(inner, depth + 1)


def _columns(names: list[Any]) -> list[str]:
    """What a list of columns names; empty where it is no such list."""
    if len(names) > 200:
        return []
    if all(isinstance(each, str) for each in names):
        return names
    found = [next((each[key] for key in _NAMES if key in each), None) for each in names if isinstance(each, Mapping)]
    spelled = [each for each in found if isinstance(each, str)]
    return spelled if len(spelled) == len(names) else []


def _cells(row: Any) -> Any:
    """A row as a list; BigQuery's is ``{"f": [{"v": ...}]}``."""
    if isinstance(row, Mapping) and isinstance(row.get("f"), list):
        return [cell.get("v") if isinstance(cell, Mapping) else cell for cell in row["f"]]
    return row


def _plain(cell: Any) -> Any:
    """MongoDB's ``{"$date": ...}``, DynamoDB's ``{"S": ...}`` and Athena's cells as plain values."""
    for _ in range(3):
        if not (isinstance(cell, Mapping) and len(cell) == 1):
            return cell
        key, value = next(iter(cell.items()))
        if key not in _TYPES and key not in _DYNAMO:
            return cell
        cell = value
    return cell


def untyped(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """``line`` with plain values in place of those that name their type; ``line`` itself where none does."""
    typed = [value for value in line.values() if isinstance(value, Mapping) and len(value) == 1]
    keys = {next(iter(value)) for value in typed}
    if keys & _TYPES or (keys and len(typed) == len(line) and keys <= _DYNAMO):
        return {key: _plain(value) for key, value in line.items()}
    return line

"""Every row type that declares columns, and the columns of all of them."""

import importlib
import pkgutil

import lambdatui.cli
import lambdatui.views
from lambdatui.views.columns import Column, columns_by_id

_PACKAGES = (lambdatui.views, lambdatui.cli)


def row_types() -> list[type]:
    """The classes of views and commands of which a field has a column; a light declaration beside its real type."""
    found: dict[type, None] = {}
    for package in _PACKAGES:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and value.__module__ == module.name and columns_by_id(value):
                    found[value] = None
    return list(found)


_columns = [column for row in row_types() for column in columns_by_id(row).values()]
_facts = {(column.id, column.title, column.kind, column.width, column.help): column for column in _columns}

REGISTRY: tuple[Column, ...] = tuple(_facts.values())
"""Every column once: two of one id are here where their title, kind, width or help differ."""
COLUMNS: dict[str, Column] = {column.id: column for column in REGISTRY}

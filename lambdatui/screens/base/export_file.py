"""Writing what a screen shows to a file: a table's rows as CSV or JSON, any screen as SVG."""

import os
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdatui.text.figures import instant
from lambdatui.text.plain import json_text
from lambdatui.views.export import csv_text, envelope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdatui.views.columns import Column
    from lambdatui.views.view import View

FORMS = ("csv", "json", "svg", "txt")


def suggested_name(heading: "Sequence[str]", now_ms: int, form: str) -> str:
    """A file name such as ``checkout-invocations-20250615-150612.csv``, of characters that every shell takes."""
    named = "-".join("".join(sign if sign.isalnum() else "-" for sign in part) for part in heading).lower()
    moment = instant(now_ms).replace("-", "").replace(":", "").replace(" ", "-")
    return f"{named.strip('-')[:60] or 'lambdatui'}-{moment}.{form}"


def free_name(path: str) -> str:
    """The path, or with a number before its ending where there is such a file: ``costs-2.csv``."""
    stem, ending = os.path.splitext(path)
    names = chain((path,), (f"{stem}-{number}{ending}" for number in count(2)))
    return next(name for name in names if not os.path.lexists(name))


def form_of(path: str) -> str | None:
    """The form that a file's ending asks for, one of ``FORMS``; None for any other."""
    ending = os.path.splitext(path)[1][1:].lower()
    return ending if ending in FORMS else None


def rows_text(form: str, view: "View[Any]", rows: "Sequence[Any]", columns: "Sequence[Column]") -> str:
    """Exactly what ``--csv`` or ``--json`` prints of these rows."""
    return csv_text(columns, rows) if form == "csv" else json_text(envelope(view, rows, columns)) + "\n"


def write_new(path: str, content: str) -> Path:
    """Writes a new file that only its owner can read; returns its path.

    Raises ``FileExistsError`` where the file exists, or another ``OSError`` where it cannot be written.
    """
    target = Path(path).expanduser()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    return target.resolve()

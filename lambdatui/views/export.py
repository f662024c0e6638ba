"""A view's rows as JSON and as CSV: what ``--json`` and ``--csv`` print, and what a screen exports."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from lambdatui.text import figures
from lambdatui.views.columns import Column, Kind
from lambdatui.views.formatting import csv_value, json_value
from lambdatui.views.trend import parts_json
from lambdatui.views.view import View


def envelope(view: View[Any], rows: Sequence[Any], columns: Sequence[Column]) -> dict[str, Any]:
    """The JSON object of every listing; where its rows have trends, ``trend_parts`` says of which spans."""
    parts = getattr(view, "trend_parts", None)
    told = {"trend_parts": parts_json(parts)} if parts and any(column.kind == Kind.TREND for column in columns) else {}
    return {
        "as_of": figures.iso(view.as_of),
        "range": {"from": figures.iso(view.range.from_ms), "to": figures.iso(view.range.to_ms)},
        "coverage": None if view.coverage is None else round(view.coverage, 6),
        "basis": view.basis,
        **told,
        "rows": [{column.id: json_value(column, getattr(row, column.id)) for column in columns} for row in rows],
    }


def csv_text(columns: Sequence[Column], rows: Sequence[Any]) -> str:
    """RFC 4180, with ``\\n`` line ends as the shell's tools expect."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.id for column in columns])
    writer.writerows([csv_value(column, getattr(row, column.id)) for column in columns] for row in rows)
    return buffer.getvalue()

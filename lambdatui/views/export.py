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
    """The JSON object of every listing; where its rows have trends, ``trend_parts`` says of which spans.

    ``simulated`` is there only where a part of the store is: the span of it.
    """
    simulated = {}
    if view.range.simulated is not None:
        from_ms, to_ms = view.range.simulated
        simulated = {"simulated": {"from": figures.iso(from_ms), "to": figures.iso(to_ms)}}
    parts = getattr(view, "trend_parts", None)
    spans = {"trend_parts": parts_json(parts)} if parts and any(column.kind == Kind.TREND for column in columns) else {}
    return {
        "as_of": figures.iso(view.as_of),
        "range": {"from": figures.iso(view.range.from_ms), "to": figures.iso(view.range.to_ms)},
        **simulated,
        "coverage": None if view.coverage is None else round(view.coverage, 6),
        "basis": view.basis,
        **spans,
        "rows": [row_json(row, columns) for row in rows],
    }


def row_json(row: Any, columns: Sequence[Column]) -> dict[str, Any]:
    """A row's values as JSON carries them, by the ids of their columns."""
    return {column.id: json_value(column, getattr(row, column.id)) for column in columns}


def csv_text(columns: Sequence[Column], rows: Sequence[Any]) -> str:
    """RFC 4180, with ``\\n`` line ends as the shell's tools expect."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.id for column in columns])
    writer.writerows([csv_value(column, getattr(row, column.id)) for column in columns] for row in rows)
    return buffer.getvalue()

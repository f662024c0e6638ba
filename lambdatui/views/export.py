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

_NONE: Any = object()


def envelope(view: View[Any], rows: Sequence[Any], columns: Sequence[Column]) -> dict[str, Any]:
    """The JSON object of every listing; where its rows have trends, ``trend_parts`` says of which spans.

    ``simulated`` is there only where a part of the store is: the span of it. ``compared`` has the two spans of a
    comparison, null where there are several or none, and ``notes`` say more of it.
    """
    simulated = {}
    if view.range.simulated is not None:
        from_ms, to_ms = view.range.simulated
        simulated = {"simulated": {"from": figures.iso(from_ms), "to": figures.iso(to_ms)}}
    parts = getattr(view, "trend_parts", None)
    spans = {"trend_parts": parts_json(parts)} if parts and any(column.kind == Kind.TREND for column in columns) else {}
    compared = {}
    like = getattr(view, "like", _NONE)  # of fleets
    if like is not _NONE:
        both = None if like is None else {"now": _span(like.now), "before": _span(like.before)}
        compared = {"compared": both, "notes": list(getattr(view, "notes", ()))}
    return {
        "as_of": figures.iso(view.as_of),
        "range": {"from": figures.iso(view.range.from_ms), "to": figures.iso(view.range.to_ms)},
        **simulated,
        "coverage": None if view.coverage is None else round(view.coverage, 6),
        "basis": view.basis,
        **spans,
        **compared,
        "rows": [row_json(row, columns) for row in rows],
    }


def _span(span: tuple[int, int]) -> dict[str, str | None]:
    return {"from": figures.iso(span[0]), "to": figures.iso(span[1])}


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

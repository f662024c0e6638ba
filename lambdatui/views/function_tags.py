"""Tags as columns beside functions."""

from dataclasses import replace
from typing import TypeVar

from msgspec import structs

from collectors.store.read import tag_rows
from collectors.store.read.reader import Reader
from lambdatui.views.columns import extra_columns
from lambdatui.views.functions import FunctionView
from lambdatui.views.view import View

Functions = TypeVar("Functions", bound=View[FunctionView])


def with_tags(view: Functions, reader: Reader) -> Functions:
    """The rows with their tags, and with when those were listed; None where they are unknown."""
    ids = None if len(view.rows) > 500 else [row.function_id for row in view.rows]
    known, asked = tag_rows.tags(reader, ids), tag_rows.asked_ms(reader)

    def tagged(row: FunctionView) -> FunctionView:
        key = row.account or "", row.region or "", row.function
        return structs.replace(row, tags=known.get(row.function_id), tags_at=tag_rows.newest(asked, key))

    return replace(
        view,
        columns=(*view.columns, *extra_columns(FunctionView, "tags", "tags_at")),
        rows=[tagged(row) for row in view.rows],
    )

"""An invocation as the pane shows it: how it went, and its log lines, a failed one from its trace on."""

from typing import TYPE_CHECKING

from collectors.store.read.reader import Reader
from lambdatui.text.figures import instant
from lambdatui.views.columns import columns_by_id
from lambdatui.views.formatting import value_text
from lambdatui.views.invocation import InvocationDetail, invocation
from lambdatui.views.invocations import InvocationView
from lambdatui.views.row_details import DetailField, RowDetails

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

_COLUMNS = columns_by_id(InvocationView)


def invocation_details(
    reader: Reader, key: tuple[int, int, str, int], title: str, book: "PriceBook", *, utc: bool
) -> RowDetails:
    """The figures of an invocation and its log; says where the store no longer holds the one or the other."""
    detail = invocation(reader, key, book)
    if detail is None:
        return RowDetails(title, (DetailField("", "the store no longer holds this invocation", "quiet"),))
    row = detail.invocation
    fields = [DetailField("", _summary(detail, utc=utc), "error" if row.failed else "")]
    if not detail.lines:
        gone = "its lines are older than those that are kept" if detail.lines_pruned else "no log lines of it are kept"
        fields.append(DetailField("", gone, "quiet"))
    begin = detail.trace.first_line if row.failed and detail.trace is not None else None
    status = value_text(_COLUMNS["status"], row.status)
    return RowDetails(f"{row.function} {row.request_id} {status}", tuple(fields), text=detail.lines, begin=begin)


def _summary(detail: InvocationDetail, *, utc: bool) -> str:
    """Such as ``ok  2025-06-05 12:03:11  34ms, billed 35ms, 81 of 128 MB, cold``."""
    row = detail.invocation

    def text(name: str) -> str:
        return value_text(_COLUMNS[name], getattr(row, name), utc=utc)

    parts = [
        text("duration_ms"), f"billed {text('billed_ms')}", f"{text('max_memory_mb')} of {text('memory_mb')}",
        *(("cold",) if row.cold_start else ()),
        *((f"attempt {row.attempt} of {max(len(detail.attempts), row.attempt)}",) if len(detail.attempts) > 1 else ()),
    ]  # fmt: skip
    return f"{text('status')}  {instant(row.started_at, utc=utc)}  {', '.join(parts)}"

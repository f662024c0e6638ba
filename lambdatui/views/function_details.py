"""A function as the pane shows it: two charts, its newest error with the trace, its last change, and advice."""

from collections.abc import Iterable
from dataclasses import replace
from glob import escape
from typing import TYPE_CHECKING

from collectors.store.read.reader import Reader
from lambdatui.text.figures import count, instant
from lambdatui.views.error_details import trace_of
from lambdatui.views.errors import ErrorView, errors
from lambdatui.views.function import function
from lambdatui.views.function_charts import function_charts
from lambdatui.views.invocation import InvocationLine
from lambdatui.views.regressions import deploy_text, since_deploys
from lambdatui.views.row_details import DetailField, RowDetails
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange

if TYPE_CHECKING:
    from collectors.store.read.rows import FunctionRow
    from pricing.pricebook import PriceBook

_GONE = RowDetails("", (DetailField("", "this function is no longer in the store", "quiet"),))
_CHARTS = 2
_TRACE_LINES = 12


def function_details(
    reader: Reader, time_range: TimeRange, function_id: int, book: "PriceBook", *, chart_columns: int, utc: bool
) -> RowDetails:
    """What the pane shows of a function."""
    row = next((one for one in reader.functions() if one.id == function_id), None)
    detail = function(reader, time_range, function_id, book, chart_columns=chart_columns)
    if row is None or detail is None:
        return _GONE
    charts = function_charts(reader, time_range, detail, row.function.reserved_concurrency)[:_CHARTS]
    error, trace = _newest_error(reader, time_range, row, utc=utc)
    return RowDetails(row.function.key.name, (_last_change(reader, time_range, row, utc=utc), error), charts, trace)


def with_advice(
    details: RowDetails, reader: Reader, time_range: TimeRange, function_id: int, book: "PriceBook"
) -> RowDetails:
    """The details with the weightiest advice on the function, which takes longer to find out than the rest."""
    from lambdatui.views.advice import advice

    row = next((one for one in reader.functions() if one.id == function_id), None)
    items = advice(reader, time_range, book, scope=only(row)).rows if row is not None else ()
    if not items:
        return details
    worst = items[0]
    more = f" (A shows {len(items) - 1} more)" if len(items) > 1 else ""
    field = DetailField("advice", f"{worst.kind}: {worst.advice}{more}", "warning" if worst.severity >= 3 else "")
    return replace(details, fields=(*details.fields, field))


def only(row: "FunctionRow") -> Scope:
    """The scope of one function."""
    key = row.function.key
    return Scope((escape(key.account),), (escape(key.region),), (escape(key.name),))


def _newest_error(
    reader: Reader, time_range: TimeRange, row: "FunctionRow", *, utc: bool
) -> tuple[DetailField, tuple[InvocationLine, ...]]:
    """The error group that came last, and the trace of its last invocation."""
    groups = errors(reader, time_range, scope=only(row)).rows
    newest: ErrorView | None = max(groups, key=lambda group: group.last_seen, default=None)
    if newest is None:
        return DetailField("newest error", "none in this range", "quiet"), ()
    text = (
        f"{newest.error_type}: {newest.message}\n{count(newest.count)} of {count(newest.invocations)} invocations, "
        f"last {instant(newest.last_seen, utc=utc)}"
    )
    return DetailField("newest error", text, "error"), trace_of(reader, newest)[:_TRACE_LINES]


def _last_change(reader: Reader, time_range: TimeRange, row: "FunctionRow", *, utc: bool) -> DetailField:
    key = row.function.key
    last, _ = since_deploys(reader, time_range, {row.id: (key.account, key.region, key.name)})
    deploy = last.get(row.id)
    if deploy is None:
        return DetailField("last change", "not known: lambdatui collect", "quiet")
    return DetailField("last change", f"{instant(deploy.at_ms, utc=utc)}  {deploy_text(deploy)}")


def throttle_details(
    reader: Reader, time_range: TimeRange, function_id: int, *, chart_columns: int, parts: Iterable[tuple[str, str]]
) -> RowDetails:
    """What the pane shows of a throttled function: the parts, and charts of its calls and of its concurrency."""
    row = next((one for one in reader.functions() if one.id == function_id), None)
    detail = function(reader, time_range, function_id, chart_columns=chart_columns)
    if row is None or detail is None:
        return _GONE
    charts = function_charts(reader, time_range, detail, row.function.reserved_concurrency)
    calls, concurrency = charts[0], next(chart for chart in charts if chart.title.startswith("Concurrency"))
    fields = tuple(DetailField(label, text) for label, text in parts)
    return RowDetails(row.function.key.name, fields, (calls, concurrency))

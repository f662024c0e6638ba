"""A pattern of log lines in full: what it is, what it costs, since when it is written, and its newest lines."""

from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.text.figures import count, instant, money, ratio, size
from lambdatui.text.plain import plain
from lambdatui.views.invocation import InvocationLine
from lambdatui.views.patterns import PatternRow, PatternsView, pattern_lines
from lambdatui.views.row_details import DetailField, RowDetails
from lambdatui.views.time_range import TimeRange

_LINES = 20


def pattern_parts(row: PatternRow, view: PatternsView, *, utc: bool) -> list[tuple[str, str]]:
    """All that is known of a pattern, as labelled parts."""
    cost = "the region has no price" if row.ingestion_usd is None else money(row.ingestion_usd, row.currency)
    return [
        ("Lines like", plain(row.template)),
        ("For example", plain(row.example, newlines=True)),
        ("Written by", row.function),
        ("How many", f"{count(row.count)}, {size(row.bytes)}, {ratio(row.share)} of all bytes"),
        ("Ingestion", f"{cost} at list price, 26 bytes for each event included"),
        ("Seen", f"first {instant(row.first_seen, utc=utc)}, last {instant(row.last_seen, utc=utc)}"),
        (row.novelty.capitalize() or "New or not", row.evidence),
        ("What if", f"lambdatui whatif --drop-pattern {row.pattern}, or --sample-pattern {row.pattern}=10%"),
        *(("Not counted", one) for one in view.missing),
    ]


def pattern_details(
    reader: Reader, time_range: TimeRange, row: PatternRow, view: PatternsView, *, utc: bool
) -> RowDetails:
    """The pattern's parts, and the lines of the hour before it was seen last."""
    fields = [
        DetailField(label.lower(), text) for label, text in pattern_parts(row, view, utc=utc) if label != "For example"
    ]
    last = time_range.to_ms if row.last_seen is None else min(time_range.to_ms, row.last_seen + MINUTE_MS)
    newest = TimeRange(max(time_range.from_ms, last - HOUR_MS), last, time_range.label)
    lines = pattern_lines(reader, newest, row.template, function_ids=row.function_ids, limit=_LINES).rows
    text = tuple(InvocationLine(line.timestamp, line.message, line.kind) for line in lines)
    return RowDetails(f"Pattern {row.pattern}", tuple(fields), text=text)

"""An error group in full: how often and since when, before and after its function's last deploy, and its trace."""

from collections.abc import Sequence

from collectors.store.read.reader import Reader
from lambdatui.text.figures import count, instant
from lambdatui.views.error_families import ErrorFamilyView
from lambdatui.views.error_trends import ErrorTrendView
from lambdatui.views.errors import PATTERN, ErrorView
from lambdatui.views.invocation import InvocationDetail, InvocationLine, find
from lambdatui.views.row_details import DetailField, RowDetails

_FAMILY_SHOWN = 10


def error_parts(row: ErrorTrendView, *, utc: bool) -> list[tuple[str, str]]:
    """All that is known of an error, as labelled parts."""
    deployed = instant(row.deployed_at, utc=utc) if row.deployed_at is not None else "not known: lambdatui collect"
    return [
        ("Message", row.message.strip() or "-"),
        ("In this range", f"{count(row.count)} of {count(row.invocations)} invocations"),
        ("Seen", f"first {instant(row.first_seen, utc=utc)}, last {instant(row.last_seen, utc=utc)}"),
        ("Last deploy", f"{deployed}{': ' + row.deploy if row.deploy else ''}"),
        (row.novelty.capitalize() or "New or not", row.evidence),
        ("Basis", "lines that Logs Insights found, by pattern" if row.error_type == PATTERN else row.basis),
        ("A request that failed so", row.sample_request_id or "none is kept"),
    ]


def error_details(reader: Reader, row: ErrorTrendView, *, utc: bool) -> RowDetails:
    """What the pane shows of an error: its counts before and after, when it was seen, and the trace of its last one."""
    labels = {"Last deploy": "deploy", "In this range": "count", "A request that failed so": "request"}
    news = row.novelty.capitalize() if row.trouble else None
    fields = [
        DetailField(labels.get(label, label.lower()), value, "error" if label == news else "")
        for label, value in error_parts(row, utc=utc)
        if label != "Basis" or value != "billed"
    ]
    if isinstance(row, ErrorFamilyView):
        shown = row.members[:_FAMILY_SHOWN]
        fields += [
            DetailField("" if number else "errors", f"{count(member.count)} times: {member.message}")
            for number, member in enumerate(shown)
        ]
        if len(row.members) > len(shown):
            fields.append(DetailField("", f"and {len(row.members) - len(shown):,} more"))
    return RowDetails(f"{row.function}: {row.error_type}", tuple(fields), text=trace_of(reader, row))


def trace_of(reader: Reader, row: ErrorView) -> tuple[InvocationLine, ...]:
    """The stack trace of the last invocation that failed so; all its lines where none is a trace, () where none are
    kept.
    """
    if row.sample_request_id is None:
        return ()
    found = find(reader, row.sample_request_id, of=(row.function_id, row.last_seen))
    return () if found is None else trace_lines(found)


def trace_lines(detail: InvocationDetail) -> tuple[InvocationLine, ...]:
    """The lines of an invocation's stack trace; all its lines where it has none."""
    trace = detail.trace
    lines: Sequence[InvocationLine] = detail.lines
    return tuple(lines[trace.first_line : trace.last_line + 1] if trace is not None else lines)

"""Pages far down, and filters that the store can help with: the same rows as when everything is walked through."""

from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.store.read import pages
from collectors.store.read.reader import Reader
from lambdatui.views.filters import parse
from lambdatui.views.invocations import INVOCATION_COLUMNS, invocations
from lambdatui.views.time_range import TimeRange
from tests.support.bursts import all_rows, functions, many, spans
from tests.support.printed_statements import EVER, T0


@given(span=spans, limit=st.integers(1, 40), offset=st.integers(0, 420), chosen=functions)
@many
def test_what_is_passed_over_is_what_lies_above(
    db: Path, reader: Reader, span: tuple[int, int], limit: int, offset: int, chosen: set[int]
) -> None:
    low, high = T0 + span[0], T0 + span[0] + span[1]
    where = f"start_ms >= {low} AND start_ms < {high} AND function_id IN ({', '.join(map(str, chosen))})"
    expected = all_rows(db, "start_ms DESC, function_id, request_id DESC", where)[offset : offset + limit]
    with mock.patch.object(pages, "DEEP", -1):
        page = reader._pages.newest(low, high, sorted(chosen), None, limit, offset)
    assert [(row.function_id, row.request_id, row.start_ms) for row in page] == expected


@pytest.mark.parametrize(
    "expression",
    ["status:timeout", "!status:ok", "status:error", "status=ok", "status:nothing", "fn-1 status:timeout", "timeout",
     "!timeout", "status:- ", "status!=ok duration_ms>60"],
)  # fmt: skip
def test_a_filter_of_statuses_finds_what_looking_at_all_finds(reader: Reader, expression: str) -> None:
    where = parse(expression, INVOCATION_COLUMNS)
    ever = TimeRange(*EVER, "all")
    everything = invocations(reader, ever, limit=1000).rows
    found = invocations(reader, ever, where=where, limit=1000)
    assert [row.key for row in found.rows] == [row.key for row in everything if where.matches(row)]


def test_a_filter_of_one_status_looks_at_no_other_row(reader: Reader) -> None:
    ever = TimeRange(*EVER, "all")
    failed = [row for row in invocations(reader, ever, limit=1000).rows if row.status == "error"]
    found = invocations(reader, ever, where=parse("status:error", INVOCATION_COLUMNS), limit=1000)
    assert (len(found.rows), found.searched) == (len(failed), len(failed))
    assert 0 < len(failed) < found.total

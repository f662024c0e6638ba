"""Pages of the newest invocations, and searches of log lines: the same as when all rows and all lines are looked at."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.records import Status
from collectors.model.units import MINUTE_MS
from collectors.store.read import newest
from collectors.store.read.line_search import SearchProgress
from collectors.store.read.reader import Reader
from collectors.store.write.maintenance import prune
from tests.support.bursts import all_rows, functions, many, spans
from tests.support.printed_statements import DAY, EVER, T0, Event, imported, report, request_id, start

FAILED = tuple(status for status in Status if status.failed)


@given(span=spans, limit=st.integers(1, 90), offset=st.integers(0, 90), chosen=functions,
       statuses=st.sampled_from((None, FAILED, FAILED[:1], (Status.OK,), (Status.OK, Status.ERROR))))  # fmt: skip
@many
def test_a_page_is_cut_from_all_rows(
    db: Path, reader: Reader, span: tuple[int, int], limit: int, offset: int, chosen: set[int],
    statuses: tuple[Status, ...] | None,
) -> None:  # fmt: skip
    low, high = T0 + span[0], T0 + span[0] + span[1]
    where = f"start_ms >= {low} AND start_ms < {high} AND function_id IN ({', '.join(map(str, chosen))})"
    ties = "function_id"
    if statuses is not None:
        where += f" AND status IN ({', '.join(str(int(each)) for each in statuses)})"
        ties = "error_id" if all(each.failed for each in statuses) else ties
    expected = all_rows(db, f"start_ms DESC, {ties}, request_id DESC", where)[offset : offset + limit]
    page = reader.invocations(low, high, sorted(chosen), statuses=statuses, limit=limit, offset=offset)
    assert [(row.function_id, row.request_id, row.start_ms) for row in page] == expected


def test_a_page_reads_no_more_than_it_needs(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Reader(db) as reader:
        reaches: list[int] = []
        original = newest._page_start_ms

        def reach(*given: object) -> int:
            reaches.append(original(*given))  # type: ignore[arg-type]
            return reaches[-1]

        monkeypatch.setattr(newest, "_page_start_ms", reach)
        page = reader.invocations(*EVER, limit=20)
        with sqlite3.connect(db) as connection:
            (read,) = connection.execute("SELECT count(*) FROM invocations WHERE start_ms >= ?", reaches).fetchone()
        assert len(page) == 20
        assert 20 <= read <= 40


@given(span=spans, limit=st.integers(1, 60), chosen=functions)
@many
def test_among_equally_long_ones_the_newest_come_first(
    db: Path, reader: Reader, span: tuple[int, int], limit: int, chosen: set[int]
) -> None:
    low, high = T0 + span[0], T0 + span[0] + span[1]
    where = f"start_ms >= {low} AND start_ms < {high} AND function_id IN ({', '.join(map(str, chosen))})"
    expected = all_rows(db, "duration_us DESC NULLS LAST, start_ms DESC, function_id", where)[:limit]
    page = reader.invocations(low, high, sorted(chosen), order="duration_us", limit=limit)
    assert [(row.function_id, row.start_ms) for row in page] == [(row[0], row[2]) for row in expected]


def test_the_longest_of_pruned_days_are_not_looked_for(tmp_path: Path) -> None:
    events = []
    for number in range(60):
        at, request = T0 + number % 3 * DAY + number * MINUTE_MS, request_id(number)
        took = 900 - number if number % 3 == 0 else 10 + number  # the longest were long ago
        events += [Event(at, start(request)), Event(at + took, report(request, took))]
    imported(tmp_path, events)
    db = tmp_path / "store.db"
    prune(db, before_ms=T0 + DAY)
    with Reader(db) as reader:
        asked: list[str] = []
        reader._connection.set_trace_callback(asked.append)
        page = reader.invocations(*EVER, order="duration_us", limit=5)
        assert [row.duration_us for row in page] == [69_000, 68_000, 66_000, 65_000, 63_000]
        assert not any("hour_cells" in sql and str(T0 // DAY * DAY) in sql for sql in asked)


@given(
    span=spans, chosen=functions, newest_first=st.booleans(), ignore_case=st.booleans(),
    text=st.sampled_from(("", "timeout", "TIMEOUT", "key", "ey", "i", "k", "disk", "GRÖSSE", "größe", "plain 4", "zzz",
                          "ı", "requestid: 0000", "\u212a", "[error] valueerror")),
)  # fmt: skip
@settings(max_examples=150)
def test_a_search_finds_what_looking_at_every_line_finds(
    reader: Reader, span: tuple[int, int], chosen: set[int], newest_first: bool, ignore_case: bool, text: str
) -> None:
    low, high = T0 + span[0], T0 + span[0] + span[1]
    every = list(reader.search(low, high, sorted(chosen)))
    assert [line.timestamp_ms for line in every] == sorted(line.timestamp_ms for line in every)
    wanted = text.lower() if ignore_case else text
    expected = [line for line in every if wanted in (line.text.lower() if ignore_case else line.text)]
    looked = SearchProgress()
    found = list(
        reader.search(
            low, high, sorted(chosen), contains=text, newest_first=newest_first, ignore_case=ignore_case, looked=looked
        )
    )
    assert sorted(found) == sorted(expected)
    times = [line.timestamp_ms for line in found]
    assert times == sorted(times, reverse=newest_first)
    assert looked.lines == len(every)
    last = list(reader.search(low, high, sorted(chosen), contains=text, limit=7, newest_first=newest_first,
                              ignore_case=ignore_case))  # fmt: skip
    assert last == found[:7]


def test_what_was_looked_at_is_what_was_given_out_where_nothing_is_searched_for(reader: Reader) -> None:
    looked = SearchProgress()
    lines = reader.search(*EVER, newest_first=True, looked=looked)
    for _ in range(11):
        next(lines)
    assert looked.lines == 10  # the last is still in hand
